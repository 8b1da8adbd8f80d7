//! For how long a response asks to be left alone, and whether the broker waited already. What a
//! connection does about it is not decided here.

use std::time::Duration;

use crate::wire::{Encoding, Reader};
use crate::{ApiKey, Version};

/// How long the broker throttles, as the body of a response says; zero if it does not, or does not say.
pub(super) fn throttle_time(key: ApiKey, version: Version, body: &[u8]) -> Duration {
    let mut reader = Reader::new(body);
    let Some(milliseconds) = read(&mut reader, key, version) else {
        return Duration::ZERO;
    };
    match (reader.check(), u64::try_from(milliseconds)) {
        (Ok(()), Ok(milliseconds)) => Duration::from_millis(milliseconds),
        _ => Duration::ZERO,
    }
}

/// Whether a broker that throttles answers first and expects the client to wait. In versions before, it waits
/// itself before it answers.
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
        | ApiKey::DescribeConfigs => 2,
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
        ApiKey::AlterPartition => 2,
        // In all versions that have the field.
        _ => return has_throttle_time(key, version),
    };
    version >= Version(first)
}

/// Whether the responses of an API begin with the throttle time, from which version on.
const fn begins_with_it_since(key: ApiKey) -> Option<i16> {
    Some(match key {
        ApiKey::Metadata | ApiKey::OffsetCommit | ApiKey::OffsetFetch => 3,
        ApiKey::ListOffsets
        | ApiKey::JoinGroup
        | ApiKey::CreateTopics
        | ApiKey::OffsetForLeaderEpoch => 2,
        ApiKey::Fetch
        | ApiKey::FindCoordinator
        | ApiKey::Heartbeat
        | ApiKey::LeaveGroup
        | ApiKey::SyncGroup
        | ApiKey::DescribeGroups
        | ApiKey::ListGroups
        | ApiKey::DeleteTopics => 1,
        // No throttle time at all, or elsewhere.
        ApiKey::LeaderAndIsr
        | ApiKey::StopReplica
        | ApiKey::UpdateMetadata
        | ApiKey::ControlledShutdown
        | ApiKey::SaslHandshake
        | ApiKey::SaslAuthenticate
        | ApiKey::WriteTxnMarkers
        | ApiKey::Vote
        | ApiKey::BeginQuorumEpoch
        | ApiKey::EndQuorumEpoch
        | ApiKey::DescribeQuorum
        | ApiKey::Envelope
        | ApiKey::InitializeShareGroupState
        | ApiKey::ReadShareGroupState
        | ApiKey::WriteShareGroupState
        | ApiKey::DeleteShareGroupState
        | ApiKey::ReadShareGroupStateSummary
        | ApiKey::Produce
        | ApiKey::ApiVersions
        | ApiKey::CreateDelegationToken
        | ApiKey::RenewDelegationToken
        | ApiKey::ExpireDelegationToken
        | ApiKey::DescribeDelegationToken
        | ApiKey::OffsetDelete
        | ApiKey::Unknown(_) => return None,
        _ => 0,
    })
}

/// Whether a version of a response has the throttle time.
fn has_throttle_time(key: ApiKey, version: Version) -> bool {
    match key {
        ApiKey::Produce | ApiKey::ApiVersions => version >= Version(1),
        ApiKey::CreateDelegationToken
        | ApiKey::RenewDelegationToken
        | ApiKey::ExpireDelegationToken
        | ApiKey::DescribeDelegationToken
        | ApiKey::OffsetDelete => true,
        _ => begins_with_it_since(key).is_some_and(|since| version >= Version(since)),
    }
}

/// The milliseconds, read as far as they stand in the body.
fn read(r: &mut Reader<'_>, key: ApiKey, version: Version) -> Option<i32> {
    if !has_throttle_time(key, version) {
        return None;
    }
    let flexible = key.flexible_since().unwrap_or(Version(i16::MAX));
    let e = Encoding::flexible_from(flexible.0, version);
    match key {
        ApiKey::Produce => produce(r, version, e),
        ApiKey::ApiVersions => {
            r.i16();
            r.array(e, 1, |r| {
                // API key, lowest and highest version.
                r.bytes(6);
                r.tagged_fields(e);
            });
        }
        ApiKey::OffsetDelete => {
            r.i16();
        }
        ApiKey::RenewDelegationToken | ApiKey::ExpireDelegationToken => {
            r.i16();
            r.i64();
        }
        ApiKey::CreateDelegationToken => {
            r.i16();
            strings(r, e, if version >= Version(3) { 4 } else { 2 });
            for _ in 0..3 {
                r.i64();
            }
            strings(r, e, 1);
            r.blob(e);
        }
        ApiKey::DescribeDelegationToken => {
            r.i16();
            described_tokens(r, version, e);
        }
        _ => {}
    }
    Some(r.i32())
}

fn strings(r: &mut Reader<'_>, e: Encoding, count: usize) {
    for _ in 0..count {
        r.string(e);
    }
}

/// What goes before the throttle time in ProduceResponse.
fn produce(r: &mut Reader<'_>, version: Version, e: Encoding) {
    let at_least = |first| version >= Version(first);
    r.array(e, 1, |r| {
        match at_least(13) {
            true => drop(r.uuid()),
            false => strings(r, e, 1),
        }
        r.array(e, 1, |r| {
            r.i32();
            r.i16();
            r.i64();
            if at_least(2) {
                r.i64();
            }
            if at_least(5) {
                r.i64();
            }
            if at_least(8) {
                r.array(e, 1, |r| {
                    r.i32();
                    r.nullable_string(e);
                    r.tagged_fields(e);
                });
                r.nullable_string(e);
            }
            r.tagged_fields(e);
        });
        r.tagged_fields(e);
    });
}

/// What goes before the throttle time in DescribeDelegationTokenResponse.
fn described_tokens(r: &mut Reader<'_>, version: Version, e: Encoding) {
    r.array(e, 1, |r| {
        strings(r, e, if version >= Version(3) { 4 } else { 2 });
        for _ in 0..3 {
            r.i64();
        }
        strings(r, e, 1);
        r.blob(e);
        r.array(e, 1, |r| {
            strings(r, e, 2);
            r.tagged_fields(e);
        });
        r.tagged_fields(e);
    });
}
