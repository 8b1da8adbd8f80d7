//! The minimum size of every struct in every version, which bounds the counts of arrays.

use crate::ir::{Field, Struct, Type};
use crate::schema::Definition;
use crate::versions::Versions;

pub(super) fn resolve(definition: &Definition, structs: &mut [Struct]) {
    let sizes: Vec<_> = structs
        .iter()
        .map(|entry| {
            let mut runs: Vec<(Versions, usize)> = Vec::new();
            for version in entry.versions.iter() {
                let size = size(definition, structs, entry, version);
                match runs.last_mut() {
                    Some((run, same)) if *same == size => {
                        *run = Versions::new(run.lowest().unwrap_or(version), version);
                    }
                    _ => runs.push((Versions::only(version), size)),
                }
            }
            runs
        })
        .collect();
    for (entry, sizes) in structs.iter_mut().zip(sizes) {
        entry.min_sizes = sizes;
    }
}

fn size(definition: &Definition, structs: &[Struct], entry: &Struct, version: i16) -> usize {
    let fields = entry
        .fields
        .iter()
        .filter(|field| field.mandatory().contains(version));
    let of_fields: usize = fields
        .map(|field| field_size(definition, structs, field, version))
        .sum();
    of_fields + usize::from(definition.flexible_versions.contains(version))
}

fn field_size(definition: &Definition, structs: &[Struct], field: &Field, version: i16) -> usize {
    let compact = field.flexible.contains(version);
    match &field.ty {
        Type::Fixed(fixed) => fixed.size(),
        Type::Struct(_) if field.nullable.contains(version) => 1,
        Type::Struct(place) => structs
            .get(*place)
            .map_or(0, |inner| size(definition, structs, inner, version)),
        Type::String | Type::Blob | Type::Array(_) if compact => 1,
        Type::String => 2,
        Type::Blob | Type::Array(_) => 4,
    }
}
