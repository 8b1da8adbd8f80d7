//! The names that generated code uses. Not for use by hand: may change in any release.

pub use std::borrow::Cow;
pub use std::time::Duration;

pub use crate::api_key::HeaderRanges;
pub use crate::enumerations::*;
pub use crate::routing::{
    BrokerOf, Destination, Parts, Places, broker, extend_nullable, group, has_only, leader,
    of_configs, share, transaction,
};
pub use crate::wire::read_cursor::{ReadCursor, Tag, TagSection};
pub use crate::wire::structs::Struct;
pub use crate::wire::write_cursor::{TagWriter, WriteCursor};
pub use crate::wire::{Blob, Encoding, IntoOwned, Packed, SharedFrame, TaggedFields, Uuid};
pub use crate::{
    ApiKey, Decode, ErrorCode, Message, Request, Response, UnselectedResponse, Version,
    VersionRange,
};

/// A time as messages state it; what is negative is not a time at all.
#[must_use]
pub const fn milliseconds(number: i32) -> Duration {
    if number > 0 {
        Duration::from_millis(number.unsigned_abs() as u64)
    } else {
        Duration::ZERO
    }
}

/// The error that a request is answered with.
#[derive(Copy, Clone, Debug)]
pub struct ErrorAnswer<'r> {
    /// The error code.
    pub code: ErrorCode,
    /// The message, for responses that have one.
    pub message: Option<&'r str>,
    /// The throttle time, as messages state it.
    pub throttle_time_ms: i32,
}

/// The names that generated tables use.
#[cfg(feature = "schema")]
pub mod schema {
    pub use crate::ErrorCode;
    pub use crate::enumerations::*;
    pub use crate::schema::{
        DefaultValue as Default, Entity, Field, Kind, NEVER, Schema, StructSchema, structure,
    };
    pub use crate::wire::Uuid;
}
#[cfg(feature = "schema")]
pub use crate::schema::Schema;

/// Implements [`IntoOwned`] for a struct with these fields.
#[doc(hidden)]
#[macro_export]
macro_rules! into_owned {
    ($name:ident, $($field:ident),* $(,)?) => {
        impl $crate::generated::IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            #[inline]
            fn own(self, frame: Option<&$crate::generated::SharedFrame<'_>>) -> Self::Owned {
                let Self { $($field,)* unknown_tagged_fields } = self;
                // First, as it may unwind: fields that were owned before would be kept in memory for that.
                let unknown_tagged_fields = unknown_tagged_fields.own(frame);
                $(let $field = $field.own(frame);)*
                $name { $($field,)* unknown_tagged_fields }
            }
        }
    };
}
pub use into_owned;
