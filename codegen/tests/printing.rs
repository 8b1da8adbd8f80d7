//! The text of all generated code: it says what the tokens say, and it is not too long to read.

use std::fs;
use std::path::Path;
use std::process::Command;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::print::print;
use kafka_codec_codegen::{emit, resolve};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;

/// The tokens of all generated files, by the names of these.
fn files() -> Vec<(String, TokenStream)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json");
    let corpus = Corpus::read(&folder).expect("no faults");
    let protocol = resolve::resolve(&corpus).expect("no faults");
    let secrets = corpus.apis.as_ref().map(|apis| apis.secrets.clone());
    let modules = emit::modules(&protocol, true).map(|module| (module.name, module.code));
    let others = [
        ("mod", emit::messages(&protocol)),
        ("schemas", emit::schemas(&protocol)),
        (
            "selected",
            emit::selected(&protocol, true, &quote!(::kafka_codec)),
        ),
        ("api_keys", emit::api_keys(&protocol)),
        ("any_messages", emit::any_messages(&protocol)),
        ("record_types", emit::record_types(&protocol)),
        ("error_codes", emit::error_codes(&corpus.errors.codes)),
        ("throttle_time", emit::throttle_time(&protocol)),
        ("server_wait", emit::server_wait(&protocol)),
        ("secrets", emit::secrets(&secrets.unwrap_or_default())),
    ];
    let others = others.map(|(name, code)| (name.to_owned(), code));
    modules.chain(others).collect()
}

/// The tokens of all generated files.
fn generated() -> Vec<TokenStream> {
    files().into_iter().map(|(_, tokens)| tokens).collect()
}

#[test]
fn rustfmt_changes_nothing_in_generated_text() {
    let is_there = Command::new("rustfmt").arg("--version").output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: rustfmt is not installed");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("printing");
    // It may be there from before.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder of our own");
    let mut paths = Vec::new();
    for (name, tokens) in files() {
        let path = folder.join(name + ".rs");
        fs::write(&path, print(tokens) + "\n").expect("the folder is ours");
        paths.push(path);
    }
    // The messages are modules of `mod.rs`, and are read from there.
    let roots = paths
        .iter()
        .rev()
        .take_while(|path| !path.ends_with("mod.rs"));
    let check = Command::new("rustfmt")
        .args(["--check", "--edition", "2024"])
        .args(roots)
        .arg(folder.join("mod.rs"))
        .output()
        .expect("it is installed");
    let changes = String::from_utf8_lossy(&check.stdout);
    let first: String = changes
        .lines()
        .take(40)
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(
        check.status.success(),
        "{first}{}",
        String::from_utf8_lossy(&check.stderr)
    );
}

/// The tokens one by one, whatever space is between them.
fn flat(tokens: TokenStream, out: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                out.push(open.to_owned());
                flat(group.stream(), out);
                out.push(close.to_owned());
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                // What was made as one literal is read as two tokens.
                match text.strip_prefix('-') {
                    Some(number) => out.extend(["-".to_owned(), number.to_owned()]),
                    None => out.push(text),
                }
            }
            token => out.push(token.to_string()),
        }
    }
}

#[test]
fn the_printed_text_has_the_tokens_that_were_printed() {
    for tokens in generated() {
        let text = print(tokens.clone());
        let read: TokenStream = text.parse().expect("the text is tokens");
        let (mut expected, mut actual) = (Vec::new(), Vec::new());
        flat(tokens, &mut expected);
        flat(read, &mut actual);
        // A layout on several lines has a comma after the last element, and braces around what stands below its arm.
        for tokens in [&mut expected, &mut actual] {
            tokens.retain(|token| ![",", "{", "}"].contains(&token.as_str()));
        }
        let differs = expected.iter().zip(&actual).position(|(a, b)| a != b);
        if let Some(at) = differs {
            let near = at.saturating_sub(5)..at + 1;
            panic!("{:?} became {:?}", &expected[near.clone()], &actual[near]);
        }
        assert_eq!(expected.len(), actual.len());
    }
}

#[test]
fn no_line_is_over_100_columns_or_ends_with_spaces() {
    for text in generated().into_iter().map(print) {
        let is_bad = |line: &&str| line.chars().count() > 100 || line.trim_end() != *line;
        let bad: Vec<&str> = text.lines().filter(is_bad).collect();
        assert_eq!(bad, [""; 0]);
        assert!(
            !text.contains("#[doc = \""),
            "documentation that is not a comment"
        );
    }
}

#[test]
fn all_messages_with_their_tables_are_at_most_52_000_lines_and_most_files_short() {
    let mut lengths: Vec<usize> = modules().map(|text| text.lines().count()).collect();
    lengths.sort_unstable();
    let lines: usize = lengths.iter().sum();
    assert!(lines <= 52_000, "{lines} lines");
    let median = lengths[lengths.len() / 2];
    assert!(
        median <= 160,
        "half of the files have {median} lines or more"
    );
}

#[test]
fn the_tables_of_all_messages_have_a_line_a_field() {
    let text: String = modules().collect();
    let is_row = |line: &str| line.trim_start().starts_with("Field::");
    let rows = text.lines().filter(|line| is_row(line)).count();
    assert_eq!(rows, text.matches("Field::").count());
    assert!(rows > 2_000, "{rows} rows");
}

/// The text of the module of each message.
fn modules() -> impl Iterator<Item = String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json");
    let corpus = Corpus::read(&folder).expect("no faults");
    let protocol = resolve::resolve(&corpus).expect("no faults");
    let modules: Vec<_> = emit::modules(&protocol, true).collect();
    modules.into_iter().map(|module| print(module.code))
}
