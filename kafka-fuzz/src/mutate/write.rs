//! Writes a tree in canonical form. What the version does not allow is replaced: a field that is missing, or null where null is
//! not allowed, by its default; a field of another version is omitted.

use kafka_codec::Version;
use kafka_codec::schema::{DefaultValue, Field, FieldType};
use kafka_codec::wire::Encoding;

use super::tree::{Fixed, Node, Struct, Tree};

impl Tree {
    /// The message in canonical form: an encoder writes the same bytes for what they decode to.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Output {
            bytes: Vec::new(),
            version: self.version,
            encoding: self.schema.encoding(self.version),
        };
        out.structure(&self.root);
        out.bytes
    }
}

/// The default of a field.
pub(crate) fn default_of(field: &Field, version: Version) -> Node {
    let is_nullable = field.is_nullable_in(version);
    match (field.field_type(), field.default_value()) {
        (_, DefaultValue::Null) if is_nullable => Node::Null,
        _ if field.is_array() => Node::Array(Vec::new()),
        (FieldType::Struct(schema), _) => Node::Struct(Struct::empty(schema)),
        (FieldType::String, DefaultValue::Text(text)) => Node::Content(text.as_bytes().to_vec()),
        (FieldType::String | FieldType::Bytes | FieldType::Records, _) => Node::Content(Vec::new()),
        (ty, default) => Node::Fixed(fixed_default(ty, default)),
    }
}

fn fixed_default(ty: FieldType, default: DefaultValue) -> Fixed {
    let size = ty.fixed_size().unwrap_or(0);
    match default {
        DefaultValue::True => Fixed::new(&[1], size),
        DefaultValue::Integer(integer) => Fixed::new(&integer.to_be_bytes(), size),
        DefaultValue::Float(float) => Fixed::new(&float.to_be_bytes(), size),
        DefaultValue::Uuid(uuid) => Fixed::new(&uuid.to_bytes(), size),
        _ => Fixed::new(&[], size),
    }
}

/// Returns `true` if an encoder omits a tagged field with this value.
fn is_default(field: &Field, node: &Node, version: Version) -> bool {
    match (node, default_of(field, version)) {
        (Node::Null, Node::Null) => true,
        (Node::Fixed(one), Node::Fixed(other)) => {
            if let FieldType::Float64 = field.field_type() {
                float(*one) == float(other)
            } else {
                *one == other
            }
        }
        (Node::Content(one), Node::Content(other)) => *one == other,
        (Node::Array(elements), Node::Array(_)) => elements.is_empty(),
        (Node::Struct(one), Node::Struct(_)) => {
            let unknown = one.unknown.iter();
            let mut known = one.schema.fields().iter().zip(&one.fields);
            unknown
                .into_iter()
                .all(|(tag, _)| one.schema.tagged(*tag).is_some())
                && known.all(|(field, node)| {
                    let node = node
                        .as_ref()
                        .filter(|node| is_allowed(field, node, version));
                    !field.is_in(version)
                        || node.is_none_or(|node| is_default(field, node, version))
                })
        }
        _ => false,
    }
}

fn float(fixed: Fixed) -> Option<f64> {
    fixed
        .as_slice()
        .first_chunk()
        .copied()
        .map(f64::from_be_bytes)
}

fn is_allowed(field: &Field, node: &Node, version: Version) -> bool {
    !matches!(node, Node::Null) || field.is_nullable_in(version)
}

struct Output {
    bytes: Vec<u8>,
    version: Version,
    /// Of the message.
    encoding: Encoding,
}

impl Output {
    fn structure(&mut self, structure: &Struct) {
        for (field, node) in structure.schema.fields().iter().zip(&structure.fields) {
            if !field.is_mandatory_in(self.version) {
                continue;
            }
            let e = field.encoding(self.version, self.encoding);
            match node {
                Some(node) if is_allowed(field, node, self.version) => {
                    self.value(field, node, e, false);
                }
                _ => self.value(field, &default_of(field, self.version), e, false),
            }
        }
        if self.encoding.is_compact() {
            self.tags(structure);
        }
    }

    fn tags(&mut self, structure: &Struct) {
        let Struct {
            schema,
            fields,
            unknown,
        } = structure;
        let mut tags: Vec<_> = unknown
            .iter()
            .map(|(tag, value)| (*tag, value.clone()))
            .collect();
        // Java takes larger tags for negative ones, and cannot write them again.
        tags.retain(|(tag, _)| *tag < MAX_TAG && schema.tagged(*tag).is_none());
        for (field, node) in schema.fields().iter().zip(fields) {
            let (Some(tag), Some(node)) = (field.tag(), node) else {
                continue;
            };
            let is_written = field.is_tagged_in(self.version)
                && is_allowed(field, node, self.version)
                && !is_default(field, node, self.version);
            if is_written {
                let before = std::mem::take(&mut self.bytes);
                self.value(field, node, Encoding::Compact, true);
                tags.push((tag, std::mem::replace(&mut self.bytes, before)));
            }
        }
        tags.sort_by_key(|(tag, _)| *tag);
        tags.dedup_by_key(|(tag, _)| *tag);
        varint(&mut self.bytes, tags.len());
        for (tag, value) in tags {
            varint(&mut self.bytes, usize::try_from(tag).unwrap_or(0));
            varint(&mut self.bytes, value.len());
            self.bytes.extend(value);
        }
    }

    fn value(&mut self, field: &Field, node: &Node, e: Encoding, is_tagged: bool) {
        let ty = field.field_type();
        match node {
            Node::Null => match ty {
                FieldType::Struct(_) if !field.is_array() => {
                    self.bytes.push(if is_tagged { 0 } else { 0xff });
                }
                FieldType::String if !field.is_array() => self.string_length(None, e),
                _ => self.blob_length(None, e),
            },
            Node::Array(elements) => {
                self.blob_length(Some(elements.len()), e);
                for element in elements {
                    self.element(ty, element, e);
                }
            }
            Node::Struct(structure) => {
                // The marker of a tagged struct is a varint, of which 1 is the same byte.
                if field.is_nullable_in(self.version) {
                    self.bytes.push(1);
                }
                self.structure(structure);
            }
            _ => self.element(ty, node, e),
        }
    }

    fn element(&mut self, ty: FieldType, node: &Node, e: Encoding) {
        match node {
            Node::Struct(structure) => self.structure(structure),
            Node::Fixed(fixed) => self.bytes.extend(fixed.as_slice()),
            Node::Content(content) => {
                if let FieldType::String = ty {
                    self.string_length(Some(content.len()), e);
                } else {
                    self.blob_length(Some(content.len()), e);
                }
                self.bytes.extend(content);
            }
            // No element is null or an array.
            Node::Null | Node::Array(_) => {}
        }
    }

    fn string_length(&mut self, length: Option<usize>, e: Encoding) {
        match e {
            Encoding::Compact => varint(&mut self.bytes, length.map_or(0, |length| length + 1)),
            Encoding::Classic => {
                let length = length.map_or(-1, |length| i16::try_from(length).unwrap_or(i16::MAX));
                self.bytes.extend(length.to_be_bytes());
            }
        }
    }

    fn blob_length(&mut self, length: Option<usize>, e: Encoding) {
        match e {
            Encoding::Compact => varint(&mut self.bytes, length.map_or(0, |length| length + 1)),
            Encoding::Classic => {
                let length = length.map_or(-1, |length| i32::try_from(length).unwrap_or(i32::MAX));
                self.bytes.extend(length.to_be_bytes());
            }
        }
    }
}

const MAX_TAG: u32 = 0x7fff_ffff;

/// Appends an unsigned variable-length integer.
pub(crate) fn varint(out: &mut Vec<u8>, value: usize) {
    let mut rest = value;
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}
