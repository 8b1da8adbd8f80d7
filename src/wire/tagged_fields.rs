//! Unknown tagged fields.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::{Blob, IntoOwned, SharedFrame};

/// An unknown tagged field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

/// The unknown tagged fields of a struct, by ascending tag.
///
/// They are preserved on re-encoding. The type is one pointer wide.
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
/// assert_eq!(fields.get(7).unwrap(), b"new");
///
/// fields.retain(|field| field.tag > 5);
/// assert_eq!(fields.remove(7).unwrap(), b"new");
/// assert!(fields.is_empty());
/// ```
// An `Arc`, as dropping one is a few instructions inline and a call in the rare case, whereas all
// that dropping a `Box` takes is out of line and called for every struct of a message.
#[derive(Debug, Default, Eq, Hash)]
pub struct TaggedFields<'a>(Option<Arc<Sorted<'a>>>);

/// Without duplicates, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Sorted<'a>(Vec<TaggedField<'a>>);

// Every struct of every message has such a field. What is inline is compiled for each of them.
impl Clone for TaggedFields<'_> {
    #[inline(never)]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl PartialEq for TaggedFields<'_> {
    #[inline(never)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<'a> TaggedFields<'a> {
    /// The bytes of memory that a set takes which is not empty, without its fields.
    pub(super) const MEMORY: usize = size_of::<(AtomicUsize, AtomicUsize, Sorted<'_>)>();

    /// Creates an empty set.
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

    /// The number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Returns `true` if there are no fields.
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

    /// Sets the field with `tag`, and returns its former value.
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

    /// The value of the field with `tag`, to be changed.
    pub fn get_mut(&mut self, tag: u32) -> Option<&mut Blob<'a>> {
        let fields = &mut Arc::make_mut(self.0.as_mut()?).0;
        let index = fields.binary_search_by_key(&tag, |field| field.tag).ok()?;
        fields.get_mut(index).map(|field| &mut field.value)
    }

    /// Removes the field with `tag`: the value it had, if it was there.
    pub fn remove(&mut self, tag: u32) -> Option<Blob<'a>> {
        let index = self
            .as_slice()
            .binary_search_by_key(&tag, |field| field.tag);
        let index = index.ok()?;
        let fields = &mut Arc::make_mut(self.0.as_mut()?).0;
        let removed = fields.remove(index);
        if fields.is_empty() {
            self.0 = None;
        }
        Some(removed.value)
    }

    /// Keeps the fields for which `keep` returns `true`.
    pub fn retain(&mut self, keep: impl FnMut(&TaggedField<'a>) -> bool) {
        let Some(fields) = &mut self.0 else { return };
        let fields = &mut Arc::make_mut(fields).0;
        fields.retain(keep);
        if fields.is_empty() {
            self.0 = None;
        }
    }

    /// Removes all fields.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

/// Sets each field. Of several with one tag the last counts.
impl<'a> Extend<TaggedField<'a>> for TaggedFields<'a> {
    fn extend<I: IntoIterator<Item = TaggedField<'a>>>(&mut self, fields: I) {
        // Not one by one: each would move all behind it.
        let mut all = std::mem::take(self).into_iter().chain(fields).collect();
        sort(&mut all);
        *self = Self::from_sorted(all);
    }
}

/// The fields by ascending tag. Of several with one tag the last counts.
impl<'a> FromIterator<TaggedField<'a>> for TaggedFields<'a> {
    fn from_iter<I: IntoIterator<Item = TaggedField<'a>>>(fields: I) -> Self {
        let mut all = Self::new();
        all.extend(fields);
        all
    }
}

/// Sorts fields by tag, and keeps the last of those with one tag.
fn sort(fields: &mut Vec<TaggedField<'_>>) {
    fields.sort_by_key(|field| field.tag);
    fields.dedup_by(|later, kept| {
        let is_same = later.tag == kept.tag;
        if is_same {
            std::mem::swap(later, kept);
        }
        is_same
    });
}

impl<'a> IntoIterator for TaggedFields<'a> {
    type Item = TaggedField<'a>;
    type IntoIter = std::vec::IntoIter<TaggedField<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        let fields = self.0.map(|fields| Arc::unwrap_or_clone(fields).0);
        fields.unwrap_or_default().into_iter()
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

    #[test]
    fn of_fields_with_one_tag_the_last_counts_in_any_order() {
        let field = |tag, value: &'static [u8]| TaggedField {
            tag,
            value: value.into(),
        };
        let mut fields: TaggedFields<'_> = [field(9, b"a"), field(1, b"b"), field(9, b"c")]
            .into_iter()
            .collect();
        fields.extend([field(5, b"d"), field(1, b"e"), field(1, b"f")]);
        let expected = [field(1, b"f"), field(5, b"d"), field(9, b"c")];
        assert_eq!(fields.as_slice(), expected);
    }

    /// The set behaves as a map, whatever is done to it.
    #[test]
    fn fields_stay_sorted_and_without_duplicates_through_any_edits() {
        use std::collections::BTreeMap;

        let mut random = 1_u32;
        let mut next = move |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        let (mut fields, mut map) = (TaggedFields::new(), BTreeMap::new());
        for _ in 0..5000 {
            let tag = next(12);
            let value = next(1000).to_string();
            match next(8) {
                0..4 => {
                    let old = map.insert(tag, value.clone());
                    assert_eq!(fields.insert(tag, value), old.map(Blob::from));
                }
                4 | 5 => assert_eq!(fields.remove(tag), map.remove(&tag).map(Blob::from)),
                6 => {
                    fields.retain(|field| field.tag % 5 != tag % 5);
                    map.retain(|key, _| key % 5 != tag % 5);
                }
                _ => {
                    if let Some(found) = fields.get_mut(tag) {
                        *found = value.clone().into();
                    }
                    map.entry(tag).and_modify(|found| *found = value);
                }
            }
            let expected = map.iter().map(|(tag, value)| TaggedField {
                tag: *tag,
                value: value.clone().into(),
            });
            let expected: Vec<_> = expected.collect();
            assert_eq!(fields.as_slice(), expected);
            assert_eq!(
                (fields.len(), fields.is_empty()),
                (map.len(), map.is_empty())
            );
            let shuffled = expected.iter().rev().chain(&expected).cloned();
            assert_eq!(shuffled.collect::<TaggedFields<'_>>(), fields);
            assert_eq!(fields.clone().into_iter().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn editing_a_clone_leaves_the_original() {
        let mut fields = TaggedFields::new();
        fields.insert(1, "a");
        let mut other = fields.clone();
        other.insert(1, "b");
        other.insert(2, "c");
        assert_eq!(
            (fields.len(), fields.get(1).unwrap()),
            (1, &Blob::from("a"))
        );
        other.clear();
        assert_eq!(fields.len(), 1);
    }
}
