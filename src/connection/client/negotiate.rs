//! What a response to ApiVersions means: the broker's versions, or which version to ask in next.

use crate::messages::ApiVersionsResponse;
use crate::{ApiKey, Decode, DecodeErrorKind, ErrorCode, Version};

use crate::connection::report::NegotiationFault;
use crate::connection::versions::VersionTable;

/// What to do after a response to ApiVersions.
#[derive(Debug, PartialEq)]
pub(in crate::connection) enum Answer {
    /// These are the versions.
    Versions(VersionTable),
    /// Ask again in this version.
    AskIn(Version),
}

/// Reads the body of a response to ApiVersions in version `sent`.
///
/// A version to ask in is always lower than `sent`, so asking ends.
pub(in crate::connection) fn read_answer(
    sent: Version,
    body: &[u8],
) -> Result<Answer, NegotiationFault> {
    // The error stands first in every version, so it can be read before the version is known.
    let error = body
        .first_chunk()
        .map(|code| ErrorCode(i16::from_be_bytes(*code)));
    match error {
        None => Err(NegotiationFault::Undecodable(short(body))),
        Some(ErrorCode::UNSUPPORTED_VERSION) => lower(sent, body),
        // From version 3 on a broker looks at the name of the software, and may not like it.
        Some(ErrorCode::INVALID_REQUEST) if sent >= Version(3) => Ok(Answer::AskIn(Version(0))),
        Some(error) if !error.is_none() => Err(NegotiationFault::Refused(error)),
        Some(_) => {
            let response =
                ApiVersionsResponse::decode(body, sent).map_err(NegotiationFault::Undecodable)?;
            served(VersionTable::from_response(&response))
        }
    }
}

/// The broker does not know the version. It answers in version 0, since KIP-511 with the versions it knows.
fn lower(sent: Version, body: &[u8]) -> Result<Answer, NegotiationFault> {
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
    match first_two {
        (None, _) => Ok(Answer::AskIn(Version(0))),
        (Some((ApiKey::ApiVersions, theirs)), None) => {
            let asked = theirs.max();
            match asked >= Version(0) && asked < sent {
                true => Ok(Answer::AskIn(asked)),
                false => Err(NegotiationFault::NoProgress { sent, asked }),
            }
        }
        _ => served(table),
    }
}

fn served(table: VersionTable) -> Result<Answer, NegotiationFault> {
    match table.is_empty() {
        true => Err(NegotiationFault::NothingServed),
        false => Ok(Answer::Versions(table)),
    }
}

fn short(body: &[u8]) -> crate::DecodeError {
    let kind = DecodeErrorKind::UnexpectedEnd {
        needed: 2,
        remaining: body.len(),
    };
    crate::DecodeError::new(kind, 0).in_message("ApiVersionsResponse", Version(0))
}
