//! The APIs are those of Kafka's own enums, and every name that anyone uses for one finds it.
#![cfg(test)]

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::HashMap;
use std::fs;
use std::sync::LazyLock;

use kafka_codec::messages::ApiVersionsResponse;
use kafka_codec::{ApiClass, ApiKey, Decode, Listener, Listeners, Message, Version, VersionRange};
use serde_json::Value;
use vectors::lines;

/// The lines about Java's enums of APIs.
static APIS: LazyLock<Vec<Value>> =
    LazyLock::new(|| lines().filter(|line| line["kind"] == "api").collect());

/// Those of a release.
fn apis(release: &str) -> impl Iterator<Item = (ApiKey, &'static Value)> {
    let lines = APIS.iter().filter(move |line| line["release"] == release);
    lines.map(|line| (ApiKey::from_number(number(&line["apiKey"])), line))
}

fn number(value: &Value) -> i16 {
    i16::try_from(value.as_i64().unwrap()).unwrap()
}

/// What the release serves unless told otherwise.
fn stable(line: &Value) -> Option<VersionRange> {
    let unstable = i16::from(line["latestVersionUnstable"] == true);
    VersionRange::new(number(&line["lowest"]), number(&line["highest"]) - unstable)
}

fn listeners(line: &Value) -> Listeners {
    let names = line["listeners"].as_array().unwrap().iter();
    let listeners: Vec<_> = names
        .map(|name| match name.as_str().unwrap() {
            "zkBroker" => Listener::ZkBroker,
            "broker" => Listener::Broker,
            "controller" => Listener::Controller,
            other => panic!("a listener `{other}`"),
        })
        .collect();
    Listeners::of(&listeners)
}

#[test]
fn the_apis_are_those_of_java() {
    let java: Vec<_> = apis("4.4.0").map(|(key, _)| key).collect();
    assert_eq!(java, ApiKey::ALL);
    for (key, line) in apis("4.4.0") {
        assert_eq!(key.number(), number(&line["apiKey"]));
        assert_eq!(key.name(), line["name"].as_str());
        assert_eq!(key.constant_name(), line["constant"].as_str());
    }
}

#[test]
fn the_versions_of_a_release_are_those_of_its_java_code() {
    assert_eq!(ApiKey::RELEASES.last(), Some(&"4.4"));
    for (release, name) in [("3.9.2", "3.9"), ("4.4.0", "4.4")] {
        let in_java: HashMap<_, _> = apis(release).collect();
        assert!(in_java.len() > 80, "{release}");
        for key in ApiKey::ALL {
            let expected = in_java.get(key).and_then(|line| stable(line));
            assert_eq!(key.versions_in(name), expected, "{key} in {name}");
            assert_eq!(key.versions_in(release), expected, "{key} in {release}");
        }
    }
}

#[test]
fn the_newest_version_is_unstable_where_java_says_so() {
    for (key, line) in apis("4.4.0") {
        let highest = key.versions().unwrap().max().0;
        let unstable = i16::from(line["latestVersionUnstable"] == true);
        let stable = key.stable_versions().map(|versions| versions.max().0);
        assert_eq!(stable, Some(highest - unstable), "{key}");
        if key.removed_in().is_none() {
            assert_eq!(highest, number(&line["highest"]), "{key}");
        }
    }
}

#[test]
fn the_listeners_are_those_of_the_newest_release_that_has_the_api() {
    let before: HashMap<_, _> = apis("3.9.2").collect();
    for (key, line) in apis("4.4.0") {
        let newest = match key.removed_in() {
            Some(_) => before[&key],
            None => line,
        };
        assert_eq!(key.listeners(), listeners(newest), "{key}");
        assert!(!key.listeners().is_empty(), "{key}");
    }
}

#[test]
fn an_api_comes_and_goes_with_its_versions() {
    for key in ApiKey::ALL {
        let has: Vec<_> = ApiKey::RELEASES
            .iter()
            .filter(|release| key.versions_in(release).is_some())
            .collect();
        let first = has.first().unwrap();
        let is_oldest = *first == &ApiKey::RELEASES[0];
        assert_eq!(key.since(), (!is_oldest).then_some(**first), "{key}");
        let is_newest = has.last() == Some(&ApiKey::RELEASES.last().unwrap());
        assert_eq!(key.removed_in().is_none(), is_newest, "{key}");
    }
    assert_eq!(ApiKey::ControlledShutdown.removed_in(), Some("4.0"));
    assert_eq!(ApiKey::UnregisterController.since(), Some("4.4"));
    assert_eq!(ApiKey::UnregisterController.versions_in("4.3"), None);
}

#[test]
fn only_known_releases_have_versions() {
    for release in ["", "3", "2.8", "4.99", "4.4x", "4.4.0"] {
        let is_known = release == "4.4.0";
        assert_eq!(
            ApiKey::Fetch.versions_in(release).is_some(),
            is_known,
            "{release}"
        );
    }
}

#[test]
fn flexible_versions_have_the_headers_with_tags() {
    for key in ApiKey::ALL {
        for version in key.versions().unwrap().iter() {
            let is_flexible = key.flexible_since().is_some_and(|first| version >= first);
            assert_eq!(
                key.request_header_version(version).0 == 2,
                is_flexible,
                "{key} {version}"
            );
        }
    }
    assert_eq!(ApiKey::SaslHandshake.flexible_since(), None);
    assert_eq!(
        ApiKey::ControlledShutdown.request_header_version(Version(0)),
        Version(0)
    );
    assert_eq!(
        ApiKey::Fetch.request_header_version(Version(-1)),
        Version(1)
    );
    assert_eq!(
        ApiKey::Fetch.request_header_version(Version(99)),
        Version(2)
    );
}

/// The names of `aliases.json`, which says where each comes from.
fn aliases() -> Vec<(ApiKey, String)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/protocol-json/aliases.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let mut names = Vec::new();
    for (key, sources) in file["aliases"].as_object().unwrap() {
        let key = ApiKey::from_number(key.parse().unwrap());
        for source in ["kmsg", "librdkafka", "former"] {
            let in_source = sources[source].as_array().unwrap().iter();
            names.extend(in_source.map(|name| (key, name.as_str().unwrap().to_owned())));
        }
    }
    names
}

/// Every name of the four sources: Kafka's display names, Java's constants, kmsg and librdkafka.
fn all_names() -> Vec<(ApiKey, String)> {
    let mut names = aliases();
    for (key, line) in apis("3.9.2").chain(apis("4.4.0")) {
        for name in ["name", "constant"] {
            names.push((key, line[name].as_str().unwrap().to_owned()));
        }
    }
    assert!(names.len() > 95 * 4, "all four sources are there");
    names
}

#[test]
fn every_name_of_every_source_finds_its_api() {
    for (key, name) in all_names() {
        for spelled in [
            name.clone(),
            name.to_lowercase(),
            name.to_uppercase().replace('_', "-"),
            name.replace('_', " "),
            format!(" {name}\t"),
            format!("{name}Request"),
            format!("{name}_RESPONSE"),
        ] {
            assert_eq!(spelled.parse(), Ok(key), "{spelled}");
            assert_eq!(ApiKey::from_name(&spelled), Some(key), "{spelled}");
        }
        assert!(key.names().any(|known| known == name), "{name}");
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

#[test]
fn nothing_is_known_of_an_unknown_api() {
    let unknown = ApiKey::from_number(12345);
    assert_eq!(unknown.names().count(), 0);
    assert_eq!((unknown.name(), unknown.constant_name()), (None, None));
    assert_eq!(
        (unknown.versions(), unknown.stable_versions()),
        (None, None)
    );
    assert_eq!((unknown.since(), unknown.removed_in()), (None, None));
    assert_eq!((unknown.class(), unknown.is_read_only()), (None, false));
    assert_eq!(unknown.flexible_since(), None);
    assert!(unknown.listeners().is_empty());
    assert_eq!(unknown.versions_in("4.4"), None);
    assert_eq!(unknown.choose_version(VersionRange::only(0)), None);
    assert_eq!(unknown.request_header_version(Version(0)), Version(2));
}

#[test]
fn every_api_has_a_class_and_what_writes_is_not_read_only() {
    for key in ApiKey::ALL {
        let class = key.class().unwrap();
        let name = key.name().unwrap();
        let asks = ["Describe", "List", "Get", "Find"]
            .iter()
            .any(|verb| name.starts_with(verb))
            || name.ends_with("Describe");
        assert!(key.is_read_only() || !asks, "{key}");
        let writes = [
            "Alter",
            "Create",
            "Delete",
            "Add",
            "Remove",
            "Update",
            "Write",
            "Unregister",
        ];
        assert!(
            !(key.is_read_only() && writes.iter().any(|verb| name.starts_with(verb))),
            "{key}"
        );
        let in_cluster = key.listeners().iter().eq([Listener::Controller]);
        assert!(!in_cluster || class == ApiClass::InterBroker, "{key}");
    }
    assert!(ApiKey::Fetch.is_read_only() && !ApiKey::ShareFetch.is_read_only());
    assert!(!ApiKey::Produce.is_read_only() && !ApiKey::Heartbeat.is_read_only());
}

#[test]
fn the_version_to_speak_is_the_highest_stable_one_of_both() {
    for key in ApiKey::ALL {
        let all = VersionRange::new(0, i16::MAX).unwrap();
        let highest = key.stable_versions().unwrap().max();
        assert_eq!(key.choose_version(all), Some(highest), "{key}");
        for theirs in key.versions().unwrap().iter() {
            let chosen = key.choose_version(VersionRange::only(theirs.0));
            assert_eq!(
                chosen,
                (theirs <= highest).then_some(theirs),
                "{key} {theirs}"
            );
        }
    }
    let below = VersionRange::only(-1);
    assert_eq!(ApiKey::Fetch.choose_version(below), None);
}

#[test]
fn what_can_be_is_known_to_the_compiler() {
    const VERSIONS: Option<VersionRange> = ApiKey::Fetch.stable_versions();
    const CHOSEN: Option<Version> = ApiKey::Fetch.choose_version(VersionRange::only(12));
    const HEADER: Version = ApiKey::Fetch.request_header_version(Version(12));
    const NAME: Option<&str> = ApiKey::from_number(1).name();
    const IS_READ_ONLY: bool = ApiKey::Fetch.is_read_only();
    assert_eq!(VERSIONS, VersionRange::new(0, 18));
    assert_eq!((CHOSEN, HEADER), (Some(Version(12)), Version(2)));
    assert_eq!((NAME, IS_READ_ONLY), (Some("Fetch"), true));
}

#[test]
fn an_api_versions_response_says_what_it_was_made_of() {
    for release in ApiKey::RELEASES {
        let apis: Vec<_> = ApiKey::ALL
            .iter()
            .filter_map(|key| Some((*key, key.versions_in(release)?)))
            .collect();
        let response = ApiVersionsResponse::for_apis(apis.iter().copied());
        let bytes = response.encode_to_vec(Version(3)).unwrap();
        let read = ApiVersionsResponse::decode(&bytes, Version(3)).unwrap();
        assert_eq!(read.api_keys.len(), apis.len());
        for key in ApiKey::ALL {
            assert_eq!(
                read.versions_of(*key),
                key.versions_in(release),
                "{key} in {release}"
            );
        }
    }
}

#[test]
fn a_range_that_runs_backwards_is_no_version() {
    let mut response = ApiVersionsResponse::for_apis([(ApiKey::Fetch, VersionRange::only(4))]);
    response.api_keys[0].max_version = 3;
    assert_eq!(response.versions_of(ApiKey::Fetch), None);
    assert_eq!(response.versions_of(ApiKey::from_number(12345)), None);
}
