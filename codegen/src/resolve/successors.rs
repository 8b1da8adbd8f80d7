//! The successors of the fields of requests and responses that ended before their struct did. Every such field must
//! be in `successors.json`, if there is one, so that a refresh of the definitions asks for each that is new.

use super::structs::{Registry, StructDefinition};
use super::{Check, join};
use crate::corpus::{Corpus, Succession, SuccessionKind, Successors};
use crate::fault::{Faults, Mistake, nearest};
use crate::ir::Ended;
use crate::schema::{Definition, FieldDef, Kind};
use crate::types::FieldType;
use crate::versions::Versions;

/// The file and the definition must agree on which fields ended, and successors must be there in later versions.
pub(super) fn check(check: &mut Check<'_>, registry: &Registry<'_>, successors: &Successors) {
    let definition = check.definition;
    if successors.is_empty() || !matches!(definition.kind, Kind::Request | Kind::Response) {
        return;
    }
    let mut known = Vec::new();
    for entry in &registry.structs {
        for field in entry.fields {
            let path = join(&entry.path, &field.name);
            match (later(entry, field), successors.of(&definition.name, &path)) {
                (Some(later), Some(succession)) => {
                    if !can_be_listed(entry, field, succession) {
                        let wrong = "the successor does not list values of the field".to_owned();
                        let right = "name one array of strings, neither of the two ignorable";
                        report(check, successors, &path, succession, wrong, right);
                    }
                    for name in succession.successors() {
                        if let Some(wrong) = fault_of_successor(entry, later, name) {
                            let right = "name a field of the same struct that later versions have";
                            report(check, successors, &path, succession, wrong, right);
                        }
                    }
                }
                (Some(_), None) => {
                    let wrong = format!(
                        "the field ended, its versions are {}, and `successors.json` does not say what became of it",
                        field.effective_versions()
                    );
                    let right = "add what says the same in later versions, or why nothing does";
                    check.fault(field.spans.of("versions"), Some(&path), wrong, right);
                }
                (None, Some(succession)) => {
                    let wrong = "the field did not end before its struct".to_owned();
                    report(
                        check,
                        successors,
                        &path,
                        succession,
                        wrong,
                        "remove the entry",
                    );
                }
                (None, None) => {}
            }
            known.push(path);
        }
    }
    for (path, succession) in successors.of_message(&definition.name) {
        if !known.iter().any(|known| known == path) {
            let wrong = "there is no such field".to_owned();
            let right = "put the names of the fields around it before it, as in `Topics.Name`, or its common struct's";
            report(check, successors, path, succession, wrong, right);
        }
    }
}

/// Every message that the file has is a request or a response of the definitions.
pub(super) fn messages(corpus: &Corpus, faults: &mut Faults) {
    let definitions = corpus.definitions.iter().map(|(_, definition)| definition);
    let are_sent = definitions.filter(|definition| {
        !definition.is_retired() && matches!(definition.kind, Kind::Request | Kind::Response)
    });
    let known: Vec<_> = are_sent.map(|definition| &*definition.name).collect();
    let names = corpus.successors.names.iter();
    for name in names.filter(|name| !known.contains(&&*name.text)) {
        let wrong = format!("there is no request or response `{}`", name.text);
        let right = match nearest(&name.text, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "remove the entry".to_owned(),
        };
        let fault = corpus
            .successors
            .fault_at(name.at, Mistake::new(wrong, right));
        faults.0.extend(fault);
    }
}

fn report(
    check: &mut Check<'_>,
    successors: &Successors,
    path: &str,
    succession: &Succession,
    wrong: String,
    right: &str,
) {
    if let Some(mut fault) = successors.fault(succession, Mistake::new(wrong, right)) {
        fault.message = Some(check.definition.name.clone());
        fault.field = Some(path.to_owned());
        check.push(fault);
    }
}

/// Returns `true` if the successor of a listed field is one array of such values, and no version omits either of the
/// two.
fn can_be_listed(entry: &StructDefinition<'_>, field: &FieldDef, succession: &Succession) -> bool {
    let SuccessionKind::Listed(names) = &succession.kind else {
        return true;
    };
    let [name] = &names[..] else { return false };
    let list = entry.fields.iter().find(|field| field.name == *name);
    // A name that is not there is a fault of its own.
    list.is_none_or(|list| {
        let is_list = list.ty == FieldType::Array(Box::new(FieldType::String));
        let are_plain = [list, field].iter().all(|field| {
            !field.ignorable && field.nullable_versions.is_empty() && field.tag.is_none()
        });
        field.ty == FieldType::String && is_list && are_plain
    })
}

fn fault_of_successor(entry: &StructDefinition<'_>, later: Versions, name: &str) -> Option<String> {
    match entry.fields.iter().find(|field| field.name == name) {
        None => Some(format!("its struct has no field `{name}`")),
        Some(field) if field.effective_versions().intersect(later).is_empty() => Some(format!(
            "`{name}` is in none of the later versions, {later}"
        )),
        Some(_) => None,
    }
}

/// The versions of the struct after those of the field; `None` if there are none.
fn later(entry: &StructDefinition<'_>, field: &FieldDef) -> Option<Versions> {
    let versions = field.effective_versions().intersect(entry.versions);
    let (last, end) = (versions.highest()?, entry.versions.highest()?);
    (last < end).then(|| Versions::new(last + 1, end))
}

/// What became of the field of `definition` at `path`, if it ended.
pub(super) fn ended(definition: &Definition, path: &str, successors: &Successors) -> Option<Ended> {
    let succession = successors.of(&definition.name, path)?;
    Some(Ended {
        successors: succession.successors().to_vec(),
        identifies: matches!(
            succession.kind,
            SuccessionKind::Identity(_) | SuccessionKind::Listed(_)
        ),
        is_listed: matches!(succession.kind, SuccessionKind::Listed(_)),
        reason: match &succession.kind {
            SuccessionKind::Dropped(reason) => Some(reason.clone()),
            _ => None,
        },
    })
}
