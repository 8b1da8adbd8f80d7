//! Every message by its name, as its schema reads and writes it: what stands in for the typed structs where those are
//! not built.

use kafka_codec::Version;
use kafka_codec::schema::{Schema, json};
use kafka_codec::wire::{Limits, Writer};

/// The bytes that the message with this name becomes by way of its lossless JSON.
pub(super) fn reencode(name: &str, version: Version, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let schema = Schema::named(name).map_err(|error| error.to_string())?;
    let options = json::Options::lossless();
    let mut text = Vec::new();
    json::write(
        schema,
        version,
        bytes,
        Limits::UNLIMITED,
        &options,
        &mut text,
    )
    .map_err(|error| error.to_string())?;
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    let mut writer = Writer::new();
    let options = json::ReadOptions::lossless();
    json::encode(schema, version, &text, options, &mut writer)
        .map_err(|error| error.to_string())?;
    Ok(writer.into_vec())
}
