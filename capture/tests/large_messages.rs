//! Messages of many partitions are read to their end: in a time that grows with the partitions, as with their square a test
//! would take minutes.
#![cfg(test)]

mod support;

use std::cell::Cell;
use std::rc::Rc;

use kafka_capture::TopicNames;
use kafka_capture::analysis::{Groups, Produce};
use kafka_capture::output::Sink;
use kafka_codec::enumerations::{Acks, ListOffsetsTimestamp};
use kafka_codec::messages::{
    ListOffsetsRequest, ListOffsetsResponse, OffsetCommitRequest, OffsetCommitResponse,
    ProduceRequest, ProduceResponse, list_offsets_request, list_offsets_response,
    offset_commit_request, offset_commit_response, produce_request, produce_response,
};
use kafka_codec::{Request, Response};
use serde_json::Value;
use support::packets::{Conversation, capture};
use support::typed::{request, response};

/// As many batches are followed at one time.
const PARTITIONS: i32 = 40_000;
/// How many partitions of groups are kept.
const KEPT: usize = 20_000;

/// A request and its response.
fn exchange<R: Request, A: Response>(talk: &mut Conversation, asked: &R, answer: &A, version: i16) {
    let id = i32::try_from(talk.sent.len()).unwrap() + 1;
    talk.send(true, &request(asked, version, id, "client"), 60_000);
    talk.send(false, &response(answer, version, id), 60_000);
}

fn analyze(sink: &mut impl Sink, talk: &Conversation) {
    let mut decoder = kafka_capture::Decoder::new(Vec::new());
    feed(&mut decoder, sink, capture(&talk.sent));
    let counts = decoder.finish(sink);
    assert_eq!(counts.requests, counts.responses);
}

fn feed(decoder: &mut kafka_capture::Decoder, sink: &mut impl Sink, bytes: Vec<u8>) {
    let input = std::io::Cursor::new(bytes);
    let input = kafka_capture::input::Input::new("made".to_owned(), Box::new(input)).unwrap();
    let mut packets = kafka_capture::input::Packets::new(input).unwrap();
    let read = packets.for_each(
        |packet| {
            decoder.packet(&packet, sink);
            std::ops::ControlFlow::Continue(())
        },
        || {},
    );
    read.unwrap();
}

fn list_offsets(talk: &mut Conversation) {
    let partitions = (0..PARTITIONS).map(|index| list_offsets_request::ListOffsetsPartition {
        partition_index: index,
        timestamp: ListOffsetsTimestamp::LATEST,
        ..Default::default()
    });
    let asked = ListOffsetsRequest {
        topics: vec![list_offsets_request::ListOffsetsTopic {
            name: "orders".into(),
            partitions: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let partitions =
        (0..PARTITIONS).map(
            |index| list_offsets_response::ListOffsetsPartitionResponse {
                partition_index: index,
                offset: 7,
                ..Default::default()
            },
        );
    let answer = ListOffsetsResponse {
        topics: vec![list_offsets_response::ListOffsetsTopicResponse {
            name: "orders".into(),
            partitions: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    exchange(talk, &asked, &answer, 2);
}

fn commit(talk: &mut Conversation) {
    let partitions =
        (0..PARTITIONS).map(
            |index| offset_commit_request::OffsetCommitRequestPartition {
                partition_index: index,
                ..Default::default()
            },
        );
    let asked = OffsetCommitRequest {
        group_id: "billing".into(),
        topics: vec![offset_commit_request::OffsetCommitRequestTopic {
            name: "orders".into(),
            partitions: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let partitions =
        (0..PARTITIONS).map(
            |index| offset_commit_response::OffsetCommitResponsePartition {
                partition_index: index,
                ..Default::default()
            },
        );
    let answer = OffsetCommitResponse {
        topics: vec![offset_commit_response::OffsetCommitResponseTopic {
            name: "orders".into(),
            partitions: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    exchange(talk, &asked, &answer, 2);
}

#[test]
fn offsets_and_commits_of_many_partitions_are_read() {
    let mut talk = Conversation::new(40_000);
    list_offsets(&mut talk);
    commit(&mut talk);
    let mut groups = Groups::new();
    analyze(&mut groups, &talk);
    let document = serde_json::to_value(groups.finish(&TopicNames::default())).unwrap();
    let partitions = document["groups"][0]["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), KEPT);
    for partition in partitions {
        assert_eq!(
            (&partition["committed"], &partition["lag"]),
            (&Value::from(0), &Value::from(7))
        );
    }
}

#[test]
fn batches_of_many_partitions_are_all_answered() {
    // The header of a batch of one record.
    let mut batch = vec![0; 8];
    batch.extend(49_u32.to_be_bytes());
    batch.extend([0, 0, 0, 0, 2]);
    batch.resize(57, 0);
    batch.extend(1_u32.to_be_bytes());
    let partitions = (0..PARTITIONS).map(|index| produce_request::PartitionProduceData {
        index,
        records: Some((&batch[..]).into()),
        ..Default::default()
    });
    let asked = ProduceRequest {
        acks: Acks(1),
        topic_data: vec![produce_request::TopicProduceData {
            name: "orders".into(),
            partition_data: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let partitions = (0..PARTITIONS).map(|index| produce_response::PartitionProduceResponse {
        index,
        ..Default::default()
    });
    let answer = ProduceResponse {
        responses: vec![produce_response::TopicProduceResponse {
            name: "orders".into(),
            partition_responses: partitions.collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut talk = Conversation::new(40_000);
    exchange(&mut talk, &asked, &answer, 3);
    let acknowledged = Rc::new(Cell::new(0));
    let count = Rc::clone(&acknowledged);
    let mut produce = Produce::new(move |batch| {
        let batch = serde_json::to_value(batch).unwrap();
        count.set(count.get() + i32::from(batch["final"] == "acked"));
    });
    analyze(&mut produce, &talk);
    let _ = produce.finish(&TopicNames::default());
    assert_eq!(acknowledged.get(), PARTITIONS);
}
