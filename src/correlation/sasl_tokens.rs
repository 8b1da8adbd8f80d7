//! Frames without a header: after SaslHandshake v0 each frame is a token of the mechanism, and
//! nothing marks where they end.

use crate::messages::{RequestHeader, SaslHandshakeResponse};
use crate::{Decode, ErrorCode, Version};

/// Whether the frames of a connection are bare SASL tokens, told by what both sides send.
///
/// Tokens begin when a SaslHandshake v0 is answered without an error, and end with the first frame
/// of the client that begins like a request.
///
/// # Examples
///
/// ```
/// use kafka_codec::Version;
/// use kafka_codec::correlation::SaslTokens;
///
/// let mut tokens = SaslTokens::default();
/// tokens.handshake_answered(Version(0), b"\0\0\0\0\0\x01\0\x05PLAIN");
/// assert!(tokens.is_client_token(b"\0alice\0secret"));
/// assert!(tokens.is_broker_token(b"", |_| true));
///
/// let metadata = b"\0\x03\0\x01\0\0\0\x07\0\x02me\0\0\0\0";
/// assert!(!tokens.is_client_token(metadata));
/// assert!(!tokens.is_broker_token(b"\0\0\0\x07", |id| id == 7));
/// ```
///
/// See <https://kafka.apache.org/protocol#sasl_handshake>.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct SaslTokens {
    from_client: bool,
    from_broker: bool,
}

impl SaslTokens {
    /// Takes the response to a SaslHandshake in `version` into account, by its body.
    ///
    /// A body that was not captured whole may be empty: then the tokens are assumed to begin.
    pub fn handshake_answered(&mut self, version: Version, body: &[u8]) {
        let refused = SaslHandshakeResponse::decode_prefix(body, version)
            .is_ok_and(|(response, _)| response.error_code != ErrorCode::NONE);
        if version == Version(0) && !refused {
            self.from_client = true;
            self.from_broker = true;
        }
    }

    /// Whether tokens may still come.
    #[must_use]
    pub const fn are_expected(&self) -> bool {
        self.from_client || self.from_broker
    }

    /// Whether this frame of the client, without its size, is a token.
    pub fn is_client_token(&mut self, frame: &[u8]) -> bool {
        self.from_client = self.from_client && !begins_like_a_request(frame);
        self.from_client
    }

    /// Whether this frame of the broker, without its size, is a token. `awaited` says whether a
    /// request waits for a response with a correlation id.
    pub fn is_broker_token(&mut self, frame: &[u8], awaited: impl FnOnce(i32) -> bool) -> bool {
        // A last token may come after the client's first request was seen, but never look like its answer.
        let is_response = !self.from_client
            && frame
                .first_chunk()
                .is_some_and(|id| awaited(i32::from_be_bytes(*id)));
        self.from_broker = self.from_broker && !is_response;
        self.from_broker
    }
}

/// Whether the header is that of a known API in a known version.
fn begins_like_a_request(frame: &[u8]) -> bool {
    RequestHeader::split(frame).is_ok_and(|(header, _)| {
        let versions = header.api_key().versions();
        versions.is_some_and(|versions| versions.contains(header.version()))
    })
}
