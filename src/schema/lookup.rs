//! Finding a schema in the lists of all, by API or by name.

use std::{error, fmt};

use super::Schema;
use crate::ApiKey;
use crate::name::{Readable, UnknownName, same};

/// The schema with this name, now or formerly, among all.
pub(crate) fn by_name(
    all: &[&'static Schema],
    renamed: &[(&str, &str)],
    name: &str,
) -> Result<&'static Schema, UnknownSchema> {
    let mut renamed = renamed.iter();
    let now = renamed.find(|(old, _)| same(old, name));
    let name = now.map_or(name, |(_, now)| now);
    let mut schemas = all.iter().copied();
    let found = schemas.find(|schema| same(schema.name(), name));
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|schema| schema.name()).collect();
        UnknownSchema(UnknownName::new(name, &names))
    })
}

/// The schema with this key, among those that are sorted by it.
pub(crate) fn by_key(schemas: &[&'static Schema], key: ApiKey) -> Option<&'static Schema> {
    let index = schemas.binary_search_by_key(&Some(key.number()), |schema| schema.api_key());
    schemas.get(index.ok()?).copied()
}

/// A text that is the name of no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSchema(UnknownName);

impl UnknownSchema {
    /// The name that was perhaps meant.
    #[must_use]
    pub const fn suggestion(&self) -> Option<&'static str> {
        self.0.suggestion()
    }
}

impl fmt::Display for UnknownSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "message", "FetchRequest", Readable::Names)
    }
}

impl error::Error for UnknownSchema {}

#[cfg(test)]
#[cfg(feature = "messages")]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused_without_naming_a_form_that_is_refused_too() {
        assert!(Schema::named("1").is_err());
        let error = Schema::named("qqqqqq").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown message `qqqqqq`: write a name such as `FetchRequest`"
        );
    }
}
