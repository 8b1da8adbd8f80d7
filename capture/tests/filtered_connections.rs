//! `connections` with filters: which connections are listed, and that their rows are those of the whole capture.
#![cfg(test)]

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use support::command;

/// The rows of a capture in which connections end for many reasons.
fn rows(filter: &[&str]) -> Vec<Value> {
    let capture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/questions/incident.pcap"
    );
    let arguments = [&["--format", "ndjson", capture], filter].concat();
    let (_, text, errors) = command::texts("connections", &arguments, b"");
    assert!(!text.is_empty(), "{errors}");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_filter_by_client_lists_its_connections_with_the_causes_of_the_whole_capture() {
    let all = rows(&[]);
    let clients: BTreeSet<&str> = all
        .iter()
        .filter_map(|row| row["clientId"].as_str())
        .collect();
    assert!(clients.len() > 3, "the capture has many clients");
    for client in clients {
        let listed = rows(&["--client-id", client]);
        for row in &listed {
            assert!(all.contains(row), "{client}: {row}");
            let others = row["clientId"].as_str().is_some_and(|id| id != client);
            assert!(!others, "{client}: {row}");
        }
        let is_listed = |row: &&Value| row["clientId"] == client;
        assert_eq!(
            listed.iter().filter(is_listed).count(),
            all.iter().filter(is_listed).count(),
            "{client}"
        );
    }
}

#[test]
fn a_filter_by_api_lists_the_connections_that_carried_it() {
    let all = rows(&[]);
    let listed = rows(&["--api", "Fetch"]);
    assert!(!listed.is_empty() && listed.len() < all.len());
    for row in &listed {
        assert!(all.contains(row), "{row}");
    }
}
