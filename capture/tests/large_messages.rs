//! The time that a message takes grows with its partitions, and not with their square.
#![cfg(test)]

mod support;

use std::time::{Duration, Instant};

use kafka_capture::analysis::{Groups, Produce};
use kafka_capture::output::Sink;
use kafka_codec::enumerations::{Acks, ListOffsetsTimestamp};
use kafka_codec::messages::{
    ListOffsetsRequest, ListOffsetsResponse, OffsetCommitRequest, OffsetCommitResponse,
    ProduceRequest, ProduceResponse, list_offsets_request, list_offsets_response,
    offset_commit_request, offset_commit_response, produce_request, produce_response,
};
use kafka_codec::{Request, Response};
use support::packets::{Conversation, capture};
use support::typed::{request, response};

const PARTITIONS: i32 = 60_000;
/// Squared, the partitions take minutes.
const MAX_TIME: Duration = Duration::from_secs(20);

/// How long an analysis takes for a request and its response.
fn time<R: Request, A: Response>(
    sink: &mut impl Sink,
    asked: &R,
    answer: &A,
    version: i16,
) -> Duration {
    let mut talk = Conversation::new(40_000);
    for id in 1..3 {
        talk.send(true, &request(asked, version, id, "client"), 60_000);
        talk.send(false, &response(answer, version, id), 60_000);
    }
    let bytes = capture(&talk.sent);
    let mut decoder = kafka_capture::Decoder::new(Vec::new());
    let begun = Instant::now();
    feed(&mut decoder, sink, bytes);
    let counts = decoder.finish(sink);
    assert_eq!((counts.requests, counts.responses), (2, 2));
    begun.elapsed()
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

#[test]
fn list_offsets_of_many_partitions_takes_linear_time() {
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
    let took = time(&mut Groups::new(), &asked, &answer, 2);
    assert!(took < MAX_TIME, "{took:?}");
}

#[test]
fn a_commit_of_many_partitions_takes_linear_time() {
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
    let took = time(&mut Groups::new(), &asked, &answer, 2);
    assert!(took < MAX_TIME, "{took:?}");
}

#[test]
fn batches_of_many_partitions_take_linear_time() {
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
    let took = time(&mut Produce::new(|_| {}), &asked, &answer, 3);
    assert!(took < MAX_TIME, "{took:?}");
}
