//! Errors name the field, with all that is around it. That the path of a decoding error exists, whatever the message, is
//! shown in `walker.rs`.

use kafka_codec::messages::consumer_group_describe_response::{DescribedGroup, Member};
use kafka_codec::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_codec::messages::streams_group_heartbeat_request::{Subtopology, Topology};
use kafka_codec::messages::{
    ConsumerGroupDescribeResponse, DeleteGroupsRequest, MetadataResponse,
    StreamsGroupHeartbeatRequest,
};
use kafka_codec::{EncodeError, Message, Version};

/// A number that is nowhere else in the response.
const LEADER: i32 = 0x1234_5678;

/// A response of four topics, the last with `partitions`.
fn metadata_response(partitions: usize) -> MetadataResponse<'static> {
    let topic = |partitions| MetadataResponseTopic {
        name: Some("topic".into()),
        partitions,
        ..Default::default()
    };
    let partition = MetadataResponsePartition {
        leader_id: LEADER,
        ..Default::default()
    };
    MetadataResponse {
        topics: vec![
            topic(vec![]),
            topic(vec![]),
            topic(vec![]),
            topic(vec![partition; partitions]),
        ],
        ..Default::default()
    }
}

/// An error of encoding says of which field it is.
#[track_caller]
fn assert_path(message: &impl Message, path: &str, field: &str) {
    let version = Version(0);
    let error: EncodeError = message.encode_to_vec(version).unwrap_err();
    assert_eq!((error.path(), error.field()), (Some(path), Some(field)));
}

fn too_long() -> String {
    "t".repeat(32_768)
}

#[cfg(feature = "schema")]
#[test]
fn a_decoding_error_names_the_field_with_the_indices_around_it() {
    use kafka_codec::Decode;

    let mut response = metadata_response(2);
    // So long that the bytes left seem to hold the second too.
    response.topics[3].partitions[0].replica_nodes = (0..50).collect();
    let bytes = response.encode_to_vec(Version(9)).unwrap();
    let mut places = bytes.windows(4);
    let leader = places
        .rposition(|four| four == LEADER.to_be_bytes())
        .unwrap();
    let error = MetadataResponse::decode(&bytes[..leader + 1], Version(9)).unwrap_err();
    assert_eq!(error.path(), Some("topics[3].partitions[1].leader_id"));
    assert_eq!(
        error.to_string(),
        format!(
            "MetadataResponse v9: topics[3].partitions[1].leader_id (byte {leader}): \
             unexpected end of input: needed 4 bytes, 1 remains"
        )
    );
}

#[cfg(feature = "schema")]
#[test]
fn an_error_in_front_of_a_message_that_is_read_from_the_middle_is_placed_in_it() {
    use kafka_codec::Decode;
    use kafka_codec::wire::Reader;

    let bytes = metadata_response(1).encode_to_vec(Version(9)).unwrap();
    let input = [b"before", &bytes[..bytes.len() - 1]].concat();
    let mut reader = Reader::new(&input);
    reader.bytes(6).unwrap();
    let error = MetadataResponse::decode_from(&mut reader, Version(9)).unwrap_err();
    assert_eq!(error.path(), Some("unknown_tagged_fields"));
    assert_eq!(error.offset(), input.len());
}

#[test]
fn a_fault_is_not_blamed_on_the_message_after_it() {
    use kafka_codec::Decode;
    use kafka_codec::wire::{Encoding, Reader, Writer};

    let response = metadata_response(1);
    let bytes = response.encode_to_vec(Version(9)).unwrap();
    let mut reader = Reader::new(&bytes);
    reader.bytes(bytes.len() + 1).unwrap_err();
    MetadataResponse::decode_from(&mut reader, Version(0)).unwrap_err();
    let decoded = MetadataResponse::decode_from(&mut reader, Version(9));
    assert_eq!(decoded, Ok(response.clone()));

    let mut writer = Writer::new();
    let error = writer.string(Encoding::Compact, &too_long(), "name");
    error.unwrap_err();
    response.encode(&mut writer, Version(9)).unwrap();
    assert_eq!(writer.into_vec(), bytes);
}

#[cfg(feature = "schema")]
#[test]
fn a_request_header_that_ends_before_its_version_is_known_names_the_field() {
    use kafka_codec::messages::RequestHeader;

    let error = RequestHeader::split(&[0, 3, 0]).unwrap_err();
    assert_eq!(
        (error.path(), error.offset()),
        (Some("request_api_version"), 2)
    );
}

#[cfg(feature = "schema")]
#[test]
fn the_array_that_takes_too_much_memory_is_named() {
    use kafka_codec::Decode;
    use kafka_codec::wire::Limits;

    let bytes = metadata_response(8).encode_to_vec(Version(9)).unwrap();
    let all = size_of::<MetadataResponseTopic<'_>>() * 4;
    let limits = Limits::default().with_max_memory(all + 200, 0);
    let error = MetadataResponse::decode_with(&bytes, Version(9), limits).unwrap_err();
    assert_eq!(error.path(), Some("topics[3].partitions"), "{error}");
}

#[test]
fn an_encoding_error_names_the_field_with_the_indices_around_it() {
    let mut response = metadata_response(1);
    response.topics[3].partitions[0].offline_replicas = [1].into_iter().collect();
    response.topics[2].name = None;
    assert_path(&response, "topics[2].name", "name");
}

#[test]
fn an_element_that_is_no_struct_is_named_by_its_array() {
    let request = DeleteGroupsRequest {
        groups_names: vec!["g".into(), too_long().into()],
        ..Default::default()
    };
    assert_path(&request, "groups_names[1]", "groups_names");
}

#[test]
fn structs_that_are_no_elements_stand_in_the_path() {
    let subtopology = Subtopology {
        source_topics: vec!["t".into(), "t".into(), too_long().into()],
        ..Default::default()
    };
    let request = StreamsGroupHeartbeatRequest {
        topology: Some(Topology {
            subtopologies: vec![Subtopology::default(), subtopology],
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_path(
        &request,
        "topology.subtopologies[1].source_topics[2]",
        "source_topics",
    );
}

#[test]
fn what_is_written_after_an_encoding_error_does_not_change_its_path() {
    // After the id come an array and two structs, and after the members another array.
    let member = Member {
        member_id: too_long().into(),
        subscribed_topic_names: vec!["t".into()],
        ..Default::default()
    };
    let response = ConsumerGroupDescribeResponse {
        groups: vec![
            DescribedGroup::default(),
            DescribedGroup {
                members: vec![Member::default(), member, Member::default()],
                ..Default::default()
            },
            DescribedGroup::default(),
        ],
        ..Default::default()
    };
    assert_path(&response, "groups[1].members[1].member_id", "member_id");
}
