//! The text of all generated code: it says what the tokens say, and it is not too long to read.

use std::path::Path;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::print::print;
use kafka_codec_codegen::{emit, resolve};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The tokens of all messages and APIs.
fn generated() -> Vec<TokenStream> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json");
    let corpus = Corpus::read(&folder).expect("no faults");
    let protocol = resolve::resolve(&corpus).expect("no faults");
    let modules = emit::modules(&protocol, true).map(|module| module.code);
    let others = [
        emit::messages(&protocol),
        emit::schemas(&protocol),
        emit::selected(&protocol, true),
        emit::api_keys(&protocol),
        emit::any_messages(&protocol),
        emit::record_types(&protocol),
        emit::error_codes(&corpus.errors.codes),
        emit::throttle_time(&protocol),
    ];
    modules.chain(others).collect()
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
        let differs = expected.iter().zip(&actual).position(|(a, b)| a != b);
        if let Some(at) = differs {
            let near = at.saturating_sub(5)..at + 1;
            panic!("{:?} became {:?}", &expected[near.clone()], &actual[near]);
        }
        assert_eq!(expected.len(), actual.len());
    }
}

#[test]
fn lines_are_short_where_they_can_be_broken_and_never_end_with_spaces() {
    let mut long = 0;
    for line in generated().into_iter().flat_map(|tokens| {
        let text = print(tokens);
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    }) {
        assert_eq!(line, line.trim_end());
        // Texts, lists of names, and the rows of tables.
        let is_whole = ["meaning:", "pub use", "Field::"];
        let is_whole = is_whole
            .iter()
            .any(|start| line.trim_start().starts_with(start));
        // Names may be longer than any line.
        if line.len() > 100 && !is_whole {
            long += 1;
            assert!(line.len() < 160, "{line}");
        }
    }
    assert!(long < 40, "{long} lines are longer than 100 characters");
}

#[test]
fn documentation_is_wrapped_at_100_columns() {
    for text in generated().into_iter().map(print) {
        let documentation = |line: &&str| line.trim_start().starts_with("///");
        let too_long: Vec<&str> = text
            .lines()
            .filter(documentation)
            .filter(|l| l.len() > 100)
            .collect();
        assert_eq!(too_long, [""; 0]);
        assert!(
            !text.contains("#[doc = "),
            "documentation that is not a comment"
        );
    }
}

#[test]
fn all_messages_with_their_tables_are_at_most_42_000_lines_and_most_files_short() {
    let mut lengths: Vec<usize> = modules().map(|text| text.lines().count()).collect();
    lengths.sort_unstable();
    let lines: usize = lengths.iter().sum();
    assert!(lines <= 42_000, "{lines} lines");
    let median = lengths[lengths.len() / 2];
    assert!(
        median <= 150,
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
