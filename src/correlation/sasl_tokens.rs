//! Frames without a header: after SaslHandshake v0 each frame is a token of the mechanism, and
//! nothing marks where they end.

use crate::messages::{RequestHeader, SaslHandshakeResponse};
use crate::{ApiKey, Decode, ErrorCode, HeaderVersions, Version};

/// Whether the frames of a connection are bare SASL tokens, told by what both sides send.
///
/// Tokens begin when a SaslHandshake is answered without an error, and end with the first frame
/// of the client that begins like a request. After version 1 of the handshake that is SaslAuthenticate, but there
/// are services that take bare tokens then too. Before there was a handshake, tokens of Kerberos were the first
/// bytes of a connection, or followed ApiVersions: [`begin_with`](Self::begin_with).
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
    /// `true` if they do follow: after a handshake in version 1, the client's next frame shows that.
    is_certain: bool,
}

impl SaslTokens {
    /// Takes the response to a SaslHandshake in `version` into account, by its body.
    ///
    /// A body that was not captured whole may be empty: then the tokens are assumed to begin.
    pub fn handshake_answered(&mut self, version: Version, body: &[u8]) {
        let refused = SaslHandshakeResponse::decode_prefix(body, version)
            .is_ok_and(|(response, _)| response.error_code != ErrorCode::NONE);
        if version <= Version(1) && !refused {
            self.from_client = true;
            self.from_broker = true;
            self.is_certain = version == Version(0);
        }
    }

    /// Takes a frame of the client, without its size, with which tokens may begin that no handshake precedes: at the
    /// start of a connection or after ApiVersions. Returns `true` if they do.
    pub fn begin_with(&mut self, frame: &[u8]) -> bool {
        let begins = is_first_token(frame) && !begins_like_a_request(frame);
        if begins {
            *self = Self {
                from_client: true,
                from_broker: true,
                is_certain: true,
            };
        }
        begins
    }

    /// Returns `true` if tokens may still come.
    #[must_use]
    pub const fn are_expected(&self) -> bool {
        self.from_client || self.from_broker
    }

    /// Returns `true` if this frame of the client, without its size, is a token.
    pub fn is_client_token(&mut self, frame: &[u8]) -> bool {
        self.from_client = self.from_client && !begins_like_a_request(frame);
        if !self.from_client && !self.is_certain {
            self.from_broker = false;
        }
        self.is_certain |= self.from_client;
        self.from_client
    }

    /// Returns `true` if this frame of the broker, without its size, is a token. `awaited` says whether a
    /// request waits for a response with a correlation id.
    pub fn is_broker_token(&mut self, frame: &[u8], awaited: impl FnOnce(i32) -> bool) -> bool {
        // A last token may come after the client's first request was seen, but never look like its answer.
        let is_response = !self.from_client
            && frame
                .first_chunk()
                .is_some_and(|id| awaited(i32::from_be_bytes(*id)));
        self.from_broker = self.from_broker && !is_response;
        self.from_broker && self.is_certain
    }
}

/// Returns `true` if a frame is the first token of a mechanism that clients have used without a handshake: GSSAPI
/// with Kerberos or negotiation (RFC 2743, section 3.1), SCRAM (RFC 5802), OAUTHBEARER (RFC 7628), PLAIN (RFC 4616).
fn is_first_token(frame: &[u8]) -> bool {
    const KERBEROS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
    const NEGOTIATION: &[u8] = b"\x06\x06\x2b\x06\x01\x05\x05\x02";
    const MAX_BYTES: usize = 64 << 10;
    let is_text = |bytes: &[u8]| {
        std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control))
    };
    if frame.len() > MAX_BYTES {
        return false;
    }
    match frame {
        // A length in one byte, or in as many as its lower bits say.
        [0x60, length, rest @ ..] => {
            let more = if *length < 0x80 {
                0
            } else {
                usize::from(length & 0x7f)
            };
            let mechanism = rest.get(more..).unwrap_or_default();
            more <= 4 && (mechanism.starts_with(KERBEROS) || mechanism.starts_with(NEGOTIATION))
        }
        [b'n' | b'y' | b'p', b',' | b'=', rest @ ..] => {
            let is_scram = is_text(frame) && frame.windows(3).any(|bytes| bytes == b",n=");
            is_scram || rest.windows(6).any(|bytes| bytes == b"\x01auth=")
        }
        _ => {
            let mut parts = frame.split(|byte| *byte == 0);
            match (parts.next(), parts.next(), parts.next(), parts.next()) {
                (Some(authorization), Some(name), Some(password), None) => {
                    !name.is_empty()
                        && !password.is_empty()
                        && [authorization, name, password].into_iter().all(is_text)
                }
                _ => false,
            }
        }
    }
}

/// Returns `true` if the header is that of a known API in a known version.
fn begins_like_a_request(frame: &[u8]) -> bool {
    let Some((key, rest)) = frame.split_first_chunk() else {
        return false;
    };
    let Some(version) = rest.first_chunk() else {
        return false;
    };
    let key = ApiKey::from_number(i16::from_be_bytes(*key));
    let version = Version(i16::from_be_bytes(*version));
    let is_known = key
        .versions()
        .is_some_and(|versions| versions.contains(version));
    is_known && RequestHeader::split_any_client_id(frame, HeaderVersions::of(key, version)).is_ok()
}
