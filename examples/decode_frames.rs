//! Decodes recorded frames and prints a line for each:
//!
//! ```sh
//! cargo run --example decode_frames -- tests/frames/java.frames
//! ```
//!
//! The file has a line a frame: connection, `>` to the broker or `<` from it, milliseconds, the frame in hexadecimal.
//! With `-v` the messages are printed too.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::process::ExitCode;
use std::{env, fs::File};

use bytes::Bytes;
use kafka_codec::enumerations::Acks;
use kafka_codec::frame::FrameReader;
use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::{AnyRequest, AnyResponse, ApiKey, HeaderVersions, Version};

const USAGE: &str = "usage: decode_frames [-v] FILE, where FILE is one of tests/frames/*.frames";

type BoxError = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let (options, files): (Vec<_>, Vec<_>) =
        env::args().skip(1).partition(|arg| arg.starts_with('-'));
    let ([file], true) = (
        files.as_slice(),
        options.iter().all(|option| option == "-v"),
    ) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match decode_file(file, !options.is_empty()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints all frames of a file: how many could not be decoded.
fn decode_file(path: &str, verbose: bool) -> Result<usize, BoxError> {
    let mut connections = HashMap::<String, Connection>::new();
    let mut out = io::stdout().lock();
    let (mut frames, mut failed) = (0, 0);
    for (number, line) in (1..).zip(BufReader::new(File::open(path)?).lines()) {
        let line = line?;
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let parts: Vec<_> = line.split(' ').collect();
        let [name, direction @ (">" | "<"), millis, hex] = parts.as_slice() else {
            return Err(format!(
                "line {number} is not a frame; expected: CONNECTION > MILLISECONDS HEX"
            )
            .into());
        };
        let bytes = unhex(hex).ok_or_else(|| format!("line {number}: not hexadecimal"))?;
        let connection = connections.entry((*name).to_owned()).or_default();
        let is_request = *direction == ">";
        let reader = if is_request {
            &mut connection.from_client
        } else {
            &mut connection.from_broker
        };
        let Some(frame) = reader.next_frame(&mut &bytes[..])? else {
            continue;
        };
        let text = if is_request {
            request(&frame, &mut connection.in_flight, verbose)
        } else {
            response(&frame, &mut connection.in_flight, verbose)
        };
        let text = text.unwrap_or_else(|error| {
            failed += 1;
            format!("not decoded: {error}")
        });
        frames += 1;
        let size = frame.len();
        match writeln!(
            out,
            "{millis:>6} ms {name:>4} {direction} {size:>6} bytes  {text}"
        ) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(failed),
            written => written?,
        }
    }
    eprintln!("{} of {frames} frames decoded", frames - failed);
    Ok(failed)
}

/// What is known of a connection.
#[derive(Default)]
struct Connection {
    from_client: FrameReader,
    from_broker: FrameReader,
    in_flight: VecDeque<InFlight>,
}

/// A request that waits for its response.
struct InFlight {
    key: ApiKey,
    version: Version,
    correlation_id: i32,
}

fn request(
    frame: &Bytes,
    in_flight: &mut VecDeque<InFlight>,
    verbose: bool,
) -> Result<String, BoxError> {
    let (header, body) = RequestHeader::split(frame)?;
    let (key, version, correlation_id) =
        (header.api_key(), header.version(), header.correlation_id);
    let request = AnyRequest::decode(key, version, body)?;
    // The only request that is not answered.
    if !matches!(&request, AnyRequest::Produce(produce) if produce.acks == Acks::NONE) {
        in_flight.push_back(InFlight {
            key,
            version,
            correlation_id,
        });
    }
    let client = header.client_id.unwrap_or_default();
    let name = request.name();
    Ok(format!(
        "{name} v{version} correlation {correlation_id} from `{}`{}",
        client.escape_debug(),
        shown(&request, verbose)
    ))
}

fn response(
    frame: &Bytes,
    in_flight: &mut VecDeque<InFlight>,
    verbose: bool,
) -> Result<String, BoxError> {
    let Some(InFlight {
        key,
        version,
        correlation_id,
    }) = in_flight.pop_front()
    else {
        return Err("no request waits for it".into());
    };
    let (header, body) = ResponseHeader::split(frame, HeaderVersions::of(key, version))?;
    if header.correlation_id != correlation_id {
        return Err(format!(
            "correlation {}, expected {correlation_id}",
            header.correlation_id
        )
        .into());
    }
    let response = AnyResponse::decode(key, version, body)?;
    let name = response.name();
    Ok(format!(
        "{name} v{version} correlation {correlation_id}{}",
        shown(&response, verbose)
    ))
}

fn shown(message: &impl std::fmt::Debug, verbose: bool) -> String {
    if verbose {
        format!("\n{message:#?}")
    } else {
        String::new()
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
