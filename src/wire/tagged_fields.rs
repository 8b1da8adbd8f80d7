//! Tagged fields that the definitions do not know.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::{Blob, IntoOwned, SharedFrame};

/// One tagged field of unknown meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedField<'a> {
    /// The tag.
    pub tag: u32,
    /// The bytes of its value.
    pub value: Blob<'a>,
}

impl IntoOwned for TaggedField<'_> {
    type Owned = TaggedField<'static>;

    fn own(self, frame: Option<&SharedFrame<'_>>) -> TaggedField<'static> {
        TaggedField {
            tag: self.tag,
            value: self.value.own(frame),
        }
    }
}

/// The tagged fields of a struct that its definition does not know, by ascending tag.
///
/// They are kept when a message is decoded and written back when it is encoded. One pointer wide.
/// See KIP-482.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::TaggedFields;
///
/// let mut fields = TaggedFields::new();
/// fields.insert(7, &b"new"[..]);
/// fields.insert(3, &b"old"[..]);
/// assert_eq!(fields.iter().map(|field| field.tag).collect::<Vec<_>>(), [3, 7]);
/// assert_eq!(fields.get(7).unwrap().as_slice(), b"new");
/// ```
// An `Arc`, as dropping one is a few instructions inline and a call in the rare case, whereas all
// that dropping a `Box` takes is out of line and called for every struct of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedFields<'a>(Option<Arc<Sorted<'a>>>);

/// Without duplicates, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sorted<'a>(Vec<TaggedField<'a>>);

impl<'a> TaggedFields<'a> {
    /// The bytes of memory that a set takes which is not empty, without its fields.
    pub(super) const MEMORY: usize = size_of::<(AtomicUsize, AtomicUsize, Sorted<'_>)>();

    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// `fields`, which are sorted by tag and without duplicates.
    pub(super) fn from_sorted(fields: Vec<TaggedField<'a>>) -> Self {
        Self((!fields.is_empty()).then(|| Arc::new(Sorted(fields))))
    }

    /// The fields, by ascending tag.
    #[must_use]
    #[inline]
    pub fn as_slice(&self) -> &[TaggedField<'a>] {
        self.0.as_ref().map_or(&[], |fields| &fields.0)
    }

    /// The fields, by ascending tag.
    pub fn iter(&self) -> std::slice::Iter<'_, TaggedField<'a>> {
        self.as_slice().iter()
    }

    /// How many fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value of the field with `tag`.
    #[must_use]
    pub fn get(&self, tag: u32) -> Option<&Blob<'a>> {
        let fields = self.as_slice();
        let index = fields.binary_search_by_key(&tag, |field| field.tag).ok()?;
        fields.get(index).map(|field| &field.value)
    }

    /// Sets the field with `tag`: the value it had, if any.
    pub fn insert(&mut self, tag: u32, value: impl Into<Blob<'a>>) -> Option<Blob<'a>> {
        let fields = self.0.get_or_insert_with(|| Arc::new(Sorted(Vec::new())));
        let fields = &mut Arc::make_mut(fields).0;
        let value = value.into();
        match fields.binary_search_by_key(&tag, |field| field.tag) {
            Ok(index) => fields
                .get_mut(index)
                .map(|old| std::mem::replace(&mut old.value, value)),
            Err(index) => {
                fields.insert(index, TaggedField { tag, value });
                None
            }
        }
    }
}

impl<'t, 'a> IntoIterator for &'t TaggedFields<'a> {
    type Item = &'t TaggedField<'a>;
    type IntoIter = std::slice::Iter<'t, TaggedField<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoOwned for TaggedFields<'_> {
    type Owned = TaggedFields<'static>;

    #[inline]
    fn own(self, frame: Option<&SharedFrame<'_>>) -> TaggedFields<'static> {
        match self.0 {
            None => TaggedFields(None),
            Some(fields) => own_fields(fields, frame),
        }
    }
}

/// Out of line, as it is rare, and part of every struct.
#[cold]
#[inline(never)]
fn own_fields(fields: Arc<Sorted<'_>>, frame: Option<&SharedFrame<'_>>) -> TaggedFields<'static> {
    let fields = Arc::unwrap_or_clone(fields).0.own(frame);
    TaggedFields(Some(Arc::new(Sorted(fields))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_set_is_one_pointer() {
        assert_eq!(size_of::<TaggedFields<'_>>(), size_of::<usize>());
        assert!(TaggedFields::default().is_empty());
        assert_eq!(
            TaggedFields::default(),
            TaggedFields::from_sorted(Vec::new())
        );
    }

    #[test]
    fn inserting_a_tag_again_replaces_its_value() {
        let mut fields = TaggedFields::new();
        assert_eq!(fields.insert(1, &b"a"[..]), None);
        assert_eq!(fields.insert(1, &b"b"[..]), Some(Blob::from(b"a")));
        assert_eq!(fields.len(), 1);
    }
}
