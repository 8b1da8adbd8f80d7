//! Bytes that a message carries without knowing them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::{fmt, ops};

use bytes::Bytes;

use super::{IntoOwned, SharedFrame};

/// The value of a `bytes` or `records` field: borrowed from the input, or shared.
///
/// A shared blob is sent without being copied: the [`Writer`](super::Writer) passes it on as a
/// segment of its own. Two blobs are equal if their bytes are.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use kafka_codec::wire::Blob;
///
/// let borrowed = Blob::from(&b"value"[..]);
/// let shared = Blob::from(Bytes::from_static(b"value"));
/// assert_eq!(borrowed, shared);
/// assert_eq!(borrowed.len(), 5);
/// assert_eq!(Blob::from("value"), b"value");
/// ```
#[derive(Clone)]
pub enum Blob<'a> {
    /// Bytes of the input.
    Borrowed(&'a [u8]),
    /// Bytes with an owner of their own.
    Shared(Bytes),
}

impl Blob<'_> {
    /// The bytes.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Default for Blob<'_> {
    fn default() -> Self {
        Self::Borrowed(&[])
    }
}

impl ops::Deref for Blob<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Blob<'_> {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for Blob<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Blob<'_> {}

impl Hash for Blob<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl PartialOrd for Blob<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Blob<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

/// So that maps with blobs as keys can be asked with slices.
impl Borrow<[u8]> for Blob<'_> {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

/// Comparisons with bytes of other types, in both directions.
macro_rules! compared {
    ($([$($parameter:tt)*] $type:ty;)*) => {$(
        impl<$($parameter)*> PartialEq<$type> for Blob<'_> {
            fn eq(&self, other: &$type) -> bool {
                self.as_slice() == &other[..]
            }
        }

        impl<$($parameter)*> PartialEq<Blob<'_>> for $type {
            fn eq(&self, other: &Blob<'_>) -> bool {
                other.as_slice() == &self[..]
            }
        }
    )*};
}

compared! {
    [] [u8];
    [] &[u8];
    [] Vec<u8>;
    [] Bytes;
    [const N: usize] [u8; N];
    [const N: usize] &[u8; N];
}

impl fmt::Debug for Blob<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.as_slice().escape_ascii())
    }
}

impl<'a> From<&'a [u8]> for Blob<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Borrowed(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Blob<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Borrowed(bytes)
    }
}

/// The bytes of the text, borrowed.
impl<'a> From<&'a str> for Blob<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text.as_bytes())
    }
}

/// The bytes of the text, shared.
impl From<String> for Blob<'_> {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl From<Bytes> for Blob<'_> {
    fn from(bytes: Bytes) -> Self {
        Self::Shared(bytes)
    }
}

impl From<Vec<u8>> for Blob<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Shared(bytes.into())
    }
}

impl From<Blob<'_>> for Bytes {
    fn from(blob: Blob<'_>) -> Self {
        match blob {
            Blob::Borrowed(bytes) => Self::copy_from_slice(bytes),
            Blob::Shared(bytes) => bytes,
        }
    }
}

impl IntoOwned for Blob<'_> {
    type Owned = Blob<'static>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> Blob<'static> {
        let shared = match (&self, frame) {
            (Self::Borrowed(bytes), Some(frame)) => frame.share(bytes),
            _ => None,
        };
        Blob::Shared(shared.unwrap_or_else(|| self.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_borrowed_part_of_the_frame_becomes_a_view_of_it() {
        let frame = Bytes::from(b"0123456789".to_vec());
        let Blob::Shared(part) = Blob::from(&frame[2..5]).into_owned_in(&frame) else {
            panic!("an owned blob is shared");
        };
        assert_eq!(part.as_ptr(), frame[2..].as_ptr());
        assert_eq!(&part[..], b"234");
    }

    #[test]
    fn bytes_from_elsewhere_are_copied() {
        let frame = Bytes::from(b"0123456789".to_vec());
        let elsewhere = b"abc".to_vec();
        let owned = Blob::from(&elsewhere[..]).into_owned_in(&frame);
        drop(elsewhere);
        assert_eq!(&owned[..], b"abc");
    }
}
