//! The broker of a run: reads whole requests off the wire, and answers them in order, well or badly.

use kafka_codec::messages::{ApiVersionsResponse, SaslAuthenticateResponse, SaslHandshakeResponse};
use kafka_codec::{ApiKey, ErrorCode, Message, Version};

use super::super::peer::{Written, all_versions, range, response, sized};
use super::{Model, PASSWORD, TOKEN};

/// What the broker has to answer.
pub(super) enum Asked {
    Request(Written),
    /// A request without a response, which it gets by mistake.
    Silent(Written),
    /// A bare token.
    Token,
}

impl Model<'_> {
    pub(super) fn broker_reads(&mut self) {
        while self.wire.len() >= 4 {
            let size: Vec<u8> = self.wire.iter().take(4).copied().collect();
            let size = usize::try_from(i32::from_be_bytes(size.try_into().unwrap())).unwrap();
            if self.wire.len() < 4 + size {
                return;
            }
            let frame: Vec<u8> = self.wire.drain(..4 + size).skip(4).collect();
            let Ok(written) = Written::read(&frame) else {
                let plain = format!("\0alice\0{PASSWORD}");
                assert!(frame == TOKEN || frame == plain.as_bytes(), "{frame:x?}");
                self.unanswered.push_back(Asked::Token);
                continue;
            };
            if let Some(tag) = tag_of(&written) {
                assert!(self.seen.insert(tag), "a request is sent once");
            }
            // Acks 0 are not answered, or by mistake.
            let is_silent = written.key == ApiKey::Produce && written.body.get(2) == Some(&0);
            match is_silent {
                false => {
                    self.places += 1;
                    self.unanswered.push_back(Asked::Request(written));
                }
                true if self.choices.once_in(5) => {
                    self.unanswered.push_back(Asked::Silent(written));
                }
                true => {}
            }
        }
    }

    pub(super) fn broker_answers(&mut self) {
        let Some(asked) = self.unanswered.pop_front() else {
            return;
        };
        self.frees.push_back(matches!(asked, Asked::Request(_)));
        let frame = match asked {
            Asked::Request(asked) | Asked::Silent(asked) => {
                let body = self.body(&asked);
                response(&asked, &body)
            }
            Asked::Token => sized(self.choices.pick(&[&b""[..], b"challenge"])),
        };
        self.back.extend(frame);
    }

    fn body(&mut self, asked: &Written) -> Vec<u8> {
        if !self.is_calm && self.choices.once_in(16) {
            self.is_corrupt = true;
            return self.choices.bytes(40).to_vec();
        }
        let version = asked.version;
        match asked.key {
            ApiKey::ApiVersions => self.versions(version),
            ApiKey::SaslHandshake => self.handshake().encode_to_vec(version).unwrap(),
            ApiKey::SaslAuthenticate => SaslAuthenticateResponse {
                error_code: self.code(ErrorCode::SASL_AUTHENTICATION_FAILED),
                session_lifetime_ms: self.lifetime,
                ..Default::default()
            }
            .encode_to_vec(version)
            .unwrap(),
            _ => {
                let throttle = self.choices.pick(&[0, 0, 0, 50, 700_i32]);
                let mut body = throttle.to_be_bytes().to_vec();
                body.extend(tag_of(asked).unwrap().to_be_bytes());
                body
            }
        }
    }

    /// The versions, or that this one of ApiVersions is not known.
    fn versions(&mut self, version: Version) -> Vec<u8> {
        let refused = |code, only: Option<i16>| ApiVersionsResponse {
            error_code: code,
            ..ApiVersionsResponse::for_apis(only.map(|max| (ApiKey::ApiVersions, range(0, max))))
        };
        let zero = Version(0);
        match self.choices.below(12) {
            // What a broker refuses, it refuses in version 0.
            11 if version > zero => {
                let max = self.choices.below(usize::try_from(version.0).unwrap());
                refused(ErrorCode::UNSUPPORTED_VERSION, i16::try_from(max).ok())
                    .encode_to_vec(zero)
                    .unwrap()
            }
            10 if version > zero => refused(ErrorCode::UNSUPPORTED_VERSION, None)
                .encode_to_vec(zero)
                .unwrap(),
            9 if version >= Version(3) => refused(ErrorCode::INVALID_REQUEST, None)
                .encode_to_vec(version)
                .unwrap(),
            8 => {
                let few = [
                    (ApiKey::ApiVersions, range(0, 3)),
                    (ApiKey::Fetch, range(4, 16)),
                ];
                let few = ApiVersionsResponse::for_apis(few);
                few.encode_to_vec(version).unwrap()
            }
            _ => {
                let code = self.code(ErrorCode::UNKNOWN_SERVER_ERROR);
                let all = ApiVersionsResponse {
                    error_code: code,
                    ..all_versions()
                };
                all.encode_to_vec(version).unwrap()
            }
        }
    }

    fn handshake(&mut self) -> SaslHandshakeResponse<'static> {
        let error_code = match self.choices.once_in(6) {
            true => ErrorCode::UNSUPPORTED_SASL_MECHANISM,
            false => self.code(ErrorCode::ILLEGAL_SASL_STATE),
        };
        SaslHandshakeResponse {
            error_code,
            mechanisms: vec!["PLAIN".into()],
            ..Default::default()
        }
    }

    /// No error, mostly.
    fn code(&mut self, error: ErrorCode) -> ErrorCode {
        match !self.is_calm && self.choices.once_in(8) {
            true => error,
            false => ErrorCode::NONE,
        }
    }
}

/// The tag at the end of a request that has one.
fn tag_of(written: &Written) -> Option<u64> {
    if !matches!(written.key, ApiKey::Produce | ApiKey::Fetch) {
        return None;
    }
    let (_, tag) = written.body.split_last_chunk()?;
    Some(u64::from_be_bytes(*tag))
}
