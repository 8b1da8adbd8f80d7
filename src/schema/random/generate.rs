//! Writes a message by its schema: every field of the version, within the budget. What can be left out is
//! where it is at its default, so that the bytes are those that an encoder writes too.

use std::ops::Range;

use super::entropy::Dice;
use super::lengths::{put_blob_length, put_string_length, put_varint};
use super::min_sizes::{MinSizes, varint_size};
use super::texts;
use super::values::Fixed;
use super::{Entropy, Options};
use crate::schema::{DefaultValue, Field, FieldType, Schema, StructSchema};
use crate::wire::{Encoding, Writer};
use crate::{EncodeError, Version};

/// Bytes of a valid message: any that `options` allow, in canonical form.
///
/// Canonical means that an encoder writes the same bytes for what they decode to: the shortest form of every
/// number, tags in ascending order, no tagged field that is at its default.
///
/// # Errors
///
/// [`UnsupportedVersion`](crate::EncodeErrorKind::UnsupportedVersion).
///
/// # Examples
///
/// ```
/// use kafka_codec::schema::random::{self, Options, Seeded};
/// use kafka_codec::schema::Schema;
/// use kafka_codec::{Version, wire::Limits};
///
/// let schema = Schema::named("ApiVersionsResponse")?;
/// let bytes = random::message(schema, Version(4), &Options::default(), &mut Seeded::new(1))?;
/// kafka_codec::schema::visit(schema, Version(4), &bytes, Limits::default(), &mut ())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn message(
    schema: &'static Schema,
    version: Version,
    options: &Options,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, EncodeError> {
    // Refuses a version that there is not.
    Writer::new().message(schema.name(), schema.versions(), version, |_| {})?;
    let mut generator = Generator::new(schema, version, options, Dice::new(entropy));
    generator.structure(schema.root());
    Ok(generator.out)
}

/// Methods that append a value return whether it is at its default.
struct Generator<'e, 'o> {
    options: &'o Options,
    dice: Dice<'e>,
    sizes: MinSizes,
    /// The number of bytes left above the minimum size of all that is still to come.
    spare: usize,
    /// Of how many arrays this is an element.
    depth: usize,
    /// In how many tagged fields this is. Elsewhere it does not matter what is at its default.
    tagged: usize,
    /// What is generated so far.
    out: Vec<u8>,
    /// The tagged fields of the structs that are being generated, those of the innermost last.
    tags: Vec<Tagged>,
    /// Room for the values of the tagged fields of a struct while their tags are put in front of them.
    moved: Vec<u8>,
}

/// A tagged field, the value of which has been appended.
struct Tagged {
    tag: u32,
    value: Range<usize>,
}

impl<'e, 'o> Generator<'e, 'o> {
    fn new(schema: &Schema, version: Version, options: &'o Options, dice: Dice<'e>) -> Self {
        let sizes = MinSizes::new(version, schema.encoding(version), options);
        let least = sizes.structure(schema.root());
        Self {
            options,
            dice,
            sizes,
            spare: options.max_bytes().saturating_sub(least),
            depth: 0,
            tagged: 0,
            out: Vec::with_capacity(least + TYPICAL.min(options.max_bytes())),
            tags: Vec::new(),
            moved: Vec::new(),
        }
    }

    fn structure(&mut self, schema: &'static StructSchema) -> bool {
        let version = self.sizes.version;
        let (mut is_default, mut has_tagged) = (true, false);
        for field in schema.fields() {
            if field.is_mandatory_in(version) {
                is_default &= self.field(field, self.sizes.of_field(field));
            } else {
                has_tagged |= field.is_tagged_in(version);
            }
        }
        if self.sizes.encoding.is_compact() {
            is_default &= self.tags(schema, has_tagged);
        }
        is_default
    }

    fn field(&mut self, field: &'static Field, e: Encoding) -> bool {
        let is_nullable = field.is_nullable_in(self.sizes.version);
        let is_null = is_nullable && self.dice.chance(self.options.null_percent());
        match field.field_type() {
            FieldType::Struct(schema) if !field.is_array() => {
                self.optional_struct(field, schema, is_null)
            }
            ty if is_null => {
                // Null bytes and null arrays are written alike.
                if matches!(ty, FieldType::String) && !field.is_array() {
                    put_string_length(&mut self.out, e, None);
                } else {
                    put_blob_length(&mut self.out, e, None);
                }
                field.default_value() == DefaultValue::Null
            }
            ty if field.is_array() => self.array(field, ty, e),
            FieldType::String => self.string(field, e),
            FieldType::Bytes | FieldType::Records => self.blob(field, e),
            _ => self.fixed(field),
        }
    }

    fn optional_struct(
        &mut self,
        field: &'static Field,
        schema: &'static StructSchema,
        is_null: bool,
    ) -> bool {
        let version = self.sizes.version;
        let is_null = is_null || !self.spend(self.sizes.above_null(field, schema));
        match (field.is_nullable_in(version), field.is_tagged_in(version)) {
            (true, true) => self.out.push((!is_null).into()),
            (true, false) => self.out.push(if is_null { 0xff } else { 1 }),
            (false, _) => {}
        }
        if is_null {
            return field.default_value() == DefaultValue::Null;
        }
        self.structure(schema) && field.default_value() == DefaultValue::Zero
    }

    fn array(&mut self, field: &'static Field, ty: FieldType, e: Encoding) -> bool {
        let is_empty = self.depth > 0 && {
            let percent = self.options.nested_percent().min(100);
            self.dice.chance(100 - percent)
        };
        let count = if is_empty {
            0
        } else {
            let min = self.sizes.element(ty, e);
            self.affordable(self.options.max_elements(), min, e)
        };
        put_blob_length(&mut self.out, e, Some(count));
        self.depth += 1;
        for _ in 0..count {
            match ty {
                FieldType::Struct(schema) => self.structure(schema),
                FieldType::String => self.string(field, e),
                FieldType::Bytes | FieldType::Records => self.blob(field, e),
                _ => {
                    let value = Fixed::random(ty, field.enumeration(), &mut self.dice);
                    value.write(&mut self.out);
                    false
                }
            };
        }
        self.depth -= 1;
        count == 0 && field.default_value() == DefaultValue::Zero
    }

    fn fixed(&mut self, field: &'static Field) -> bool {
        let value = if self.dice.chance(self.options.default_percent()) {
            Fixed::default_of(field)
        } else {
            Fixed::random(field.field_type(), field.enumeration(), &mut self.dice)
        };
        value.write(&mut self.out);
        self.tagged > 0 && value.is_default_of(field)
    }

    fn string(&mut self, field: &'static Field, e: Encoding) -> bool {
        let length = self.affordable(self.options.max_string_bytes(), 1, e);
        // A known value may be shorter, so that the length is written last.
        let start = self.out.len();
        put_string_length(&mut self.out, e, Some(length));
        let text = self.out.len();
        texts::text(field, length, &mut self.dice, &mut self.out);
        let written = self.out.len() - text;
        if written < length {
            let content = self.out.split_off(text);
            self.out.truncate(start);
            put_string_length(&mut self.out, e, Some(written));
            self.out.extend(content);
        }
        self.tagged > 0 && {
            let text = self.out.get(self.out.len() - written..);
            match field.default_value() {
                DefaultValue::Text(default) => text == Some(default.as_bytes()),
                DefaultValue::Zero => written == 0,
                _ => false,
            }
        }
    }

    fn blob(&mut self, field: &'static Field, e: Encoding) -> bool {
        let is_records = matches!(field.field_type(), FieldType::Records);
        let max = if is_records {
            self.options.max_records_bytes()
        } else {
            self.options.max_blob_bytes()
        };
        let length = self.affordable(max, 1, e);
        match self.options.records {
            Some(make) if is_records => {
                self.moved.clear();
                make(self.dice.entropy(), length, &mut self.moved);
                if self.moved.len() > length {
                    self.moved.clear();
                }
                put_blob_length(&mut self.out, e, Some(self.moved.len()));
                self.out.extend_from_slice(&self.moved);
                self.moved.is_empty() && field.default_value() == DefaultValue::Zero
            }
            _ => {
                put_blob_length(&mut self.out, e, Some(length));
                self.random_bytes(length);
                length == 0 && field.default_value() == DefaultValue::Zero
            }
        }
    }

    fn random_bytes(&mut self, count: usize) {
        let start = self.out.len();
        self.out.resize(start + count, 0);
        if let Some(bytes) = self.out.get_mut(start..) {
            self.dice.fill(bytes);
        }
    }

    fn tags(&mut self, schema: &'static StructSchema, has_tagged: bool) -> bool {
        let (first, start) = (self.tags.len(), self.out.len());
        self.unknown_tags(schema);
        if has_tagged {
            for field in schema.fields() {
                match field.tag() {
                    Some(tag) if field.is_tagged_in(self.sizes.version) => {
                        self.tagged_value(tag, field);
                    }
                    _ => {}
                }
            }
        }
        if self.tags.len() == first {
            self.out.push(0);
            return true;
        }
        self.put_tags(first, start);
        false
    }

    /// Puts the tags from `first` on in order, in front of their values, which begin at `start`.
    fn put_tags(&mut self, first: usize, start: usize) {
        self.moved.clear();
        let values = self.out.get(start..).expect("they were appended");
        self.moved.extend_from_slice(values);
        self.out.truncate(start);
        let tags = self.tags.get_mut(first..).expect("they were appended");
        tags.sort_unstable_by_key(|tagged| tagged.tag);
        put_varint(&mut self.out, tags.len());
        for Tagged { tag, value } in tags {
            put_varint(&mut self.out, index(*tag));
            put_varint(&mut self.out, value.len());
            let value = self.moved.get(value.start - start..value.end - start);
            self.out
                .extend_from_slice(value.expect("it is one of the values"));
        }
        self.tags.truncate(first);
    }

    /// Appends the value of the field with `tag`, unless it is left out.
    fn tagged_value(&mut self, tag: u32, field: &'static Field) {
        let (before, start) = (self.spare, self.out.len());
        if self.dice.chance(self.options.default_percent())
            || !self.spend(self.sizes.field(field, Encoding::Compact) + tag_bytes(tag))
        {
            return;
        }
        self.tagged += 1;
        let is_default = self.field(field, Encoding::Compact);
        self.tagged -= 1;
        if is_default {
            self.spare = before;
            self.out.truncate(start);
            return;
        }
        let value = start..self.out.len();
        self.spare += MAX_SIZE_BYTES - varint_size(value.len());
        self.tags.push(Tagged { tag, value });
    }

    fn unknown_tags(&mut self, schema: &StructSchema) {
        let first = self.tags.len();
        for _ in 0..self.dice.below(self.options.max_unknown_tags() + 1) {
            let bits = match self.dice.below(3) {
                0 => self.dice.bits(8),
                1 => self.dice.bits(16),
                // Java cannot write the largest again.
                _ => self.dice.bits(31).min(0x7fff_fffe),
            };
            let tag = u32::try_from(bits).expect("at most 31 bits");
            let mut others = self.tags.iter().skip(first);
            let is_taken = schema.tagged(tag).is_some() || others.any(|other| other.tag == tag);
            if !is_taken && self.spend(tag_bytes(tag)) {
                let length = self.affordable(self.options.max_blob_bytes(), 1, Encoding::Compact);
                let start = self.out.len();
                self.random_bytes(length);
                let value = start..start + length;
                self.tags.push(Tagged { tag, value });
            }
        }
    }

    /// A number of elements up to `max` that can be paid for, paid.
    fn affordable(&mut self, max: usize, element: usize, e: Encoding) -> usize {
        let wanted = self.dice.below(max.saturating_add(1));
        let mut count = match wanted.checked_mul(element.max(1)) {
            Some(bytes) if bytes <= self.spare => wanted,
            _ => self.spare / element.max(1),
        };
        let price = |count: usize| count * element + prefix(count, e);
        while price(count) > self.spare {
            count -= 1;
        }
        self.spare -= price(count);
        count
    }

    /// Returns `true` if `bytes` more can be paid for; then they are.
    fn spend(&mut self, bytes: usize) -> bool {
        match self.spare.checked_sub(bytes) {
            Some(left) => {
                self.spare = left;
                true
            }
            None => false,
        }
    }
}

/// By how much the length in front of `count` bytes or elements is longer than in front of none.
fn prefix(count: usize, e: Encoding) -> usize {
    match e {
        Encoding::Classic => 0,
        Encoding::Compact if count < 0x7f => 0,
        Encoding::Compact => varint_size(count.saturating_add(1)) - 1,
    }
}

fn index(tag: u32) -> usize {
    usize::try_from(tag).unwrap_or(usize::MAX)
}

/// What tag and size take at most.
fn tag_bytes(tag: u32) -> usize {
    varint_size(index(tag)) + MAX_SIZE_BYTES
}

const MAX_SIZE_BYTES: usize = 5;

/// The size of most messages, for which room is made at once.
const TYPICAL: usize = 512;
