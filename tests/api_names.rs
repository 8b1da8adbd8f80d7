//! Every name that anyone uses for an API finds it: those of Kafka, of its Java code, of franz-go's kmsg and of
//! librdkafka, and former ones. The names of the newest release are those that its Java code gave the vectors.
#![cfg(test)]

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::{BTreeSet, HashMap};
use std::fs;

use kafka_codec::ApiKey;
use serde_json::Value;
use vectors::lines;

/// A name, who uses it, and the API.
type Name = (&'static str, String, ApiKey);

/// The names of `aliases.json`, which `refresh-names` takes from the sources of other clients and of older releases.
fn aliases() -> Vec<Name> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/protocol-json/aliases.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut names = Vec::new();
    for (key, sources) in file["aliases"].as_object().unwrap() {
        let key = ApiKey::from_number(key.parse().unwrap());
        for source in ["kmsg", "librdkafka", "former"] {
            let in_source = sources[source].as_array().unwrap().iter();
            names.extend(in_source.map(|name| (source, name.as_str().unwrap().to_owned(), key)));
        }
    }
    names
}

/// Every name of the four sources: Kafka's display names, Java's constants, kmsg and librdkafka; and former ones.
fn all_names() -> Vec<Name> {
    let mut names = aliases();
    for line in lines().filter(|line| line["kind"] == "api") {
        let key = ApiKey::from_number(i16::try_from(line["apiKey"].as_i64().unwrap()).unwrap());
        for (source, name) in [
            ("Kafka's display name", "name"),
            ("Java's constant", "constant"),
        ] {
            names.push((source, line[name].as_str().unwrap().to_owned(), key));
        }
    }
    names
}

#[test]
fn each_of_the_sources_names_the_apis_that_it_knows() {
    for (source, at_least) in [
        ("Kafka's display name", ApiKey::ALL.len()),
        ("Java's constant", ApiKey::ALL.len()),
        ("kmsg", ApiKey::ALL.len()),
        // It has no names for the newest.
        ("librdkafka", 73),
        ("former", 7),
    ] {
        let of_source = all_names().into_iter().filter(|(from, ..)| *from == source);
        let keys: BTreeSet<_> = of_source.map(|(_, _, key)| key).collect();
        assert!(keys.len() >= at_least, "{source} names {}", keys.len());
    }
}

#[test]
fn every_name_of_every_source_finds_its_api() {
    for (source, name, key) in all_names() {
        for spelled in [
            name.clone(),
            name.to_lowercase(),
            name.to_uppercase().replace('_', "-"),
            name.replace('_', " "),
            format!(" {name}\t"),
            format!("{name}Request"),
            format!("{name}_RESPONSE"),
        ] {
            assert_eq!(spelled.parse(), Ok(key), "{spelled} of {source}");
            assert_eq!(
                ApiKey::from_name(&spelled),
                Some(key),
                "{spelled} of {source}"
            );
        }
        assert!(key.names().any(|known| known == name), "{name} of {source}");
    }
}

#[test]
fn names_that_only_one_source_uses_find_their_api() {
    for (source, name, key) in [
        ("Kafka's display name", "LeaderAndIsr", ApiKey::LeaderAndIsr),
        ("Java's constant", "LEADER_AND_ISR", ApiKey::LeaderAndIsr),
        ("kmsg", "LeaderAndISR", ApiKey::LeaderAndIsr),
        ("kmsg", "SASLHandshake", ApiKey::SaslHandshake),
        ("kmsg", "InitProducerID", ApiKey::InitProducerId),
        ("kmsg", "DescribeACLs", ApiKey::DescribeAcls),
        ("kmsg", "AllocateProducerIDs", ApiKey::AllocateProducerIds),
        ("librdkafka", "ApiVersion", ApiKey::ApiVersions),
        ("librdkafka 0.11", "Offset", ApiKey::ListOffsets),
    ] {
        assert_eq!(name.parse(), Ok(key), "{name} of {source}");
        assert!(key.names().any(|known| known == name), "{name} of {source}");
    }
}

#[test]
fn no_name_means_two_apis() {
    let letters = |name: &str| name.to_lowercase().replace('_', "");
    let mut owners = HashMap::new();
    for key in ApiKey::ALL {
        for name in key.names() {
            let owner = owners.insert(letters(name), key).unwrap_or(key);
            assert_eq!(owner, key, "{name}");
        }
    }
    for direction in ["request", "response"] {
        for name in owners.keys() {
            let stem = name.strip_suffix(direction);
            let other = stem.and_then(|stem| owners.get(stem));
            assert!(other.is_none_or(|other| *other == owners[name]), "{name}");
        }
    }
}

#[test]
fn former_names_find_the_api_of_today() {
    for (name, key) in [
        ("ListClientMetricsResources", ApiKey::ListConfigResources),
        ("AlterIsr", ApiKey::AlterPartition),
        ("ElectPreferredLeaders", ApiKey::ElectLeaders),
        ("GroupCoordinator", ApiKey::FindCoordinator),
        ("CONSUMER_METADATA", ApiKey::FindCoordinator),
        ("Offsets", ApiKey::ListOffsets),
        ("CONTROLLED_SHUTDOWN_KEY", ApiKey::ControlledShutdown),
        ("UPDATE_METADATA_KEY", ApiKey::UpdateMetadata),
        ("ApiVersion", ApiKey::ApiVersions),
        (
            "AlterPartitionAssignments",
            ApiKey::AlterPartitionReassignments,
        ),
    ] {
        assert_eq!(name.parse(), Ok(key), "{name}");
    }
}

#[test]
fn a_name_with_one_letter_missing_suggests_one_that_is_right() {
    for key in ApiKey::ALL {
        let mut misspelt = key.name().unwrap().to_owned();
        misspelt.remove(misspelt.len() / 2);
        if ApiKey::from_name(&misspelt).is_some() {
            continue;
        }
        let error = misspelt.parse::<ApiKey>().unwrap_err();
        let suggestion = error.suggestion().unwrap();
        assert_eq!(suggestion.parse(), Ok(*key), "{misspelt}");
        assert!(error.to_string().contains(&misspelt), "{error}");
        assert!(error.to_string().contains(suggestion), "{error}");
    }
}

#[test]
fn what_is_like_no_name_says_what_to_write() {
    for text in ["", "request", "qqqqqq", "99999", "1.5"] {
        let error = text.parse::<ApiKey>().unwrap_err();
        assert_eq!(error.suggestion(), None, "{text}");
        assert_eq!(
            error.to_string(),
            format!("unknown API `{text}`: write a name such as `Fetch`, or the number")
        );
    }
}

#[test]
fn any_number_is_kept() {
    for number in i16::MIN..=i16::MAX {
        assert_eq!(ApiKey::from(number).number(), number);
    }
    assert_eq!(" 1 ".parse(), Ok(ApiKey::Fetch));
    assert_eq!("-7".parse(), Ok(ApiKey::from_number(-7)));
}
