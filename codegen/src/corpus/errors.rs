//! `errors.json`: the error codes, their names and what they mean. Its facts are written by
//! `protocol-json/refresh-names`, the meanings by hand; here it is read.

use crate::fault::Faults;
use crate::json::{Document, Findings, Object};

/// An error code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The number.
    pub code: i16,
    /// Kafka's name, such as `NOT_LEADER_OR_FOLLOWER`.
    pub name: String,
    /// The names it had before.
    pub former: Vec<String>,
    /// Whether Kafka's clients send the request again after it.
    pub retriable: bool,
    /// Whether Kafka's clients ask for new metadata after it.
    pub refreshes_metadata: bool,
    /// What happened, in a sentence.
    pub meaning: String,
}

/// Reads `errors.json`: the error codes, by number.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<ErrorCode>, Faults> {
    let document = Document::parse(file, text)?;
    let mut found = Findings::default();
    let errors = read(&document, &mut found).unwrap_or_default();
    found.into_faults(document.source(), None).or(errors)
}

fn read(document: &Document, found: &mut Findings) -> Option<Vec<ErrorCode>> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["sources", "errors"], found);
    let codes = root.object("the file", "errors", found)?;
    let mut errors = Vec::new();
    for entry in codes.entries() {
        let code = codes.numbered(entry, "an error code", found);
        let object = Object::new(entry.value, "an error", found);
        errors.extend(
            code.zip(object)
                .and_then(|(code, object)| error(code, object, found)),
        );
    }
    errors.sort_by_key(|error| error.code);
    Some(errors)
}

fn error(code: i16, mut object: Object<'_>, found: &mut Findings) -> Option<ErrorCode> {
    let known = [
        "name",
        "former",
        "retriable",
        "refreshesMetadata",
        "meaning",
    ];
    object.only(&known, found);
    let what = format!("error {code}");
    let name = object.required_text(&what, "name", found);
    if let Some(name) = name.as_deref().filter(|name| !is_constant(name)) {
        let wrong = format!("`{name}` cannot name an error");
        let right = "use upper-case letters, digits and underscores";
        object.wrong("name", wrong, right, found);
    }
    let meaning = object.required_text(&what, "meaning", found);
    Some(ErrorCode {
        code,
        name: name?,
        former: object.texts("former", found),
        retriable: object.flag("retriable", found),
        refreshes_metadata: object.flag("refreshesMetadata", found),
        meaning: meaning?,
    })
}

/// Whether it can be the name of a constant in Rust.
fn is_constant(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_the_order_of_their_numbers() {
        let text = r#"{ "errors": {
            "-1": { "name": "B", "former": ["C"], "meaning": "b" },
            "0": { "name": "A", "retriable": true, "meaning": "a" },
            "10": { "name": "D", "meaning": "d" },
            "2": { "name": "E", "meaning": "e" }
        } }"#;
        let errors = parse("f", text).unwrap();
        let codes: Vec<i16> = errors.iter().map(|error| error.code).collect();
        assert_eq!(codes, [-1, 0, 2, 10]);
        assert_eq!(errors[0].former, ["C"]);
        assert!(errors[1].retriable && !errors[1].refreshes_metadata);
    }

    #[test]
    fn a_code_without_a_meaning_or_with_no_fit_name_is_refused() {
        for entry in [
            r#""name": "A""#,
            r#""name": "A", "meaning": """#,
            r#""name": "A B", "meaning": "a""#,
        ] {
            let text = format!(r#"{{ "errors": {{ "1": {{ {entry} }} }} }}"#);
            assert!(parse("f", &text).is_err(), "{text}");
        }
    }
}
