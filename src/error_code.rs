//! The codes that brokers report failures with.

use std::fmt;

/// An error code: the value of `int16` fields whose name ends in `ErrorCode`. 0 is success.
///
/// Any number is kept, so that codes of newer brokers survive.
///
/// # Examples
///
/// ```
/// use kafka_codec::ErrorCode;
///
/// assert!(ErrorCode::NONE.is_none());
/// assert_eq!(ErrorCode(35).to_string(), "35");
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i16);

impl ErrorCode {
    /// No error.
    pub const NONE: Self = Self(0);

    /// Whether this is success.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl From<i16> for ErrorCode {
    fn from(number: i16) -> Self {
        Self(number)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
