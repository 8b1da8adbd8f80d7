//! Topic ids get their names from messages that have both, and from the metadata log.
#![cfg(test)]

mod support;

use std::ops::ControlFlow;

use kafka_capture::input::{Input, Packets};
use kafka_capture::{Decoder, TopicNames, TopicsFileError};
use kafka_codec::internal_topics::MetadataRecord;
use kafka_codec::messages::create_topics_response::CreatableTopicResult;
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::metadata_response::MetadataResponseTopic;
use kafka_codec::messages::{
    CreateTopicsRequest, CreateTopicsResponse, FetchRequest, FetchResponse, MetadataRequest,
    MetadataResponse, TopicRecord,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::{Blob, Uuid};
use kafka_codec::{Request, Response, Version};
use support::packets::{Conversation, capture};
use support::typed;

const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);

/// The decoder after a request and its response.
fn after<Q: Request, S: Response>(request: &Q, response: &S, version: i16) -> Decoder {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &typed::request(request, version, 1, "me"), 1000);
    conversation.send(false, &typed::response(response, version, 1), 1000);
    conversation.close();
    let bytes = std::io::Cursor::new(capture(&conversation.sent));
    let input = Input::new("test".to_owned(), Box::new(bytes)).unwrap();
    let mut decoder = Decoder::new(Vec::new());
    let mut list = support::List::default();
    Packets::new(input)
        .unwrap()
        .for_each(
            |packet| {
                decoder.packet(&packet, &mut list);
                ControlFlow::Continue(())
            },
            || {},
        )
        .unwrap();
    assert_eq!(list.0.len(), 2, "{:?}", list.0);
    decoder
}

#[test]
fn metadata_and_create_topics_teach_names_where_their_version_has_ids() {
    let topics = vec![MetadataResponseTopic {
        name: Some("orders".into()),
        topic_id: ID,
        ..Default::default()
    }];
    let metadata = MetadataResponse {
        topics,
        ..Default::default()
    };
    let mut decoder = after(&MetadataRequest::default(), &metadata, 12);
    assert_eq!(decoder.topics().name(ID), Some("orders"));

    let create = CreateTopicsResponse {
        topics: vec![CreatableTopicResult {
            name: "payments".into(),
            topic_id: ID,
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut decoder = after(&CreateTopicsRequest::default(), &create, 7);
    assert_eq!(decoder.topics().name(ID), Some("payments"));
}

/// A Fetch response with the record of a topic in it, of the topic `id`.
fn fetched(id: Uuid) -> FetchResponse<'static> {
    let record = MetadataRecord::Topic(TopicRecord {
        name: "orders".into(),
        topic_id: ID,
        ..Default::default()
    });
    let value = record.encode_to_vec(Version(0)).unwrap();
    let mut builder = BatchBuilder::new(BatchOptions::default());
    let record = NewRecord {
        value: Some(&value),
        ..Default::default()
    };
    builder.append(&record).unwrap();
    FetchResponse {
        responses: vec![FetchableTopicResponse {
            topic_id: id,
            partitions: vec![PartitionData {
                records: Some(Blob::from(builder.finish().unwrap())),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[test]
fn records_of_the_metadata_log_teach_names_and_those_of_other_topics_do_not() {
    let metadata_id = Uuid::from_u128(1);
    let mut decoder = after(&FetchRequest::default(), &fetched(metadata_id), 16);
    assert_eq!(decoder.topics().name(ID), Some("orders"));
    assert_eq!(
        decoder.topics().name(metadata_id),
        Some("__cluster_metadata")
    );

    let mut decoder = after(&FetchRequest::default(), &fetched(Uuid::from_u128(77)), 16);
    assert_eq!(decoder.topics().name(ID), None);
}

#[test]
fn as_many_names_are_remembered_as_fit_and_the_forgotten_ones_are_counted() {
    let mut names = TopicNames::default();
    for id in 0..70_000_u32 {
        names.insert(Uuid::from_u128(u128::from(id) + 2), &format!("topic-{id}"));
    }
    assert_eq!(names.forgotten(), 70_000 - (1 << 16));
    assert_eq!(names.name(Uuid::from_u128(2)), None);
    assert_eq!(names.name(Uuid::from_u128(70_001)), Some("topic-69999"));
}

#[test]
fn names_are_read_from_json_of_several_forms() {
    let id = ID.to_string();
    for text in [
        format!(r#"{{"orders":"{id}"}}"#),
        format!(r#"{{"{id}":"orders"}}"#),
        format!(r#"[{{"name":"orders","topicId":"{id}"}}]"#),
        format!("{{\"topic\":\"orders\",\"id\":\"{id}\"}}\n{{\"topic\":\"a\",\"id\":\"{id}x\"}}"),
        format!(
            r#"{{"body":{{"topics":[{{"name":"orders","topicId":"{id}","partitions":[]}}]}}}}"#
        ),
        format!("Topic: orders\tTopicId: {id}\tPartitionCount: 1\n\tTopic: orders\tPartition: 0"),
    ] {
        let mut names = TopicNames::default();
        assert_eq!(names.read(&text).unwrap(), 1, "{text}");
        assert_eq!(names.name(ID), Some("orders"), "{text}");
    }
    let mut names = TopicNames::default();
    assert!(matches!(
        names.read("nothing"),
        Err(TopicsFileError::NoTopics)
    ));
    assert!(matches!(names.read("{"), Err(TopicsFileError::Json(_))));
}
