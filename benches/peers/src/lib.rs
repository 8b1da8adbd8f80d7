//! What is compared: each case does the same work with kafka-codec and with kafka-protocol.
//! How it is measured is not decided here: see `src/bin`.

pub mod by_hand;
pub mod inputs;
pub mod measure;
pub mod ours;
pub mod owned;
pub mod program;
pub mod walk;

use std::hint::black_box;
use std::sync::mpsc::sync_channel;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_codec::frame::{encode_request, encode_response};
use kafka_codec::messages::{HeartbeatRequest, MetadataRequest};
use kafka_codec::wire::Writer;
use kafka_codec::{Decode, Message, ResponseFrame, Version};
use kafka_protocol::messages as peer;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

/// A piece of work done in two ways. What it computes is dropped inside, as programs do.
pub struct Case {
    /// What is done, and on how many bytes.
    pub name: String,
    /// With kafka-codec.
    pub ours: Work,
    /// With kafka-protocol.
    pub theirs: Work,
}

/// Does the work once.
pub type Work = Box<dyn FnMut()>;

/// Decodes a message; a macro, as our type differs with the lifetime of the bytes.
macro_rules! decode {
    ($message:ident, $ours:expr, $version:literal) => {{
        let (bytes, _) = agreed::<_, peer::$message>(&$ours, $version);
        let shared = bytes.clone();
        Case {
            name: format!(
                "decode {} v{}, {} bytes",
                stringify!($message),
                $version,
                bytes.len()
            ),
            ours: Box::new(move || {
                let bytes = black_box(&bytes[..]);
                let message = kafka_codec::messages::$message::decode(bytes, Version($version));
                black_box(&message.expect("our own bytes"));
            }),
            theirs: Box::new(move || {
                let mut bytes = black_box(&shared).clone();
                let message = peer::$message::decode(&mut bytes, $version);
                black_box(&message.expect("agreed bytes"));
            }),
        }
    }};
}

/// All cases.
///
/// # Panics
///
/// If the two crates do not write the same bytes for a message.
pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        decode!(MetadataResponse, inputs::metadata_response(), 12),
        decode!(FetchResponse, inputs::fetch_response(), 12),
        decode!(OffsetCommitRequest, inputs::offset_commit_request(), 8),
        decode!(ApiVersionsResponse, inputs::api_versions_response(), 3),
        hand_over(),
        encode::<_, peer::MetadataResponse>("MetadataResponse", inputs::metadata_response(), 12),
        encode::<_, peer::FetchResponse>("FetchResponse", inputs::fetch_response(), 12),
        small_request(),
    ];
    for kib in [1, 16, 256] {
        let request = inputs::produce_request(&Bytes::from(vec![b'r'; kib * 1024]));
        cases.push(encode::<_, peer::ProduceRequest>(
            "ProduceRequest",
            request,
            9,
        ));
    }
    cases
}

/// Sends the frame of a Metadata response from whoever reads the connection to whoever asked, who decodes it. Both
/// ends are in this thread, as only its time counts.
fn hand_over() -> Case {
    const VERSION: i16 = 12;
    let response = inputs::metadata_response();
    agreed::<_, peer::MetadataResponse>(&response, VERSION);
    let mut frame =
        encode_response(Vec::new(), &response, Version(VERSION), 7).expect("it was encoded before");
    frame.advance(4);
    let frame = frame.copy_to_bytes(frame.remaining());
    let (sender, receiver) = sync_channel::<ResponseFrame<MetadataRequest<'static>>>(1);
    let (their_sender, their_receiver) = sync_channel::<Bytes>(1);
    let their_frame = frame.clone();
    Case {
        name: format!("MetadataResponse v{VERSION} over a channel, decoded there"),
        ours: Box::new(move || {
            let frame = black_box(&frame).clone();
            let frame = ResponseFrame::new(frame, Version(VERSION)).expect("our own bytes");
            sender.send(frame).expect("it is received below");
            let frame = receiver.recv().expect("it was sent above");
            black_box(&frame.decode().expect("our own bytes"));
        }),
        theirs: Box::new(move || {
            let frame = black_box(&their_frame).clone();
            their_sender.send(frame).expect("it is received below");
            let mut frame = their_receiver.recv().expect("it was sent above");
            let version = peer::MetadataResponse::header_version(VERSION);
            let header = peer::ResponseHeader::decode(&mut frame, version);
            black_box(&header.expect("agreed bytes"));
            let message = peer::MetadataResponse::decode(&mut frame, VERSION);
            black_box(&message.expect("agreed bytes"));
        }),
    }
}

/// Encodes the frame of a small request, header included, into a fresh buffer.
fn small_request() -> Case {
    const VERSION: i16 = 4;
    let ours = HeartbeatRequest {
        group_id: "billing".into(),
        generation_id: 12,
        member_id: "consumer-billing-1-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9".into(),
        ..Default::default()
    };
    let (bytes, theirs) = agreed::<_, peer::HeartbeatRequest>(&ours, VERSION);
    let name = format!("encode frame of HeartbeatRequest v{VERSION}, fresh buffer");
    let client_id = "billing-service";
    let header = peer::RequestHeader::default()
        .with_request_api_key(12)
        .with_request_api_version(VERSION)
        .with_correlation_id(7)
        .with_client_id(Some(StrBytes::from_static_str(client_id)));
    let make_ours = move || {
        let frame = encode_request(
            Vec::new(),
            black_box(&ours),
            Version(VERSION),
            7,
            Some(client_id),
        );
        frame.expect("it was encoded before")
    };
    let make_theirs = move || {
        let mut buffer = BytesMut::new();
        buffer.put_i32(0);
        let version = peer::HeartbeatRequest::header_version(VERSION);
        let header = header.encode(&mut buffer, version);
        header.expect("a valid header");
        let body = black_box(&theirs).encode(&mut buffer, VERSION);
        body.expect("it was encoded before");
        let size = i32::try_from(buffer.len() - 4).expect("a small frame");
        buffer[..4].copy_from_slice(&size.to_be_bytes());
        buffer
    };
    assert_eq!(make_ours().to_vec(), make_theirs());
    assert!(make_theirs().ends_with(&bytes));
    Case {
        name,
        ours: Box::new(move || {
            black_box(&make_ours());
        }),
        theirs: Box::new(move || {
            black_box(&make_theirs());
        }),
    }
}

/// Encodes a message into a buffer that is used again each time.
fn encode<O, T>(name: &str, ours: O, version: i16) -> Case
where
    O: Message + 'static,
    T: Decodable + Encodable + 'static,
{
    let (bytes, theirs) = agreed::<O, T>(&ours, version);
    let mut writer = Writer::new();
    let mut buffer = BytesMut::new();
    Case {
        name: format!("encode {name} v{version}, {} bytes", bytes.len()),
        ours: Box::new(move || {
            writer.clear();
            black_box(&ours)
                .encode(&mut writer, Version(version))
                .expect("it was encoded before");
            black_box(&writer);
        }),
        theirs: Box::new(move || {
            buffer.clear();
            black_box(&theirs)
                .encode(&mut buffer, version)
                .expect("it was encoded before");
            black_box(&buffer);
        }),
    }
}

/// The bytes that both crates write for the same message, and the message as theirs.
fn agreed<O: Message, T: Decodable + Encodable>(ours: &O, version: i16) -> (Bytes, T) {
    let bytes = Bytes::from(
        ours.encode_to_vec(Version(version))
            .expect("inputs are valid"),
    );
    let theirs = T::decode(&mut bytes.clone(), version).expect("they read what we wrote");
    let mut again = BytesMut::new();
    theirs
        .encode(&mut again, version)
        .expect("they write what they read");
    assert_eq!(bytes, again, "{} v{version}", O::NAME);
    (bytes, theirs)
}
