//! Corpora out of captures: the bodies that were captured, once each.

#![cfg(test)]
#![cfg(feature = "capture")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use kafka_codec::ApiKey;
use kafka_fuzz::Target;
use kafka_fuzz::corpus::{Corpus, CorpusError, Prefix};
use serde_json::Value;

use support::{Scratch, decode_and_encode};

#[test]
fn the_corpus_of_a_capture_has_its_messages() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures/clients.pcap");
    let scratch = Scratch::new("captured");
    let mut manifest = Vec::new();
    let corpus = Corpus::default().prefix(Prefix::None);
    let written = corpus
        .write_captured(
            std::slice::from_ref(&capture),
            65_536,
            scratch.path(),
            Some(&mut manifest),
        )
        .unwrap();
    let lines: Vec<Value> = String::from_utf8(manifest)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), written.seeds);
    assert!(
        written.files > 50 && written.files <= written.seeds,
        "{written:?}"
    );
    let messages: BTreeSet<_> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    for message in [
        "ProduceRequest",
        "FetchResponse",
        "MetadataResponse",
        "ApiVersionsRequest",
    ] {
        assert!(messages.contains(message), "{messages:?}");
    }
    for line in &lines {
        let key: ApiKey = line["apiKey"].to_string().parse().unwrap();
        let target = Target::of_api(key).find(|target| {
            line["message"] == target.schema().name() && line["version"] == target.version().0
        });
        let file = scratch.path().join(line["file"].as_str().unwrap());
        // Real clients may write what other encoders do not.
        decode_and_encode(target.unwrap(), &fs::read(file).unwrap()).unwrap();
    }

    let only = Corpus::default().targets(Target::of_api(ApiKey::Fetch).collect());
    let scratch = Scratch::new("captured-fetch");
    only.write_captured(&[capture], 65_536, scratch.path(), None)
        .unwrap();
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with("Fetch"), "{name}");
    }
}

#[test]
fn secrets_of_a_capture_are_in_no_seed() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures/clients.pcap");
    let secret = b"alice-secret";
    let has_secret = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
    assert!(has_secret(&fs::read(&capture).unwrap()));
    let scratch = Scratch::new("captured-secrets");
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-fuzz"))
        .arg("corpus")
        .arg(scratch.path())
        .arg("--from")
        .arg(capture)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let left_out = "captured messages left out, as they may hold passwords, tokens or other secrets, or are malformed: 1";
    assert_eq!(errors.lines().last(), Some(left_out));
    for entry in fs::read_dir(scratch.path()).unwrap() {
        let path = entry.unwrap().path();
        assert!(!has_secret(&fs::read(&path).unwrap()), "{}", path.display());
    }
}

#[test]
fn what_is_no_capture_is_refused() {
    let scratch = Scratch::new("no-capture");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let written = Corpus::default().write_captured(&[source], 65_536, scratch.path(), None);
    assert!(
        matches!(written, Err(CorpusError::Capture(_))),
        "{written:?}"
    );
}
