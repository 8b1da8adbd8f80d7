//! What is special about a message is in `quirks.rs` and nowhere else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kafka_codec_codegen::corpus::Corpus;

#[test]
fn no_message_is_known_by_its_name_where_code_is_emitted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = Corpus::read(&root.join("../protocol-json")).unwrap();
    let names: BTreeSet<&str> = corpus
        .definitions
        .iter()
        .map(|(_, definition)| &*definition.name)
        .collect();
    assert!(names.contains("FetchRequest"));
    let mut files = 0;
    for file in fs::read_dir(root.join("src/emit")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let known: Vec<_> = words.filter(|word| names.contains(word)).collect();
        assert!(known.is_empty(), "{} knows {known:?}", path.display());
        files += 1;
    }
    assert!(files > 5, "the sources are elsewhere now");
}
