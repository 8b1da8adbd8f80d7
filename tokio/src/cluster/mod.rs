//! A cluster: its brokers, whom to ask, and connections that are kept open.

mod error;
mod options;
mod produce;
mod slot;
mod view;
mod warm;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_codec::connection::{Advice, Delivery, DuplicateRisk, Failure, Retry, SubmitOptions};
use kafka_codec::messages::metadata_request::MetadataRequestTopic;
use kafka_codec::messages::{FindCoordinatorRequest, MetadataRequest};
use kafka_codec::{ApiKey, ErrorCode, Request, ResponseFrame, Routing};
use tokio::time::{Instant, sleep};

use crate::{Connection, SendError};
use produce::Batches;
use slot::{Slot, backoff};
use view::{CoordinatorKind, View};

pub use error::{Attempt, AttemptError, ClusterError, GivenUp};
pub use options::ClusterOptions;
pub use produce::{Produce, ProduceError, Produced, StuckPartition};
pub use warm::{Brokers, EnsureReport, KeptOpen, Reached};

/// What a connection is for: each broker has one for each purpose that is used, so that a long poll delays nothing else.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Producing.
    Produce,
    /// Fetching, which brokers may hold.
    Fetch,
    /// The membership of groups, which coordinators hold.
    Group,
    /// All else.
    Other,
}

impl Purpose {
    /// The purpose of an API.
    #[must_use]
    pub const fn of(key: ApiKey) -> Self {
        match key {
            ApiKey::Produce => Self::Produce,
            ApiKey::Fetch | ApiKey::ShareFetch => Self::Fetch,
            ApiKey::JoinGroup | ApiKey::SyncGroup | ApiKey::Heartbeat | ApiKey::LeaveGroup => {
                Self::Group
            }
            ApiKey::ConsumerGroupHeartbeat | ApiKey::ShareGroupHeartbeat => Self::Group,
            _ => Self::Other,
        }
    }

    /// The purpose in a word that does not change.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Produce => "produce",
            Self::Fetch => "fetch",
            Self::Group => "group",
            Self::Other => "other",
        }
    }
}

/// The broker that a request is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Destination {
    /// Any broker.
    Any,
    /// The active controller.
    Controller,
    /// A broker by its id.
    Broker(i32),
    /// The leader of a partition: topic and index.
    Leader(Arc<str>, i32),
    /// The coordinator of a group.
    Group(Arc<str>),
    /// The coordinator of a transactional id.
    Transaction(Arc<str>),
}

/// A cluster, for any number of tasks: brokers, leaders, coordinators and the controller are learned when they are needed
/// and again when answers show that they have changed.
///
/// # Examples
///
/// ```no_run
/// use kafka_codec::messages::{DescribeGroupsRequest, ListGroupsRequest};
/// use kafka_codec_tokio::{Cluster, ClusterOptions, Destination};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = Cluster::new(ClusterOptions::new(["localhost:9092"]));
/// let request = DescribeGroupsRequest { groups: vec!["billing".into()], ..Default::default() };
/// let coordinator = Destination::Group("billing".into());
/// let response = cluster.send_to(coordinator, &request).await?;
/// for group in response.decode()?.groups {
///     println!("{}: {}", group.group_id, group.group_state);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    options: ClusterOptions,
    view: Mutex<View>,
    slots: Mutex<HashMap<(i32, Purpose), Arc<Slot>>>,
    /// Which broker is asked next where any will do.
    turn: AtomicUsize,
    batches: Batches,
}

impl Cluster {
    /// A cluster, of which nothing is asked yet.
    #[must_use]
    pub fn new(options: ClusterOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            view: Mutex::default(),
            slots: Mutex::default(),
            turn: AtomicUsize::new(0),
            batches: Batches::default(),
        }))
    }

    fn view(&self) -> MutexGuard<'_, View> {
        self.0.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, broker: i32, purpose: Purpose) -> Arc<Slot> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry((broker, purpose)).or_default().clone()
    }

    /// The ids of the brokers that are known, lowest first. None before the first request or
    /// [`refresh`](Self::refresh).
    #[must_use]
    pub fn brokers(&self) -> Vec<i32> {
        self.view().brokers()
    }

    /// The number of partitions of a topic, if metadata of it was asked for.
    #[must_use]
    pub fn partitions(&self, topic: &str) -> Option<usize> {
        self.view().partitions(topic)
    }

    /// The id of a topic, if metadata of it was asked for and the brokers have ids. Fetch names topics by it from version 13
    /// on.
    #[must_use]
    pub fn topic_id(&self, topic: &str) -> Option<kafka_codec::wire::Uuid> {
        self.view().topic_id(topic)
    }

    /// Asks for the metadata of some topics, and of the brokers.
    ///
    /// # Errors
    ///
    /// [`ClusterError`]. A topic that does not exist is no error.
    pub async fn refresh<'a>(
        &self,
        topics: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ClusterError> {
        let mut attempts = Attempts::new(ApiKey::Metadata, self.0.options.deadline);
        let topics: Vec<&str> = topics.into_iter().collect();
        loop {
            match self.refresh_once(&topics).await {
                Ok(()) => return Ok(()),
                Err((broker, error)) => attempts.failed(&self.0.options, broker, error).await?,
            }
        }
    }

    async fn refresh_once(&self, topics: &[&str]) -> Result<(), (Option<i32>, AttemptError)> {
        let topics = topics.iter().map(|name| MetadataRequestTopic {
            name: Some((*name).into()),
            ..Default::default()
        });
        let request = MetadataRequest {
            topics: Some(topics.collect()),
            allow_auto_topic_creation: false,
            ..Default::default()
        };
        let broker = self.any();
        let fail = |error| (Some(broker), error);
        let connection = self.connection(broker, Purpose::Other).await;
        let connection = connection.map_err(fail)?;
        let response = connection.send(&request).await;
        let response = response.map_err(|error| fail(AttemptError::Send(error)))?;
        let response = response.decode();
        let response = response.map_err(|error| fail(AttemptError::Decode(error)))?;
        if response.error_code == ErrorCode::REBOOTSTRAP_REQUIRED {
            self.view().clear();
            return Err(fail(AttemptError::Code(response.error_code)));
        }
        if response.brokers.is_empty() {
            let why = "the response to Metadata names no broker".into();
            return Err(fail(AttemptError::NoDestination(why)));
        }
        self.view().take_metadata(&response);
        Ok(())
    }

    /// Some broker: one whose connection is open, so that one that is down costs nothing; else one of those that are known, or
    /// of the bootstrap servers, which have numbers below 0.
    fn any(&self) -> i32 {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let mut brokers = self.view().brokers();
        let is_open = |id: &i32| self.slot(*id, Purpose::Other).current().is_some();
        let open: Vec<i32> = brokers.iter().copied().filter(is_open).collect();
        if open.is_empty() {
            let servers = 1..=i32::try_from(self.0.options.bootstrap.len()).unwrap_or(i32::MAX);
            brokers.extend(servers.map(|server| -server));
        } else {
            brokers = open;
        }
        let place = turn.checked_rem(brokers.len()).unwrap_or_default();
        brokers.get(place).copied().unwrap_or(-1)
    }

    fn address(&self, broker: i32) -> Option<Arc<str>> {
        match usize::try_from(-1 - i64::from(broker)) {
            Ok(server) => self.0.options.bootstrap.get(server).cloned(),
            Err(_) => self.view().address(broker),
        }
    }

    /// The connection to a broker for a purpose. It is opened if it is not open.
    ///
    /// # Errors
    ///
    /// [`AttemptError::Connect`], or [`AttemptError::NoDestination`] if the broker is not known.
    pub async fn connection(
        &self,
        broker: i32,
        purpose: Purpose,
    ) -> Result<Connection, AttemptError> {
        Ok(self.open(broker, purpose).await?.0)
    }

    async fn open(
        &self,
        broker: i32,
        purpose: Purpose,
    ) -> Result<(Connection, Option<crate::Setup>), AttemptError> {
        let Some(address) = self.address(broker) else {
            let why = format!("broker {broker} is not known");
            return Err(AttemptError::NoDestination(why.into()));
        };
        let name: Arc<str> = match broker < 0 {
            true => address.clone(),
            false => format!("broker {broker} ({address})").into(),
        };
        let slot = self.slot(broker, purpose);
        let opened = slot.get(&name, &address, &self.0.options.connections).await;
        opened.map_err(AttemptError::Connect)
    }

    /// Sends a request to whoever answers its API, where that is any broker or the controller.
    ///
    /// Requests for leaders and coordinators say more than their API: see [`send_to`](Self::send_to).
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
    pub async fn send<R: Request>(&self, request: &R) -> Result<ResponseFrame<R>, ClusterError> {
        let destination = match R::KEY.routing() {
            Some(Routing::Controller) => Destination::Controller,
            _ => Destination::Any,
        };
        self.send_to(destination, request).await
    }

    /// Sends a request to a destination, and again after failures as long as that is safe and the deadline is not over.
    ///
    /// An answer in which all error codes can be retried counts as a failure; any other is returned, its errors included.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] has every attempt: whom it was for, how far it got, and how it failed.
    pub async fn send_to<R: Request>(
        &self,
        destination: Destination,
        request: &R,
    ) -> Result<ResponseFrame<R>, ClusterError> {
        let mut attempts = Attempts::new(R::KEY, self.0.options.deadline);
        loop {
            let (broker, error) = match self.attempt(&destination, request, &attempts).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            self.learn(&destination, &error);
            attempts.failed(&self.0.options, broker, error).await?;
        }
    }

    async fn attempt<R: Request>(
        &self,
        destination: &Destination,
        request: &R,
        attempts: &Attempts,
    ) -> Result<ResponseFrame<R>, (Option<i32>, AttemptError)> {
        let broker = self.resolve(destination).await?;
        let fail = |error| (Some(broker), error);
        let connection = self.connection(broker, Purpose::of(R::KEY)).await;
        let connection = connection.map_err(fail)?;
        let options = attempts.submit_options();
        let failed = |error| fail(AttemptError::Send(error));
        let encoded = connection.encode(request, options).map_err(failed)?;
        let (response, _) = connection
            .send_encoded(&encoded, options)
            .await
            .map_err(failed)?;
        let codes = response.error_codes();
        let codes = codes.map_err(|error| fail(AttemptError::Decode(error)))?;
        let codes: Vec<ErrorCode> = codes.unwrap_or_default();
        let errors = || codes.iter().copied().filter(|code| !code.is_none());
        let can_retry = |code| {
            let advice = Advice::of(Failure::Code(code), R::KEY, Delivery::Responded, false);
            advice.retry != Retry::Never && advice.duplicates == DuplicateRisk::None
        };
        let is_whole = codes.iter().all(|code| !code.is_none() && can_retry(*code));
        match errors().next() {
            Some(first) if is_whole => return Err(fail(AttemptError::Code(first))),
            // The caller decides, and finds the new destination if it tries again.
            Some(first) => self.learn(destination, &AttemptError::Code(first)),
            None => {}
        }
        let response = response.into_typed();
        response.map_err(|error| failed(SendError::Response(error)))
    }

    /// The broker that a destination is now.
    async fn resolve(&self, destination: &Destination) -> Result<i32, (Option<i32>, AttemptError)> {
        if let Some(broker) = self.known(destination) {
            return Ok(broker);
        }
        match destination {
            Destination::Group(group) => self.find(CoordinatorKind::Group, group).await?,
            Destination::Transaction(id) => self.find(CoordinatorKind::Transaction, id).await?,
            Destination::Leader(topic, _) => self.refresh_once(&[topic]).await?,
            Destination::Any | Destination::Controller | Destination::Broker(_) => {
                self.refresh_once(&[]).await?;
            }
        }
        self.known(destination).ok_or_else(|| {
            let why = match destination {
                Destination::Leader(topic, partition) => {
                    format!("{topic}-{partition} has no leader, or does not exist")
                }
                Destination::Broker(id) => format!("broker {id} is not in the cluster"),
                other => format!("no broker is known for {other:?}"),
            };
            (None, AttemptError::NoDestination(why.into()))
        })
    }

    fn known(&self, destination: &Destination) -> Option<i32> {
        match destination {
            Destination::Any => Some(self.any()),
            Destination::Controller => {
                let controller = self.view().controller()?;
                self.view().address(controller).map(|_| controller)
            }
            Destination::Broker(id) => self.view().address(*id).map(|_| *id),
            Destination::Leader(topic, partition) => self
                .view()
                .leader(topic, *partition)
                .map(|leader| leader.id),
            Destination::Group(group) => self.view().coordinator(CoordinatorKind::Group, group),
            Destination::Transaction(id) => {
                self.view().coordinator(CoordinatorKind::Transaction, id)
            }
        }
    }

    /// Asks for a coordinator.
    async fn find(
        &self,
        kind: CoordinatorKind,
        key: &str,
    ) -> Result<(), (Option<i32>, AttemptError)> {
        let asked = self.any();
        let fail = |error| (Some(asked), error);
        let connection = self.connection(asked, Purpose::Other).await;
        let connection = connection.map_err(fail)?;
        // Up to version 3 a single key; a request that has both fits every version.
        let version = connection
            .versions()
            .and_then(|table| table.get(ApiKey::FindCoordinator));
        let is_list = version.is_some_and(|range| range.max().0 >= 4);
        let request = FindCoordinatorRequest {
            key: if is_list { "".into() } else { key.into() },
            key_type: kind.number().into(),
            coordinator_keys: if is_list {
                vec![key.into()]
            } else {
                Vec::new()
            },
            ..Default::default()
        };
        let response = connection.send(&request).await;
        let response = response.map_err(|error| fail(AttemptError::Send(error)))?;
        let response = response.decode();
        let response = response.map_err(|error| fail(AttemptError::Decode(error)))?;
        let (code, id, host, port) = match response.coordinators.first() {
            Some(it) => (it.error_code, it.node_id, &it.host, it.port),
            None => (
                response.error_code,
                response.node_id,
                &response.host,
                response.port,
            ),
        };
        if !code.is_none() {
            return Err(fail(AttemptError::Code(code)));
        }
        let mut view = self.view();
        view.set_broker(id, host, port);
        view.set_coordinator(kind, key, id);
        Ok(())
    }

    /// Forgets what an error shows to be stale, so that it is asked for again.
    fn learn(&self, destination: &Destination, error: &AttemptError) {
        let is_stale = match error {
            AttemptError::Code(code) => {
                *code == ErrorCode::NOT_CONTROLLER
                    || code.refreshes_metadata()
                    || matches!(
                        code.remedy(),
                        Some(
                            kafka_codec::Remedy::FindCoordinator
                                | kafka_codec::Remedy::RefreshMetadata
                        )
                    )
            }
            AttemptError::Connect(_) | AttemptError::NoDestination(_) => true,
            AttemptError::Send(error) => error.is_closed(),
            AttemptError::Decode(_) => false,
        };
        if is_stale {
            self.view().forget(destination);
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("bootstrap", &self.0.options.bootstrap)
            .field("brokers", &self.brokers())
            .finish_non_exhaustive()
    }
}

/// The attempts at a request, and when there is no further one.
struct Attempts {
    key: ApiKey,
    begun: Instant,
    attempt_begun: Instant,
    limit: Duration,
    failed: Vec<Attempt>,
}

impl Attempts {
    fn new(key: ApiKey, limit: Duration) -> Self {
        Self {
            key,
            begun: Instant::now(),
            attempt_begun: Instant::now(),
            limit,
            failed: Vec::new(),
        }
    }

    fn submit_options(&self) -> SubmitOptions {
        let number = u32::try_from(self.failed.len() + 1).unwrap_or(u32::MAX);
        SubmitOptions::default()
            .with_attempt(number)
            .with_deadline((self.begun + self.limit).into_std())
    }

    /// An attempt failed: waits for the next one, or says why there is none.
    async fn failed(
        &mut self,
        options: &ClusterOptions,
        broker: Option<i32>,
        error: AttemptError,
    ) -> Result<(), ClusterError> {
        let advice = advice(self.key, &error);
        let now = Instant::now();
        self.failed.push(Attempt {
            broker,
            after: self.attempt_begun - self.begun,
            took: now - self.attempt_begun,
            error,
        });
        let before = u32::try_from(self.failed.len() - 1).unwrap_or(u32::MAX);
        let pause = backoff(before, options.min_backoff, options.max_backoff);
        let is_over = now + pause >= self.begun + self.limit;
        let deadline = || is_over.then_some(GivenUp::Deadline(self.limit));
        match advice.err().or_else(deadline) {
            Some(end) => Err(ClusterError {
                api_key: self.key,
                attempts: std::mem::take(&mut self.failed),
                end,
            }),
            None => {
                sleep(pause).await;
                self.attempt_begun = Instant::now();
                Ok(())
            }
        }
    }
}

/// Whether a request may be sent again after an error, or why not.
fn advice(key: ApiKey, error: &AttemptError) -> Result<(), GivenUp> {
    let advice = match error {
        AttemptError::Connect(crate::ConnectError::Closed(report)) => {
            use kafka_codec::connection::CloseReason;
            return match &report.reason {
                CloseReason::Authentication(_) | CloseReason::Negotiation(_) => Err(GivenUp::Fatal),
                _ => Ok(()),
            };
        }
        AttemptError::Connect(_) | AttemptError::NoDestination(_) => return Ok(()),
        AttemptError::Code(code) => {
            Advice::of(Failure::Code(*code), key, Delivery::Responded, false)
        }
        AttemptError::Send(SendError::Closed(_)) => return Ok(()),
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
