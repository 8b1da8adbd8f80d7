//! The purpose of an API, and which node answers it. The facts are in `protocol-json/apis.json`.

use super::ApiKey;
use crate::Version;

/// The purpose of an API.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ApiClass {
    /// Writing and reading records.
    Data,
    /// The location of topics, partitions, offsets, leaders and coordinators.
    Metadata,
    /// Groups of consumers, their members and offsets.
    Group,
    /// Transactions and idempotent producers.
    Transaction,
    /// Changes made by administrators.
    AdminWrite,
    /// Queries of administrators.
    AdminRead,
    /// The beginning of a connection.
    Session,
    /// Metrics sent by clients.
    Telemetry,
    /// Requests between the nodes of a cluster.
    InterBroker,
}

/// The node that answers an API: the destination of a request.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Routing {
    /// Any broker.
    AnyBroker,
    /// The broker that the request is about, since a broker answers only for itself: its connection, its configs, the
    /// replicas that it moves.
    SpecificBroker,
    /// Every broker, since each answers for what it has: the groups and transactions that it coordinates, its log
    /// directories. [`Response::merge`](crate::Response::merge) makes one list of theirs. A single broker may be asked, too.
    EveryBroker,
    /// The active controller. The brokers of KRaft clusters forward what clients ask of it; in clusters that use
    /// ZooKeeper any broker changes ACLs, configs, quotas and delegation tokens, and Metadata names the controller for
    /// the rest. The configs of a broker's loggers are changed by that broker.
    Controller,
    /// The leader of the partition, named by Metadata. A follower answers Fetch too, if it is preferred (KIP-392).
    PartitionLeader,
    /// The coordinator of the group, named by FindCoordinator.
    GroupCoordinator,
    /// The coordinator of the transactional id, named by FindCoordinator. InitProducerId without a transactional id is
    /// answered by any broker.
    TransactionCoordinator,
    /// The coordinator of a share group's partition, named by FindCoordinator.
    ShareCoordinator,
}

impl ApiKey {
    /// The purpose of the API; `None` if the API is unknown.
    ///
    /// The division is this crate's, not Kafka's.
    #[must_use]
    pub const fn class(self) -> Option<ApiClass> {
        match self.row() {
            Some(row) => row.class,
            None => None,
        }
    }

    /// The node that answers the API; `None` if the API is unknown.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{ApiKey, Routing};
    ///
    /// assert_eq!(ApiKey::Produce.routing(), Some(Routing::PartitionLeader));
    /// assert_eq!(ApiKey::TxnOffsetCommit.routing(), Some(Routing::GroupCoordinator));
    /// ```
    #[must_use]
    pub const fn routing(self) -> Option<Routing> {
        match self.row() {
            Some(row) => row.routing,
            None => None,
        }
    }

    /// Returns `true` if a request changes nothing, so that one that may have been served can be sent again. At most it
    /// leaves state of the requester's own, such as a fetch session. `false` if the API is unknown.
    ///
    /// Metadata and FindCoordinator are read-only, although a broker may create a topic that is missing.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        match self.row() {
            Some(row) => row.is_read_only,
            None => false,
        }
    }

    /// Returns `true` if a request that may have been carried out can be sent again unchanged: the second one has no
    /// further effect and is answered as the first, or, as of InitProducerId, what the first one gave is void. Kafka's Java
    /// client sends these requests again after a disconnection, and nothing else for the transaction meanwhile. `false` if the API is unknown, and of
    /// [read-only](Self::is_read_only) ones.
    ///
    /// Produce is not among them: it can be repeated if its batches have sequence numbers. Nor is OffsetCommit, which may undo
    /// a later one.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::ApiKey;
    ///
    /// assert!(ApiKey::EndTxn.is_repeatable());
    /// assert!(!ApiKey::CreateTopics.is_repeatable());
    /// ```
    #[must_use]
    pub const fn is_repeatable(self) -> bool {
        match self.row() {
            Some(row) => row.is_repeatable,
            None => false,
        }
    }

    /// Returns `true` if a broker that throttles answers first and expects the client to wait. In versions before, the
    /// broker waits itself: until it answers (before Kafka 2.0), or until it reads the next request. `false` if the API
    /// is unknown.
    ///
    /// This is `shouldClientThrottle` of Kafka's responses. See KIP-219.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::{ApiKey, Version};
    ///
    /// assert!(!ApiKey::Produce.throttles_after_response(Version(5)));
    /// assert!(ApiKey::Produce.throttles_after_response(Version(6)));
    /// ```
    #[must_use]
    pub const fn throttles_after_response(self, version: Version) -> bool {
        match self.row() {
            Some(row) => match row.throttles_since {
                Some(since) => version.0 >= since,
                None => false,
            },
            None => false,
        }
    }
}
