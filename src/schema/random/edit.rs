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
) -> (Vec<u8>, usize) {
    let mut out = bytes.to_vec();
    for edit in edits.into_iter().rev() {
        out.splice(edit.at, edit.with);
    }
    let (length, mut moved, mut next) = (out.len(), 0, tag);
    while let Some(tagged) = next.and_then(|tag| sites.tags.get(tag)) {
        // As much as came in comes into the size.
        let size = (tagged.value.len() + length + moved).saturating_sub(bytes.len());
        let size = varint(u32::try_from(size).unwrap_or(u32::MAX));
        moved += size.len().saturating_sub(tagged.size.len());
        out.splice(tagged.size.clone(), size);
        next = tagged.tag;
    }
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
