//! Writes a message anew, canonically, from nothing but the calls of a visitor. It shares no code with the
//! library's writer, and knows of the message what its table says.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use kafka_codec::schema::{
    DefaultValue, Field, FieldLocation, FieldType, Schema, StructSchema, Value, Visitor,
};
use kafka_codec::wire::Limits;
use kafka_codec::{DecodeError, Version, schema};

/// The canonical bytes of the message that `bytes` are.
pub(crate) fn rebuild(
    schema: &'static Schema,
    version: Version,
    bytes: &[u8],
    limits: Limits,
) -> Result<Vec<u8>, DecodeError> {
    let mut rebuild = Rebuild {
        format: Format {
            version,
            compact: schema.flexible_from().is_some_and(|first| version >= first),
        },
        open: vec![Unfinished::Array(Vec::new())],
    };
    let flow = schema::visit(schema, version, bytes, limits, &mut rebuild)?;
    assert_eq!(flow, ControlFlow::Continue(()));
    match <[Unfinished; 1]>::try_from(rebuild.open) {
        Ok([Unfinished::Array(bytes)]) => Ok(bytes),
        other => panic!("everything that began ended: {other:?}"),
    }
}

struct Rebuild {
    format: Format,
    /// What has begun and not ended, around the message an array of it alone.
    open: Vec<Unfinished>,
}

#[derive(Debug)]
enum Unfinished {
    Array(Vec<u8>),
    Struct {
        fields: Vec<u8>,
        tags: BTreeMap<u32, Vec<u8>>,
    },
}

impl Rebuild {
    /// Adds the bytes of something to what it is in.
    fn add(&mut self, place: FieldLocation, bytes: &[u8]) {
        let format = self.format;
        match self.open.last_mut().expect("something is open") {
            Unfinished::Array(all) => all.extend(bytes),
            Unfinished::Struct { fields, tags } => {
                let field = place.field().expect("only the message has none");
                if !field.is_tagged_in(format.version) {
                    assert!(field.is_mandatory_in(format.version), "{field:?}");
                    fields.extend(bytes);
                } else if bytes != format.default(field) {
                    let tag = field.tag().expect("it is tagged");
                    assert_eq!(tags.insert(tag, bytes.to_vec()), None);
                }
            }
        }
    }
}

impl<'a> Visitor<'a> for Rebuild {
    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let field = place.field().expect("the message is not a value");
        let bytes = self.format.value(field, place.index().is_some(), value);
        self.add(place, &bytes);
        ControlFlow::Continue(())
    }

    fn begin_struct(&mut self, _: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.open.push(Unfinished::Struct {
            fields: Vec::new(),
            tags: BTreeMap::new(),
        });
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, place: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        let Some(Unfinished::Struct { fields, tags }) = self.open.pop() else {
            panic!("a struct ends that did not begin");
        };
        let mut bytes = Vec::new();
        if let (Some(field), None) = (place.field(), place.index()) {
            bytes.extend(self.format.marker(field, true));
        }
        bytes.extend(fields);
        bytes.extend(self.format.tags(&tags));
        self.add(place, &bytes);
        ControlFlow::Continue(())
    }

    fn begin_array(&mut self, place: FieldLocation, count: usize) -> ControlFlow<()> {
        let field = place.field().expect("the message is not an array");
        let count = self.format.length(field, Some(count), 4);
        self.open.push(Unfinished::Array(count));
        ControlFlow::Continue(())
    }

    fn end_array(&mut self, place: FieldLocation) -> ControlFlow<()> {
        let Some(Unfinished::Array(bytes)) = self.open.pop() else {
            panic!("an array ends that did not begin");
        };
        self.add(place, &bytes);
        ControlFlow::Continue(())
    }

    fn unknown_tag(&mut self, tag: u32, value: &'a [u8], bytes: Range<usize>) -> ControlFlow<()> {
        assert_eq!(bytes.len(), value.len());
        let Some(Unfinished::Struct { tags, .. }) = self.open.last_mut() else {
            panic!("tags stand in structs");
        };
        // One that occurs twice is refused later.
        tags.insert(tag, value.to_vec());
        ControlFlow::Continue(())
    }
}

/// How a message is written.
#[derive(Copy, Clone)]
struct Format {
    version: Version,
    compact: bool,
}

impl Format {
    fn is_compact(self, field: &Field) -> bool {
        use kafka_codec::wire::Encoding;
        let of_message = if self.compact {
            Encoding::Compact
        } else {
            Encoding::Classic
        };
        field.is_tagged_in(self.version) || field.encoding(self.version, of_message).is_compact()
    }

    /// A length or count, which takes `width` bytes where it is not compact.
    fn length(self, field: &Field, length: Option<usize>, width: usize) -> Vec<u8> {
        if self.is_compact(field) {
            return varint(length.map_or(0, |length| length + 1));
        }
        let length = length.map_or(-1, |length| i32::try_from(length).unwrap());
        length.to_be_bytes()[4 - width..].to_vec()
    }

    /// What stands in front of a struct that may be null.
    fn marker(self, field: &Field, is_there: bool) -> Vec<u8> {
        match (field.is_nullable_in(self.version), is_there) {
            (false, _) => Vec::new(),
            (true, true) => vec![1],
            (true, false) if field.is_tagged_in(self.version) => vec![0],
            (true, false) => vec![0xff],
        }
    }

    fn value(self, field: &Field, is_element: bool, value: Value<'_>) -> Vec<u8> {
        let with_length = |bytes: &[u8], width| {
            let length = self.length(field, Some(bytes.len()), width);
            [length.as_slice(), bytes].concat()
        };
        match value {
            Value::Null => {
                assert!(
                    !is_element && field.is_nullable_in(self.version),
                    "{field:?}"
                );
                match field.field_type() {
                    FieldType::Struct(_) if !field.is_array() => self.marker(field, false),
                    FieldType::String if !field.is_array() => self.length(field, None, 2),
                    _ => self.length(field, None, 4),
                }
            }
            Value::Bool(value) => vec![value.into()],
            Value::Int8(value) => value.to_be_bytes().to_vec(),
            Value::Int16(value) => value.to_be_bytes().to_vec(),
            Value::Uint16(value) => value.to_be_bytes().to_vec(),
            Value::Int32(value) => value.to_be_bytes().to_vec(),
            Value::Uint32(value) => value.to_be_bytes().to_vec(),
            Value::Int64(value) => value.to_be_bytes().to_vec(),
            Value::Float64(value) => value.to_be_bytes().to_vec(),
            Value::Uuid(value) => value.to_bytes().to_vec(),
            Value::String(value) => with_length(value.as_bytes(), 2),
            Value::Bytes(value) | Value::Records(value) => with_length(value, 4),
            other => panic!("{other:?} is new"),
        }
    }

    fn tags(self, tags: &BTreeMap<u32, Vec<u8>>) -> Vec<u8> {
        if !self.compact {
            assert!(tags.is_empty());
            return Vec::new();
        }
        let mut bytes = varint(tags.len());
        for (tag, value) in tags {
            bytes.extend(varint(usize::try_from(*tag).unwrap()));
            bytes.extend(varint(value.len()));
            bytes.extend(value);
        }
        bytes
    }

    /// The value of a field that is not there.
    fn default(self, field: &Field) -> Vec<u8> {
        let integer = match field.default_value() {
            DefaultValue::Null => return self.value(field, false, Value::Null),
            DefaultValue::Text(text) => return self.value(field, false, Value::String(text)),
            DefaultValue::Float(value) => return self.value(field, false, Value::Float64(value)),
            DefaultValue::Uuid(value) => return self.value(field, false, Value::Uuid(value)),
            DefaultValue::Integer(value) => value,
            DefaultValue::True => 1,
            DefaultValue::Zero if field.is_array() => return self.length(field, Some(0), 4),
            _ => 0,
        };
        match field.field_type() {
            FieldType::Struct(schema) => {
                let mut bytes = self.marker(field, true);
                let fields = schema.fields().iter();
                for field in fields.filter(|field| field.is_mandatory_in(self.version)) {
                    bytes.extend(self.default(field));
                }
                bytes.extend(self.tags(&BTreeMap::new()));
                bytes
            }
            FieldType::String => self.length(field, Some(0), 2),
            ty => match ty.fixed_size() {
                // Zero has the same bytes as any type.
                Some(16) => vec![0; 16],
                Some(size) => integer.to_be_bytes()[8 - size..].to_vec(),
                None => self.length(field, Some(0), 4),
            },
        }
    }
}

fn varint(value: usize) -> Vec<u8> {
    let mut left = u64::try_from(value).unwrap();
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(left & 0x7f).unwrap();
        left >>= 7;
        if left == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
