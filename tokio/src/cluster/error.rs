//! Why a cluster did not carry out a request: every attempt, in one sentence.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::{ApiKey, DecodeError, ErrorCode};

use crate::{ConnectError, SendError};

/// The error of one attempt at a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AttemptError {
    /// There was no connection to the broker.
    Connect(ConnectError),
    /// There was no response.
    Send(SendError),
    /// The broker answered with an error.
    Code(ErrorCode),
    /// The broker that was asked who answers the request answered with an error.
    LookUp {
        /// What was asked: Metadata, FindCoordinator or DescribeCluster.
        api_key: ApiKey,
        /// The topic that the error is about, by its name or else its id.
        topic: Option<Arc<str>>,
        /// The error.
        code: ErrorCode,
    },
    /// The response could not be decoded.
    Decode(DecodeError),
    /// Nobody is known to answer the request: the topic, partition or broker does not exist, or has no leader now.
    NoDestination(Arc<str>),
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Code(code) => code.fmt(f),
            Self::LookUp {
                api_key,
                topic,
                code,
            } => match topic {
                Some(topic) => write!(f, "{api_key} of {topic}: {code}"),
                None => write!(f, "{api_key}: {code}"),
            },
            Self::Decode(error) => error.fmt(f),
            Self::NoDestination(why) => f.write_str(why),
        }
    }
}

/// One attempt that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The broker that it was meant for, if one was known.
    pub broker: Option<i32>,
    /// When it began, from the beginning of the first.
    pub after: Duration,
    /// The time that the attempt took.
    pub took: Duration,
    /// The error of the attempt.
    pub error: AttemptError,
}

/// Why a cluster did not carry out a request. The text has at most 20 different failures of attempts;
/// [`attempts`](Self::attempts) has all.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClusterError {
    /// The API.
    pub api_key: ApiKey,
    /// Every attempt, in order.
    pub attempts: Vec<Attempt>,
    /// The brokers that carried out their part of the request, if it was divided.
    pub answered: Vec<i32>,
    /// Why there is no further attempt.
    pub end: GivenUp,
}

/// Why there was no further attempt.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GivenUp {
    /// The time was over.
    Deadline(Duration),
    /// Another attempt would fail in the same way: the broker refused the request, the credentials or TLS, its certificate is not
    /// trusted, or its address cannot exist. A broker that refuses connections, or whose name is not found, is tried again.
    Fatal,
    /// Another attempt might carry the request out twice.
    MayBeDone,
}

/// How many different failures of attempts the text of an error has.
const MAX_FAILURES: usize = 20;

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.api_key)?;
        match self.end {
            GivenUp::Deadline(limit) => write!(f, "gave up after {limit:?}")?,
            GivenUp::Fatal => f.write_str("failed")?,
            GivenUp::MayBeDone => {
                f.write_str("not tried again, as it may have been carried out")?
            }
        }
        if let [_, _, ..] = *self.attempts {
            write!(f, " and {} attempts", self.attempts.len())?;
        }
        // Attempts that failed alike are reported once, and of thousands of brokers the first.
        let mut told: Vec<(String, u32)> = Vec::new();
        let mut others = 0;
        for attempt in &self.attempts {
            let broker = attempt.broker.filter(|id| *id >= 0);
            let line = match (broker, &attempt.error) {
                // These name their broker themselves, or there is none.
                (
                    _,
                    error @ (AttemptError::Connect(_)
                    | AttemptError::Send(_)
                    | AttemptError::NoDestination(_)),
                )
                | (None, error) => error.to_string(),
                (Some(id), error) => format!("broker {id}: {error}"),
            };
            let has_room = told.len() < MAX_FAILURES;
            match told.iter_mut().find(|(text, _)| *text == line) {
                Some((_, times)) => *times += 1,
                None if has_room => told.push((line, 1)),
                None => others += 1,
            }
        }
        for (place, (line, times)) in told.iter().enumerate() {
            write!(f, "{}{line}", if place == 0 { ": " } else { "; " })?;
            if *times > 1 {
                write!(f, " ({times} times)")?;
            }
        }
        if others > 0 {
            write!(f, "; and {others} others")?;
        }
        for (place, id) in self.answered.iter().enumerate() {
            let before = match place {
                0 => "; the rest is done, by broker ",
                _ => ", ",
            };
            write!(f, "{before}{id}")?;
        }
        Ok(())
    }
}

impl Error for ClusterError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_failures_the_first_are_named_and_the_others_counted() {
        let attempt = |broker| Attempt {
            broker: Some(broker),
            after: Duration::ZERO,
            took: Duration::ZERO,
            error: AttemptError::Code(ErrorCode::NOT_CONTROLLER),
        };
        let error = ClusterError {
            api_key: ApiKey::ListGroups,
            attempts: (0..30).chain(0..30).map(attempt).collect(),
            answered: Vec::new(),
            end: GivenUp::Fatal,
        };
        let text = error.to_string();
        assert!(text.contains("; broker 19: "), "{text}");
        assert!(!text.contains("broker 20: "), "{text}");
        assert_eq!(text.matches("(2 times)").count(), 20, "{text}");
        assert!(text.ends_with("; and 20 others"), "{text}");
    }
}
