//! Definitions and data files, changed at random, are refused or become code.
#![cfg(test)]

#[path = "support/fuzz_definitions.rs"]
mod fuzz_definitions;

use std::fs;
use std::path::Path;

/// The texts of all files of a folder.
fn texts(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.is_file()).collect();
    files.sort();
    files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// Each data file, and some definitions, with the byte that says which it is.
fn seeds() -> Vec<(u8, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seeds: Vec<_> = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/features"))
        .into_iter()
        .map(|text| (7, text))
        .collect();
    let kinds = [
        "aliases",
        "apis",
        "error-responses",
        "descriptions",
        "successors",
        "enumerations",
        "releases",
    ];
    for (kind, name) in (0..).zip(kinds) {
        let text = fs::read_to_string(root.join(format!("protocol-json/{name}.json"))).unwrap();
        // Its front: all of it would be slow.
        let end = text
            .char_indices()
            .nth(3000)
            .map_or(text.len(), |(at, _)| at);
        seeds.push((kind, text[..end].to_owned()));
        seeds.push((kind, "{}".to_owned()));
    }
    seeds
}

#[test]
fn files_that_were_changed_are_refused_or_become_code() {
    let mut state = 1_u64;
    let mut below = |end: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % end
    };
    for (kind, text) in seeds() {
        fuzz_definitions::definitions(&[&[kind], text.as_bytes()].concat());
        for _ in 0..60 {
            let mut changed = text.clone().into_bytes();
            for _ in 0..=below(3) {
                let at = below(changed.len() + 1);
                let piece = PIECES[below(PIECES.len())];
                let end = (at + below(6)).min(changed.len());
                changed.splice(at..end, piece.bytes());
            }
            fuzz_definitions::definitions(&[&[kind], &changed[..]].concat());
        }
    }
}

const PIECES: &[&str] = &[
    "",
    "0",
    "-1",
    "32767",
    "99999999999",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "0+",
    "5-2",
    "none",
    "//",
    "/*",
    "\\u0000",
    "[]string",
    "records",
    "ü",
];

#[test]
#[ignore = "writes files into the folder that KAFKA_CODEC_CORPUS names: fuzz/run calls it"]
fn the_corpus_is_made_of_definitions_and_data_files() {
    let folder = std::env::var_os("KAFKA_CODEC_CORPUS").expect("KAFKA_CODEC_CORPUS names a folder");
    let folder = Path::new(&folder).join("definitions");
    fs::create_dir_all(&folder).unwrap();
    for (count, (kind, text)) in seeds().into_iter().enumerate() {
        let input = [&[kind], text.as_bytes()].concat();
        fs::write(folder.join(format!("vector-{count}")), input).unwrap();
    }
}
