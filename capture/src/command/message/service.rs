//! A line in, a line out: what any implementation of the protocol can ask to compare itself with. No line
//! ends the service; what is wrong with one is its answer.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use kafka_codec::schema::{Schema, json};
use kafka_codec::wire::{Limits, Writer};
use kafka_codec::{ApiKey, Version};
use serde_json::value::RawValue;

use super::{bytes, choice, typed};

/// What ended the service before its input did.
pub(super) enum StreamError {
    Input(io::Error),
    Output(io::Error),
}

/// Answers every line of `input`, in order.
pub(super) fn run(input: impl Read, out: impl Write) -> Result<(), StreamError> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let (mut line, mut reply) = (Vec::new(), Vec::new());
    loop {
        // Whoever waits for an answer before they go on gets it.
        if input.buffer().is_empty() {
            out.flush().map_err(StreamError::Output)?;
        }
        line.clear();
        if input
            .read_until(b'\n', &mut line)
            .map_err(StreamError::Input)?
            == 0
        {
            return out.flush().map_err(StreamError::Output);
        }
        reply.clear();
        if let Err(error) = answer(&line, &mut reply) {
            reply.clear();
            let text = serde_json::Value::from(error).to_string();
            reply.extend_from_slice(b"{\"error\":");
            reply.extend_from_slice(text.as_bytes());
            reply.push(b'}');
        }
        reply.push(b'\n');
        out.write_all(&reply).map_err(StreamError::Output)?;
    }
}

/// Writes the answer to `line` into `reply`; or what is wrong with it.
fn answer(line: &[u8], reply: &mut Vec<u8>) -> Result<(), String> {
    let line = str::from_utf8(line).map_err(|error| format!("the line is not UTF-8: {error}"))?;
    let line = Line::parse(line)?;
    let schema = line.schema()?;
    let version = choice::version_of(schema, line.version()?);
    match (line.text("hex")?, line.members.get("json")) {
        (Some(hex), None) => {
            let bytes = bytes::from_hex(hex.as_bytes()).map_err(|error| format!("hex: {error}"))?;
            let options = json::Options::java();
            reply.extend_from_slice(b"{\"json\":");
            json::write(
                schema,
                version,
                &bytes,
                Limits::UNLIMITED,
                &options,
                &mut *reply,
            )
            .map_err(|error| error.to_string())?;
            let again = typed::reencode(schema.name(), version, &bytes)?;
            reply.extend_from_slice(b",\"reencoded\":\"");
            reply.extend_from_slice(bytes::to_hex(&again).as_bytes());
        }
        (None, Some(json)) => {
            let mut writer = Writer::new();
            let options = json::ReadOptions::java();
            json::encode(schema, version, json.get(), options, &mut writer)
                .map_err(|error| error.to_string())?;
            reply.extend_from_slice(b"{\"hex\":\"");
            reply.extend_from_slice(bytes::to_hex(&writer.into_vec()).as_bytes());
        }
        (None, None) => return Err("`hex` or `json` is missing".to_owned()),
        (Some(_), Some(_)) => return Err("`hex` and `json` are both there".to_owned()),
    }
    reply.extend_from_slice(b"\"}");
    Ok(())
}

/// The members of a line.
struct Line<'t> {
    members: HashMap<String, &'t RawValue>,
}

impl<'t> Line<'t> {
    fn parse(text: &'t str) -> Result<Self, String> {
        let members = serde_json::from_str(text)
            .map_err(|error| format!("the line is not a JSON object: {error}"))?;
        Ok(Self { members })
    }

    /// The member with this key, which is a string.
    fn text(&self, key: &str) -> Result<Option<String>, String> {
        let parse = |json: &&RawValue| {
            let text = serde_json::from_str(json.get());
            text.map_err(|_| format!("`{key}` is not a string"))
        };
        self.members.get(key).map(parse).transpose()
    }

    fn need(&self, key: &str) -> Result<String, String> {
        self.text(key)?.ok_or_else(|| format!("`{key}` is missing"))
    }

    fn version(&self) -> Result<Version, String> {
        let version = self.members.get("version").ok_or("`version` is missing")?;
        let version = serde_json::from_str(version.get());
        version
            .map(Version)
            .map_err(|_| "`version` is not an int16".to_owned())
    }

    fn schema(&self) -> Result<&'static Schema, String> {
        let of_api = |find: fn(ApiKey) -> Option<&'static Schema>| {
            let key = choice::api(&self.need("api")?)?;
            find(key).ok_or_else(|| format!("{key} is not known"))
        };
        match self.need("kind")?.as_str() {
            "request" => of_api(Schema::of_request),
            "response" => of_api(Schema::of_response),
            "header" | "data" => {
                Schema::named(&self.need("name")?).map_err(|error| error.to_string())
            }
            other => Err(format!(
                "`kind` is \"{}\", expected request, response, header or data",
                other.escape_default()
            )),
        }
    }
}

const BUFFER: usize = 64 * 1024;
