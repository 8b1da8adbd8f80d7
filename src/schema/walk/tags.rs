//! The tagged fields at the end of a struct, in the order they come.

use std::ops::ControlFlow;

use super::Walk;
use crate::schema::{Field, StructSchema, Visitor};
use crate::wire::Encoding;
use crate::wire::read_cursor::{Tag, TagSection};

impl<'a, V: Visitor<'a>> Walk<'a, '_, V> {
    #[cold]
    pub(super) fn tags(&mut self, schema: &'static StructSchema) -> ControlFlow<()> {
        self.visitor.next_tag(self.reader.offset())?;
        let start = self.reader.clone();
        let mut tags = self.reader.tag_section();
        // The last tag, as long as they ascend.
        let (mut last, mut ascends) = (None, true);
        loop {
            self.go_on()?;
            self.visitor.next_tag(self.reader.offset())?;
            let Some(tag) = self.reader.next_tag(&mut tags) else {
                break;
            };
            if let Some(field) = schema.tagged(tag.number) {
                self.known_tag(&mut tags, tag, field)?;
                continue;
            }
            let start = self.reader.offset();
            let value = self.reader.unknown_value(&tags, tag, last.is_none());
            self.go_on()?;
            let bytes = start..self.reader.offset();
            self.visitor.unknown_tag(tag.number, value, bytes)?;
            ascends &= last.is_none_or(|last| last < tag.number);
            last = Some(tag.number);
        }
        self.go_on()?;
        if !ascends {
            let is_known = |tag| schema.tagged(tag).is_some();
            self.reader.refuse_duplicates(start, is_known);
        }
        self.go_on()
    }

    fn known_tag(
        &mut self,
        tags: &mut TagSection<'a>,
        tag: Tag,
        field: &'static Field,
    ) -> ControlFlow<()> {
        if field.is_tagged_in(self.version) {
            self.field(field, Encoding::Compact, true)?;
            self.reader.known_tag(tags, tag);
        } else {
            let place = self.place(Some(field), None);
            self.visitor.enter(place)?;
            self.reader.tag_not_in_version(tag);
        }
        self.go_on()
    }
}
