//! Generates the messages, and tells the build scripts of other packages where the definitions are:
//! see the crate `kafka-codec-codegen`.

use std::env;
use std::path::{Path, PathBuf};

use kafka_codec_codegen::{GenerateError, Messages, generate};

fn main() -> Result<(), GenerateError> {
    let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol-json");
    println!("cargo::rerun-if-changed={}", definitions.display());
    println!("cargo::metadata=definitions={}", definitions.display());
    println!("cargo::metadata=version={}", env!("CARGO_PKG_VERSION"));
    let messages = match env::var_os("CARGO_FEATURE_MESSAGES") {
        Some(_) => Messages::All,
        None => Messages::Session,
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let schemas = env::var_os("CARGO_FEATURE_SCHEMA").is_some();
    if schemas {
        println!("cargo::metadata=schema=yes");
    }
    generate(&definitions, messages, schemas, &out)
}
