//! Kafka's uuids.

use std::str::FromStr;
use std::{error, fmt, str};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A uuid: 16 bytes, written as 22 characters of URL-safe base64 without padding.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::Uuid;
///
/// let id: Uuid = "AAAAAAAAAAAAAAAAAAAAAQ".parse()?;
/// assert_eq!(id, Uuid::from_u128(1));
/// assert_eq!(id.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
/// # Ok::<(), kafka_codec::wire::ParseUuidError>(())
/// ```
///
/// With the feature `uuid` it converts into the `Uuid` of the crate `uuid` and back: the same bytes in the same order,
/// written differently.
#[derive(Copy, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// All bytes zero: no id.
    pub const ZERO: Self = Self([0; 16]);

    /// The uuid of these bytes, highest first.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, highest first.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The uuid of this number.
    #[must_use]
    pub const fn from_u128(number: u128) -> Self {
        Self(number.to_be_bytes())
    }

    /// The uuid as a number.
    #[must_use]
    pub const fn to_u128(self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    /// The bytes, highest first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns `true` if all bytes are zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.to_u128() == 0
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl From<Uuid> for [u8; 16] {
    fn from(id: Uuid) -> Self {
        id.0
    }
}

/// The uuid of exactly 16 bytes.
impl TryFrom<&[u8]> for Uuid {
    type Error = std::array::TryFromSliceError;

    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl From<u128> for Uuid {
    fn from(number: u128) -> Self {
        Self::from_u128(number)
    }
}

impl From<Uuid> for u128 {
    fn from(id: Uuid) -> Self {
        id.to_u128()
    }
}

impl AsRef<[u8]> for Uuid {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Only with the feature `uuid`.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::Uuid;
///
/// let id: Uuid = "Zvh7TK4RQxGLPtJAXYoG9w".parse()?;
/// let other = uuid::Uuid::from(id);
/// assert_eq!(other.to_string(), "66f87b4c-ae11-4311-8b3e-d2405d8a06f7");
/// assert_eq!(Uuid::from(other), id);
/// # Ok::<(), kafka_codec::wire::ParseUuidError>(())
/// ```
#[cfg(feature = "uuid")]
impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.into_bytes())
    }
}

/// Only with the feature `uuid`.
#[cfg(feature = "uuid")]
impl From<Uuid> for uuid::Uuid {
    fn from(id: Uuid) -> Self {
        Self::from_bytes(id.0)
    }
}

/// How many characters a uuid is written with.
const TEXT_LENGTH: usize = 22;

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; TEXT_LENGTH];
        let written = URL_SAFE_NO_PAD.encode_slice(self.0, &mut text);
        written.expect("16 bytes have 22 digits");
        f.pad(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, ParseUuidError> {
        if text.len() != TEXT_LENGTH {
            return Err(ParseUuidError);
        }
        // Room for whole groups of four digits.
        let mut bytes = [0; 18];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(16) => bytes.first_chunk().copied().map(Self).ok_or(ParseUuidError),
            _ => Err(ParseUuidError),
        }
    }
}

/// A text that is not a uuid: not 22 characters of URL-safe base64, or bits set beyond the 128th.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct ParseUuidError;

impl fmt::Display for ParseUuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a uuid: expected 22 characters of URL-safe base64 without padding")
    }
}

impl error::Error for ParseUuidError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_the_same_uuid() {
        for number in [
            0,
            1,
            255,
            0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
            u128::MAX,
        ] {
            let id = Uuid::from_u128(number);
            assert_eq!(id.to_string().len(), TEXT_LENGTH);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(Uuid::try_from(id.as_ref()).unwrap(), id);
            assert_eq!(Uuid::from(<[u8; 16]>::from(id)), id);
            assert_eq!(u128::from(Uuid::from(number)), number);
            assert!(Uuid::try_from(&id.as_bytes()[1..]).is_err());
        }
        assert_eq!(
            Uuid::from_u128(u128::MAX).to_string(),
            "_____________________w"
        );
    }

    #[cfg(feature = "uuid")]
    #[test]
    fn the_uuid_of_the_crate_of_that_name_has_the_same_bytes_and_its_own_text() {
        for number in [0, 1, 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210, u128::MAX] {
            let id = Uuid::from_u128(number);
            let other = uuid::Uuid::from(id);
            assert_eq!((other.into_bytes(), other.as_u128()), (id.0, number));
            assert_eq!(Uuid::from(other), id);
            let (text, hyphenated) = (id.to_string(), other.to_string());
            assert_eq!(text.parse(), Ok(id));
            assert_eq!(uuid::Uuid::parse_str(&hyphenated), Ok(other));
            assert_eq!(hyphenated.parse::<Uuid>(), Err(ParseUuidError));
            assert!(uuid::Uuid::parse_str(&text).is_err(), "{text}");
        }
        assert!(uuid::Uuid::from(Uuid::ZERO).is_nil());
        assert!(Uuid::from(uuid::Uuid::nil()).is_zero());
        assert_eq!(
            uuid::Uuid::from(Uuid::from_u128(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210))
                .to_string(),
            "01234567-89ab-cdef-fedc-ba9876543210"
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "A",
            "AAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAAAAAAAAB",
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(ParseUuidError), "{text}");
        }
    }
}
