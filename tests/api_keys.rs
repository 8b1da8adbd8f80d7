//! The APIs are those of Kafka's own enums, in the versions of each release. Their names are in `api_names.rs`.
#![cfg(test)]

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::HashMap;
use std::sync::LazyLock;

use kafka_codec::messages::ApiVersionsResponse;
use kafka_codec::{
    ApiClass, ApiKey, Decode, HeaderVersions, Listener, Listeners, Message, Routing, Version,
    VersionRange,
};
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
                HeaderVersions::of(*key, version).request.0 == 2,
                is_flexible,
                "{key} {version}"
            );
        }
    }
    assert_eq!(ApiKey::SaslHandshake.flexible_since(), None);
    let request = |key, version| HeaderVersions::of(key, Version(version)).request;
    assert_eq!(request(ApiKey::ControlledShutdown, 0), Version(0));
    assert_eq!(request(ApiKey::Fetch, -1), Version(1));
    assert_eq!(request(ApiKey::Fetch, 99), Version(2));
}

#[test]
fn unknown_apis_have_the_headers_of_all_apis_since_describe_quorum() {
    let unknown = HeaderVersions::of(ApiKey::from_number(12345), Version(0));
    assert_eq!(unknown, HeaderVersions::new(Version(2), Version(1)));
    for key in ApiKey::ALL
        .iter()
        .filter(|key| key.number() >= ApiKey::DescribeQuorum.number())
    {
        for version in key.versions().unwrap().iter() {
            assert_eq!(
                HeaderVersions::of(*key, version),
                unknown,
                "{key} {version}"
            );
        }
    }
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
    assert!(!unknown.is_repeatable());
    assert_eq!(unknown.routing(), None);
    assert!(!unknown.throttles_after_response(Version(i16::MAX)));
    assert_eq!(unknown.flexible_since(), None);
    assert!(unknown.listeners().is_empty());
    assert_eq!(unknown.versions_in("4.4"), None);
    assert_eq!(unknown.choose_version(VersionRange::only(0)), None);
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
fn what_is_repeatable_belongs_to_transactions_and_writes() {
    let repeatable = ApiKey::ALL.iter().filter(|key| key.is_repeatable());
    let repeatable: Vec<_> = repeatable.collect();
    assert!(repeatable.contains(&&ApiKey::InitProducerId));
    for key in repeatable {
        assert!(!key.is_read_only(), "{key}");
        assert_eq!(key.class(), Some(ApiClass::Transaction), "{key}");
        assert!(!key.listeners().iter().eq([Listener::Controller]), "{key}");
    }
}

#[test]
fn the_controller_answers_what_java_forwards_to_it() {
    for (key, line) in apis("3.9.2").chain(apis("4.4.0")) {
        if line["forwardable"] == true {
            assert_eq!(key.routing(), Some(Routing::Controller), "{key}");
        }
    }
}

#[test]
fn requests_that_java_takes_from_brokers_alone_are_inter_broker() {
    // These two are also asked by administrators.
    let shared = [ApiKey::DescribeQuorum, ApiKey::UpdateFeatures];
    for (key, line) in apis("3.9.2").chain(apis("4.4.0")) {
        if line["clusterAction"] == true && !shared.contains(&key) {
            assert_eq!(key.class(), Some(ApiClass::InterBroker), "{key}");
        }
    }
}

#[test]
fn every_api_has_a_routing_that_its_listeners_can_serve() {
    for key in ApiKey::ALL {
        let routing = key.routing().unwrap();
        let listeners = key.listeners();
        match routing {
            Routing::Controller => {}
            // Voters of the quorum are controllers, which brokers do not reach.
            Routing::SpecificBroker if listeners.iter().eq([Listener::Controller]) => {
                assert_eq!(key.class(), Some(ApiClass::InterBroker), "{key}");
            }
            _ => assert!(
                listeners.contains(Listener::Broker) || listeners.contains(Listener::ZkBroker),
                "{key}"
            ),
        }
        let in_group = key.class() == Some(ApiClass::Group);
        // Lists are of what each broker coordinates, or has.
        let is_listed = routing == Routing::EveryBroker;
        assert!(!is_listed || key.is_read_only(), "{key}");
        assert!(
            !in_group || is_listed || routing == Routing::GroupCoordinator,
            "{key}"
        );
    }
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
    const HEADERS: HeaderVersions = HeaderVersions::of(ApiKey::Fetch, Version(12));
    const NAME: Option<&str> = ApiKey::from_number(1).name();
    const IS_READ_ONLY: bool = ApiKey::Fetch.is_read_only();
    assert_eq!(VERSIONS, VersionRange::new(0, 18));
    assert_eq!((CHOSEN, HEADERS.request), (Some(Version(12)), Version(2)));
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
