//! Connections that are open before they are needed, and stay open.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kafka_codec::connection::SubmitOptions;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep};

use super::attempts::later;
use super::{AttemptError, Cluster, ClusterError, Purpose};
use crate::{Connection, SendError, Setup};

/// Which brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Brokers {
    /// All of the cluster. Metadata is asked for if none is known.
    All,
    /// Those with these ids.
    Only(Vec<i32>),
}

/// The way in which a connection was found open.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reached {
    /// The connection was opened now; with the time of each phase.
    Opened(Setup),
    /// The connection was open and answered a probe in this time.
    Probed(Duration),
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(setup) => write!(f, "opened in {setup}"),
            Self::Probed(took) => write!(f, "open, answered in {took:.1?}"),
        }
    }
}

/// Who could be reached, and who not and why.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EnsureReport {
    /// The brokers whose connection is open and answers.
    pub reached: BTreeMap<i32, Reached>,
    /// The other brokers.
    pub unreachable: BTreeMap<i32, AttemptError>,
}

/// A task that keeps connections open. It ends when this is dropped.
#[derive(Debug)]
pub struct KeptOpen(AbortHandle);

impl Drop for KeptOpen {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Returns `true` if the connection of a probe that failed is of no use.
fn is_dead(error: &SendError) -> bool {
    match error {
        SendError::Failed(failed) => failed.is_closed() || failed.is_timeout(),
        error => error.is_closed(),
    }
}

impl Cluster {
    /// Opens the connections to brokers that are missing, and probes those that are open with ApiVersions, all at once. A
    /// connection that does not answer within the [deadline](super::ClusterOptions::with_deadline) is dead, and opened again,
    /// once.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] if no broker is known and metadata could not be had. A broker that could not be reached is
    /// not an error: it is in the report.
    pub async fn ensure_open(
        &self,
        brokers: &Brokers,
        purpose: Purpose,
    ) -> Result<EnsureReport, ClusterError> {
        if self.brokers().is_empty() {
            self.refresh([]).await?;
        }
        let ids = match brokers {
            Brokers::All => self.brokers(),
            Brokers::Only(ids) => ids.clone(),
        };
        let mut tasks = JoinSet::new();
        for id in ids {
            let cluster = self.clone();
            tasks.spawn(async move { (id, cluster.reach(id, purpose).await) });
        }
        let mut report = EnsureReport::default();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok((id, Ok(reached))) => drop(report.reached.insert(id, reached)),
                Ok((id, Err(error))) => drop(report.unreachable.insert(id, error)),
                // It panicked, which is reported as such.
                Err(error) if error.is_panic() => {
                    std::panic::resume_unwind(error.into_panic());
                }
                // The runtime is ending, and the caller with it.
                Err(_) => std::future::pending().await,
            }
        }
        Ok(report)
    }

    async fn reach(&self, broker: i32, purpose: Purpose) -> Result<Reached, AttemptError> {
        let (connection, setup) = self.open(broker, purpose).await?;
        if let Some(setup) = setup {
            return Ok(Reached::Opened(setup));
        }
        match self.probe(&connection).await {
            Ok(took) => return Ok(Reached::Probed(took)),
            Err(error) if is_dead(&error) => drop(connection.close().await),
            // It is busy, and others wait for their responses.
            Err(error) => return Err(AttemptError::Send(error)),
        }
        match self.open(broker, purpose).await? {
            (_, Some(setup)) => Ok(Reached::Opened(setup)),
            // Another caller has opened it.
            (connection, None) => match self.probe(&connection).await {
                Ok(took) => Ok(Reached::Probed(took)),
                Err(error) => Err(AttemptError::Send(error)),
            },
        }
    }

    async fn probe(&self, connection: &Connection) -> Result<Duration, SendError> {
        let deadline = later(Instant::now(), self.0.options.deadline);
        let options = SubmitOptions::default().with_deadline(deadline.into_std());
        connection.probe_with(options).await
    }

    /// Calls [`ensure_open`](Self::ensure_open) for some purposes at once and then at an interval, on a task of its own, until
    /// the returned value is dropped. What cannot be reached is traced as a warning.
    ///
    /// With [idle limits](super::ClusterOptions::with_idle_limits) each open connection is probed by itself before anyone
    /// closes it; this also opens those that were lost, and those of brokers that are new.
    #[must_use]
    pub fn keep_open(
        &self,
        brokers: Brokers,
        purposes: impl IntoIterator<Item = Purpose>,
        interval: Duration,
    ) -> KeptOpen {
        let purposes: Vec<Purpose> = purposes.into_iter().collect();
        let cluster = self.clone();
        let task = tokio::spawn(async move {
            loop {
                for purpose in &purposes {
                    cluster.ensure_and_trace(&brokers, *purpose).await;
                }
                sleep(interval).await;
                // Brokers may be new, gone, or at other addresses.
                if let Err(error) = cluster.refresh([]).await {
                    tracing::warn!("{error}");
                }
            }
        });
        KeptOpen(task.abort_handle())
    }

    async fn ensure_and_trace(&self, brokers: &Brokers, purpose: Purpose) {
        let purpose_name = purpose.name();
        match self.ensure_open(brokers, purpose).await {
            Ok(report) => {
                for (broker, reached) in &report.reached {
                    tracing::debug!(broker, purpose = purpose_name, "{reached}");
                }
                for (broker, error) in &report.unreachable {
                    tracing::warn!(broker, purpose = purpose_name, "{error}");
                }
            }
            Err(error) => tracing::warn!(purpose = purpose_name, "{error}"),
        }
    }
}
