//! Detaching decoded values from the input that they borrow.

use std::borrow::Cow;

use bytes::Bytes;

use super::{SharedFrame, Uuid};
use crate::ErrorCode;

/// A value that may borrow its input, and can detach from it.
///
/// Only this crate and generated code implement it: its required method is hidden and may change in any release.
pub trait IntoOwned: Sized {
    /// The same type, borrowing nothing.
    type Owned: 'static;

    /// Detaches the value from the input; bytes that lie in `frame` are shared with it, all else is copied.
    #[doc(hidden)]
    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned;

    /// Detaches the value from the input: what was borrowed is copied.
    fn into_owned(self) -> Self::Owned {
        self.own(None)
    }

    /// Detaches the value from the input: blobs and number arrays that lie in `frame` are shared with it, strings and
    /// arrays of 4, 8, 12 or 16 bytes, such as 3 replicas, are copied. The frame stays in memory as long as one that is
    /// shared.
    fn into_owned_in(self, frame: &Bytes) -> Self::Owned {
        self.own(Some(&SharedFrame::new(frame)))
    }
}

/// Values that borrow nothing are what they are.
macro_rules! as_they_are {
    ($($type:ty)*) => {$(
        impl $crate::wire::IntoOwned for $type {
            type Owned = Self;

            #[inline]
            fn own(self, _: Option<&$crate::wire::SharedFrame<'_>>) -> Self {
                self
            }
        }
    )*};
}

pub(crate) use as_they_are;

as_they_are!(bool i8 i16 u16 i32 u32 i64 f64 Uuid ErrorCode);

impl IntoOwned for Cow<'_, str> {
    type Owned = Cow<'static, str>;

    #[inline]
    fn own(self, _: Option<&SharedFrame<'_>>) -> Cow<'static, str> {
        if self.is_empty() {
            return Cow::Borrowed("");
        }
        Cow::Owned(Cow::into_owned(self))
    }
}

impl<T: IntoOwned> IntoOwned for Option<T> {
    type Owned = Option<T::Owned>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned {
        self.map(|value| value.own(frame))
    }
}

impl<T: IntoOwned> IntoOwned for Vec<T> {
    type Owned = Vec<T::Owned>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Self::Owned {
        self.into_iter().map(|value| value.own(frame)).collect()
    }
}
