//! The client against a broker in this process: over TLS and without, with requests that are answered, cut off, dropped.
#![cfg(test)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_codec::connection::{
    Connection, ConnectionOptions, Event, IdlePolicy, ProbeOutcome, SubmitOptions,
};
use kafka_codec::messages::{
    HeartbeatRequest, HeartbeatResponse, MetadataRequest, MetadataResponse,
};
use kafka_codec::{ApiKey, ErrorCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_client::{Client, SendError, connect_tls};

use support::{Handler, serve, tls};

fn connection() -> Connection {
    Connection::new(now(), options())
}

fn options() -> ConnectionOptions {
    ConnectionOptions::new("broker 1 (b1:9092)")
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

fn heartbeat(generation: i32) -> HeartbeatRequest<'static> {
    HeartbeatRequest {
        generation_id: generation,
        ..Default::default()
    }
}

/// Answers a heartbeat with its generation in place of the throttle time, and drops other requests.
fn echo() -> Handler {
    Box::new(|server, request| {
        if let Ok(heartbeat) = request.decode::<HeartbeatRequest<'_>>() {
            let response = HeartbeatResponse {
                error_code: ErrorCode(i16::try_from(heartbeat.generation_id).unwrap()),
                ..Default::default()
            };
            server.respond(now(), request.id(), &response).unwrap();
        }
        true
    })
}

#[tokio::test]
async fn each_of_many_tasks_gets_its_own_response_over_tls() {
    let (acceptor, pem) = tls();
    let authorities = std::env::temp_dir().join(format!("authority-{}.pem", std::process::id()));
    std::fs::write(&authorities, pem).unwrap();
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        serve(acceptor.accept(socket).await.unwrap(), echo()).await;
    });
    let socket = TcpStream::connect(address).await.unwrap();
    let stream = connect_tls(socket, "localhost", Some(&authorities)).await;
    std::fs::remove_file(&authorities).unwrap();
    let (client, driver) = Client::spawn(stream.unwrap(), connection(), |_| {});
    let tasks: Vec<_> = (0..200)
        .map(|generation| {
            let client = client.clone();
            tokio::spawn(async move {
                let sent = client.send(heartbeat(generation), SubmitOptions::default());
                let frame = sent.await.unwrap();
                assert_eq!(i32::from(frame.decode().unwrap().error_code.0), generation);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    client.drain();
    let report = driver.await.unwrap();
    assert_eq!(
        report.to_string(),
        "broker 1 (b1:9092): draining: closed by this side"
    );
    assert_eq!(report.responses, 200);
}

/// Reads requests until all of `expected` have come, and passes the ids of the last ones on.
async fn read_requests(stream: &mut DuplexStream, expected: usize) -> Vec<i32> {
    let mut ids = Vec::new();
    while ids.len() < expected {
        let size = stream.read_i32().await.unwrap();
        let mut frame = vec![0; usize::try_from(size).unwrap()];
        stream.read_exact(&mut frame).await.unwrap();
        ids.push(i32::from_be_bytes(frame[4..8].try_into().unwrap()));
    }
    ids
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_response_tells_each_task_what_hit_it() {
    use kafka_codec::connection::{Negotiation, VersionTable};

    let (near, mut far) = duplex(4096);
    let stable = [ApiKey::Heartbeat, ApiKey::Metadata];
    let stable = stable.map(|key| (key, key.stable_versions().unwrap()));
    let known = options().with_negotiation(Negotiation::Assume(VersionTable::new(stable)));
    let (client, driver) = Client::spawn(near, Connection::new(now(), known), |_| {});
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.send(heartbeat(1), SubmitOptions::default()).await }
    });
    tokio::task::yield_now().await;
    let second = tokio::spawn({
        let client = client.clone();
        let request = MetadataRequest::default();
        async move { client.send(request, SubmitOptions::default()).await }
    });
    let ids = read_requests(&mut far, 2).await;
    let mut half = 100_i32.to_be_bytes().to_vec();
    half.extend_from_slice(&ids[0].to_be_bytes());
    far.write_all(&half).await.unwrap();
    drop(far);
    let report = driver.await.unwrap();
    let line = "broker 1 (b1:9092): Heartbeat v4 (correlation 1): peer closed after 4 of 100 bytes, \
                1 more in flight: Metadata v13";
    assert_eq!(report.to_string(), line);
    assert_eq!(
        first.await.unwrap().unwrap_err().to_string(),
        "broker 1 (b1:9092): Heartbeat v4 (correlation 1): 4 of 100 bytes of the response: peer closed"
    );
    assert_eq!(
        second.await.unwrap().unwrap_err().to_string(),
        "broker 1 (b1:9092): Metadata v13 (correlation 2): sent, no response: \
         peer closed after 4 of 100 bytes (Heartbeat v4 (correlation 1) was due)"
    );
    let late = client.send(heartbeat(2), SubmitOptions::default()).await;
    let late = late.unwrap_err();
    assert!(matches!(late, SendError::Ended(Some(_))), "{late}");
}

#[tokio::test]
async fn a_request_whose_future_is_dropped_is_cancelled_and_the_others_go_on() {
    // Metadata is answered only after the heartbeat that follows it.
    let mut held = None;
    let broker: Handler = Box::new(move |server, request| {
        match request.label().api_key {
            ApiKey::Metadata => held = Some(request.id()),
            _ => {
                let id = held.take().unwrap();
                let response = MetadataResponse::default();
                server.respond(now(), id, &response).unwrap();
                let response = HeartbeatResponse::default();
                server.respond(now(), request.id(), &response).unwrap();
            }
        }
        true
    });
    let (near, far) = duplex(64);
    tokio::spawn(serve(far, broker));
    let late = Arc::new(Mutex::new(Vec::new()));
    let seen = late.clone();
    let (client, _) = Client::spawn(near, connection(), move |event| {
        if let Event::LateResponse { label, .. } = event {
            seen.lock().unwrap().push(label.api_key);
        }
    });
    let dropped = client.send(MetadataRequest::default(), SubmitOptions::default());
    let given_up = tokio::time::timeout(Duration::from_millis(100), dropped).await;
    assert!(given_up.is_err());
    let frame = client.send(heartbeat(0), SubmitOptions::default()).await;
    assert!(frame.unwrap().decode().is_ok());
    assert_eq!(*late.lock().unwrap(), [ApiKey::Metadata]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_probed_and_stays_open() {
    let (near, far) = duplex(4096);
    tokio::spawn(serve(far, echo()));
    let idle = options().with_idle(IdlePolicy::KeepAlive(Duration::from_secs(60)));
    let probes = Arc::new(Mutex::new(0));
    let seen = probes.clone();
    let (client, _) = Client::spawn(near, Connection::new(now(), idle), move |event| {
        let Event::Probed { outcome, .. } = event else {
            return;
        };
        assert!(matches!(outcome, ProbeOutcome::Answered { .. }));
        *seen.lock().unwrap() += 1;
    });
    sleep(Duration::from_secs(330)).await;
    assert_eq!(*probes.lock().unwrap(), 5);
    let frame = client.send(heartbeat(0), SubmitOptions::default()).await;
    assert!(frame.unwrap().decode().is_ok());
}

#[tokio::test]
async fn a_client_without_tls_learns_that_the_port_wants_it() {
    let (acceptor, _) = tls();
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        assert!(acceptor.accept(socket).await.is_err());
    });
    let socket = TcpStream::connect(address).await.unwrap();
    let (_client, driver) = Client::spawn(socket, connection(), |_| {});
    let report = driver.await.unwrap();
    assert!(
        report.to_string().contains("peer does not speak Kafka"),
        "{report}"
    );
    let hint = report.hint.unwrap().to_string();
    assert_eq!(hint, "the port expects TLS");
}
