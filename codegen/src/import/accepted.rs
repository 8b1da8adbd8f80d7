//! Everything the merge accepts although two releases differ: each entry with its reason and its source.
//! Rules that hold for all messages are in the code that applies them; nothing else names a message.

use super::changes::{Change, ChangeKind};
use crate::schema::{Definition, Kind};

/// Why a newer release may differ in this way from an older one that has the same version of the message, if it may.
///
/// Stored records may grow by tagged fields without a new version: readers skip tags they do not know.
pub(super) fn accepted(
    definition: &Definition,
    version: i16,
    change: &Change,
) -> Option<&'static str> {
    let sent = matches!(
        definition.kind,
        Kind::Request | Kind::Response | Kind::Header
    );
    match change.kind {
        ChangeKind::Added { tagged: true } if !sent => {
            Some("stored records may grow by tagged fields")
        }
        ChangeKind::Added { .. } => ADDED_FIELDS
            .iter()
            .find(|added| {
                added.message == definition.name
                    && added.version == version
                    && added.field == change.field
            })
            .map(|added| added.reason),
        _ => None,
    }
}

/// A message, or one of its versions, that goes by another name today.
///
/// Requests, responses and metadata records keep their `apiKey` for ever and are recognized by it; only others are
/// listed. An entry does not hold for a release that has a message of the new name too.
pub(super) struct RenamedMessage {
    pub(super) old: &'static str,
    /// The number of the record type the key had for its version, when only that one is meant.
    pub(super) record_type: Option<i16>,
    pub(super) new: &'static str,
    /// Why, and where it was read. Not used by code: an entry without it would not be understood.
    #[allow(
        dead_code,
        reason = "it is documentation that the compiler makes sure is there"
    )]
    pub(super) reason: &'static str,
}

pub(super) const RENAMED_MESSAGES: &[RenamedMessage] = &[
    RenamedMessage {
        old: "OffsetCommitKey",
        record_type: Some(0),
        new: "LegacyOffsetCommitKey",
        reason: "4.1 gave each record type a key message of its own; until then versions 0 and 1 of OffsetCommitKey were \
                 record types 0 and 1, with the same fields (group-coordinator, LegacyOffsetCommitKey.json)",
    },
    RenamedMessage {
        old: "ShareGroupPartitionMetadataKey",
        record_type: Some(9),
        new: "ShareGroupStatePartitionMetadataKey",
        reason: "share groups were early access in 3.9 (KIP-932); 4.0 renamed the record, made it type 15,
                 and used the old name for another early access record that is gone in 4.1",
    },
    RenamedMessage {
        old: "ShareGroupPartitionMetadataValue",
        record_type: None,
        new: "ShareGroupStatePartitionMetadataValue",
        reason: "share groups were early access in 3.9 (KIP-932); 4.0 renamed the record, and used the old name for
                 another early access record that is gone in 4.1",
    },
];

/// A field that goes by another name today; bytes and place are the same.
pub(super) struct RenamedField {
    pub(super) message: &'static str,
    /// The path the field has in the older release.
    pub(super) old: &'static str,
    /// Its name in the newer release.
    pub(super) new: &'static str,
    #[allow(
        dead_code,
        reason = "it is documentation that the compiler makes sure is there"
    )]
    pub(super) reason: &'static str,
}

const VOTE: &str = "pre-vote asks for votes without being a candidate (KIP-996, Vote v2 in 4.0)";

pub(super) const RENAMED_FIELDS: &[RenamedField] = &[
    RenamedField {
        message: "ListConfigResourcesResponse",
        old: "ClientMetricsResources",
        new: "ConfigResources",
        reason: "the API lists every kind of resource since v1, not only client metrics (KIP-1142, in 4.1)",
    },
    RenamedField {
        message: "ListConfigResourcesResponse",
        old: "ClientMetricsResources.Name",
        new: "ResourceName",
        reason: "the API lists every kind of resource since v1, not only client metrics (KIP-1142, in 4.1)",
    },
    RenamedField {
        message: "VoteRequest",
        old: "Topics.Partitions.CandidateEpoch",
        new: "ReplicaEpoch",
        reason: VOTE,
    },
    RenamedField {
        message: "VoteRequest",
        old: "Topics.Partitions.CandidateId",
        new: "ReplicaId",
        reason: VOTE,
    },
    RenamedField {
        message: "VoteRequest",
        old: "Topics.Partitions.CandidateDirectoryId",
        new: "ReplicaDirectoryId",
        reason: VOTE,
    },
    RenamedField {
        message: "TxnOffsetCommitRequest",
        old: "GenerationId",
        new: "GenerationIdOrMemberEpoch",
        reason: "members of consumer groups commit in transactions with their epoch (KIP-1319, TxnOffsetCommit v6 in 4.4)",
    },
];

/// A field of a stored record that a newer release has in a version the older one lacks it in. The newer wins.
pub(super) struct AddedField {
    pub(super) message: &'static str,
    pub(super) version: i16,
    pub(super) field: &'static str,
    /// Why, for the summary of the import.
    pub(super) reason: &'static str,
}

pub(super) const ADDED_FIELDS: &[AddedField] = &[
    AddedField {
        message: "ShareGroupMetadataValue",
        version: 0,
        field: "MetadataHash",
        reason: "share groups were early access in 3.9, their records had no compatibility (KIP-932; the hash is KIP-1101)",
    },
    AddedField {
        message: "ShareGroupStatePartitionMetadataValue",
        version: 0,
        field: "InitializingTopics",
        reason: "share groups were early access in 3.9, their records had no compatibility (KIP-932)",
    },
];
