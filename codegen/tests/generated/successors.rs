//! Fields that ended: how they are documented, and what writing them in later versions looks for.

use kafka_codec_codegen::Builder;
use kafka_codec_codegen::corpus::Corpus;

use crate::{assert_generated, folder};

fn corpus() -> Corpus {
    Corpus::read(&folder("tests/successors")).expect("no faults")
}

#[test]
fn a_request_loses_nothing_that_no_other_field_says() {
    assert_generated(&corpus(), "SayRequest", "SayRequest");
}

#[test]
fn a_response_loses_no_identity_that_no_other_field_has() {
    assert_generated(&corpus(), "SayResponse", "SayResponse");
}

/// Without `successors.json`, as in a folder of Kafka's source, ignorable fields are omitted as Java does.
#[test]
fn without_the_file_nothing_is_looked_for() {
    let mut corpus = corpus();
    corpus.successors = Default::default();
    assert_generated(&corpus, "SayResponse", "SayResponse_without_successors");
}

#[test]
fn a_field_of_all_selected_versions_did_not_end() {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("say.rs");
    let builder = Builder::new().definitions(folder("tests/successors"));
    builder
        .request("Say", 1..=2)
        .write(&file)
        .expect("no mistakes");
    let code = std::fs::read_to_string(file).expect("written");
    assert!(!code.contains("omit") && !code.contains("Ended"), "{code}");
}
