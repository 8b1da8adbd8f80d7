//! Arrays of fixed-width values, kept as the bytes they are sent in.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use super::shared_frame::PackedBytes;
use super::{IntoOwned, SharedFrame, Uuid};

/// A value of fixed width on the wire.
///
/// Implemented for the integers, the numbers of [`enumerations`](crate::enumerations), `f64` and [`Uuid`]. Sealed: no other type can implement it.
pub trait FixedWidth: Copy + fmt::Debug + sealed::Sealed {
    /// The number of bytes of a value.
    const SIZE: usize;

    /// The value in the first [`SIZE`](Self::SIZE) bytes of `bytes`, big-endian; `None` if there
    /// are fewer.
    fn from_be(bytes: &[u8]) -> Option<Self>;

    /// Appends the value to `out`, big-endian.
    fn put_be(self, out: &mut Vec<u8>);

    /// Returns `true` if `bytes` are the value, big-endian.
    fn is_be(self, bytes: &[u8]) -> bool;
}

pub(crate) mod sealed {
    #[allow(
        unnameable_types,
        reason = "so that no other type can implement FixedWidth"
    )]
    pub trait Sealed {}
}

macro_rules! numbers {
    ($($type:ty: $size:literal, $from:expr, $to:expr;)*) => {$(
        impl sealed::Sealed for $type {}

        impl FixedWidth for $type {
            const SIZE: usize = $size;

            #[inline]
            fn from_be(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().copied().map($from)
            }

            #[inline]
            fn put_be(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&$to(self));
            }

            #[inline]
            fn is_be(self, bytes: &[u8]) -> bool {
                bytes == $to(self)
            }
        }
    )*};
}

numbers! {
    i8: 1, Self::from_be_bytes, Self::to_be_bytes;
    i16: 2, Self::from_be_bytes, Self::to_be_bytes;
    u16: 2, Self::from_be_bytes, Self::to_be_bytes;
    i32: 4, Self::from_be_bytes, Self::to_be_bytes;
    u32: 4, Self::from_be_bytes, Self::to_be_bytes;
    i64: 8, Self::from_be_bytes, Self::to_be_bytes;
    f64: 8, Self::from_be_bytes, Self::to_be_bytes;
    Uuid: 16, Self::from_bytes, Self::to_bytes;
}

/// A type around one number has its width.
macro_rules! fixed_width {
    ($type:ident($number:ident)) => {
        impl $crate::wire::packed::sealed::Sealed for $type {}

        impl $crate::wire::FixedWidth for $type {
            const SIZE: usize = size_of::<$number>();

            #[inline]
            fn from_be(bytes: &[u8]) -> Option<Self> {
                <$number as $crate::wire::FixedWidth>::from_be(bytes).map(Self)
            }

            #[inline]
            fn put_be(self, out: &mut Vec<u8>) {
                self.0.put_be(out);
            }

            #[inline]
            fn is_be(self, bytes: &[u8]) -> bool {
                self.0.is_be(bytes)
            }
        }
    };
}

pub(crate) use fixed_width;

/// An array of fixed-width values: the big-endian bytes themselves.
///
/// Decoding borrows the input and allocates nothing; values are read on access. An owned one has a few values in place, and
/// shares more of them with its frame: see [`into_owned_in`](IntoOwned::into_owned_in). It is built
/// from a `Vec`, a slice, an array or an iterator. Two arrays are equal if their bytes are, and so are a packed array
/// and a slice, an array or a `Vec`.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::Packed;
///
/// let replicas = Packed::from([1, 2, 3]);
/// assert_eq!(replicas.len(), 3);
/// assert_eq!(replicas.get(1), Some(2));
/// assert_eq!(replicas.iter().sum::<i32>(), 6);
///
/// let mut all = Packed::default();
/// for replica in &replicas {
///     all.extend([replica, 10 * replica]);
/// }
/// assert_eq!(all, [1, 10, 2, 20, 3, 30]);
/// ```
#[derive(Clone)]
pub struct Packed<'a, T> {
    bytes: PackedBytes<'a>,
    values: PhantomData<T>,
}

impl<'a, T: FixedWidth> Packed<'a, T> {
    /// Creates an array of the values in these bytes. Bytes after the last whole value are ignored.
    #[must_use]
    #[inline]
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        let whole = bytes.len() - bytes.len() % T::SIZE;
        Self::whole(
            bytes
                .split_at_checked(whole)
                .map_or(bytes, |(whole, _)| whole),
        )
    }

    /// The array whose values are these bytes, which are a multiple of a value's.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn whole(bytes: &'a [u8]) -> Self {
        Self {
            bytes: PackedBytes::Borrowed(bytes),
            values: PhantomData,
        }
    }

    /// The big-endian bytes of all values.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The number of values.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.as_bytes().len() / T::SIZE
    }

    /// Returns `true` if there are no values.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The value at `index`; `None` if there are fewer.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<T> {
        T::from_be(self.as_bytes().get(index.checked_mul(T::SIZE)?..)?)
    }

    /// All values, in order.
    #[inline]
    pub fn iter(&self) -> PackedIter<'_, T> {
        PackedIter {
            chunks: self.as_bytes().chunks_exact(T::SIZE),
            values: PhantomData,
        }
    }

    /// Copies all values into a vector.
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().collect()
    }
}

/// The values of a [`Packed`] array, in order.
#[derive(Clone)]
pub struct PackedIter<'p, T> {
    chunks: std::slice::ChunksExact<'p, u8>,
    values: PhantomData<T>,
}

/// The value that a chunk of its size is.
#[inline]
fn value<T: FixedWidth>(chunk: &[u8]) -> T {
    T::from_be(chunk).expect("chunks_exact gives chunks of SIZE bytes")
}

impl<T: FixedWidth> Iterator for PackedIter<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.chunks.next().map(value)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }

    #[inline]
    fn nth(&mut self, n: usize) -> Option<T> {
        self.chunks.nth(n).map(value)
    }

    #[inline]
    fn fold<B, F: FnMut(B, T) -> B>(self, init: B, mut f: F) -> B {
        self.chunks.fold(init, |all, chunk| f(all, value(chunk)))
    }
}

impl<T: FixedWidth> DoubleEndedIterator for PackedIter<'_, T> {
    #[inline]
    fn next_back(&mut self) -> Option<T> {
        self.chunks.next_back().map(value)
    }
}

impl<T: FixedWidth> ExactSizeIterator for PackedIter<'_, T> {}

impl<T: FixedWidth> std::iter::FusedIterator for PackedIter<'_, T> {}

impl<T: FixedWidth> fmt::Debug for PackedIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'p, T: FixedWidth> IntoIterator for &'p Packed<'_, T> {
    type Item = T;
    type IntoIter = PackedIter<'p, T>;

    #[inline]
    fn into_iter(self) -> PackedIter<'p, T> {
        self.iter()
    }
}

impl<T> Default for Packed<'_, T> {
    fn default() -> Self {
        Self {
            bytes: PackedBytes::Borrowed(&[]),
            values: PhantomData,
        }
    }
}

impl<T> PartialEq for Packed<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.as_slice() == other.bytes.as_slice()
    }
}

impl<T> Eq for Packed<'_, T> {}

impl<T> Hash for Packed<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.as_slice().hash(state);
    }
}

impl<T: FixedWidth> PartialEq<[T]> for Packed<'_, T> {
    fn eq(&self, other: &[T]) -> bool {
        let mut chunks = self.bytes.as_slice().chunks_exact(T::SIZE).zip(other);
        self.len() == other.len() && chunks.all(|(chunk, value)| value.is_be(chunk))
    }
}

/// Comparisons with what has the values in memory, in both directions.
macro_rules! compared {
    ($([$($parameter:tt)*] $type:ty;)*) => {$(
        impl<T: FixedWidth $($parameter)*> PartialEq<$type> for Packed<'_, T> {
            fn eq(&self, other: &$type) -> bool {
                *self == other[..]
            }
        }

        impl<T: FixedWidth $($parameter)*> PartialEq<Packed<'_, T>> for $type {
            fn eq(&self, other: &Packed<'_, T>) -> bool {
                *other == self[..]
            }
        }
    )*};
}

compared! {
    [] &[T];
    [] Vec<T>;
    [, const N: usize] [T; N];
    [, const N: usize] &[T; N];
}

impl<T: FixedWidth> PartialEq<Packed<'_, T>> for [T] {
    fn eq(&self, other: &Packed<'_, T>) -> bool {
        *other == *self
    }
}

impl<T: FixedWidth> fmt::Debug for Packed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: FixedWidth> FromIterator<T> for Packed<'_, T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut packed = Self {
            bytes: PackedBytes::Owned(Vec::new()),
            values: PhantomData,
        };
        packed.extend(values);
        packed
    }
}

/// Appends values. Borrowed bytes are copied.
impl<T: FixedWidth> Extend<T> for Packed<'_, T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        let values = values.into_iter();
        let bytes = self.bytes.to_mut();
        bytes.reserve(values.size_hint().0.saturating_mul(T::SIZE));
        values.for_each(|value| value.put_be(bytes));
    }
}

impl<'v, T: FixedWidth + 'v> Extend<&'v T> for Packed<'_, T> {
    fn extend<I: IntoIterator<Item = &'v T>>(&mut self, values: I) {
        self.extend(values.into_iter().copied());
    }
}

impl<T: FixedWidth> From<Vec<T>> for Packed<'_, T> {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: FixedWidth> From<&[T]> for Packed<'_, T> {
    fn from(values: &[T]) -> Self {
        values.iter().copied().collect()
    }
}

impl<T: FixedWidth, const N: usize> From<&[T; N]> for Packed<'_, T> {
    fn from(values: &[T; N]) -> Self {
        Self::from(&values[..])
    }
}

impl<T: FixedWidth> From<Packed<'_, T>> for Vec<T> {
    fn from(packed: Packed<'_, T>) -> Self {
        packed.to_vec()
    }
}

impl<T: FixedWidth, const N: usize> From<[T; N]> for Packed<'_, T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T: FixedWidth + 'static> IntoOwned for Packed<'_, T> {
    type Owned = Packed<'static, T>;

    #[inline(always)]
    fn own(self, frame: Option<&SharedFrame<'_>>) -> Packed<'static, T> {
        Packed {
            bytes: self.bytes.own(frame),
            values: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_big_endian_bytes_in_both_directions() {
        let packed: Packed<'_, i16> = Packed::from_bytes(&[0, 1, 0xff, 0xff]);
        assert_eq!(packed, Packed::from(vec![1, -1]));
        assert_eq!(packed.to_vec(), [1, -1]);
        assert_eq!(
            (packed.get(1), packed.get(2), packed.get(usize::MAX)),
            (Some(-1), None, None)
        );
        assert_eq!(format!("{packed:?}"), "[1, -1]");
    }

    #[test]
    fn bytes_after_the_last_whole_value_are_left_out() {
        let packed: Packed<'_, i32> = Packed::from_bytes(&[0, 0, 0, 7, 9]);
        assert_eq!(packed.to_vec(), [7]);
    }
}
