//! Values.

use kafka_codec::enumerations::ListOffsetsTimestamp;
use kafka_codec::messages::list_offsets_response::ListOffsetsPartitionResponse;
use kafka_codec::messages::metadata_response::MetadataResponseTopic;
use kafka_codec::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_codec::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_codec::messages::{
    FetchRequest, MetadataRequest, MetadataResponse, OffsetCommitRequest, ProduceResponse,
    fetch_request,
};
use kafka_codec::schema::{Schema, error_codes};
use kafka_codec::wire::{Limits, Uuid};
use kafka_codec::{ApiKey, Applied, Decode, ErrorCode, Message, Request, Version};

#[test]
fn all_topics_are_null_but_none_in_version_0() {
    let all = MetadataRequest::for_all_topics();
    let none = MetadataRequest::for_no_topics();
    let topics = |request: &MetadataRequest<'_>, version| {
        let bytes = request.encode_to_vec(Version(version)).unwrap();
        bytes[..4].to_vec()
    };
    assert_eq!(topics(&all, 1), [0xff; 4]);
    assert_eq!(topics(&none, 1), [0; 4]);
    // What asks for none in all others asks for all in version 0, which has no null.
    assert_eq!(topics(&none, 0), [0; 4]);
    all.encode_to_vec(Version(0)).unwrap_err();
    assert!(MetadataRequest::decode(&[0xff; 4], Version(0)).is_err());
    all.fits(Version(0)).unwrap_err();
    all.fits(Version(1)).unwrap();
}

#[test]
fn compact_lengths_are_off_by_one_and_tags_end_every_struct() {
    let partition = OffsetCommitRequestPartition {
        partition_index: 1,
        committed_offset: 2,
        committed_leader_epoch: 3,
        committed_metadata: None,
        ..Default::default()
    };
    let topic = OffsetCommitRequestTopic {
        name: "t".into(),
        partitions: vec![partition],
        ..Default::default()
    };
    let request = OffsetCommitRequest {
        group_id: "g".into(),
        generation_id_or_member_epoch: 4,
        member_id: "".into(),
        topics: vec![topic],
        ..Default::default()
    };
    let bytes = request.encode_to_vec(Version(8)).unwrap();
    let expected = [
        // "g", epoch, "", no instance id, one topic
        &b"\x02g\0\0\0\x04\x01\0\x02"[..],
        // "t", one partition
        b"\x02t\x02",
        // Partition 1, its offset and epoch, no metadata, and no tags: of the partition, the topic and the request.
        b"\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x03\0\0\0\0",
    ];
    assert_eq!(bytes, expected.concat());
    assert_eq!(OffsetCommitRequest::decode(&bytes, Version(8)), Ok(request));
}

#[test]
fn a_topic_id_of_zero_is_not_an_id() {
    let topic = |name: Option<&'static str>, topic_id| MetadataResponse {
        topics: vec![MetadataResponseTopic {
            name: name.map(Into::into),
            topic_id,
            ..Default::default()
        }],
        ..Default::default()
    };
    let id = Uuid::from_bytes([7; 16]);
    assert!(Uuid::default().is_zero() && !id.is_zero());
    // Version 9 has no ids: one of zero can be omitted, another is what tells the topic apart.
    let named = topic(Some("orders"), Uuid::default());
    named.encode_to_vec(Version(9)).unwrap();
    // The name may be null where there is an id.
    topic(None, id).encode_to_vec(Version(12)).unwrap();
    topic(None, id).encode_to_vec(Version(9)).unwrap_err();
}

#[test]
fn timestamps_of_list_offsets_are_commands_below_zero() {
    let commands = [
        (ListOffsetsTimestamp::LATEST, -1),
        (ListOffsetsTimestamp::EARLIEST, -2),
        (ListOffsetsTimestamp::MAX_TIMESTAMP, -3),
    ];
    for (command, number) in commands {
        assert_eq!(command.0, number);
    }
    // Nothing found: no error, and no offset.
    let nothing = ListOffsetsPartitionResponse::default();
    assert_eq!((nothing.offset, nothing.error_code), (-1, ErrorCode::NONE));
}

#[test]
fn an_unknown_leader_epoch_is_minus_one_and_a_wrong_one_says_who_is_behind() {
    let partition = fetch_request::FetchPartition::default();
    assert_eq!(partition.current_leader_epoch, -1);
    let (fenced, unknown) = (
        ErrorCode::FENCED_LEADER_EPOCH,
        ErrorCode::UNKNOWN_LEADER_EPOCH,
    );
    assert!(fenced.is_retriable() && fenced.refreshes_metadata());
    assert!(unknown.is_retriable() && !unknown.refreshes_metadata());
}

#[test]
fn a_partition_fails_under_a_top_that_does_not() {
    let partition = |index, error_code| PartitionProduceResponse {
        index,
        error_code,
        ..Default::default()
    };
    let errors = [
        ErrorCode::NONE,
        ErrorCode::NOT_LEADER_OR_FOLLOWER,
        ErrorCode::MESSAGE_TOO_LARGE,
    ];
    let partitions = errors.into_iter().zip(0..);
    let response = ProduceResponse {
        responses: vec![TopicProduceResponse {
            name: "orders".into(),
            partition_responses: partitions
                .map(|(code, index)| partition(index, code))
                .collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let bytes = response.encode_to_vec(Version(9)).unwrap();
    let schema = Schema::of_response(ApiKey::Produce).unwrap();
    let found = error_codes(schema, Version(9), &bytes, Limits::default()).unwrap();
    let codes: Vec<_> = found.into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, errors[1..], "success is not an error");
}

#[test]
fn an_error_may_come_after_the_append() {
    let applied = |code: ErrorCode| code.applied(ApiKey::Produce);
    assert_eq!(
        applied(ErrorCode::NOT_LEADER_OR_FOLLOWER),
        Applied::Possibly
    );
    assert_eq!(
        applied(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND),
        Applied::Possibly
    );
    assert_eq!(applied(ErrorCode::NOT_ENOUGH_REPLICAS), Applied::No);
}

#[test]
fn a_fetch_without_a_session_sends_the_epoch_that_asks_for_none() {
    let request = FetchRequest::default();
    assert_eq!((request.session_id, request.session_epoch), (0, -1));
}
