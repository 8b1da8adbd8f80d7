//! What is refused of definitions that are right key by key, and in which words. The fixtures in `broken` are one
//! corpus, a folder a topic; the definitions in it break every rule between keys, fields, structs and messages.

use std::path::Path;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::resolve::resolve;

#[test]
fn every_broken_rule_is_told_with_all_faults_of_all_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let corpus = Corpus::read(&folder).expect("nothing is wrong with a key alone");
    let faults = resolve(&corpus).expect_err("everything here is broken");
    insta::assert_snapshot!("faults", faults.to_string());
}

#[test]
fn faults_of_all_files_are_reported_at_once_and_each_mistake_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/several_files");
    let corpus = Corpus::read(&folder).expect("every file can be read");
    let faults = resolve(&corpus).expect_err("every file has a fault");
    insta::assert_snapshot!("several_files", faults.to_string());
}

#[test]
fn facts_about_what_does_not_exist_and_apis_without_facts_are_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts");
    let corpus = Corpus::read(&folder).expect("every file can be read");
    let faults = resolve(&corpus).expect_err("most facts are wrong");
    insta::assert_snapshot!("facts", faults.to_string());
}

#[test]
fn every_field_that_ended_needs_an_entry_that_names_successors_of_its_struct() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken_successors");
    let corpus = Corpus::read(&folder).expect("every file can be read");
    let faults = resolve(&corpus).expect_err("entries are missing and wrong");
    insta::assert_snapshot!("successors", faults.to_string());
}

#[test]
fn error_responses_of_fields_that_do_not_exist_or_have_another_type_are_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken_error_responses");
    let corpus = Corpus::read(&folder).expect("every file can be read");
    let faults = resolve(&corpus).expect_err("most entries are wrong");
    insta::assert_snapshot!("error_responses", faults.to_string());
}
