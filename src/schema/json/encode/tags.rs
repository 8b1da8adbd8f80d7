//! The tagged fields at the end of a struct: known ones, and those that JSON has as unknown.

use std::collections::HashSet;

use super::{Encoder, defaults};
use crate::schema::json::document::{Shape, Value};
use crate::schema::json::error::{JsonErrorKind as Kind, LocatedError};
use crate::schema::json::message::{DATA, TAG};
use crate::schema::json::scalar::{bytes, integer, wrong};
use crate::schema::{FieldType, StructSchema};
use crate::wire::{Encoding, TaggedField, TaggedFields};

impl<'d, 't> Encoder<'d, 't, '_> {
    /// Writes the section of a struct, the values of which begin at `base`.
    pub(super) fn tags(
        &mut self,
        schema: &'static StructSchema,
        base: usize,
        unknown: &TaggedFields<'_>,
    ) -> Result<(), LocatedError> {
        let mut section = self.writer.tag_section(Encoding::Compact, unknown);
        for (index, tag, field) in schema.fields_by_tag() {
            if !field.is_tagged_in(self.version) {
                continue;
            }
            let Some(json) = self.values.get(base + index).copied().flatten() else {
                continue;
            };
            let mut write = || {
                let present = !defaults::is_default(field, json, self.version, self.options)?;
                if self.writer.tag(&mut section, tag, present) {
                    self.field(field, json, Encoding::Compact, true)?;
                    self.writer.end_tag(&mut section);
                }
                Ok(())
            };
            write().map_err(|fault: LocatedError| fault.in_field(field.name()))?;
        }
        self.writer.finish_tags(section);
        Ok(())
    }

    /// The unknown tagged fields of a struct, from `[{"tag":7,"data":"AQI="}]`.
    pub(super) fn unknown_tags(
        &self,
        schema: &'static StructSchema,
        json: Value<'d, 't>,
    ) -> Result<TaggedFields<'static>, LocatedError> {
        if json.shape() != Shape::Array {
            return Err(wrong(json, "an array"));
        }
        let mut tags = HashSet::new();
        let fields = json.elements().enumerate().map(|(index, element)| {
            self.unknown_tag(schema, element, &mut tags)
                .map_err(|fault| fault.in_element(index))
        });
        fields.collect()
    }

    fn unknown_tag(
        &self,
        schema: &'static StructSchema,
        json: Value<'d, 't>,
        tags: &mut HashSet<u32>,
    ) -> Result<TaggedField<'static>, LocatedError> {
        if json.shape() != Shape::Object {
            return Err(wrong(json, "an object"));
        }
        if !self.encoding.is_compact() {
            return Err(LocatedError::new(
                json.offset(),
                Kind::TaggedFieldsNotInVersion,
            ));
        }
        let (mut number, mut data) = (None, None);
        for (name, value) in json.members() {
            let key = name.string().unwrap_or_default();
            let (place, key) = match &*key {
                TAG => (&mut number, TAG),
                DATA => (&mut data, DATA),
                _ if self.options.refuse_unknown_keys => {
                    let key = key.into_owned();
                    return Err(LocatedError::new(name.offset(), Kind::UnknownKey { key }));
                }
                _ => continue,
            };
            if place.replace(value).is_some() {
                let key = key.into();
                return Err(LocatedError::new(name.offset(), Kind::DuplicateKey { key }));
            }
        }
        let missing = |key| LocatedError::new(json.offset(), Kind::MissingKey { key });
        let number = number.ok_or_else(|| missing(TAG))?;
        let data = data.ok_or_else(|| missing(DATA))?;
        let tag =
            integer(number, FieldType::Uint32, "a tag").map_err(|fault| fault.in_field(TAG))?;
        let value = bytes(data).map_err(|fault| fault.in_field(DATA))?;
        let value = bytes::Bytes::from(value);
        if schema.tagged(tag).is_some() || !tags.insert(tag) {
            return Err(LocatedError::new(
                number.offset(),
                Kind::DuplicateTag { tag },
            ));
        }
        let value = value.into();
        Ok(TaggedField { tag, value })
    }
}
