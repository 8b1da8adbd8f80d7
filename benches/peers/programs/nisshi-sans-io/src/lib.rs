//! nisshi-sans-io, which reads and writes whole frames. Its writer takes header and body by value, so that a copy of both is
//! part of writing.

use std::env;
use std::path::Path;

use bytes::{BufMut, Bytes, BytesMut};
use nisshi_sans_io::Frame;
use peer_program::{Count, HOSTILE, Payload, Works};

/// A frame around a body: of a response if the message is one, else of a request.
struct Wrapped {
    key: i16,
    version: i16,
    is_response: bool,
    frame: Bytes,
    /// Size and header, in bytes.
    before: usize,
}

impl Wrapped {
    fn new(message: &str, version: i16, body: &[u8]) -> Option<Self> {
        // The first version with a flexible header; that of the response to ApiVersions never has one.
        let (key, flexible_from) = match message {
            "MetadataResponse" => (3, 9),
            "FetchResponse" => (1, 12),
            "OffsetCommitRequest" => (8, 8),
            "ApiVersionsResponse" => (18, i16::MAX),
            "ProduceRequest" => (0, 9),
            _ => return None,
        };
        let is_response = message.ends_with("Response");
        let mut frame = BytesMut::new();
        frame.put_i32(0);
        if !is_response {
            frame.put_i16(key);
            frame.put_i16(version);
        }
        frame.put_i32(1);
        if !is_response {
            frame.put_i16(-1);
        }
        if version >= flexible_from {
            frame.put_u8(0);
        }
        let before = frame.len();
        frame.put_slice(body);
        let size = i32::try_from(frame.len() - 4).expect("a small frame");
        frame[..4].copy_from_slice(&size.to_be_bytes());
        Some(Self {
            key,
            version,
            is_response,
            frame: frame.freeze(),
            before,
        })
    }

    fn read(&self) -> Option<Frame> {
        let frame = self.frame.clone();
        match self.is_response {
            true => Frame::response_from_bytes(frame, self.key, self.version).ok(),
            false => Frame::request_from_bytes(frame).ok(),
        }
    }

    /// Writes the body into `buffer`.
    fn write(&self, frame: &Frame, buffer: &mut BytesMut) -> bool {
        let (header, body) = (frame.header.clone(), frame.body.clone());
        let written = match self.is_response {
            true => Frame::response(header, body, self.key, self.version),
            false => Frame::request(header, body),
        };
        let Ok(written) = written else { return false };
        *buffer = written.slice(self.before..).into();
        true
    }
}

fn works(payload: &Payload) -> Option<Works> {
    let make = || Wrapped::new(&payload.message, payload.version, &payload.bytes);
    let (read, write) = (make()?, make()?);
    Works::new(
        &payload.bytes,
        move |_| read.read(),
        move |value, buffer| write.write(value, buffer),
    )
}

fn refuses() -> bool {
    let hostile = Wrapped::new("MetadataResponse", 12, HOSTILE).expect("it is known");
    hostile.read().is_none()
}

/// Does what standard input says, with the payloads that the command line names.
///
/// # Panics
///
/// If the command line or standard input is not as it should be.
pub fn serve(count: Count) {
    let folder = env::args().nth(1).expect("a folder of payloads");
    peer_program::serve(Path::new(&folder), works, refuses, count);
}
