//! The choice of versions: those of the broker, as a response to ApiVersions states them, those in which a request may be
//! sent, and the highest of these that holds all of it.

use crate::connection::{NegotiationFault, VersionError, VersionTable};
use crate::messages::ApiVersionsResponse;
use crate::wire::{Fidelity, Writer};
use crate::{
    ApiKey, Decode, DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, ErrorCode, Request,
    Version, VersionRange,
};

use super::error::SubmitError;

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

fn short(body: &[u8]) -> DecodeError {
    let kind = DecodeErrorKind::UnexpectedEnd {
        needed: 2,
        remaining: body.len(),
    };
    DecodeError::new(kind, 0).in_message("ApiVersionsResponse", Version(0))
}

/// The versions in which a request may be encoded.
#[derive(Copy, Clone)]
pub(in crate::connection) enum Choice {
    /// This one; what its fields identify must not be lost.
    Exactly(Version),
    /// The highest of these that [fits](Request::fits) the request.
    HighestOf(VersionRange),
}

/// Returns the versions that broker, type and caller have in common: `allowed` by the options of the connection, and
/// `within` those that the caller names for this request.
pub(super) fn common_versions<R: Request>(
    broker: &VersionTable,
    allowed: Option<VersionRange>,
    within: Option<VersionRange>,
) -> Result<VersionRange, VersionError> {
    let key = R::KEY;
    let caller = match (within, allowed) {
        (Some(one), Some(other)) => match one.intersect(other) {
            Some(both) => Some(both),
            None => {
                let broker = broker.get(key);
                return Err(VersionError::NoCommonVersion {
                    key,
                    ours: other,
                    broker: broker.ok_or(VersionError::ApiUnknownToBroker { key })?,
                    caller: Some(one),
                });
            }
        },
        (one, other) => one.or(other),
    };
    broker.versions_of::<R>(caller)
}

/// Calls `write` with the versions of the choice, the highest first, until one holds all of the request. Returns that
/// version.
pub(in crate::connection) fn write_highest(
    writer: &mut Writer,
    choice: Choice,
    write: impl Fn(&mut Writer, Version) -> Result<(), EncodeError>,
) -> Result<Version, SubmitError> {
    let versions = match choice {
        Choice::Exactly(Version(version)) => VersionRange::only(version),
        Choice::HighestOf(versions) => {
            writer.keep(Fidelity::All);
            versions
        }
    };
    let mut version = versions.max();
    let mut first = None;
    loop {
        let Err(error) = write(writer, version) else {
            return Ok(version);
        };
        // A field that ended is in earlier versions: next is the last of them.
        let last = match error.kind() {
            EncodeErrorKind::NotInVersion { versions: has } => Some(has.max()),
            _ => None,
        };
        let error = first.take().unwrap_or(error);
        match last.filter(|last| *last < version && versions.contains(*last)) {
            Some(last) => version = last,
            None => return Err(refused(error, choice)),
        }
        first = Some(error);
    }
}

/// What is told of the highest version, which does not hold the request either.
#[cold]
fn refused(error: EncodeError, choice: Choice) -> SubmitError {
    match (error.kind(), choice) {
        (EncodeErrorKind::NotInVersion { .. }, Choice::HighestOf(versions)) => {
            SubmitError::DoesNotFit { versions, error }
        }
        _ => SubmitError::Encode(error),
    }
}
