//! What the mirror of a definition refuses, and in which words. One fixture a rule, in `faults/`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use kafka_codec_codegen::schema::Definition;

#[test]
fn every_broken_definition_is_told_as_a_compiler_would_with_all_its_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut told = String::new();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        match Definition::parse(name, &text) {
            Ok(definition) => panic!("{name} was read as {}", definition.name),
            Err(faults) => writeln!(told, "{faults}\n").unwrap(),
        }
    }
    insta::assert_snapshot!("faults", told);
}
