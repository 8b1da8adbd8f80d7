//! What the fuzz target `definitions` does, shared by `fuzz/` and `mutations.rs`: any text as a definition or as a data file. Faults are
//! reported at a place of the text, and what has none becomes code.
#![allow(dead_code, reason = "each uses its own part")]

use kafka_codec_codegen::corpus::{
    Aliases, Apis, Corpus, Descriptions, Enumerations, ErrorResponses, Releases, Successors,
};
use kafka_codec_codegen::fault::Faults;
use kafka_codec_codegen::schema::Definition;
use kafka_codec_codegen::{emit, resolve};

/// The first byte says which file the rest is. A definition may consist of several, divided by bytes of 0.
pub(crate) fn definitions(input: &[u8]) {
    let Some((kind, text)) = input.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let mut corpus = Corpus::default();
    let read = match kind % 8 {
        0 => Aliases::parse(FILE, &text).map(|aliases| corpus.aliases = aliases),
        1 => Apis::parse(FILE, &text).map(|apis| corpus.apis = Some(apis)),
        2 => ErrorResponses::parse(FILE, &text).map(|all| corpus.error_responses = Some(all)),
        3 => Descriptions::parse(FILE, &text).map(|all| corpus.descriptions = all),
        4 => Successors::parse(FILE, &text).map(|all| corpus.successors = all),
        5 => Enumerations::parse(FILE, &text).map(|all| corpus.enumerations = all),
        6 => Releases::parse(FILE, &text).map(|all| corpus.releases = all),
        _ => text.split('\0').try_for_each(|text| {
            let definition = Definition::parse(FILE, text)?;
            corpus.definitions.push(("fuzz".to_owned(), definition));
            Ok(())
        }),
    };
    let resolved = read.and_then(|()| resolve::resolve(&corpus));
    match resolved {
        Err(faults) => check(&faults),
        Ok(protocol) => {
            let tokens = emit::messages(&protocol);
            let code = kafka_codec_codegen::print::print(tokens);
            assert!(
                code.len() < 1000 * (1000 + text.len()),
                "{} bytes",
                code.len()
            );
        }
    }
}

fn check(faults: &Faults) {
    let shown = faults.to_string();
    assert!(
        !faults.0.is_empty() && shown.starts_with("error"),
        "{shown}"
    );
}

const FILE: &str = "fuzz.json";
