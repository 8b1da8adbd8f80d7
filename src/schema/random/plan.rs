//! The fields of a message in one version: what the tables say of them, found out once for many messages.

use std::ops::Range;

use super::Options;
use super::chance::Chance;
use super::min_sizes::{MinSizes, tag_bytes};
use super::values::{Fixed, Width};
use crate::Version;
use crate::schema::{DefaultValue, Enumeration, Field, FieldType, Schema, StructSchema};
use crate::wire::Encoding;

/// A message in one version.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The fields of all structs: those of a struct in one piece.
    steps: Vec<Step>,
    structs: Vec<Struct>,
    /// Of the message.
    root: u32,
    /// `true` if structs end with tagged fields.
    pub(super) is_flexible: bool,
}

/// A struct of a message in one version.
#[derive(Clone, Debug)]
pub(super) struct Struct {
    pub(super) schema: &'static StructSchema,
    /// The steps that stand among the others.
    mandatory: Range<usize>,
    /// Those that are tagged, by tag.
    tagged: Range<usize>,
    /// The minimum size without a marker in front.
    pub(super) min_size: usize,
}

/// A field of a struct. It takes 64 bytes of memory, a line of the cache.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) field: &'static Field,
    /// The names of its values.
    pub(super) names: Option<&'static Enumeration>,
    /// The default of a value of fixed width, its first eight bytes.
    pub(super) default: u64,
    /// Of an element, of a struct above null.
    pub(super) min_size: usize,
    /// The minimum size of a tagged field with its tag and the longest size in front.
    pub(super) tagged_size: u32,
    pub(super) tag: u8,
    /// How often it is null: never, unless it may be.
    pub(super) nulls: Chance,
    /// How often it is empty, if it is an array: those inside of elements now and then.
    pub(super) empty: Chance,
    pub(super) marker: Marker,
    /// How its length is written.
    pub(super) encoding: Encoding,
}

impl Step {
    pub(super) fn default_value(&self) -> DefaultValue {
        self.field.default_value()
    }
}

/// The type of a value.
#[derive(Copy, Clone, Debug)]
pub(super) enum Kind {
    Fixed(Width),
    String,
    Bytes,
    Records,
    /// The index among the structs.
    Struct(u32),
    Array(ElementKind),
}

/// The type of an element.
#[derive(Copy, Clone, Debug)]
pub(super) enum ElementKind {
    Fixed(Width),
    String,
    Bytes,
    Records,
    /// The index among the structs.
    Struct(u32),
}

/// What is in front of a struct that may be null.
#[derive(Copy, Clone, Debug)]
pub(super) enum Marker {
    None,
    /// 1 or -1.
    Mandatory,
    /// 1 or 0.
    Tagged,
}

impl Plan {
    pub(super) fn new(schema: &Schema, version: Version, options: &Options) -> Self {
        let encoding = schema.encoding(version);
        let mut planner = Planner {
            steps: Vec::new(),
            structs: Vec::new(),
            sizes: MinSizes::new(version, encoding, options),
            nulls: Chance::of_percent(options.null_percent()),
            empty: Chance::of_percent(100 - options.nested_percent().min(100)),
        };
        let root = planner.add(schema.root(), false);
        Self {
            steps: planner.steps,
            structs: planner.structs,
            root,
            is_flexible: encoding.is_compact(),
        }
    }

    /// The message's own struct.
    #[inline]
    pub(super) fn root(&self) -> &Struct {
        self.structure(self.root)
    }

    #[inline]
    pub(super) fn structure(&self, index: u32) -> &Struct {
        let structure = usize::try_from(index)
            .ok()
            .and_then(|index| self.structs.get(index));
        structure.expect("its index is that of a struct")
    }

    /// The fields of a struct that stand among the others, in order.
    #[inline]
    pub(super) fn mandatory(&self, of: &Struct) -> &[Step] {
        self.steps.get(of.mandatory.clone()).unwrap_or_default()
    }

    /// The tagged fields of a struct, by tag.
    #[inline]
    pub(super) fn tagged(&self, of: &Struct) -> &[Step] {
        self.steps.get(of.tagged.clone()).unwrap_or_default()
    }
}

/// A plan that is being made.
struct Planner {
    steps: Vec<Step>,
    structs: Vec<Struct>,
    sizes: MinSizes,
    nulls: Chance,
    /// How often arrays inside of elements are empty.
    empty: Chance,
}

impl Planner {
    /// Adds a struct and those in it; returns its index.
    fn add(&mut self, schema: &'static StructSchema, is_element: bool) -> u32 {
        let (sizes, fields) = (self.sizes, schema.fields().iter());
        let mandatory = fields
            .clone()
            .filter(|field| field.is_mandatory_in(sizes.version));
        let mut steps: Vec<_> = mandatory
            .map(|field| self.step(field, sizes.of_field(field), is_element))
            .collect();
        let count = steps.len();
        let tagged = fields.filter(|field| field.is_tagged_in(sizes.version));
        steps.extend(tagged.map(|field| self.step(field, Encoding::Compact, is_element)));
        if let Some(tagged) = steps.get_mut(count..) {
            tagged.sort_by_key(|step| step.tag);
        }
        let start = self.steps.len();
        self.steps.append(&mut steps);
        self.structs.push(Struct {
            schema,
            mandatory: start..start + count,
            tagged: start + count..self.steps.len(),
            min_size: sizes.structure(schema),
        });
        u32::try_from(self.structs.len() - 1).expect("a message has few structs")
    }

    fn step(&mut self, field: &'static Field, encoding: Encoding, is_element: bool) -> Step {
        let (sizes, ty) = (self.sizes, field.field_type());
        let is_nullable = field.is_nullable_in(sizes.version);
        let is_tagged = field.is_tagged_in(sizes.version);
        let element = match ty {
            FieldType::String => ElementKind::String,
            FieldType::Bytes => ElementKind::Bytes,
            FieldType::Records => ElementKind::Records,
            FieldType::Struct(schema) => {
                ElementKind::Struct(self.add(schema, is_element || field.is_array()))
            }
            ty => ElementKind::Fixed(Width::of(ty)),
        };
        let tag = field.tag().unwrap_or(0);
        let tagged_size = sizes.field(field, encoding) + tag_bytes(tag);
        Step {
            kind: match element {
                element if field.is_array() => Kind::Array(element),
                ElementKind::Fixed(width) => Kind::Fixed(width),
                ElementKind::String => Kind::String,
                ElementKind::Bytes => Kind::Bytes,
                ElementKind::Records => Kind::Records,
                ElementKind::Struct(index) => Kind::Struct(index),
            },
            nulls: if is_nullable {
                self.nulls
            } else {
                Chance::NEVER
            },
            empty: if is_element {
                self.empty
            } else {
                Chance::NEVER
            },
            marker: match (is_nullable, is_tagged) {
                (false, _) => Marker::None,
                (true, false) => Marker::Mandatory,
                (true, true) => Marker::Tagged,
            },
            encoding,
            tag: u8::try_from(tag).expect("tags are small"),
            min_size: match ty {
                FieldType::Struct(schema) if !field.is_array() => sizes.above_null(field, schema),
                ty => sizes.element(ty, encoding),
            },
            tagged_size: u32::try_from(tagged_size).expect("a struct takes few bytes"),
            field,
            names: field.enumeration(),
            default: Fixed::default_of(field).high(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_a_line_of_the_cache() {
        assert!(size_of::<Step>() <= 64, "{}", size_of::<Step>());
    }
}
