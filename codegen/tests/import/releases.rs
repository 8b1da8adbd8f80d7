//! Made-up releases to import, and questions to ask of what came out.

use std::fs;
use std::path::{Path, PathBuf};

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::import::{Import, ImportError, Source, Summary};
use kafka_codec_codegen::schema::Definition;

/// Releases in a folder of the test's own.
pub(crate) struct Releases(pub(crate) PathBuf);

impl Releases {
    pub(crate) fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("import")
            .join(test);
        let _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    /// Adds a definition, said in everything but its braces.
    pub(crate) fn with(self, release: &str, module: &str, name: &str, rest: &str) -> Self {
        let folder = self.0.join(release).join(module);
        fs::create_dir_all(&folder).expect("a folder of the test's own");
        let text = format!("// a comment\n{{ \"name\": \"{name}\", {rest} }}\n");
        fs::write(folder.join(format!("{name}.json")), text).expect("a folder of the test's own");
        self
    }

    pub(crate) fn request(self, release: &str, name: &str, versions: &str, rest: &str) -> Self {
        let keys = format!(
            r#""type": "request", "apiKey": 1, "validVersions": "{versions}", "flexibleVersions": "2+", {rest}"#
        );
        self.with(release, "clients", name, &keys)
    }

    pub(crate) fn source(&self, release: &str) -> Source {
        let path = self.0.join(release);
        Source {
            release: None,
            path,
        }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    pub(crate) fn import(
        &self,
        layouts: &[&str],
        history: &[&str],
    ) -> Result<Summary, ImportError> {
        let sources = |releases: &[&str]| {
            releases
                .iter()
                .map(|release| self.source(release))
                .collect()
        };
        let import = Import {
            layouts: sources(layouts),
            history: sources(history),
            to: self.out(),
        };
        import.run()
    }

    pub(crate) fn imported(&self, layouts: &[&str]) -> Corpus {
        self.import(layouts, &[])
            .map_err(|error| error.to_string())
            .expect("no error");
        Corpus::read(&self.out())
            .map_err(|error| error.to_string())
            .expect("no error")
    }

    pub(crate) fn stopped(&self, layouts: &[&str]) -> String {
        let error = self.import(layouts, &[]).expect_err("the import must stop");
        assert!(!self.out().exists(), "nothing may be written");
        error.to_string()
    }
}

pub(crate) fn definition<'c>(corpus: &'c Corpus, name: &str) -> &'c Definition {
    let found = corpus
        .definitions
        .iter()
        .find(|(_, definition)| definition.name == name);
    found.map(|(_, definition)| definition).expect(name)
}

pub(crate) fn fields(definition: &Definition) -> Vec<String> {
    let fields = definition.fields.iter();
    fields
        .map(|field| format!("{} {}", field.name, field.effective_versions()))
        .collect()
}

pub(crate) const GROUP: &str =
    r#"{ "name": "Group", "type": "string", "versions": "0+", "about": "Some prose." }"#;
