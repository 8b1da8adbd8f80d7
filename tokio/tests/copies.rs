//! Large frames are not copied: the blob of a request is written from where it is, and a response is read into the buffer that its
//! records are borrowed from. What is allocated is counted, on the one thread that everything runs on but for the peer.
#![cfg(test)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use kafka_codec::connection::{ConnectionOptions, Negotiation, VersionTable};
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{FetchRequest, FetchResponse, ProduceRequest, ProduceResponse};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, Response, Version, VersionRange};
use kafka_codec_tokio::{Connection, Options};
use tokio::runtime::Runtime;

const MEGABYTE: usize = 1 << 20;
/// How many exchanges are counted.
const COUNTED: u64 = 16;

/// Reads frames, and answers each with the same response.
fn peer<R: Response>(response: &R, version: Version) -> String {
    let body = response.encode_to_vec(version).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        serve(stream, &body)
    });
    address
}

fn serve(mut stream: TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut buffer = vec![0; 2 * MEGABYTE];
    loop {
        let mut size = [0; 4];
        stream.read_exact(&mut size)?;
        let size = usize::try_from(u32::from_be_bytes(size)).unwrap();
        stream.read_exact(&mut buffer[..size])?;
        // A header of version 1: the correlation id, and no tagged field.
        let length = u32::try_from(5 + body.len()).unwrap();
        let head = [&length.to_be_bytes()[..], &buffer[4..8], &[0]].concat();
        stream.write_all(&head)?;
        stream.write_all(body)?;
    }
}

fn connect(runtime: &Runtime, address: &str, key: ApiKey, version: i16) -> Connection {
    let versions = VersionRange::new(version, version).unwrap();
    let assumed = Negotiation::Assume(VersionTable::new([(key, versions)]));
    let connection = ConnectionOptions::new("").with_negotiation(assumed);
    let options = Options::default().with_connection(connection);
    runtime
        .block_on(Connection::connect(address, &options))
        .unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What exchanges allocate, after some that are not counted.
fn counted(runtime: &Runtime, mut exchange: impl AsyncFnMut()) -> AllocationInfo {
    let mut some = |times: u64| {
        runtime.block_on(async {
            for _ in 0..times {
                exchange().await;
            }
        });
    };
    some(4);
    measure(|| some(COUNTED))
}

#[test]
fn the_records_of_a_produce_are_not_copied() {
    let runtime = runtime();
    let address = peer(&ProduceResponse::default(), Version(9));
    let connection = connect(&runtime, &address, ApiKey::Produce, 9);
    let records = Bytes::from(vec![7; MEGABYTE]);
    let allocated = counted(&runtime, async || {
        let partition = PartitionProduceData {
            records: Some(Blob::Shared(records.clone())),
            ..Default::default()
        };
        let request = ProduceRequest {
            acks: (-1).into(),
            topic_data: vec![TopicProduceData {
                name: "t".into(),
                partition_data: vec![partition],
                ..Default::default()
            }],
            ..Default::default()
        };
        connection.send(&request).await.unwrap();
    });
    let bytes = allocated.bytes_total / COUNTED;
    println!("{bytes} bytes allocated for each MB produced");
    assert!(bytes < 64 * 1024, "{bytes} bytes for each MB");
}

#[test]
fn a_large_response_is_read_into_one_buffer_that_its_records_are_borrowed_from() {
    let runtime = runtime();
    let partition = PartitionData {
        records: Some(Blob::Shared(vec![7; MEGABYTE].into())),
        ..Default::default()
    };
    let response = FetchResponse {
        responses: vec![FetchableTopicResponse {
            topic: "t".into(),
            partitions: vec![partition],
            ..Default::default()
        }],
        ..Default::default()
    };
    let address = peer(&response, Version(12));
    let connection = connect(&runtime, &address, ApiKey::Fetch, 12);
    let allocated = counted(&runtime, async || {
        let frame = connection.send(&FetchRequest::default()).await.unwrap();
        let bytes = frame.bytes().as_ptr_range();
        let decoded = frame.decode().unwrap();
        let records = decoded.responses[0].partitions[0]
            .records
            .as_deref()
            .unwrap();
        assert_eq!(records.len(), MEGABYTE);
        assert!(
            bytes.contains(&records.as_ptr()),
            "the records are in the frame"
        );
    });
    let bytes = allocated.bytes_total / COUNTED;
    println!("{bytes} bytes allocated for each MB fetched");
    // The buffer of a frame, which may grow in steps, and is not allocated again for the next one while it can be used.
    assert!(
        bytes < 2 * MEGABYTE as u64 + 64 * 1024,
        "{bytes} bytes for each MB"
    );
}
