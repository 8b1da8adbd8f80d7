//! Merging the fields of two definitions so that each version reads as its own release had it.
//! Whether it came out right is checked by `verify`.

use super::ImportError;
use super::changes::{body, path};
use super::ranges::Timeline;
use crate::json::Spans;
use crate::schema::{Definition, FieldDef, StructDef};
use crate::versions::Versions;

/// Two definitions of one message and which version comes from which.
pub(super) struct Union<'d> {
    pub(super) older: &'d Definition,
    pub(super) newer: &'d Definition,
    pub(super) timeline: &'d Timeline,
}

impl Union<'_> {
    /// The fields of the message.
    pub(super) fn fields(&self) -> Result<Vec<FieldDef>, ImportError> {
        self.list("", &self.older.fields, &self.newer.fields, Versions::ALL)
    }

    /// The common structs; those of the older release only as far as `fields` use them.
    pub(super) fn common_structs(
        &self,
        fields: &[FieldDef],
    ) -> Result<Vec<StructDef>, ImportError> {
        let mut structs = Vec::new();
        for newer in &self.newer.common_structs {
            let older = self.older.common_struct(&newer.name);
            let old_fields = older.map_or(&[][..], |older| &older.fields);
            let old_versions = older.map_or(Versions::NONE, |older| older.versions);
            structs.push(StructDef {
                spans: Spans::default(),
                name: newer.name.clone(),
                versions: self.range(&newer.name, old_versions, newer.versions, Versions::ALL)?,
                deprecated_versions: newer.deprecated_versions,
                fields: self.list(&newer.name, old_fields, &newer.fields, Versions::ALL)?,
            });
        }
        let mut used = struct_names(fields);
        while let Some(name) = used.pop() {
            let known = structs.iter().any(|known| known.name == name);
            let Some(older) = self.older.common_struct(&name).filter(|_| !known) else {
                continue;
            };
            let fields = self.list(&name, &older.fields, &[], Versions::ALL)?;
            used.extend(struct_names(&fields));
            structs.push(StructDef {
                fields,
                ..older.clone()
            });
        }
        Ok(structs)
    }

    /// The fields of the newer release in their order; those that it dropped stay behind the field they were behind.
    fn list(
        &self,
        outer: &str,
        older: &[FieldDef],
        newer: &[FieldDef],
        domain: Versions,
    ) -> Result<Vec<FieldDef>, ImportError> {
        let dropped = |field: &&FieldDef| !newer.iter().any(|known| known.name == field.name);
        let mut merged = Vec::new();
        for field in older.iter().take_while(dropped) {
            merged.extend(self.field(outer, Some(field), None, domain)?);
        }
        for field in newer {
            let mut from_here = older.iter().skip_while(|other| other.name != field.name);
            merged.extend(self.field(outer, from_here.next(), Some(field), domain)?);
            for field in from_here.take_while(dropped) {
                merged.extend(self.field(outer, Some(field), None, domain)?);
            }
        }
        Ok(merged)
    }

    /// One field; `None` when no version has it.
    fn field(
        &self,
        outer: &str,
        older: Option<&FieldDef>,
        newer: Option<&FieldDef>,
        domain: Versions,
    ) -> Result<Option<FieldDef>, ImportError> {
        let Some(named) = newer.or(older) else {
            return Ok(None);
        };
        let path = path(outer, &named.name);
        let range = |of: fn(&FieldDef) -> Versions, domain| {
            let (older, newer) = (
                older.map_or(Versions::NONE, of),
                newer.map_or(Versions::NONE, of),
            );
            self.range(&path, older, newer, domain)
        };
        let versions = range(FieldDef::effective_versions, domain)?;
        if versions.intersect(self.timeline.all()).is_empty() {
            return Ok(None);
        }
        let tagged = range(
            |field| field.tagged_versions.unwrap_or(Versions::NONE),
            versions,
        )?;
        let tagged = tagged.intersect(versions);
        let flexible_override = older.and_then(|field| field.flexible_versions);
        let flexible_override = newer.map_or(flexible_override, |field| field.flexible_versions);
        Ok(Some(FieldDef {
            spans: Spans::default(),
            name: named.name.clone(),
            ty: named.ty.clone(),
            versions: Some(versions),
            tagged_versions: Some(tagged).filter(|tagged| !tagged.is_empty()),
            tag: named.tag,
            nullable_versions: range(|field| field.nullable_versions, versions)?,
            default: named.default.clone(),
            ignorable: named.ignorable || self.was_ignorable(older, versions),
            map_key: named.map_key,
            entity_type: named.entity_type,
            flexible_versions: flexible_override,
            about: None,
            zero_copy: named.zero_copy,
            fields: self.inner(&path, older, newer, versions)?,
        }))
    }

    /// The fields of the struct that is defined by the field itself.
    fn inner(
        &self,
        path: &str,
        older: Option<&FieldDef>,
        newer: Option<&FieldDef>,
        versions: Versions,
    ) -> Result<Vec<FieldDef>, ImportError> {
        let of_newer = newer.map_or(&[][..], |field| &field.fields);
        let of_older = match (older, newer) {
            // The newer release uses a common struct, which is merged on its own.
            (_, Some(newer)) if newer.fields.is_empty() => &[],
            (Some(older), Some(_)) => body(self.older, older),
            (Some(older), None) => &older.fields,
            (None, _) => &[],
        };
        self.list(path, of_older, of_newer, versions)
    }

    /// In a release where every version has the field, `ignorable` says nothing. The older release, of which a version
    /// without the field is taken, is the one to ask.
    fn was_ignorable(&self, older: Option<&FieldDef>, versions: Versions) -> bool {
        let lacking = |version: &i16| !versions.contains(*version);
        older.is_some_and(|field| field.ignorable) && self.timeline.older().iter().any(lacking)
    }

    fn range(
        &self,
        field: &str,
        older: Versions,
        newer: Versions,
        domain: Versions,
    ) -> Result<Versions, ImportError> {
        let union = self.timeline.union(older, newer, domain);
        union.ok_or_else(|| ImportError::Inexpressible {
            message: self.newer.name.clone(),
            field: field.to_owned(),
            what: format!("`{older}` in the older and `{newer}` in the newer release do not make one range of versions"),
        })
    }
}

fn struct_names(fields: &[FieldDef]) -> Vec<String> {
    let mut names = Vec::new();
    for field in fields {
        names.extend(field.ty.struct_name().map(str::to_owned));
        names.extend(struct_names(&field.fields));
    }
    names
}
