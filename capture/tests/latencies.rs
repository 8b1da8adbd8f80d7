//! Latencies of real captures against what another program measured; see `real_captures.rs`.
#![cfg(test)]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use support::captures::{Captured, captures};
use support::decode_files;

/// Of each API and version: minimum and maximum, in microseconds.
fn extremes(capture: &Captured) -> BTreeMap<String, (i64, i64)> {
    let mut latencies: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for found in decode_files(&capture.files).0 {
        if let Some(latency) = found.latency {
            let latency = latency.div_euclid(1000);
            let api = format!("{} v{}", found.api, found.version);
            let known = latencies.entry(api).or_insert((latency, latency));
            *known = (known.0.min(latency), known.1.max(latency));
        }
    }
    latencies
}

#[test]
fn latencies_are_from_the_last_packet_of_the_request_to_the_last_of_the_response() {
    for capture in captures() {
        if capture.is_tls() && cfg!(not(feature = "tls")) {
            continue;
        }
        let name = capture.name();
        let Ok(truth) = std::fs::read(capture.beside("truth.json")) else {
            println!("{name} has no truth beside it");
            continue;
        };
        let truth: Value = serde_json::from_slice(&truth).unwrap();
        let wire = &truth["wire"];
        if wire.is_null() {
            println!("the truth of {name} is that of another capture");
            continue;
        }
        let measured = extremes(&capture);
        for (api, said) in wire["latency_us"].as_object().unwrap() {
            if api.starts_with("SASL token") {
                continue;
            }
            let said = [&said["min"], &said["max"]].map(|value| value.as_i64().unwrap());
            let (min, max) = measured[api];
            for (said, measured) in said.into_iter().zip([min, max]) {
                // The other program may round where this cuts, and has negative latencies where packets are in the
                // wrong order.
                assert!(
                    said < 0 || (said - measured).abs() <= 1,
                    "{name} {api}: {said}, but {measured}"
                );
            }
        }
    }
}
