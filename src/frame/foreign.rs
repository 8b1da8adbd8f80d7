//! Protocols that are not Kafka's, recognized by the first bytes of a stream.

use std::fmt;

/// A protocol that is not Kafka's, recognized by the first bytes of a stream.
///
/// Its `Display` follows *its first bytes are*: `a TLS alert (handshake_failure, number 40)`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForeignProtocol {
    /// A TLS alert: the peer expects TLS and received Kafka frames.
    TlsAlert {
        /// The alert level: 1 is a warning, 2 is fatal. `None` if the byte did not arrive.
        level: Option<u8>,
        /// The alert number. `None` if the byte did not arrive.
        description: Option<u8>,
    },
    /// A TLS record other than an alert.
    Tls,
    /// HTTP/1: a status line or a request line.
    Http1,
    /// HTTP/2: the SETTINGS frame of a server, or the preface of a client.
    Http2,
    /// The banner of an SSH server.
    Ssh,
    /// Printable text.
    Text,
}

impl ForeignProtocol {
    /// Returns the protocol that these first bytes of a stream belong to, if it is recognized. 16 bytes suffice; with
    /// fewer, nothing may be recognized yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::frame::ForeignProtocol;
    ///
    /// let tls = ForeignProtocol::of_first_bytes(b"\x16\x03\x01\x02\0\x01\0\x01\xfc");
    /// assert_eq!(tls, Some(ForeignProtocol::Tls));
    /// let kafka = b"\0\0\0\x13\0\x12\0\x04\0\0\0\0";
    /// assert_eq!(ForeignProtocol::of_first_bytes(kafka), None);
    /// ```
    #[must_use]
    pub fn of_first_bytes(first: &[u8]) -> Option<Self> {
        match Self::sniff(first, true) {
            Sniffed::Foreign(protocol) => Some(protocol),
            Sniffed::NotYet | Sniffed::NotForeign => None,
        }
    }

    /// How many of the first bytes are examined.
    pub(crate) const LOOKED_AT: usize = 16;

    /// Returns the bytes that errors show of a frame: the first 16.
    pub(crate) fn first_bytes(bytes: &[u8]) -> &[u8] {
        bytes.get(..Self::LOOKED_AT).unwrap_or(bytes)
    }

    /// Examines the first bytes of a stream. `is_all` means that no more bytes follow.
    ///
    /// Called with 1, 2, 3, .. bytes, the first answer other than [`Sniffed::NotYet`] depends on the stream alone,
    /// not on the pieces in which it arrives.
    pub(crate) fn sniff(first: &[u8], is_all: bool) -> Sniffed {
        let found = match first {
            [0x15, 0x03, ..] => Self::TlsAlert {
                level: first.get(5).copied(),
                description: first.get(6).copied(),
            },
            [0x14..=0x17, 0x03, 0..=4, ..] => Self::Tls,
            [b'H', b'T', b'T', b'P', ..] | [b'G', b'E', b'T', b' ', ..] => Self::Http1,
            [b'P', b'O', b'S', b'T', ..] | [b'H', b'E', b'A', b'D', ..] => Self::Http1,
            [b'P', b'R', b'I', b' ', ..] => Self::Http2,
            [b'S', b'S', b'H', b'-', ..] => Self::Ssh,
            // As a Kafka size this is a short frame. The zeros are the flags and the stream of a SETTINGS frame, which the
            // number of its first setting follows.
            [0, 0, length, 4, 0, 0, 0, 0, 0, rest @ ..]
                if length % 6 == 0 && is_setting(*length, rest) =>
            {
                Self::Http2
            }
            [one, two, three, four, ..] if [one, two, three, four].into_iter().all(is_text) => {
                Self::Text
            }
            _ if first.len() < 4 && !is_all => return Sniffed::NotYet,
            _ => return Sniffed::NotForeign,
        };
        let needed = match found {
            Self::TlsAlert { .. } => 7,
            Self::Tls => 3,
            _ => Self::LOOKED_AT,
        };
        match is_all || first.len() >= needed {
            true => Sniffed::Foreign(found),
            false => Sniffed::NotYet,
        }
    }
}

/// The result of [`ForeignProtocol::sniff`].
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// More bytes are needed.
    NotYet,
    /// The bytes may be a Kafka frame.
    NotForeign,
    /// The bytes are not a Kafka frame.
    Foreign(ForeignProtocol),
}

/// Returns `true` if the number of a setting may begin `rest`, or there is none.
fn is_setting(length: u8, rest: &[u8]) -> bool {
    let number = rest.first_chunk().map(|number| u16::from_be_bytes(*number));
    length == 0 || number.is_none_or(|number| (1..=16).contains(&number))
}

const fn is_text(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

impl fmt::Display for ForeignProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TlsAlert { description, .. } => {
                f.write_str("a TLS alert")?;
                match description.map(|number| (number, alert_name(number))) {
                    None => Ok(()),
                    Some((number, None)) => write!(f, " (number {number})"),
                    Some((number, Some(name))) => write!(f, " ({name}, number {number})"),
                }
            }
            Self::Tls => f.write_str("TLS"),
            Self::Http1 => f.write_str("HTTP/1"),
            Self::Http2 => f.write_str("HTTP/2"),
            Self::Ssh => f.write_str("SSH"),
            Self::Text => f.write_str("text"),
        }
    }
}

/// Returns the names of the alerts that answer a failed TLS handshake, or bytes that are not one.
const fn alert_name(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        50 => "decode_error",
        70 => "protocol_version",
        80 => "internal_error",
        109 => "missing_extension",
        112 => "unrecognized_name",
        116 => "certificate_required",
        _ => return None,
    })
}
