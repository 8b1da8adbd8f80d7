//! A refresh: a made-up release after the ones that are known is imported beside them. The folder `next_release` has both,
//! and `facts`, the files written by hand, which know the older alone.

use std::fs;
use std::path::{Path, PathBuf};

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::import::{Import, Source};
use kafka_codec_codegen::ir::Protocol;
use kafka_codec_codegen::resolve::resolve;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/next_release")
}

/// A folder of definitions with the facts beside it, and the releases that are imported into it.
struct Refresh {
    to: PathBuf,
    releases: Vec<PathBuf>,
}

impl Refresh {
    fn new(test: &str) -> Self {
        let to = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("import")
            .join(test);
        let _ = fs::remove_dir_all(&to);
        copy(&fixtures().join("facts"), &to);
        Self {
            to,
            releases: vec![fixtures().join("4.4.0")],
        }
    }

    fn import(&mut self, release: PathBuf) -> Result<String, String> {
        self.releases.push(release);
        self.run()
    }

    fn run(&self) -> Result<String, String> {
        let layouts = self.releases.iter().cloned();
        let import = Import {
            layouts: layouts
                .map(|path| Source {
                    release: None,
                    path,
                })
                .collect(),
            history: Vec::new(),
            to: self.to.clone(),
        };
        let summary = import.run().map_err(|error| error.to_string())?;
        Ok(summary.to_string())
    }

    fn resolve(&self) -> Result<Protocol, String> {
        let corpus = Corpus::read(&self.to).map_err(|error| error.to_string())?;
        resolve(&corpus).map_err(|faults| faults.to_string())
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.to.join(file)).expect(file)
    }

    /// Writes in a file of facts what a person would.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.text(file);
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(self.to.join(file), text.replacen(from, to, 1)).expect(file);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder of the test's own");
    for entry in fs::read_dir(from).expect("a folder of fixtures") {
        let path = entry.expect("a fixture").path();
        let name = path.file_name().expect("it has a name");
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => drop(fs::copy(&path, to.join(name)).expect("a file of the test's own")),
        }
    }
}

#[test]
fn the_facts_are_whole_before_the_release() {
    let refresh = Refresh::new("next-before");
    refresh.run().expect("nothing differs");
    refresh.resolve().expect("nothing is missing");
}

#[test]
fn the_next_release_gives_its_definitions_and_asks_for_every_fact_that_is_missing() {
    let mut refresh = Refresh::new("next");
    refresh.run().expect("nothing differs");
    let summary = refresh
        .import(fixtures().join("4.5.0"))
        .expect("nothing differs");
    // As `refresh-names` adds a code that it finds in Kafka's enum.
    refresh.edit(
        "errors.json",
        "no answer.\" }",
        "no answer.\" },\n    \"2\": { \"name\": \"NO_STORY\" }",
    );
    let files = [
        "clients/AskRequest.json",
        "clients/AskResponse.json",
        "clients/TellRequest.json",
        "releases.json",
    ];
    let files = files.map(|file| format!("--- {file}\n{}", refresh.text(file)));
    let Err(complaints) = refresh.resolve() else {
        panic!("much is missing");
    };
    insta::assert_snapshot!("definitions", format!("{summary}\n{}", files.join("\n")));
    insta::assert_snapshot!("complaints", complaints);
}

#[test]
fn once_every_fact_is_given_the_release_resolves() {
    let mut refresh = Refresh::new("next-done");
    refresh
        .import(fixtures().join("4.5.0"))
        .expect("nothing differs");
    let tell = r#""Tell": { "class": "data", "routing": "anyBroker" }, "#;
    refresh.edit("apis.json", "\"Ask\": {", &format!("{tell}\"Ask\": {{"));
    let story = r#"{ "name": "NO_STORY", "meaning": "There is no story." }"#;
    refresh.edit(
        "errors.json",
        "\"1\": {",
        &format!("\"2\": {story}, \"1\": {{"),
    );
    refresh.edit(
        "error-responses.json",
        "\"Ask\": {}",
        "\"Ask\": {}, \"Tell\": {}",
    );
    refresh.edit(
        "enumerations.json",
        "\"numbers\": []",
        "\"numbers\": [\"Tone\"]",
    );
    let language = r#"{ "replaced": ["Languages"], "source": "the test" }"#;
    refresh.edit(
        "successors.json",
        "{}",
        &format!("{{ \"Language\": {language} }}"),
    );
    let general = r#""Languages": "Languages.", "Tone": "A tone.", "Sources": "Sources.",
        "Source.Url": "An address.", "Story": "A story.", "Results": "Results.", "ErrorCode""#;
    refresh.edit("descriptions.json", "\"ErrorCode\"", general);
    let structs = r#""structs": { "Source": "A source.", "Result": "A result." }"#;
    refresh.edit("descriptions.json", "\"structs\": {}", structs);
    let messages = r#""messages": { "TellRequest": "Tells a story.", "TellResponse": "Thanks.","#;
    refresh.edit("descriptions.json", "\"messages\": {", messages);

    let protocol = refresh
        .resolve()
        .map_err(|faults| panic!("{faults}"))
        .unwrap();
    let [ask, tell] = &protocol.apis[..] else {
        panic!("there are two APIs")
    };
    assert_eq!(
        (ask.versions.highest(), ask.history.since.as_deref()),
        (Some(3), None)
    );
    assert_eq!(tell.history.since.as_deref(), Some("4.5"));
    // What the definitions state, though the version is not flexible.
    let headers = tell
        .headers
        .iter()
        .map(|range| (range.from, range.request, range.response));
    assert_eq!(headers.collect::<Vec<_>>(), [(0, 2, 1)]);
    let answer = protocol
        .messages
        .iter()
        .flat_map(|message| &message.structs);
    let mut fields = answer.flat_map(|entry| &entry.fields);
    let sources = fields
        .find(|field| field.name == "Sources")
        .expect("it is new");
    assert_eq!(sources.tag.map(|(tag, _)| tag), Some(0));
    assert_eq!(sources.since.as_deref(), Some("4.5"));
}

#[test]
fn a_layout_that_changed_stops_the_refresh_and_leaves_everything_as_it_was() {
    let mut refresh = Refresh::new("next-changed");
    refresh.run().expect("nothing differs");
    let before = refresh.text("clients/AskResponse.json");
    let changed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import/next-changed-release/4.5.0");
    copy(&fixtures().join("4.5.0"), &changed);
    let file = changed.join("clients/AskResponse.json");
    let text = fs::read_to_string(&file).expect("it was copied");
    let text = text.replace(r#""Depth", "type": "int32""#, r#""Depth", "type": "int64""#);
    fs::write(&file, text).expect("a file of the test's own");
    let error = refresh
        .import(changed)
        .expect_err("a stable version changed");
    insta::assert_snapshot!("changed", error);
    assert_eq!(refresh.text("clients/AskResponse.json"), before);
    assert!(!refresh.to.join("clients/TellRequest.json").exists());
}
