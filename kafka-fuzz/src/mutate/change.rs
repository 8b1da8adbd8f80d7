//! The consistent changes: afterwards the message is valid again.

use std::fmt;

use kafka_codec::Version;
use kafka_codec::schema::random::{self, Options};
use kafka_codec::schema::{Field, FieldType};

use super::chance::Chance;
use super::sites::{Site, Trail};
use super::tree::{Node, Struct, Tree};
use super::write::default_of;
use super::{records, values};

macro_rules! changes {
    ($($(#[$doc:meta])* $name:ident: $text:literal;)*) => {
        /// A change after which the message is valid again.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Change {
            $($(#[$doc])* $name,)*
        }

        impl Change {
            /// All changes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }

        impl fmt::Display for Change {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

changes! {
    /// Another number, text or bytes.
    Value: "another value";
    /// A string or bytes of another length.
    Length: "another length";
    /// An array with more elements.
    Grow: "more elements";
    /// An element twice.
    Duplicate: "element twice";
    /// Two elements in each other's place.
    Order: "elements in another order";
    /// Elements removed from an array, or a value replaced by its default.
    Cut: "cut";
    /// Null, or a value in place of null.
    Null: "null or not";
    /// An unknown tagged field added, changed or removed.
    UnknownTag: "unknown tagged field";
    /// A tagged field of the message added or left out.
    KnownTag: "tagged field set or left out";
    /// Part of another message of the same schema in place of the same part.
    Splice: "part of another message";
    /// The same message in another version. Fields that the version lacks are lost.
    OtherVersion: "another version";
    /// Records changed, those of compressed batches too; their sizes, counts and checksums corrected.
    Records: "records, with sizes and checksums corrected";
    /// Records with a wrong size, count or checksum, or whose end was cut off before they were compressed. The message around them is
    /// valid.
    DamagedRecords: "records, with a wrong size, count or checksum";
}

/// Applies `change` somewhere. Returns the path of the place, or `None` if the change applies nowhere.
///
/// `donor` is the message to splice from; without one it is a random one.
pub(crate) fn apply(
    tree: &mut Tree,
    change: Change,
    donor: Option<&Tree>,
    chance: &mut Chance,
) -> Option<String> {
    match change {
        Change::OtherVersion => return other_version(tree, chance),
        Change::Splice => return splice(tree, donor, chance),
        _ => {}
    }
    let version = tree.version;
    let is_flexible = tree.schema.encoding(version).is_compact();
    let fits = |site: &Site<'_>| fits(change, site, version, is_flexible);
    at_some(tree, chance, fits, |site, chance| {
        at(change, site, version, chance);
    })
}

/// Calls `edit` with one of the places that are fit, and returns its path.
fn at_some(
    tree: &mut Tree,
    chance: &mut Chance,
    is_fit: impl Fn(&Site<'_>) -> bool,
    mut edit: impl FnMut(Site<'_>, &mut Chance),
) -> Option<String> {
    let mut count = 0;
    tree.each_site(&mut |site, _| count += usize::from(is_fit(&site)));
    if count == 0 {
        return None;
    }
    let mut left = Some(chance.below(count));
    let mut path = None;
    tree.each_site(&mut |site, trail| {
        // Elements that the edit adds are visited too.
        if left.is_none() || !is_fit(&site) {
            return;
        }
        if left == Some(0) {
            path = Some(trail.map(Trail::to_string).unwrap_or_default());
            edit(site, chance);
        }
        left = left.and_then(|left| left.checked_sub(1));
    });
    path
}

fn fits(change: Change, site: &Site<'_>, version: Version, is_flexible: bool) -> bool {
    match (change, site) {
        (Change::UnknownTag, Site::Struct(_)) => is_flexible,
        (Change::KnownTag, Site::Field(field, _)) => field.is_tagged_in(version),
        (Change::Null, Site::Field(field, node)) => {
            field.is_nullable_in(version) && (node.is_some() || field.is_tagged_in(version))
        }
        (Change::Grow, Site::Field(_, Some(Node::Array(_)))) => true,
        (Change::Duplicate, Site::Field(_, Some(Node::Array(elements)))) => !elements.is_empty(),
        (Change::Order, Site::Field(_, Some(Node::Array(elements)))) => elements.len() > 1,
        (Change::Cut, Site::Field(_, Some(node))) => match node {
            Node::Array(elements) => !elements.is_empty(),
            _ => true,
        },
        (
            Change::Records | Change::DamagedRecords,
            Site::Field(field, Some(Node::Content(content))),
        ) => matches!(field.field_type(), FieldType::Records) && !content.is_empty(),
        (
            Change::Value,
            Site::Field(_, Some(Node::Fixed(_) | Node::Content(_)))
            | Site::Element(_, Node::Fixed(_) | Node::Content(_)),
        )
        | (
            Change::Length,
            Site::Field(_, Some(Node::Content(_))) | Site::Element(_, Node::Content(_)),
        ) => true,
        _ => false,
    }
}

/// Changes the place, which is one that fits.
fn at(change: Change, site: Site<'_>, version: Version, chance: &mut Chance) {
    match (change, site) {
        (Change::UnknownTag, Site::Struct(structure)) => unknown_tag(structure, chance),
        (Change::KnownTag, Site::Field(field, node)) => {
            *node = match node {
                Some(_) => None,
                None => Some(other_than_default(field, version, chance)),
            };
        }
        (Change::Null, Site::Field(field, node)) => {
            *node = Some(match node {
                Some(Node::Null) => not_null(field),
                _ => Node::Null,
            });
        }
        (
            Change::Grow | Change::Duplicate | Change::Order | Change::Cut,
            Site::Field(field, Some(Node::Array(elements))),
        ) => in_array(change, field, elements, chance),
        (Change::Cut, Site::Field(field, node)) => *node = Some(default_of(field, version)),
        (Change::Records, Site::Field(_, Some(Node::Content(content)))) => {
            *content = records::changed(content, chance);
        }
        (Change::DamagedRecords, Site::Field(_, Some(Node::Content(content)))) => {
            *content = records::damaged(content, chance);
        }
        (Change::Value, Site::Field(field, Some(node)) | Site::Element(field, node)) => {
            value(field, node, chance);
        }
        (
            Change::Length,
            Site::Field(field, Some(Node::Content(content)))
            | Site::Element(field, Node::Content(content)),
        ) => {
            *content = if let FieldType::String = field.field_type() {
                values::text_of_other_length(content, chance)
            } else {
                values::blob_of_other_length(content, chance)
            };
        }
        _ => {}
    }
}

fn value(field: &Field, node: &mut Node, chance: &mut Chance) {
    match node {
        Node::Fixed(fixed) => *fixed = values::fixed(field, *fixed, chance),
        Node::Content(content) => {
            *content = match field.field_type() {
                FieldType::String => values::text(field, content, chance),
                _ => values::blob(content, chance),
            };
        }
        _ => {}
    }
}

fn in_array(change: Change, field: &Field, elements: &mut Vec<Node>, chance: &mut Chance) {
    let count = elements.len();
    let at = chance.below(count);
    match change {
        Change::Order => elements.swap(at, (at + 1 + chance.below(count - 1)) % count),
        Change::Cut => {
            let end = if chance.one_in(3) { count } else { at + 1 };
            elements.drain(at..end);
        }
        Change::Duplicate => {
            if let Some(element) = elements.get(at).cloned() {
                elements.insert(at, element);
            }
        }
        _ => {
            let more = chance.pick(&[1, 1, 2, 7, 130]).unwrap_or(1);
            let element = elements.get(at).cloned().unwrap_or_else(|| element(field));
            for _ in 0..more {
                let mut next = element.clone();
                value(field, &mut next, chance);
                elements.push(next);
            }
        }
    }
}

/// The smallest element of an array.
fn element(field: &Field) -> Node {
    match field.field_type() {
        FieldType::Struct(schema) => Node::Struct(Struct::empty(schema)),
        FieldType::String | FieldType::Bytes | FieldType::Records => Node::Content(Vec::new()),
        ty => Node::Fixed(super::tree::Fixed::new(&[], ty.fixed_size().unwrap_or(0))),
    }
}

/// The smallest value of a field that is not null.
fn not_null(field: &Field) -> Node {
    if field.is_array() {
        Node::Array(Vec::new())
    } else {
        element(field)
    }
}

/// A value of a tagged field, most often not its default, with which it would be left out.
fn other_than_default(field: &Field, version: Version, chance: &mut Chance) -> Node {
    let mut node = default_of(field, version);
    match &mut node {
        Node::Null => not_null(field),
        Node::Array(elements) => {
            elements.push(element(field));
            node
        }
        _ => {
            value(field, &mut node, chance);
            node
        }
    }
}

fn unknown_tag(structure: &mut Struct, chance: &mut Chance) {
    let schema = structure.schema;
    let unknown = &mut structure.unknown;
    let at = chance.below(unknown.len());
    if let Some((_, value)) = unknown.get_mut(at).filter(|_| chance.one_in(2)) {
        *value = values::blob(value, chance);
    } else if !unknown.is_empty() && chance.one_in(3) {
        unknown.remove(at);
    } else {
        let tag = match chance.below(3) {
            0 => u32::from(chance.byte()),
            1 => 0x3fff + u32::from(chance.byte() & 1),
            // Java cannot write the largest again.
            _ => 0x7fff_fffe - u32::from(chance.byte()),
        };
        let is_taken = unknown.iter().any(|(other, _)| *other == tag);
        if !is_taken && schema.tagged(tag).is_none() {
            let length = chance.below(20);
            unknown.push((tag, chance.bytes(length)));
        }
    }
}

fn other_version(tree: &mut Tree, chance: &mut Chance) -> Option<String> {
    let versions: Vec<_> = tree.schema.versions().iter().collect();
    let version = chance.pick(&versions)?;
    if version == tree.version {
        return None;
    }
    tree.version = version;
    Some(String::new())
}

/// Puts a part of `donor` in the place of one with the same schema.
fn splice(tree: &mut Tree, donor: Option<&Tree>, chance: &mut Chance) -> Option<String> {
    let mut donor = match donor {
        Some(donor) => donor.clone(),
        None => {
            let (schema, version) = (tree.schema, tree.version);
            let options = Options::default();
            let bytes = random::message(schema, version, &options, chance.entropy()).ok()?;
            Tree::read(schema, version, &bytes).ok()?
        }
    };
    // The part, and the field that it is of, or an element of.
    let mut part = None;
    let is_part = |site: &Site<'_>| {
        matches!(
            site,
            Site::Field(_, Some(Node::Struct(_) | Node::Array(_) | Node::Content(_)))
                | Site::Element(..)
        )
    };
    at_some(&mut donor, chance, is_part, |site, _| {
        part = match site {
            Site::Field(field, Some(node)) => Some((field, false, node.clone())),
            Site::Element(field, node) => Some((field, true, node.clone())),
            _ => None,
        };
    })?;
    let (field, is_element, node) = part?;
    let is_same = |other: &&'static Field| std::ptr::eq(*other, field);
    let fits = |site: &Site<'_>| match site {
        Site::Field(other, node) => {
            is_same(other) && (!is_element || matches!(node, Some(Node::Array(_))))
        }
        _ => false,
    };
    at_some(tree, chance, fits, |site, chance| match site {
        Site::Field(_, Some(Node::Array(elements))) if is_element => {
            let at = chance.below(elements.len() + 1);
            elements.insert(at, node.clone());
        }
        Site::Field(_, place) => *place = Some(node.clone()),
        _ => {}
    })
}
