//! A connection against a broker in this process: requests that are answered, cut off, dropped and held back.
#![cfg(test)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_codec::connection::{
    ConnectionOptions, Event, IdlePolicy, Negotiation, ProbeOutcome, SubmitOptions, VersionTable,
};
use kafka_codec::messages::{HeartbeatRequest, MetadataRequest, MetadataResponse, ProduceRequest};
use kafka_codec::{ApiKey, Version};
use kafka_codec_tokio::{Client, ConnectError, Connection, SendError, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{sleep, timeout};

use support::{BROKER, echo, everything, heartbeat, options, tls};

/// Answers heartbeats.
async fn serve_heartbeats(client: Client) {
    while let Some(request) = client.next_request().await {
        let response = echo(&request.decode::<HeartbeatRequest<'_>>().unwrap());
        request.respond(&response).unwrap();
    }
}

#[tokio::test]
async fn each_of_many_tasks_gets_its_own_response_over_tls() {
    let (server_tls, client_tls) = tls();
    let server = Server::bind("127.0.0.1:0", everything().with_tls(server_tls))
        .await
        .unwrap();
    let address = server.local_addr().unwrap().to_string();
    tokio::spawn(async move { serve_heartbeats(server.accept().await.unwrap()).await });
    let options = options().with_tls(client_tls);
    let connection = Connection::connect_as(BROKER, &address, &options)
        .await
        .unwrap();
    let setup = connection.ready().await.unwrap();
    assert!(setup.tcp.is_some() && setup.tls.is_some(), "{setup}");
    let tasks: Vec<_> = (0..200)
        .map(|generation| {
            let connection = connection.clone();
            tokio::spawn(async move {
                let frame = connection.send(&heartbeat(generation)).await.unwrap();
                assert_eq!(i32::from(frame.decode().unwrap().error_code.0), generation);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let report = connection.drain().await;
    assert_eq!(
        report.to_string(),
        "broker 1 (b1:9092): draining: closed by this side"
    );
    assert_eq!(report.responses, 200);
}

/// A connection that knows the versions of the broker beforehand.
fn assuming() -> kafka_codec_tokio::Options {
    let stable = [ApiKey::Heartbeat, ApiKey::Metadata];
    let stable = stable.map(|key| (key, key.stable_versions().unwrap()));
    let known =
        ConnectionOptions::new("").with_negotiation(Negotiation::Assume(VersionTable::new(stable)));
    options().with_connection(known)
}

/// Reads requests until all of `expected` have come, and returns their correlation ids.
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
    let (near, mut far) = duplex(4096);
    let connection = Connection::over(BROKER, near, &assuming()).await.unwrap();
    let first = tokio::spawn({
        let connection = connection.clone();
        async move { connection.send(&heartbeat(1)).await }
    });
    tokio::task::yield_now().await;
    let second = tokio::spawn({
        let connection = connection.clone();
        async move { connection.send(&MetadataRequest::default()).await }
    });
    let ids = read_requests(&mut far, 2).await;
    let mut half = 100_i32.to_be_bytes().to_vec();
    half.extend_from_slice(&ids[0].to_be_bytes());
    far.write_all(&half).await.unwrap();
    drop(far);
    let report = connection.closed().await;
    let line = "broker 1 (b1:9092): Heartbeat v4 (correlation 1): peer closed after 4 of 100 bytes, \
                1 more in flight: Metadata v13";
    assert_eq!(report.to_string(), line);
    let first = first.await.unwrap().unwrap_err().to_string();
    let begin = "broker 1 (b1:9092): Heartbeat v4 (correlation 1): 4 of 100 bytes of the response: peer closed";
    assert!(first.starts_with(begin), "{first}");
    let second = second.await.unwrap().unwrap_err().to_string();
    assert!(
        second.starts_with("broker 1 (b1:9092): Metadata v13 (correlation 2): sent, no response"),
        "{second}"
    );
    let late = connection.send(&heartbeat(2)).await.unwrap_err();
    assert!(matches!(late, SendError::Closed(_)), "{late}");
}

#[tokio::test]
async fn a_request_whose_future_is_dropped_is_cancelled_and_the_others_go_on() {
    let (near, far) = duplex(64);
    tokio::spawn(async move {
        // Metadata is answered only after the heartbeat that follows it.
        let client = Client::over("client", far, &everything());
        let held = client.next_request().await.unwrap();
        let heartbeat = client.next_request().await.unwrap();
        heartbeat
            .respond(&echo(&heartbeat.decode().unwrap()))
            .unwrap();
        held.respond(&MetadataResponse::default()).unwrap();
        assert!(client.next_request().await.is_none());
    });
    let late = Arc::new(Mutex::new(Vec::new()));
    let seen = late.clone();
    let options = options().with_observer(move |_, event| {
        if let Event::LateResponse { label, .. } = event {
            seen.lock().unwrap().push(label.api_key);
        }
    });
    let connection = Connection::over(BROKER, near, &options).await.unwrap();
    let request = MetadataRequest::default();
    let given_up = timeout(Duration::from_millis(100), connection.send(&request)).await;
    assert!(given_up.is_err());
    let frame = connection.send(&heartbeat(7)).await.unwrap();
    assert_eq!(frame.decode().unwrap().error_code.0, 7);
    assert_eq!(*late.lock().unwrap(), [ApiKey::Metadata]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_probed_and_stays_open() {
    let (near, far) = duplex(4096);
    tokio::spawn(serve_heartbeats(Client::over("client", far, &everything())));
    let idle = ConnectionOptions::new("").with_idle(IdlePolicy::KeepAlive(Duration::from_secs(60)));
    let probes = Arc::new(Mutex::new(0));
    let seen = probes.clone();
    let options = options()
        .with_connection(idle)
        .with_observer(move |name, event| {
            let Event::Probed { outcome, .. } = event else {
                return;
            };
            assert_eq!(name, BROKER);
            assert!(matches!(outcome, ProbeOutcome::Answered { .. }));
            *seen.lock().unwrap() += 1;
        });
    let connection = Connection::over(BROKER, near, &options).await.unwrap();
    sleep(Duration::from_secs(330)).await;
    assert_eq!(*probes.lock().unwrap(), 5);
    let frame = connection.send(&heartbeat(0)).await.unwrap();
    assert!(frame.decode().is_ok());
}

#[tokio::test]
async fn a_client_without_tls_learns_that_the_port_wants_it() {
    let (server_tls, _) = tls();
    let server = Server::bind("127.0.0.1:0", everything().with_tls(server_tls))
        .await
        .unwrap();
    let address = server.local_addr().unwrap().to_string();
    tokio::spawn(async move { server.accept().await });
    let error = Connection::connect(&address, &options()).await.unwrap_err();
    let ConnectError::Closed(report) = &error else {
        panic!("{error}")
    };
    assert_eq!(
        report.hint.as_ref().unwrap().to_string(),
        "the port expects TLS"
    );
    let line = error.to_string();
    assert!(line.contains("peer does not speak Kafka"), "{line}");
    assert!(line.ends_with("(the port expects TLS)"), "{line}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_and_an_address_without_a_port_are_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let error = Connection::connect(&address, &options()).await.unwrap_err();
    let line = error.to_string();
    assert!(
        line.starts_with(&format!("{address}: connecting: TCP: ")),
        "{line}"
    );
    let error = Connection::connect("localhost", &options())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "localhost: connecting: `localhost` has no port (expected HOST:PORT)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_fails_in_time_and_says_what_it_waited_for() {
    let (near, far) = duplex(4096);
    let client = Client::over("client", far, &everything());
    let connection = Connection::over(BROKER, near, &options()).await.unwrap();
    let short = SubmitOptions::default().with_timeout(Duration::from_secs(2));
    let error = connection
        .send_with(&heartbeat(1), short)
        .await
        .unwrap_err();
    assert!(
        error.is_closed(),
        "responses come in order, so that none can follow"
    );
    assert_eq!(
        error.to_string(),
        "broker 1 (b1:9092): Heartbeat v4 (correlation 2): sent, no response: timed out after 2000 ms"
    );
    assert!(client.next_request().await.is_some());
}

#[tokio::test]
async fn callers_wait_while_as_much_is_under_way_as_is_allowed() {
    let (near, far) = duplex(1 << 16);
    let client = Client::over("client", far, &everything());
    let connection = ConnectionOptions::new("").with_max_in_flight(100);
    let options = options().with_connection(connection).with_max_requests(3);
    let connection = Connection::over(BROKER, near, &options).await.unwrap();
    let tasks: Vec<_> = (0..10)
        .map(|generation| {
            let connection = connection.clone();
            tokio::spawn(async move { connection.send(&heartbeat(generation)).await.map(drop) })
        })
        .collect();
    let mut requests = Vec::new();
    for _ in 0..3 {
        requests.push(client.next_request().await.unwrap());
    }
    let fourth = timeout(Duration::from_millis(50), client.next_request()).await;
    assert!(fourth.is_err(), "three are under way");
    let mut answered = 0;
    while answered < 10 {
        let request = match requests.pop() {
            Some(request) => request,
            None => client.next_request().await.unwrap(),
        };
        request.respond(&echo(&request.decode().unwrap())).unwrap();
        answered += 1;
        let gauges = connection.gauges();
        assert!(gauges.in_flight <= 3, "{gauges:?}");
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_produce_without_acknowledgement_is_over_when_it_is_written() {
    let (near, far) = duplex(4096);
    let client = Client::over("client", far, &everything());
    let connection = Connection::over(BROKER, near, &options()).await.unwrap();
    let request = ProduceRequest {
        acks: 0_i16.into(),
        ..Default::default()
    };
    let refused = connection.send(&request).await.unwrap_err();
    assert!(matches!(refused, SendError::NoResponse), "{refused}");
    connection.send_without_response(&request).await.unwrap();
    let seen = client.next_request().await.unwrap();
    assert_eq!(seen.label().api_key, ApiKey::Produce);
    assert!(!seen.incoming().expects_response());
    assert!(seen.label().version > Version(0));
}

#[tokio::test]
async fn dropping_the_last_clone_closes_the_connection_when_the_responses_have_come() {
    let (near, far) = duplex(4096);
    let client = Client::over("client", far, &everything());
    let connection = Connection::over(BROKER, near, &options()).await.unwrap();
    let sent = tokio::spawn(async move { connection.send(&heartbeat(3)).await });
    let request = client.next_request().await.unwrap();
    request.respond(&echo(&request.decode().unwrap())).unwrap();
    assert!(sent.await.unwrap().is_ok());
    drop(request);
    timeout(Duration::from_secs(5), client.closed())
        .await
        .unwrap();
}
