//! Writes a message by its schema: every field of the version, within the budget. What can be left out is
//! where it is at its default, so that the bytes are those that an encoder writes too.

use super::entropy::Dice;
use super::min_sizes::{MinSizes, varint_size};
use super::values::{self, Fixed};
use super::{Entropy, Options};
use crate::schema::{DefaultValue, Field, FieldType, Schema, StructSchema};
use crate::wire::{Blob, Encoding, WriteCursor, Writer};
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
    let mut writer = Writer::new();
    writer.message(schema.name(), schema.versions(), version, |cursor| {
        let mut generator = Generator::new(schema, version, options, Dice::new(entropy));
        generator.structure(cursor, schema.root());
    })?;
    Ok(writer.into_vec())
}

/// Methods that write a value return whether it is at its default.
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
    /// Room for the values of strings and blobs.
    text: String,
    bytes: Vec<u8>,
}

impl<'e, 'o> Generator<'e, 'o> {
    fn new(schema: &Schema, version: Version, options: &'o Options, dice: Dice<'e>) -> Self {
        let sizes = MinSizes::new(version, schema.encoding(version), options);
        let spare = options
            .max_bytes()
            .saturating_sub(sizes.structure(schema.root()));
        Self {
            options,
            dice,
            sizes,
            spare,
            depth: 0,
            tagged: 0,
            text: String::new(),
            bytes: Vec::new(),
        }
    }

    fn structure(&mut self, w: &mut WriteCursor, schema: &'static StructSchema) -> bool {
        let version = self.sizes.version;
        let mut is_default = true;
        for field in schema.fields() {
            if field.is_mandatory_in(version) {
                is_default &= self.field(w, field, self.sizes.of_field(field));
            }
        }
        if self.sizes.encoding.is_compact() {
            is_default &= self.tags(w, schema);
        }
        is_default
    }

    fn field(&mut self, w: &mut WriteCursor, field: &'static Field, e: Encoding) -> bool {
        let is_nullable = field.is_nullable_in(self.sizes.version);
        let is_null = is_nullable && self.dice.chance(self.options.null_percent());
        match field.field_type() {
            FieldType::Struct(schema) if !field.is_array() => {
                self.optional_struct(w, field, schema, is_null)
            }
            ty if is_null => {
                // Null bytes and null arrays are written alike.
                if matches!(ty, FieldType::String) && !field.is_array() {
                    w.nullable_string(e, None, field.name());
                } else {
                    w.nullable_blob(e, None, field.name());
                }
                field.default_value() == DefaultValue::Null
            }
            ty if field.is_array() => self.array(w, field, ty, e),
            FieldType::String => self.string(w, field, e),
            FieldType::Bytes | FieldType::Records => self.blob(w, field, e),
            _ => self.fixed(w, field),
        }
    }

    fn optional_struct(
        &mut self,
        w: &mut WriteCursor,
        field: &'static Field,
        schema: &'static StructSchema,
        is_null: bool,
    ) -> bool {
        let version = self.sizes.version;
        let is_null = is_null || !self.spend(self.sizes.above_null(field, schema));
        match (field.is_nullable_in(version), field.is_tagged_in(version)) {
            (true, true) => w.unsigned_varint((!is_null).into()),
            (true, false) => w.i8(if is_null { -1 } else { 1 }),
            (false, _) => {}
        }
        if is_null {
            return field.default_value() == DefaultValue::Null;
        }
        self.structure(w, schema) && field.default_value() == DefaultValue::Zero
    }

    fn array(
        &mut self,
        w: &mut WriteCursor,
        field: &'static Field,
        ty: FieldType,
        e: Encoding,
    ) -> bool {
        let max = self.options.max_elements();
        let is_empty = self.depth > 0 && {
            let percent = self.options.nested_percent().min(100);
            self.dice.chance(100 - percent)
        };
        let max = if is_empty { 0 } else { max };
        let min = self.sizes.element(ty, e);
        let count = self.affordable(max, min, e);
        let elements = vec![(); count];
        self.depth += 1;
        w.array(e, &elements, field.name(), |w, ()| {
            self.element(w, field, ty, e);
        });
        self.depth -= 1;
        count == 0 && field.default_value() == DefaultValue::Zero
    }

    fn element(&mut self, w: &mut WriteCursor, field: &'static Field, ty: FieldType, e: Encoding) {
        match ty {
            FieldType::Struct(schema) => {
                self.structure(w, schema);
            }
            FieldType::String => {
                self.string(w, field, e);
            }
            FieldType::Bytes | FieldType::Records => {
                self.blob(w, field, e);
            }
            _ => {
                Fixed::random(ty, field.enumeration(), &mut self.dice).write(w);
            }
        }
    }

    fn fixed(&mut self, w: &mut WriteCursor, field: &'static Field) -> bool {
        let value = if self.dice.chance(self.options.default_percent()) {
            Fixed::default_of(field)
        } else {
            Fixed::random(field.field_type(), field.enumeration(), &mut self.dice)
        };
        value.write(w);
        self.tagged > 0 && value.is_default_of(field)
    }

    fn string(&mut self, w: &mut WriteCursor, field: &'static Field, e: Encoding) -> bool {
        let length = self.affordable(self.options.max_string_bytes(), 1, e);
        values::text(field, length, &mut self.dice, &mut self.text);
        w.string(e, &self.text, field.name());
        match field.default_value() {
            DefaultValue::Text(text) => text == self.text,
            DefaultValue::Zero => self.text.is_empty(),
            _ => false,
        }
    }

    fn blob(&mut self, w: &mut WriteCursor, field: &'static Field, e: Encoding) -> bool {
        let is_records = matches!(field.field_type(), FieldType::Records);
        let max = if is_records {
            self.options.max_records_bytes()
        } else {
            self.options.max_blob_bytes()
        };
        let length = self.affordable(max, 1, e);
        match self.options.records {
            Some(make) if is_records => {
                self.bytes = make(self.dice.entropy(), length);
                if self.bytes.len() > length {
                    self.bytes.clear();
                }
            }
            _ => {
                self.bytes.resize(length, 0);
                self.dice.fill(&mut self.bytes);
            }
        }
        w.blob(e, &Blob::Borrowed(&self.bytes), field.name());
        self.bytes.is_empty() && field.default_value() == DefaultValue::Zero
    }

    fn tags(&mut self, w: &mut WriteCursor, schema: &'static StructSchema) -> bool {
        let mut tags = self.unknown_tags(schema);
        for field in schema.fields() {
            if !field.is_tagged_in(self.sizes.version) {
                continue;
            }
            if let Some(tag) = field.tag() {
                tags.extend(self.tagged_value(tag, field).map(|value| (tag, value)));
            }
        }
        tags.sort_unstable_by_key(|(tag, _)| *tag);
        w.unsigned_varint(count(tags.len()));
        for (tag, value) in &tags {
            w.unsigned_varint(*tag);
            w.unsigned_varint(count(value.len()));
            w.bytes(&Blob::Borrowed(value));
        }
        tags.is_empty()
    }

    /// The value of the field with `tag`; `None` if it is left out.
    fn tagged_value(&mut self, tag: u32, field: &'static Field) -> Option<Vec<u8>> {
        let before = self.spare;
        if self.dice.chance(self.options.default_percent())
            || !self.spend(self.sizes.field(field, Encoding::Compact) + tag_bytes(tag))
        {
            return None;
        }
        let mut value = Writer::new();
        let mut is_default = true;
        self.tagged += 1;
        value
            .write(|cursor| is_default = self.field(cursor, field, Encoding::Compact))
            .expect("random values are within their limits");
        self.tagged -= 1;
        if is_default {
            self.spare = before;
            return None;
        }
        self.spare += MAX_SIZE_BYTES - varint_size(value.len());
        Some(value.into_vec())
    }

    fn unknown_tags(&mut self, schema: &StructSchema) -> Vec<(u32, Vec<u8>)> {
        let mut tags = Vec::new();
        for _ in 0..self.dice.below(self.options.max_unknown_tags() + 1) {
            let tag = match self.dice.below(3) {
                0 => u32::from(self.dice.byte()),
                1 => u32::from(u16::from_be_bytes(self.dice.bytes())),
                // Java cannot write the largest again.
                _ => (u32::from_be_bytes(self.dice.bytes()) >> 1).min(0x7fff_fffe),
            };
            let is_taken =
                schema.tagged(tag).is_some() || tags.iter().any(|(taken, _)| *taken == tag);
            if !is_taken && self.spend(tag_bytes(tag)) {
                let length = self.affordable(self.options.max_blob_bytes(), 1, Encoding::Compact);
                tags.push((tag, self.dice.vec(length)));
            }
        }
        tags
    }

    /// A number of elements up to `max` that can be paid for, paid.
    fn affordable(&mut self, max: usize, element: usize, e: Encoding) -> usize {
        let wanted = self.dice.below(max.saturating_add(1));
        let mut count = wanted.min(self.spare / element.max(1));
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
        Encoding::Compact => varint_size(count.saturating_add(1)) - 1,
    }
}

/// A count or size within the options, which are far below the maximum.
fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What tag and size take at most.
fn tag_bytes(tag: u32) -> usize {
    varint_size(usize::try_from(tag).unwrap_or(usize::MAX)) + MAX_SIZE_BYTES
}

const MAX_SIZE_BYTES: usize = 5;
