//! The names that generated code uses. Not for use by hand: may change in any release.

pub use std::borrow::Cow;

pub use bytes::Bytes;

pub use crate::wire::{Blob, Encoding, IntoOwned, Packed, Reader, TaggedFields, Uuid, Writer};
pub use crate::{
    ApiKey, Decode, DecodeError, EncodeError, ErrorCode, Message, Request, Response,
    UnselectedResponse, Version, VersionRange,
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
#[doc(hidden)]
#[macro_export]
macro_rules! into_owned {
    ($name:ident, $($field:ident),*) => {
        impl $crate::generated::IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            #[inline]
            fn own(self, frame: Option<&$crate::generated::Bytes>) -> Self::Owned {
                $name { $($field: self.$field.own(frame)),* }
            }
        }
    };
}
pub use into_owned;
