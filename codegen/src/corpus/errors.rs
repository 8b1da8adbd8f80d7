//! `errors.json`: the error codes, their names and what they mean. Its facts are written by
//! `protocol-json/refresh-names`, the meanings by hand; here it is read.

use crate::fault::{Fault, Faults};
use crate::json::{self, Value};

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

/// The error codes, by number.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<ErrorCode>, Faults> {
    let fault = || Fault {
        file: file.to_owned(),
        line: 1,
        message: None,
        field: None,
        wrong: "these are not error codes, each with name and meaning".to_owned(),
        right: "run `protocol-json/refresh-names` again, and write what it says is missing"
            .to_owned(),
    };
    Ok(read(&json::parse(file, text)?).ok_or_else(fault)?)
}

fn read(json: &Value) -> Option<Vec<ErrorCode>> {
    let entries = json.get("errors")?.as_object()?.iter();
    let mut errors = entries
        .map(|(code, entry)| error(code, entry))
        .collect::<Option<Vec<_>>>()?;
    errors.sort_by_key(|error| error.code);
    Some(errors)
}

fn error(code: &str, entry: &Value) -> Option<ErrorCode> {
    let text = |key| entry.get(key)?.as_str().filter(|text| !text.is_empty());
    let flag = |key| entry.get(key).map_or(Some(false), Value::as_bool);
    let former = match entry.get("former") {
        Some(names) => names.as_array()?.iter(),
        None => [].iter(),
    };
    Some(ErrorCode {
        code: code.parse().ok()?,
        name: text("name").filter(|name| is_constant(name))?.to_owned(),
        former: former
            .map(|name| name.as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        retriable: flag("retriable")?,
        refreshes_metadata: flag("refreshesMetadata")?,
        meaning: text("meaning")?.to_owned(),
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
