//! What APIs are for: our own division of them, by what a client may do when one fails.
//! The compiler sees to it that each has a class.

use super::ApiKey;

/// What an API is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ApiClass {
    /// Writing and reading records.
    Data,
    /// Where things are: topics, partitions, offsets, leaders, coordinators.
    Metadata,
    /// Groups of consumers, their members and offsets.
    Group,
    /// Transactions and idempotent producers.
    Transaction,
    /// Changes that administrators make.
    AdminWrite,
    /// What administrators ask.
    AdminRead,
    /// The beginning of a connection.
    Session,
    /// Metrics that clients send.
    Telemetry,
    /// What the nodes of a cluster say to each other.
    InterBroker,
}

impl ApiKey {
    /// What it is for; `None` if the API is unknown.
    ///
    /// The division is this crate's, not Kafka's.
    #[must_use]
    pub const fn class(self) -> Option<ApiClass> {
        Some(match self {
            Self::Produce | Self::Fetch | Self::ShareFetch | Self::ShareAcknowledge => {
                ApiClass::Data
            }
            Self::ListOffsets
            | Self::Metadata
            | Self::FindCoordinator
            | Self::OffsetForLeaderEpoch
            | Self::DescribeCluster
            | Self::DescribeTopicPartitions => ApiClass::Metadata,
            Self::OffsetCommit
            | Self::OffsetFetch
            | Self::JoinGroup
            | Self::Heartbeat
            | Self::LeaveGroup
            | Self::SyncGroup
            | Self::DescribeGroups
            | Self::ListGroups
            | Self::DeleteGroups
            | Self::OffsetDelete
            | Self::ConsumerGroupHeartbeat
            | Self::ConsumerGroupDescribe
            | Self::ShareGroupHeartbeat
            | Self::ShareGroupDescribe
            | Self::StreamsGroupHeartbeat
            | Self::StreamsGroupDescribe
            | Self::StreamsGroupTopologyDescriptionUpdate
            | Self::DescribeShareGroupOffsets
            | Self::AlterShareGroupOffsets
            | Self::DeleteShareGroupOffsets => ApiClass::Group,
            Self::InitProducerId
            | Self::AddPartitionsToTxn
            | Self::AddOffsetsToTxn
            | Self::EndTxn
            | Self::TxnOffsetCommit
            | Self::DescribeProducers
            | Self::DescribeTransactions
            | Self::ListTransactions => ApiClass::Transaction,
            Self::CreateTopics
            | Self::DeleteTopics
            | Self::DeleteRecords
            | Self::CreateAcls
            | Self::DeleteAcls
            | Self::AlterConfigs
            | Self::AlterReplicaLogDirs
            | Self::CreatePartitions
            | Self::CreateDelegationToken
            | Self::RenewDelegationToken
            | Self::ExpireDelegationToken
            | Self::ElectLeaders
            | Self::IncrementalAlterConfigs
            | Self::AlterPartitionReassignments
            | Self::AlterClientQuotas
            | Self::AlterUserScramCredentials
            | Self::UpdateFeatures
            | Self::UnregisterBroker
            | Self::UnregisterController
            | Self::AddRaftVoter
            | Self::RemoveRaftVoter => ApiClass::AdminWrite,
            Self::DescribeAcls
            | Self::DescribeConfigs
            | Self::DescribeLogDirs
            | Self::DescribeDelegationToken
            | Self::ListPartitionReassignments
            | Self::DescribeClientQuotas
            | Self::DescribeUserScramCredentials
            | Self::DescribeQuorum
            | Self::ListConfigResources => ApiClass::AdminRead,
            Self::SaslHandshake | Self::ApiVersions | Self::SaslAuthenticate => ApiClass::Session,
            Self::GetTelemetrySubscriptions | Self::PushTelemetry => ApiClass::Telemetry,
            Self::LeaderAndIsr
            | Self::StopReplica
            | Self::UpdateMetadata
            | Self::ControlledShutdown
            | Self::WriteTxnMarkers
            | Self::Vote
            | Self::BeginQuorumEpoch
            | Self::EndQuorumEpoch
            | Self::AlterPartition
            | Self::Envelope
            | Self::FetchSnapshot
            | Self::BrokerRegistration
            | Self::BrokerHeartbeat
            | Self::AllocateProducerIds
            | Self::ControllerRegistration
            | Self::AssignReplicasToDirs
            | Self::UpdateRaftVoter
            | Self::InitializeShareGroupState
            | Self::ReadShareGroupState
            | Self::WriteShareGroupState
            | Self::DeleteShareGroupState
            | Self::ReadShareGroupStateSummary => ApiClass::InterBroker,
            Self::Unknown(_) => return None,
        })
    }

    /// Whether it only asks, so that a request that may have been served can be sent again: what it
    /// leaves behind is at most the requester's own, such as a fetch session. False if the API is
    /// unknown.
    ///
    /// Metadata and FindCoordinator only ask too, though a broker may create a topic that is missing.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        match self.class() {
            Some(ApiClass::Metadata | ApiClass::AdminRead) => true,
            _ => matches!(
                self,
                Self::Fetch
                    | Self::OffsetFetch
                    | Self::DescribeGroups
                    | Self::ListGroups
                    | Self::ConsumerGroupDescribe
                    | Self::ShareGroupDescribe
                    | Self::StreamsGroupDescribe
                    | Self::DescribeShareGroupOffsets
                    | Self::DescribeProducers
                    | Self::DescribeTransactions
                    | Self::ListTransactions
                    | Self::ApiVersions
                    | Self::GetTelemetrySubscriptions
                    | Self::FetchSnapshot
                    | Self::ReadShareGroupStateSummary
            ),
        }
    }
}
