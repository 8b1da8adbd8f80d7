//! Corpora: every message is there, nothing twice, and this crate's decoders judge all of it as its names say.

#![cfg(test)]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use kafka_codec::records::{Entries, RecordDecoder};
use kafka_codec::schema::random::{Expectation, Mutation};
use kafka_codec::{ApiKey, Version};
use kafka_fuzz::corpus::{Case, Corpus, Format, Prefix, Seed};
use kafka_fuzz::{Direction, Target, Unit};
use serde_json::Value;

use support::{Scratch, decode_and_encode, fnv};

#[test]
fn every_api_version_and_direction_is_in_the_names_of_the_default_corpus() {
    let scratch = Scratch::new("names");
    let written = Corpus::default()
        .random(1)
        .write(scratch.path(), None, &mut |_, _| {})
        .unwrap();
    let names = names(scratch.path());
    assert_eq!(names.len(), written.files);
    let mut missing = Vec::new();
    for key in ApiKey::ALL {
        let name = key.name().unwrap();
        for direction in ["Request", "Response"] {
            for version in key.versions().unwrap().iter() {
                let start = format!("{name}{direction}-v{version}-");
                if !names.iter().any(|name| name.starts_with(&start)) {
                    missing.push(start);
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_two_files_have_the_same_content_with_any_prefix_or_format() {
    let all: Vec<_> = Target::of_api(ApiKey::Heartbeat)
        .chain(Target::of_api(ApiKey::ListGroups))
        .chain(Target::of_api(ApiKey::ShareFetch))
        .collect();
    for prefix in Prefix::ALL {
        // With nothing in front, most files are shared.
        let formats = match prefix {
            Prefix::None => &[Format::Plain, Format::Go, Format::Afl][..],
            _ => &[Format::Plain],
        };
        for format in formats.iter().copied() {
            let scratch = Scratch::new(&format!("distinct-{prefix}-{format:?}"));
            let mut manifest = Vec::new();
            let corpus = Corpus::default()
                .targets(all.clone())
                .prefix(prefix)
                .format(format);
            let written = corpus
                .write(scratch.path(), Some(&mut manifest), &mut |_, _| {})
                .unwrap();
            let mut contents = HashSet::new();
            for name in names(scratch.path()) {
                let content = fs::read(scratch.path().join(&name)).unwrap();
                assert!(contents.insert(content), "{prefix} {format:?}: {name}");
            }
            assert_eq!(contents.len(), written.files);
            // Whoever shares a file is in the manifest.
            let manifest = String::from_utf8(manifest).unwrap();
            let lines: Vec<Value> = manifest
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            let targets: BTreeSet<_> = lines
                .iter()
                .map(|line| (line["message"].to_string(), line["version"].as_i64()))
                .collect();
            assert_eq!(targets.len(), all.len(), "{prefix} {format:?}");
            for line in &lines {
                let file = line["file"].as_str().unwrap();
                assert!(scratch.path().join(file).is_file(), "{file}");
            }
        }
    }
}

#[test]
fn valid_seeds_are_decoded_and_encoded_again_to_the_same_bytes() {
    let corpus = Corpus::default().malformed(0);
    for target in Target::all() {
        for seed in corpus.seeds(target) {
            assert_eq!(seed.label(), None);
            let again = decode_and_encode(target, seed.bytes());
            let again = again.unwrap_or_else(|error| panic!("{target} {}: {error}", seed.case()));
            assert!(again == seed.bytes(), "{target} {}", seed.case());
        }
    }
}

#[test]
fn malformed_seeds_are_refused_or_accepted_as_their_labels_say() {
    let corpus = Corpus::default().malformed(2);
    let mut counts = BTreeMap::<Mutation, usize>::new();
    for target in Target::all() {
        let seeds = corpus.seeds(target);
        for seed in &seeds {
            let Some(label) = seed.label() else { continue };
            assert_eq!(seed.unit(), Unit::Body);
            *counts.entry(label.mutation()).or_default() += 1;
            let outcome = decode_and_encode(target, seed.bytes());
            match label.expectation() {
                Expectation::Accept => {
                    let original = seeds
                        .iter()
                        .find(|other| Some(other.case()) == seed.original());
                    assert_eq!(outcome.unwrap(), original.unwrap().bytes(), "{label}");
                }
                _ => assert!(outcome.is_err(), "{label}"),
            }
        }
    }
    // All but those of frames.
    assert_eq!(counts.len(), Mutation::ALL.len() - 3, "{counts:?}");
}

#[test]
fn there_are_as_many_malformed_seeds_of_a_mutation_as_wanted() {
    let target = Target::new(ApiKey::Metadata, Version(12), Direction::Response).unwrap();
    for wanted in [1, 3, 60] {
        let seeds = Corpus::default().malformed(wanted).seeds(target);
        for mutation in [Mutation::Truncation, Mutation::InflatedCount] {
            let numbers = (0..wanted).map(|number| Case::Malformed(mutation, number));
            for case in numbers {
                assert!(seeds.iter().any(|seed| *seed.case() == case), "{case}");
            }
        }
    }
}

#[test]
fn frames_have_headers_and_malformed_ones_have_wrong_sizes_apis_and_versions() {
    let corpus = Corpus::default().prefix(Prefix::SizeAndHeader);
    let mut around = BTreeSet::new();
    for target in Target::of_api(ApiKey::Metadata) {
        for seed in corpus.seeds(target) {
            let bytes = Prefix::SizeAndHeader.apply(&seed);
            let size = u32::from_be_bytes(*bytes.first_chunk().unwrap());
            let is_size_right = usize::try_from(size).unwrap() == bytes.len() - 4;
            let mutation = seed.label().map(|label| label.mutation());
            assert_eq!(is_size_right, mutation != Some(Mutation::FrameSize));
            if seed.unit() == Unit::Frame {
                around.insert(mutation);
            } else {
                assert!(bytes.ends_with(seed.bytes()));
            }
        }
    }
    assert_eq!(around.len(), 3, "{around:?}");
}

#[test]
fn each_tagged_field_has_a_seed_and_is_alone_in_it() {
    let target = Target::new(ApiKey::Fetch, Version(17), Direction::Response).unwrap();
    let seeds = Corpus::default().seeds(target);
    let tags: BTreeMap<_, _> = seeds
        .iter()
        .filter(|seed| matches!(seed.case(), Case::Tag(_)))
        .map(|seed| (seed.case().to_string(), seed.bytes()))
        .collect();
    let names: Vec<_> = tags.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "tag-nodeEndpoints",
            "tag-responses.partitions.currentLeader",
            "tag-responses.partitions.divergingEpoch",
            "tag-responses.partitions.snapshotId",
        ]
    );
    for (name, bytes) in tags {
        let response = kafka_codec::AnyResponse::decode(ApiKey::Fetch, Version(17), bytes).unwrap();
        let kafka_codec::AnyResponse::Fetch(response) = response else {
            panic!("another response");
        };
        let partitions = response
            .responses
            .iter()
            .flat_map(|topic| &topic.partitions);
        let set = partitions.flat_map(|partition| {
            [
                (partition.current_leader != Default::default()).then_some("currentLeader"),
                (partition.diverging_epoch != Default::default()).then_some("divergingEpoch"),
                (partition.snapshot_id != Default::default()).then_some("snapshotId"),
            ]
        });
        let mut set: Vec<_> = set.flatten().collect();
        if !response.node_endpoints.is_empty() {
            set.push("nodeEndpoints");
        }
        assert_eq!(set.len(), 1, "{name}: {set:?}");
        assert!(name.ends_with(set[0]), "{name}: {set:?}");
    }
}

#[test]
fn records_of_every_magic_and_codec_are_valid_batches() {
    let target = Target::new(ApiKey::Produce, Version(11), Direction::Request).unwrap();
    let mut found = BTreeSet::new();
    for seed in Corpus::default().seeds(target) {
        let Case::Records(path, magic, codec) = seed.case() else {
            continue;
        };
        assert_eq!(path, "topicData.partitionData.records");
        let request = kafka_codec::AnyRequest::decode(ApiKey::Produce, Version(11), seed.bytes());
        let kafka_codec::AnyRequest::Produce(request) = request.unwrap() else {
            panic!("another request");
        };
        let records = request.topic_data[0].partition_data[0]
            .records
            .as_deref()
            .unwrap();
        assert_eq!(i8::from_be_bytes([records[16]]), *magic);
        let mut decoder = RecordDecoder::default();
        let mut count = 0;
        for entry in Entries::new(records) {
            let entry = entry.unwrap();
            for record in entry.records(&mut decoder).unwrap() {
                record.unwrap();
                count += 1;
            }
        }
        assert_eq!(count, 3, "{}", seed.case());
        found.insert((*magic, *codec));
    }
    assert_eq!(found.len(), 4 + 4 + 5, "{found:?}");
}

#[test]
fn the_corpus_of_a_number_is_the_same_on_every_platform() {
    let hash = |number| {
        let corpus = Corpus::default().seed(number).random(1);
        let bytes = Target::all().flat_map(|target| corpus.seeds(target));
        bytes.fold(0, |hash, seed: Seed| fnv(hash, seed.bytes()))
    };
    let hashes = [0, 1].map(|number| format!("{:016x}", hash(number)));
    assert_eq!(hashes, ["97a49013a36c8a6b", "abdb2f1e13f7f3af"]);
}

#[test]
fn go_reads_back_the_bytes_of_its_format() {
    let all: Vec<u8> = (0..=255).collect();
    let content = String::from_utf8(Format::Go.content(&all)).unwrap();
    let literal = content.strip_prefix("go test fuzz v1\n[]byte(\"").unwrap();
    let literal = literal.strip_suffix("\")\n").unwrap();
    // What Go makes of an interpreted string literal with these escapes.
    let mut bytes = Vec::new();
    let mut letters = literal.bytes();
    while let Some(letter) = letters.next() {
        bytes.push(match (letter, letter == b'\\') {
            (letter, false) => letter,
            _ => match letters.next().unwrap() {
                b'x' => {
                    let digits = [letters.next().unwrap(), letters.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                letter => letter,
            },
        });
    }
    assert_eq!(bytes, all);
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}
