//! The minimum size of every struct in every version, which bounds the counts of arrays.

use std::collections::HashMap;

use crate::ir::{Field, Struct, Type};
use crate::schema::Definition;
use crate::versions::Versions;

pub(super) fn resolve(definition: &Definition, structs: &mut [Struct]) {
    let mut sizes = Sizes {
        definition,
        structs,
        known: HashMap::new(),
    };
    let sizes: Vec<_> = structs
        .iter()
        .enumerate()
        .map(|(place, entry)| {
            let mut runs: Vec<(Versions, usize)> = Vec::new();
            for version in entry.versions.iter() {
                let size = sizes.of(place, version);
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

/// The sizes of structs by place and version, each computed once: a struct may be used by many fields.
struct Sizes<'s> {
    definition: &'s Definition,
    structs: &'s [Struct],
    known: HashMap<(usize, i16), usize>,
}

impl Sizes<'_> {
    fn of(&mut self, place: usize, version: i16) -> usize {
        if let Some(known) = self.known.get(&(place, version)) {
            return *known;
        }
        let fields = self.structs.get(place).map(|entry| &entry.fields);
        let fields = fields.into_iter().flatten();
        let fields = fields.filter(|field| field.mandatory().contains(version));
        let tags = usize::from(self.definition.flexible_versions.contains(version));
        let sizes = fields.map(|field| self.of_field(field, version));
        let size = sizes.fold(tags, usize::saturating_add);
        self.known.insert((place, version), size);
        size
    }

    fn of_field(&mut self, field: &Field, version: i16) -> usize {
        let compact = field.flexible.contains(version);
        match &field.ty {
            Type::Fixed(fixed) => fixed.size(),
            Type::Struct(_) if field.nullable.contains(version) => 1,
            Type::Struct(place) => self.of(*place, version),
            Type::String | Type::Blob | Type::Array(_) if compact => 1,
            Type::String => 2,
            Type::Blob | Type::Array(_) => 4,
        }
    }
}
