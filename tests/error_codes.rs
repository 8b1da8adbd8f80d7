//! The error codes are those of Kafka's own enum, and every name finds its code.
#![cfg(test)]

#[path = "support/vectors.rs"]
mod vectors;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use kafka_codec::{ApiKey, Applied, ErrorCode};
use serde_json::Value;
use vectors::lines;

/// The lines about Java's enums of errors.
static ERRORS: LazyLock<Vec<Value>> =
    LazyLock::new(|| lines().filter(|line| line["kind"] == "error").collect());

/// Those of a release.
fn errors(release: &str) -> impl Iterator<Item = (ErrorCode, &'static Value)> {
    let lines = ERRORS.iter().filter(move |line| line["release"] == release);
    lines.map(|line| {
        let code = i16::try_from(line["code"].as_i64().unwrap()).unwrap();
        (ErrorCode(code), line)
    })
}

#[test]
fn the_codes_are_those_of_java() {
    let mut java: Vec<_> = errors("4.4.0").map(|(code, _)| code).collect();
    java.sort();
    assert_eq!(java, ErrorCode::ALL);
    assert_eq!(java.len(), 138);
    for (code, line) in errors("4.4.0") {
        assert_eq!(code.name(), line["name"].as_str());
        assert_eq!(code.is_retriable(), line["retriable"] == true, "{code}");
        assert_eq!(
            code.refreshes_metadata(),
            line["invalidMetadata"] == true,
            "{code}"
        );
    }
}

#[test]
fn every_name_finds_its_code_however_it_is_written() {
    for (code, line) in errors("3.9.2").chain(errors("4.4.0")) {
        let name = line["name"].as_str().unwrap();
        for spelled in [
            name.to_owned(),
            name.to_lowercase().replace('_', "-"),
            name.replace('_', ""),
            format!(" {} ", name.replace('_', " ")),
        ] {
            assert_eq!(spelled.parse(), Ok(code), "{spelled}");
        }
    }
}

#[test]
fn former_names_find_the_code_of_today() {
    for (name, code) in [
        ("UNKNOWN", ErrorCode::UNKNOWN_SERVER_ERROR),
        (
            "NOT_LEADER_FOR_PARTITION",
            ErrorCode::NOT_LEADER_OR_FOLLOWER,
        ),
        (
            "GROUP_LOAD_IN_PROGRESS",
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
        ),
        (
            "GROUP_COORDINATOR_NOT_AVAILABLE",
            ErrorCode::COORDINATOR_NOT_AVAILABLE,
        ),
        ("NOT_COORDINATOR_FOR_GROUP", ErrorCode::NOT_COORDINATOR),
    ] {
        assert_eq!(name.parse(), Ok(code), "{name}");
        assert!(code.names().any(|known| known == name), "{name}");
    }
}

#[test]
fn no_name_means_two_codes() {
    let mut owners = HashMap::new();
    for code in ErrorCode::ALL {
        for name in code.names() {
            let owner = owners.insert(name.replace('_', ""), code).unwrap_or(code);
            assert_eq!(owner, code, "{name}");
        }
    }
}

#[test]
fn every_code_has_a_meaning_of_its_own_in_a_sentence() {
    let mut meanings = HashSet::new();
    for code in ErrorCode::ALL {
        let meaning = code.meaning().unwrap();
        assert!(meaning.starts_with(char::is_uppercase), "{code}: {meaning}");
        assert!(meaning.ends_with('.'), "{code}: {meaning}");
        assert!(meaning.len() <= 160, "{code}: {meaning}");
        assert!(meanings.insert(meaning), "{code}: {meaning}");
    }
}

#[test]
fn a_misspelt_name_suggests_the_right_one() {
    for code in ErrorCode::ALL {
        let mut misspelt = code.name().unwrap().to_owned();
        misspelt.insert(misspelt.len() / 2, 'x');
        let error = misspelt.parse::<ErrorCode>().unwrap_err();
        assert_eq!(error.suggestion(), code.name(), "{misspelt}");
    }
    let error = "qqqqqq".parse::<ErrorCode>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown error code `qqqqqq`: write a name such as `NOT_LEADER_OR_FOLLOWER`, or the number"
    );
}

#[test]
fn unknown_codes_keep_their_number() {
    let unknown = ErrorCode::from(999);
    assert_eq!("999".parse(), Ok(unknown));
    assert_eq!(unknown.to_string(), "unknown error 999");
    assert_eq!((unknown.name(), unknown.meaning()), (None, None));
    assert_eq!(unknown.names().count(), 0);
    assert!(!unknown.is_retriable() && !unknown.refreshes_metadata() && !unknown.is_none());
    assert_eq!(ErrorCode::default(), ErrorCode::NONE);
    assert_eq!(ErrorCode::NONE.to_string(), "NONE (0)");
}

#[test]
fn what_is_not_proven_may_have_been_applied() {
    for key in ApiKey::ALL {
        assert_eq!(ErrorCode::NONE.applied(*key), Applied::Yes, "{key}");
        for code in [ErrorCode::UNKNOWN_SERVER_ERROR, ErrorCode(9999)] {
            assert_eq!(code.applied(*key), Applied::Possibly, "{code} of {key}");
        }
    }
    // Kafka has no proof for an API that it does not know.
    let unknown = ApiKey::from_number(12345);
    let refused = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    assert_eq!(refused.applied(unknown), Applied::Possibly);
}

#[test]
fn an_error_may_say_more_of_one_api_than_of_another() {
    let code = ErrorCode::CONCURRENT_TRANSACTIONS;
    assert_eq!(code.applied(ApiKey::AddOffsetsToTxn), Applied::No);
    assert_eq!(code.applied(ApiKey::EndTxn), Applied::Possibly);
    assert_eq!(code.applied(ApiKey::InitProducerId), Applied::Possibly);
    let code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    assert_eq!(code.applied(ApiKey::OffsetCommit), Applied::No);
    assert_eq!(code.applied(ApiKey::Produce), Applied::Possibly);
}
