//! What becomes of batches of records: each outcome of an attempt, and each end.
#![cfg(test)]
#![allow(
    clippy::field_reassign_with_default,
    reason = "messages have more fields than are of interest"
)]

mod support;

use kafka_codec::ErrorCode;
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::{
    MetadataResponse, ProduceRequest, ProduceResponse, metadata_response, produce_request,
    produce_response,
};
use kafka_codec::wire::Uuid;
use serde_json::Value;
use support::command;
use support::packets::{ACK, Conversation, FIN, RST, capture};
use support::typed::{request, response};

const SECOND: u32 = 1_000_000;
const ID: Uuid = Uuid::from_u128(77);

/// The header of a batch of one record.
fn batch(producer: i64, sequence: i32, crc: u32) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes.extend(49_u32.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 2]);
    bytes.extend(crc.to_be_bytes());
    bytes.resize(43, 0);
    bytes.extend(producer.to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(1_u32.to_be_bytes());
    bytes
}

/// A Produce request in version 7, which names the topic, or 13, which has its id.
fn produce(version: i16, id: i32, acks: Acks, batch: &[u8]) -> Vec<u8> {
    let mut data = produce_request::PartitionProduceData::default();
    data.records = Some(batch.into());
    let mut topic = produce_request::TopicProduceData::default();
    if version < 13 {
        topic.name = "t".into();
    } else {
        topic.topic_id = ID;
    }
    topic.partition_data = vec![data];
    let mut asked = ProduceRequest::default();
    (asked.acks, asked.topic_data) = (acks, vec![topic]);
    request(&asked, version, id, "c")
}

fn answer(version: i16, id: i32, error: ErrorCode) -> Vec<u8> {
    let mut data = produce_response::PartitionProduceResponse::default();
    data.error_code = error;
    let mut topic = produce_response::TopicProduceResponse::default();
    if version < 13 {
        topic.name = "t".into();
    } else {
        topic.topic_id = ID;
    }
    topic.partition_responses = vec![data];
    let mut answered = ProduceResponse::default();
    answered.responses = vec![topic];
    response(&answered, version, id)
}

/// An attempt on a connection of its own, which is answered or not, and ended by `end`.
fn attempt(port: u16, answered: Option<ErrorCode>, end: &[(bool, u8)]) -> Conversation {
    let mut conversation = Conversation::new(port);
    conversation.wait(u32::from(port - 40_000) * SECOND);
    let asked = produce(7, 1, Acks::ALL, &batch(5, 0, 1));
    conversation.send(true, &asked, 1000);
    if let Some(error) = answered {
        conversation.send(false, &answer(7, 1, error), 1000);
    }
    for (by_client, flag) in end {
        conversation.push(*by_client, flag | ACK, &[]);
    }
    conversation
}

/// The batches of all conversations.
fn batches(conversations: &[Conversation], arguments: &[&str]) -> Vec<Value> {
    let sent = conversations.iter().flat_map(|each| each.sent.clone());
    let mut sent: Vec<_> = sent.collect();
    sent.sort_by_key(|each| each.time);
    let arguments = [&["--format", "ndjson"], arguments, &["-"]].concat();
    let (code, output, errors) = command::texts("produce", &arguments, &capture(&sent));
    assert_eq!(code, Some(0), "{errors}");
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The outcomes of the attempts of a single batch, and what it came to.
#[track_caller]
fn check(conversations: &[Conversation], outcomes: &[&str], end: &str) -> Value {
    let mut all = batches(conversations, &[]);
    assert_eq!(all.len(), 1, "{all:?}");
    let batch = all.remove(0);
    let attempts = batch["attempts"].as_array().unwrap().iter();
    let found: Vec<_> = attempts.map(|each| each["outcome"].clone()).collect();
    assert_eq!(found, outcomes, "{batch}");
    assert_eq!(batch["final"], end, "{batch}");
    batch
}

const OK: Option<ErrorCode> = Some(ErrorCode::NONE);
const MOVED: Option<ErrorCode> = Some(ErrorCode::NOT_LEADER_OR_FOLLOWER);
const DUPLICATE: Option<ErrorCode> = Some(ErrorCode::DUPLICATE_SEQUENCE_NUMBER);

#[test]
fn an_attempt_is_answered_or_says_who_ended_the_connection() {
    check(&[attempt(40_000, OK, &[])], &["NONE"], "acked");
    for (end, outcome) in [
        (&[(true, FIN)][..], "unanswered: client FIN"),
        (&[(true, RST)], "unanswered: client RST"),
        (&[(false, FIN), (true, FIN)], "unanswered: broker FIN"),
        (&[(false, RST)], "unanswered: broker RST"),
        (&[], "unanswered: capture ended"),
    ] {
        let end_of_batch = format!("unknown: {outcome}");
        check(&[attempt(40_000, None, end)], &[outcome], &end_of_batch);
    }
}

#[test]
fn a_batch_is_followed_over_connections() {
    let attempts = [
        attempt(40_000, MOVED, &[]),
        attempt(40_001, None, &[(true, FIN)]),
        attempt(40_002, OK, &[]),
    ];
    let outcomes = ["NOT_LEADER_OR_FOLLOWER", "unanswered: client FIN", "NONE"];
    let batch = check(&attempts, &outcomes, "acked");
    assert_eq!(batch["mayBeTwice"], false);
    assert_eq!(batches(&attempts, &["--retried"]).len(), 1);
    assert_eq!(batches(&attempts, &["--stuck"]).len(), 0);
    // A broker that has the batch already answers with an error.
    let attempts = [
        attempt(40_000, None, &[(true, FIN)]),
        attempt(40_001, DUPLICATE, &[]),
    ];
    let outcomes = ["unanswered: client FIN", "DUPLICATE_SEQUENCE_NUMBER"];
    check(&attempts, &outcomes, "acked");
    // An acknowledgement holds, whatever comes later.
    let attempts = [attempt(40_000, OK, &[]), attempt(40_001, MOVED, &[])];
    check(&attempts, &["NONE", "NOT_LEADER_OR_FOLLOWER"], "acked");
}

#[test]
fn a_batch_without_acknowledgement_has_failed_or_its_end_is_unknown() {
    let attempts = [
        attempt(40_000, None, &[(true, FIN)]),
        attempt(40_001, MOVED, &[]),
    ];
    let outcomes = ["unanswered: client FIN", "NOT_LEADER_OR_FOLLOWER"];
    check(&attempts, &outcomes, "failed: NOT_LEADER_OR_FOLLOWER");
    assert_eq!(batches(&attempts, &["--stuck"]).len(), 1);
    let too_large = Some(ErrorCode::MESSAGE_TOO_LARGE);
    let attempts = [attempt(40_000, too_large, &[])];
    check(
        &attempts,
        &["MESSAGE_TOO_LARGE"],
        "failed: MESSAGE_TOO_LARGE",
    );
    // An error code without a name is its number.
    let unknown = Some(ErrorCode(9999));
    check(&[attempt(40_000, unknown, &[])], &["9999"], "failed: 9999");
}

#[test]
fn an_answer_after_the_client_has_closed_is_too_late() {
    let mut late = attempt(40_000, None, &[(true, FIN)]);
    late.wait(SECOND);
    late.send(false, &answer(7, 1, ErrorCode::NONE), 1000);
    check(&[late], &["NONE"], "appended, but the answer came too late");
}

#[test]
fn an_answer_that_is_cut_off_does_not_say_what_became_of_the_batch() {
    let mut cut = attempt(40_000, None, &[]);
    let whole = answer(7, 1, ErrorCode::NONE);
    cut.send(false, &whole[..20], 1000);
    cut.push(false, RST | ACK, &[]);
    check(&[cut], &["answer cut off"], "unknown: answer cut off");
}

#[test]
fn without_acks_no_answer_is_expected() {
    let mut conversation = Conversation::new(40_000);
    let asked = produce(7, 1, Acks::NONE, &batch(-1, -1, 1));
    conversation.send(true, &asked, 1000);
    check(&[conversation], &["no-response-expected"], "not-expected");
}

#[test]
fn batches_of_producers_without_ids_are_told_apart_by_their_checksums() {
    let mut conversation = Conversation::new(40_000);
    for (id, crc) in [(1, 10), (2, 11), (3, 10)] {
        let asked = produce(7, id, Acks::ALL, &batch(-1, -1, crc));
        conversation.send(true, &asked, 1000);
        conversation.send(false, &answer(7, id, ErrorCode::NONE), 1000);
    }
    let all = batches(&[conversation], &[]);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["attempts"].as_array().unwrap().len(), 2);
    // The broker does not know it again.
    assert_eq!(all[0]["mayBeTwice"], true);
    assert_eq!(all[1]["mayBeTwice"], false);
}

/// Metadata that has name and id of the topic.
fn metadata(conversation: &mut Conversation, id: i32) {
    let asked = kafka_codec::messages::MetadataRequest::default();
    conversation.send(true, &request(&asked, 12, id, "c"), 1000);
    let mut topic = metadata_response::MetadataResponseTopic::default();
    (topic.name, topic.topic_id) = (Some("t".into()), ID);
    let mut answered = MetadataResponse::default();
    answered.topics = vec![topic];
    conversation.send(false, &response(&answered, 12, id), 1000);
}

#[test]
fn a_batch_is_the_same_whether_its_topic_is_named_before_or_after_its_first_attempt() {
    let mut conversation = Conversation::new(40_000);
    for id in [1, 3, 5] {
        let asked = produce(13, id, Acks::ALL, &batch(5, 0, 1));
        conversation.send(true, &asked, 1000);
        let error = ErrorCode(if id == 5 { 0 } else { 6 });
        conversation.send(false, &answer(13, id, error), 1000);
        if id == 1 {
            metadata(&mut conversation, 2);
        }
    }
    let outcomes = ["NOT_LEADER_OR_FOLLOWER", "NOT_LEADER_OR_FOLLOWER", "NONE"];
    let batch = check(&[conversation], &outcomes, "acked");
    assert_eq!(batch["topic"], "t");
    assert_eq!(batch["topicId"], ID.to_string());
}
