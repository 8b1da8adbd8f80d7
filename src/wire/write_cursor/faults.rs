//! Faults of writing: the first fault is kept until someone asks.

use super::{Fidelity, Position, WriteCursor};
use crate::{EncodeError, EncodeErrorKind, Version, VersionRange};

impl WriteCursor {
    /// Returns the first fault since the last call.
    #[inline]
    pub(in crate::wire) fn check(&mut self) -> Result<(), EncodeError> {
        match self.error.take() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Returns `true` if something has failed.
    #[inline]
    pub(in crate::wire) const fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// What failed did so inside of `field`, or of its element at `index`.
    #[cold]
    pub(in crate::wire) fn failed_in(&mut self, field: &'static str, index: Option<usize>) {
        self.error = self.error.take().map(|error| error.inside(field, index));
    }

    /// Refuses `field` if it is `set`: only the versions from `first` to `last` have it.
    #[doc(hidden)]
    #[inline]
    pub fn absent(&mut self, set: bool, field: &'static str, first: i16, last: i16) {
        if set {
            self.not_in_version(Fidelity::Lossy, field, first, last);
        }
    }

    /// Omits `field`, which ended or has not begun. If it is `set` and no `other` field identifies the same, that is lost.
    #[doc(hidden)]
    #[inline]
    pub fn omit_identity(
        &mut self,
        set: bool,
        other: bool,
        field: &'static str,
        first: i16,
        last: i16,
    ) {
        if set && !other {
            self.not_in_version(Fidelity::Identities, field, first, last);
        }
    }

    /// Omits `field`, which ended. If it is `set` and no `other` field says the same, the value is lost.
    #[doc(hidden)]
    #[inline]
    pub fn omit(&mut self, set: bool, other: bool, field: &'static str, first: i16, last: i16) {
        if set && !other {
            self.not_in_version(Fidelity::All, field, first, last);
        }
    }

    /// Fails if the writer keeps at least what is lost here.
    #[cold]
    fn not_in_version(&mut self, lost: Fidelity, field: &'static str, first: i16, last: i16) {
        if self.fidelity >= lost {
            let versions = VersionRange::generated(first, last);
            self.fail(EncodeError::not_in_version(field, versions));
        }
    }

    /// Sets what is kept from now on, and returns what it was.
    pub(crate) const fn keep(&mut self, fidelity: Fidelity) -> Fidelity {
        std::mem::replace(&mut self.fidelity, fidelity)
    }

    /// Refuses `field`, which is null and which the version has no null for.
    #[doc(hidden)]
    #[cold]
    pub fn unexpected_null(&mut self, field: &'static str) {
        self.fail(EncodeError::unexpected_null(field));
    }

    #[cold]
    pub(super) fn too_long(&mut self, field: &'static str, length: usize, max: u32) {
        self.fail(too_long(field, length, max));
    }

    #[cold]
    pub(super) fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    /// Where a message begins; fails if the message does not have `version`.
    pub(in crate::wire) fn begin_message(
        &self,
        message: &'static str,
        supported: VersionRange,
        version: Version,
    ) -> Result<Position, EncodeError> {
        if supported.contains(version) {
            return Ok(self.position());
        }
        let kind = EncodeErrorKind::UnsupportedVersion { supported };
        Err(EncodeError::new(kind, None).in_message(message, version))
    }

    /// As [`check`](Self::check), after writing a message, which is taken back if it fails.
    pub(in crate::wire) fn end_message(
        &mut self,
        start: &Position,
        message: &'static str,
        version: Version,
    ) -> Result<(), EncodeError> {
        self.check().map_err(|error| {
            self.truncate(start);
            error.in_message(message, version)
        })
    }
}

#[cold]
pub(super) fn too_long(field: &'static str, length: usize, max: u32) -> EncodeError {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    EncodeError::new(EncodeErrorKind::TooLong { length, max }, Some(field))
}
