//! Sources of definitions: release jars and folders, and how their release and module are found.
//! It finds files and reads their text; it does not look into it.

use std::fs::{self, File};
use std::io::Read;
use std::iter;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::ImportError;
use super::skipped::{SkipReason, Skipped};

/// A jar or a folder, and the release it holds where its name does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The release, when it was given.
    pub release: Option<String>,
    /// The jar or the folder.
    pub path: PathBuf,
}

impl FromStr for Source {
    type Err = String;

    /// `PATH` or `RELEASE=PATH`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((release, path)) if number(release).is_some() => Ok(Self {
                release: Some(release.to_owned()),
                path: path.into(),
            }),
            Some((release, _)) if !release.contains(['/', '\\']) => Err(format!(
                "`{release}` is not a release; write RELEASE=PATH such as 4.4.0=jars/new, or only the path"
            )),
            _ => Ok(Self {
                release: None,
                path: text.into(),
            }),
        }
    }
}

/// One definition file that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) release: String,
    pub(super) module: &'static str,
    /// How faults name it.
    pub(super) file: String,
    pub(super) text: String,
}

/// The Kafka modules that are imported, as their folders are called; the artifacts are `kafka-` and this.
pub(super) const MODULES: [&str; 7] = [
    "clients",
    "group-coordinator",
    "metadata",
    "raft",
    "share-coordinator",
    "storage",
    "transaction-coordinator",
];

impl Source {
    /// Every definition file in the jar, or in the folder and its jars, in the order of their names.
    pub(super) fn files(&self, skipped: &mut Skipped) -> Result<Vec<Found>, ImportError> {
        let mut found = Vec::new();
        if !self.path.exists() {
            return Err(ImportError::Input(format!(
                "{} does not exist",
                self.path.display()
            )));
        }
        if self.path.is_dir() {
            self.walk(&self.path, &mut found, skipped)?;
        } else if is(&self.path, "jar") {
            self.jar(&self.path, &mut found, skipped)?;
        } else {
            return Err(ImportError::Input(format!(
                "{} is neither a jar nor a folder; give release jars such as kafka-clients-4.4.0.jar, or folders of them",
                self.path.display()
            )));
        }
        if found.is_empty() {
            return Err(ImportError::Input(format!(
                "there are no message definitions in {}; give jars named like kafka-clients-4.4.0.jar, \
                 or folders that keep the names of Kafka's modules ({})",
                self.path.display(),
                MODULES.join(", ")
            )));
        }
        Ok(found)
    }

    fn walk(
        &self,
        folder: &Path,
        found: &mut Vec<Found>,
        skipped: &mut Skipped,
    ) -> Result<(), ImportError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(ImportError::io(folder))? {
            paths.push(entry.map_err(ImportError::io(folder))?.path());
        }
        paths.sort();
        for path in paths {
            if path.is_dir() {
                match folder_is_foreign(&path) {
                    true => skipped.add(SkipReason::Folder, &path),
                    false => self.walk(&path, found, skipped)?,
                }
            } else if is(&path, "jar") {
                match artifact(&path) {
                    Some(_) => self.jar(&path, found, skipped)?,
                    None => skipped.add(SkipReason::Jar, &path),
                }
            } else if is(&path, "json") {
                if !holds_definitions(&path) {
                    skipped.add(SkipReason::Json, &path);
                    continue;
                }
                let Some(module) = self.module_of(&path) else {
                    skipped.add(SkipReason::Module, &path);
                    continue;
                };
                let text = fs::read_to_string(&path).map_err(ImportError::io(&path))?;
                let release = self.release_of(&path)?;
                let file = path.display().to_string();
                found.push(Found {
                    release,
                    module,
                    file,
                    text,
                });
            }
        }
        Ok(())
    }

    fn jar(
        &self,
        path: &Path,
        found: &mut Vec<Found>,
        skipped: &mut Skipped,
    ) -> Result<(), ImportError> {
        let Some(module) = artifact(path) else {
            return Err(ImportError::Input(format!(
                "cannot tell the Kafka module of {}; jars must be named kafka-MODULE-RELEASE.jar, where MODULE is one of {}",
                path.display(),
                MODULES.join(", ")
            )));
        };
        let release = self.release_of(path)?;
        let unzip = |error: zip::result::ZipError| ImportError::Io {
            path: path.to_owned(),
            source: error.into(),
        };
        let file = File::open(path).map_err(ImportError::io(path))?;
        let mut archive = zip::ZipArchive::new(file).map_err(unzip)?;
        let mut names: Vec<_> = archive
            .file_names()
            .filter(|name| is(Path::new(name), "json"))
            .map(str::to_owned)
            .collect();
        names.sort();
        for name in names {
            if !holds_definitions(Path::new(&name)) {
                skipped.add_in_jar(SkipReason::Json, path, &name);
                continue;
            }
            let mut text = String::new();
            let mut entry = archive.by_name(&name).map_err(unzip)?;
            entry
                .read_to_string(&mut text)
                .map_err(ImportError::io(path))?;
            let file = format!("{}!/{name}", path.display());
            found.push(Found {
                release: release.clone(),
                module,
                file,
                text,
            });
        }
        Ok(())
    }

    /// The names from a file up to the jar or folder that was given. What is above says nothing of it.
    fn names<'p>(&self, file: &'p Path) -> impl Iterator<Item = &'p str> {
        let above = self.path.components().count().saturating_sub(1);
        let given: PathBuf = file.components().skip(above).collect();
        let count = given.components().count();
        components(file).take(count)
    }

    /// The module that a definition file belongs to: in a source tree the folder around `src`, else the nearest folder
    /// that is called as one.
    fn module_of(&self, file: &Path) -> Option<&'static str> {
        let around_src = || components(file).skip_while(|name| *name != "src").nth(1);
        if self.names(file).any(|name| name == "src") {
            return around_src().and_then(module);
        }
        let named = self.names(file).find_map(module);
        named.or_else(|| around_src().and_then(module))
    }

    /// The release that was given, or that the nearest of the names tells.
    fn release_of(&self, path: &Path) -> Result<String, ImportError> {
        let told = || self.names(path).find_map(release_in);
        self.release.clone().or_else(told).ok_or_else(|| {
            ImportError::Input(format!(
                "cannot tell which release {} belongs to; write RELEASE=PATH, such as 4.4.0={}",
                path.display(),
                self.path.display()
            ))
        })
    }
}

/// `4.4.0` as its numbers, which order releases. A qualifier, as in `4.5.0-SNAPSHOT`, does not count.
pub(super) fn number(release: &str) -> Option<Vec<u32>> {
    let numbers = release
        .split_once('-')
        .map_or(release, |(numbers, _)| numbers);
    let numbers: Option<Vec<u32>> = numbers.split('.').map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() > 1)
}

/// The names on a path, the last one first, without the extension of a jar.
fn components(path: &Path) -> impl Iterator<Item = &str> {
    path.iter()
        .rev()
        .filter_map(|part| part.to_str())
        .map(|part| part.strip_suffix(".jar").unwrap_or(part))
}

/// The release at the end of a name such as `kafka-clients-4.4.0` or `kafka-clients-7.6.0-ccs`.
fn release_in(name: &str) -> Option<String> {
    let after_dash = name.match_indices('-').map(|(at, _)| at + 1);
    let mut ends = iter::once(0)
        .chain(after_dash)
        .filter_map(|start| name.get(start..));
    let release = ends.find(|release| number(release).is_some())?;
    (!is_beside_a_release(name)).then(|| release.to_owned())
}

/// The module a name stands for: `clients`, `kafka-clients` or `kafka-clients-4.4.0`.
fn module(name: &str) -> Option<&'static str> {
    let short = name.strip_prefix("kafka-").unwrap_or(name);
    let is_release = |rest: &str| {
        let release = rest.strip_prefix('-').unwrap_or(rest);
        rest != release && release.starts_with(|c: char| c.is_ascii_digit())
    };
    let is_module = |module: &&str| {
        let rest = short.strip_prefix(*module);
        rest.is_some_and(|rest| rest.is_empty() || is_release(rest))
    };
    let module = MODULES.into_iter().find(is_module);
    module.filter(|_| !is_beside_a_release(name))
}

/// Returns `true` if the name is that of a jar that is published beside that of a release and has other contents.
fn is_beside_a_release(name: &str) -> bool {
    let classifiers = ["-javadoc", "-sources", "-test"];
    classifiers
        .iter()
        .any(|classifier| name.ends_with(classifier))
}

/// The module of a jar, when its name is that of an artifact that is imported.
fn artifact(jar: &Path) -> Option<&'static str> {
    let name = jar.file_name()?.to_str()?.strip_suffix(".jar")?;
    module(name).filter(|_| name.starts_with("kafka-"))
}

/// Kafka keeps definitions in folders called `message` or `metadata`, we in folders called as the module.
fn holds_definitions(file: &Path) -> bool {
    let folder = file
        .parent()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    folder.is_some_and(|name| name == "message" || module(name).is_some())
}

/// Folders of a source tree whose definitions are not part of a release.
fn folder_is_foreign(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| matches!(name, "test" | "target" | "build") || name.starts_with('.'))
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_and_modules_are_told_from_names() {
        assert_eq!(release_in("kafka-clients-4.4.0").as_deref(), Some("4.4.0"));
        assert_eq!(release_in("4.4.0").as_deref(), Some("4.4.0"));
        assert_eq!(release_in("kafka-clients-4.4.0-test"), None);
        assert_eq!(
            artifact(Path::new("a/kafka-clients-4.4.0.jar")),
            Some("clients")
        );
        for classifier in ["sources", "javadoc", "test", "test-sources"] {
            let jar = format!("kafka-clients-4.4.0-{classifier}.jar");
            assert_eq!(artifact(Path::new(&jar)), None);
        }
        assert_eq!(artifact(Path::new("kafka-streams-4.4.0.jar")), None);
        assert_eq!(module("group-coordinator"), Some("group-coordinator"));
        assert!(number("3.10.0") > number("3.9.2") && number("3").is_none());
    }

    #[test]
    fn a_release_may_have_a_qualifier() {
        for (jar, expected, release) in [
            ("kafka-clients-7.6.0-ccs", "clients", "7.6.0-ccs"),
            (
                "kafka-share-coordinator-4.5.0-SNAPSHOT",
                "share-coordinator",
                "4.5.0-SNAPSHOT",
            ),
        ] {
            assert_eq!(release_in(jar).as_deref(), Some(release));
            assert_eq!(artifact(Path::new(&format!("{jar}.jar"))), Some(expected));
        }
        assert_eq!(number("4.5.0-SNAPSHOT"), number("4.5.0"));
        assert_eq!(
            artifact(Path::new("kafka-group-coordinator-api-4.4.0.jar")),
            None
        );
    }

    #[test]
    fn names_above_what_was_given_tell_neither_release_nor_module() {
        let source: Source = "ubuntu-22.04/storage/mine".parse().unwrap();
        let file = |path: &str| source.path.join(path);
        assert!(source.release_of(&file("clients/A.json")).is_err());
        assert_eq!(
            source.release_of(&file("4.4.0/clients/A.json")).unwrap(),
            "4.4.0"
        );
        assert_eq!(source.module_of(&file("clients/A.json")), Some("clients"));
        assert_eq!(source.module_of(&file("message/A.json")), None);
    }

    #[test]
    fn in_a_source_tree_the_folder_around_src_is_the_module() {
        let kafka: Source = "4.5.0=../kafka".parse().unwrap();
        let module = |path: &str| kafka.module_of(&kafka.path.join(path));
        assert_eq!(
            module("raft/src/main/resources/common/metadata/A.json"),
            Some("raft")
        );
        assert_eq!(
            module("core/src/main/resources/common/metadata/A.json"),
            None
        );
        let inside: Source = "4.5.0=kafka/raft/src/main/resources/common/message"
            .parse()
            .unwrap();
        assert_eq!(inside.module_of(&inside.path.join("A.json")), Some("raft"));
    }

    #[test]
    fn a_release_may_stand_before_the_path() {
        let source: Source = "4.4.0=a/b".parse().unwrap();
        assert_eq!(source.release.as_deref(), Some("4.4.0"));
        assert!(
            "four=a/b"
                .parse::<Source>()
                .unwrap_err()
                .contains("`four` is not a release")
        );
        assert_eq!("a/b=c".parse::<Source>().unwrap().path, Path::new("a/b=c"));
    }
}
