//! Rust names for Kafka's, and names that would collide.

use std::collections::HashMap;

use super::Check;
use crate::corpus::Corpus;
use crate::fault::Faults;
use crate::schema::FieldDef;

/// The field that every struct has for tags its definition does not know.
const UNKNOWN_TAGGED_FIELDS: &str = "unknown_tagged_fields";

/// Two fields of a struct must differ in more than letter case and punctuation of their names.
pub(super) fn check(check: &mut Check<'_>) {
    let definition = check.definition;
    siblings(check, "", &definition.fields);
    for common in &definition.common_structs {
        siblings(check, &common.name, &common.fields);
    }
}

fn siblings(check: &mut Check<'_>, parent: &str, fields: &[FieldDef]) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for field in fields {
        let path = super::join(parent, &field.name);
        let ident = field_ident(&field.name);
        let other = match ident.as_str() {
            UNKNOWN_TAGGED_FIELDS => Some("the field for unknown tags, which every struct has"),
            _ => seen.insert(ident.clone(), &field.name),
        };
        if let Some(other) = other {
            check.fault(
                &field.place.key("name"),
                Some(&path),
                format!(
                    "field `{}` has the same Rust name as {other}: `{ident}`",
                    field.name
                ),
                "give it another name",
            );
        }
        siblings(check, &path, &field.fields);
    }
}

/// No two messages may have the same name, whatever their modules.
pub(super) fn check_messages(corpus: &Corpus, faults: &mut Faults) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (_, definition) in &corpus.definitions {
        if let Some(other) = seen.insert(&definition.name, &definition.file) {
            let place = crate::json::Place::root().key("name");
            let wrong = format!("{other} defines a message `{}` too", definition.name);
            faults
                .0
                .push(definition.fault(&place, None, wrong, "give it another name"));
        }
    }
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

/// The Rust name of a field.
pub(super) fn field_ident(name: &str) -> String {
    let ident = snake_case(name);
    if NEVER_RAW.contains(&ident.as_str()) {
        format!("{ident}_")
    } else if KEYWORDS.contains(&ident.as_str()) {
        format!("r#{ident}")
    } else {
        ident
    }
}

/// The Rust name of a struct inside of `message`: its own, unless generated code uses that name.
pub(super) fn struct_ident(message: &str, name: &str) -> String {
    if TAKEN.contains(&name) {
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

/// Types that generated code uses by these names.
const TAKEN: [&str; 32] = [
    "ApiKey",
    "Blob",
    "Bytes",
    "Clone",
    "Cow",
    "Debug",
    "Decode",
    "DecodeError",
    "Default",
    "EncodeError",
    "Encoding",
    "Err",
    "ErrorCode",
    "IntoOwned",
    "Message",
    "None",
    "Ok",
    "Option",
    "Packed",
    "PartialEq",
    "Reader",
    "Request",
    "Response",
    "Result",
    "Self",
    "Some",
    "TaggedFields",
    "Uuid",
    "Vec",
    "Version",
    "VersionRange",
    "Writer",
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
        assert_eq!(field_ident("Type"), "r#type");
        assert_eq!(field_ident("Self"), "self_");
        assert_eq!(struct_ident("FooRequest", "Version"), "FooRequestVersion");
        assert_eq!(struct_ident("FooRequest", "Topic"), "Topic");
    }

    #[test]
    fn keywords_are_sorted_and_complete_for_this_edition() {
        assert!(KEYWORDS.is_sorted());
        assert!(TAKEN.is_sorted());
    }
}
