//! The fields that `enumerations.json` names, compared with the definitions: each exists and has the type of its
//! enumeration, and every int8 of Kafka's messages has an enumeration.

use super::{Check, Site, join, names};
use crate::corpus::{Corpus, ENUMERATIONS_FILE, Enumeration, Enumerations, Name};
use crate::fault::{Faults, Mistake, nearest};
use crate::ir::{Default, Newtype};
use crate::schema::{Definition, FieldDef};
use crate::types::FieldType;

/// The enumeration of a field; that of error codes is known by the name of the field.
pub(super) fn of(
    definition: &Definition,
    path: &str,
    field: &FieldDef,
    default: &Default,
    corpus: &Corpus,
) -> Option<Newtype> {
    let code = match default {
        Default::Integer(code) => *code,
        _ => 0,
    };
    if field.ty == FieldType::Int16 && field.name.ends_with("ErrorCode") {
        let mut errors = corpus.errors.codes.iter();
        let error = errors.find(|error| i64::from(error.code) == code);
        let none = (code == 0).then(|| "NONE".to_owned());
        return Some(Newtype {
            name: "ErrorCode".to_owned(),
            default: none.or_else(|| Some(error?.name.clone())),
        });
    }
    let enumeration = corpus.enumerations.of(&definition.name, path, field)?;
    Some(Newtype {
        name: enumeration.name.clone(),
        default: enumeration.name_of(code).map(str::to_owned),
    })
}

/// Compares the file with all definitions.
pub(super) fn check(corpus: &Corpus, faults: &mut Faults) {
    let enumerations = &corpus.enumerations;
    if enumerations.all.is_empty() {
        return;
    }
    let definitions = corpus.definitions.iter().map(|(_, definition)| definition);
    let definitions = definitions.filter(|definition| !definition.is_retired());
    let sites: Vec<(&Definition, Site<'_>)> = definitions
        .flat_map(|definition| {
            let sites = Check::new(definition).sites().into_iter();
            sites.map(move |site| (definition, site))
        })
        .collect();
    let mut known = Vec::new();
    for enumeration in &enumerations.all {
        if names::is_taken(&enumeration.name) {
            let mistake = Mistake::new(names::taken(&enumeration.name), "give it another name");
            faults.0.extend(enumerations.fault(enumeration.at, mistake));
        }
        for name in &enumeration.fields {
            let found = find(&sites, name);
            let fits = |site: &&(&Definition, Site<'_>)| enumeration.fits(&site.1.field.ty);
            let mistake = match found.first() {
                None => Some(no_field(&sites, name)),
                Some((_, site)) if !found.iter().any(fits) => Some(misfit(enumeration, site)),
                Some(_) => None,
            };
            faults
                .0
                .extend(mistake.and_then(|mistake| enumerations.fault(name.at, mistake)));
            let claim = (&name.text, &enumeration.ty);
            if known.contains(&claim) {
                let wrong = format!("another enumeration has the field `{}` too", name.text);
                let mistake = Mistake::new(wrong, "name each field once");
                faults.0.extend(enumerations.fault(name.at, mistake));
            }
            known.push(claim);
        }
    }
    for (place, name) in enumerations.numbers.iter().enumerate() {
        let found = find(&sites, name);
        let mut before = enumerations.numbers.iter().take(place);
        let mistake = match found.first() {
            None => no_field(&sites, name),
            Some((_, site)) if !found.iter().any(|(_, site)| is_int8(&site.field.ty)) => {
                let wrong = format!(
                    "the field has type `{}`, and `numbers` are int8",
                    site.field.ty
                );
                Mistake::new(wrong, "name a field of type `int8` or `[]int8`")
            }
            Some(_) if before.any(|other| other.text == name.text) => {
                let wrong = format!("`numbers` has the field `{}` already", name.text);
                Mistake::new(wrong, "name each field once")
            }
            Some(_) => continue,
        };
        faults.0.extend(enumerations.fault(name.at, mistake));
    }
    unnamed(corpus, enumerations, &sites, faults);
}

fn is_int8(ty: &FieldType) -> bool {
    *ty.element().unwrap_or(ty) == FieldType::Int8
}

/// The fields that an entry names.
fn find<'s, 'd>(
    sites: &'s [(&'d Definition, Site<'d>)],
    name: &Name,
) -> Vec<&'s (&'d Definition, Site<'d>)> {
    let is_named = |(definition, site): &&(&Definition, Site<'_>)| {
        let path = name.text.strip_prefix(&definition.name);
        let path = path.and_then(|rest| rest.strip_prefix('.'));
        path == Some(&site.path) || site.field.name == name.text
    };
    sites.iter().filter(is_named).collect()
}

fn no_field(sites: &[(&Definition, Site<'_>)], name: &Name) -> Mistake {
    let all = sites
        .iter()
        .map(|(definition, site)| match name.text.contains('.') {
            true => join(&definition.name, &site.path),
            false => site.field.name.clone(),
        });
    let all: Vec<String> = all.collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let right = match nearest(&name.text, &all) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name a field, or a message and the fields on the way, as `ARequest.Topics.State`"
            .to_owned(),
    };
    Mistake::new(format!("there is no field `{}`", name.text), right)
}

fn misfit(enumeration: &Enumeration, site: &Site<'_>) -> Mistake {
    let (ty, wanted) = (&site.field.ty, &enumeration.ty);
    let wrong = format!(
        "the field has type `{ty}`, and `{}` is of type `{wanted}`",
        enumeration.name
    );
    Mistake::new(
        wrong,
        format!("name a field of type `{wanted}` or `[]{wanted}`"),
    )
}

/// An int8 is nearly always a value with a name; those that are not are listed.
fn unnamed(
    corpus: &Corpus,
    enumerations: &Enumerations,
    sites: &[(&Definition, Site<'_>)],
    faults: &mut Faults,
) {
    for (definition, site) in sites {
        let field = site.field;
        let path = join(&definition.name, &site.path);
        let is_number = |name: &Name| name.text == path || name.text == field.name;
        let is_named = !is_int8(&field.ty)
            || !corpus.releases.messages.contains_key(&definition.name)
            || field
                .effective_versions()
                .intersect(definition.valid_versions)
                .is_empty()
            || enumerations
                .of(&definition.name, &site.path, field)
                .is_some()
            || enumerations.numbers.iter().any(is_number);
        if !is_named {
            let wrong = format!("field `{}` of type int8 has no enumeration", field.name);
            let right = format!(
                "name `{path}` in `{ENUMERATIONS_FILE}`: among the `fields` of an enumeration, or the `numbers`"
            );
            let at = field.spans.object();
            faults
                .0
                .push(definition.fault(at, Some(site.path.clone()), wrong, right));
        }
    }
}
