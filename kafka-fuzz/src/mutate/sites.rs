//! The places of a tree, one after the other, each with its path.

use std::fmt;

use kafka_codec::Version;
use kafka_codec::schema::Field;

use super::tree::{Node, Struct, Tree};

/// A place that can be changed.
pub(crate) enum Site<'t> {
    /// A struct, for what is not a field: its unknown tagged fields.
    Struct(&'t mut Struct),
    /// The value of a field that the version has; `None` if it is tagged and left out.
    Field(&'static Field, &'t mut Option<Node>),
    /// An element of an array.
    Element(&'static Field, &'t mut Node),
}

/// The way to a place, from there up.
#[derive(Copy, Clone)]
pub(crate) struct Trail<'p> {
    up: Option<&'p Self>,
    field: &'static Field,
    index: Option<usize>,
}

/// As errors of kafka-codec name it: `topics[3].partitions`.
impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            write!(f, "{up}.")?;
        }
        f.write_str(self.field.rust_name())?;
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

/// What is done with each place.
pub(crate) type Visit<'v> = dyn FnMut(Site<'_>, Option<&Trail<'_>>) + 'v;

impl Tree {
    /// Calls `visit` with every place, in the order of the schema.
    pub(crate) fn each_site(&mut self, visit: &mut Visit<'_>) {
        each_in(&mut self.root, self.version, None, visit);
    }
}

fn each_in(
    structure: &mut Struct,
    version: Version,
    trail: Option<&Trail<'_>>,
    visit: &mut Visit<'_>,
) {
    visit(Site::Struct(structure), trail);
    let fields = structure.schema.fields().iter();
    for (field, node) in fields.zip(&mut structure.fields) {
        if !field.is_in(version) {
            continue;
        }
        let here = Trail {
            up: trail,
            field,
            index: None,
        };
        visit(Site::Field(field, node), Some(&here));
        match node {
            Some(Node::Struct(inner)) => each_in(inner, version, Some(&here), visit),
            Some(Node::Array(elements)) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    let here = Trail {
                        index: Some(index),
                        ..here
                    };
                    visit(Site::Element(field, element), Some(&here));
                    if let Node::Struct(inner) = element {
                        each_in(inner, version, Some(&here), visit);
                    }
                }
            }
            _ => {}
        }
    }
}
