//! Faults of reading: the first fault is kept, and nothing is left to read.
//!
//! A fault is plain numbers until someone asks for the error. Where generated code reads a field, nothing is called
//! that could unwind, so no path is compiled beside it that drops the fields before, and the compiler keeps the cursor in
//! registers.

use super::{MAX_STRING, ReadCursor, varint};
use crate::{DecodeError, DecodeErrorKind, Version, VersionRange};

/// The first fault of a cursor.
#[derive(Clone, Debug)]
pub(super) struct FirstFault {
    /// How many bytes were left where it is, or [`NONE`](Self::NONE).
    left: usize,
    /// How many bytes the value needs that the input ends in.
    needed: usize,
    /// `None` if the input ends before the value does.
    kind: Option<DecodeErrorKind>,
}

impl FirstFault {
    /// More than an input can have.
    const NONE: usize = usize::MAX;

    pub(super) const fn none() -> Self {
        Self {
            left: Self::NONE,
            needed: 0,
            kind: None,
        }
    }
}

impl<'a> ReadCursor<'a> {
    /// Returns `true` if something has failed.
    #[inline]
    pub(crate) const fn failed(&self) -> bool {
        self.fault.left != FirstFault::NONE
    }

    /// Returns the first fault since the last call.
    #[inline]
    pub(crate) fn check(&mut self) -> Result<(), DecodeError> {
        if self.failed() {
            Err(self.take_error())
        } else {
            Ok(())
        }
    }

    #[cold]
    #[inline(never)]
    fn take_error(&mut self) -> DecodeError {
        let fault = std::mem::replace(&mut self.fault, FirstFault::none());
        let kind = fault.kind.unwrap_or(DecodeErrorKind::UnexpectedEnd {
            needed: fault.needed,
            remaining: fault.left,
        });
        DecodeError::new(kind, self.length - fault.left)
    }

    /// As [`check`](Self::check), and fails if bytes are left.
    pub(crate) fn end(&mut self) -> Result<(), DecodeError> {
        self.check()?;
        match self.rest.len() {
            0 => Ok(()),
            count => {
                let kind = DecodeErrorKind::TrailingBytes { count };
                Err(DecodeError::new(kind, self.offset()))
            }
        }
    }

    /// Fails if a message does not have `version`.
    pub(crate) fn check_version(
        &self,
        message: &'static str,
        supported: VersionRange,
        version: Version,
    ) -> Result<(), DecodeError> {
        if supported.contains(version) {
            return Ok(());
        }
        let kind = DecodeErrorKind::UnsupportedVersion { version, supported };
        Err(DecodeError::new(kind, self.offset()).in_message(message, version))
    }

    /// Fails because fewer than `needed` bytes are left.
    #[inline]
    pub(super) fn short(&mut self, needed: usize) {
        if !self.failed() {
            self.fault.left = self.rest.len();
            self.fault.needed = needed;
        }
        self.rest = &[];
    }

    #[inline]
    pub(super) fn endless_varint(&mut self) {
        let needed = self.rest.len() + 1;
        if needed > varint::MAX_BYTES {
            self.fail(DecodeErrorKind::VarintTooLong);
        } else {
            self.short(needed);
        }
    }

    /// Fails because of the length in front of `start`'s value, which is negative.
    #[inline]
    pub(super) fn null(&mut self, start: &'a [u8], length: i32) {
        let kind = match length {
            -1 => DecodeErrorKind::UnexpectedNull,
            _ => DecodeErrorKind::NegativeLength { length },
        };
        self.fail_before(start.len(), kind);
    }

    /// Fails because the next `length` bytes are not the text of a string.
    #[cold]
    #[inline(never)]
    pub(super) fn bad_text(&mut self, length: usize) {
        if length > MAX_STRING {
            return self.fail(DecodeErrorKind::StringTooLong { length });
        }
        match self.rest.get(..length).map(std::str::from_utf8) {
            None => self.short(length),
            Some(Err(fault)) => {
                let valid_up_to = fault.valid_up_to();
                self.fail(DecodeErrorKind::InvalidUtf8 { valid_up_to });
            }
            Some(Ok(_)) => {}
        }
    }

    /// Fails because `count` elements of at least `size` bytes are more than can be left.
    #[inline]
    pub(super) fn count_too_large(&mut self, start: &'a [u8], count: usize, size: usize) {
        let max = self.rest.len() / size;
        let kind = DecodeErrorKind::CountTooLarge { count, max };
        self.fail_before(start.len(), kind);
    }

    /// Fails at the next value.
    #[inline]
    pub(super) fn fail(&mut self, kind: DecodeErrorKind) {
        self.fail_before(self.rest.len(), kind);
    }

    #[inline]
    pub(super) fn fail_at(&mut self, offset: usize, kind: DecodeErrorKind) {
        self.fail_before(self.length - offset, kind);
    }

    /// Fails at the value that begins where `left` bytes were left.
    #[inline]
    fn fail_before(&mut self, left: usize, kind: DecodeErrorKind) {
        if !self.failed() {
            self.fault.left = left;
            self.fault.kind = Some(kind);
        }
        self.rest = &[];
    }
}
