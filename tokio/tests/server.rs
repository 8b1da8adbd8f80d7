//! The accepting side: responses in any order, limits, SASL, and proxies made of both sides.
#![cfg(test)]

mod support;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::connection::{CloseReason, ConnectionOptions, IdlePolicy};
use kafka_codec::messages::{FetchRequest, FetchResponse, HeartbeatRequest, fetch_response};
use kafka_codec::wire::Blob;
use kafka_codec_tokio::{Client, Connection, Options, Sasl, Server, ServerOptions};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, duplex};
use tokio::time::timeout;

use support::{BROKER, echo, everything, heartbeat, options};

/// Sends heartbeats with the numbers, all at once, and returns the numbers in their answers.
async fn ask(connection: &Connection, numbers: std::ops::Range<i32>) -> Vec<i32> {
    let tasks: Vec<_> = numbers
        .map(|number| {
            let connection = connection.clone();
            tokio::spawn(async move {
                let frame = connection.send(&heartbeat(number)).await.unwrap();
                i32::from(frame.decode().unwrap().error_code.0)
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn responses_that_tasks_give_in_any_order_are_written_in_the_order_of_the_requests() {
    let (near, far) = duplex(4096);
    tokio::spawn(async move {
        let client = Client::over("client", far, &everything());
        let mut delay = 50;
        while let Some(request) = client.next_request().await {
            delay = (delay * 7 + 3) % 50;
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(delay)).await;
                request.respond(&echo(&request.decode().unwrap())).unwrap();
            });
        }
    });
    let connection = Connection::over(BROKER, near, &options()).await.unwrap();
    assert_eq!(ask(&connection, 0..40).await, (0..40).collect::<Vec<_>>());
}

/// A transport on which a request arrives, and nothing else, and that takes no byte.
struct HalfDead(&'static [u8]);

impl AsyncRead for HalfDead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match std::mem::take(&mut self.0) {
            b"" => Poll::Pending,
            request => {
                buffer.put_slice(request);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for HalfDead {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_client_is_gone_when_a_response_cannot_be_written_although_reading_does_not_fail() {
    let request = HalfDead(b"\0\0\0\x0a\0\x0c\0\0\0\0\0\x07\xff\xff");
    let client = Client::over("client", request, &everything());
    let request = client.next_request().await.unwrap();
    let response = Bytes::from_static(b"????");
    request.respond_frame(&response).unwrap();
    let report = timeout(Duration::from_secs(20), client.closed()).await;
    let report = report.expect("it is closed");
    assert!(
        matches!(report.reason, CloseReason::RemoteReset(_)),
        "{report}"
    );
}

#[tokio::test]
async fn a_proxy_passes_requests_on_and_gives_each_client_its_own_answers() {
    let broker = Server::bind("127.0.0.1:0", everything()).await.unwrap();
    let broker_address = broker.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let client = broker.accept().await.unwrap();
        while let Some(request) = client.next_request().await {
            request.respond(&echo(&request.decode().unwrap())).unwrap();
        }
    });
    let proxy = Server::bind("127.0.0.1:0", ServerOptions::forwarding())
        .await
        .unwrap();
    let proxy_address = proxy.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let many = ConnectionOptions::new("").with_max_in_flight(50);
        let options = Options::default().with_connection(many);
        let upstream = Connection::connect(&broker_address, &options)
            .await
            .unwrap();
        loop {
            let client = proxy.accept().await.unwrap();
            let upstream = upstream.clone();
            tokio::spawn(async move {
                while let Some(request) = client.next_request().await {
                    let upstream = upstream.clone();
                    tokio::spawn(async move {
                        if let Some(frame) = upstream.forward(&request).await.unwrap() {
                            request.respond_frame(&frame).unwrap();
                        }
                    });
                }
            });
        }
    });
    let first = Connection::connect(&proxy_address, &options())
        .await
        .unwrap();
    let second = Connection::connect(&proxy_address, &options())
        .await
        .unwrap();
    let (first, second) = tokio::join!(ask(&first, 0..50), ask(&second, 1000..1050));
    assert_eq!(first, (0..50).collect::<Vec<_>>());
    assert_eq!(second, (1000..1050).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_password_is_demanded_before_requests_and_checked() {
    let check = |user: &str, password: &str| (user, password) == ("alice", "alice-secret");
    let server = everything().with_password_check(check);
    let server = Server::bind("127.0.0.1:0", server).await.unwrap();
    let address = server.local_addr().unwrap().to_string();
    let served = tokio::spawn(async move {
        let mut users = Vec::new();
        for _ in 0..3 {
            let client = server.accept().await.unwrap();
            while let Some(request) = client.next_request().await {
                request.respond(&echo(&request.decode().unwrap())).unwrap();
            }
            users.push(client.user());
        }
        users
    });

    let alice = options().with_sasl(Sasl::plain("alice", "alice-secret"));
    let connection = Connection::connect(&address, &alice).await.unwrap();
    assert_eq!(ask(&connection, 5..6).await, [5]);
    connection.drain().await;

    let wrong = options().with_sasl(Sasl::plain("alice", "guessed"));
    let error = Connection::connect(&address, &wrong)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("invalid credentials"), "{error}");

    let connection = Connection::connect(&address, &options()).await.unwrap();
    let error = connection.send(&heartbeat(1)).await.unwrap_err();
    assert!(error.is_closed(), "{error}");

    let users = served.await.unwrap();
    assert_eq!(users, [Some("alice".into()), None, None]);
}

#[tokio::test]
async fn no_more_is_read_while_too_many_bytes_wait_to_be_written() {
    // A client that sends Fetch after Fetch, and reads nothing.
    let (near, far) = duplex(1 << 16);
    let limits = everything().with_max_response_bytes(1 << 20);
    let client = Client::over("client", far, &limits);
    let sender = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (_unread, mut write) = tokio::io::split(near);
        let request = FetchRequest::default();
        for id in 0..1000 {
            let frame = kafka_codec::frame::encode_request(
                Vec::new(),
                &request,
                kafka_codec::Version(11),
                id,
                None,
            );
            let bytes = frame.unwrap().to_vec();
            if write.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let records = Bytes::from(vec![0; 1 << 18]);
    let mut answered = 0;
    while let Ok(Some(request)) = timeout(Duration::from_millis(200), client.next_request()).await {
        let partition = fetch_response::PartitionData {
            records: Some(Blob::Shared(records.clone())),
            ..Default::default()
        };
        let topic = fetch_response::FetchableTopicResponse {
            partitions: vec![partition],
            ..Default::default()
        };
        let response = FetchResponse {
            responses: vec![topic],
            ..Default::default()
        };
        request.respond(&response).unwrap();
        answered += 1;
    }
    assert!(
        (4..=110).contains(&answered),
        "{answered} responses of 256 KiB"
    );
    client.close();
    sender.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_idle_for_too_long_is_closed_and_one_that_probes_is_not() {
    let (near, far) = duplex(4096);
    let client = Client::over("client", far, &everything());
    let silent = Connection::over(BROKER, near, &options()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(601)).await;
    assert!(silent.close_report().is_some());
    assert!(client.next_request().await.is_none());

    let (near, far) = duplex(4096);
    let kept =
        ConnectionOptions::new("").with_idle(IdlePolicy::KeepAlive(Duration::from_secs(480)));
    let client = Client::over("client", far, &everything());
    let kept = Connection::over(BROKER, near, &options().with_connection(kept))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(kept.close_report().is_none());
    let sent = tokio::spawn(async move { kept.send(&heartbeat(9)).await });
    let request = client.next_request().await.unwrap();
    let decoded = request.decode::<HeartbeatRequest<'_>>().unwrap();
    request.respond(&echo(&decoded)).unwrap();
    assert!(sent.await.unwrap().is_ok());
}

#[tokio::test]
async fn clients_authenticate_by_any_mechanism_that_is_offered_and_again() {
    use kafka_codec::connection::sasl::ScramCredential;
    use kafka_codec_tokio::{AcceptedToken, ServerSasl};

    let [short, long] = [
        ScramCredential::sha_256("alice-secret", b"salt of alice", 4096),
        ScramCredential::sha_512("alice-secret", b"salt of alice", 4096),
    ];
    let alice = |kept: ScramCredential| move |user: &str| (user == "alice").then(|| kept.clone());
    let sasl = ServerSasl::default()
        .with_scram_sha_256(alice(short))
        .with_scram_sha_512(alice(long))
        .with_oauth_bearer(|token| {
            let carol = AcceptedToken::new("carol").with_lifetime(Duration::from_millis(1300));
            (token == "a.token").then_some(carol)
        });
    let server = Server::bind("127.0.0.1:0", everything().with_sasl(sasl))
        .await
        .unwrap();
    let address = server.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let client = server.accept().await.unwrap();
            tokio::spawn(async move {
                while let Some(request) = client.next_request().await {
                    request.respond(&echo(&request.decode().unwrap())).unwrap();
                }
            });
        }
    });
    let token = || async { Ok(String::from("a.token").into()) };
    for (accepted, pause) in [
        (Sasl::scram_sha_256("alice", "alice-secret"), 0),
        (Sasl::scram_sha_512("alice", "alice-secret"), 0),
        (Sasl::oauth_bearer(token), 200),
    ] {
        let connection = Connection::connect(&address, &options().with_sasl(accepted))
            .await
            .unwrap();
        // The session of the token ends meanwhile, and the client has authenticated again before.
        for number in 0..8 {
            assert_eq!(ask(&connection, number..number + 1).await, [number]);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
    for (refused, why) in [
        (
            Sasl::scram_sha_256("alice", "guessed"),
            "invalid credentials",
        ),
        (
            Sasl::scram_sha_512("mallory", "guessed"),
            "invalid credentials",
        ),
        (
            Sasl::oauth_bearer(|| async { Ok(String::from("another.token").into()) }),
            "invalid credentials",
        ),
        (
            Sasl::plain("alice", "alice-secret"),
            "does not have the SASL mechanism PLAIN",
        ),
    ] {
        let error = Connection::connect(&address, &options().with_sasl(refused))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{error}");
    }
}
