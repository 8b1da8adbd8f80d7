//! A client that misbehaves towards a server.

use std::io::{Result, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use kafka_codec::ApiKey;
use kafka_codec::connection::VersionTable;
use kafka_codec::connection::server::ServerOptions as MachineOptions;
use kafka_codec::messages::{HeartbeatRequest, HeartbeatResponse};
use kafka_codec_tokio::{Client, Connection, Options, Server, ServerOptions};

use super::peer::{Bytes, frame, read_frame, wait_for_end};
use super::{LIMIT, MAX_FRAME, MAX_MEMORY, NO_LIMIT, Numbers, Outcomes, bounded, check_sentence};

const HTTP: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What a client does wrong.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Misdeed {
    Bytes(Bytes),
    /// A request of an API that there is not.
    UnknownApi,
    /// A version that there is not.
    UnknownVersion,
    /// A header whose client id is longer than the frame, or not UTF-8.
    BadHeader,
    /// The body is that of another API, and the owner closes.
    OtherBody,
    /// 10,000 requests, no response to which is read.
    Flood,
    /// All requests have the same correlation id. Each is answered.
    SameIds,
    /// The stream ends after three requests. Who has said goodbye is owed nothing, as by Kafka's brokers.
    HalfClose,
    /// Everything is right, but each byte is written by itself.
    ByteByByte,
}

impl Misdeed {
    fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::UnknownApi,
            Self::UnknownVersion,
            Self::BadHeader,
            Self::OtherBody,
            Self::Flood,
            Self::SameIds,
            Self::HalfClose,
            Self::ByteByByte,
        ];
        Bytes::ALL.into_iter().map(Self::Bytes).chain(others)
    }
}

/// The reasons for which the connection may be over.
fn expected(misdeed: Misdeed) -> &'static [&'static str] {
    match misdeed {
        Misdeed::Bytes(bytes) => match bytes {
            Bytes::NegativeSize | Bytes::SizeTooLarge | Bytes::SizeTooSmall => {
                &["bad_frame_size", "foreign"]
            }
            Bytes::LargeAndSilent => &["timeout"],
            Bytes::Silence => &["idle_local"],
            Bytes::CutInSize | Bytes::CutInFrame => &["remote_eof", "bad_request"],
            Bytes::Garbage => &["bad_frame_size", "bad_request", "remote_eof", "foreign"],
            Bytes::Tls | Bytes::Http => &["foreign"],
            Bytes::TinyFrames => &["bad_request", "bad_frame_size"],
            Bytes::Reset => &["remote_reset", "remote_eof"],
        },
        Misdeed::UnknownApi | Misdeed::UnknownVersion | Misdeed::BadHeader => &["bad_request"],
        Misdeed::OtherBody => &["local"],
        Misdeed::Flood => &["remote_reset", "remote_eof"],
        Misdeed::SameIds | Misdeed::HalfClose | Misdeed::ByteByByte => &["remote_eof"],
    }
}

/// A Heartbeat of version 4, whose body is valid or not.
fn heartbeat(id: i32, is_whole: bool) -> Vec<u8> {
    let mut content = [&[0, 12, 0, 4][..], &id.to_be_bytes(), &[0, 1, b'c', 0]].concat();
    // The group, generation, member, instance, and no tagged field.
    content.extend_from_slice(&[2, b'g', 0, 0, 0, 1, 2, b'm', 0, 0]);
    if !is_whole {
        content.truncate(content.len() - 4);
    }
    frame(&content)
}

/// Misbehaves towards one server, and returns how many requests were answered.
fn misbehave(
    address: std::net::SocketAddr,
    misdeed: Misdeed,
    numbers: &mut Numbers,
) -> Result<usize> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answered = 0;
    let ids = match misdeed {
        Misdeed::Bytes(bytes) => {
            if bytes == Bytes::Reset {
                // The response that stays unread.
                stream.write_all(&heartbeat(1, true))?;
            }
            bytes.commit(&mut stream, numbers, HTTP)?;
            return Ok(0);
        }
        Misdeed::UnknownApi => {
            let key = i16::try_from(numbers.between(2000, 32_000)).unwrap();
            let head = [&key.to_be_bytes()[..], &[0, 0, 0, 0, 0, 9, 0xff, 0xff]].concat();
            stream.write_all(&frame(&head))?;
            return wait_for_end(&mut stream).map(|()| 0);
        }
        Misdeed::UnknownVersion => {
            let version = i16::try_from(numbers.between(100, 32_000)).unwrap();
            let head = [&[0, 12][..], &version.to_be_bytes(), &[0; 12]].concat();
            stream.write_all(&frame(&head))?;
            return wait_for_end(&mut stream).map(|()| 0);
        }
        Misdeed::BadHeader => {
            let length = i16::try_from(numbers.between(200, 32_000)).unwrap();
            let head = [
                &[0, 12, 0, 4, 0, 0, 0, 9][..],
                &length.to_be_bytes(),
                &[7; 9],
            ]
            .concat();
            stream.write_all(&frame(&head))?;
            return wait_for_end(&mut stream).map(|()| 0);
        }
        Misdeed::OtherBody => {
            stream.write_all(&heartbeat(1, false))?;
            return wait_for_end(&mut stream).map(|()| 0);
        }
        Misdeed::Flood => {
            stream.set_write_timeout(Some(LIMIT))?;
            for id in 0..10_000 {
                // Once nothing is taken any more, that is what was to be seen.
                if stream.write_all(&heartbeat(id, true)).is_err() {
                    break;
                }
            }
            std::thread::sleep(LIMIT / 2);
            return Ok(0);
        }
        Misdeed::SameIds => [7, 7, 7],
        Misdeed::HalfClose | Misdeed::ByteByByte => [1, 2, 3],
    };
    for id in ids {
        let request = heartbeat(id, true);
        match misdeed {
            Misdeed::ByteByByte => {
                for byte in request {
                    stream.write_all(&[byte])?;
                }
            }
            _ => stream.write_all(&request)?,
        }
    }
    if misdeed == Misdeed::HalfClose {
        stream.shutdown(Shutdown::Write)?;
    }
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    for id in ids {
        let response = read_frame(&mut stream)?;
        assert_eq!(response[..4], id.to_be_bytes());
        answered += 1;
    }
    Ok(answered)
}

async fn serve(client: Client) {
    while let Some(request) = client.next_request().await {
        match request.decode::<HeartbeatRequest<'_>>() {
            // The client may be gone.
            Ok(_) => drop(request.respond(&HeartbeatResponse::default())),
            Err(_) => client.close(),
        }
    }
}

fn options(limit: Duration) -> ServerOptions {
    let served = [ApiKey::ApiVersions, ApiKey::Heartbeat];
    let machine = MachineOptions::new(
        "client",
        VersionTable::new(served.map(|key| (key, key.stable_versions().unwrap()))),
    )
    .with_max_frame_bytes(MAX_FRAME)
    .with_max_in_flight(16)
    .with_idle(Some(limit))
    .with_stall_timeout(limit);
    ServerOptions::of_apis(served)
        .with_machine(machine)
        .with_max_response_bytes(64 * 1024)
}

/// Serves the client that misbehaves, and then one that does not. Returns why the first is gone.
async fn serve_both(
    misdeed: Misdeed,
    seed: u64,
) -> (&'static str, String, std::thread::Result<Result<usize>>) {
    let limit = match expected(misdeed) {
        ["timeout"] | ["idle_local"] => LIMIT,
        _ => NO_LIMIT,
    };
    let server = Server::bind("127.0.0.1:0", options(limit)).await.unwrap();
    let address = server.local_addr().unwrap();
    let peer = std::thread::spawn(move || misbehave(address, misdeed, &mut Numbers(seed)));
    let client = server.accept().await.unwrap();
    tokio::spawn(serve(client.clone()));
    let report = client.closed().await;
    let answered = tokio::task::spawn_blocking(|| peer.join());

    let honest = tokio::spawn(async move {
        let connection = Connection::connect(&address.to_string(), &Options::default()).await;
        connection
            .unwrap()
            .send(&HeartbeatRequest::default())
            .await
            .map(drop)
    });
    let client = server.accept().await.unwrap();
    tokio::spawn(serve(client));
    honest.await.unwrap().unwrap();
    (
        report.reason.name(),
        report.to_string(),
        answered.await.unwrap(),
    )
}

#[test]
fn a_server_ends_with_the_label_of_what_its_client_did_and_serves_the_next() {
    let mut outcomes = Outcomes::default();
    for misdeed in Misdeed::all() {
        for seed in 0..4 {
            let scenario = format!("{misdeed:?}, seed {seed}");
            if seed > 0 && ["timeout", "idle_local"].contains(&expected(misdeed)[0]) {
                continue;
            }
            let (label, line, answered) = bounded(&scenario, MAX_MEMORY, serve_both(misdeed, seed));
            assert!(
                expected(misdeed).contains(&label),
                "{scenario}: {label}: {line}"
            );
            check_sentence(&scenario, "client 127.0.0.1:", &line);
            // It may have been cut off.
            let answered = answered
                .expect("the peer does not panic")
                .unwrap_or_default();
            if matches!(misdeed, Misdeed::SameIds | Misdeed::ByteByByte) {
                assert_eq!(answered, 3, "{scenario}");
            }
            outcomes.add(format!("{misdeed:?}"), label, &line);
        }
    }
    outcomes.print();
}
