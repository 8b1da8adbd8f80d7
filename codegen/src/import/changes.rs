//! The differences between two definitions of a message at one version, as far as bytes and defaults can show it.
//! Whether a difference is accepted is not known here.

use std::collections::BTreeSet;

use crate::resolve::header_version;
use crate::schema::{Definition, FieldDef};
use crate::types::FieldType;

/// One difference, seen from the older definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The field, with the names of those around it; empty for the message itself.
    pub(super) field: String,
    pub(super) kind: ChangeKind,
    pub(super) older: String,
    pub(super) newer: String,
}

/// The kind of a change.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum ChangeKind {
    /// Only the newer has the field.
    Added {
        /// `true` if it is a tagged one.
        tagged: bool,
    },
    /// Only the older has the field.
    Removed,
    Order,
    Type,
    Nullability,
    Tag,
    Default,
    /// Compact or plain lengths.
    Flexibility,
    /// The version of the header in front of the message.
    Header,
    /// The number of the API or record type.
    ApiKey,
}

impl ChangeKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Added { .. } | Self::Removed => "presence",
            Self::Order => "the order of the fields",
            Self::Type => "the type",
            Self::Nullability => "nullability",
            Self::Tag => "the tag",
            Self::Default => "the default",
            Self::Flexibility => "flexibility",
            Self::Header => "the header version",
            Self::ApiKey => "the API key",
        }
    }
}

/// All differences at this version, which both definitions must have.
pub(super) fn compare(older: &Definition, newer: &Definition, version: i16) -> Vec<Change> {
    let mut walk = Walk {
        older,
        newer,
        version,
        entered: BTreeSet::new(),
        changes: Vec::new(),
    };
    let flexible = |definition: &Definition| definition.flexible_versions.contains(version);
    walk.same(
        "",
        ChangeKind::Flexibility,
        flexible(older),
        flexible(newer),
    );
    if let (Some(older), Some(newer)) = (
        header_version(older, version),
        header_version(newer, version),
    ) {
        walk.same("", ChangeKind::Header, older, newer);
    }
    // The values of records had no number before 4.1.
    if let (Some(older), Some(newer)) = (older.api_key, newer.api_key) {
        walk.same("", ChangeKind::ApiKey, older, newer);
    }
    walk.fields("", &older.fields, &newer.fields);
    walk.changes
}

/// The fields of the struct that a field holds, wherever they are defined.
pub(super) fn body<'d>(definition: &'d Definition, field: &'d FieldDef) -> &'d [FieldDef] {
    let common = field
        .ty
        .struct_name()
        .and_then(|name| definition.common_struct(name));
    common.map_or(&field.fields, |common| &common.fields)
}

/// The path of a field inside of another.
pub(super) fn path(outer: &str, name: &str) -> String {
    if outer.is_empty() {
        name.to_owned()
    } else {
        format!("{outer}.{name}")
    }
}

struct Walk<'d> {
    older: &'d Definition,
    newer: &'d Definition,
    version: i16,
    /// Pairs of structs that were entered, since structs may contain themselves.
    entered: BTreeSet<(&'d str, &'d str)>,
    changes: Vec<Change>,
}

impl<'d> Walk<'d> {
    fn fields(&mut self, outer: &str, older: &'d [FieldDef], newer: &'d [FieldDef]) {
        let version = self.version;
        let old: Vec<_> = present(older, version).collect();
        let new: Vec<_> = present(newer, version).collect();
        for field in &old {
            match new.iter().find(|other| other.name == field.name) {
                Some(other) => self.field(&path(outer, &field.name), field, other),
                None => self.change(
                    &path(outer, &field.name),
                    ChangeKind::Removed,
                    "there",
                    "not there",
                ),
            }
        }
        for field in &new {
            if !old.iter().any(|other| other.name == field.name) {
                let tagged = tag(field, version).is_some();
                self.change(
                    &path(outer, &field.name),
                    ChangeKind::Added { tagged },
                    "not there",
                    "there",
                );
            }
        }
        // Tagged fields are sent in the order of their tags.
        let order = |fields: &[&'d FieldDef], others: &[&'d FieldDef]| {
            let both = fields
                .iter()
                .filter(|field| tag(field, version).is_none())
                .filter(|field| others.iter().any(|other| other.name == field.name));
            both.map(|field| field.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        self.same(
            outer,
            ChangeKind::Order,
            order(&old, &new),
            order(&new, &old),
        );
    }

    fn field(&mut self, path: &str, older: &'d FieldDef, newer: &'d FieldDef) {
        let version = self.version;
        self.same(path, ChangeKind::Type, shape(&older.ty), shape(&newer.ty));
        let nullable = |field: &FieldDef| field.nullable_versions.contains(version);
        self.same(
            path,
            ChangeKind::Nullability,
            nullable(older),
            nullable(newer),
        );
        let tag =
            |field| tag(field, version).map_or_else(|| "none".to_owned(), |tag| tag.to_string());
        self.same(path, ChangeKind::Tag, tag(older), tag(newer));
        self.same(path, ChangeKind::Default, default(older), default(newer));
        let flexible = |definition: &Definition, field: &FieldDef| {
            let versions = field
                .flexible_versions
                .unwrap_or(definition.flexible_versions);
            versions.contains(version)
        };
        let (of_older, of_newer) = (flexible(self.older, older), flexible(self.newer, newer));
        self.same(path, ChangeKind::Flexibility, of_older, of_newer);
        if let (Some(old_name), Some(new_name)) = (older.ty.struct_name(), newer.ty.struct_name()) {
            if self.entered.insert((old_name, new_name)) {
                self.fields(path, body(self.older, older), body(self.newer, newer));
            }
        }
    }

    fn same<T: PartialEq + ToString>(&mut self, field: &str, kind: ChangeKind, older: T, newer: T) {
        if older != newer {
            self.change(field, kind, &older.to_string(), &newer.to_string());
        }
    }

    fn change(&mut self, field: &str, kind: ChangeKind, older: &str, newer: &str) {
        self.changes.push(Change {
            field: field.to_owned(),
            kind,
            older: older.to_owned(),
            newer: newer.to_owned(),
        });
    }
}

fn present(fields: &[FieldDef], version: i16) -> impl Iterator<Item = &FieldDef> {
    fields
        .iter()
        .filter(move |field| field.effective_versions().contains(version))
}

fn tag(field: &FieldDef, version: i16) -> Option<u32> {
    let tagged = field
        .tagged_versions
        .is_some_and(|versions| versions.contains(version));
    field.tag.filter(|_| tagged)
}

/// The type as bytes show it: the names of structs do not.
fn shape(ty: &FieldType) -> String {
    match ty {
        FieldType::Struct(_) => "a struct".to_owned(),
        FieldType::Array(element) if element.struct_name().is_some() => {
            "an array of structs".to_owned()
        }
        ty => ty.to_string(),
    }
}

/// The default; spelled-out ones that are the type's own are the same as none.
fn default(field: &FieldDef) -> String {
    let default = field.default.as_deref().unwrap_or("");
    match field.ty {
        FieldType::Bool => if default.eq_ignore_ascii_case("true") {
            "true"
        } else {
            "false"
        }
        .to_owned(),
        FieldType::String => format!("`{default}`"),
        FieldType::Array(_) | FieldType::Bytes | FieldType::Struct(_) if default.is_empty() => {
            "empty".to_owned()
        }
        FieldType::Records => "null".to_owned(),
        _ if default.is_empty() => "0".to_owned(),
        _ => default.to_owned(),
    }
}
