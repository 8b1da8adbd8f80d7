//! The attempts at a request: how many there were, what they cost, and when there is no further one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::connection::{
    Advice, AuthenticationFault, CloseReason, Delivery, DuplicateRisk, Failure, NegotiationFault,
    Retry, SubmitError, SubmitOptions,
};
use kafka_codec::{ApiKey, ErrorCode};
use tokio::time::{Instant, sleep};

use super::slot::backoff;
use super::{Attempt, AttemptError, ClusterError, ClusterOptions, GivenUp};
use crate::transport::is_refusal;
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

/// Brokers and bootstrap servers that cannot be connected to, for reasons that do not pass.
#[derive(Default)]
pub(super) struct Unreachable {
    servers: BTreeSet<i32>,
    /// The names of brokers that alone can answer, which have their addresses in them, and the rounds in which they failed first.
    brokers: BTreeMap<Arc<str>, u32>,
    /// One of them failed in a later round too.
    is_final: bool,
}

impl Unreachable {
    /// Takes the error of an attempt for which another broker can be chosen.
    pub(super) fn push(&mut self, broker: Option<i32>, error: &AttemptError) {
        let server = broker.filter(|id| *id < 0);
        if let (Some(id), Some(_)) = (server, cannot_pass(error)) {
            self.servers.insert(id);
        }
    }

    /// Takes the error of an attempt at the broker that alone can answer.
    ///
    /// The first failure is not final, as the address may be out of date: metadata is asked for before the next round. A failure
    /// at the same address in a later round is.
    pub(super) fn push_sole(&mut self, round: u32, error: &AttemptError) {
        if let Some(name) = cannot_pass(error) {
            self.is_final |= *self.brokers.entry(name.clone()).or_insert(round) < round;
        }
    }

    /// Returns `true` if there is nobody else to try.
    pub(super) fn is_final(&self, options: &ClusterOptions) -> bool {
        let are_all = !self.servers.is_empty() && self.servers.len() >= options.bootstrap.len();
        self.is_final || are_all
    }
}

/// The name of the broker, if connecting to it fails in the same way again at the same address.
fn cannot_pass(error: &AttemptError) -> Option<&Arc<str>> {
    match error {
        AttemptError::Connect(ConnectError::Dial { broker, error }) => {
            error.is_permanent().then_some(broker)
        }
        AttemptError::Connect(ConnectError::Closed(report)) => match &report.reason {
            CloseReason::Transport { error, .. } => is_refusal(error).then_some(&report.peer),
            _ => None,
        },
        _ => None,
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

    /// An attempt of this round failed, at a broker of several that can answer.
    pub(super) fn failed(&mut self, broker: Option<i32>, error: AttemptError) {
        self.unreachable.push(broker, &error);
        self.push(broker, error);
    }

    /// An attempt of this round failed, at the broker that alone can answer.
    pub(super) fn failed_at_sole(&mut self, broker: i32, error: AttemptError) {
        self.unreachable.push_sole(self.rounds, &error);
        self.push(Some(broker), error);
    }

    fn push(&mut self, broker: Option<i32>, error: AttemptError) {
        if let Err(end) = advice(self.key, &error) {
            self.end.get_or_insert(end);
        }
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
        if self.unreachable.is_final(options) {
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

/// Returns `true` if a connection was closed because the two sides do not go together: versions, mechanisms or credentials.
fn is_refused(reason: &CloseReason) -> bool {
    match reason {
        // A broker that cannot check credentials now, for one.
        CloseReason::Authentication(AuthenticationFault::Refused { code, .. })
        | CloseReason::Negotiation(NegotiationFault::Refused(code)) => !code.is_retriable(),
        CloseReason::Authentication(_) | CloseReason::Negotiation(_) => true,
        _ => false,
    }
}

/// Whether a request may be sent again after an error, or why not.
pub(super) fn advice(key: ApiKey, error: &AttemptError) -> Result<(), GivenUp> {
    let advice = match error {
        AttemptError::Connect(ConnectError::Closed(report)) => {
            return match is_refused(&report.reason) {
                true => Err(GivenUp::Fatal),
                false => Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DialError;

    #[test]
    fn a_sole_broker_with_an_impossible_address_is_final_in_the_second_round() {
        let failed = |name: &str| {
            AttemptError::Connect(ConnectError::Dial {
                broker: name.into(),
                error: Arc::new(DialError::Address("b1".into())),
            })
        };
        let options = ClusterOptions::new(["b1:9092"]);
        let mut unreachable = Unreachable::default();
        // Two parts of a request in one round, and then at another address.
        for (round, name) in [
            (0, "broker 1 (b1)"),
            (0, "broker 1 (b1)"),
            (1, "broker 1 (b2)"),
        ] {
            unreachable.push_sole(round, &failed(name));
            assert!(!unreachable.is_final(&options), "{round}: {name}");
        }
        unreachable.push_sole(2, &failed("broker 1 (b1)"));
        assert!(unreachable.is_final(&options));
    }

    #[test]
    fn a_broker_that_refuses_credentials_is_final_unless_its_code_can_pass() {
        let refused = |code| {
            let authentication = AuthenticationFault::Refused {
                mechanism: "PLAIN".into(),
                code,
                message: None,
            };
            [
                CloseReason::Authentication(authentication),
                CloseReason::Negotiation(NegotiationFault::Refused(code)),
            ]
        };
        for (code, is_final) in [
            (ErrorCode::SASL_AUTHENTICATION_FAILED, true),
            (ErrorCode::UNSUPPORTED_VERSION, true),
            (ErrorCode::UNKNOWN_SERVER_ERROR, true),
            (ErrorCode::REQUEST_TIMED_OUT, false),
            (ErrorCode::COORDINATOR_LOAD_IN_PROGRESS, false),
        ] {
            for reason in refused(code) {
                assert_eq!(is_refused(&reason), is_final, "{reason:?}");
            }
        }
        let mechanism = AuthenticationFault::NoCommonMechanism {
            asked: "PLAIN".into(),
            offered: Vec::new(),
        };
        assert!(is_refused(&CloseReason::Authentication(mechanism)));
        assert!(!is_refused(&CloseReason::Local));
    }
}
