//! Version negotiation: what a response to ApiVersions means, and why it may mean nothing.

use std::{error, fmt};

use crate::messages::ApiVersionsResponse;
use crate::{
    ApiKey, Decode, DecodeError, DecodeErrorKind, EncodeError, ErrorCode, InvalidSoftware, Version,
    VersionTable,
};

/// The meaning of a response to ApiVersions: the broker's versions, or the version in which to ask again.
///
/// A client asks in the highest version that it has. A broker that does not have it answers in version 0, with error 35 and
/// since KIP-511 with the versions of ApiVersions that it has.
/// [`Connection`](https://docs.rs/kafka-codec/latest/kafka_codec/connection/struct.Connection.html) does all of this;
/// the type is for programs that use the codec alone.
///
/// # Examples
///
/// ```
/// use kafka_codec::messages::{ApiVersionsRequest, ApiVersionsResponse};
/// use kafka_codec::{ApiKey, ApiVersionsAnswer, Message, Version, VersionRange, VersionTable};
///
/// // An old broker, which has versions 0 to 2.
/// let served = VersionTable::new([(ApiKey::ApiVersions, VersionRange::new(0, 2).unwrap())]);
/// let answer = |version| {
///     let mut response = ApiVersionsResponse::for_apis(served.iter());
///     let supported = Version(2) >= version;
///     response.error_code.0 = if supported { 0 } else { 35 };
///     response.encode_to_vec(if supported { version } else { Version(0) })
/// };
///
/// let mut version = ApiVersionsRequest::VERSIONS.max();
/// let table = loop {
///     let body = answer(version)?; // Sends the request and takes the body of the response.
///     match ApiVersionsAnswer::decode(&body, version)? {
///         ApiVersionsAnswer::Known(table) => break table,
///         ApiVersionsAnswer::AskIn { version: lower, .. } => version = lower,
///     }
/// };
/// assert_eq!((version, table), (Version(2), served));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiVersionsAnswer {
    /// The versions that the broker serves.
    Known(VersionTable),
    /// The broker wants to be asked again.
    AskIn {
        /// The version to ask in, always lower than the one that was sent.
        version: Version,
        /// The error that the broker answered with.
        error: ErrorCode,
    },
}

impl ApiVersionsAnswer {
    /// Reads the body of a response to an ApiVersions request in version `sent`.
    ///
    /// # Errors
    ///
    /// [`NegotiationFault`] if the versions cannot be learned from this broker.
    pub fn decode(body: &[u8], sent: Version) -> Result<Self, NegotiationFault> {
        read_versions(sent, body)
    }
}

fn read_versions(sent: Version, body: &[u8]) -> Result<ApiVersionsAnswer, NegotiationFault> {
    // The error stands first in every version, so it can be read before the version is known.
    let error = body
        .first_chunk()
        .map(|code| ErrorCode(i16::from_be_bytes(*code)));
    match error {
        None => Err(NegotiationFault::Undecodable(short(body))),
        Some(ErrorCode::UNSUPPORTED_VERSION) => lower(sent, body),
        // From version 3 on a broker looks at the name of the software, and may not like it.
        Some(error @ ErrorCode::INVALID_REQUEST) if sent >= Version(3) => {
            let version = Version(0);
            Ok(ApiVersionsAnswer::AskIn { version, error })
        }
        Some(error) if !error.is_none() => Err(NegotiationFault::Refused(error)),
        Some(_) => {
            // As Kafka's own client: bytes after the message are ignored, and what is not the version that was asked
            // for is read as version 0, in which some services and proxies answer without an error.
            let read = |version| ApiVersionsResponse::decode_prefix(body, version);
            let (response, _) = read(sent)
                .or_else(|error| read(Version(0)).map_err(|_| error))
                .map_err(NegotiationFault::Undecodable)?;
            served(VersionTable::from_response(&response))
        }
    }
}

/// The broker does not know the version. It answers in version 0, since KIP-511 with the versions it knows.
fn lower(sent: Version, body: &[u8]) -> Result<ApiVersionsAnswer, NegotiationFault> {
    if sent <= Version(0) {
        return Err(NegotiationFault::Refused(ErrorCode::UNSUPPORTED_VERSION));
    }
    let table = match ApiVersionsResponse::decode_prefix(body, Version(0)) {
        Ok((response, _)) => VersionTable::from_response(&response),
        // Whatever follows the error, version 0 is understood by all.
        Err(_) => VersionTable::default(),
    };
    let first_two = {
        let mut apis = table.iter();
        (apis.next(), apis.next())
    };
    let error = ErrorCode::UNSUPPORTED_VERSION;
    let ask_in = |version| Ok(ApiVersionsAnswer::AskIn { version, error });
    match first_two {
        (None, _) => ask_in(Version(0)),
        (Some((ApiKey::ApiVersions, theirs)), None) => {
            let asked = theirs.max();
            match asked >= Version(0) && asked < sent {
                true => ask_in(asked),
                false => Err(NegotiationFault::NoProgress { sent, asked }),
            }
        }
        _ => served(table),
    }
}

fn served(table: VersionTable) -> Result<ApiVersionsAnswer, NegotiationFault> {
    match table.is_empty() {
        true => Err(NegotiationFault::NothingServed),
        false => Ok(ApiVersionsAnswer::Known(table)),
    }
}

fn short(body: &[u8]) -> DecodeError {
    let kind = DecodeErrorKind::UnexpectedEnd {
        needed: 2,
        remaining: body.len(),
    };
    DecodeError::new(kind, 0).in_message("ApiVersionsResponse", Version(0))
}

/// Why the versions of a broker could not be learned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NegotiationFault {
    /// The broker answered with an error.
    Refused(ErrorCode),
    /// The response cannot be read.
    Undecodable(DecodeError),
    /// The broker lists no APIs.
    NothingServed,
    /// The broker refuses a version and asks for another that is not lower.
    NoProgress {
        /// What it refused.
        sent: Version,
        /// What it asked for.
        asked: Version,
    },
    /// The request cannot be encoded.
    Encode(EncodeError),
    /// Brokers refuse the name or version of the client's software.
    Software(InvalidSoftware),
}

impl error::Error for NegotiationFault {}

impl fmt::Display for NegotiationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "broker refused to say its versions: {code}"),
            Self::Undecodable(error) => error.fmt(f),
            Self::NothingServed => f.write_str("broker lists no APIs"),
            Self::NoProgress { sent, asked } => write!(
                f,
                "broker refused ApiVersions v{sent} and asked for v{asked}, which is not lower"
            ),
            Self::Encode(error) => error.fmt(f),
            Self::Software(error) => error.fmt(f),
        }
    }
}
