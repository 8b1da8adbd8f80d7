//! Captures of real clients, each with a list of its frames that another program made: all that it says must
//! be found. One is in the repository; `KAFKA_CAPTURES` names a directory with more, in the same form.
#![cfg(test)]

mod support;

use support::captures::{Captured, captures};
use support::{Found, decode_files};

/// A line of a `frames.tsv`.
struct Line {
    client: u16,
    broker: u16,
    to_broker: bool,
    bytes: u64,
    time: i64,
    is_whole: bool,
    kind: String,
    api: String,
    version: Option<i16>,
    id: Option<i32>,
    client_id: String,
    acks: String,
}

fn lines(capture: &Captured) -> Vec<Line> {
    capture.listed(|values| Line {
        client: values["client_port"].parse().unwrap(),
        broker: values["broker_port"].parse().unwrap(),
        to_broker: values["direction"] == "up",
        bytes: values["bytes"].parse().unwrap(),
        time: values["last_time_ns"].parse().unwrap(),
        is_whole: values["whole"] == "1",
        kind: values["kind"].to_owned(),
        api: values["api"].to_owned(),
        version: values["version"].parse().ok(),
        id: values["correlation_id"].parse().ok(),
        client_id: values["client_id"].to_owned(),
        acks: values["acks"].to_owned(),
    })
}

/// Returns `true` if what was found is this frame, by every column of its row.
fn is(found: &Found, line: &Line) -> bool {
    let kind = match line.kind.as_str() {
        "sasl-token" => "sasl",
        _ if line.version.is_none() => "undecoded",
        _ => "message",
    };
    let is_message = kind == "message";
    found.kind == kind
        && (found.client, found.broker) == (line.client, line.broker)
        && found.to_broker == line.to_broker
        && found.bytes == line.bytes
        && (found.time == line.time || !line.is_whole)
        && found.whole == (line.is_whole || !is_message)
        && (!is_message || Some(found.version) == line.version && is_api(&found.api, &line.api))
        && (line.kind == "sasl-token" || line.id.is_none_or(|id| id == found.id))
        && (line.kind != "request" || line.client_id == "-" || found.client_id == line.client_id)
}

/// Returns `true` if this is the name of an API, which is its number if it is not known.
fn is_api(found: &str, listed: &str) -> bool {
    found == listed || found.strip_prefix("unknown API ") == Some(listed)
}

#[test]
fn every_frame_of_the_list_is_found_and_nothing_else() {
    for capture in captures() {
        if capture.is_tls() && cfg!(not(feature = "tls")) {
            continue;
        }
        let (mut found, counts) = decode_files(&capture.files);
        let lines = lines(&capture);
        let mut absent = Vec::new();
        for line in &lines {
            match found.iter().position(|found| is(found, line)) {
                Some(at) => drop(found.remove(at)),
                None => absent.push(line),
            }
        }
        for line in &absent {
            println!(
                "absent: {} {} {} {} v{:?} id {:?} {} bytes at {} whole {}",
                line.client,
                line.to_broker,
                line.kind,
                line.api,
                line.version,
                line.id,
                line.bytes,
                line.time,
                line.is_whole
            );
        }
        // Connections of other protocols are named, and have no frames.
        let is_frame = |found: &&Found| {
            !matches!(found.kind, "gap" | "tls") && !found.reason.starts_with("not Kafka: ")
        };
        let more: Vec<_> = found.iter().filter(is_frame).collect();
        for found in &more {
            println!("more: {found:?}");
        }
        println!("{}: {counts}", capture.name());
        assert!(absent.is_empty() && more.is_empty(), "{}", capture.name());
        let count = |kind: &str| lines.iter().filter(|line| line.kind == kind).count() as u64;
        let without_response = lines.iter().filter(|line| line.acks == "0").count() as u64;
        // What has not even a version was sent by hand, to see what a broker makes of it.
        let without_version = |line: &&Line| line.kind == "request" && line.version.is_none();
        let without_version = lines.iter().filter(without_version).count() as u64;
        assert_eq!(counts.requests, count("request") - without_version);
        assert_eq!(counts.without_response, without_response);
        assert_eq!(counts.sasl_tokens, count("sasl-token"));
        assert_eq!(
            counts.unanswered,
            counts.requests - counts.responses - without_response
        );
    }
}
