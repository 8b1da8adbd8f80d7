//! How reading fails: the first fault is kept, and nothing is left to read.
//!
//! What makes an error is a function of values, out of line, and not a method: it does not see the
//! reader, so the compiler keeps the reader in registers.

use super::{MAX_STRING, ReadCursor, varint};
use crate::{DecodeError, DecodeErrorKind, Version, VersionRange};

impl<'a> ReadCursor<'a> {
    /// Returns `true` if something has failed.
    #[inline]
    pub(crate) const fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// Returns the first fault since the last call.
    #[inline]
    pub(crate) fn check(&mut self) -> Result<(), DecodeError> {
        match self.error.take() {
            None => Ok(()),
            Some(error) => Err(error),
        }
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
        self.error = short(self.error.take(), needed, self.rest.len(), self.length);
        self.rest = &[];
    }

    #[inline]
    pub(super) fn endless_varint(&mut self) {
        self.error = endless_varint(self.error.take(), self.rest.len(), self.length);
        self.rest = &[];
    }

    /// Fails because of the length in front of `start`'s value, which is negative.
    #[inline]
    pub(super) fn null(&mut self, start: &'a [u8], length: i32) {
        self.error = null(self.error.take(), length, self.length - start.len());
        self.rest = &[];
    }

    /// Fails because the next `length` bytes are not the text of a string.
    #[inline]
    pub(super) fn bad_text(&mut self, length: usize) {
        self.error = bad_text(self.error.take(), self.rest, length, self.length);
        self.rest = &[];
    }

    /// Fails because `count` elements of at least `size` bytes are more than can be left.
    #[inline]
    pub(super) fn count_too_large(&mut self, start: &'a [u8], count: usize, size: usize) {
        let offset = self.length - start.len();
        self.error = count_too_large(self.error.take(), count, self.rest.len(), size, offset);
        self.rest = &[];
    }

    /// Fails at the next value.
    #[inline]
    pub(super) fn fail(&mut self, kind: DecodeErrorKind) {
        self.fail_at(self.offset(), kind);
    }

    #[inline]
    pub(super) fn fail_at(&mut self, offset: usize, kind: DecodeErrorKind) {
        self.error = first(self.error.take(), kind, offset);
        self.rest = &[];
    }
}

type Fault = Option<DecodeError>;

/// The first fault counts.
#[cold]
extern "C" fn first(error: Fault, kind: DecodeErrorKind, offset: usize) -> Fault {
    error.or_else(|| Some(DecodeError::new(kind, offset)))
}

#[cold]
extern "C" fn short(error: Fault, needed: usize, remaining: usize, length: usize) -> Fault {
    let kind = DecodeErrorKind::UnexpectedEnd { needed, remaining };
    first(error, kind, length - remaining)
}

#[cold]
extern "C" fn endless_varint(error: Fault, remaining: usize, length: usize) -> Fault {
    let needed = remaining + 1;
    if needed > varint::MAX_BYTES {
        first(error, DecodeErrorKind::VarintTooLong, length - remaining)
    } else {
        short(error, needed, remaining, length)
    }
}

#[cold]
extern "C" fn null(error: Fault, length: i32, offset: usize) -> Fault {
    let kind = match length {
        -1 => DecodeErrorKind::UnexpectedNull,
        _ => DecodeErrorKind::NegativeLength { length },
    };
    first(error, kind, offset)
}

#[cold]
extern "C" fn bad_text(error: Fault, rest: &[u8], length: usize, of: usize) -> Fault {
    let offset = of - rest.len();
    if length > MAX_STRING {
        return first(error, DecodeErrorKind::StringTooLong { length }, offset);
    }
    match rest.get(..length).map(std::str::from_utf8) {
        None => short(error, length, rest.len(), of),
        Some(Err(fault)) => {
            let valid_up_to = fault.valid_up_to();
            first(error, DecodeErrorKind::InvalidUtf8 { valid_up_to }, offset)
        }
        Some(Ok(_)) => error,
    }
}

#[cold]
extern "C" fn count_too_large(
    error: Fault,
    count: usize,
    left: usize,
    size: usize,
    offset: usize,
) -> Fault {
    let at_most = left / size;
    first(
        error,
        DecodeErrorKind::CountTooLarge { count, at_most },
        offset,
    )
}
