//! `errors.json`: the error codes, their names, what they mean and what they say of the request. Names and flags are
//! written by `protocol-json/refresh-names`, all else by hand; this module reads it. `resolve` looks up the APIs.

use super::facts::{self, Name, is_constant, mirror};
use crate::fault::{Fault, Faults, Mistake};
use crate::json::{Document, Findings, Object};
use crate::source::{Source, Span};

/// The error codes.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    /// The file they were read from.
    source: Option<Source>,
    /// The error codes, by number.
    pub codes: Vec<ErrorCode>,
}

impl Errors {
    /// A fault at a place of the file; `None` if there was none.
    pub(crate) fn fault(&self, at: Span, mistake: Mistake) -> Option<Fault> {
        let source = self.source.as_ref()?;
        Some(Fault::new(source, at, mistake))
    }

    /// Keeps the codes that `library` names as they are named here: the others have no constant there, and are written as numbers.
    pub(crate) fn keep_named_by(&mut self, library: &Self) {
        self.codes.retain(|own| {
            let mut named = library.codes.iter();
            named.any(|each| (each.code, &each.name) == (own.code, &own.name))
        });
    }
}

/// An error code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The number.
    pub code: i16,
    /// Kafka's name, such as `NOT_LEADER_OR_FOLLOWER`.
    pub name: String,
    /// The names it had before.
    pub former: Vec<String>,
    /// `true` if Kafka's clients send the request again after it.
    pub retriable: bool,
    /// `true` if Kafka's clients ask for new metadata after it.
    pub refreshes_metadata: bool,
    /// What to do first, where the flags do not say it.
    pub remedy: Option<Remedy>,
    /// The meaning, in a sentence.
    pub meaning: String,
    /// The effect of a request that it answers, by API. Of others nothing is known.
    pub applied: Vec<(Name, Applied)>,
}

mirror! {
    /// What to do first after an error.
    Remedy {
        Wait = "wait",
        RefreshMetadata = "refreshMetadata",
        FindCoordinator = "findCoordinator",
        Rebootstrap = "rebootstrap",
        Authenticate = "authenticate",
    }
}

mirror! {
    /// Whether a request that was answered with an error was applied.
    Applied {
        No = "no",
        Possibly = "possibly",
        Yes = "yes",
    }
}

/// Reads `errors.json`.
pub(super) fn parse(file: &str, text: &str) -> Result<Errors, Faults> {
    facts::parse(file, text, read)
}

fn read(document: &Document, found: &mut Findings) -> Option<Errors> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["sources", "errors", "applied"], found);
    let codes = root.object("the file", "errors", found)?;
    let mut errors = Vec::new();
    for entry in codes.entries() {
        let code = codes.numbered(entry, "an error code", found);
        let object = Object::new(entry.value, "an error", found);
        errors.extend(
            code.zip(object)
                .and_then(|(code, object)| error(code, object, &errors, found)),
        );
    }
    errors.sort_by_key(|error| error.code);
    for rule in root.list("applied") {
        if let Some(rule) = Object::new(rule, "a rule", found) {
            apply(rule, &mut errors, found);
        }
    }
    Some(Errors {
        source: Some(document.source().clone()),
        codes: errors,
    })
}

/// Notes in the errors that a rule names whether requests were applied.
fn apply(mut rule: Object<'_>, errors: &mut [ErrorCode], found: &mut Findings) {
    rule.only(&["errors", "apis", "applied", "source"], found);
    rule.required_text("a rule", "source", found);
    let Some(applied) = rule.required("a rule", "applied", Applied::ALL, found) else {
        return;
    };
    let apis = rule.names("apis", found);
    for name in rule.names("errors", found) {
        let mut mistake = |wrong, right| found.push(name.at, None, Mistake::new(wrong, right));
        let Some(error) = errors.iter_mut().find(|error| error.name == name.text) else {
            mistake(
                format!("there is no error `{}`", name.text),
                "name one of this file",
            );
            continue;
        };
        for api in &apis {
            if error
                .applied
                .iter()
                .any(|(known, _)| known.text == api.text)
            {
                let wrong = format!("`{}` has a rule for {} already", name.text, api.text);
                mistake(wrong, "write one rule for each error of an API");
            }
            error.applied.push((api.clone(), applied));
        }
    }
}

/// Constants of `ErrorCode` beside the errors.
const NO_ERRORS: [&str; 2] = ["ALL", "ENUMERATION"];

fn error(
    code: i16,
    mut object: Object<'_>,
    others: &[ErrorCode],
    found: &mut Findings,
) -> Option<ErrorCode> {
    let known = [
        "name",
        "former",
        "retriable",
        "refreshesMetadata",
        "remedy",
        "meaning",
    ];
    object.only(&known, found);
    let what = format!("error {code}");
    let name = object.required_text(&what, "name", found);
    if let Some(name) = &name {
        let is_fit = is_constant(name) && !NO_ERRORS.contains(&&**name);
        if !is_fit {
            let wrong = format!("`{name}` cannot name an error");
            let right =
                "use upper-case letters, digits and underscores, but not `ALL` or `ENUMERATION`";
            object.wrong("name", wrong, right, found);
        }
        if others.iter().any(|other| other.name == *name) {
            let wrong = format!("another error has the name `{name}`");
            object.wrong("name", wrong, "give each error a name of its own", found);
        }
    }
    let meaning = object.required_text(&what, "meaning", found);
    let remedy = object.value("remedy");
    let remedy = remedy.and_then(|value| object.one_of("remedy", value, Remedy::ALL, found));
    Some(ErrorCode {
        code,
        name: name?,
        former: object.texts("former", found),
        retriable: object.flag("retriable", found),
        refreshes_metadata: object.flag("refreshesMetadata", found),
        remedy,
        meaning: meaning?,
        applied: Vec::new(),
    })
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
        let errors = parse("f", text).unwrap().codes;
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
            r#""name": "ALL", "meaning": "a""#,
            r#""name": "ENUMERATION", "meaning": "a""#,
        ] {
            let text = format!(r#"{{ "errors": {{ "1": {{ {entry} }} }} }}"#);
            assert!(parse("f", &text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_error_has_a_number_and_a_name_of_its_own() {
        let entry =
            |key: &str, name: &str| format!(r#""{key}": {{ "name": "{name}", "meaning": "a" }}"#);
        for second in [entry("8", "A"), entry("07", "B"), entry("+8", "B")] {
            let text = format!(r#"{{ "errors": {{ {}, {second} }} }}"#, entry("7", "A"));
            let faults = parse("f", &text).expect_err(&second);
            assert_eq!(faults.0.len(), 1, "{faults}");
        }
    }

    #[test]
    fn rules_say_of_errors_whether_requests_were_applied() {
        let rule = |text: &str| {
            let errors =
                r#""1": { "name": "A", "meaning": "a" }, "2": { "name": "B", "meaning": "b" }"#;
            let text = format!(r#"{{ "errors": {{ {errors} }}, "applied": [{text}] }}"#);
            parse("f", &text)
        };
        let right = r#"{ "errors": ["A", "B"], "apis": ["X"], "applied": "no", "source": "s" }"#;
        for error in rule(right).unwrap().codes {
            let [(api, applied)] = &error.applied[..] else {
                panic!("{error:?}")
            };
            assert_eq!((&*api.text, *applied), ("X", Applied::No));
        }
        let twice = format!("{right}, {right}");
        for wrong in [
            right.replace("\"B\"", "\"C\""),
            right.replace("no", "never"),
            right.replace("\"s\"", "\"\""),
            right.replace("apis", "api"),
            twice,
        ] {
            assert!(rule(&wrong).is_err(), "{wrong}");
        }
    }
}
