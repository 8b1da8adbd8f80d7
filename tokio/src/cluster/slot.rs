//! A place for the connection to one broker and purpose: opened when it is needed, by one caller at a time, and not too often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_codec::connection::State;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep_until};

use crate::chance::draw;
use crate::{ConnectError, Connection, Options, Setup};

/// The pause after the first failure; it doubles with each that follows, up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// A place for a connection.
#[derive(Debug, Default)]
pub(super) struct Slot {
    current: Mutex<Option<Connection>>,
    /// Held by the task that opens the connection.
    opening: Arc<tokio::sync::Mutex<Failures>>,
}

/// The attempts to connect that failed in a row.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    retry_at: Option<Instant>,
    /// The end of the last attempt, and its error.
    last: Option<(Instant, ConnectError)>,
}

impl Slot {
    /// The connection, if it is open.
    pub(super) fn current(&self) -> Option<Connection> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |connection: &&Connection| {
            !matches!(connection.state(), State::Draining | State::Closed)
        };
        current.as_ref().filter(is_open).cloned()
    }

    fn set(&self, connection: Connection) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some(connection);
    }

    /// The connection, which is opened if it is not open; and if it was opened by this call, how long each phase took.
    ///
    /// An attempt to open it runs on its own task, so that a caller with a short time limit does not cancel it. Callers that
    /// waited for an attempt that failed share its error.
    pub(super) async fn get(
        self: &Arc<Self>,
        name: &Arc<str>,
        address: &Arc<str>,
        options: &Options,
    ) -> Result<(Connection, Option<Setup>), ConnectError> {
        if let Some(connection) = self.current() {
            return Ok((connection, None));
        }
        let asked = Instant::now();
        let failures = self.opening.clone().lock_owned().await;
        if let Some(connection) = self.current() {
            return Ok((connection, None));
        }
        if let Some((_, error)) = failures.last.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(error.clone());
        }
        let (slot, name, address) = (self.clone(), name.clone(), address.clone());
        let options = options.clone();
        let opening = async move { slot.open(failures, name, &address, &options).await };
        let (connection, setup) = match tokio::spawn(opening).await {
            Ok(opened) => opened?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is ending, and the caller with it.
            Err(_) => std::future::pending().await,
        };
        Ok((connection, Some(setup)))
    }

    async fn open(
        &self,
        mut failures: OwnedMutexGuard<Failures>,
        name: Arc<str>,
        address: &str,
        options: &Options,
    ) -> Result<(Connection, Setup), ConnectError> {
        if let Some(at) = failures.retry_at {
            sleep_until(at).await;
        }
        let opened = match Connection::connect_as(name, address, options).await {
            Ok(connection) => connection.ready().await.map(|setup| (connection, setup)),
            Err(error) => Err(error),
        };
        match &opened {
            Ok((connection, _)) => {
                *failures = Failures::default();
                self.set(connection.clone());
            }
            Err(error) => {
                let pause = backoff(failures.count, MIN_BACKOFF, MAX_BACKOFF);
                let now = Instant::now();
                *failures = Failures {
                    count: failures.count.saturating_add(1),
                    retry_at: Some(now + pause),
                    last: Some((now, error.clone())),
                };
            }
        }
        opened
    }
}

/// The pause after `failures` failures before this one: it doubles from `min` to `max`, a fifth more or less by chance, so that
/// clients that failed together do not come back together.
pub(super) fn backoff(failures: u32, min: Duration, max: Duration) -> Duration {
    let pause = min.saturating_mul(1 << failures.min(16)).min(max);
    pause.saturating_mul(draw(&(80..=120)).into()) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_with_a_fifth_of_chance() {
        let (min, max) = (Duration::from_millis(100), Duration::from_secs(1));
        for (failures, exact) in [
            (0, 100),
            (1, 200),
            (2, 400),
            (3, 800),
            (4, 1000),
            (99, 1000),
        ] {
            let pause = backoff(failures, min, max).as_millis();
            assert!(
                (exact * 8 / 10..=exact * 12 / 10).contains(&pause),
                "{failures}: {pause}"
            );
        }
    }
}
