//! How long a small request takes through the machine, and without it. Run it by itself, on a quiet machine:
//!
//! ```sh
//! cargo test --release --test connection overhead -- --ignored --nocapture
//! ```

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Buf;
use kafka_codec::connection::{Connection, Event, SubmitOptions, VersionTable};
use kafka_codec::connection::{ConnectionOptions, Negotiation};
use kafka_codec::{ApiKey, Decode, Request, Response, Version, frame};

use crate::driver::all_versions;

/// How often the two take turns; the least of each counts.
const ROUNDS: usize = 30;
const REQUESTS: u32 = 5_000;

fn compare<R: Request>(name: &str, request: &R, response: &impl Response) {
    let start = Instant::now();
    let served = ApiKey::ALL
        .iter()
        .filter_map(|key| Some((*key, key.stable_versions()?)));
    let options = ConnectionOptions::new("broker")
        .with_client_id("client")
        .with_negotiation(Negotiation::Assume(VersionTable::new(served)));
    let mut connection = Connection::new(start, options);
    connection.handle_opened(start);
    let version = connection.choose_version(R::KEY).unwrap();

    let mut answer = frame::encode_response(Vec::new(), response, version, 0).unwrap();
    let mut answer = answer.copy_to_bytes(answer.remaining()).to_vec();
    let header = <R::Response<'_> as Response>::header_version(version);
    let body = if header == Version(0) { 8 } else { 9 };

    let (mut bare, mut machine) = (Duration::MAX, Duration::MAX);
    let mut buffer = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for id in 0..REQUESTS {
            let id = i32::try_from(id).unwrap();
            let encoded =
                frame::encode_request(buffer, request, version, id, Some("client")).unwrap();
            black_box(encoded.chunk());
            buffer = encoded.into_buffer();
            black_box(R::Response::decode(black_box(&answer[body..]), version).unwrap());
        }
        bare = bare.min(begin.elapsed());

        let begin = Instant::now();
        for _ in 0..REQUESTS {
            // A driver that reads the clock once for each input would add that.
            let options = SubmitOptions::default();
            connection.submit(begin, request, options).unwrap();
            let transmit = connection.poll_transmit().unwrap();
            let bytes = transmit.remaining();
            answer[4..8].copy_from_slice(&black_box(transmit.chunk())[8..12]);
            connection.handle_written(begin, bytes);
            connection.handle_bytes(begin, &answer);
            loop {
                match connection.poll_event() {
                    Some(Event::Completed(done)) => {
                        let response = done.into_response().unwrap().unwrap();
                        let frame = response.into_typed::<R>().unwrap();
                        black_box(frame.decode().unwrap());
                        break;
                    }
                    Some(_) => {}
                    None => panic!("it was answered"),
                }
            }
            black_box(connection.next_deadline());
        }
        machine = machine.min(begin.elapsed());
    }
    let (bare, machine) = (bare / REQUESTS, machine / REQUESTS);
    let ratio = machine.as_secs_f64() / bare.as_secs_f64();
    println!("{name} v{version}: bare {bare:?}, through the machine {machine:?}, {ratio:.2} times");
}

/// What a client asks of a topic, and the answer of a small cluster.
#[cfg(feature = "messages")]
fn metadata() -> (
    kafka_codec::messages::MetadataRequest<'static>,
    kafka_codec::messages::MetadataResponse<'static>,
) {
    use kafka_codec::messages::metadata_request::MetadataRequestTopic;
    use kafka_codec::messages::metadata_response::{
        MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
    };
    let topic = MetadataRequestTopic {
        name: Some("orders".into()),
        ..Default::default()
    };
    let brokers = (0..3).map(|id| MetadataResponseBroker {
        node_id: id,
        host: "broker-1.kafka.example.com".into(),
        port: 9092,
        ..Default::default()
    });
    let partitions = (0..6).map(|index| MetadataResponsePartition {
        partition_index: index,
        leader_id: index % 3,
        replica_nodes: vec![0, 1, 2].into(),
        isr_nodes: vec![0, 1, 2].into(),
        ..Default::default()
    });
    let described = MetadataResponseTopic {
        name: Some("orders".into()),
        partitions: partitions.collect(),
        ..Default::default()
    };
    let request = kafka_codec::messages::MetadataRequest {
        topics: Some(vec![topic]),
        ..Default::default()
    };
    let response = kafka_codec::messages::MetadataResponse {
        brokers: brokers.collect(),
        topics: vec![described],
        ..Default::default()
    };
    (request, response)
}

#[test]
#[ignore = "measures"]
fn overhead_of_the_machine() {
    use kafka_codec::messages::{ApiVersionsRequest, SaslHandshakeRequest, SaslHandshakeResponse};
    let versions = ApiVersionsRequest {
        client_software_name: "client".into(),
        client_software_version: "1.0".into(),
        ..Default::default()
    };
    compare("ApiVersions, all APIs", &versions, &all_versions());
    let handshake = SaslHandshakeRequest {
        mechanism: "PLAIN".into(),
        ..Default::default()
    };
    let mechanisms = SaslHandshakeResponse {
        mechanisms: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
            .map(Into::into)
            .to_vec(),
        ..Default::default()
    };
    compare("SaslHandshake, 3 mechanisms", &handshake, &mechanisms);
    #[cfg(feature = "messages")]
    {
        use kafka_codec::messages::{HeartbeatRequest, HeartbeatResponse};
        let (request, response) = metadata();
        compare("Metadata, 3 brokers, 6 partitions", &request, &response);
        let heartbeat = HeartbeatRequest {
            group_id: "group".into(),
            generation_id: 7,
            member_id: "consumer-group-1-8d1a4c1e".into(),
            ..Default::default()
        };
        compare("Heartbeat", &heartbeat, &HeartbeatResponse::default());
    }
}
