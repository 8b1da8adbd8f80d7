//! Generated messages: the same from the same seed everywhere, valid, or malformed as their labels say.

#![cfg(test)]

mod support;

use std::process::{Command, Output};

use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::schema::random::{Expectation, Mutation};
use kafka_codec::{ApiKey, HeaderVersions, Version};
use kafka_fuzz::{Direction, Generator, Target, Unit};
use serde_json::Value;

use support::{decode_and_encode, fnv};

#[test]
fn equal_seeds_make_equal_bytes_on_every_platform() {
    let hash = |generator: &Generator| {
        let all = (0..2000).map(|seed| generator.generate(seed).into_bytes());
        let hash = all.fold(0, |hash, bytes| fnv(hash, &bytes));
        format!("{hash:016x}")
    };
    let any = Generator::of_many(Vec::new());
    let produce = Target::new(ApiKey::Produce, Version(9), Direction::Request).unwrap();
    let hashes = [
        ("bodies", hash(&any)),
        ("malformed bodies", hash(&any.clone().malformed())),
        ("frames", hash(&any.clone().unit(Unit::Frame))),
        ("record batches", hash(&Generator::new(produce))),
    ];
    let expected = [
        ("bodies", "45340b75c3b817c7"),
        ("malformed bodies", "d96bb1c8960ac3aa"),
        ("frames", "01432628f8d5e303"),
        ("record batches", "d18429c15a19f83e"),
    ];
    assert_eq!(
        hashes.each_ref().map(|(what, hash)| (*what, hash.as_str())),
        expected
    );
}

#[test]
fn valid_bodies_of_every_target_are_decoded_and_encoded_again_to_the_same_bytes() {
    for target in Target::all() {
        let generator = Generator::new(target);
        for seed in 0..5 {
            let generated = generator.generate(seed);
            assert_eq!(generated.label(), None);
            let again = decode_and_encode(target, generated.bytes());
            assert!(
                again.as_deref() == Ok(generated.bytes()),
                "{target}, seed {seed}: {again:?}"
            );
        }
    }
}

#[test]
fn malformed_bodies_are_refused_unless_they_mean_the_same() {
    let generator = Generator::of_many(Vec::new()).malformed();
    for seed in 0..5000 {
        let generated = generator.generate(seed);
        let label = generated.label().unwrap();
        let outcome = decode_and_encode(generated.target(), generated.bytes());
        let is_accepted = label.expectation() == Expectation::Accept;
        assert_eq!(outcome.is_ok(), is_accepted, "seed {seed}: {label}");
    }
}

#[test]
fn a_chosen_mutation_is_applied_wherever_it_can_be() {
    let target = Target::new(ApiKey::Metadata, Version(12), Direction::Response).unwrap();
    let generator = Generator::new(target).malformed_by(Mutation::InflatedCount);
    for seed in 0..100 {
        let generated = generator.generate(seed);
        let label = generated.label().expect("a response with arrays");
        assert_eq!(label.mutation(), Mutation::InflatedCount);
    }
}

#[test]
fn frames_have_a_size_and_a_header_in_front_of_the_body() {
    let generator = Generator::of_many(Vec::new()).unit(Unit::Frame);
    for seed in 0..500 {
        let generated = generator.generate(seed);
        let (size, rest) = generated.bytes().split_first_chunk().unwrap();
        assert_eq!(
            usize::try_from(u32::from_be_bytes(*size)).unwrap(),
            rest.len()
        );
        let target = generated.target();
        let body = match target.direction() {
            Direction::Request => {
                let (header, body) = RequestHeader::split(rest).unwrap();
                assert_eq!(header.api_key(), target.api_key());
                assert_eq!(header.version(), target.version());
                body
            }
            Direction::Response => {
                let versions = HeaderVersions::of(target.api_key(), target.version());
                ResponseHeader::split(rest, versions).unwrap().1
            }
        };
        decode_and_encode(target, body).unwrap();
    }
}

#[test]
fn the_command_writes_the_same_message_in_every_format() {
    let arguments = ["generate", "fetch", "--version", "12", "--seed", "3"];
    let raw = kafka_fuzz(&arguments).stdout;
    let target = Target::new(ApiKey::Fetch, Version(12), Direction::Request).unwrap();
    assert_eq!(raw, Generator::new(target).generate(3).bytes());

    let in_format = |format| kafka_fuzz(&[&arguments[..], &["--format", format]].concat()).stdout;
    let digits: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(in_format("hex"), format!("{digits}\n").into_bytes());
    let size = u32::try_from(raw.len()).unwrap().to_be_bytes();
    assert_eq!(
        in_format("length-prefixed"),
        [&size, raw.as_slice()].concat()
    );
    let line: Value = serde_json::from_slice(&in_format("ndjson")).unwrap();
    assert_eq!(line["hex"], digits);
    assert_eq!(line["message"], "FetchRequest");
    assert_eq!((&line["apiKey"], &line["version"]), (&1.into(), &12.into()));
    assert_eq!(line["mutation"], Value::Null);
}

#[test]
fn the_command_labels_malformed_messages() {
    let output = kafka_fuzz(&[
        "generate",
        "MetadataRequest",
        "--malformed=inflated-count",
        "--count=50",
        "--seed=7",
        "--format=ndjson",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 50);
    for (line, seed) in lines.iter().zip(7..) {
        assert_eq!(line["seed"], seed);
        if line["mutation"] != Value::Null {
            assert_eq!(line["mutation"], "InflatedCount");
            assert_eq!(line["expectation"], "refuse");
            assert_eq!(line["path"], "topics");
        }
    }
    assert!(lines.iter().any(|line| line["mutation"] != Value::Null));
}

#[test]
fn a_mutation_of_frames_needs_frames() {
    for (name, mutation) in [
        ("frame-size", "FrameSize"),
        ("UnknownApi", "UnknownApi"),
        ("unknown-version", "UnknownVersion"),
    ] {
        let malformed = format!("--malformed={name}");
        let output = run(&["generate", "Metadata", &malformed]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(output.stdout, b"");
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!(
                "kafka-fuzz: --malformed={mutation} needs --frame: a body has no size and no header\n"
            )
        );
        let format = ["--frame", "--format", "ndjson"];
        let output = kafka_fuzz(&[&["generate", "Metadata", &malformed], &format[..]].concat());
        let line: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(line["mutation"], mutation);
        assert_eq!(output.stderr, b"");
    }
}

#[test]
fn messages_that_a_mutation_does_not_apply_to_are_counted() {
    // Heartbeats have no arrays.
    let output = run(&["generate", "Heartbeat", "--malformed=InflatedCount", "-n=7"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "kafka-fuzz: InflatedCount applies to none of 7 messages\n"
    );

    let some = ["generate", "--malformed=InflatedCount", "-n=100"];
    let output = kafka_fuzz(&[&some[..], &["--format=ndjson"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let missed = lines.filter(|line| line["mutation"] == Value::Null).count();
    assert!((1..100).contains(&missed), "{missed}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("InflatedCount does not apply to {missed} of 100 messages, which are valid\n")
    );
}

#[test]
fn the_interface_of_redpandas_generator_writes_a_body() {
    let body = kafka_fuzz(&["-api", "3", "-version", "9", "-is-request=false"]).stdout;
    let response = Target::new(ApiKey::Metadata, Version(9), Direction::Response).unwrap();
    decode_and_encode(response, &body).unwrap();

    let seeded = ["-api=3", "--version", "9", "-seed", "5"];
    let request = Target::new(ApiKey::Metadata, Version(9), Direction::Request).unwrap();
    let expected = Generator::new(request).generate(5).into_bytes();
    assert_eq!(kafka_fuzz(&seeded).stdout, expected);
    let hex = kafka_fuzz(&[&seeded[..], &["-binary-output=false"]].concat()).stdout;
    let digits: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, digits.into_bytes());

    let bad = run(&["-api", "3", "-version", "99"]);
    assert_eq!(bad.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(bad.stderr).unwrap(),
        "kafka-fuzz: MetadataRequest does not have version 99 (expected 0 to 13)\n"
    );
}

#[test]
fn unknown_apis_and_mutations_are_reported_with_what_was_expected() {
    let output = run(&["generate", "FindCordinator"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("did you mean `FindCoordinator`?"), "{text}");

    let output = run(&["generate", "77"]);
    assert_eq!(output.status.code(), Some(0), "a known number");
    let output = run(&["generate", "777"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text, "kafka-fuzz: API 777 is unknown\n");

    let output = run(&["generate", "Fetch", "--malformed=bad"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("expected one of Truncation"), "{text}");
}

fn kafka_fuzz(arguments: &[&str]) -> Output {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-fuzz"));
    command.args(arguments).output().unwrap()
}
