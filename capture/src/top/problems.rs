//! The latest problems. Equal ones are counted.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// How many problems are kept.
const MAX_PROBLEMS: usize = 300;
/// For how long equal problems are one, in nanoseconds, and among how many of the last.
const MERGED_NANOSECONDS: i64 = 10_000_000_000;
const MERGED_AMONG: usize = 32;

/// The kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A response with an error code.
    Error,
    /// A connection that ended, other than by a client that was done.
    Death,
    /// A batch that was sent again.
    Retry,
    /// A request that has no response for long.
    Stuck,
    /// Bytes that could not be decoded.
    Undecoded,
}

impl ProblemKind {
    /// Returns the word that is shown for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Death => "death",
            Self::Retry => "retry",
            Self::Stuck => "stuck",
            Self::Undecoded => "undecoded",
        }
    }
}

/// A problem, or several that are equal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The kind of problem.
    pub kind: ProblemKind,
    /// When it did last, in nanoseconds since 1970.
    pub time: i64,
    /// The number of times, each within ten seconds of the one before.
    pub count: u64,
    /// The place and the reason. Text of peers is in it unescaped.
    pub text: String,
    key: u64,
}

/// The last problems, the latest at the end.
#[derive(Debug, Default)]
pub(super) struct Problems(VecDeque<Problem>);

impl Problems {
    /// Adds a problem; those with equal keys are counted.
    pub(super) fn add(
        &mut self,
        kind: ProblemKind,
        time: i64,
        key: impl Hash,
        text: impl FnOnce() -> String,
    ) {
        let mut hasher = DefaultHasher::new();
        (kind, key).hash(&mut hasher);
        let key = hasher.finish();
        let last = self.0.iter().enumerate().rev().take(MERGED_AMONG);
        let equal = last
            .filter(|(_, problem)| problem.key == key)
            .map(|(at, _)| at)
            .next();
        if let Some(at) = equal
            && let Some(mut problem) = self.0.remove(at)
        {
            if time.saturating_sub(problem.time) <= MERGED_NANOSECONDS {
                problem.count += 1;
                problem.time = problem.time.max(time);
                self.0.push_back(problem);
                return;
            }
            self.0.insert(at, problem);
        }
        if self.0.len() >= MAX_PROBLEMS {
            self.0.pop_front();
        }
        self.0.push_back(Problem {
            kind,
            time,
            count: 1,
            text: text(),
            key,
        });
    }

    /// All of them, the latest first.
    pub(super) fn latest(&self) -> Vec<Problem> {
        let mut latest: Vec<_> = self.0.iter().rev().cloned().collect();
        // What ended a connection is known when it is over for a while.
        latest.sort_by_key(|problem| std::cmp::Reverse(problem.time));
        latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_problems_are_counted_for_ten_seconds() {
        let mut problems = Problems::default();
        let mut add = |seconds: i64, key: &str| {
            let time = seconds * 1_000_000_000;
            problems.add(ProblemKind::Error, time, key, || key.to_owned());
        };
        add(0, "a");
        add(1, "b");
        add(2, "a");
        add(30, "a");
        let latest: Vec<_> = problems
            .latest()
            .into_iter()
            .map(|each| (each.text, each.count))
            .collect();
        let expected = [("a", 1), ("a", 2), ("b", 1)].map(|(text, count)| (text.to_owned(), count));
        assert_eq!(latest, expected);
    }

    #[test]
    fn old_problems_are_forgotten() {
        let mut problems = Problems::default();
        for number in 0..1000 {
            problems.add(ProblemKind::Death, number, number, || number.to_string());
        }
        assert_eq!(problems.latest().len(), MAX_PROBLEMS);
        assert_eq!(problems.latest()[0].text, "999");
    }
}
