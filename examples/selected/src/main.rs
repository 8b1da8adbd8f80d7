//! Asks a broker for its topics and greets it, with no message built that it does not use.
//! The broker is in the same program: what is sent is bytes all the same.

use bytes::{Buf, Bytes};
use kafka_codec::frame::{self, FrameReader};
use kafka_codec::messages::RequestHeader;
use kafka_codec::wire::Segments;
use kafka_codec::{Decode, EncodeError, ErrorCode, Request, ResponseFrame, Version};
use selected::fork::greet_response::Greeting;
use selected::fork::{GreetRequest, GreetResponse};
use selected::kafka::metadata_response::MetadataResponseTopic;
use selected::kafka::{MetadataRequest, MetadataResponse};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let response = ask(&MetadataRequest::default(), Version(12))?;
    for topic in response.decode()?.topics {
        println!("topic {}", topic.name.unwrap_or_default());
    }
    let request = GreetRequest {
        name: "world".into(),
        ..Default::default()
    };
    for greeting in ask(&request, Version(1))?.decode()?.greetings {
        println!("{}", greeting.text);
    }
    Ok(())
}

/// What a client does.
fn ask<R: Request>(request: &R, version: Version) -> Result<ResponseFrame<R>, Error> {
    let bytes = frame::encode_request(Vec::new(), request, version, 1, Some("selected"))?;
    let response = broker(&whole_frame(bytes)?)?;
    Ok(ResponseFrame::new(whole_frame(response)?, version)?)
}

/// What a broker does.
fn broker(frame: &[u8]) -> Result<Segments, Error> {
    // All headers of flexible versions are alike, also those of APIs that Kafka does not know.
    let (header, body) = RequestHeader::decode_prefix(frame, Version(2))?;
    let (version, id) = (header.version(), header.correlation_id);
    let response = match header.api_key() {
        MetadataRequest::KEY => metadata(&MetadataRequest::decode(body, version)?, version, id),
        GreetRequest::KEY => greet(&GreetRequest::decode(body, version)?, version, id),
        key => return Err(format!("{key} is not served").into()),
    };
    Ok(response?)
}

fn metadata(_: &MetadataRequest<'_>, version: Version, id: i32) -> Result<Segments, EncodeError> {
    let topic = |name| MetadataResponseTopic {
        name: Some(name),
        ..Default::default()
    };
    let response = MetadataResponse {
        topics: vec![topic("orders".into()), topic("payments".into())],
        ..Default::default()
    };
    frame::encode_response(Vec::new(), &response, version, id)
}

fn greet(request: &GreetRequest<'_>, version: Version, id: i32) -> Result<Segments, EncodeError> {
    let response = GreetResponse {
        error_code: ErrorCode::NONE,
        greetings: vec![Greeting {
            text: format!("hello, {}", request.name).into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    frame::encode_response(Vec::new(), &response, version, id)
}

/// The frame that `bytes` are, without its size.
fn whole_frame(mut bytes: Segments) -> Result<Bytes, Error> {
    let bytes = bytes.copy_to_bytes(bytes.remaining());
    let frame = FrameReader::default().next_frame(&mut &bytes[..])?;
    frame.ok_or_else(|| "half a frame".into())
}
