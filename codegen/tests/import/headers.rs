//! Header versions of messages that several releases have, stated (KIP-1313) or derived.

use crate::releases::{GROUP, Releases, definition};

/// The keys of a request whose versions from 2 on are flexible, and `headers`.
fn request(versions: &str, headers: &str) -> String {
    format!(
        r#""type": "request", "apiKey": 1, "validVersions": "{versions}", "flexibleVersions": "2+", {headers} "fields": [ {GROUP} ]"#
    )
}

#[test]
fn a_header_version_that_differs_from_an_older_release_stops_the_import() {
    let releases = Releases::new("header-differs")
        .with("4.4.0", "clients", "ARequest", &request("0-3", ""))
        .with(
            "4.5.0",
            "clients",
            "ARequest",
            &request("0-3", r#""headerVersions": { "0-2": "1", "3+": "2" },"#),
        );
    let error = releases.stopped(&["4.4.0", "4.5.0"]);
    let named = "ARequest v2: the header version is 2 in 4.4.0 and 1 in 4.5.0";
    assert!(error.contains(named), "{error}");
}

#[test]
fn stated_header_versions_equal_to_derived_ones_are_no_difference() {
    let releases = Releases::new("header-equal")
        .with("4.4.0", "clients", "ARequest", &request("0-3", ""))
        .with(
            "4.5.0",
            "clients",
            "ARequest",
            &request("0-4", r#""headerVersions": { "0-1": "1", "2+": "2" },"#),
        );
    let corpus = releases.imported(&["4.4.0", "4.5.0"]);
    assert_eq!(definition(&corpus, "ARequest").header_versions.len(), 2);
}

#[test]
fn versions_that_only_the_older_release_has_keep_their_header_versions() {
    let releases = Releases::new("header-union")
        .with("4.4.0", "clients", "ARequest", &request("0-3", ""))
        .with(
            "4.5.0",
            "clients",
            "ARequest",
            &request("3-5", r#""headerVersions": { "0-4": "2", "5+": "3" },"#),
        );
    let corpus = releases.imported(&["4.4.0", "4.5.0"]);
    let definition = definition(&corpus, "ARequest");
    let stated: Vec<_> = definition
        .header_versions
        .iter()
        .map(|(versions, header)| (versions.to_string(), *header))
        .collect();
    let expected = [("0-1", 1), ("2-4", 2), ("5+", 3)];
    assert_eq!(
        stated,
        expected.map(|(versions, header)| (versions.to_owned(), header))
    );
}
