//! A broker that misbehaves towards a client.

use std::io::{Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use kafka_codec::connection::{ConnectionOptions, TimeoutFrom};
use kafka_codec::messages::api_versions_response::ApiVersion;
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{
    ApiVersionsResponse, HeartbeatRequest, HeartbeatResponse, MetadataRequest, MetadataResponse,
    ProduceRequest,
};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, Message, Version};
use kafka_codec_tokio::{ConnectError, Connection, Options};

use super::peer::{Bytes, frame, read_frame, wait_for_end};
use super::{LIMIT, MAX_FRAME, MAX_MEMORY, NO_LIMIT, Numbers, Outcomes, bounded, check_sentence};

const BROKER: &str = "broker 1 (b1:9092)";
const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";

/// What a broker does wrong.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Misdeed {
    Bytes(Bytes),
    /// A response has another correlation id.
    WrongId,
    /// A response answers nothing.
    Unasked,
    /// A request is answered twice.
    Twice,
    /// Responses come in the wrong order.
    Swapped,
    /// A response comes before its request.
    Early,
    /// The body is that of another API.
    OtherBody,
    /// The body ends too early.
    ShortBody,
    /// The body counts four billion elements.
    HugeCount,
    /// Requests are read, but not answered, and the stream is ended in one direction.
    HalfClose,
    /// Requests are not read.
    StopsReading,
    /// Everything is right, but each byte is written by itself.
    ByteByByte,
}

impl Misdeed {
    fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::WrongId,
            Self::Unasked,
            Self::Twice,
            Self::Swapped,
            Self::Early,
            Self::OtherBody,
            Self::ShortBody,
            Self::HugeCount,
            Self::HalfClose,
            Self::StopsReading,
            Self::ByteByByte,
        ];
        Bytes::ALL.into_iter().map(Self::Bytes).chain(others)
    }
}

/// When it is done.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Instead of the versions.
    Opening,
    /// When the connection is open.
    Open,
}

/// The ways in which a misdeed may end; `done` if nothing fails.
fn expected(misdeed: Misdeed, stage: Stage) -> &'static [&'static str] {
    match (misdeed, stage) {
        (Misdeed::Bytes(bytes), stage) => match bytes {
            Bytes::NegativeSize | Bytes::SizeTooLarge | Bytes::SizeTooSmall => {
                // By chance a size spells another protocol.
                &["bad_frame_size", "foreign"]
            }
            Bytes::LargeAndSilent | Bytes::Silence => &["timeout"],
            Bytes::CutInSize | Bytes::CutInFrame => {
                &["remote_eof", "remote_reset", "desynchronized"]
            }
            // By chance it begins a frame, which is then cut off.
            Bytes::Garbage => &[
                "bad_frame_size",
                "desynchronized",
                "foreign",
                "remote_eof",
                "remote_reset",
            ],
            // What a peer speaks is looked for in its first bytes.
            Bytes::Tls | Bytes::Http if stage == Stage::Open => &["bad_frame_size"],
            Bytes::Tls | Bytes::Http => &["foreign"],
            Bytes::TinyFrames => &["desynchronized", "negotiation"],
            Bytes::Reset => &["remote_reset"],
        },
        (Misdeed::WrongId | Misdeed::Unasked | Misdeed::Twice | Misdeed::Swapped, _) => {
            &["desynchronized", "done"]
        }
        // By chance it has the id of the request.
        (Misdeed::Early, Stage::Opening) => &["desynchronized", "negotiation"],
        (Misdeed::Early, Stage::Open) => &["desynchronized", "done"],
        (Misdeed::OtherBody | Misdeed::ShortBody | Misdeed::HugeCount, Stage::Opening) => {
            &["negotiation"]
        }
        (Misdeed::OtherBody | Misdeed::ShortBody | Misdeed::HugeCount, Stage::Open) => {
            // By chance it says that the client is throttled.
            &["decode", "response", "timed_out", "done"]
        }
        (Misdeed::HalfClose, _) => &["remote_eof"],
        (Misdeed::StopsReading, _) => &["timeout"],
        (Misdeed::ByteByByte, _) => &["done"],
    }
}

/// The response to a request, in all of its parts.
struct Answer {
    id: i32,
    /// What follows the id: the tagged fields of the header, and the body.
    rest: Vec<u8>,
}

impl Answer {
    fn to(request: &[u8]) -> Self {
        let number = |at: usize| i16::from_be_bytes(request[at..at + 2].try_into().unwrap());
        let (key, version) = (ApiKey::from_number(number(0)), Version(number(2)));
        let body = match key {
            ApiKey::ApiVersions => versions().encode_to_vec(version),
            ApiKey::Metadata => MetadataResponse::default().encode_to_vec(version),
            _ => HeartbeatResponse::default().encode_to_vec(version),
        };
        let tags: &[u8] = if key == ApiKey::ApiVersions {
            &[]
        } else {
            &[0]
        };
        Self {
            id: i32::from_be_bytes(request[4..8].try_into().unwrap()),
            rest: [tags, &body.unwrap()].concat(),
        }
    }

    fn frame(&self) -> Vec<u8> {
        frame(&[&self.id.to_be_bytes()[..], &self.rest].concat())
    }
}

fn versions() -> ApiVersionsResponse<'static> {
    let served = [
        ApiKey::ApiVersions,
        ApiKey::Heartbeat,
        ApiKey::Metadata,
        ApiKey::Produce,
    ];
    let served = served.map(|key| {
        let range = key.stable_versions().unwrap();
        ApiVersion {
            api_key: key.number(),
            min_version: range.min().0,
            max_version: range.max().0,
            ..Default::default()
        }
    });
    ApiVersionsResponse {
        api_keys: served.to_vec(),
        ..Default::default()
    }
}

/// Misbehaves towards one client. An error means that the client has gone.
fn misbehave(
    mut stream: TcpStream,
    misdeed: Misdeed,
    stage: Stage,
    numbers: &mut Numbers,
) -> Result<()> {
    stream.set_nodelay(true)?;
    if stage == Stage::Open && misdeed != Misdeed::ByteByByte {
        let request = read_frame(&mut stream)?;
        stream.write_all(&Answer::to(&request).frame())?;
    }
    match misdeed {
        Misdeed::Bytes(bytes) => return bytes.commit(&mut stream, numbers, HTTP),
        Misdeed::Early => {
            let id = numbers.between(0, 3);
            stream.write_all(
                &Answer {
                    id,
                    rest: vec![0; 8],
                }
                .frame(),
            )?;
        }
        Misdeed::HalfClose => {
            read_frame(&mut stream)?;
            stream.shutdown(Shutdown::Write)?;
            return wait_for_end(&mut stream);
        }
        Misdeed::StopsReading => {
            std::thread::sleep(LIMIT * 6);
            return Ok(());
        }
        _ => {}
    }
    let request = read_frame(&mut stream)?;
    let mut answer = Answer::to(&request);
    match misdeed {
        Misdeed::WrongId => answer.id = answer.id.wrapping_add(numbers.between(1, i32::MAX)),
        Misdeed::Unasked => {
            stream.write_all(&answer.frame())?;
            answer.id = answer.id.wrapping_add(numbers.between(100, i32::MAX));
        }
        Misdeed::Twice => stream.write_all(&answer.frame())?,
        Misdeed::Swapped if stage == Stage::Open => {
            let second = Answer::to(&read_frame(&mut stream)?);
            stream.write_all(&second.frame())?;
        }
        Misdeed::Swapped => answer.id += 1,
        Misdeed::OtherBody => {
            let length = numbers.between(0, 60);
            answer.rest = numbers.bytes(length);
            // An error that means nothing.
            answer.rest.splice(0..0, [0x7f, 0xff]);
        }
        Misdeed::ShortBody => answer.rest.truncate(answer.rest.len() / 2),
        Misdeed::HugeCount => answer.rest = vec![0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0],
        _ => {}
    }
    if misdeed != Misdeed::ByteByByte {
        stream.write_all(&answer.frame())?;
        // The rest is as it should be.
        while let Ok(request) = read_frame(&mut stream) {
            stream.write_all(&Answer::to(&request).frame())?;
        }
        return Ok(());
    }
    loop {
        for byte in answer.frame() {
            stream.write_all(&[byte])?;
        }
        answer = Answer::to(&read_frame(&mut stream)?);
    }
}

/// Connects, sends, and returns how the connection and each request ended, with the errors.
async fn use_connection(
    address: &str,
    is_large: bool,
    limit: Duration,
) -> Vec<(&'static str, String)> {
    let connection = ConnectionOptions::new("")
        .with_max_frame_bytes(MAX_FRAME)
        .with_request_timeout(limit, TimeoutFrom::Submitted)
        .with_initialization_timeout(limit)
        .with_stall_timeout(limit);
    let options = Options::default()
        .with_connection(connection)
        .with_connect_timeout(NO_LIMIT);
    let connection = match Connection::connect_as(BROKER, address, &options).await {
        Ok(connection) => connection,
        Err(error) => {
            let label = match &error {
                ConnectError::Closed(report) => report.reason.name(),
                _ => "connect",
            };
            return vec![(label, error.to_string())];
        }
    };
    if is_large {
        let request = large_produce();
        let sent = connection.send(&request).await;
        let sent = sent
            .map(drop)
            .map_err(|error| (error.name(), error.to_string()));
        return vec![sent.err().unwrap_or(("done", String::new()))];
    }
    let heartbeats = (0..4).map(|_| {
        let connection = connection.clone();
        tokio::spawn(async move {
            let frame = connection.send(&HeartbeatRequest::default()).await;
            let frame = frame.map_err(|error| (error.name(), error.to_string()))?;
            let decoded = frame.decode().map(drop);
            decoded.map_err(|error| ("decode", format!("{BROKER}: {error}")))
        })
    });
    let mut ends = Vec::new();
    for sent in heartbeats.collect::<Vec<_>>() {
        ends.extend(sent.await.unwrap().err());
    }
    let last = connection.send(&MetadataRequest::default()).await;
    ends.extend(last.err().map(|error| (error.name(), error.to_string())));
    if let Some(report) = connection.close_report() {
        ends.push((report.reason.name(), report.to_string()));
    }
    connection.close().await;
    if ends.is_empty() {
        ends.push(("done", String::new()));
    }
    ends
}

fn large_produce() -> ProduceRequest<'static> {
    ProduceRequest {
        acks: (-1_i16).into(),
        topic_data: vec![TopicProduceData {
            partition_data: vec![PartitionProduceData {
                records: Some(Blob::Shared(vec![0; 16 << 20].into())),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[test]
fn a_client_ends_with_the_label_of_what_its_broker_did() {
    let mut outcomes = Outcomes::default();
    for misdeed in Misdeed::all() {
        for stage in [Stage::Opening, Stage::Open] {
            for seed in 0..4 {
                let is_large = misdeed == Misdeed::StopsReading && stage == Stage::Open;
                // Only time tells.
                if seed > 0 && expected(misdeed, stage) == ["timeout"] {
                    continue;
                }
                let scenario = format!("{misdeed:?} while {stage:?}, seed {seed}");
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let address = listener.local_addr().unwrap().to_string();
                let peer = std::thread::spawn(move || {
                    let (stream, _) = listener.accept()?;
                    misbehave(stream, misdeed, stage, &mut Numbers(seed))
                });
                let limit = match expected(misdeed, stage) {
                    ["timeout"] => LIMIT,
                    labels if labels.contains(&"timed_out") => LIMIT * 4,
                    _ => NO_LIMIT,
                };
                let memory = if is_large { 64 << 20 } else { MAX_MEMORY };
                let ends = bounded(&scenario, memory, use_connection(&address, is_large, limit));
                // It may have been cut off.
                let _ = peer.join().expect("the peer does not panic");
                for (label, line) in ends {
                    assert!(
                        expected(misdeed, stage).contains(&label),
                        "{scenario}: {label}: {line}"
                    );
                    if label != "done" {
                        check_sentence(&scenario, BROKER, &line);
                    }
                    outcomes.add(format!("{misdeed:?} {stage:?}"), label, &line);
                }
            }
        }
    }
    outcomes.print();
}
