//! Finds the places of `sites`, by walking through a valid message.

use std::ops::{ControlFlow, Range};

use super::sites::{Byte, Length, LengthOf, PathStep, Section, Sites, StepIndex, TagIndex, Tagged};
use crate::schema::{Field, FieldLocation, FieldType, Schema, StructSchema, Value, Visitor, visit};
use crate::wire::{Encoding, Limits, Reader};
use crate::{DecodeError, Version};

impl Sites {
    pub(super) fn of(
        schema: &'static Schema,
        version: Version,
        bytes: &[u8],
    ) -> Result<Self, DecodeError> {
        let mut collector = Collector {
            bytes,
            version,
            encoding: schema.encoding(version),
            sites: Self::default(),
            open: Vec::new(),
        };
        let _: ControlFlow<()> = visit(schema, version, bytes, Limits::UNLIMITED, &mut collector)?;
        Ok(collector.sites)
    }
}

/// The values and places of the message, as it is read.
struct Collector<'a> {
    bytes: &'a [u8],
    version: Version,
    encoding: Encoding,
    sites: Sites,
    /// The structs that have begun and not ended.
    open: Vec<OpenStruct>,
}

/// A struct that is being read.
struct OpenStruct {
    schema: &'static StructSchema,
    step: StepIndex,
    /// The tagged field that it is in.
    tag: TagIndex,
    section: Option<Section>,
    /// Where the tag begins that is read next.
    next_tag: usize,
    /// The tagged field of its own that is being read.
    own_tag: TagIndex,
}

impl OpenStruct {
    fn innermost_tag(&self) -> TagIndex {
        self.own_tag.or(self.tag)
    }
}

impl Collector<'_> {
    /// The step to a field or element of the struct that is being read.
    fn step(&mut self, place: FieldLocation) -> StepIndex {
        let from = self.open.last().and_then(|open| open.step);
        let field = place.field()?.rust_name();
        let index = place.index();
        self.sites.steps.push(PathStep { from, field, index });
        Some(self.sites.steps.len() - 1)
    }

    fn tag(&self) -> TagIndex {
        self.open.last().and_then(OpenStruct::innermost_tag)
    }

    /// Returns `true` if what is read is, or is inside of an array that is, a tagged field.
    fn is_tagged(&self) -> bool {
        self.open.last().is_some_and(|open| open.own_tag.is_some())
    }

    fn encoding(&self, field: &Field) -> Encoding {
        if self.is_tagged() {
            Encoding::Compact
        } else {
            field.encoding(self.version, self.encoding)
        }
    }

    fn is_nullable(&self, place: FieldLocation) -> bool {
        let field = place.field().filter(|_| place.index().is_none());
        field.is_some_and(|field| field.is_nullable_in(self.version))
    }

    /// A value with a length in front of `length` bytes of content.
    fn length(&mut self, place: FieldLocation, of: LengthOf, content: Option<usize>) {
        let Some(field) = place.field() else { return };
        let (step, e, value) = (self.step(place), self.encoding(field), place.bytes());
        let prefix = value.start..value.end - content.unwrap_or(0);
        self.sites.lengths.push(Length {
            bytes: prefix,
            value,
            of,
            e,
            is_nullable: self.is_nullable(place),
            is_null: content.is_none(),
            step,
            tag: self.tag(),
        });
    }

    fn null(&mut self, place: FieldLocation) {
        let Some(field) = place.field() else { return };
        match field.field_type() {
            ty if field.is_array() => self.length(place, self.array_of(field, ty), None),
            FieldType::Struct(_) => self.marker(place),
            FieldType::String => self.length(place, LengthOf::String, None),
            _ => self.length(place, LengthOf::Blob, None),
        }
    }

    fn array_of(&self, field: &Field, ty: FieldType) -> LengthOf {
        let e = self.encoding(field);
        LengthOf::Array(match ty {
            FieldType::Struct(schema) => schema.min_size(self.version).max(1),
            FieldType::String => e.string_size(),
            FieldType::Bytes | FieldType::Records => e.blob_size(),
            fixed => fixed.fixed_size().unwrap_or(1),
        })
    }

    fn marker(&mut self, place: FieldLocation) {
        if !self.is_tagged() {
            let (at, step) = (place.bytes().start, self.step(place));
            self.sites.markers.push(Byte { at, step });
        }
    }

    /// Where the integer ends that begins at `start`.
    fn end_of_varint(&self, start: usize) -> usize {
        let rest = self.bytes.get(start..);
        let mut reader = Reader::new(rest.expect("the walk is within the bytes"));
        // The walk refuses one that cannot be read after this.
        let _: Result<u32, DecodeError> = reader.unsigned_varint();
        start + reader.offset()
    }

    /// A tagged field of the struct that is being read, the value of which is at `value`.
    fn tagged(&mut self, field: Option<&'static Field>, step: StepIndex, value: Range<usize>) {
        let Some(start) = self.open.last().map(|open| open.next_tag) else {
            return;
        };
        let end = self.end_of_varint(start);
        let index = self.sites.tags.len();
        let Some(open) = self.open.last_mut() else {
            return;
        };
        self.sites.tags.push(Tagged {
            number: start..end,
            size: end..value.start,
            value,
            field,
            step,
            tag: open.tag,
        });
        open.own_tag = field.map(|_| index);
        if let Some(section) = &mut open.section {
            section.tags.push(index);
        }
    }
}

impl<'a> Visitor<'a> for Collector<'_> {
    fn enter(&mut self, place: FieldLocation) -> ControlFlow<()> {
        let in_tags = self.open.last().is_some_and(|open| open.section.is_some());
        if in_tags && place.index().is_none() {
            let step = self.step(place);
            self.tagged(place.field(), step, place.bytes());
        }
        ControlFlow::Continue(())
    }

    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        match value {
            Value::Null => self.null(place),
            Value::String(text) => self.length(place, LengthOf::String, Some(text.len())),
            Value::Bytes(bytes) | Value::Records(bytes) => {
                self.length(place, LengthOf::Blob, Some(bytes.len()));
            }
            Value::Bool(_) => {
                let (at, step) = (place.bytes().start, self.step(place));
                self.sites.bools.push(Byte { at, step });
            }
            _ => {
                self.step(place);
            }
        }
        let step = self.sites.steps.len().checked_sub(1);
        self.sites.leaves.push((place.bytes(), step));
        ControlFlow::Continue(())
    }

    fn begin_struct(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        if self.is_nullable(place) {
            self.marker(place);
        }
        let (step, tag) = (self.step(place), self.tag());
        self.open.push(OpenStruct {
            schema,
            step,
            tag,
            section: None,
            next_tag: 0,
            own_tag: None,
        });
        ControlFlow::Continue(())
    }

    fn end_struct(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        let Some(open) = self.open.pop() else {
            return ControlFlow::Continue(());
        };
        let end = place.bytes().end;
        let empty = || {
            self.encoding.is_compact().then(|| Section {
                schema,
                count: end - 1..end,
                tags: Vec::new(),
                step: open.step,
                tag: open.tag,
            })
        };
        self.sites.sections.extend(open.section.or_else(empty));
        ControlFlow::Continue(())
    }

    fn begin_array(&mut self, place: FieldLocation, _: usize) -> ControlFlow<()> {
        if let Some(field) = place.field() {
            self.length(place, self.array_of(field, field.field_type()), Some(0));
        }
        ControlFlow::Continue(())
    }

    fn next_tag(&mut self, start: usize) -> ControlFlow<()> {
        let count = start..self.end_of_varint(start);
        let Some(open) = self.open.last_mut() else {
            return ControlFlow::Continue(());
        };
        open.next_tag = start;
        if open.section.is_none() {
            open.section = Some(Section {
                schema: open.schema,
                count,
                tags: Vec::new(),
                step: open.step,
                tag: open.tag,
            });
        }
        // Where the next one begins, the last one ends.
        if let Some(tagged) = open
            .own_tag
            .take()
            .and_then(|tag| self.sites.tags.get_mut(tag))
        {
            tagged.value.end = start;
        }
        ControlFlow::Continue(())
    }

    fn unknown_tag(&mut self, _: u32, _: &'a [u8], bytes: Range<usize>) -> ControlFlow<()> {
        let step = self.open.last().and_then(|open| open.step);
        self.tagged(None, step, bytes);
        ControlFlow::Continue(())
    }
}
