//! The overhead of a small request through the connection, above its encoding and decoding, compared with the overhead of
//! the least that a client can do: see [`MinimalClient`]. Instructions are counted where valgrind is installed. The times
//! are worth something only on a quiet machine:
//!
//! ```sh
//! cargo test --release --test connection overhead -- --ignored --nocapture
//! ```
//!
//! `ratio` is (connection - bare) / (minimal - bare). The aim is at most 3. The minimal client lends the body of a response,
//! the connection hands over a body that is independent of the bytes received. Allocations are slightly slower here than
//! elsewhere, because this program counts them. The clock is not read for each input, as a driver would.

mod instructions;
mod minimal_client;

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use bytes::Buf;
use kafka_codec::connection::{Connection, Event, SubmitOptions, VersionTable};
use kafka_codec::connection::{ConnectionOptions, Negotiation};
use kafka_codec::{ApiKey, Decode, Request, Response, Version, frame};

use crate::driver::all_versions;
use minimal_client::MinimalClient;

/// The number of rounds in which the three take turns. The fastest round of each counts: it was disturbed least.
const ROUNDS: usize = 60;
const REQUESTS: u32 = 5_000;

/// A request, and the frame of its response.
struct Exchange<'a, R> {
    request: &'a R,
    version: Version,
    response: Vec<u8>,
    /// The offset of the body in `response`.
    body: usize,
}

impl<'a, R: Request> Exchange<'a, R> {
    fn new(request: &'a R, response: &impl Response, version: Version) -> Self {
        let header = <R::Response<'_> as Response>::header_version(version);
        let mut frame = frame::encode_response(Vec::new(), response, version, 0).unwrap();
        Self {
            request,
            version,
            response: frame.copy_to_bytes(frame.remaining()).to_vec(),
            body: if header == Version(0) { 8 } else { 9 },
        }
    }

    /// Copies the correlation id of a request frame into the response.
    fn correlate(&mut self, request: &[u8]) {
        self.response[4..8].copy_from_slice(&request[8..12]);
    }

    /// Encodes the request and decodes the response.
    fn bare(&self, buffer: &mut Vec<u8>, id: i32) {
        let reused = std::mem::take(buffer);
        let encoded =
            frame::encode_request(reused, self.request, self.version, id, Some("client")).unwrap();
        black_box(encoded.chunk());
        *buffer = encoded.into_buffer();
        let body = black_box(&self.response[self.body..]);
        black_box(R::Response::decode(body, self.version).unwrap());
    }

    fn minimal(&mut self, client: &mut MinimalClient) {
        client.submit(self.request, self.version);
        let chunk = black_box(client.transmit().unwrap());
        let bytes = chunk.len();
        self.correlate(chunk);
        client.handle_written(bytes);
        let (pending, body) = client.handle_response(&self.response).unwrap();
        assert_eq!(pending.key, R::KEY);
        black_box(R::Response::decode(body, pending.version).unwrap());
    }

    fn connection(&mut self, connection: &mut Connection, now: Instant) {
        let options = SubmitOptions::default();
        connection.submit(now, self.request, options).unwrap();
        let transmit = connection.poll_transmit().unwrap();
        let bytes = transmit.remaining();
        self.correlate(black_box(transmit.chunk()));
        connection.handle_written(now, bytes);
        connection.handle_bytes(now, &self.response);
        loop {
            match connection.poll_event() {
                Some(Event::Completed(done)) => {
                    let response = done.into_response().unwrap().unwrap();
                    let frame = response.into_typed::<R>().unwrap();
                    black_box(frame.decode().unwrap());
                    break;
                }
                Some(_) => {}
                None => panic!("the request was answered"),
            }
        }
        black_box(connection.next_deadline());
    }
}

/// A connection that is ready and knows all versions.
fn ready(now: Instant) -> Connection {
    let served = ApiKey::ALL
        .iter()
        .filter_map(|key| Some((*key, key.stable_versions()?)));
    let options = ConnectionOptions::new("broker")
        .with_client_id("client")
        .with_negotiation(Negotiation::Assume(VersionTable::new(served)));
    let mut connection = Connection::new(now, options);
    connection.handle_opened(now);
    connection
}

/// Makes a round of calls and keeps the least time of one call so far, in nanoseconds.
fn fastest(best: &mut f64, mut call: impl FnMut()) {
    let begin = Instant::now();
    for _ in 0..REQUESTS {
        call();
    }
    *best = best.min(begin.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS));
}

/// What is done with each of the [`exchanges`].
trait Visitor {
    fn visit<R: Request>(&mut self, name: &str, request: &R, response: &impl Response);
}

/// Prints how the three sides compare.
struct Comparison;

impl Visitor for Comparison {
    fn visit<R: Request>(&mut self, name: &str, request: &R, response: &impl Response) {
        let mut sides = Sides::new(request, response);
        println!("{name} v{}", sides.exchange.version);

        if let [Some(bare), Some(minimal), Some(machine)] =
            SIDES.map(|side| instructions::per_call(name, &format!("{side:?}")))
        {
            print_ratio("instructions", [bare, minimal, machine]);
        }

        let mut best = [f64::MAX; 3];
        for _ in 0..ROUNDS {
            for (best, side) in best.iter_mut().zip(SIDES) {
                fastest(best, || sides.call(side));
            }
        }
        print_ratio("ns", best);

        let [bare, minimal, machine] = SIDES.map(|side| measure(|| sides.call(side)).count_total);
        println!("  allocations: bare {bare}, minimal {minimal}, connection {machine}");
    }
}

fn print_ratio(unit: &str, [bare, minimal, machine]: [f64; 3]) {
    let [least, most] = [minimal - bare, machine - bare];
    let ratio = most / least;
    println!(
        "  {unit}: ratio {ratio:.2}; bare {bare:.0}, minimal {minimal:.0}, connection {machine:.0}; above bare: minimal {least:.0}, connection {most:.0}"
    );
}

/// Those whose costs are compared.
#[derive(Copy, Clone, Debug)]
enum Side {
    Bare,
    Minimal,
    Connection,
}

const SIDES: [Side; 3] = [Side::Bare, Side::Minimal, Side::Connection];

/// All sides of an exchange, ready for calls.
struct Sides<'a, R> {
    exchange: Exchange<'a, R>,
    now: Instant,
    connection: Connection,
    client: MinimalClient,
    buffer: Vec<u8>,
}

impl<'a, R: Request> Sides<'a, R> {
    fn new(request: &'a R, response: &impl Response) -> Self {
        let now = Instant::now();
        let connection = ready(now);
        let version = connection.choose_version(R::KEY).unwrap();
        Self {
            exchange: Exchange::new(request, response, version),
            now,
            connection,
            client: MinimalClient::default(),
            buffer: Vec::new(),
        }
    }

    fn call(&mut self, side: Side) {
        match side {
            Side::Bare => self.exchange.bare(&mut self.buffer, 1),
            Side::Minimal => self.exchange.minimal(&mut self.client),
            Side::Connection => self.exchange.connection(&mut self.connection, self.now),
        }
    }
}

/// Makes calls of one side of one exchange.
struct Calls {
    name: String,
    side: Side,
    count: u32,
}

impl Visitor for Calls {
    fn visit<R: Request>(&mut self, name: &str, request: &R, response: &impl Response) {
        if name != self.name {
            return;
        }
        let mut sides = Sides::new(request, response);
        for _ in 0..self.count {
            sides.call(self.side);
        }
    }
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

/// The requests and responses that are measured.
fn exchanges(visitor: &mut impl Visitor) {
    use kafka_codec::messages::{ApiVersionsRequest, SaslHandshakeRequest, SaslHandshakeResponse};
    let versions = ApiVersionsRequest {
        client_software_name: "client".into(),
        client_software_version: "1.0".into(),
        ..Default::default()
    };
    visitor.visit("ApiVersions, all APIs", &versions, &all_versions());
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
    visitor.visit("SaslHandshake, 3 mechanisms", &handshake, &mechanisms);
    #[cfg(feature = "messages")]
    {
        use kafka_codec::messages::{HeartbeatRequest, HeartbeatResponse};
        let (request, response) = metadata();
        visitor.visit("Metadata, 3 brokers, 6 partitions", &request, &response);
        let heartbeat = HeartbeatRequest {
            group_id: "group".into(),
            generation_id: 7,
            member_id: "consumer-group-1-8d1a4c1e".into(),
            ..Default::default()
        };
        visitor.visit("Heartbeat", &heartbeat, &HeartbeatResponse::default());
    }
}

#[test]
#[ignore = "measures"]
fn overhead_of_the_machine() {
    exchanges(&mut Comparison);
}

#[test]
#[ignore = "is run under callgrind, by overhead_of_the_machine"]
fn overhead_calls() {
    if let Some((name, side, count)) = instructions::asked() {
        let mut sides = SIDES.into_iter();
        let side = sides.find(|each| format!("{each:?}") == side);
        let side = side.expect("it is one of the sides");
        exchanges(&mut Calls { name, side, count });
    }
}

/// The time in which SCRAM derives its keys at the default limit of iterations.
#[cfg(feature = "sasl-scram")]
#[test]
#[ignore = "measures"]
fn overhead_of_scram_at_the_limit() {
    use kafka_codec::connection::sasl::{Mechanism, Reply, Scram, Secret};
    for make in [Scram::sha_256, Scram::sha_512] {
        let mut best = f64::MAX;
        for _ in 0..10 {
            let mut mechanism = make("alice", Secret::from("secret"), [7; 32]);
            let Reply::Send(first) = mechanism.start().unwrap() else {
                panic!("the client speaks first");
            };
            let first = std::str::from_utf8(first.expose()).unwrap();
            let (_, nonce) = first.split_once(",r=").unwrap();
            let iterations = Scram::DEFAULT_MAX_ITERATIONS;
            let challenge = format!("r={nonce}server,s=AAAA,i={iterations}");
            let begin = Instant::now();
            black_box(mechanism.respond(challenge.as_bytes()).unwrap());
            best = best.min(begin.elapsed().as_secs_f64() * 1e3);
        }
        println!(
            "{}: {best:.1} ms",
            make("a", Secret::from("b"), [0; 32]).name()
        );
    }
}
