//! What a request costs through a connection, as CPU time of the client's thread, beside a bare loop on tokio that writes and
//! reads the same bytes over the same kind of socket. The peer is a thread that reads frames and acknowledges them. Small requests
//! are sent to a real broker too, where the environment names one.
//!
//! ```sh
//! cargo bench -p kafka-codec-tokio --bench overhead
//! KAFKA_BROKER=127.0.0.1:9092 cargo bench -p kafka-codec-tokio --bench overhead
//! ```

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream as StdStream, ToSocketAddrs};
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use kafka_codec::connection::{ConnectionOptions, Negotiation, VersionTable};
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{
    FetchRequest, FetchResponse, HeartbeatRequest, HeartbeatResponse, ProduceRequest,
    ProduceResponse,
};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, Request, Version, frame};
use kafka_codec_tokio::{Connection, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The CPU time of this thread, in nanoseconds; wall time where Linux does not tell.
fn cpu_ns(begun: Instant) -> u128 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let first = schedstat.and_then(|text| text.split(' ').next()?.parse().ok());
    first.unwrap_or_else(|| begun.elapsed().as_nanos())
}

/// Reads frames and answers each with the same response, with the id of the request in it.
fn peer(response: Bytes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let response = response.clone();
            std::thread::spawn(move || serve(stream, &response));
        }
    });
    address
}

fn serve(mut stream: StdStream, response: &[u8]) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut buffer = BytesMut::new();
    let mut chunk = vec![0; 1 << 20];
    let mut out = Vec::new();
    // The bytes of a large frame that are still to come.
    let mut skip = 0;
    loop {
        let length = stream.read(&mut chunk).ok().filter(|length| *length > 0)?;
        let mut input = chunk.get(..length)?;
        let skipped = skip.min(input.len());
        (skip, input) = (skip - skipped, input.get(skipped..)?);
        buffer.extend_from_slice(input);
        while let Some(head) = buffer.first_chunk::<12>() {
            let size = u32::from_be_bytes(*head.first_chunk()?) as usize + 4;
            out.extend_from_slice(response.get(..4)?);
            out.extend_from_slice(head.get(8..)?);
            out.extend_from_slice(response.get(8..)?);
            let here = size.min(buffer.len());
            skip += size - here;
            buffer.advance(here);
        }
        stream.write_all(&out).ok()?;
        out.clear();
    }
}

async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the peer listens");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// Writes `together` requests at a time and reads their responses.
async fn bare(
    address: SocketAddr,
    request: &[Bytes],
    response: usize,
    together: usize,
    times: usize,
) {
    let mut stream = connect(address).await;
    let mut buffer = BytesMut::with_capacity(response.max(1 << 16));
    for _ in 0..times / together {
        for _ in 0..together {
            let mut all = request.iter().fold(VecBuf::default(), VecBuf::with);
            while all.has_remaining() {
                stream.write_buf(&mut all).await.expect("the peer reads");
            }
        }
        let mut missing = response * together;
        while missing > 0 {
            if buffer.len() == buffer.capacity() {
                buffer.clear();
            }
            missing -= stream
                .read_buf(&mut buffer)
                .await
                .expect("the peer answers");
        }
        buffer.clear();
    }
}

/// Parts that are written vectored.
#[derive(Default)]
struct VecBuf(std::collections::VecDeque<Bytes>);

impl VecBuf {
    fn with(mut self, part: &Bytes) -> Self {
        self.0.push_back(part.clone());
        self
    }
}

impl Buf for VecBuf {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |part| part)
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [std::io::IoSlice<'a>]) -> usize {
        let both = into.iter_mut().zip(&self.0);
        both.map(|(slice, part)| *slice = std::io::IoSlice::new(part))
            .count()
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(part) = self.0.front_mut() {
            let here = count.min(part.len());
            part.advance(here);
            count -= here;
            if !part.is_empty() {
                return;
            }
            self.0.pop_front();
        }
    }
}

async fn through<R: Request + Clone + Send + Sync + 'static>(
    address: SocketAddr,
    request: R,
    together: usize,
    times: usize,
) {
    let versions = [R::KEY].map(|key| (key, key.stable_versions().expect("it is stable")));
    let known = ConnectionOptions::new("")
        .with_max_in_flight(together)
        .with_negotiation(Negotiation::Assume(VersionTable::new(versions)));
    let options = Options::default().with_connection(known);
    let connection = Connection::over("peer", connect(address).await, &options).await;
    let connection = connection.expect("nothing is asked");
    let tasks: Vec<_> = (0..together)
        .map(|_| {
            let (connection, request) = (connection.clone(), request.clone());
            tokio::spawn(async move {
                for _ in 0..times / together {
                    connection.send(&request).await.expect("the peer answers");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("it ends");
    }
}

/// CPU time of one run, in nanoseconds for each request.
fn measure(times: usize, run: impl Future<Output = ()>) -> u128 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let begun = Instant::now();
    let before = cpu_ns(begun);
    runtime.block_on(run);
    (cpu_ns(begun) - before) / times as u128
}

fn compare<R: Request + Clone + Send + Sync + 'static>(
    name: &str,
    request: R,
    response: &[u8],
    together: usize,
    times: usize,
) {
    let address = peer(Bytes::copy_from_slice(response));
    compare_at(address, name, request, response.len(), together, times);
}

/// As [`compare`], with a peer that answers with `response` bytes.
fn compare_at<R: Request + Clone + Send + Sync + 'static>(
    address: SocketAddr,
    name: &str,
    request: R,
    response: usize,
    together: usize,
    times: usize,
) {
    let parts = parts(&request);
    let mut rows = Vec::new();
    for _ in 0..5 {
        let loops = measure(times, bare(address, &parts, response, together, times));
        let ours = measure(times, through(address, request.clone(), together, times));
        rows.push((ours as f64 / loops as f64, ours, loops));
    }
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, ours, loops) = rows.swap_remove(rows.len() / 2);
    println!("{name:32} {ours:>9} ns {loops:>9} ns {ratio:>7.2}");
}

/// The segments of the frame of a request.
fn parts<R: Request>(request: &R) -> Vec<Bytes> {
    let version = R::KEY.stable_versions().expect("it is stable").max();
    let frame = frame::encode_request(Vec::new(), request, version, 1, None);
    frame.expect("it is encoded").into_parts()
}

/// How many bytes a broker answers a Heartbeat request with.
fn heartbeat_response(address: SocketAddr) -> usize {
    let mut stream = StdStream::connect(address).expect("the broker listens");
    for part in parts(&HeartbeatRequest::default()) {
        stream.write_all(&part).expect("the broker reads");
    }
    let mut size = [0; 4];
    stream.read_exact(&mut size).expect("the broker answers");
    size.len() + u32::from_be_bytes(size) as usize
}

fn main() {
    let heartbeat = ApiKey::Heartbeat
        .stable_versions()
        .expect("it is stable")
        .max();
    let small = encoded(&HeartbeatResponse::default(), heartbeat);
    let produce = ApiKey::Produce
        .stable_versions()
        .expect("it is stable")
        .max();
    let produced = encoded(&ProduceResponse::default(), produce);
    println!("CPU time of the client's thread for a request, median of 5 runs\n");
    println!(
        "{:32} {:>12} {:>12} {:>7}",
        "", "connection", "bare loop", "ratio"
    );
    compare(
        "small, one after another",
        HeartbeatRequest::default(),
        &small,
        1,
        20_000,
    );
    compare(
        "small, 5 in flight",
        HeartbeatRequest::default(),
        &small,
        5,
        50_000,
    );
    compare(
        "small, 50 in flight",
        HeartbeatRequest::default(),
        &small,
        50,
        100_000,
    );
    if let Some(broker) = std::env::var_os("KAFKA_BROKER") {
        let broker = broker.into_string().expect("HOST:PORT");
        let mut addresses = broker.to_socket_addrs().expect("HOST:PORT");
        let broker = addresses.next().expect("an address");
        let response = heartbeat_response(broker);
        for (name, together) in [
            ("real broker, one after another", 1),
            ("real broker, 50 in flight", 50),
        ] {
            let request = HeartbeatRequest::default();
            compare_at(broker, name, request, response, together, 20_000);
        }
    }
    let records = Bytes::from(vec![7; 1 << 20]);
    let batch = ProduceRequest {
        topic_data: vec![TopicProduceData {
            partition_data: vec![PartitionProduceData {
                records: Some(Blob::Shared(records.clone())),
                ..Default::default()
            }],
            ..Default::default()
        }],
        acks: (-1_i16).into(),
        ..Default::default()
    };
    compare("Produce of 1 MiB, 1 GiB in all", batch, &produced, 1, 1024);
    let fetch = ApiKey::Fetch.stable_versions().expect("it is stable").max();
    let fetched = FetchResponse {
        responses: vec![FetchableTopicResponse {
            partitions: vec![PartitionData {
                records: Some(Blob::Shared(records)),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let fetched = encoded(&fetched, fetch);
    let request = FetchRequest::default();
    compare("Fetch of 1 MiB, 1 GiB in all", request, &fetched, 1, 1024);
}

fn encoded<R: kafka_codec::Response>(response: &R, version: Version) -> Vec<u8> {
    let frame = frame::encode_response(Vec::new(), response, version, 0);
    frame.expect("it is encoded").to_vec()
}
