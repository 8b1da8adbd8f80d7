//! What a response to ApiVersions means: the broker's versions, or which version to ask in next.

use crate::connection::{NegotiationFault, VersionTable};
use crate::messages::ApiVersionsResponse;
use crate::{ApiKey, Decode, DecodeErrorKind, ErrorCode, Version};

/// What a response to ApiVersions says.
#[derive(Debug, PartialEq)]
pub(super) enum VersionsAnswer {
    /// These are the versions.
    Known(VersionTable),
    /// Ask again in this version, after this error.
    AskIn { version: Version, error: ErrorCode },
}

/// Reads the body of a response to ApiVersions in version `sent`.
///
/// A version to ask in is always lower than `sent`, so asking ends.
pub(super) fn read_versions(
    sent: Version,
    body: &[u8],
) -> Result<VersionsAnswer, NegotiationFault> {
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
            Ok(VersionsAnswer::AskIn { version, error })
        }
        Some(error) if !error.is_none() => Err(NegotiationFault::Refused(error)),
        Some(_) => {
            let response =
                ApiVersionsResponse::decode(body, sent).map_err(NegotiationFault::Undecodable)?;
            served(VersionTable::from_response(&response))
        }
    }
}

/// The broker does not know the version. It answers in version 0, since KIP-511 with the versions it knows.
fn lower(sent: Version, body: &[u8]) -> Result<VersionsAnswer, NegotiationFault> {
    if sent <= Version(0) {
        return Err(NegotiationFault::Refused(ErrorCode::UNSUPPORTED_VERSION));
    }
    let table = match ApiVersionsResponse::decode(body, Version(0)) {
        Ok(response) => VersionTable::from_response(&response),
        // Whatever follows the error, version 0 is understood by all.
        Err(_) => VersionTable::default(),
    };
    let first_two = {
        let mut apis = table.iter();
        (apis.next(), apis.next())
    };
    let error = ErrorCode::UNSUPPORTED_VERSION;
    let ask_in = |version| Ok(VersionsAnswer::AskIn { version, error });
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

fn served(table: VersionTable) -> Result<VersionsAnswer, NegotiationFault> {
    match table.is_empty() {
        true => Err(NegotiationFault::NothingServed),
        false => Ok(VersionsAnswer::Known(table)),
    }
}

fn short(body: &[u8]) -> crate::DecodeError {
    let kind = DecodeErrorKind::UnexpectedEnd {
        needed: 2,
        remaining: body.len(),
    };
    crate::DecodeError::new(kind, 0).in_message("ApiVersionsResponse", Version(0))
}
