//! The check of what was merged: at every version it must read as each release that has the version.
//! It runs on every import and shares nothing with `merge` but the comparison.

use std::collections::BTreeSet;

use super::accepted::accepted;
use super::adapt::adapt;
use super::changes::compare;
use super::merge::difference;
use super::print::Printed;
use super::release::{Message, Release};
use super::{ImportError, Summary};

/// Compares every version of every release with the merged definitions.
pub(super) fn verify(
    printed: &[Printed],
    releases: &[Release],
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let merged = printed
        .iter()
        .map(|printed| {
            (
                printed.message.definition.name.clone(),
                printed.message.clone(),
            )
        })
        .collect();
    let mut differences = Vec::new();
    let mut told = BTreeSet::new();
    for (age, release) in releases.iter().rev().enumerate() {
        let newest = age == 0;
        let adapted = adapt(release, &merged)?.release;
        for (name, message) in &adapted.messages {
            let now = merged.get(name);
            for version in message.definition.valid_versions.iter() {
                let unstable = !newest && message.unstable.contains(version);
                let Some(now) = now.filter(|now| has(now, version)) else {
                    if !unstable {
                        return Err(lost(name, version, release));
                    }
                    continue;
                };
                told.insert((name.clone(), version));
                let changes = compare(&message.definition, &now.definition, version).into_iter();
                let wrong = changes.filter(|change| {
                    newest || !(unstable || accepted(&now.definition, version, change).is_some())
                });
                differences.extend(wrong.map(|change| {
                    difference(
                        name,
                        version,
                        change,
                        &release.version,
                        "the merged definition",
                    )
                }));
            }
        }
    }
    if !differences.is_empty() {
        return Err(ImportError::Disagree(differences));
    }
    for (name, message) in &merged {
        for version in message.definition.valid_versions.iter() {
            if !told.contains(&(name.clone(), version)) {
                return Err(ImportError::Inexpressible {
                    message: name.clone(),
                    field: String::new(),
                    what: format!(
                        "version {version} is in the merged definition and in no release"
                    ),
                });
            }
        }
    }
    summary.merged(printed);
    Ok(())
}

fn has(message: &Message, version: i16) -> bool {
    message.definition.valid_versions.contains(version)
}

fn lost(name: &str, version: i16, release: &Release) -> ImportError {
    ImportError::Inexpressible {
        message: name.to_owned(),
        field: String::new(),
        what: format!(
            "version {version} of {} is not in the merged definition",
            release.version
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::schema::Definition;
    use crate::versions::Versions;

    const DEFINITION: &str = r#"{ "name": "ARequest", "type": "request", "apiKey": 1, "validVersions": "0-1",
        "flexibleVersions": "none", "fields": [ { "name": "A", "type": "int8", "versions": "1+" } ] }"#;

    /// What verification says of a release when the merged definition is as `tamper` leaves it.
    fn verified(tamper: impl Fn(&mut Message)) -> Result<(), String> {
        let mut message = Message {
            module: "clients",
            definition: Definition::parse("ARequest.json", DEFINITION).expect("it is right"),
            unstable: Versions::NONE,
        };
        let release = Release {
            version: "4.0.0".to_owned(),
            messages: BTreeMap::from([("ARequest".to_owned(), message.clone())]),
        };
        tamper(&mut message);
        let text = String::new();
        verify(
            &[Printed { message, text }],
            &[release],
            &mut Summary::default(),
        )
        .map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_merged_right_is_found_right() {
        assert_eq!(verified(|_| {}), Ok(()));
    }

    #[test]
    fn what_was_merged_wrong_is_named() {
        let error = verified(|message| message.definition.fields.clear()).unwrap_err();
        let told = "ARequest v1, field A: presence is there in 4.0.0 and not there in the merged definition";
        assert!(error.contains(told), "{error}");
        let error =
            verified(|message| message.definition.valid_versions = Versions::only(1)).unwrap_err();
        assert_eq!(
            error,
            "error: ARequest: version 0 of 4.0.0 is not in the merged definition"
        );
        let error = verified(|message| message.definition.valid_versions = Versions::new(0, 2))
            .unwrap_err();
        assert_eq!(
            error,
            "error: ARequest: version 2 is in the merged definition and in no release"
        );
    }
}
