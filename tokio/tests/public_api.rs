//! The public API has types of few other crates, so that a new major version of any other one breaks nothing.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates whose types may be in signatures; `metrics` and the like may not.
const ALLOWED: [&str; 8] = [
    "std",
    "core",
    "crate",
    "super",
    "self",
    "kafka_codec",
    "tokio",
    "bytes",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

/// The identifiers in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(move |letter| !is_word(letter))
        .filter(|word| !word.is_empty())
}

/// The names that a file imports of crates that are not allowed. `rustls` is allowed by its path in `tokio_rustls`.
fn foreign(source: &str) -> BTreeSet<&str> {
    let imports = source
        .split("\nuse ")
        .skip(1)
        .filter_map(|rest| rest.split(';').next());
    let foreign = imports.filter(|import| {
        let first = words(import).next().unwrap_or_default();
        let is_module = import.starts_with(|letter: char| letter.is_lowercase())
            && source.contains(&format!("\nmod {first};"));
        !ALLOWED.contains(&first) && !is_module && !import.starts_with("tokio_rustls::rustls")
    });
    foreign.flat_map(|import| words(import).skip(1)).collect()
}

/// What is public in a file: from `pub` up to the body of a function, or the end of a struct, enum or alias.
fn public(source: &str) -> impl Iterator<Item = &str> {
    let starts = source.match_indices("pub ").map(|(at, _)| &source[at..]);
    starts.filter_map(|rest| {
        let kind = words(rest).find(|word| !matches!(*word, "pub" | "const" | "async"))?;
        let end = match kind {
            "fn" => rest.find(" {")?,
            "struct" | "enum" | "trait" => rest
                .find("\n}")
                .unwrap_or(rest.len())
                .min(rest.find(";\n").unwrap_or(rest.len())),
            "type" => rest.find(';')?,
            // A field.
            _ => rest.find('\n')?,
        };
        Some(&rest[..end])
    })
}

#[test]
fn signatures_have_types_of_tokio_rustls_bytes_and_our_own_alone() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut items = 0;
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let foreign = foreign(&source);
        for item in public(&source) {
            items += 1;
            for line in item
                .lines()
                .map(str::trim_start)
                .filter(|line| !line.starts_with("//"))
            {
                // A private field of a public struct.
                let is_field = item.starts_with("pub struct") && line.contains([':', '(']);
                let is_private =
                    is_field && !line.trim_start_matches("pub struct").contains("pub ");
                let found = words(line).find(|word| foreign.contains(word));
                assert!(
                    is_private || found.is_none(),
                    "{}: {found:?} in {item}",
                    file.display()
                );
                for other in ["tracing::", "metrics::", "getrandom::", "webpki_roots::"] {
                    assert!(
                        !line.contains(other) || is_private,
                        "{}: {item}",
                        file.display()
                    );
                }
            }
        }
    }
    assert!(items > 100, "{items} public items");
}
