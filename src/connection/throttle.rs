//! For how long a response asks to be left alone, and whether the broker waited already. What a
//! connection does about it is not decided here.

use std::time::Duration;

use crate::wire::{Encoding, Reader};
use crate::{ApiKey, Version};

include!(concat!(env!("OUT_DIR"), "/throttle_time.rs"));

/// How long the broker throttles, as the body of a response says; zero if it does not, or does not say. What follows
/// the time in the body is not looked at.
#[inline]
pub(super) fn throttle_time(key: ApiKey, version: Version, body: &[u8]) -> Duration {
    // The body of a version that is not known may hold anything.
    if !key.versions().is_some_and(|known| known.contains(version)) {
        return Duration::ZERO;
    }
    let mut reader = Reader::new(body);
    let Some(milliseconds) = throttle_time_ms(&mut reader, key, version) else {
        return Duration::ZERO;
    };
    match (reader.check(), u64::try_from(milliseconds)) {
        (Ok(()), Ok(milliseconds)) => Duration::from_millis(milliseconds),
        _ => Duration::ZERO,
    }
}

/// Whether a broker that throttles answers first and expects the client to wait. In versions before, it waits
/// itself: brokers before Kafka 2.0 until they answer, later ones until they read the next request.
///
/// As `shouldClientThrottle` of Kafka's responses says. See KIP-219.
///
/// # Examples
///
/// ```
/// use kafka_codec::connection::throttles_after_response;
/// use kafka_codec::{ApiKey, Version};
///
/// assert!(!throttles_after_response(ApiKey::Produce, Version(5)));
/// assert!(throttles_after_response(ApiKey::Produce, Version(6)));
/// ```
#[must_use]
pub fn throttles_after_response(key: ApiKey, version: Version) -> bool {
    let first = match key {
        ApiKey::Produce | ApiKey::Metadata => 6,
        ApiKey::Fetch => 8,
        ApiKey::OffsetCommit | ApiKey::OffsetFetch => 4,
        ApiKey::ListOffsets | ApiKey::JoinGroup | ApiKey::CreateTopics => 3,
        ApiKey::ApiVersions
        | ApiKey::FindCoordinator
        | ApiKey::Heartbeat
        | ApiKey::LeaveGroup
        | ApiKey::SyncGroup
        | ApiKey::DescribeGroups
        | ApiKey::ListGroups
        | ApiKey::DeleteTopics
        | ApiKey::DescribeConfigs
        | ApiKey::AlterPartition => 2,
        ApiKey::DeleteRecords
        | ApiKey::InitProducerId
        | ApiKey::AddPartitionsToTxn
        | ApiKey::AddOffsetsToTxn
        | ApiKey::EndTxn
        | ApiKey::TxnOffsetCommit
        | ApiKey::DescribeAcls
        | ApiKey::CreateAcls
        | ApiKey::DeleteAcls
        | ApiKey::AlterConfigs
        | ApiKey::AlterReplicaLogDirs
        | ApiKey::DescribeLogDirs
        | ApiKey::CreatePartitions
        | ApiKey::CreateDelegationToken
        | ApiKey::RenewDelegationToken
        | ApiKey::ExpireDelegationToken
        | ApiKey::DescribeDelegationToken
        | ApiKey::DeleteGroups => 1,
        // In all versions that have the field.
        _ => return has_throttle_time(key, version),
    };
    version >= Version(first)
}

/// Whether a version of a response has the throttle time.
fn has_throttle_time(key: ApiKey, version: Version) -> bool {
    // That depends on no bytes.
    throttle_time_ms(&mut Reader::new(&[]), key, version).is_some()
}
