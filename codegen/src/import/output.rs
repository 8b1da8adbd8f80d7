//! The `protocol-json` folder: one file a message and `releases.json`.
//! Only what changed is written, and definitions of messages that are gone are removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::print::{Printed, quoted};
use super::{ImportError, Summary};
use crate::corpus::{RELEASES_FILE, Release, Releases};
use crate::schema::Definition;
use crate::versions::Versions;

/// Brings the folder to the state of the import.
pub(super) fn write(
    folder: &Path,
    messages: &[Printed],
    releases: &Releases,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    for printed in messages {
        let name = format!("{}.json", printed.message.definition.name);
        let path = folder.join(printed.message.module).join(name);
        files.insert(path, printed.text.clone());
    }
    files.insert(folder.join(RELEASES_FILE), history(releases));
    let modules: BTreeSet<_> = messages
        .iter()
        .map(|printed| printed.message.module)
        .collect();
    for module in modules {
        for path in json_files(&folder.join(module))? {
            if !files.contains_key(&path) && is_definition(&path) {
                fs::remove_file(&path).map_err(ImportError::io(&path))?;
                summary.files.removed += 1;
                summary.removed.insert(path.display().to_string());
            }
        }
    }
    for (path, text) in files {
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            summary.files.unchanged += 1;
            continue;
        }
        if let Some(module) = path.parent() {
            fs::create_dir_all(module).map_err(ImportError::io(module))?;
        }
        fs::write(&path, text).map_err(ImportError::io(&path))?;
        summary.files.written += 1;
    }
    Ok(())
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(ImportError::io(folder))? {
        let path = entry.map_err(ImportError::io(folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(files)
}

/// Returns `true` if the file is one that an import may have written. Others stay.
fn is_definition(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| Definition::parse("", &text).is_ok())
}

/// The text of `releases.json`.
fn history(releases: &Releases) -> String {
    let list = |names: &[String]| names.iter().map(quoted).collect::<Vec<_>>().join(", ");
    let lines = |map: &BTreeMap<String, String>, indent: &str| {
        let lines = map
            .iter()
            .map(|(key, value)| format!("{indent}{}: {}", quoted(key), quoted(value)));
        lines.collect::<Vec<_>>().join(",\n")
    };
    let mut out = "{\n".to_owned();
    let _ = writeln!(out, "  \"releases\": [{}],", list(&releases.releases));
    let _ = writeln!(out, "  \"layouts\": [{}],", list(&releases.layouts));
    let _ = writeln!(
        out,
        "  \"modules\": {{\n{}\n  }},",
        lines(&releases.modules, "    ")
    );
    let _ = writeln!(
        out,
        "  \"renamed\": {{\n{}\n  }},",
        lines(&releases.renamed, "    ")
    );
    let ranges = |map: &BTreeMap<Release, Versions>| {
        let pairs = map.iter().filter_map(|(release, versions)| {
            let release = releases.releases.get(*release)?;
            Some(format!("{}: {}", quoted(release), quoted(versions)))
        });
        format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
    };
    let messages = releases.messages.iter().map(|(name, history)| {
        let mut keys = vec![
            format!("\"module\": {}", quoted(&history.module)),
            format!("\"versions\": {}", ranges(&history.versions)),
        ];
        if !history.unstable.is_empty() {
            keys.push(format!("\"unstable\": {}", ranges(&history.unstable)));
        }
        if !history.fields.is_empty() {
            keys.push(format!(
                "\"fields\": {{\n{}\n      }}",
                lines(&history.fields, "        ")
            ));
        }
        format!(
            "    {}: {{\n      {}\n    }}",
            quoted(name),
            keys.join(",\n      ")
        )
    });
    let _ = writeln!(
        out,
        "  \"messages\": {{\n{}\n  }}\n}}",
        messages.collect::<Vec<_>>().join(",\n")
    );
    out
}
