//! What reports find in captures that are made for one finding each.
#![cfg(test)]
#![cfg(feature = "report")]

mod support;

use std::io::Cursor;

use kafka_capture::Decoder;
use kafka_capture::input::{Input, Packets};
use kafka_capture::report::Report;
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_codec::messages::create_topics_response::CreatableTopicResult;
use kafka_codec::messages::metadata_response::{MetadataResponseBroker, MetadataResponseTopic};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_codec::messages::share_fetch_response::{PartitionData, ShareFetchableTopicResponse};
use kafka_codec::messages::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, CreateTopicsRequest,
    CreateTopicsResponse, FetchRequest, FetchResponse, HeartbeatRequest, HeartbeatResponse,
    MetadataRequest, MetadataResponse, OffsetCommitRequest, OffsetCommitResponse, ProduceRequest,
    ProduceResponse, ShareFetchRequest, ShareFetchResponse, fetch_response, offset_commit_request,
    offset_commit_response,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::Blob;
use kafka_codec::{ErrorCode, Request, Response};
use support::feed_report;
use support::packets::{ACK, BROKER_PORT, Conversation, FIN, RST, Sent, pcap};
use support::typed::{request, response};

const CLIENT: &str = "checkout";

/// The packets of connections: to the broker's port, or to another one.
fn capture(connections: &[(&[Sent], u16)]) -> Vec<u8> {
    let mut packets = Vec::new();
    for (sent, port) in connections {
        for each in *sent {
            let mut packet = each.ipv4();
            let at = if each.from_client { 22 } else { 20 };
            assert_eq!(packet[at..at + 2], BROKER_PORT.to_be_bytes());
            packet[at..at + 2].copy_from_slice(&port.to_be_bytes());
            packets.push((each.time, packet));
        }
    }
    packets.sort_by_key(|(time, _)| *time);
    pcap(101, &packets, usize::MAX)
}

/// The rules that find something, with what they say.
fn findings(connections: &[(&[Sent], u16)]) -> Vec<(&'static str, String)> {
    let bytes = Cursor::new(capture(connections));
    let input = Input::new("made".to_owned(), Box::new(bytes)).unwrap();
    let packets = Packets::new(input).unwrap();
    let (mut decoder, mut report) = (Decoder::new(Vec::new()), Report::new());
    feed_report(packets, &mut decoder, &mut report);
    let (counts, topics) = decoder.finish_with_topics(&mut report);
    report
        .finish(&topics, &counts, vec!["made".to_owned()])
        .findings()
}

fn ask<R: Request, A: Response>(talk: &mut Conversation, asked: &R, answer: &A, version: i16) {
    let id = i32::try_from(talk.sent.len()).unwrap();
    talk.send(true, &request(asked, version, id, CLIENT), 1400);
    talk.wait(2000);
    talk.send(false, &response(answer, version, id), 1400);
}

/// A conversation of some heartbeats, that nothing is wrong with.
fn well() -> Conversation {
    let mut talk = Conversation::new(40_000);
    for _ in 0..5 {
        ask(
            &mut talk,
            &HeartbeatRequest::default(),
            &HeartbeatResponse::default(),
            4,
        );
    }
    talk
}

fn metadata(host: &'static str, port: i32, error: ErrorCode) -> MetadataResponse<'static> {
    MetadataResponse {
        brokers: vec![MetadataResponseBroker {
            node_id: 1,
            host: host.into(),
            port,
            ..Default::default()
        }],
        topics: vec![MetadataResponseTopic {
            error_code: error,
            name: Some("orders".into()),
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[test]
fn nothing_is_found_where_all_is_well() {
    let mut talk = well();
    talk.close();
    assert_eq!(findings(&[(&talk.sent, BROKER_PORT)]), []);
}

#[test]
fn a_request_that_is_sent_after_the_broker_has_closed_is_not_unanswered() {
    for (is_later, count) in [(true, 0), (false, 1)] {
        let mut talk = well();
        let asked = request(&HeartbeatRequest::default(), 4, 1000, CLIENT);
        if is_later {
            talk.push(false, FIN | ACK, &[]);
            talk.send(true, &asked, 1400);
        } else {
            talk.send(true, &asked, 1400);
            talk.push(false, FIN | ACK, &[]);
        }
        let found = findings(&[(&talk.sent, BROKER_PORT)]);
        assert_eq!(found.len(), count, "{found:?}");
    }
}

#[test]
fn one_response_that_refuses_permission_is_found() {
    for error in [
        ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ErrorCode::GROUP_AUTHORIZATION_FAILED,
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
    ] {
        let mut talk = well();
        let answer = metadata("10.0.0.2", 19_092, error);
        ask(&mut talk, &MetadataRequest::default(), &answer, 9);
        talk.close();
        let found = findings(&[(&talk.sent, BROKER_PORT)]);
        let name = error.name().unwrap();
        let title = format!("Permission was refused 1 time: {name}");
        assert_eq!(found, [("not-authorized", title)]);
    }
}

#[test]
fn one_error_that_stops_a_client_is_found() {
    let mut talk = well();
    let fenced = HeartbeatResponse {
        error_code: ErrorCode::FENCED_INSTANCE_ID,
        ..Default::default()
    };
    ask(&mut talk, &HeartbeatRequest::default(), &fenced, 4);
    talk.close();
    let found = findings(&[(&talk.sent, BROKER_PORT)]);
    let title = "Heartbeat was answered FENCED_INSTANCE_ID 1 time".to_owned();
    assert_eq!(found, [("errors", title)]);
}

#[test]
fn a_refused_connection_to_an_advertised_address_is_found() {
    let refused = || {
        let mut talk = Conversation::new(40_001);
        talk.sent.truncate(1);
        talk.push(false, RST | ACK, &[]);
        talk.sent
    };
    for (host, port, is_found) in [
        ("10.0.0.2", 29_092, true),
        ("kafka-1.example.org", 29_092, true),
        ("10.0.0.2", 29_093, false),
        ("10.0.0.9", 29_092, false),
    ] {
        let mut talk = well();
        let answer = metadata(host, port, ErrorCode::NONE);
        ask(&mut talk, &MetadataRequest::default(), &answer, 9);
        talk.close();
        let found = findings(&[(&talk.sent, BROKER_PORT), (&refused(), 29_092)]);
        let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
        let expected: &[_] = if is_found {
            &["connections-refused"]
        } else {
            &[]
        };
        assert_eq!(rules, expected, "{host}:{port}: {found:?}");
    }
}

#[test]
fn a_response_that_the_end_of_its_connection_cuts_off_is_not_missing_in_the_capture() {
    let mut talk = well();
    let asked = MetadataRequest::default();
    let answer = metadata("10.0.0.2", 19_092, ErrorCode::NONE);
    talk.send(true, &request(&asked, 9, 77, CLIENT), 1400);
    let answer = response(&answer, 9, 77);
    talk.send(false, &answer[..answer.len() - 5], 1400);
    talk.push(false, FIN | ACK, &[]);
    let found = findings(&[(&talk.sent, BROKER_PORT)]);
    let title = "1 connection ended within a message".to_owned();
    assert_eq!(found, [("connections-ended-badly", title)]);
}

#[test]
fn answers_that_were_not_captured_are_not_taken_for_answers_that_did_not_come() {
    let (asked, answer) = produce();
    let mut talk = well();
    ask(&mut talk, &asked, &answer, 9);
    // Of the answer there is nothing in the capture.
    talk.sent.pop();
    for _ in 0..3 {
        talk.wait(500_000);
        ask(
            &mut talk,
            &HeartbeatRequest::default(),
            &HeartbeatResponse::default(),
            4,
        );
    }
    talk.close();
    let found = findings(&[(&talk.sent, BROKER_PORT)]);
    let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, ["capture-incomplete"], "{found:?}");
}

fn batch() -> Blob<'static> {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    builder
        .append(&NewRecord {
            value: Some(b"order"),
            ..Default::default()
        })
        .unwrap();
    Blob::from(builder.finish().unwrap())
}

fn produce() -> (ProduceRequest<'static>, ProduceResponse<'static>) {
    let asked = ProduceRequest {
        acks: Acks(1),
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: "orders".into(),
            partition_data: vec![PartitionProduceData {
                records: Some(batch()),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = ProduceResponse {
        responses: vec![TopicProduceResponse {
            name: "orders".into(),
            partition_responses: vec![PartitionProduceResponse::default()],
            ..Default::default()
        }],
        ..Default::default()
    };
    (asked, answer)
}

#[test]
fn a_batch_that_passes_a_proxy_is_sent_once() {
    let (asked, answer) = produce();
    // Behind the proxy it is later by a part of a millisecond, and answered earlier.
    let through = |port: u16, delay: u32, id: i32| {
        let mut talk = Conversation::new(port);
        talk.wait(delay);
        talk.send(true, &request(&asked, 9, id, CLIENT), 1400);
        talk.wait(10_000 - 2 * delay);
        talk.send(false, &response(&answer, 9, id), 1400);
        talk.close();
        talk.sent
    };
    let (front, behind) = (through(40_000, 0, 7), through(40_001, 300, 7));
    let found = findings(&[(&front, 29_092), (&behind, BROKER_PORT)]);
    assert_eq!(found, []);
    // Another request with the same batch is a retry.
    let again = through(40_001, 300, 8);
    let found = findings(&[(&front, 29_092), (&again, BROKER_PORT)]);
    let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules, ["batches-twice", "batches-retried"], "{found:?}");
}

#[test]
fn error_codes_of_any_name_are_found() {
    let mut talk = well();
    let partitions = vec![AddPartitionsToTxnPartitionResult {
        partition_error_code: ErrorCode::INVALID_TXN_STATE,
        ..Default::default()
    }];
    let answer = AddPartitionsToTxnResponse {
        results_by_topic_v3_and_below: vec![AddPartitionsToTxnTopicResult {
            name: "orders".into(),
            results_by_partition: partitions,
            ..Default::default()
        }],
        ..Default::default()
    };
    ask(&mut talk, &AddPartitionsToTxnRequest::default(), &answer, 3);
    let answer = ShareFetchResponse {
        responses: vec![ShareFetchableTopicResponse {
            partitions: vec![PartitionData {
                acknowledge_error_code: ErrorCode::INVALID_RECORD_STATE,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    ask(&mut talk, &ShareFetchRequest::default(), &answer, 1);
    talk.close();
    let found = findings(&[(&talk.sent, BROKER_PORT)]);
    let titles: Vec<_> = found.iter().map(|(_, title)| title.as_str()).collect();
    let expected = [
        "AddPartitionsToTxn was answered INVALID_TXN_STATE 1 time",
        "ShareFetch was answered INVALID_RECORD_STATE 1 time",
    ];
    assert_eq!(titles, expected);
}

#[test]
fn configurations_that_the_creator_of_a_topic_may_not_read_are_no_error() {
    let mut talk = well();
    let answer = CreateTopicsResponse {
        topics: vec![CreatableTopicResult {
            name: "orders".into(),
            topic_config_error_code: ErrorCode::TOPIC_AUTHORIZATION_FAILED,
            configs: None,
            ..Default::default()
        }],
        ..Default::default()
    };
    ask(&mut talk, &CreateTopicsRequest::default(), &answer, 5);
    talk.close();
    assert_eq!(findings(&[(&talk.sent, BROKER_PORT)]), []);
}

#[test]
fn an_error_of_all_topics_is_an_error_of_one_response() {
    let mut answer = metadata("10.0.0.2", 19_092, ErrorCode::INVALID_TOPIC_EXCEPTION);
    answer.topics = vec![answer.topics[0].clone(); 7];
    for (responses, expected) in [
        (2, &[][..]),
        (
            3,
            &["Metadata was answered INVALID_TOPIC_EXCEPTION 3 times"],
        ),
    ] {
        let mut talk = well();
        for _ in 0..responses {
            ask(&mut talk, &MetadataRequest::default(), &answer, 9);
        }
        talk.close();
        let found = findings(&[(&talk.sent, BROKER_PORT)]);
        let titles: Vec<_> = found.iter().map(|(_, title)| title.as_str()).collect();
        assert_eq!(titles, expected);
    }
}

/// A commit of the group `billing`, and its response.
fn commit(
    offset: i64,
    error: ErrorCode,
) -> (OffsetCommitRequest<'static>, OffsetCommitResponse<'static>) {
    let asked = OffsetCommitRequest {
        group_id: "billing".into(),
        topics: vec![offset_commit_request::OffsetCommitRequestTopic {
            name: "orders".into(),
            partitions: vec![offset_commit_request::OffsetCommitRequestPartition {
                committed_offset: offset,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = OffsetCommitResponse {
        topics: vec![offset_commit_response::OffsetCommitResponseTopic {
            name: "orders".into(),
            partitions: vec![offset_commit_response::OffsetCommitResponsePartition {
                error_code: error,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    (asked, answer)
}

#[test]
fn one_error_among_many_responses_that_carry_offsets_is_found() {
    let mut talk = well();
    for offset in 0..150 {
        let error = if offset == 70 {
            ErrorCode::OFFSET_METADATA_TOO_LARGE
        } else {
            ErrorCode::NONE
        };
        let (asked, answer) = commit(offset, error);
        ask(&mut talk, &asked, &answer, 8);
    }
    talk.close();
    let title = "OffsetCommit was answered OFFSET_METADATA_TOO_LARGE 1 time".to_owned();
    assert_eq!(findings(&[(&talk.sent, BROKER_PORT)]), [("errors", title)]);
}

#[test]
fn one_slow_request_is_found_by_what_is_beyond_the_time_that_it_allows() {
    for (max_wait_ms, took, is_found) in [(6000, 7_500_000, false), (500, 6_000_000, true)] {
        let mut talk = well();
        let asked = FetchRequest {
            max_wait_ms,
            ..Default::default()
        };
        talk.send(true, &request(&asked, 4, 77, CLIENT), 1400);
        talk.wait(took);
        let answer = response(&FetchResponse::default(), 4, 77);
        talk.send(false, &answer, 1400);
        talk.close();
        let found = findings(&[(&talk.sent, BROKER_PORT)]);
        let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
        let expected: &[_] = if is_found { &["slow-requests"] } else { &[] };
        assert_eq!(rules, expected, "{found:?}");
    }
}

fn fetched(high_watermark: i64) -> FetchResponse<'static> {
    FetchResponse {
        responses: vec![fetch_response::FetchableTopicResponse {
            topic: "orders".into(),
            partitions: vec![fetch_response::PartitionData {
                high_watermark,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[test]
fn lag_is_that_of_the_last_commit_however_long_the_capture_is() {
    for (is_stuck, expected) in [(false, &[][..]), (true, &["lag"])] {
        let mut talk = well();
        // Each commit lacks the last record. Of so many changes one in eight is kept.
        for offset in 0..483 {
            let asked = FetchRequest::default();
            ask(&mut talk, &asked, &fetched(10 * offset + 10), 4);
            talk.wait(1_000_000);
            let (asked, answer) = commit(10 * offset + 9, ErrorCode::NONE);
            ask(&mut talk, &asked, &answer, 8);
            talk.wait(7_000_000);
        }
        if is_stuck {
            for offset in 490..493 {
                ask(
                    &mut talk,
                    &FetchRequest::default(),
                    &fetched(10 * offset),
                    4,
                );
            }
            for _ in 0..3 {
                talk.wait(7_000_000);
                let asked = FetchRequest::default();
                ask(&mut talk, &asked, &fetched(4920), 4);
            }
        }
        talk.close();
        let found = findings(&[(&talk.sent, BROKER_PORT)]);
        let rules: Vec<_> = found.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(rules, expected, "{found:?}");
    }
}
