//! Edits the bytes of a message and corrects the sizes of the tagged fields around them, so that the message has no other
//! defect than the intended one.

use std::ops::Range;

use super::sites::{Sites, TagIndex};
use crate::wire::Writer;

/// Bytes that come in place of others.
pub(super) struct Edit {
    pub(super) at: Range<usize>,
    pub(super) with: Vec<u8>,
}

impl Edit {
    pub(super) fn new(at: Range<usize>, with: impl Into<Vec<u8>>) -> Self {
        Self {
            at,
            with: with.into(),
        }
    }
}

/// `bytes` with `edits`, which come in the order of the bytes and all stand in the value of the tagged field
/// `tag`, if any; and by how much the first of them moved.
pub(super) fn apply(
    bytes: &[u8],
    sites: &Sites,
    edits: Vec<Edit>,
    tag: TagIndex,
) -> (Vec<u8>, isize) {
    let mut out = bytes.to_vec();
    for edit in edits.into_iter().rev() {
        out.splice(edit.at, edit.with);
    }
    let (length, mut next) = (out.len(), tag);
    while let Some(tagged) = next.and_then(|tag| sites.tags.get(tag)) {
        // As much as came in comes into the size.
        let size = (tagged.value.len() + out.len()).saturating_sub(bytes.len());
        let size = varint(u32::try_from(size).unwrap_or(u32::MAX));
        out.splice(tagged.size.clone(), size);
        next = tagged.tag;
    }
    // A size gets shorter where it took more bytes than it needs.
    let signed = |length| isize::try_from(length).expect("a vector has at most isize::MAX bytes");
    let moved = signed(out.len()) - signed(length);
    (out, moved)
}

/// An unsigned variable-length integer.
pub(super) fn varint(value: u32) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.unsigned_varint(value);
    writer.into_vec()
}

/// The same integer in `more` bytes more.
pub(super) fn overlong(varint: &[u8], more: usize) -> Vec<u8> {
    let mut out = varint.to_vec();
    if let Some(last) = out.last_mut() {
        *last |= 0x80;
    }
    out.resize((varint.len() + more).saturating_sub(1), 0x80);
    out.push(0);
    out
}

#[cfg(test)]
#[cfg(feature = "messages")]
mod tests {
    use crate::Version;
    use crate::schema::random::{Mutation, Mutator, Seeded};
    use crate::schema::{Schema, visit};
    use crate::wire::Limits;

    /// A FetchRequest whose `ReplicaState`, a tagged struct of 13 bytes, has its size in more bytes than it needs.
    fn overlong_size() -> Vec<u8> {
        let mut bytes = vec![0; 4 + 4 + 4 + 1 + 4 + 4];
        // No topics, no forgotten ones, no rack; one tagged field.
        bytes.extend([1, 1, 1, 1, 1, 0x8d, 0]);
        bytes.extend([7; 12]);
        bytes.push(0);
        bytes
    }

    #[test]
    fn the_offsets_of_a_mutation_follow_a_size_that_gets_shorter() {
        let (schema, version) = (Schema::named("FetchRequest").unwrap(), Version(15));
        let bytes = overlong_size();
        let mutator = Mutator::new(schema, version, &bytes).unwrap();
        let mut checked = 0;
        for seed in 0..50 {
            let mut entropy = Seeded::new(seed);
            let mutated = mutator
                .apply(Mutation::InflatedTagCount, &mut entropy)
                .unwrap();
            let limits = Limits::UNLIMITED;
            let error = visit(schema, version, mutated.bytes(), limits, &mut ()).unwrap_err();
            assert_eq!(error.offset(), mutated.offset(), "{mutated}: {error}");
            checked += u32::from(mutated.path() == "replica_state");
        }
        assert!(checked > 0);
    }
}
