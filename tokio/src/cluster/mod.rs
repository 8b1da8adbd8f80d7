//! A cluster: its brokers, whom to ask, and connections that are kept open.

mod attempts;
mod batch;
mod batches;
mod each;
mod error;
mod lookup;
mod options;
mod produce;
mod send;
mod slot;
mod view;
mod warm;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kafka_codec::ApiKey;
use tokio::time::{Instant, timeout_at};

use crate::{ConnectError, Connection};
use attempts::Attempts;
use batches::Batches;
use lookup::Unknown;
use slot::Slot;
use view::View;

pub use batch::Produce;
pub use batches::{ProduceTimeouts, StuckPartition};
pub use error::{Attempt, AttemptError, ClusterError, GivenUp};
pub use options::ClusterOptions;
pub use produce::{ProduceError, Produced};
pub use send::Answer;
pub use warm::{Brokers, EnsureReport, KeptOpen, Reached};

/// The time for which a broker that left a request unanswered is passed over where any will do.
const MUTE: Duration = Duration::from_secs(60);

/// The purpose of a connection: each broker has one for each purpose that is used, so that a long poll delays nothing
/// else.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Producing.
    Produce,
    /// Fetching, which brokers may hold.
    Fetch,
    /// JoinGroup and SyncGroup, which coordinators hold until the other members have come. Those of several members that share
    /// a cluster wait for each other: members of one group in one process need a cluster each.
    Group,
    /// All else, also the heartbeats of groups, and leaving them.
    Other,
}

impl Purpose {
    /// The purpose of an API.
    #[must_use]
    pub const fn of(key: ApiKey) -> Self {
        match key {
            ApiKey::Produce => Self::Produce,
            ApiKey::Fetch | ApiKey::ShareFetch => Self::Fetch,
            ApiKey::JoinGroup | ApiKey::SyncGroup => Self::Group,
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
/// use kafka_codec::messages::DescribeGroupsRequest;
/// use kafka_codec_tokio::{Cluster, ClusterOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = Cluster::new(ClusterOptions::new(["localhost:9092"]));
/// // Each group is described by its coordinator, and the answers are merged.
/// let request = DescribeGroupsRequest::for_groups(["billing", "shipping"]);
/// for group in cluster.send(&request).await?.decode()?.groups {
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
    /// The addresses of brokers that left a request unanswered, and until when they are passed over where any will do.
    mute: Mutex<HashMap<Arc<str>, Instant>>,
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
            mute: Mutex::default(),
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
    /// [`ClusterError`], also if the metadata of a topic is refused, as that of one that may not be described or has an invalid
    /// name. A topic that does not exist is not an error.
    pub async fn refresh<'a>(
        &self,
        topics: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), ClusterError> {
        let mut attempts = Attempts::new(ApiKey::Metadata, self.0.options.deadline);
        let names: BTreeSet<&str> = topics.into_iter().collect();
        loop {
            let unknown = Unknown::of_topics(names.clone());
            let failed = self.look_up_within(unknown, attempts.deadline()).await;
            if failed.is_empty() {
                return Ok(());
            }
            for (broker, error) in failed {
                attempts.failed(broker, error);
            }
            if let Err(end) = attempts.next(&self.0.options).await {
                return Err(attempts.into_error(end));
            }
        }
    }

    /// Some broker: one whose connection is open, so that one that is down costs nothing; else one of those that are known, or
    /// of the bootstrap servers, which have numbers below 0. One that left a request unanswered is passed over for a
    /// while, unless all of them did.
    fn any(&self) -> i32 {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let known = self.view().brokers();
        let servers = 1..=i32::try_from(self.0.options.bootstrap.len()).unwrap_or(i32::MAX);
        let servers: Vec<i32> = servers.map(|server| -server).collect();
        let mut mute = self.mute();
        let now = Instant::now();
        mute.retain(|_, until| now < *until);
        let is_mute = |address: &Arc<str>| mute.contains_key(address);
        let is_usable =
            |id: &&i32| mute.is_empty() || !self.address(**id).is_some_and(|it| is_mute(&it));
        let all: Vec<i32> = known.iter().chain(&servers).copied().collect();
        let mut usable: Vec<i32> = all.iter().filter(is_usable).copied().collect();
        if usable.is_empty() {
            mute.clear();
            usable = all;
        }
        drop(mute);
        let slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |id: &&i32| {
            let slot = slots.get(&(**id, Purpose::Other));
            slot.is_some_and(|slot| slot.current().is_some())
        };
        let open: Vec<i32> = usable.iter().filter(is_open).copied().collect();
        drop(slots);
        let (brokers, servers): (Vec<i32>, Vec<i32>) = open.into_iter().partition(|id| *id >= 0);
        let candidates = [brokers, servers].into_iter().find(|it| !it.is_empty());
        let candidates = candidates.unwrap_or(usable);
        let place = turn.checked_rem(candidates.len()).unwrap_or_default();
        candidates.get(place).copied().unwrap_or(-1)
    }

    fn mute(&self) -> MutexGuard<'_, HashMap<Arc<str>, Instant>> {
        self.0.mute.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The broker at an address left a request unanswered: others are preferred for a while.
    fn pass_over(&self, address: Arc<str>) {
        self.mute().insert(address, Instant::now() + MUTE);
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

    /// As [`connection`](Self::connection), if it is open before `deadline`.
    async fn connection_by(
        &self,
        broker: i32,
        purpose: Purpose,
        deadline: Instant,
    ) -> Result<Connection, AttemptError> {
        if let Some(connection) = self.slot(broker, purpose).current() {
            return Ok(connection);
        }
        let begun = Instant::now();
        match timeout_at(deadline, self.connection(broker, purpose)).await {
            Ok(opened) => opened,
            Err(_) => {
                let (broker, _) = self.name_and_address(broker)?;
                let after = begun.elapsed();
                let error = ConnectError::TimedOut { broker, after };
                Err(AttemptError::Connect(error))
            }
        }
    }

    /// Closes the connections to brokers that are no longer in the cluster, when the responses to what was sent have arrived.
    fn close_gone(&self) {
        let brokers = self.view().brokers();
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|(id, _), _| *id < 0 || brokers.binary_search(id).is_ok());
    }

    /// Begins anew from the bootstrap servers, whose addresses are found again. The connections are closed when the responses to
    /// what was sent have arrived: the brokers of another cluster may have the same ids. See KIP-1102.
    fn begin_anew(&self) {
        self.view().clear();
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.clear();
    }

    fn name_and_address(&self, broker: i32) -> Result<(Arc<str>, Arc<str>), AttemptError> {
        let Some(address) = self.address(broker) else {
            let why = format!("broker {broker} is not known");
            return Err(AttemptError::NoDestination(why.into()));
        };
        let name = match broker < 0 {
            true => address.clone(),
            false => format!("broker {broker} ({address})").into(),
        };
        Ok((name, address))
    }

    async fn open(
        &self,
        broker: i32,
        purpose: Purpose,
    ) -> Result<(Connection, Option<crate::Setup>), AttemptError> {
        let (name, address) = self.name_and_address(broker)?;
        let slot = self.slot(broker, purpose);
        let opened = slot.get(&name, &address, &self.0.options.connections).await;
        opened.map_err(AttemptError::Connect)
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
