//! What a parser made of a case, and what this crate makes of it.

use kafka_codec::wire::{Limits, Writer};
use kafka_codec::{AnyRequest, AnyResponse};
use serde::{Deserialize, Serialize};

use super::case::{Case, hex};
use crate::Direction;

/// What a parser made of a case. Written as JSON it is a line of a file of verdicts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The number of the case.
    pub id: u64,
    /// Whether the parser read the message, all of it.
    #[serde(default)]
    pub accepted: bool,
    /// What the parser writes of what it read, in hexadecimal digits; left out if it cannot write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// What the parser said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The parser does not have the message or the version.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsupported: bool,
    /// The parser panicked, or threw what it does not document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub panicked: bool,
    /// The process of the parser ended, or was ended as no verdict came in time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub died: bool,
    /// The memory that it took in bytes; 0 if it is not known.
    #[serde(default)]
    pub memory: u64,
}

impl Verdict {
    /// Returns `true` if both parsers wrote the same bytes, in digits of either case.
    #[must_use]
    pub fn writes_as(&self, other: &Self) -> bool {
        match (&self.hex, &other.hex) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => false,
        }
    }

    /// The verdict of kafka-codec, within default limits.
    #[must_use]
    pub fn of_this_crate(case: &Case) -> Self {
        let refused = |error: String| Self {
            id: case.id,
            error: Some(error),
            ..Self::default()
        };
        let (Some(target), Some(body)) = (case.target(), case.body()) else {
            return Self {
                unsupported: true,
                ..refused("unknown message, or no hexadecimal digits".to_owned())
            };
        };
        let (key, version, limits) = (target.api_key(), target.version(), Limits::default());
        let mut writer = Writer::new();
        let written = match target.direction() {
            Direction::Request => AnyRequest::decode_with(key, version, &body, limits)
                .map(|message| message.encode(&mut writer, version)),
            Direction::Response => AnyResponse::decode_with(key, version, &body, limits)
                .map(|message| message.encode(&mut writer, version)),
        };
        match written {
            Err(error) => refused(error.to_string()),
            Ok(Err(error)) => refused(error.to_string()),
            Ok(Ok(())) => Self {
                id: case.id,
                accepted: true,
                hex: Some(hex(&writer.into_vec())),
                ..Self::default()
            },
        }
    }
}
