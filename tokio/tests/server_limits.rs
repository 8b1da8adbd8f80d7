//! What a server reads: no more than its owner takes and its limits allow, and of a client without a login what precedes one.
#![cfg(test)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::connection::server::ServerOptions as MachineOptions;
use kafka_codec::connection::{CloseReason, TimeoutKind, VersionTable};
use kafka_codec::enumerations::Acks;
use kafka_codec::frame::encode_request;
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{ApiVersionsResponse, ProduceRequest};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, Version};
use kafka_codec_tokio::{Client, Connection, Sasl, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::time::{sleep, timeout};

use support::{BROKER, echo, everything, heartbeat, options};

/// What takes longer hangs.
const HANG: Duration = Duration::from_secs(20);
/// The requests that are sent.
const REQUESTS: i32 = 1000;

/// Writes Produce requests of a KiB that want no response, and counts them.
async fn flood(mut stream: impl AsyncWrite + Unpin, written: Arc<AtomicI32>) {
    let partition = PartitionProduceData {
        records: Some(Blob::from(vec![0; 1024])),
        ..Default::default()
    };
    let topic = TopicProduceData {
        partition_data: vec![partition],
        ..Default::default()
    };
    let request = ProduceRequest {
        acks: Acks::NONE,
        topic_data: vec![topic],
        ..Default::default()
    };
    for id in 0..REQUESTS {
        let frame = encode_request(Vec::new(), &request, Version(9), id, None).unwrap();
        stream.write_all(&frame.to_vec()).await.unwrap();
        written.fetch_add(1, Ordering::Relaxed);
    }
    // The stream stays open until all is read.
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_response_are_read_no_further_than_they_are_taken() {
    // Up to a number, and up to the bytes of the largest request.
    for (max_frame_bytes, limit) in [(100 << 20, 120), (4096, 20)] {
        let (near, far) = duplex(4096);
        let versions = ApiKey::Produce.stable_versions().unwrap();
        let served = VersionTable::new([(ApiKey::Produce, versions)]);
        let machine = MachineOptions::new("", served).with_max_frame_bytes(max_frame_bytes);
        let options = everything().with_machine(machine);
        let client = Client::over("client", far, &options);
        let written = Arc::new(AtomicI32::new(0));
        let sender = tokio::spawn(flood(near, written.clone()));
        // Longer than the rest of a request may take.
        sleep(Duration::from_secs(100)).await;
        let untaken = written.load(Ordering::Relaxed);
        assert!((1..limit).contains(&untaken), "{untaken} are read");
        for id in 0..REQUESTS {
            let request = timeout(HANG, client.next_request()).await.unwrap();
            assert_eq!(request.unwrap().label().correlation_id, id);
        }
        sender.abort();
    }
}

/// A response of 100 KB, as it is given.
fn large() -> Bytes {
    Bytes::from(vec![0; 100_000])
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_responses_slowly_does_not_stall_within_a_request_that_is_not_read() {
    let (mut near, far) = duplex(1000);
    let client = Client::over("client", far, &everything().with_max_response_bytes(1));
    let frame = encode_request(Vec::new(), &heartbeat(1), Version(4), 1, None).unwrap();
    let frame = frame.to_vec();
    let (begun, rest) = frame.split_at(6);
    near.write_all(&frame).await.unwrap();
    near.write_all(begun).await.unwrap();
    let request = timeout(HANG, client.next_request()).await.unwrap().unwrap();
    request.respond_frame(&large()).unwrap();
    let mut part = [0; 1000];
    // Longer than the rest of a request may take.
    for _ in 0..100 {
        sleep(Duration::from_secs(1)).await;
        near.read_exact(&mut part).await.unwrap();
    }
    near.read_exact(&mut [0; 4]).await.unwrap();
    sleep(Duration::from_secs(20)).await;
    near.write_all(rest).await.unwrap();
    assert!(
        timeout(HANG, client.next_request())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_responses_is_closed_also_while_its_requests_are_not_taken() {
    let (mut near, far) = duplex(4096);
    let client = Client::over("client", far, &everything());
    let frame = encode_request(Vec::new(), &heartbeat(1), Version(4), 1, None).unwrap();
    near.write_all(&frame.to_vec()).await.unwrap();
    let request = timeout(HANG, client.next_request()).await.unwrap().unwrap();
    let (mut reader, writer) = tokio::io::split(near);
    let sender = tokio::spawn(flood(writer, Arc::default()));
    // It is full of requests that want no response.
    sleep(Duration::from_secs(1)).await;
    request.respond_frame(&large()).unwrap();
    let closed = timeout(Duration::from_secs(100), client.closed()).await;
    let report = closed.expect("it is closed");
    assert!(
        matches!(
            report.reason,
            CloseReason::Timeout(TimeoutKind::Unread { .. })
        ),
        "{report}"
    );
    sender.abort();
    let _ = reader.read(&mut [0; 1]).await;
}

#[tokio::test]
async fn a_server_that_forwards_hands_out_api_versions_before_the_login() {
    let (near, far) = duplex(4096);
    let check = |user: &str, password: &str| (user, password) == ("alice", "alice-secret");
    let server = ServerOptions::forwarding().with_password_check(check);
    let client = Client::over("client", far, &server);
    let serving = client.clone();
    tokio::spawn(async move {
        while let Some(request) = serving.next_request().await {
            let responded = match request.label().api_key {
                ApiKey::ApiVersions => {
                    let all = ApiKey::ALL.iter();
                    let all = all.filter_map(|key| Some((*key, key.stable_versions()?)));
                    request.respond(&ApiVersionsResponse::for_apis(all))
                }
                _ => request.respond(&echo(&request.decode().unwrap())),
            };
            responded.unwrap();
        }
    });
    let alice = options().with_sasl(Sasl::plain("alice", "alice-secret"));
    let connection = Connection::over(BROKER, near, &alice).await.unwrap();
    connection.send(&heartbeat(1)).await.unwrap();
    assert_eq!(client.user().as_deref(), Some("alice"));
}

#[tokio::test]
async fn a_limit_of_no_bytes_of_responses_lets_one_request_be_read_after_the_other() {
    let (near, far) = duplex(4096);
    let client = Client::over("client", far, &everything().with_max_response_bytes(0));
    tokio::spawn(async move {
        while let Some(request) = client.next_request().await {
            request.respond(&echo(&request.decode().unwrap())).unwrap();
        }
    });
    let options = options();
    let opening = Connection::over(BROKER, near, &options);
    let connection = timeout(HANG, opening).await.unwrap().unwrap();
    for number in 0..3 {
        let answer = timeout(HANG, connection.send(&heartbeat(number))).await;
        answer.unwrap().unwrap();
    }
}
