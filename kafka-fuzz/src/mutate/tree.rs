//! A message as a tree that can be changed: read by the schema walker of kafka-codec, written by [`write`](super::write).

use std::ops::ControlFlow;

use kafka_codec::schema::{self, Field, FieldLocation, Schema, StructSchema, Value, Visitor};
use kafka_codec::wire::Limits;
use kafka_codec::{DecodeError, Version};

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) schema: &'static Schema,
    pub(crate) version: Version,
    pub(crate) root: Struct,
}

/// A struct.
#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) schema: &'static StructSchema,
    /// The values of the schema's fields, in the order of the schema; `None` if the bytes do not have the field.
    pub(crate) fields: Vec<Option<Node>>,
    /// The unknown tagged fields.
    pub(crate) unknown: Vec<(u32, Vec<u8>)>,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Null,
    /// A value of fixed size.
    Fixed(Fixed),
    /// The content of a string, bytes or records.
    Content(Vec<u8>),
    Struct(Struct),
    Array(Vec<Self>),
}

/// A value of fixed size, as its big-endian bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    bytes: [u8; 16],
    size: usize,
}

impl Fixed {
    /// The last `size` bytes of `value`, with zeros in front if it has fewer.
    pub(crate) fn new(value: &[u8], size: usize) -> Self {
        let mut bytes = [0; 16];
        let places = bytes.iter_mut().take(size).rev();
        for (place, byte) in places.zip(value.iter().rev()) {
            *place = *byte;
        }
        Self { bytes, size }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.size).unwrap_or_default()
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.size).unwrap_or_default()
    }
}

impl Tree {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// If the bytes are not the message, all of them.
    pub(crate) fn read(
        schema: &'static Schema,
        version: Version,
        bytes: &[u8],
    ) -> Result<Self, DecodeError> {
        let mut builder = Builder {
            bytes,
            open: Vec::new(),
            root: None,
        };
        let _: ControlFlow<()> =
            schema::visit(schema, version, bytes, Limits::UNLIMITED, &mut builder)?;
        let root = builder.root.unwrap_or_else(|| Struct::empty(schema.root()));
        Ok(Self {
            schema,
            version,
            root,
        })
    }
}

impl Struct {
    pub(crate) fn empty(schema: &'static StructSchema) -> Self {
        Self {
            schema,
            fields: vec![None; schema.fields().len()],
            unknown: Vec::new(),
        }
    }
}

struct Builder<'a> {
    bytes: &'a [u8],
    open: Vec<Open>,
    root: Option<Struct>,
}

/// What has begun and not ended.
enum Open {
    Struct(Struct),
    Array(Vec<Node>),
}

impl Builder<'_> {
    fn add(&mut self, field: Option<&'static Field>, node: Node) {
        match (self.open.last_mut(), node, field) {
            (Some(Open::Array(elements)), node, _) => elements.push(node),
            (Some(Open::Struct(parent)), node, Some(field)) => {
                let mut fields = parent.schema.fields().iter();
                let index = fields.position(|other| std::ptr::eq(other, field));
                if let Some(place) = index.and_then(|index| parent.fields.get_mut(index)) {
                    *place = Some(node);
                }
            }
            (None, Node::Struct(root), _) => self.root = Some(root),
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Builder<'a> {
    fn value(&mut self, place: FieldLocation, value: Value<'a>) -> ControlFlow<()> {
        let node = match value {
            Value::Null => Node::Null,
            Value::Bool(is_set) => Node::Fixed(Fixed::new(&[is_set.into()], 1)),
            Value::String(text) => Node::Content(text.as_bytes().to_vec()),
            Value::Bytes(bytes) | Value::Records(bytes) | Value::InvalidText(bytes) => {
                Node::Content(bytes.to_vec())
            }
            _ => {
                let bytes = self.bytes.get(place.bytes()).unwrap_or_default();
                Node::Fixed(Fixed::new(bytes, bytes.len()))
            }
        };
        self.add(place.field(), node);
        ControlFlow::Continue(())
    }

    fn begin_struct(
        &mut self,
        _place: FieldLocation,
        schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        self.open.push(Open::Struct(Struct::empty(schema)));
        ControlFlow::Continue(())
    }

    fn end_struct(
        &mut self,
        place: FieldLocation,
        _schema: &'static StructSchema,
    ) -> ControlFlow<()> {
        if let Some(Open::Struct(ended)) = self.open.pop() {
            self.add(place.field(), Node::Struct(ended));
        }
        ControlFlow::Continue(())
    }

    fn begin_array(&mut self, _place: FieldLocation, _count: usize) -> ControlFlow<()> {
        self.open.push(Open::Array(Vec::new()));
        ControlFlow::Continue(())
    }

    fn end_array(&mut self, place: FieldLocation) -> ControlFlow<()> {
        if let Some(Open::Array(elements)) = self.open.pop() {
            self.add(place.field(), Node::Array(elements));
        }
        ControlFlow::Continue(())
    }

    fn unknown_tag(
        &mut self,
        tag: u32,
        value: &'a [u8],
        _bytes: std::ops::Range<usize>,
    ) -> ControlFlow<()> {
        if let Some(Open::Struct(open)) = self.open.last_mut() {
            open.unknown.push((tag, value.to_vec()));
        }
        ControlFlow::Continue(())
    }
}
