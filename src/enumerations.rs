//! Values that Kafka sends as bare numbers or text, with their names.
//!
//! Where a field holds a number with a name, its type is one of these, such as [`IsolationLevel`]: a number with constants
//! for the known values. Any number is kept, so that values of newer brokers survive. Where a field holds text, as the states
//! of groups, it stays borrowed text, and an enum such as [`GroupState`] classifies it.
//!
//! Names are Kafka's, in its own spelling. The types and their fields are generated from `protocol-json/enumerations.json`,
//! which names the class of Kafka that each one mirrors.
//!
//! # Examples
//!
//! A number:
//!
//! ```
//! use kafka_codec::enumerations::IsolationLevel;
//!
//! let level = IsolationLevel(1);
//! assert_eq!(level, IsolationLevel::READ_COMMITTED);
//! assert_eq!((level.code(), level.to_string().as_str()), (1, "READ_COMMITTED"));
//! assert_eq!("read-committed".parse(), Ok(level));
//!
//! let newer = IsolationLevel::from(7);
//! assert_eq!((newer.name(), newer.to_string().as_str()), (None, "7"));
//! ```
//!
//! Text:
//!
//! ```
//! use kafka_codec::enumerations::GroupState;
//!
//! let text = "PreparingRebalance"; // Such as `group_state` in a response.
//! assert_eq!(GroupState::from_name(text), Some(GroupState::PreparingRebalance));
//! assert!(GroupState::PreparingRebalance == *text);
//! assert_eq!(GroupState::from_name("Resting"), None);
//! ```

use std::borrow::Cow;
use std::str::FromStr;
use std::{error, fmt};

use crate::name::{Readable, UnknownName, position};
#[cfg(feature = "schema")]
use crate::schema::Enumeration;
use crate::wire::{as_they_are, fixed_width};

/// A number with constants for the values that have names.
macro_rules! numbers {
    (
        $(#[doc = $line:literal])*
        $type:ident($number:ident) {
            $($(#[doc = $meaning:literal])* $name:ident = $code:literal,)*
        }
    ) => {
        $(#[doc = $line])*
        ///
        /// Any number is kept. Text is read and written by the names of the constants, and as a number where there is none.
        #[derive(Copy, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub $number);

        impl $type {
            $($(#[doc = $meaning])* pub const $name: Self = Self($code);)*

            /// The values that have names, by number.
            pub const KNOWN: &'static [Self] = &[$(Self::$name,)*];

            const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            /// The names and values, for tables.
            #[cfg(feature = "schema")]
            #[doc(hidden)]
            pub const ENUMERATION: &'static Enumeration = &Enumeration::of_numbers(
                stringify!($type),
                &[$(($code, stringify!($name)),)*],
            );

            /// The number that messages hold.
            #[must_use]
            #[inline]
            pub const fn code(self) -> $number {
                self.0
            }

            /// Kafka's name; `None` if the value is unknown.
            #[must_use]
            #[inline]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// The value with this name. Case, hyphens, underscores and blanks do not count.
            #[must_use]
            #[inline]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::KNOWN.get(position(Self::NAMES, name)?).copied()
            }
        }

        impl From<$number> for $type {
            #[inline]
            fn from(number: $number) -> Self {
                Self(number)
            }
        }

        impl From<$type> for $number {
            #[inline]
            fn from(value: $type) -> Self {
                value.0
            }
        }

        /// The name, or the number if there is none.
        impl fmt::Display for $type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.pad(name),
                    None => self.0.fmt(f),
                }
            }
        }

        impl fmt::Debug for $type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, concat!(stringify!($type), "({})"), self.0),
                }
            }
        }

        impl FromStr for $type {
            type Err = ParseEnumerationError;

            #[inline]
            fn from_str(text: &str) -> Result<Self, ParseEnumerationError> {
                let number = || text.trim().parse().ok().map(Self);
                let unknown = || ParseEnumerationError::new(stringify!($type), text, Self::NAMES, Readable::NamesAndNumbers);
                Self::from_name(text).or_else(number).ok_or_else(unknown)
            }
        }

        as_they_are!($type);
        fixed_width!($type($number));
    };
}

/// Texts that have names.
macro_rules! texts {
    (
        $(#[doc = $line:literal])*
        $type:ident {
            $($(#[doc = $meaning:literal])* $name:ident = $text:literal,)*
        }
    ) => {
        $(#[doc = $line])*
        ///
        /// Fields hold text, so that values of newer brokers survive; [`from_name`](Self::from_name) classifies it.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[doc = $meaning])* $name,)*
        }

        impl $type {
            /// All values.
            pub const KNOWN: &'static [Self] = &[$(Self::$name,)*];

            const NAMES: &'static [&'static str] = &[$($text,)*];

            /// The texts, for tables.
            #[cfg(feature = "schema")]
            #[doc(hidden)]
            pub const ENUMERATION: &'static Enumeration =
                &Enumeration::of_texts(stringify!($type), Self::NAMES);

            /// The text that messages hold.
            #[must_use]
            #[inline]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The value that a text stands for; `None` if it is unknown. Case, hyphens, underscores and blanks do not
            /// count.
            #[must_use]
            #[inline]
            pub fn from_name(text: &str) -> Option<Self> {
                Self::KNOWN.get(position(Self::NAMES, text)?).copied()
            }
        }

        impl fmt::Display for $type {
            #[inline]
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $type {
            type Err = ParseEnumerationError;

            #[inline]
            fn from_str(text: &str) -> Result<Self, ParseEnumerationError> {
                let unknown = || ParseEnumerationError::new(stringify!($type), text, Self::NAMES, Readable::Names);
                Self::from_name(text).ok_or_else(unknown)
            }
        }

        /// The text of a field.
        impl From<$type> for Cow<'_, str> {
            #[inline]
            fn from(value: $type) -> Self {
                Self::Borrowed(value.name())
            }
        }

        /// Whether a text stands for the value.
        impl PartialEq<str> for $type {
            #[inline]
            fn eq(&self, text: &str) -> bool {
                Self::from_name(text) == Some(*self)
            }
        }

        /// Whether a field holds the value.
        impl PartialEq<$type> for Cow<'_, str> {
            #[inline]
            fn eq(&self, value: &$type) -> bool {
                *value == **self
            }
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/enumerations.rs"));

/// A text that is neither the name of a value nor a number.
///
/// # Examples
///
/// ```
/// use kafka_codec::enumerations::IsolationLevel;
///
/// let error = "read_comitted".parse::<IsolationLevel>().unwrap_err();
/// assert_eq!(error.suggestion(), Some("READ_COMMITTED"));
/// assert_eq!(
///     error.to_string(),
///     "unknown IsolationLevel `read_comitted`: did you mean `READ_COMMITTED`?"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseEnumerationError {
    enumeration: &'static str,
    example: &'static str,
    read: Readable,
    name: UnknownName,
}

impl ParseEnumerationError {
    fn new(enumeration: &'static str, text: &str, names: &[&'static str], read: Readable) -> Self {
        Self {
            enumeration,
            example: names.last().copied().unwrap_or_default(),
            read,
            name: UnknownName::new(text, names),
        }
    }

    /// The name that looks most like the text, if any does.
    #[must_use]
    pub const fn suggestion(&self) -> Option<&'static str> {
        self.name.suggestion()
    }
}

impl fmt::Display for ParseEnumerationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name
            .write(f, self.enumeration, self.example, self.read)
    }
}

impl error::Error for ParseEnumerationError {}
