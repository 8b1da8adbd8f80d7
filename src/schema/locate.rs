//! Which field an error is about: typed decoding keeps the offset alone, and once it has failed the message is
//! read again, up to there, by its schema.

use std::fmt::Write as _;
use std::ops::{ControlFlow, Range};

use super::walk::{Extent, walk};
use super::{FieldLocation, Schema, StructSchema, Visitor};
use crate::wire::Limits;
use crate::{DecodeError, DecodeErrorKind, Version};

/// The error says which field it is about; it is one of reading `bytes`, which begin at `start` of the reader.
#[cold]
pub(crate) fn locate(
    error: DecodeError,
    schema: &'static Schema,
    version: Version,
    bytes: &[u8],
    start: usize,
) -> DecodeError {
    let until = match error.kind() {
        DecodeErrorKind::TrailingBytes { .. }
        | DecodeErrorKind::OtherApi { .. }
        | DecodeErrorKind::UnsupportedVersion { .. } => return error,
        // Without limits, reading would go on.
        DecodeErrorKind::MemoryLimit { .. } => error.offset().saturating_sub(start),
        _ => usize::MAX,
    };
    // A visitor that takes any text has gone past what is not UTF-8, unless that is the error.
    let path = match error.kind() {
        DecodeErrorKind::InvalidUtf8 { .. } => path::<false>(schema, version, bytes, until),
        _ => path::<true>(schema, version, bytes, until),
    };
    match path {
        Some(path) => error.in_field(path),
        None => error,
    }
}

/// The path of the field at which reading ends, in error or as `until` is reached.
fn path<const ANY_TEXT: bool>(
    schema: &'static Schema,
    version: Version,
    bytes: &[u8],
    until: usize,
) -> Option<String> {
    let mut locator = Locator::<ANY_TEXT> {
        until,
        structs: Vec::new(),
        last: PathSegment::TAGS,
    };
    let limits = Limits::UNLIMITED;
    match walk(schema, version, bytes, limits, Extent::All, &mut locator) {
        Ok(ControlFlow::Continue(())) => None,
        Ok(ControlFlow::Break(())) | Err(_) => Some(locator.path()),
    }
}

struct Locator<const ANY_TEXT: bool> {
    /// Where to stop.
    until: usize,
    /// The structs around, from the outside in, but for the message.
    structs: Vec<PathSegment>,
    /// What was read last.
    last: PathSegment,
}

#[derive(Copy, Clone)]
struct PathSegment {
    name: &'static str,
    index: Option<usize>,
}

impl PathSegment {
    /// The field of the typed struct that stands for tagged fields as a whole.
    const TAGS: Self = Self {
        name: "unknown_tagged_fields",
        index: None,
    };

    fn to(place: FieldLocation) -> Option<Self> {
        Some(Self {
            name: place.field()?.rust_name(),
            index: place.index(),
        })
    }
}

impl<const ANY_TEXT: bool> Locator<ANY_TEXT> {
    fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.structs.iter().chain([&self.last]) {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(segment.name);
            if let Some(index) = segment.index {
                // A string takes everything.
                let _ = write!(path, "[{index}]");
            }
        }
        path
    }

    fn stop_at(&self, offset: usize) -> ControlFlow<()> {
        if offset >= self.until {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl<const ANY_TEXT: bool> Visitor<'_> for Locator<ANY_TEXT> {
    const ANY_TEXT: bool = ANY_TEXT;

    fn enter(&mut self, place: FieldLocation) -> ControlFlow<()> {
        self.last = PathSegment::to(place).unwrap_or(PathSegment::TAGS);
        ControlFlow::Continue(())
    }

    fn begin_array(&mut self, place: FieldLocation, _: usize) -> ControlFlow<()> {
        self.stop_at(place.bytes().end)
    }

    fn begin_struct(&mut self, place: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.structs.extend(PathSegment::to(place));
        ControlFlow::Continue(())
    }

    fn end_struct(&mut self, place: FieldLocation, _: &'static StructSchema) -> ControlFlow<()> {
        self.structs.pop();
        self.enter(place)
    }

    fn end_array(&mut self, place: FieldLocation) -> ControlFlow<()> {
        self.enter(place)
    }

    fn next_tag(&mut self, _: usize) -> ControlFlow<()> {
        self.last = PathSegment::TAGS;
        ControlFlow::Continue(())
    }

    fn unknown_tag(&mut self, _: u32, _: &[u8], bytes: Range<usize>) -> ControlFlow<()> {
        self.stop_at(bytes.start)
    }
}
