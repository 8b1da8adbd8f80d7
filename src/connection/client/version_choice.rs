//! The choice of a version for a request: those in which it may be sent, and the highest of these that holds all of it.

use crate::wire::{Fidelity, Writer};
use crate::{
    ApiKey, EncodeError, EncodeErrorKind, Version, VersionError, VersionRange, VersionTable,
};

use super::error::SubmitError;

/// The versions in which a request may be encoded.
#[derive(Copy, Clone)]
pub(in crate::connection) enum Choice {
    /// This one; what its fields identify must not be lost.
    Exactly(Version),
    /// The highest of these that [fits](Request::fits) the request.
    HighestOf(VersionRange),
}

/// Returns the versions that the broker, this side (`ours`) and the caller have in common: `allowed` by the options of the
/// connection, and `within` those that the caller names for this request.
pub(in crate::connection) fn common_versions(
    broker: &VersionTable,
    key: ApiKey,
    ours: Option<VersionRange>,
    allowed: Option<VersionRange>,
    within: Option<VersionRange>,
) -> Result<VersionRange, VersionError> {
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
    broker.common(key, ours, caller)
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
