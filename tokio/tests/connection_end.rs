//! The end of a connection by what is not the protocol: panics of user-defined code, and the end of the runtime.
#![cfg(test)]

mod support;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use kafka_codec::connection::sasl::{Mechanism, MechanismError, Reply};
use kafka_codec::connection::{CloseReason, Event};
use kafka_codec::frame::encode_request;
use kafka_codec::messages::{
    HeartbeatRequest, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
};
use kafka_codec::wire::Blob;
use kafka_codec::{Decode, ErrorCode, Version};
use kafka_codec_tokio::{AcceptedToken, Client, Connection, Sasl, ServerSasl};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use support::{BROKER, echo, everything, heartbeat, options};

/// Waits for what would hang otherwise.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.unwrap()
}

async fn serve_heartbeats(client: Client) {
    while let Some(request) = client.next_request().await {
        let response = echo(&request.decode::<HeartbeatRequest<'_>>().unwrap());
        if request.respond(&response).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn an_observer_that_panics_does_not_keep_callers_from_their_responses() {
    let (near, far) = duplex(4096);
    tokio::spawn(serve_heartbeats(Client::over("client", far, &everything())));
    let completed = AtomicU32::new(0);
    let options = options().with_observer(move |_, event| {
        if matches!(event, Event::Completed(_)) && completed.fetch_add(1, Ordering::Relaxed) == 1 {
            panic!("the observer panics");
        }
    });
    let connection = Connection::over(BROKER, near, &options).await.unwrap();
    for generation in 0..3 {
        let response = soon(connection.send(&heartbeat(generation))).await.unwrap();
        assert_eq!(
            i32::from(response.decode().unwrap().error_code.0),
            generation
        );
    }
}

#[tokio::test]
async fn a_connection_whose_source_of_tokens_panics_is_over() {
    let (near, far) = duplex(4096);
    let accepts = ServerSasl::default().with_oauth_bearer(|_| Some(AcceptedToken::new("alice")));
    let client = Client::over("client", far, &everything().with_sasl(accepts));
    let panics = Sasl::oauth_bearer(|| async { panic!("the source panics") });
    let options = options().with_sasl(panics);
    let error = soon(Connection::over(BROKER, near, &options))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the task of the connection is gone"),
        "{error}"
    );
    assert!(soon(client.next_request()).await.is_none());
}

#[derive(Debug)]
struct Panics;

impl Mechanism for Panics {
    fn name(&self) -> &str {
        "PLAIN"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        panic!("the mechanism panics")
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Reply, MechanismError> {
        panic!("the mechanism panics")
    }
}

#[tokio::test]
async fn a_connection_whose_mechanism_panics_is_over() {
    let (near, far) = duplex(4096);
    let client = Client::over(
        "client",
        far,
        &everything().with_password_check(|_, _| true),
    );
    let options = options().with_sasl(Sasl::mechanism(|| Box::new(Panics)));
    let connection = Connection::spawn(BROKER, near, &options);
    let (ready, sent) = tokio::join!(
        soon(connection.ready()),
        soon(async { connection.send(&heartbeat(1)).await.map(drop) })
    );
    let error = ready.unwrap_err().to_string();
    assert!(
        error.contains("the task of the connection is gone"),
        "{error}"
    );
    assert!(sent.unwrap_err().is_closed());
    assert!(soon(client.next_request()).await.is_none());
}

#[tokio::test]
async fn a_client_whose_password_check_panics_is_gone() {
    let (near, far) = duplex(4096);
    let panics = everything().with_password_check(|_, _| panic!("the check panics"));
    let client = Client::over("client", far, &panics);
    let alice = options().with_sasl(Sasl::plain("alice", "alice-secret"));
    let (opened, request) = tokio::join!(
        soon(Connection::over(BROKER, near, &alice)),
        soon(client.next_request())
    );
    assert!(request.is_none());
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("closed"), "{error}");
    let report = soon(client.closed()).await.to_string();
    assert!(
        report.contains("the task of the connection is gone"),
        "{report}"
    );
}

#[test]
fn callers_on_another_runtime_learn_that_that_of_the_connection_has_ended() {
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (near, far) = duplex(4096);
    let of_callers = runtime();
    let _enter = of_callers.enter();
    // The server reads, and answers nothing.
    let client = Client::over("client", far, &everything());
    let of_connection = runtime();
    let connection = {
        let _enter = of_connection.enter();
        Connection::spawn(BROKER, near, &options())
    };
    let ready = connection.clone();
    let both = async move {
        tokio::join!(ready.ready(), sleep(Duration::ZERO))
            .0
            .map(drop)
    };
    let pending = of_callers.spawn(both);
    drop(of_connection);
    of_callers.block_on(async {
        assert!(soon(pending).await.unwrap().is_err());
        let error = soon(connection.send(&heartbeat(1))).await.unwrap_err();
        assert!(error.is_closed(), "{error}");
        soon(connection.closed()).await;
        assert!(soon(client.next_request()).await.is_none());
    });
}

/// A transport that shows when it is dropped.
struct Flagged(DuplexStream, Arc<AtomicBool>);

impl Drop for Flagged {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Relaxed);
    }
}

impl AsyncRead for Flagged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Flagged {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_connection_that_is_over_releases_its_transport_while_handles_live() {
    let (near, far) = duplex(4096);
    let (of_client, of_server) = (Arc::default(), Arc::default());
    let near = Flagged(near, Arc::clone(&of_client));
    let far = Flagged(far, Arc::clone(&of_server));
    let client = Client::over("client", far, &everything());
    let connection = Connection::over(BROKER, near, &options()).await.unwrap();
    connection.close().await;
    client.closed().await;
    soon(async {
        while !(of_client.load(Ordering::Relaxed) && of_server.load(Ordering::Relaxed)) {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(connection.send(&heartbeat(1)).await.is_err());
    assert!(client.next_request().await.is_none());
}

/// Reads a frame without its size; `None` at the end of the stream.
async fn read_frame(stream: &mut DuplexStream) -> Option<Vec<u8>> {
    let size = stream.read_i32().await.ok()?;
    let mut frame = vec![0; usize::try_from(size).unwrap()];
    stream.read_exact(&mut frame).await.ok()?;
    Some(frame)
}

/// The frame of a handshake for PLAIN.
fn handshake(id: i32) -> Vec<u8> {
    let handshake = SaslHandshakeRequest {
        mechanism: "PLAIN".into(),
        ..Default::default()
    };
    let frame = encode_request(Vec::new(), &handshake, Version(1), id, None);
    frame.unwrap().to_vec()
}

/// The frame that has a token of PLAIN.
fn plain(id: i32, token: &[u8]) -> Vec<u8> {
    let proof = SaslAuthenticateRequest {
        auth_bytes: Blob::from(token),
        ..Default::default()
    };
    let frame = encode_request(Vec::new(), &proof, Version(0), id, None);
    frame.unwrap().to_vec()
}

#[tokio::test]
async fn a_client_has_one_guess_at_a_password_on_a_connection() {
    let (mut near, far) = duplex(4096);
    let guesses = Arc::new(AtomicU32::new(0));
    let counted = guesses.clone();
    let options = everything().with_password_check(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    });
    let client = Client::over("client", far, &options);
    let mut frames = Vec::new();
    for id in [1, 3] {
        frames.extend(handshake(id));
        frames.extend(plain(id + 1, b"\0alice\0guess"));
    }
    near.write_all(&frames).await.unwrap();
    let _agreed = soon(read_frame(&mut near)).await.unwrap();
    let refused = soon(read_frame(&mut near)).await.unwrap();
    let response = SaslAuthenticateResponse::decode(&refused[4..], Version(0)).unwrap();
    assert_eq!(response.error_code, ErrorCode::SASL_AUTHENTICATION_FAILED);
    assert!(soon(read_frame(&mut near)).await.is_none());
    soon(client.closed()).await;
    assert_eq!(guesses.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_token_without_a_handshake_is_refused_and_not_handed_out() {
    let options = everything().with_password_check(|_, password| password == "right");
    let (mut near, far) = duplex(4096);
    let client = Client::over("client", far, &options);
    let mut frames = handshake(1);
    for id in 2..4 {
        frames.extend(plain(id, b"\0alice\0right"));
    }
    let heartbeat = HeartbeatRequest::default();
    let heartbeat = encode_request(Vec::new(), &heartbeat, Version(0), 4, None).unwrap();
    frames.extend(heartbeat.to_vec());
    near.write_all(&frames).await.unwrap();
    let _agreed = soon(read_frame(&mut near)).await.unwrap();
    for code in [ErrorCode::NONE, ErrorCode::ILLEGAL_SASL_STATE] {
        let answer = soon(read_frame(&mut near)).await.unwrap();
        let response = SaslAuthenticateResponse::decode(&answer[4..], Version(0)).unwrap();
        assert_eq!(response.error_code, code);
    }
    let request = soon(client.next_request()).await.unwrap();
    assert_eq!(request.label().correlation_id, 4);
}

#[tokio::test]
async fn a_client_sends_large_requests_only_after_it_has_authenticated() {
    let options = everything().with_password_check(|_, password| password == "right");
    let login = [handshake(1), plain(2, b"\0alice\0right")].concat();
    let large = (1_i32 << 20).to_be_bytes();
    for has_logged_in in [false, true] {
        let (mut near, far) = duplex(4096);
        let client = Client::over("client", far, &options);
        if has_logged_in {
            near.write_all(&login).await.unwrap();
            for _ in 0..2 {
                soon(read_frame(&mut near)).await.unwrap();
            }
        }
        near.write_all(&large).await.unwrap();
        near.shutdown().await.unwrap();
        let end = soon(client.closed()).await;
        let is_refused = matches!(end.reason, CloseReason::BadFrameSize { max: 0x8_0000, .. });
        assert_eq!(is_refused, !has_logged_in, "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_drained_needs_no_token_any_more() {
    let (near, far) = duplex(4096);
    let accepts = |_: &str| {
        let alice = AcceptedToken::new("alice");
        Some(alice.with_lifetime(Duration::from_secs(60)))
    };
    let server = everything().with_sasl(ServerSasl::default().with_oauth_bearer(accepts));
    let client = Client::over("client", far, &server);
    tokio::spawn(async move {
        while let Some(request) = client.next_request().await {
            sleep(Duration::from_secs(4)).await;
            request.respond(&echo(&request.decode().unwrap())).unwrap();
        }
    });
    let asked = Arc::new(AtomicU32::new(0));
    let counted = asked.clone();
    let tokens = Sasl::oauth_bearer(move || {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            if number == 0 {
                return Ok(String::from("token").into());
            }
            sleep(Duration::from_secs(2)).await;
            Err(MechanismError::new("the provider is down"))
        }
    });
    let options = options()
        .with_renew_at_permille(500..=500)
        .with_sasl(tokens);
    let connection = Connection::over(BROKER, near, &options).await.unwrap();
    while asked.load(Ordering::Relaxed) < 2 {
        sleep(Duration::from_millis(100)).await;
    }
    let sending = connection.clone();
    let sent = tokio::spawn(async move { sending.send(&heartbeat(1)).await });
    sleep(Duration::from_secs(1)).await;
    let end = connection.drain().await;
    sent.await.unwrap().unwrap();
    assert!(end.reason.name().starts_with("local"), "{end}");
}

#[tokio::test(start_paused = true)]
async fn a_session_outlives_a_failure_of_the_source_of_tokens_at_an_early_renewal() {
    let (near, far) = duplex(4096);
    let accepts = |_: &str| {
        let alice = AcceptedToken::new("alice");
        Some(alice.with_lifetime(Duration::from_secs(10)))
    };
    let server = everything().with_sasl(ServerSasl::default().with_oauth_bearer(accepts));
    tokio::spawn(serve_heartbeats(Client::over("client", far, &server)));
    let asked = Arc::new(AtomicU32::new(0));
    let counted = asked.clone();
    let tokens = Sasl::oauth_bearer(move || {
        let number = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            match number {
                1 => Err(MechanismError::new("the provider is down")),
                _ => Ok(String::from("token").into()),
            }
        }
    });
    let options = options()
        .with_renew_at_permille(500..=500)
        .with_sasl(tokens);
    let connection = Connection::over(BROKER, near, &options).await.unwrap();
    for second in 1..=18 {
        sleep(Duration::from_secs(1)).await;
        connection.send(&heartbeat(second)).await.unwrap();
    }
    assert!(asked.load(Ordering::Relaxed) >= 3);
}
