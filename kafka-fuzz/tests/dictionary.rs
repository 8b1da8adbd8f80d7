//! Dictionaries: the syntax that fuzzers read, every API and version, nothing twice.

#![cfg(test)]

use std::collections::HashSet;
use std::process::Command;

use kafka_codec::{ApiKey, Version};
use kafka_fuzz::corpus::Prefix;
use kafka_fuzz::{Direction, Target, dictionary, dictionary_file};

#[test]
fn fuzzers_read_every_token_of_the_file() {
    for prefix in Prefix::ALL {
        let targets: Vec<_> = Target::all().collect();
        let tokens = dictionary(&targets, prefix);
        let file = dictionary_file(&tokens);
        let read: Vec<_> = file.lines().filter_map(token).collect();
        assert_eq!(read.len(), tokens.len());
        for ((name, bytes), token) in read.iter().zip(&tokens) {
            assert_eq!(
                (name.as_str(), bytes.as_slice()),
                (token.name(), token.bytes())
            );
            assert!((1..=128).contains(&bytes.len()), "{name}");
        }
        let distinct: HashSet<_> = read.iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(distinct.len(), read.len(), "{prefix}");
    }
}

#[test]
fn every_api_and_version_is_there_as_the_prefix_writes_it() {
    let targets: Vec<_> = Target::all().collect();
    let has = |prefix, bytes: &[u8]| {
        let tokens = dictionary(&targets, prefix);
        tokens.iter().any(|token| token.bytes() == bytes)
    };
    let tokens = dictionary(&targets, Prefix::SizeAndHeader);
    for target in &targets {
        let (key, version) = (target.api_key().number(), target.version().0);
        let bytes = [key.to_be_bytes(), version.to_be_bytes()].concat();
        assert!(
            tokens.iter().any(|token| token.bytes() == bytes),
            "{target}"
        );
    }
    assert!(has(Prefix::KeyVersionLe, &[18, 0, 4, 0]));
    assert!(has(Prefix::KeyVersionBytes, &[18, 4]));
    assert!(!has(Prefix::None, &[0, 18, 0, 4]));
}

#[test]
fn known_texts_of_the_chosen_messages_are_there() {
    let texts = |targets: &[Target]| -> Vec<_> {
        let tokens = dictionary(targets, Prefix::None).into_iter();
        let texts = tokens.filter(|token| token.name().starts_with("text_"));
        texts.map(|token| token.bytes().to_vec()).collect()
    };
    let all: Vec<_> = Target::all().collect();
    assert!(texts(&all).contains(&b"PreparingRebalance".to_vec()));
    let heartbeat = Target::new(ApiKey::Heartbeat, Version(4), Direction::Request).unwrap();
    assert_eq!(texts(&[heartbeat]), Vec::<Vec<u8>>::new());
}

#[test]
fn the_command_writes_the_dictionary_of_all_messages() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-fuzz"));
    let output = command.arg("dictionary").output().unwrap();
    assert!(output.status.success());
    let targets: Vec<_> = Target::all().collect();
    let expected = dictionary_file(&dictionary(&targets, Prefix::SizeAndHeader));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

/// Reads a line as libFuzzer and AFL do: a name, `=`, and a quoted value with `\\`, `\"` and `\xNN`. `None` for a comment.
fn token(line: &str) -> Option<(String, Vec<u8>)> {
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once('=').unwrap();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    assert!(!name.is_empty() && name.chars().all(is_name), "{line}");
    let value = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
    let mut bytes = Vec::new();
    let mut letters = value.bytes();
    while let Some(letter) = letters.next() {
        assert!((b' '..=b'~').contains(&letter) && letter != b'"', "{line}");
        bytes.push(match letter {
            b'\\' => match letters.next().unwrap() {
                b'x' => {
                    let digits = [letters.next().unwrap(), letters.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                escaped => {
                    assert!(matches!(escaped, b'"' | b'\\'), "{line}");
                    escaped
                }
            },
            letter => letter,
        });
    }
    Some((name.to_owned(), bytes))
}
