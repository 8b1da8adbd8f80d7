//! In which version a request is encoded: the one that is named, or the highest that holds all of it.

use crate::wire::{Fidelity, Writer};
use crate::{EncodeError, EncodeErrorKind, Request, Version, VersionRange, frame};

use super::error::SubmitError;

/// The versions in which a request may be encoded.
#[derive(Copy, Clone)]
pub(super) enum Choice {
    /// This one; what its fields identify must not be lost.
    Exactly(Version),
    /// The highest of these that [fits](Request::fits) the request.
    HighestOf(VersionRange),
}

/// Appends the frame of a request to `writer`, and returns its version.
pub(super) fn write<R: Request>(
    writer: &mut Writer,
    request: &R,
    choice: Choice,
    correlation_id: i32,
    client_id: Option<&str>,
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
        let written = frame::write_request(writer, request, version, correlation_id, client_id);
        let Err(error) = written else {
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
