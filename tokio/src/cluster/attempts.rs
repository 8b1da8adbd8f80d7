//! The attempts at a request: how many there were, what they cost, and when there is no further one.

use std::collections::BTreeSet;
use std::time::Duration;

use kafka_codec::connection::{
    Advice, CloseReason, Delivery, DuplicateRisk, Failure, Retry, SubmitError, SubmitOptions,
};
use kafka_codec::{ApiKey, ErrorCode};
use tokio::time::{Instant, sleep};

use super::slot::backoff;
use super::{Attempt, AttemptError, ClusterError, ClusterOptions, GivenUp};
use crate::{ConnectError, SendError};

/// The attempts at a request. Those of one round are made at the same time, at different brokers.
pub(super) struct Attempts {
    key: ApiKey,
    begun: Instant,
    round_begun: Instant,
    limit: Duration,
    rounds: u32,
    failed: Vec<Attempt>,
    /// Why there is no further round, if an attempt of this one decides it.
    end: Option<GivenUp>,
    /// The brokers that answered a part of the request.
    answered: Vec<i32>,
    unreachable: Unreachable,
}

/// The bootstrap servers that would be connected to in vain again: they have no port, or no certificate that is trusted.
#[derive(Default)]
pub(super) struct Unreachable(BTreeSet<i32>);

impl Unreachable {
    /// Takes the error of an attempt.
    pub(super) fn push(&mut self, broker: Option<i32>, error: &AttemptError) {
        let server = broker.filter(|id| *id < 0);
        if let (Some(id), AttemptError::Connect(ConnectError::Dial { error, .. })) = (server, error)
        {
            if error.is_permanent() {
                self.0.insert(id);
            }
        }
    }

    /// Returns `true` if there is no other server to try.
    pub(super) fn are_all(&self, options: &ClusterOptions) -> bool {
        !self.0.is_empty() && self.0.len() >= options.bootstrap.len()
    }
}

impl Attempts {
    pub(super) fn new(key: ApiKey, limit: Duration) -> Self {
        Self {
            key,
            begun: Instant::now(),
            round_begun: Instant::now(),
            limit,
            rounds: 0,
            failed: Vec::new(),
            end: None,
            answered: Vec::new(),
            unreachable: Unreachable::default(),
        }
    }

    pub(super) fn submit_options(&self) -> SubmitOptions {
        SubmitOptions::default()
            .with_attempt(self.rounds + 1)
            .with_deadline(self.deadline().into_std())
    }

    /// The end of the time for all attempts.
    pub(super) fn deadline(&self) -> Instant {
        later(self.begun, self.limit)
    }

    /// A broker answered a part of the request.
    pub(super) fn answered(&mut self, broker: i32) {
        if !self.answered.contains(&broker) {
            self.answered.push(broker);
        }
    }

    /// An attempt of this round failed.
    pub(super) fn failed(&mut self, broker: Option<i32>, error: AttemptError) {
        if let Err(end) = advice(self.key, &error) {
            self.end.get_or_insert(end);
        }
        self.unreachable.push(broker, &error);
        self.failed.push(Attempt {
            broker,
            after: self.round_begun - self.begun,
            took: self.round_begun.elapsed(),
            error,
        });
    }

    /// Waits for the next round, or says why there is none.
    pub(super) async fn next(&mut self, options: &ClusterOptions) -> Result<(), GivenUp> {
        if let Some(end) = self.end {
            return Err(end);
        }
        if self.unreachable.are_all(options) {
            return Err(GivenUp::Fatal);
        }
        let pause = backoff(self.rounds, options.min_backoff, options.max_backoff);
        if later(Instant::now(), pause) >= self.deadline() {
            return Err(GivenUp::Deadline(self.limit));
        }
        sleep(pause).await;
        self.rounds += 1;
        self.round_begun = Instant::now();
        Ok(())
    }

    pub(super) fn into_error(self, end: GivenUp) -> ClusterError {
        ClusterError {
            api_key: self.key,
            attempts: self.failed,
            answered: self.answered,
            end,
        }
    }
}

/// The time that is `after` later, or in the far future.
pub(super) fn later(time: Instant, after: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    time.checked_add(after.min(FAR)).unwrap_or(time)
}

/// Returns `true` if a code can be answered with another attempt that risks nothing.
pub(super) fn can_retry(key: ApiKey, code: ErrorCode) -> bool {
    let advice = Advice::of(Failure::Code(code), key, Delivery::Responded, false);
    advice.retry != Retry::Never && advice.duplicates == DuplicateRisk::None
}

/// Returns `true` if a connection did not take a request that another connection, or the same later, may take.
pub(super) const fn is_not_taken(error: &SendError) -> bool {
    matches!(
        error,
        SendError::Closed(_)
            | SendError::Full { .. }
            | SendError::Submit(SubmitError::Closed { .. } | SubmitError::QueueFull { .. })
    )
}

/// Whether a request may be sent again after an error, or why not.
pub(super) fn advice(key: ApiKey, error: &AttemptError) -> Result<(), GivenUp> {
    let advice = match error {
        AttemptError::Connect(ConnectError::Closed(report)) => {
            return match &report.reason {
                CloseReason::Authentication(_) | CloseReason::Negotiation(_) => Err(GivenUp::Fatal),
                _ => Ok(()),
            };
        }
        AttemptError::Connect(_) | AttemptError::NoDestination(_) => return Ok(()),
        AttemptError::Code(code) => {
            Advice::of(Failure::Code(*code), key, Delivery::Responded, false)
        }
        AttemptError::LookUp { api_key, code, .. } => {
            Advice::of(Failure::Code(*code), *api_key, Delivery::Responded, false)
        }
        AttemptError::Send(error) if is_not_taken(error) => return Ok(()),
        AttemptError::Send(error) => match error.advice(false) {
            Some(advice) => advice,
            None => return Err(GivenUp::Fatal),
        },
        AttemptError::Decode(_) => return Err(GivenUp::Fatal),
    };
    match (advice.retry, advice.duplicates) {
        (Retry::Never | Retry::AfterAuthenticating, _) => Err(GivenUp::Fatal),
        (_, DuplicateRisk::Possible) => Err(GivenUp::MayBeDone),
        _ => Ok(()),
    }
}
