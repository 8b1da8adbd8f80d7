//! Generates the messages: see the crate `kafka-codec-codegen`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, error::Error};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=protocol-json");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    match kafka_codec_codegen::generate("protocol-json".as_ref(), &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error
                .source()
                .map_or(String::new(), |cause| format!(": {cause}"));
            eprintln!("{error}{cause}");
            ExitCode::FAILURE
        }
    }
}
