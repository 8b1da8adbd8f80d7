//! What the analyses keep in memory does not grow with the length of the capture, or with what there is in it.
#![cfg(test)]
#![allow(
    clippy::field_reassign_with_default,
    reason = "messages have more fields than are of interest"
)]

mod support;

use kafka_capture::analysis::{Connections, Groups, Produce, Summary};
use kafka_capture::output::Sink;
use kafka_capture::{Decoder, End, Event};
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::{
    FetchRequest, FetchResponse, JoinGroupRequest, JoinGroupResponse, OffsetCommitRequest,
    OffsetCommitResponse, ProduceRequest, ProduceResponse, SyncGroupRequest, SyncGroupResponse,
    fetch_request, fetch_response, join_group_response, offset_commit_request,
    offset_commit_response, produce_request, produce_response,
};
use kafka_codec::{ErrorCode, Version, Versioned};
use serde::Serialize;
use serde_json::Value;
use support::packets::{Conversation, Sent};
use support::typed::{request, response};

/// What there may be in use, by the analyses, the decoder and the document.
const MAX_BYTES: u64 = 128 << 20;

struct All {
    summary: Summary,
    connections: Connections,
    produce: Produce,
    groups: Groups,
}

impl Sink for All {
    fn event(&mut self, event: &Event<'_>) {
        self.summary.event(event);
        self.connections.event(event);
        self.produce.event(event);
        self.groups.event(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.summary.end(end);
        self.connections.end(end);
        self.produce.end(end);
        self.groups.end(end);
    }
}

fn write(document: &impl Serialize) -> usize {
    let mut bytes = Counted(0);
    serde_json::to_writer(&mut bytes, document).unwrap();
    bytes.0
}

struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The most memory in use while all analyses follow so many connections, each made by `talk` and ten milliseconds
/// after the one before. Two in ten are never closed.
fn max_in_use(connections: u32, talk: impl Fn(u32, &mut Conversation)) -> u64 {
    let info = allocation_counter::measure(|| {
        let mut decoder = Decoder::new(Vec::new());
        let mut batches = 0_u64;
        let mut all = All {
            summary: Summary::new(),
            connections: Connections::new(),
            produce: Produce::new(|_| {}),
            groups: Groups::new(),
        };
        for turn in 0..connections {
            let mut conversation = Conversation::new(1024);
            talk(turn, &mut conversation);
            if turn % 10 > 1 {
                conversation.close();
            }
            for sent in conversation.sent {
                packet(&mut decoder, &mut all, turn, sent);
            }
            batches += 1;
        }
        let counts = decoder.finish(&mut all);
        assert_eq!(counts.connections, batches);
        let topics = kafka_capture::TopicNames::default();
        // One after the other, as the command does.
        assert!(write(&all.summary.finish(&topics).document()) > 1000);
        assert!(write(&all.connections.finish()) > 1000);
        assert!(write(&all.produce.finish(&topics)) > 100);
        assert!(write(&all.groups.finish(&topics)) > 10);
    });
    println!("{} bytes at most", info.bytes_max);
    info.bytes_max
}

fn packet(decoder: &mut Decoder, all: &mut impl Sink, turn: u32, mut sent: Sent) {
    sent.client_port = 1024 + u16::try_from(turn % 60_000).unwrap();
    sent.decode(i64::from(turn) * 10_000_000, decoder, all);
}

fn exchange(conversation: &mut Conversation, request: &[u8], response: &[u8]) {
    conversation.send(true, request, 60_000);
    conversation.send(false, response, 60_000);
}

/// The header of a batch of one record, of a producer that wants no duplicates.
fn batch(producer: u32, sequence: u32) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes.extend(49_u32.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 2]);
    bytes.resize(43, 0);
    bytes.extend(u64::from(producer).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(1_u32.to_be_bytes());
    bytes
}

/// Writes to twenty partitions, of which the broker takes none.
fn produce(conversation: &mut Conversation, turn: u32, id: i32) {
    let client = format!("client-{}", turn % 4000);
    let topic = format!("topic-{}", turn % 3000);
    let batches: Vec<_> = (0..20).map(|i| batch(turn, i)).collect();
    let partitions = batches.iter().zip(0..).map(|(batch, index)| {
        let mut data = produce_request::PartitionProduceData::default();
        (data.index, data.records) = (index, Some((&batch[..]).into()));
        data
    });
    let mut data = produce_request::TopicProduceData::default();
    (data.name, data.partition_data) = ((&*topic).into(), partitions.collect());
    let mut asked = ProduceRequest::default();
    (asked.acks, asked.topic_data) = (Acks::ALL, vec![data]);
    let partitions = (0..20).map(|index| {
        let mut answer = produce_response::PartitionProduceResponse::default();
        (answer.index, answer.error_code) = (index, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        answer
    });
    let mut answer = produce_response::TopicProduceResponse::default();
    (answer.name, answer.partition_responses) = ((&*topic).into(), partitions.collect());
    let mut answered = ProduceResponse::default();
    answered.responses = vec![answer];
    exchange(
        conversation,
        &request(&asked, 3, id, &client),
        &response(&answered, 3, id),
    );
}

#[test]
fn batches_that_are_never_acknowledged_are_reported_in_time() {
    let max = max_in_use(3500, |turn, conversation| {
        for id in 0..1 + i32::try_from(turn % 3).unwrap() {
            produce(conversation, turn, id);
        }
    });
    assert!(max < MAX_BYTES, "{max} bytes");
}

/// A member of a group with fifty members joins it, and each gets twenty partitions.
fn rebalance(turn: u32, conversation: &mut Conversation) {
    let client = format!("client-{}", turn % 4000);
    let group = format!("group-{}", turn % 300);
    let ids: Vec<_> = (0..50).map(|i| format!("{client}-{i}")).collect();
    let mut asked = JoinGroupRequest::default();
    (asked.group_id, asked.protocol_type) = ((&*group).into(), "consumer".into());
    let members = ids.iter().map(|id| {
        let mut member = join_group_response::JoinGroupResponseMember::default();
        member.member_id = (&**id).into();
        member
    });
    let mut answered = JoinGroupResponse::default();
    answered.generation_id = i32::try_from(turn).unwrap();
    (answered.member_id, answered.members) = ((&*ids[0]).into(), members.collect());
    let frames = (request(&asked, 2, 1, &client), response(&answered, 2, 1));
    exchange(conversation, &frames.0, &frames.1);
    let mut assigned = kafka_codec::messages::ConsumerProtocolAssignment::default();
    let mut topic = kafka_codec::messages::consumer_protocol_assignment::TopicPartition::default();
    (topic.topic, topic.partitions) = ("a-topic-with-a-long-name".into(), (0..20).collect());
    assigned.assigned_partitions = vec![topic];
    let assignment = Versioned::new(assigned, Version(0))
        .encode_prefixed_to_vec()
        .unwrap();
    for (member, i) in ids.iter().zip(2..).take(10) {
        let mut asked = SyncGroupRequest::default();
        asked.generation_id = i32::try_from(turn).unwrap();
        (asked.group_id, asked.member_id) = ((&*group).into(), (&**member).into());
        let mut answered = SyncGroupResponse::default();
        answered.assignment = (&assignment[..]).into();
        let frames = (request(&asked, 1, i, &client), response(&answered, 1, i));
        exchange(conversation, &frames.0, &frames.1);
    }
}

#[test]
fn rebalances_of_many_members_are_forgotten() {
    let max = max_in_use(1200, rebalance);
    assert!(max < MAX_BYTES, "{max} bytes");
}

/// A group commits, and a consumer reads, four partitions of a topic again and again.
fn commit(turn: u32, conversation: &mut Conversation) {
    let client = format!("client-{}", turn % 4000);
    let group = format!("group-{}", turn % 1500);
    let topic = format!("topic-{}", turn % 2500);
    for id in 1..3 {
        let offset = i64::from(turn) * 100 + i64::from(id);
        let mut asked = OffsetCommitRequest::default();
        let mut of_topic = offset_commit_request::OffsetCommitRequestTopic::default();
        let partitions = (0..4).map(|index| {
            let mut partition = offset_commit_request::OffsetCommitRequestPartition::default();
            (partition.partition_index, partition.committed_offset) = (index, offset);
            partition
        });
        (of_topic.name, of_topic.partitions) = ((&*topic).into(), partitions.collect());
        (asked.group_id, asked.topics) = ((&*group).into(), vec![of_topic]);
        let mut of_topic = offset_commit_response::OffsetCommitResponseTopic::default();
        let partitions = (0..4).map(|index| {
            let mut partition = offset_commit_response::OffsetCommitResponsePartition::default();
            partition.partition_index = index;
            partition
        });
        (of_topic.name, of_topic.partitions) = ((&*topic).into(), partitions.collect());
        let mut answered = OffsetCommitResponse::default();
        answered.topics = vec![of_topic];
        let frames = (request(&asked, 2, id, &client), response(&answered, 2, id));
        exchange(conversation, &frames.0, &frames.1);
        let mut asked = FetchRequest::default();
        let mut of_topic = fetch_request::FetchTopic::default();
        of_topic.topic = (&*topic).into();
        asked.topics = vec![of_topic];
        let mut of_topic = fetch_response::FetchableTopicResponse::default();
        let partitions = (0..4).map(|index| {
            let mut partition = fetch_response::PartitionData::default();
            (partition.partition_index, partition.high_watermark) = (index, offset + 7);
            partition
        });
        (of_topic.topic, of_topic.partitions) = ((&*topic).into(), partitions.collect());
        let mut answered = FetchResponse::default();
        answered.responses = vec![of_topic];
        let id = id + 100;
        let frames = (request(&asked, 4, id, &client), response(&answered, 4, id));
        exchange(conversation, &frames.0, &frames.1);
    }
}

#[test]
fn lag_of_many_partitions_is_thinned() {
    let max = max_in_use(5000, commit);
    assert!(max < MAX_BYTES, "{max} bytes");
}

#[test]
fn connections_of_many_clients_are_summed_up() {
    let max = max_in_use(22_000, |turn, conversation| {
        let client = format!("client-{turn}");
        for id in 1..3 {
            let frames = (
                support::packets::heartbeat(id, &client, 9),
                support::packets::heartbeat_response(id, 27),
            );
            exchange(conversation, &frames.0, &frames.1);
        }
    });
    assert!(max < MAX_BYTES, "{max} bytes");
}

#[test]
fn connections_with_many_requests_in_flight_are_decided_early() {
    let mut decoder = Decoder::new(Vec::new());
    let mut connections = Connections::new();
    let requests: Vec<_> = (0..4000)
        .flat_map(|id| support::packets::heartbeat(id, "c", 1))
        .collect();
    for turn in 0..80 {
        let mut conversation = Conversation::new(1024);
        conversation.send(true, &requests, 60_000);
        conversation.close();
        for sent in conversation.sent {
            packet(&mut decoder, &mut connections, turn, sent);
        }
    }
    decoder.finish(&mut connections);
    let document = serde_json::to_value(connections.finish()).unwrap();
    let listed = document["connections"].as_array().unwrap();
    let in_flight = |each: &Value| each["unanswered"].as_array().unwrap().len();
    assert_eq!(listed.iter().map(in_flight).max(), Some(4000));
    assert!(listed.iter().map(in_flight).sum::<usize>() < 1 << 18);
    let others = document["others"].as_object().unwrap().values();
    let others: u64 = others.map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(listed.len() as u64 + others, 80);
}

#[test]
fn what_is_left_out_is_said() {
    let mut decoder = Decoder::new(Vec::new());
    let mut all = All {
        summary: Summary::new(),
        connections: Connections::new(),
        produce: Produce::new(|_| {}),
        groups: Groups::new(),
    };
    for turn in 0..2500 {
        let mut conversation = Conversation::new(1024);
        commit(turn, &mut conversation);
        conversation.close();
        for sent in conversation.sent {
            packet(&mut decoder, &mut all, turn, sent);
        }
    }
    decoder.finish(&mut all);
    let topics = kafka_capture::TopicNames::default();
    let summary = serde_json::to_value(all.summary.finish(&topics).document()).unwrap();
    let clients = summary["byClient"].as_array().unwrap();
    assert_eq!(clients.len(), 200);
    let others = summary["others"].as_array().unwrap();
    let of = |list: &str| others.iter().find(|each| each["of"] == list).unwrap();
    let shown = clients
        .iter()
        .map(|each| each["requests"].as_u64().unwrap());
    let merged = of("byClient")["requests"].as_u64().unwrap();
    assert_eq!(summary["requests"], shown.sum::<u64>() + merged);
    assert!(of("byTopic")["merged"].as_u64().unwrap() > 2000);
    let groups = serde_json::to_value(all.groups.finish(&topics)).unwrap();
    let partitions: Vec<&Value> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["partitions"].as_array().unwrap())
        .collect();
    assert_eq!(partitions.len(), 10_000);
    let without = partitions.iter().filter(|each| each["onePointOf"] == 0);
    assert_eq!(without.count(), 6000);
}
