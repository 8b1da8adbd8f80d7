//! Elements of nested arrays of a message: what a name means inside of them.

use super::{Element, Field, Fixed, Message, Struct, Type};
use crate::versions::Versions;

/// The message's own struct and the elements around a place, outermost first.
#[derive(Clone, Debug)]
pub struct Elements<'m> {
    message: &'m Message,
    levels: Vec<Level<'m>>,
}

/// The message's own struct, or an element of an array.
#[derive(Copy, Clone, Debug)]
pub enum Level<'m> {
    /// A struct.
    Struct(&'m Struct),
    /// A text.
    Text,
    /// A number, bool or uuid.
    Fixed(Fixed),
    /// Something that has no fields and is not copied.
    Other,
}

/// A field of the message's own struct or of an element.
#[derive(Copy, Clone, Debug)]
pub struct Found<'m> {
    /// The level that has the field: 0 is the message's own struct.
    pub level: usize,
    /// The field.
    pub field: &'m Field,
}

impl<'m> Elements<'m> {
    /// No element, but the message itself; `None` if it has no struct.
    pub fn of(message: &'m Message) -> Option<Self> {
        let own = message.structs.first()?;
        Some(Self {
            message,
            levels: vec![Level::Struct(own)],
        })
    }

    /// Returns the number of elements around the place.
    pub fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    /// The innermost level.
    pub fn innermost(&self) -> Level<'m> {
        self.levels.last().copied().unwrap_or(Level::Other)
    }

    /// The field that a name means in `versions`: that of the innermost level that has it.
    pub fn field(&self, name: &str, versions: Versions) -> Option<Found<'m>> {
        let levels = self.levels.iter().enumerate().rev();
        levels.into_iter().find_map(|(level, inside)| {
            let Level::Struct(inside) = inside else {
                return None;
            };
            let mut fields = inside.fields.iter();
            let field = fields.find(|field| {
                field.name == name && !field.versions.intersect(versions).is_empty()
            })?;
            Some(Found { level, field })
        })
    }

    /// The names of all fields that can be meant, of the innermost level first.
    pub fn names(&self) -> Vec<&'m str> {
        let structs = self.levels.iter().rev().filter_map(|level| match level {
            Level::Struct(inside) => Some(&inside.fields),
            _ => None,
        });
        structs.flatten().map(|field| &*field.name).collect()
    }

    /// The same with an element of the array `field` inside; `None` if it is not an array.
    pub fn inside(&self, field: &Field) -> Option<Self> {
        let Type::Array(element) = &field.ty else {
            return None;
        };
        let level = match element {
            Element::Struct(place) => Level::Struct(self.message.structs.get(*place)?),
            Element::String => Level::Text,
            Element::Packed(fixed) => Level::Fixed(*fixed),
            Element::Bool => Level::Fixed(Fixed::Bool),
            Element::Blob => Level::Other,
        };
        let mut levels = self.levels.clone();
        levels.push(level);
        Some(Self {
            message: self.message,
            levels,
        })
    }

    /// The arrays on a path of names separated by dots, and what is inside of the last.
    ///
    /// # Errors
    ///
    /// The first name that is not an array.
    pub fn along<'p>(
        &self,
        path: &'p str,
        versions: Versions,
    ) -> Result<(Vec<Found<'m>>, Self), &'p str> {
        let mut arrays = Vec::new();
        let mut elements = self.clone();
        for name in path.split('.') {
            let found = elements.field(name, versions).ok_or(name)?;
            elements = elements.inside(found.field).ok_or(name)?;
            arrays.push(found);
        }
        Ok((arrays, elements))
    }
}
