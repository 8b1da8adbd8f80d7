//! The Rust that is generated, as `kafka-codegen show` prints it. Needs the `cli` feature.
#![cfg(feature = "cli")]

mod features;
mod peek;
mod real;
mod successors;

use std::path::Path;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::show::show;

/// A snapshot of the code that is generated for a message.
fn assert_generated(corpus: &Corpus, message: &str, snapshot: &str) -> String {
    let code = show(corpus, message)
        .map_err(|error| error.to_string())
        .expect("no faults");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(snapshot, code));
    code
}

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
