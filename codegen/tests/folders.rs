//! Which files of a folder are definitions.

use std::fs;
use std::path::Path;

use kafka_codec_codegen::corpus::Corpus;

#[test]
fn files_beside_folders_are_read_and_hidden_folders_are_not() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("folders");
    let _ = fs::remove_dir_all(&folder);
    let files = ["Beside.json", "clients/Inside.json", ".git/Hidden.json"];
    for file in files {
        let path = folder.join(file);
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap();
        let keys = r#""type": "data", "validVersions": "0", "flexibleVersions": "none""#;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!(r#"{{ "name": "{name}", {keys} }}"#)).unwrap();
    }
    let corpus = Corpus::read(&folder).unwrap();
    let read: Vec<_> = corpus
        .definitions
        .iter()
        .map(|(module, definition)| (&**module, &*definition.name))
        .collect();
    assert_eq!(read, [("clients", "Inside"), ("folders", "Beside")]);
}
