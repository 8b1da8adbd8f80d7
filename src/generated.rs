//! The names that generated code uses. Not for use by hand: may change in any release.

pub use std::borrow::Cow;

pub use bytes::Bytes;

pub use crate::wire::{Blob, Encoding, IntoOwned, Packed, Reader, TaggedFields, Uuid, Writer};
pub use crate::{
    ApiKey, Decode, DecodeError, EncodeError, ErrorCode, Message, Request, Response, Version,
    VersionRange,
};

/// Refuses `field` if it is `set`, which the version has no place for.
#[inline]
pub fn absent(set: bool, field: &'static str) -> Result<(), EncodeError> {
    if set {
        Err(EncodeError::not_in_version(field))
    } else {
        Ok(())
    }
}

/// The value of `field`, which the version has no null for.
#[inline]
pub fn required<T>(value: Option<T>, field: &'static str) -> Result<T, EncodeError> {
    value.ok_or_else(|| EncodeError::unexpected_null(field))
}

/// Implements [`IntoOwned`] for a struct with these fields.
macro_rules! into_owned {
    ($name:ident, $($field:ident),*) => {
        impl IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            fn own(self, frame: Option<&Bytes>) -> Self::Owned {
                $name { $($field: self.$field.own(frame)),* }
            }
        }
    };
}
pub(crate) use into_owned;
