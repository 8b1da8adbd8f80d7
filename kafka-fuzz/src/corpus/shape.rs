//! Writes a message of a chosen shape by its schema: everything empty, at its default, null, or set.
//!
//! The bytes are those that an encoder writes for the same values: a tagged field at its default is left out.

use kafka_codec::Version;
use kafka_codec::schema::{DefaultValue, Enumeration, Field, FieldType, Schema, StructSchema};
use kafka_codec::wire::Encoding;

/// The path to a field through the structs around it.
pub(super) type Path = Vec<&'static Field>;

/// What a message holds.
#[derive(Copy, Clone, Debug)]
pub(super) enum Shape<'a> {
    /// Zeros, empty strings and arrays. What may be null is not.
    Empty,
    /// The default of each field.
    Default,
    /// Null wherever it is allowed; other arrays have one element.
    Null,
    /// The same, but all arrays have one element, and all structs are there.
    NullInside,
    /// Everything has a value of its own. Arrays have two elements.
    Full,
    /// The default of each field but of this one, and one element in each array on the path to it.
    Only(&'a [&'static Field]),
}

/// Returns the bytes of the message of a shape. `records` is the value of all records fields that are set.
pub(super) fn write(
    schema: &Schema,
    version: Version,
    shape: Shape<'_>,
    records: &[u8],
) -> Vec<u8> {
    let mut writer = Writer {
        version,
        encoding: schema.encoding(version),
        records,
        count: 0,
    };
    let mut out = Vec::new();
    writer.structure(&mut out, schema.root(), shape);
    out
}

/// All tagged fields that the message has in this version, those inside of structs and tagged fields included.
pub(super) fn tagged(schema: &Schema, version: Version) -> Vec<Path> {
    paths(schema, version, |field| field.is_tagged_in(version))
}

/// All fields of type `records`.
pub(super) fn records(schema: &Schema, version: Version) -> Vec<Path> {
    let is_records = |field: &Field| matches!(field.field_type(), FieldType::Records);
    paths(schema, version, is_records)
}

fn paths(schema: &Schema, version: Version, is_wanted: impl Fn(&Field) -> bool) -> Vec<Path> {
    let mut found = Vec::new();
    let mut open = vec![(schema.root(), Path::new())];
    while let Some((structure, path)) = open.pop() {
        for field in structure.fields() {
            if !field.is_in(version) {
                continue;
            }
            let mut path = path.clone();
            path.push(field);
            if let FieldType::Struct(inner) = field.field_type() {
                open.push((inner, path.clone()));
            }
            if is_wanted(field) {
                found.push(path);
            }
        }
    }
    found.sort_by_key(|path| path.len());
    found
}

struct Writer<'a> {
    version: Version,
    /// Of the message.
    encoding: Encoding,
    records: &'a [u8],
    /// The number of values so far, of which the values of [`Shape::Full`] are made.
    count: u8,
}

impl Writer<'_> {
    fn structure(&mut self, out: &mut Vec<u8>, schema: &StructSchema, shape: Shape<'_>) {
        for field in schema.fields() {
            if field.is_mandatory_in(self.version) {
                let e = field.encoding(self.version, self.encoding);
                self.field(out, field, e, of_field(shape, field));
            }
        }
        if self.encoding.is_compact() {
            self.tags(out, schema, shape);
        }
    }

    fn tags(&mut self, out: &mut Vec<u8>, schema: &StructSchema, shape: Shape<'_>) {
        let mut tags = Vec::new();
        for field in schema.fields() {
            let Some(tag) = field.tag().filter(|_| field.is_tagged_in(self.version)) else {
                continue;
            };
            let (mut value, mut default) = (Vec::new(), Vec::new());
            self.field(&mut value, field, Encoding::Compact, of_field(shape, field));
            self.field(&mut default, field, Encoding::Compact, Shape::Default);
            if value != default {
                tags.push((tag, value));
            }
        }
        tags.sort_by_key(|(tag, _)| *tag);
        varint(out, tags.len());
        for (tag, value) in tags {
            varint(out, usize::try_from(tag).unwrap_or(usize::MAX));
            varint(out, value.len());
            out.extend(value);
        }
    }

    fn field(&mut self, out: &mut Vec<u8>, field: &Field, e: Encoding, shape: Shape<'_>) {
        let is_nullable = field.is_nullable_in(self.version);
        let is_null = is_nullable && self.is_null(field, shape);
        match field.field_type() {
            FieldType::Struct(inner) if !field.is_array() => {
                match (is_nullable, field.is_tagged_in(self.version)) {
                    (true, true) => out.push(u8::from(!is_null)),
                    (true, false) => out.push(if is_null { 0xff } else { 1 }),
                    (false, _) => {}
                }
                if !is_null {
                    self.structure(out, inner, shape);
                }
            }
            FieldType::String if !field.is_array() => {
                let text = (!is_null).then(|| self.text(field, shape));
                put_string(out, e, text.as_deref());
            }
            _ if is_null => put_length(out, e, None),
            _ if field.is_array() => self.array(out, field, e, shape),
            FieldType::Bytes | FieldType::Records => {
                let bytes = self.bytes(field, shape);
                put_length(out, e, Some(bytes.len()));
                out.extend(bytes);
            }
            _ => out.extend(self.fixed(field, shape)),
        }
    }

    fn is_null(&self, field: &Field, shape: Shape<'_>) -> bool {
        let is_container = field.is_array() || matches!(field.field_type(), FieldType::Struct(_));
        match shape {
            Shape::Default => field.default_value() == DefaultValue::Null,
            Shape::Null => true,
            Shape::NullInside => !is_container,
            Shape::Empty | Shape::Full | Shape::Only(_) => false,
        }
    }

    fn array(&mut self, out: &mut Vec<u8>, field: &Field, e: Encoding, shape: Shape<'_>) {
        let count = match shape {
            Shape::Empty | Shape::Default => 0,
            Shape::Null | Shape::NullInside | Shape::Only(_) => 1,
            Shape::Full => 2,
        };
        put_length(out, e, Some(count));
        for _ in 0..count {
            match field.field_type() {
                FieldType::Struct(inner) => self.structure(out, inner, shape),
                FieldType::String => {
                    let text = self.text(field, shape);
                    put_string(out, e, Some(&text));
                }
                FieldType::Bytes | FieldType::Records => {
                    let bytes = self.bytes(field, shape);
                    put_length(out, e, Some(bytes.len()));
                    out.extend(bytes);
                }
                _ => out.extend(self.fixed(field, shape)),
            }
        }
    }

    fn text(&mut self, field: &Field, shape: Shape<'_>) -> String {
        let default = match field.default_value() {
            DefaultValue::Text(text) if !field.is_array() => text,
            _ => "",
        };
        if !is_set(shape) {
            return match shape {
                Shape::Empty => String::new(),
                _ => default.to_owned(),
            };
        }
        let known = field.enumeration().map_or(&[][..], Enumeration::texts);
        match known.iter().find(|known| **known != default) {
            Some(known) => (*known).to_owned(),
            None => format!("{}-{}", field.name(), self.next()),
        }
    }

    fn bytes(&mut self, field: &Field, shape: Shape<'_>) -> Vec<u8> {
        match field.field_type() {
            _ if !is_set(shape) => Vec::new(),
            FieldType::Records => self.records.to_vec(),
            _ => vec![b'b', self.next(), 0xff],
        }
    }

    /// The value of a type of fixed size.
    fn fixed(&mut self, field: &Field, shape: Shape<'_>) -> Vec<u8> {
        let size = field.field_type().fixed_size().unwrap_or(0);
        let low = |number: i64| low_of(&number.to_be_bytes(), size);
        let default = match field.default_value() {
            _ if field.is_array() => low(0),
            DefaultValue::True => low(1),
            DefaultValue::Integer(integer) => low(integer),
            DefaultValue::Float(float) => low_of(&float.to_be_bytes(), size),
            DefaultValue::Uuid(uuid) => low_of(&uuid.to_bytes(), size),
            _ => low(0),
        };
        if !is_set(shape) {
            return match shape {
                Shape::Empty => low(0),
                _ => default,
            };
        }
        let next = self.next();
        let known = field.enumeration().map_or(&[][..], Enumeration::numbers);
        let known = known.iter().map(|(number, _)| low(*number));
        let own = match field.field_type() {
            FieldType::Bool => low(1),
            FieldType::Float64 => (f64::from(next) + 0.5).to_be_bytes().to_vec(),
            FieldType::Uuid => vec![next; size],
            _ => low(i64::from(next)),
        };
        let zero = low(0);
        let mut candidates = known.chain([own, low(1), zero]);
        let value = candidates.find(|value| *value != default);
        value.unwrap_or(default)
    }

    /// A number from 1 to 100, another one each time until there are no more.
    fn next(&mut self) -> u8 {
        self.count = self.count % 100 + 1;
        self.count
    }
}

/// The shape of a field in a struct of a shape.
fn of_field<'a>(shape: Shape<'a>, field: &Field) -> Shape<'a> {
    match shape {
        Shape::Only([first, rest @ ..]) if std::ptr::eq(*first, field) => {
            if rest.is_empty() {
                Shape::Full
            } else {
                Shape::Only(rest)
            }
        }
        Shape::Only(_) => Shape::Default,
        shape => shape,
    }
}

/// Returns `true` if values are other than their defaults.
const fn is_set(shape: Shape<'_>) -> bool {
    matches!(shape, Shape::Full)
}

/// The last `size` bytes of a number.
fn low_of(number: &[u8], size: usize) -> Vec<u8> {
    let start = number.len().saturating_sub(size);
    let bytes = number.get(start..).unwrap_or_default();
    [&vec![0; size.saturating_sub(number.len())], bytes].concat()
}

fn put_string(out: &mut Vec<u8>, e: Encoding, text: Option<&str>) {
    match (e, text) {
        (Encoding::Classic, None) => out.extend((-1_i16).to_be_bytes()),
        (Encoding::Classic, Some(text)) => {
            let length = i16::try_from(text.len()).unwrap_or(i16::MAX);
            out.extend(length.to_be_bytes());
        }
        (Encoding::Compact, text) => put_length(out, e, text.map(str::len)),
    }
    out.extend(text.unwrap_or_default().as_bytes());
}

fn put_length(out: &mut Vec<u8>, e: Encoding, length: Option<usize>) {
    match (e, length) {
        (Encoding::Classic, None) => out.extend((-1_i32).to_be_bytes()),
        (Encoding::Classic, Some(length)) => {
            let length = i32::try_from(length).unwrap_or(i32::MAX);
            out.extend(length.to_be_bytes());
        }
        (Encoding::Compact, length) => varint(out, length.map_or(0, |length| length + 1)),
    }
}

fn varint(out: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        out.push(low | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}
