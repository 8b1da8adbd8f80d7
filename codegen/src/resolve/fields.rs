//! The structs of a message as they are generated, once everything is known to be right.

use super::structs::Registry;
use super::{defaults, enumerations, join, names, successors};
use crate::corpus::Corpus;
use crate::ir::{Default, Element, Field, Fixed, Struct, Type};
use crate::schema::{Definition, FieldDef};
use crate::types::FieldType;
use crate::versions::Versions;

pub(super) fn resolve(
    definition: &Definition,
    registry: &Registry<'_>,
    corpus: &Corpus,
) -> Vec<Struct> {
    let (releases, descriptions) = (&corpus.releases, &corpus.descriptions);
    let message = &definition.name;
    registry
        .structs
        .iter()
        .map(|entry| Struct {
            name: entry.name.to_owned(),
            ident: if entry.path.is_empty() {
                entry.name.to_owned()
            } else {
                names::struct_ident(message, entry.name, &corpus.enumerations)
            },
            description: descriptions
                .structure(message, entry.name)
                .map(|description| description.text.clone()),
            versions: entry.versions,
            is_element: false,
            fields: entry
                .fields
                .iter()
                .filter_map(|field| {
                    let path = join(&entry.path, &field.name);
                    let since = releases.field_since(message, &path);
                    let described = || descriptions.field(message, entry.name, &field.name);
                    let about = field.about.clone();
                    let resolved = resolve_field(definition, registry, field, entry.versions)?;
                    let default = &resolved.default;
                    Some(Field {
                        newtype: enumerations::of(definition, &path, field, default, corpus),
                        description: about.or_else(|| Some(described()?.text.clone())),
                        since: since.map(str::to_owned),
                        ended: successors::ended(definition, &path, &corpus.successors),
                        ..resolved
                    })
                })
                .collect(),
            min_sizes: Vec::new(),
        })
        .collect()
}

/// `None` if the field is in no version of its struct.
fn resolve_field(
    definition: &Definition,
    registry: &Registry<'_>,
    field: &FieldDef,
    possible: Versions,
) -> Option<Field> {
    let versions = field.effective_versions().intersect(possible);
    if versions.is_empty() {
        return None;
    }
    let nullable = field.nullable_versions.intersect(versions);
    let default = defaults::default(field).unwrap_or(Default::Zero);
    Some(Field {
        name: field.name.clone(),
        ident: names::snake_ident(&field.name),
        ty: resolve_type(registry, field)?,
        is_records: field.ty == FieldType::Records,
        is_map_key: field.map_key,
        versions,
        tag: field
            .tag
            .zip(field.tagged_versions)
            .map(|(tag, tagged)| (tag, tagged.intersect(versions)))
            .filter(|(_, tagged)| !tagged.is_empty()),
        nullable,
        // Null is impossible where it is allowed only in versions that there are none of.
        default: if nullable.is_empty() && default == Default::Null {
            Default::Zero
        } else {
            default
        },
        ignorable: field.ignorable,
        flexible: field
            .flexible_versions
            .unwrap_or(definition.flexible_versions),
        newtype: None,
        entity: field.entity_type.map(|entity| entity.name()),
        description: None,
        since: None,
        ended: None,
    })
}

fn resolve_type(registry: &Registry<'_>, field: &FieldDef) -> Option<Type> {
    Some(match &field.ty {
        FieldType::String => Type::String,
        FieldType::Bytes | FieldType::Records => Type::Blob,
        FieldType::Struct(name) => Type::Struct(registry.place(name)?),
        FieldType::Array(element) => Type::Array(match &**element {
            FieldType::Bool => Element::Bool,
            FieldType::String => Element::String,
            FieldType::Struct(name) => Element::Struct(registry.place(name)?),
            other => fixed(other).map_or(Element::Blob, Element::Packed),
        }),
        other => Type::Fixed(fixed(other)?),
    })
}

/// The type of fixed width that this is, if it is one.
pub(crate) fn fixed(ty: &FieldType) -> Option<Fixed> {
    Some(match ty {
        FieldType::Bool => Fixed::Bool,
        FieldType::Int8 => Fixed::I8,
        FieldType::Int16 => Fixed::I16,
        FieldType::Uint16 => Fixed::U16,
        FieldType::Int32 => Fixed::I32,
        FieldType::Uint32 => Fixed::U32,
        FieldType::Int64 => Fixed::I64,
        FieldType::Float64 => Fixed::F64,
        FieldType::Uuid => Fixed::Uuid,
        _ => return None,
    })
}
