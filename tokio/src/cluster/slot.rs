//! A place for the connection to one broker and purpose: opened when it is needed, by one caller at a time, and not too often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_codec::connection::State;
use tokio::time::{Instant, sleep_until};

use crate::{ConnectError, Connection, Options, Setup};

/// The pause after the first failure; it doubles with each that follows, up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// A place for a connection.
#[derive(Debug, Default)]
pub(super) struct Slot {
    current: Mutex<Option<Connection>>,
    /// Held by who opens the connection.
    opening: tokio::sync::Mutex<Failures>,
}

/// The attempts to connect that failed in a row.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    retry_at: Option<Instant>,
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
    pub(super) async fn get(
        &self,
        name: &Arc<str>,
        address: &str,
        options: &Options,
    ) -> Result<(Connection, Option<Setup>), ConnectError> {
        if let Some(connection) = self.current() {
            return Ok((connection, None));
        }
        let mut failures = self.opening.lock().await;
        if let Some(connection) = self.current() {
            return Ok((connection, None));
        }
        if let Some(at) = failures.retry_at {
            sleep_until(at).await;
        }
        match Connection::connect_as(name.clone(), address, options).await {
            Ok(connection) => {
                *failures = Failures::default();
                self.set(connection.clone());
                let setup = connection.ready().await?;
                Ok((connection, Some(setup)))
            }
            Err(error) => {
                let pause = backoff(failures.count, MIN_BACKOFF, MAX_BACKOFF);
                failures.count += 1;
                failures.retry_at = Some(Instant::now() + pause);
                Err(error)
            }
        }
    }
}

/// The pause after `failures` failures before this one: it doubles from `min` to `max`, a fifth more or less by chance, so that
/// clients that failed together do not come back together.
pub(super) fn backoff(failures: u32, min: Duration, max: Duration) -> Duration {
    let pause = min.saturating_mul(1 << failures.min(16)).min(max);
    let mut random = [0; 1];
    // Without chance the pause is the same for all.
    let _ = getrandom::fill(&mut random);
    let [random] = random;
    pause * (80 + u32::from(random) * 40 / 255) / 100
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
