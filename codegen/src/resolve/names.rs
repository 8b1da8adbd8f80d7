//! Rust names for Kafka's, and names that would collide. Kafka's generator accepts more: two names that differ in letter
//! case only, or that Java has no other use for.

use std::collections::HashMap;

use super::Check;
use super::structs::Registry;
use crate::corpus::{Corpus, Enumerations};
use crate::fault::Faults;
use crate::schema::{Definition, FieldDef, Kind};

/// The field that every struct has for tags its definition does not know.
const UNKNOWN_TAGGED_FIELDS: &str = "unknown_tagged_fields";

/// Two fields of a struct, and two structs of a message, must have different Rust names.
pub(super) fn check(check: &mut Check<'_>, registry: &Registry<'_>, enumerations: &Enumerations) {
    let definition = check.definition;
    fields(check, "", &definition.fields);
    for common in &definition.common_structs {
        fields(check, &common.name, &common.fields);
    }
    let mut seen = HashMap::from([(definition.name.clone(), definition.name.as_str())]);
    for entry in registry.structs.iter().skip(1) {
        let ident = struct_ident(&definition.name, entry.name, enumerations);
        if let Some(other) = seen.insert(ident.clone(), entry.name) {
            let wrong = same("struct", entry.name, other, &ident);
            check.fault(entry.span, Some(&entry.path), wrong, ANOTHER);
        }
    }
}

fn fields(check: &mut Check<'_>, parent: &str, siblings: &[FieldDef]) {
    let mut seen = HashMap::new();
    for field in siblings {
        let path = super::join(parent, &field.name);
        let ident = snake_ident(&field.name);
        let wrong = match seen.insert(ident.clone(), &field.name) {
            Some(other) if *other == field.name => {
                Some(format!("the struct has a field `{other}` already"))
            }
            Some(other) => Some(same("field", &field.name, other, &ident)),
            None if ident == UNKNOWN_TAGGED_FIELDS => Some(format!(
                "field `{}` has the name of the field for unknown tags, which every struct has",
                field.name
            )),
            None => None,
        };
        if let Some(wrong) = wrong {
            check.fault(field.spans.of("name"), Some(&path), wrong, ANOTHER);
        }
        fields(check, &path, &field.fields);
    }
}

/// No two messages may have the same name or the same module, whatever their Kafka modules, and none a name
/// that generated code or the library needs.
pub(super) fn check_messages(corpus: &Corpus, faults: &mut Faults) {
    let mut seen: HashMap<String, &Definition> = HashMap::new();
    for (_, definition) in &corpus.definitions {
        let name = &definition.name;
        let ident = snake_ident(name);
        let wrong = match seen.insert(ident.clone(), definition) {
            Some(other) if other.name == *name => Some(format!(
                "{} defines a message `{name}` too",
                other.source.file()
            )),
            Some(other) => Some(same("message", name, &other.name, &ident)),
            None if is_taken(name) || names_values(name, &corpus.enumerations) => Some(taken(name)),
            None if matches!(definition.kind, Kind::Request | Kind::Response)
                && NO_APIS.contains(&definition.stem()) =>
            {
                Some(format!("no API can have the name `{}`", definition.stem()))
            }
            None => None,
        };
        if let Some(wrong) = wrong {
            let at = definition.spans.of("name");
            faults.0.push(definition.fault(at, None, wrong, ANOTHER));
        }
    }
}

const ANOTHER: &str = "give it another name";

fn same(what: &str, name: &str, other: &str, ident: &str) -> String {
    format!("{what} `{name}` has the same Rust name as {what} `{other}`: `{ident}`")
}

/// `TopicId` as `topic_id`, `ISRNodes` as `isr_nodes`.
pub(crate) fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            let after_lower = letters
                .get(index - 1)
                .is_some_and(|c| !c.is_ascii_uppercase());
            let before_lower = letters.get(index + 1).is_some_and(char::is_ascii_lowercase);
            if after_lower || before_lower {
                out.push('_');
            }
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The Rust name of a field, or of a message's module.
pub(super) fn snake_ident(name: &str) -> String {
    let ident = snake_case(name);
    if NEVER_RAW.contains(&ident.as_str()) {
        format!("{ident}_")
    } else if KEYWORDS.contains(&ident.as_str()) {
        format!("r#{ident}")
    } else {
        ident
    }
}

/// Returns `true` if generated code uses a type of this name, whatever the definitions are.
pub(super) fn is_taken(name: &str) -> bool {
    TAKEN.contains(&name)
}

/// What is wrong with a name that generated code uses.
pub(super) fn taken(name: &str) -> String {
    format!("generated code uses the name `{name}` for something else")
}

/// Returns `true` if fields have the type of an enumeration of this name. Fields of texts are plain text.
fn names_values(name: &str, enumerations: &Enumerations) -> bool {
    let mut all = enumerations.all.iter();
    all.any(|each| each.name == name && !each.is_text())
}

/// The Rust name of a struct inside of `message`: its own, unless generated code uses that name.
pub(super) fn struct_ident(message: &str, name: &str, enumerations: &Enumerations) -> String {
    if is_taken(name) || names_values(name, enumerations) {
        format!("{message}{name}")
    } else {
        name.to_owned()
    }
}

/// Keywords that may be written with `r#` in front. See the Rust reference, "Keywords".
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Keywords that may not.
const NEVER_RAW: [&str; 4] = ["crate", "self", "super", "_"];

/// Variants that the enum of API keys has beside the APIs, and what cannot be a variant.
const NO_APIS: [&str; 3] = ["", "Self", "Unknown"];

/// Types that generated code uses by these names.
const TAKEN: [&str; 42] = [
    "ApiKey",
    "Blob",
    "BrokerOf",
    "Bytes",
    "Clone",
    "Cow",
    "Debug",
    "Decode",
    "DecodeError",
    "Default",
    "Destination",
    "Duration",
    "EncodeError",
    "Encoding",
    "Err",
    "ErrorAnswer",
    "ErrorCode",
    "FnMut",
    "HeaderRanges",
    "IntoOwned",
    "Message",
    "None",
    "Ok",
    "Option",
    "Packed",
    "PartialEq",
    "Parts",
    "ReadCursor",
    "Request",
    "Response",
    "Result",
    "Schema",
    "Self",
    "Some",
    "Struct",
    "TaggedFields",
    "UnselectedResponse",
    "Uuid",
    "Vec",
    "Version",
    "VersionRange",
    "WriteCursor",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case_with_acronyms_as_words() {
        let table = [
            ("TopicId", "topic_id"),
            ("ISRNodes", "isr_nodes"),
            ("myUint16", "my_uint16"),
            ("name", "name"),
            ("FetchOffsetV2", "fetch_offset_v2"),
            ("A", "a"),
            ("ClusterID", "cluster_id"),
        ];
        for (name, expected) in table {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn keywords_and_taken_names_are_avoided() {
        assert_eq!(snake_ident("Type"), "r#type");
        assert_eq!(snake_ident("Self"), "self_");
        let text = r#"{ "enumerations": {
            "Color": { "type": "int8", "about": "a", "source": "a", "values": {}, "fields": ["Color"] },
            "Shape": { "type": "string", "about": "a", "source": "a", "values": {}, "fields": ["Shape"] }
        } }"#;
        let enumerations = Enumerations::parse("f", text).unwrap();
        let ident = |name| struct_ident("FooRequest", name, &enumerations);
        assert_eq!(ident("Version"), "FooRequestVersion");
        assert_eq!(ident("Destination"), "FooRequestDestination");
        assert_eq!(ident("Color"), "FooRequestColor");
        assert_eq!(ident("Shape"), "Shape");
        assert_eq!(ident("Topic"), "Topic");
    }

    #[test]
    fn keywords_are_sorted_and_complete_for_this_edition() {
        assert!(KEYWORDS.is_sorted());
        assert!(TAKEN.is_sorted());
    }
}
