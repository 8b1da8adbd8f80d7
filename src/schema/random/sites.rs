//! The places in the bytes of a valid message that can be mutated: lengths, counts, markers, tags. `collect` finds them,
//! `mutator` edits them.

use std::fmt::Write as _;
use std::ops::Range;

use crate::schema::{Field, StructSchema};
use crate::wire::Encoding;

/// All places of a message.
#[derive(Debug, Default)]
pub(super) struct Sites {
    pub(super) lengths: Vec<Length>,
    /// The markers in front of structs that may be null, where they are not tagged.
    pub(super) markers: Vec<Byte>,
    pub(super) bools: Vec<Byte>,
    pub(super) sections: Vec<Section>,
    /// The tagged fields of all sections.
    pub(super) tags: Vec<Tagged>,
    /// Every value except structs and arrays, in the order of the bytes.
    pub(super) leaves: Vec<(Range<usize>, StepIndex)>,
    pub(super) steps: Vec<PathStep>,
}

/// The index of the last step to a value, from which the path follows.
pub(super) type StepIndex = Option<usize>;

/// A tagged field, by its index.
pub(super) type TagIndex = Option<usize>;

/// One step: from a struct to its field, or to an element of it.
#[derive(Debug)]
pub(super) struct PathStep {
    pub(super) from: StepIndex,
    pub(super) field: &'static str,
    pub(super) index: Option<usize>,
}

/// The length or count in front of a value.
#[derive(Debug)]
pub(super) struct Length {
    pub(super) bytes: Range<usize>,
    /// The length included; of an array nothing but the count.
    pub(super) value: Range<usize>,
    pub(super) of: LengthOf,
    pub(super) e: Encoding,
    pub(super) is_nullable: bool,
    pub(super) is_null: bool,
    pub(super) step: StepIndex,
    /// In the value of which tagged field it stands, if any.
    pub(super) tag: TagIndex,
}

/// What a length is the length of.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum LengthOf {
    String,
    Blob,
    /// Of elements of at least so many bytes.
    Array(usize),
}

/// A value of one byte.
#[derive(Debug)]
pub(super) struct Byte {
    pub(super) at: usize,
    pub(super) step: StepIndex,
}

/// The tagged fields at the end of a struct.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) schema: &'static StructSchema,
    pub(super) count: Range<usize>,
    /// In the order of the bytes.
    pub(super) tags: Vec<usize>,
    pub(super) step: StepIndex,
    pub(super) tag: TagIndex,
}

/// A tagged field.
#[derive(Debug)]
pub(super) struct Tagged {
    pub(super) number: Range<usize>,
    pub(super) size: Range<usize>,
    pub(super) value: Range<usize>,
    /// Whether the struct has it.
    pub(super) field: Option<&'static Field>,
    pub(super) step: StepIndex,
    /// In the value of which other one it stands, if any.
    pub(super) tag: TagIndex,
}

impl Sites {
    /// The path of the value that `step` leads to, such as `topics[3].partitions`.
    pub(super) fn path(&self, step: StepIndex) -> String {
        let mut steps = Vec::new();
        let mut next = step;
        while let Some(step) = next.and_then(|index| self.steps.get(index)) {
            steps.push(step);
            next = step.from;
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            let dot = if path.is_empty() || step.field.is_empty() {
                ""
            } else {
                "."
            };
            // Writing to a string does not fail.
            let _ = write!(path, "{dot}{}", step.field);
            if let Some(index) = step.index {
                let _ = write!(path, "[{index}]");
            }
        }
        path
    }

    /// The path of `field` of the struct that `step` leads to.
    pub(super) fn path_of(&self, step: StepIndex, field: Option<&Field>) -> String {
        let path = self.path(step);
        match field {
            None => path,
            Some(field) if path.is_empty() => field.rust_name().to_owned(),
            Some(field) => format!("{path}.{}", field.rust_name()),
        }
    }

    /// The step to the value that the byte at `offset` is in, or nothing if it is in none.
    pub(super) fn at(&self, offset: usize) -> StepIndex {
        let after = self
            .leaves
            .partition_point(|(bytes, _)| bytes.end <= offset);
        let (bytes, step) = self.leaves.get(after)?;
        if bytes.contains(&offset) { *step } else { None }
    }
}
