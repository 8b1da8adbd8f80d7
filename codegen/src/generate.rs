//! The interface for `kafka-codec`'s own `build.rs`: a folder of definitions in, a folder of Rust out.
//! What a user's call is in `builder`.

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;

use crate::corpus::Corpus;
use crate::error::GenerateError;
use crate::print::print;
use crate::select::{Selection, Target};
use crate::{emit, quirks, resolve};

/// Which messages the library has.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Messages {
    /// All of them.
    All,
    /// Those that the library itself is written with: the headers, and the messages with which a
    /// connection begins.
    Session,
}

/// Generates `messages/`, a file a message with `mod.rs` to declare them and Markdown for their documentation, and beside it `api_keys.rs`, `error_codes.rs`,
/// `enumerations.rs`, `throttle_time.rs`, `server_wait.rs`, `any_messages.rs` and `record_types.rs`, in the folder `out` from the definitions
/// in the folder `definitions`. The API keys and the messages that throttle times and waits are read from are always all
/// of them. With `schemas` the messages have their tables, `schemas.rs` has the lists of these, and `secrets.rs` the names
/// of what is secret in them.
///
/// # Errors
///
/// A file cannot be read or written, or definitions have faults: then all of them.
pub fn generate(
    definitions: &Path,
    messages: Messages,
    schemas: bool,
    out: &Path,
) -> Result<(), GenerateError> {
    let corpus = Corpus::read(definitions)?;
    let mut protocol = resolve::resolve(&corpus)?;
    write(&out.join("api_keys.rs"), emit::api_keys(&protocol))?;
    write(
        &out.join("error_codes.rs"),
        emit::error_codes(&corpus.errors.codes),
    )?;
    write(
        &out.join("enumerations.rs"),
        emit::enumerations(&corpus.enumerations.all),
    )?;
    write(
        &out.join("throttle_time.rs"),
        emit::throttle_time(&protocol),
    )?;
    write(&out.join("server_wait.rs"), emit::server_wait(&protocol))?;
    match messages {
        Messages::All => {
            write(&out.join("any_messages.rs"), emit::any_messages(&protocol))?;
            write(&out.join("record_types.rs"), emit::record_types(&protocol))?;
        }
        Messages::Session => protocol = session().apply(protocol)?,
    }
    if schemas {
        let secrets = corpus.apis.map(|apis| apis.secrets).unwrap_or_default();
        write(&out.join("secrets.rs"), emit::secrets(&secrets))?;
        write(&out.join("schemas.rs"), emit::schemas(&protocol))?;
    }
    let folder = out.join("messages");
    fs::create_dir_all(&folder).map_err(|source| GenerateError::Write {
        path: folder.clone(),
        source,
    })?;
    for module in emit::modules(&protocol, schemas) {
        write_text(&folder.join(format!("{}.md", module.name)), &module.page)?;
        write(&folder.join(module.name + ".rs"), module.code)?;
    }
    write_text(&folder.join("apis.md"), &emit::apis(&protocol))?;
    write(&folder.join("mod.rs"), emit::messages(&protocol))
}

fn session() -> Selection {
    let mut session = Selection::default();
    for api in quirks::SESSION_APIS {
        session.add(Target::Api, api, ..);
    }
    for header in [quirks::REQUEST_HEADER, quirks::RESPONSE_HEADER] {
        session.add(Target::Message, header.name, ..);
    }
    session
}

/// Writes generated code as text.
pub(crate) fn write(path: &Path, code: TokenStream) -> Result<(), GenerateError> {
    let text = print(code).trim_start_matches('\n').to_owned() + "\n";
    write_text(path, &text)
}

fn write_text(path: &Path, text: &str) -> Result<(), GenerateError> {
    fs::write(path, text).map_err(|source| GenerateError::Write {
        path: path.to_owned(),
        source,
    })
}
