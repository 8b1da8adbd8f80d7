//! A `protocol-json` folder: the definitions of every module, and what is known of their releases.
//! It reads; how the folder came to be is in `import`.

mod aliases;
mod apis;
mod descriptions;
mod enumerations;
mod error_responses;
mod errors;
mod facts;
mod releases;
mod successors;

pub use aliases::Aliases;
pub use apis::{ApiClass, ApiFacts, Apis, Routing, Secrets, Units};
pub use descriptions::{Description, Descriptions};
pub use enumerations::{Enumeration, Enumerations, NamedValue, Scalar};
pub use error_responses::{Each, ErrorResponse, ErrorResponses, FillValue, Filled, Filling};
pub use errors::{Applied, ErrorCode, Errors, Remedy};
pub use facts::Name;
pub use releases::{MessageHistory, Release, Releases};
pub use successors::{Succession, SuccessionKind, Successors};

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::fault::Faults;
use crate::schema::Definition;

/// The name of the file with the history of messages, versions and fields.
pub const RELEASES_FILE: &str = "releases.json";

/// The name of the file with other names of APIs.
pub const ALIASES_FILE: &str = "aliases.json";

/// The name of the file with facts about APIs.
pub const APIS_FILE: &str = "apis.json";

/// The name of the file with the error codes.
pub const ERRORS_FILE: &str = "errors.json";

/// The name of the file with the places of errors in responses.
pub const ERROR_RESPONSES_FILE: &str = "error-responses.json";

/// The name of the file with the meanings of messages, structs and fields.
pub const DESCRIPTIONS_FILE: &str = "descriptions.json";

/// The name of the file with the names of values.
pub const ENUMERATIONS_FILE: &str = "enumerations.json";

/// The name of the file with what became of fields that ended.
pub const SUCCESSORS_FILE: &str = "successors.json";

/// All definitions, by module and name, and their history.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// The Kafka module and the definition, sorted by module and then by name.
    pub definitions: Vec<(String, Definition)>,
    /// Which release has which version and field.
    pub releases: Releases,
    /// Other names of APIs.
    pub aliases: Aliases,
    /// Facts about APIs, if there is a file with them.
    pub apis: Option<Apis>,
    /// The error codes.
    pub errors: Errors,
    /// The places where responses carry errors, if there is a file with that.
    pub error_responses: Option<ErrorResponses>,
    /// The meaning of messages, structs and fields.
    pub descriptions: Descriptions,
    /// The successors of fields that ended.
    pub successors: Successors,
    /// Values that have names.
    pub enumerations: Enumerations,
    /// The faults of single files. [`resolve`](crate::resolve::resolve) reports it, with all else that is wrong.
    pub faults: Faults,
    /// `true` if some of the faults are of definitions, which are not among those here.
    pub lacks_definitions: bool,
}

impl Corpus {
    /// Reads a folder that has one sub-folder a module, with one file a message, and `releases.json`.
    /// Definitions beside the sub-folders are a module that is called as the folder. Hidden folders are not read.
    ///
    /// Without `releases.json` nothing is known of the history, without `aliases.json` of other names,
    /// without `apis.json` of what APIs are for, without `errors.json` of error codes, without `error-responses.json` of
    /// where responses carry errors, without `descriptions.json` of what fields mean, without `successors.json` of what
    /// became of fields that ended, and without `enumerations.json` of names of values.
    ///
    /// # Errors
    ///
    /// A file or folder cannot be read. What is wrong with a file that can be read is in
    /// [`faults`](Self::faults).
    pub fn read(folder: &Path) -> Result<Self, CorpusError> {
        let mut definitions = Vec::new();
        let mut faults = Faults::default();
        for module in modules(folder)? {
            for path in entries(&module)?.iter().filter(|path| is_json(path)) {
                let name = shown(folder, path);
                match Definition::parse(&name, &text(path)?) {
                    Ok(definition) => definitions.push((file_name(&module), definition)),
                    Err(more) => faults.extend(more),
                }
            }
        }
        let lacks_definitions = !faults.0.is_empty();
        definitions.sort_by(|(a, x), (b, y)| (a, &x.name).cmp(&(b, &y.name)));
        Ok(Self {
            definitions,
            releases: optional(folder, RELEASES_FILE, Releases::parse, &mut faults)?,
            aliases: optional(folder, ALIASES_FILE, Aliases::parse, &mut faults)?,
            apis: optional(
                folder,
                APIS_FILE,
                |file, text| Apis::parse(file, text).map(Some),
                &mut faults,
            )?,
            errors: optional(folder, ERRORS_FILE, errors::parse, &mut faults)?,
            error_responses: optional(
                folder,
                ERROR_RESPONSES_FILE,
                |file, text| ErrorResponses::parse(file, text).map(Some),
                &mut faults,
            )?,
            descriptions: optional(folder, DESCRIPTIONS_FILE, Descriptions::parse, &mut faults)?,
            successors: optional(folder, SUCCESSORS_FILE, Successors::parse, &mut faults)?,
            enumerations: optional(folder, ENUMERATIONS_FILE, Enumerations::parse, &mut faults)?,
            faults,
            lacks_definitions,
        })
    }
}

impl Enumerations {
    /// Reads `enumerations.json` of a folder alone. There are none if it has faults: reading all of the folder reports those.
    pub(crate) fn read(folder: &Path) -> Result<Self, CorpusError> {
        let mut faults = Faults::default();
        optional(folder, ENUMERATIONS_FILE, Self::parse, &mut faults)
    }
}

impl Errors {
    /// The same of `errors.json`.
    pub(crate) fn read(folder: &Path) -> Result<Self, CorpusError> {
        let mut faults = Faults::default();
        optional(folder, ERRORS_FILE, errors::parse, &mut faults)
    }
}

/// A file or folder of definitions that cannot be read.
#[derive(Debug)]
pub struct CorpusError {
    /// The file or folder.
    pub path: PathBuf,
    /// The reason.
    pub source: io::Error,
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}", self.path.display())
    }
}

impl std::error::Error for CorpusError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// What is in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let read = || {
        let mut paths = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    read().map_err(|source| CorpusError {
        path: folder.to_owned(),
        source,
    })
}

/// What `parse` makes of a file beside the definitions; nothing if it is not there.
fn optional<T: Default>(
    folder: &Path,
    name: &str,
    parse: impl Fn(&str, &str) -> Result<T, Faults>,
    faults: &mut Faults,
) -> Result<T, CorpusError> {
    let path = folder.join(name);
    if !path.is_file() {
        return Ok(T::default());
    }
    Ok(
        parse(&shown(folder, &path), &text(&path)?).unwrap_or_else(|more| {
            faults.extend(more);
            T::default()
        }),
    )
}

/// The folders that hold definitions: the folder itself and those in it, but for hidden ones such as `.git`.
fn modules(folder: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let mut modules = entries(folder)?;
    modules.retain(|path| path.is_dir() && !file_name(path).starts_with('.'));
    modules.push(folder.to_owned());
    Ok(modules)
}

fn text(path: &Path) -> Result<String, CorpusError> {
    fs::read_to_string(path).map_err(|source| CorpusError {
        path: path.to_owned(),
        source,
    })
}

fn is_json(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
        && ![
            RELEASES_FILE,
            ALIASES_FILE,
            APIS_FILE,
            ERRORS_FILE,
            ERROR_RESPONSES_FILE,
            DESCRIPTIONS_FILE,
            SUCCESSORS_FILE,
            ENUMERATIONS_FILE,
        ]
        .contains(&&*file_name(path))
        && path.is_file()
}

/// How faults name a file: from the folder on.
fn shown(folder: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let inside: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    format!("{}/{}", file_name(folder), inside.join("/"))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
