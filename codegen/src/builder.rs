//! The interface for a user's `build.rs`: APIs and versions in, a file of Rust out.

use std::env;
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

use crate::corpus::{Corpus, Enumerations, Errors};
use crate::error::GenerateError;
use crate::generate::write;
use crate::select::{Selection, Target};
use crate::{emit, resolve};

/// Generates only the messages that a program needs, in only the versions that it needs.
///
/// The program uses `kafka-codec` without its own messages, which leaves everything that is no
/// message, and generates those it wants:
///
/// ```toml
/// [dependencies]
/// kafka-codec = { version = "0.1", default-features = false }
///
/// [build-dependencies]
/// kafka-codec-codegen = "0.1"
/// ```
///
/// ```no_run
/// // build.rs
/// use kafka_codec_codegen::{Builder, GenerateError};
///
/// fn main() -> Result<(), GenerateError> {
///     Builder::new()
///         .api("Metadata", 9..)
///         .api("Fetch", 4..=17)
///         .message("ConsumerProtocolSubscription", ..)
///         .write("kafka.rs")
/// }
/// ```
///
/// ```ignore
/// // src/main.rs
/// mod kafka {
///     include!(concat!(env!("OUT_DIR"), "/kafka.rs"));
/// }
/// ```
///
/// Names are Kafka's. A range without an end reaches as far as there are versions: those of the
/// definitions at hand, so it grows with them. Structs hold just what the versions have: a field that
/// is in none of them is not there, and one that none of them lets be null is not an `Option`.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    definitions: Option<PathBuf>,
    kafka_codec_path: Option<String>,
    selection: Selection,
}

impl Builder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the definitions in `folder` instead of those that come with `kafka-codec`.
    ///
    /// It has one folder a Kafka module with one file a message, or just the files, or both. They are written
    /// as in Kafka's own source, so those of a fork are read as they are, whatever the numbers of its
    /// APIs.
    ///
    /// An `enumerations.json` beside them says which fields have types of `kafka_codec::enumerations`. It cannot define
    /// others: fields without an entry hold plain numbers and text.
    pub fn definitions(mut self, folder: impl AsRef<Path>) -> Self {
        self.definitions = Some(folder.as_ref().to_owned());
        self
    }

    /// Sets the path of `kafka-codec` in the generated code. The default is `::kafka_codec`.
    ///
    /// A program needs it if its `Cargo.toml` gives the dependency another name. The path is used in modules of the
    /// generated code, so it begins with `::` or `crate::`.
    ///
    /// ```toml
    /// [dependencies]
    /// kc = { package = "kafka-codec", version = "0.1", default-features = false }
    /// ```
    ///
    /// ```
    /// use std::fs;
    ///
    /// use kafka_codec_codegen::Builder;
    ///
    /// # let file = std::env::temp_dir().join(format!("kafka-{}.rs", std::process::id()));
    /// Builder::new()
    ///     .kafka_codec_path("::kc")
    /// #   .definitions(concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol-json"))
    ///     .api("Heartbeat", ..)
    ///     .write(&file)?;
    /// assert!(fs::read_to_string(&file)?.contains("use ::kc::generated::*;"));
    /// # fs::remove_file(&file)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kafka_codec_path(mut self, path: impl Into<String>) -> Self {
        self.kafka_codec_path = Some(path.into());
        self
    }

    /// Adds the request and the response of an API, such as `Fetch`.
    pub fn api(self, name: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Api, name, versions)
    }

    /// Adds the request of an API. Its response, unless it is added too, is one that keeps its bytes.
    pub fn request(self, api: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Request, api, versions)
    }

    /// Adds the response of an API.
    pub fn response(self, api: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Response, api, versions)
    }

    /// Adds a message by its whole name, such as `ConsumerProtocolSubscription`.
    pub fn message(self, name: &str, versions: impl RangeBounds<i16>) -> Self {
        self.add(Target::Message, name, versions)
    }

    fn add(mut self, target: Target, name: &str, versions: impl RangeBounds<i16>) -> Self {
        self.selection.add(target, name, versions);
        self
    }

    /// Writes the module to `file`, in `OUT_DIR` unless the path is absolute, and tells cargo to come
    /// back when the definitions change.
    ///
    /// # Errors
    ///
    /// Something selected is not there, the definitions cannot be read or have faults, the path of `kafka-codec` is not
    /// one, or the file cannot be written. Of mistakes and faults, all.
    pub fn write(self, file: impl AsRef<Path>) -> Result<(), GenerateError> {
        let library = Library::of_dependency();
        if let Some(version) = library.version.filter(|v| v != env!("CARGO_PKG_VERSION")) {
            return Err(GenerateError::OtherVersion { library: version });
        }
        let path = in_out_dir(file.as_ref())?;
        write(&path, self.code(library.definitions, library.has_schemas)?)
    }

    /// The code for a library with these definitions, if they are known.
    fn code(
        self,
        of_library: Option<PathBuf>,
        has_schemas: bool,
    ) -> Result<TokenStream, GenerateError> {
        let library = rust_path(self.kafka_codec_path.as_deref().unwrap_or("::kafka_codec"))?;
        let corpus = match (self.definitions, of_library) {
            (Some(own), of_library) => {
                let mut corpus = read(&own)?;
                if let Some(folder) = of_library {
                    let known = Enumerations::read(&folder)?;
                    let unknown = corpus.enumerations.unknown_to(&known);
                    corpus.faults.extend(unknown);
                    corpus.errors.keep_named_by(&Errors::read(&folder)?);
                }
                corpus
            }
            (None, Some(of_library)) => read(&of_library)?,
            (None, None) => return Err(GenerateError::NoDefinitions),
        };
        let selected = self.selection.apply(resolve::resolve(&corpus)?)?;
        Ok(emit::selected(&selected, has_schemas, &library))
    }
}

fn read(definitions: &Path) -> Result<Corpus, GenerateError> {
    println!("cargo::rerun-if-changed={}", definitions.display());
    Ok(Corpus::read(definitions)?)
}

/// A path in Rust: names with `::` between them, and perhaps in front.
fn rust_path(path: &str) -> Result<TokenStream, GenerateError> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut names = path.strip_prefix("::").unwrap_or(path).split("::");
    let tokens = names.all(is_name).then(|| path.parse().ok()).flatten();
    tokens.ok_or_else(|| GenerateError::NoPath {
        path: path.to_owned(),
    })
}

fn in_out_dir(file: &Path) -> Result<PathBuf, GenerateError> {
    if file.is_absolute() {
        return Ok(file.to_owned());
    }
    let folder = env::var_os("OUT_DIR").ok_or_else(|| GenerateError::NoOutDir {
        path: file.to_owned(),
    })?;
    Ok(Path::new(&folder).join(file))
}

/// What the build script of `kafka-codec` tells those of the packages that depend on it; see "The
/// `links` manifest key" in the Cargo book.
struct Library {
    version: Option<String>,
    definitions: Option<PathBuf>,
    /// `true` if it has the feature `schema`.
    has_schemas: bool,
}

impl Library {
    fn of_dependency() -> Self {
        let told = |what| {
            env::var_os(
                concat!(
                    "DEP_KAFKA_CODEC_",
                    env!("CARGO_PKG_VERSION_MAJOR"),
                    "_",
                    env!("CARGO_PKG_VERSION_MINOR"),
                )
                .to_owned()
                    + what,
            )
        };
        Self {
            version: told("_VERSION").and_then(|version| version.into_string().ok()),
            definitions: told("_DEFINITIONS").map(PathBuf::from),
            has_schemas: told("_SCHEMA").is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The code for a message whose field `Own`, an int8, has this entry in `enumerations.json`.
    fn generated(test: &str, enumeration: &str) -> Result<String, String> {
        let text = format!("{{ \"enumerations\": {{\n{enumeration}\n}}, \"numbers\": [] }}");
        code(
            test,
            r#""name": "Own", "type": "int8", "default": "1""#,
            "enumerations.json",
            &text,
        )
    }

    /// The code for a message with this field, beside a file of facts.
    fn code(test: &str, field: &str, file: &str, text: &str) -> Result<String, String> {
        let name = format!("kafka-codec-{test}-{}", std::process::id());
        let own = env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&own);
        fs::create_dir_all(&own).expect("a folder of the test's own");
        let definition = format!(
            r#"{{ "name": "Ask", "type": "data", "validVersions": "0", "flexibleVersions": "none",
            "fields": [ {{ {field}, "versions": "0+" }} ] }}"#
        );
        fs::write(own.join("Ask.json"), definition).expect("a file of the test's own");
        fs::write(own.join(file), text).expect("a file of the test's own");
        let of_library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-json");
        let builder = Builder::new().definitions(&own).message("Ask", ..);
        let code = builder.code(Some(of_library), true);
        fs::remove_dir_all(&own).expect("a folder of the test's own");
        code.map(crate::print::print)
            .map_err(|error| error.to_string())
    }

    fn enumeration(name: &str, value: &str) -> String {
        format!(
            r#""{name}": {{ "type": "int8", "about": "A.", "source": "s", "fields": ["Own"], "values": {{ {value} }} }}"#
        )
    }

    #[test]
    fn own_definitions_may_use_the_enumerations_of_the_library() {
        let value = r#""1": { "name": "READ_COMMITTED", "meaning": "Only what was committed." }"#;
        let code = generated("known", &enumeration("IsolationLevel", value));
        let code = code.expect("the library has it");
        assert!(
            code.contains("own: IsolationLevel::READ_COMMITTED"),
            "{code}"
        );
    }

    #[test]
    fn enumerations_that_the_library_lacks_are_refused() {
        let value = r#""1": { "name": "RED", "meaning": "Red." }"#;
        let table = [
            (
                enumeration("Color", value),
                "error: kafka-codec has no enumeration `Color`",
            ),
            (
                enumeration("IsolationLevels", value),
                "= help: did you mean `IsolationLevel`?",
            ),
            (
                enumeration("IsolationLevel", value),
                "error: `IsolationLevel` of kafka-codec has no value `RED`",
            ),
            (
                enumeration("IsolationLevel", "").replace("int8", "string"),
                "error: `IsolationLevel` of kafka-codec is of type `int8`, not `string`",
            ),
        ];
        for (enumeration, told) in table {
            let error = generated("unknown", &enumeration).expect_err(told);
            assert!(error.contains(told), "{error}");
            assert!(error.contains("enumerations.json:2:"), "{error}");
        }
    }
    #[test]
    fn a_default_error_that_the_library_lacks_is_a_number() {
        let field = |code| format!(r#""name": "ErrorCode", "type": "int16", "default": "{code}""#);
        let errors = r#"{ "sources": [], "errors": {
            "3": { "name": "UNKNOWN_TOPIC_OR_PARTITION", "meaning": "It is not there." },
            "30000": { "name": "OUT_OF_INK", "meaning": "There is no ink." } }, "applied": [] }"#;
        for (number, told) in [
            (3, "error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION"),
            (30_000, "error_code: ErrorCode(30000)"),
        ] {
            let code = code("errors", &field(number), "errors.json", errors);
            let code = code.expect("its names are its own");
            assert!(code.contains(told), "{code}");
        }
    }
}
