//! A proxy passes on what a client says of itself.
#![cfg(test)]

mod support;

use std::time::Duration;

use kafka_codec::connection::{ConnectionOptions, Negotiation, VersionTable};
use kafka_codec_tokio::{Client, Connection, Options, ServerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

use support::BROKER;

/// A response after its correlation id: no tagged fields, no throttling, and bytes that are not looked at.
const RESPONSE: &[u8] = b"\0\0\0\0\0answer";

/// Reads the frame that comes next, without its size.
async fn read_frame(stream: &mut DuplexStream) -> Vec<u8> {
    let read = async {
        let size = stream.read_i32().await.unwrap();
        let mut frame = vec![0; usize::try_from(size).unwrap()];
        stream.read_exact(&mut frame).await.unwrap();
        frame
    };
    timeout(Duration::from_secs(20), read).await.unwrap()
}

async fn write_frame(stream: &mut DuplexStream, frame: &[u8]) {
    let size = i32::try_from(frame.len()).unwrap();
    stream.write_i32(size).await.unwrap();
    stream.write_all(frame).await.unwrap();
}

#[tokio::test]
async fn a_request_arrives_at_the_broker_as_the_client_sent_it_except_for_its_correlation_id() {
    let (mut client, far) = duplex(4096);
    let (near, mut broker) = duplex(4096);
    let any = Negotiation::Assume(VersionTable::default());
    let upstream = Options::default()
        .with_connection(ConnectionOptions::new("").with_negotiation(any))
        .with_client_id("proxy");
    let upstream = Connection::over(BROKER, near, &upstream).await.unwrap();
    tokio::spawn(async move {
        let client = Client::over("client", far, &ServerOptions::forwarding());
        while let Some(request) = client.next_request().await {
            let frame = upstream.forward(&request).await.unwrap().unwrap();
            request.respond_frame(&frame).unwrap();
        }
    });
    // Heartbeat with a client id and an unknown tagged field in its header; and an unknown API whose header is unknown too.
    let known = b"\x00\x0c\x00\x04\x00\x00\x00\x4d\x00\x04tool\x01\x05\x02\xaa\xbbbody";
    let unknown = b"\x30\x39\x00\x00\x00\x00\x00\x4e\xff\xf0 not a client id";
    for frame in [&known[..], unknown] {
        write_frame(&mut client, frame).await;
        let arrived = read_frame(&mut broker).await;
        assert_eq!(arrived[..4], frame[..4]);
        assert_eq!(arrived[8..], frame[8..]);
        let answer = [&arrived[4..8], RESPONSE].concat();
        write_frame(&mut broker, &answer).await;
        let answer = read_frame(&mut client).await;
        assert_eq!(answer, [&frame[4..8], RESPONSE].concat());
    }
}
