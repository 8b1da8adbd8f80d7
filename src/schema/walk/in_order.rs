//! A struct in the order of its definition: tagged fields stand in their places among the others, and
//! are not told where they are at their default. The bytes were found to be valid before.

use std::ops::ControlFlow;

use super::Walk;
use crate::schema::{DefaultValue, Field, FieldLocation, StructSchema, Value, Visitor};
use crate::wire::{Encoding, ReadCursor};

impl<'a, V: Visitor<'a>> Walk<'a, '_, V> {
    pub(super) fn structure_in_order(
        &mut self,
        place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        self.visitor.begin_struct(place, schema)?;
        let mut section = None;
        for (index, field) in schema.fields().iter().enumerate() {
            if field.is_mandatory_in(self.version) {
                let e = field.encoding(self.version, self.encoding);
                self.field(field, e, false)?;
            } else if field.is_tagged_in(self.version) {
                let section = section.get_or_insert_with(|| {
                    let rest = schema
                        .fields()
                        .get(index..)
                        .expect("it is the index of one");
                    self.section_after(rest)
                });
                if let Some(value) = section.clone().find(field.tag()) {
                    self.tagged_in_order(value, field)?;
                }
            }
        }
        let section = Section::at(&self.reader);
        let mut tags = section.clone();
        while let Some(tag) = tags.next() {
            if schema.tagged(tag.number).is_none() {
                let end = tag.value.offset() + tag.bytes.len();
                self.visitor
                    .unknown_tag(tag.number, tag.bytes, tag.value.offset()..end)?;
            }
        }
        self.reader = tags.reader;
        self.visitor.end_struct(self.end(place), schema)
    }

    /// The tagged fields of a struct, of which the mandatory fields among `rest` are still to be read.
    fn section_after(&self, rest: &'static [Field]) -> Section<'a> {
        let mut ahead = Walk {
            reader: self.reader.clone(),
            version: self.version,
            encoding: self.encoding,
            visitor: &mut Silent,
        };
        for field in rest {
            if field.is_mandatory_in(self.version) {
                let e = field.encoding(self.version, self.encoding);
                if ahead.field(field, e, false).is_break() {
                    break;
                }
            }
        }
        Section::at(&ahead.reader)
    }

    /// A tagged field, the value of which stands at the front of `value`.
    fn tagged_in_order(&mut self, value: ReadCursor<'a>, field: &'static Field) -> ControlFlow<()> {
        let mut compare = Walk {
            reader: value.clone(),
            version: self.version,
            encoding: self.encoding,
            visitor: &mut Defaults,
        };
        if compare.field(field, Encoding::Compact, true).is_continue() {
            return ControlFlow::Continue(());
        }
        let after = std::mem::replace(&mut self.reader, value);
        self.field(field, Encoding::Compact, true)?;
        self.reader = after;
        ControlFlow::Continue(())
    }
}

/// The tagged fields of a struct that have not been read yet.
#[derive(Clone)]
struct Section<'a> {
    reader: ReadCursor<'a>,
    left: u32,
}

struct Tagged<'a> {
    number: u32,
    bytes: &'a [u8],
    /// What reads the value.
    value: ReadCursor<'a>,
}

impl<'a> Section<'a> {
    fn at(reader: &ReadCursor<'a>) -> Self {
        let mut reader = reader.clone();
        let left = reader.unsigned_varint();
        Self { reader, left }
    }

    fn next(&mut self) -> Option<Tagged<'a>> {
        self.left = self.left.checked_sub(1)?;
        let number = self.reader.unsigned_varint();
        let size = usize::try_from(self.reader.unsigned_varint()).unwrap_or(usize::MAX);
        let value = self.reader.clone();
        let bytes = self.reader.bytes(size);
        (!self.reader.failed()).then_some(Tagged {
            number,
            bytes,
            value,
        })
    }

    /// What reads the value with `tag`.
    fn find(mut self, tag: Option<u32>) -> Option<ReadCursor<'a>> {
        while let Some(tagged) = self.next() {
            if Some(tagged.number) == tag {
                return Some(tagged.value);
            }
        }
        None
    }
}

/// Passes over bytes that were found to be valid before, or are to be but for their text.
pub(super) struct Silent;

impl Visitor<'_> for Silent {
    const ANY_TEXT: bool = true;
}

/// Ends the visit of a field at the first value that is not its default. A struct is at its default if
/// all of its fields are, as in Java's `equals`, and it has no unknown tagged field.
struct Defaults;

impl<'a> Visitor<'a> for Defaults {
    const ANY_TEXT: bool = true;

    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        go_on_if(place.field().is_some_and(|field| field.is_default(value)))
    }

    fn begin_struct(&mut self, place: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        go_on_if(!is_null_by_default(place))
    }

    fn begin_array(&mut self, place: FieldLocation, count: usize) -> ControlFlow<()> {
        go_on_if(count == 0 && !is_null_by_default(place))
    }

    fn unknown_tag(&mut self, _: u32, _: &'a [u8], _: std::ops::Range<usize>) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

fn go_on_if(is_default: bool) -> ControlFlow<()> {
    if is_default {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

fn is_null_by_default(place: FieldLocation) -> bool {
    place
        .field()
        .is_some_and(|field| field.default_value() == DefaultValue::Null)
}
