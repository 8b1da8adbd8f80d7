//! Latencies of real captures against what another program measured; see `real_captures.rs`.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use support::decode_file;

/// Of each API and version: minimum and maximum, in microseconds.
fn extremes(capture: &Path) -> BTreeMap<String, (i64, i64)> {
    let mut latencies: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for found in decode_file(capture).0 {
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
    let Some(directory) = std::env::var_os("KAFKA_CAPTURES") else {
        println!("skipped: KAFKA_CAPTURES does not name the directory of the captures");
        return;
    };
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.to_str().unwrap().strip_suffix(".truth.json") else {
            continue;
        };
        let truth: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let wire = &truth["wire"];
        let capture = Path::new(name).with_file_name(wire["file"].as_str().unwrap());
        let measured = extremes(&capture);
        for (api, said) in wire["latency_us"].as_object().unwrap() {
            if api.starts_with("SASL token") {
                continue;
            }
            let said = [&said["min"], &said["max"]].map(|value| value.as_i64().unwrap());
            let (min, max) = measured[api];
            for (said, measured) in said.into_iter().zip([min, max]) {
                // The other program may round where this cuts.
                assert!(
                    (said - measured).abs() <= 1,
                    "{name} {api}: {said}, but {measured}"
                );
            }
        }
    }
}
