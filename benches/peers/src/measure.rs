//! How long work takes, as the median of rounds in which two ways to do it take turns. Only time on the CPU
//! counts, as other programs may run on the machine.

use nix::time::{ClockId, clock_gettime};

use crate::{Case, Work};

const ROUNDS: usize = 501;

/// How many microseconds a turn of either crate takes at least: much longer than it takes to read
/// the clock, and short, so that the machine is as busy in one turn as in the next.
const ROUND: f64 = 400.0;

/// Medians: microseconds for once, and how many times longer they take in the same round.
pub struct Times {
    /// Ours.
    pub ours: f64,
    /// Theirs.
    pub theirs: f64,
    /// Theirs by ours.
    pub ratio: f64,
}

impl Times {
    /// Measures a case.
    pub fn of(mut case: Case) -> Self {
        let (count_ours, count_theirs) = (count(&mut case.ours), count(&mut case.theirs));
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let one = time(&mut case.ours, count_ours);
            let other = time(&mut case.theirs, count_theirs);
            ours.push(one);
            theirs.push(other);
            ratios.push(other / one);
        }
        Self {
            ours: median(ours),
            theirs: median(theirs),
            ratio: median(ratios),
        }
    }
}

/// How many times `work` is done in a round.
fn count(work: &mut Work) -> u32 {
    let mut count = 1;
    while time(work, count) * f64::from(count) < ROUND {
        count *= 2;
    }
    count
}

/// Microseconds that doing `work` once takes, on average over `count` times.
fn time(work: &mut Work, count: u32) -> f64 {
    let start = now();
    (0..count).for_each(|_| work());
    (now() - start) / f64::from(count)
}

/// How many microseconds this thread has run.
fn now() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a clock of every Linux");
    time.tv_sec() as f64 * 1e6 + time.tv_nsec() as f64 / 1e3
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
