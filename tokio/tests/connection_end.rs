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

use kafka_codec::connection::sasl::MechanismError;
use kafka_codec::connection::{ConnectionOptions, Event};
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

/// Reads a frame without its size; `None` at the end of the stream.
async fn read_frame(stream: &mut DuplexStream) -> Option<Vec<u8>> {
    let size = stream.read_i32().await.ok()?;
    let mut frame = vec![0; usize::try_from(size).unwrap()];
    stream.read_exact(&mut frame).await.ok()?;
    Some(frame)
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
    let early = ConnectionOptions::new("").with_renew_at_permille(500);
    let options = options().with_connection(early).with_sasl(tokens);
    let connection = Connection::over(BROKER, near, &options).await.unwrap();
    for second in 1..=18 {
        sleep(Duration::from_secs(1)).await;
        connection.send(&heartbeat(second)).await.unwrap();
    }
    assert!(asked.load(Ordering::Relaxed) >= 3);
}
