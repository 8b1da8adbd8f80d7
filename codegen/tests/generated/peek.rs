//! The functions that read one number out of the bytes of any message: the throttle time of small responses with what
//! may stand before it, and of Kafka's own; and how long a request lets the broker wait.

use std::fs;

use proc_macro2::TokenStream;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::ir::Protocol;
use kafka_codec_codegen::print::print;
use kafka_codec_codegen::schema::Definition;
use kafka_codec_codegen::{emit, resolve};

use crate::folder;

fn assert_generated(code: TokenStream, snapshot: &str) -> String {
    let code = print(code);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(snapshot, code));
    code
}

/// The definitions of a folder, without the rules between files.
fn protocol(name: &str) -> Protocol {
    let files = fs::read_dir(folder(name)).expect(name);
    let mut files: Vec<_> = files.map(|file| file.expect(name).path()).collect();
    files.sort();
    let messages = files.into_iter().map(|path| {
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).expect(&name);
        let definition = Definition::parse(&name, &text).expect("no faults");
        resolve::message("clients", &definition, &Corpus::default()).expect("no faults")
    });
    Protocol {
        messages: messages.collect(),
        apis: Vec::new(),
        releases: Vec::new(),
        renamed: Vec::new(),
    }
}

#[test]
fn what_stands_before_the_throttle_time_is_skipped_as_the_version_has_it() {
    let protocol = protocol("tests/throttle_time");
    let code = assert_generated(emit::throttle_time(&protocol), "throttle_time_of_shapes");
    for none in ["Tagged", "Wide", "Asking"] {
        assert!(!code.contains(none), "{none} has none among its fields");
    }
}

#[test]
fn the_throttle_times_of_real_responses_are_found_as_their_snapshot_shows() {
    let corpus = Corpus::read(&folder("../protocol-json")).expect("no faults");
    let protocol = resolve::resolve(&corpus).expect("no faults");
    let code = assert_generated(emit::throttle_time(&protocol), "throttle_time");
    let lines = code.lines().count();
    assert!(lines < 170, "{lines} lines");
}

#[test]
fn the_server_waits_of_real_requests_are_found_as_their_snapshot_shows() {
    let corpus = Corpus::read(&folder("../protocol-json")).expect("no faults");
    let protocol = resolve::resolve(&corpus).expect("no faults");
    let code = assert_generated(emit::server_wait(&protocol), "server_wait");
    let lines = code.lines().count();
    assert!(lines < 150, "{lines} lines");
}
