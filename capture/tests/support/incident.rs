//! The capture of an incident: a broker that does not answer for some seconds, and what else goes wrong on such a day.
//!
//! It is made, not captured, so that the documentation can show one with names of its own.

use kafka_codec::ErrorCode;
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::api_versions_response::ApiVersion;
use kafka_codec::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::join_group_response::JoinGroupResponseMember;
use kafka_codec::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_codec::messages::{
    ApiVersionsRequest, ApiVersionsResponse, FetchRequest, FetchResponse, HeartbeatRequest,
    HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, MetadataRequest, MetadataResponse,
    OffsetCommitRequest, OffsetCommitResponse, ProduceRequest, ProduceResponse,
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
    SyncGroupRequest, SyncGroupResponse,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, Request, Response};

use super::packets::{ACK, Conversation, FIN, RST, Sent};
use super::typed::{request, response};

/// 2026-11-26T08:00:00Z.
const START_SECONDS: u32 = 1_795_680_000;
const MILLISECOND: u32 = 1000;
/// When the broker stops answering, and for how long, in milliseconds.
const STALL: u32 = 8000;
const STALLED: u32 = 4500;

/// A client on a connection, and the number of its next request.
struct Client {
    talk: Conversation,
    name: &'static str,
    start: u32,
    /// Milliseconds since its start.
    now: u32,
    id: i32,
}

impl Client {
    /// A connection that is opened so many milliseconds after the start of the capture, and its ApiVersions.
    fn connect(
        name: &'static str,
        port: u16,
        start: u32,
        software: (&'static str, &'static str),
    ) -> Self {
        let mut client = Self::greet(name, port, start, software);
        let keys = [
            ApiKey::Produce,
            ApiKey::Fetch,
            ApiKey::Metadata,
            ApiKey::ApiVersions,
        ];
        let served = ApiVersionsResponse {
            api_keys: keys
                .into_iter()
                .map(|key| ApiVersion {
                    api_key: key.number(),
                    min_version: 0,
                    max_version: 13,
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
        client.answer(3, &served, 2);
        client
    }

    /// A connection whose ApiVersions is not answered.
    fn greet(
        name: &'static str,
        port: u16,
        start: u32,
        software: (&'static str, &'static str),
    ) -> Self {
        let mut client = Self {
            talk: Conversation::new(port),
            name,
            start,
            now: 0,
            id: 0,
        };
        let hello = ApiVersionsRequest {
            client_software_name: software.0.into(),
            client_software_version: software.1.into(),
            ..Default::default()
        };
        client.send(&hello, 3);
        client
    }

    fn wait(&mut self, milliseconds: u32) {
        self.talk.wait(milliseconds * MILLISECOND);
        self.now += milliseconds;
    }

    /// Sends a request, which is answered after so many milliseconds, or as soon as the broker answers again.
    fn ask<R: Request, A: Response>(&mut self, asked: &R, version: i16, answer: &A, after: u32) {
        self.send(asked, version);
        self.answer(version, answer, after);
    }

    /// Answers the last request.
    fn answer<A: Response>(&mut self, version: i16, answer: &A, after: u32) {
        self.wait(after);
        if (STALL..STALL + STALLED).contains(&self.time()) {
            self.wait(STALL + STALLED + after.min(10) - self.time());
        }
        self.talk
            .send(false, &response(answer, version, self.id), 1400);
    }

    /// Sends a request, and waits for no answer.
    fn send<R: Request>(&mut self, asked: &R, version: i16) {
        self.id += 1;
        self.talk
            .send(true, &request(asked, version, self.id, self.name), 1400);
    }

    fn time(&self) -> u32 {
        self.start + self.now
    }

    /// The segments, at their times in the capture.
    fn into_sent(self) -> Vec<Sent> {
        let start = self.start * MILLISECOND;
        let mut sent = self.talk.sent;
        for each in &mut sent {
            each.time += start;
        }
        sent
    }
}

fn batch(sequence: i32) -> Blob<'static> {
    let options = BatchOptions {
        producer_id: 4001,
        producer_epoch: 0,
        base_sequence: sequence,
        ..Default::default()
    };
    let mut builder = BatchBuilder::new(options);
    for number in 0..5 {
        let value = format!("order {}", sequence + number);
        let record = NewRecord {
            timestamp: 1_795_680_000_000,
            value: Some(value.as_bytes()),
            ..Default::default()
        };
        builder.append(&record).unwrap();
    }
    Blob::from(builder.finish().unwrap())
}

fn produce(sequence: i32) -> ProduceRequest<'static> {
    ProduceRequest {
        acks: Acks(-1),
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: "orders".into(),
            partition_data: vec![PartitionProduceData {
                index: 0,
                records: Some(batch(sequence)),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn produced(error: ErrorCode, offset: i64) -> ProduceResponse<'static> {
    ProduceResponse {
        responses: vec![TopicProduceResponse {
            name: "orders".into(),
            partition_responses: vec![PartitionProduceResponse {
                index: 0,
                error_code: error,
                base_offset: offset,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A producer that times out while the broker does not answer, and sends its batches again on another connection.
fn checkout(sent: &mut Vec<Sent>) {
    let java = ("apache-kafka-java", "4.1.0");
    let mut client = Client::connect("checkout", 40_101, 1000, java);
    let mut sequence = 0;
    while client.time() < STALL - 100 {
        client.wait(95);
        client.ask(
            &produce(sequence),
            9,
            &produced(ErrorCode::NONE, sequence.into()),
            4,
        );
        sequence += 5;
    }
    // In flight when the broker stops answering.
    let waiting: Vec<_> = (0..5).map(|number| sequence + 5 * number).collect();
    client.wait(STALL - client.time());
    for sequence in &waiting {
        client.send(&produce(*sequence), 9);
        client.wait(100);
    }
    // It waits 1.5 s for an answer, closes, and tries another connection.
    client.wait(1500 - 500);
    client.talk.close();
    let mut tried = Client::greet("checkout", 40_102, client.time() + 100, java);
    sent.extend(client.into_sent());
    tried.wait(1500);
    tried.talk.close();
    let mut client = Client::connect("checkout", 40_103, tried.time() + 100, java);
    sent.extend(tried.into_sent());
    for error in [ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::NONE] {
        for sequence in &waiting {
            let offset = if error.is_none() {
                i64::from(*sequence)
            } else {
                -1
            };
            client.ask(&produce(*sequence), 9, &produced(error, offset), 3);
        }
        client.wait(100);
    }
    sequence += 25;
    while client.time() < 30_000 {
        client.ask(
            &produce(sequence),
            9,
            &produced(ErrorCode::NONE, sequence.into()),
            6,
        );
        client.wait(140);
        sequence += 5;
    }
    client.talk.close();
    sent.extend(client.into_sent());
}

fn fetch(offset: i64) -> FetchRequest<'static> {
    FetchRequest {
        max_wait_ms: 500,
        min_bytes: 1,
        topics: vec![FetchTopic {
            topic: "orders".into(),
            partitions: vec![FetchPartition {
                partition: 0,
                fetch_offset: offset,
                partition_max_bytes: 1 << 20,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn fetched(offset: i32, high_watermark: i64) -> FetchResponse<'static> {
    FetchResponse {
        responses: vec![FetchableTopicResponse {
            topic: "orders".into(),
            partitions: vec![PartitionData {
                partition_index: 0,
                high_watermark,
                records: Some(batch(offset)),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A consumer that speaks a version which newer brokers refuse.
fn legacy(sent: &mut Vec<Sent>) {
    let mut client = Client::connect("nightly-report", 40_201, 2000, ("librdkafka", "0.11.6"));
    for offset in 0..30 {
        client.ask(
            &fetch((offset * 5).into()),
            3,
            &fetched(offset * 5, 400),
            12,
        );
        client.wait(700);
    }
    client.talk.close();
    sent.extend(client.into_sent());
}

/// A group of two, of which one leaves no trace: a rebalance, and a lag that grows.
fn billing(sent: &mut Vec<Sent>) {
    let group = "billing";
    let mut client = Client::connect("billing-1", 40_301, 500, ("apache-kafka-java", "4.1.0"));
    for generation in 1..=2 {
        let joining = JoinGroupRequest {
            group_id: group.into(),
            session_timeout_ms: 45_000,
            rebalance_timeout_ms: 300_000,
            member_id: "billing-1-7c31".into(),
            protocol_type: "consumer".into(),
            ..Default::default()
        };
        let members = ["billing-1-7c31", "billing-2-90ab"];
        let members = members.iter().take(if generation == 1 { 2 } else { 1 });
        let joined = JoinGroupResponse {
            generation_id: generation,
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            leader: "billing-1-7c31".into(),
            member_id: "billing-1-7c31".into(),
            members: members
                .map(|member| JoinGroupResponseMember {
                    member_id: (*member).into(),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        };
        client.ask(
            &joining,
            7,
            &joined,
            if generation == 1 { 40 } else { 3000 },
        );
        let sync = SyncGroupRequest {
            group_id: group.into(),
            generation_id: generation,
            member_id: "billing-1-7c31".into(),
            ..Default::default()
        };
        client.ask(&sync, 5, &SyncGroupResponse::default(), 9);
        let heartbeat = HeartbeatRequest {
            group_id: group.into(),
            generation_id: generation,
            member_id: "billing-1-7c31".into(),
            ..Default::default()
        };
        for round in 0..8 {
            let offset = (generation - 1) * 40 + round * 5;
            client.ask(
                &fetch(offset.into()),
                12,
                &fetched(offset, i64::from(offset) * 3 + 20),
                25,
            );
            let commit = OffsetCommitRequest {
                group_id: group.into(),
                generation_id_or_member_epoch: generation,
                member_id: "billing-1-7c31".into(),
                topics: vec![OffsetCommitRequestTopic {
                    name: "orders".into(),
                    partitions: vec![OffsetCommitRequestPartition {
                        partition_index: 0,
                        committed_offset: i64::from(offset) + 5,
                        ..Default::default()
                    }],
                    ..Default::default()
                }],
                ..Default::default()
            };
            client.ask(&commit, 8, &OffsetCommitResponse::default(), 5);
            let error = if generation == 1 && round == 7 {
                ErrorCode::REBALANCE_IN_PROGRESS
            } else {
                ErrorCode::NONE
            };
            let beat = HeartbeatResponse {
                error_code: error,
                ..Default::default()
            };
            client.ask(&heartbeat, 4, &beat, 2);
            client.wait(700);
        }
    }
    client.talk.close();
    sent.extend(client.into_sent());
}

/// Jobs that log in with a wrong password.
fn cron(sent: &mut Vec<Sent>) {
    for (port, start) in [(40_401, 5000), (40_402, 15_000), (40_403, 25_000)] {
        let mut client =
            Client::connect("cron-job", port, start, ("confluent-kafka-python", "2.6.0"));
        let handshake = SaslHandshakeRequest {
            mechanism: "PLAIN".into(),
            ..Default::default()
        };
        let offered = SaslHandshakeResponse {
            mechanisms: vec!["PLAIN".into()],
            ..Default::default()
        };
        client.ask(&handshake, 1, &offered, 1);
        let token = SaslAuthenticateRequest {
            auth_bytes: Blob::from(&b"\0cron\0expired"[..]),
            ..Default::default()
        };
        let refused = SaslAuthenticateResponse {
            error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
            error_message: Some("Authentication failed: Invalid username or password".into()),
            ..Default::default()
        };
        client.ask(&token, 2, &refused, 100);
        client.talk.push(false, FIN | ACK, &[]);
        sent.extend(client.into_sent());
    }
}

/// A health check that speaks TLS to a port that does not.
fn health_check(sent: &mut Vec<Sent>) {
    for (port, start) in [(40_501, 3000), (40_502, 13_000), (40_503, 23_000)] {
        let mut talk = Conversation::new(port);
        let mut hello = vec![0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
        hello.resize(205, 7);
        talk.send(true, &hello, 1400);
        talk.push(false, RST | ACK, &[]);
        for each in &mut talk.sent {
            each.time += start * MILLISECOND;
        }
        sent.extend(talk.sent);
    }
}

/// A dashboard that asks now and then, whose connection the broker closes in between.
fn dashboard(sent: &mut Vec<Sent>) {
    let mut client = Client::connect("dashboard", 40_601, 100, ("kgo", "v1.22.2"));
    for _ in 0..3 {
        client.ask(
            &MetadataRequest::default(),
            9,
            &MetadataResponse::default(),
            3,
        );
        client.wait(200);
    }
    client.wait(20_000);
    client.talk.push(false, FIN | ACK, &[]);
    client.talk.push(true, FIN | ACK, &[]);
    sent.extend(client.into_sent());
}

/// The capture.
pub(crate) fn incident() -> Vec<u8> {
    let mut sent = Vec::new();
    checkout(&mut sent);
    legacy(&mut sent);
    billing(&mut sent);
    cron(&mut sent);
    health_check(&mut sent);
    dashboard(&mut sent);
    sent.sort_by_key(|each| each.time);
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 101] {
        file.extend(u32::to_le_bytes(word));
    }
    for each in &sent {
        let packet = each.ipv4();
        let length = u32::try_from(packet.len()).unwrap();
        let second = START_SECONDS + each.time / 1_000_000;
        for word in [second, each.time % 1_000_000, length, length] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}
