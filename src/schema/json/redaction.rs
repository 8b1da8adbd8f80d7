//! The secrets in Kafka's messages, by field. Only names and values are looked at here; what is
//! written in place of a secret is `message`'s.

use crate::Version;
use crate::schema::{Field, FieldType, StructSchema, Value};

/// Tells secrets while a message is visited.
pub(super) struct Secrets<'a> {
    version: Version,
    bytes: &'a [u8],
    structs: Vec<Scope<'a>>,
}

/// A struct that is open.
struct Scope<'a> {
    schema: &'static StructSchema,
    /// What its fields have said so far of a config that it may be.
    config: Config<'a>,
}

#[derive(Copy, Clone, Default)]
struct Config<'a> {
    resource: Option<i8>,
    name: &'a str,
    /// The sender said that it is sensitive; so are its synonyms then.
    is_flagged: bool,
}

impl<'a> Secrets<'a> {
    pub(super) const fn new(version: Version, bytes: &'a [u8]) -> Self {
        Self {
            version,
            bytes,
            structs: Vec::new(),
        }
    }

    pub(super) fn begin_struct(&mut self, schema: &'static StructSchema) {
        // A config has the resource of the struct around it.
        let config = self.structs.last().map(|scope| scope.config);
        let mut config = config.unwrap_or_default();
        if TOPIC_CONFIGS.contains(&schema.name()) {
            config.resource = Some(TOPIC);
        }
        self.structs.push(Scope { schema, config });
    }

    pub(super) fn end_struct(&mut self) {
        self.structs.pop();
    }

    /// Returns `true` if `value` of `field`, which ends before the byte at `end`, is secret.
    pub(super) fn hides(&mut self, field: &'static Field, value: Value<'a>, end: usize) -> bool {
        let Some(scope) = self.structs.last_mut() else {
            return false;
        };
        match (field.name(), value) {
            (name, Value::Bytes(bytes)) => SECRET_BYTES.contains(&name) && !bytes.is_empty(),
            ("resourceType", Value::Int8(resource)) => {
                scope.config.resource = Some(resource);
                false
            }
            ("name", Value::String(name)) => {
                scope.config.name = name;
                false
            }
            // What is called so nobody knows.
            ("name", Value::InvalidText(_)) => {
                scope.config.is_flagged = true;
                false
            }
            ("value", value) if is_config(scope.schema) => {
                // Of a null too: synonyms follow.
                let rest = self.bytes.get(end..);
                scope.config.is_flagged |= is_flagged(scope.schema, field, self.version, rest);
                match value {
                    Value::String(value) => scope.config.is_secret(value),
                    Value::InvalidText(_) => true,
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

impl Config<'_> {
    /// Returns `true` if a value may be sensitive. Kafka knows it of its own configs and takes all others of brokers
    /// for sensitive; here names tell, and of brokers only numbers and switches are shown.
    fn is_secret(self, value: &str) -> bool {
        let name = self.name.to_ascii_lowercase();
        let is_suspicious = SECRET_WORDS.iter().any(|word| name.contains(word));
        let is_harmless =
            value.is_empty() || ["true", "false"].contains(&value) || value.parse::<f64>().is_ok();
        self.is_flagged
            || is_suspicious
            || (!is_harmless && !self.resource.is_some_and(|r| PUBLIC.contains(&r)))
    }
}

/// Returns `true` if a struct is the config of a resource. Others have values too, such as tags.
fn is_config(schema: &StructSchema) -> bool {
    let name = schema.name();
    CONFIGS.contains(&name) || TOPIC_CONFIGS.contains(&name)
}

/// Returns `true` if the field `isSensitive` is true, which comes some fields of fixed width after `field`; `rest`
/// are the bytes after that one.
fn is_flagged(schema: &StructSchema, field: &Field, version: Version, rest: Option<&[u8]>) -> bool {
    let fields = schema.fields().iter();
    let after = fields.skip_while(|other| other.name() != field.name());
    let mut at = 0;
    for other in after.skip(1).filter(|field| field.is_mandatory_in(version)) {
        if other.name() == "isSensitive" && matches!(other.field_type(), FieldType::Bool) {
            return rest.and_then(|rest| rest.get(at)) != Some(&0);
        }
        match other.field_type().fixed_size() {
            Some(size) if !other.is_array() => at += size,
            _ => return false,
        }
    }
    false
}

include!(concat!(env!("OUT_DIR"), "/secrets.rs"));

const TOPIC: i8 = 2;

/// The types of resources of which no config is sensitive: topics, loggers, client metrics, groups.
const PUBLIC: [i8; 4] = [TOPIC, 8, 16, 32];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    /// Calls `see` with every struct there is.
    fn structs(see: &mut impl FnMut(&'static StructSchema)) {
        fn one(schema: &'static StructSchema, see: &mut impl FnMut(&'static StructSchema)) {
            see(schema);
            for field in schema.fields() {
                if let FieldType::Struct(inner) = field.field_type() {
                    one(inner, see);
                }
            }
        }
        for schema in Schema::all() {
            one(schema.root(), see);
        }
    }

    #[test]
    fn fields_of_bytes_that_sound_secret_are_listed() {
        structs(&mut |schema| {
            for field in schema.fields() {
                let name = field.name().to_lowercase();
                let sounds = ["auth", "hmac", "salt", "password", "secret", "key"];
                let sounds_secret = sounds.iter().any(|word| name.contains(word));
                if sounds_secret && matches!(field.field_type(), FieldType::Bytes) {
                    assert!(
                        SECRET_BYTES.contains(&field.name()),
                        "{}.{}",
                        schema.name(),
                        field.name()
                    );
                }
            }
        });
    }

    #[test]
    #[cfg(feature = "messages")]
    fn structs_with_a_name_and_a_value_are_configs_or_known_not_to_be() {
        structs(&mut |schema| {
            let has = |name| {
                let mut fields = schema.fields().iter();
                fields.any(|field| {
                    field.name() == name && matches!(field.field_type(), FieldType::String)
                })
            };
            // Tags, offsets, and of streams groups the options of the assignor and of internal topics.
            let others = [
                "KeyValue",
                "TaskOffset",
                "LastAssignmentConfig",
                "TopicConfig",
            ];
            if has("value") && !others.contains(&schema.name()) {
                assert!(is_config(schema), "{}", schema.name());
            }
        });
    }
}
