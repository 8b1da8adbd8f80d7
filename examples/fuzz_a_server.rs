//! Fuzzes a server over TCP with random and malformed requests, and prints what it gets wrong:
//!
//! ```sh
//! cargo run --features random --example fuzz_a_server -- 10000
//! ```
//!
//! The server is a toy that reads Metadata requests with a parser of its own. The number is that of seeds. The program
//! fuzzes it twice: as it should be, where nothing may be found, and with four bugs in it that real parsers
//! have had, each of which must be found. To fuzz a server of yours, keep `fuzz` and replace `ToyServer`.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{env, panic, thread};

use bytes::Buf;
use kafka_codec::frame::encode_response;
use kafka_codec::messages::MetadataResponse;
use kafka_codec::schema::random::{Expectation, Frame, Mutated, Options, Seeded};
use kafka_codec::{ApiKey, Version};

type BoxError = Box<dyn std::error::Error>;

const API: ApiKey = ApiKey::Metadata;

fn main() -> ExitCode {
    let seeds = match env::args().nth(1).map(|text| text.parse()) {
        None => 2000,
        Some(Ok(seeds)) => seeds,
        Some(Err(_)) => {
            eprintln!("usage: fuzz_a_server [SEEDS], a number");
            return ExitCode::from(2);
        }
    };
    // The threads of the server with bugs panic as expected; their connection tells.
    panic::set_hook(Box::new(|_| {}));
    match run(seeds) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing was found in the sound server and everything in the other one.
fn run(seeds: u64) -> Result<bool, BoxError> {
    println!("a sound server:");
    let sound = fuzz(&ToyServer::start(false)?, seeds)?;
    println!("a server with four bugs:");
    let buggy = fuzz(&ToyServer::start(true)?, seeds)?;
    let expected = [
        "crashed on length above what is left",
        "accepted negative length where there is no null",
        "refused variable-length integer longer than need be",
        "accepted string of more than 32767 bytes",
    ];
    let missed: Vec<_> = expected
        .into_iter()
        .filter(|bug| !buggy.contains_key(*bug))
        .collect();
    for bug in &missed {
        println!("not found in {seeds} seeds: {bug}");
    }
    Ok(sound.is_empty() && missed.is_empty())
}

/// Sends a valid request and a malformed one for each seed. Returns how often the server did what it must not.
fn fuzz(server: &ToyServer, seeds: u64) -> Result<BTreeMap<String, usize>, BoxError> {
    let versions: Vec<_> = API
        .versions()
        .ok_or("an API without versions")?
        .iter()
        .collect();
    let options = Options::default().with_max_bytes(512);
    let mut found = BTreeMap::new();
    let mut note = |what: String, seed: u64, detail: &str| {
        let count = found.entry(what.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            println!("  seed {seed}: {what}: {detail}");
        }
    };
    for (seed, version) in (0..seeds).zip(versions.into_iter().cycle()) {
        let mut entropy = Seeded::new(seed);
        let request = Frame::request(API, version, &options, &mut entropy)
            .ok_or("a version without requests")?;
        match server.send(&request.to_bytes())? {
            Outcome::Answered(id) if id == request.correlation_id() => {}
            outcome => note(
                format!("{outcome} a valid request"),
                seed,
                &format!("v{version}"),
            ),
        }
        let mutated = request.randomly_mutated(&mut entropy);
        let outcome = server.send(mutated.bytes())?;
        if is_wrong(&mutated, &outcome, request.correlation_id()) {
            note(
                format!("{outcome} {}", mutated.mutation()),
                seed,
                &mutated.to_string(),
            );
        }
    }
    println!(
        "  {} requests sent, {} kinds of fault found",
        2 * seeds,
        found.len()
    );
    Ok(found)
}

/// Returns `true` if the server did what it must not.
fn is_wrong(mutated: &Mutated, outcome: &Outcome, correlation_id: i32) -> bool {
    match (outcome, mutated.expectation()) {
        (Outcome::Crashed | Outcome::Silent, _) => true,
        (Outcome::Answered(_), Expectation::Refuse) | (Outcome::Refused, Expectation::Accept) => {
            true
        }
        (Outcome::Answered(id), _) => *id != correlation_id,
        (Outcome::Refused, _) => false,
    }
}

/// What a server did with a frame.
enum Outcome {
    /// It answered, with this correlation id.
    Answered(i32),
    /// It closed the connection.
    Refused,
    /// It died.
    Crashed,
    /// It did nothing for too long.
    Silent,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Answered(_) => "accepted",
            Self::Refused => "refused",
            Self::Crashed => "crashed on",
            Self::Silent => "did not answer",
        })
    }
}

/// A server on this machine, and what its log says of each connection: whether it crashed.
struct ToyServer {
    address: SocketAddr,
    log: Receiver<bool>,
}

impl ToyServer {
    fn start(has_bugs: bool) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (log, receiver) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let served = thread::spawn(move || serve(stream, has_bugs)).join();
                if log.send(served.is_err()).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            address,
            log: receiver,
        })
    }

    /// What comes of one frame on a connection of its own.
    fn send(&self, frame: &[u8]) -> Result<Outcome, BoxError> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        // The server may close it before all is sent, or before it read everything.
        let sent = stream.write_all(frame);
        let sent = sent.and_then(|()| stream.shutdown(Shutdown::Write));
        if let Some(error) = sent.err().filter(|error| !is_closed(error)) {
            return Err(error.into());
        }
        let mut answer = Vec::new();
        let is_closed = stream
            .read_to_end(&mut answer)
            .map_or_else(|error| is_closed(&error), |_| true);
        let has_crashed = is_closed && self.log.recv_timeout(TIMEOUT)?;
        Ok(match answer.get(4..8).and_then(|id| id.first_chunk()) {
            _ if !is_closed => Outcome::Silent,
            _ if has_crashed => Outcome::Crashed,
            Some(id) => Outcome::Answered(i32::from_be_bytes(*id)),
            None => Outcome::Refused,
        })
    }
}

/// Returns `true` if the other side closed the connection.
fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected].contains(&error.kind())
}

const UUID_BYTES: usize = 16;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Answers what it understands, and closes the connection at the first frame that it does not.
fn serve(mut stream: TcpStream, has_bugs: bool) {
    let mut size = [0; 4];
    while stream.read_exact(&mut size).is_ok() {
        let Some(length) = usize::try_from(i32::from_be_bytes(size))
            .ok()
            .filter(|size| *size < 1 << 20)
        else {
            return;
        };
        let mut frame = vec![0; length];
        if stream.read_exact(&mut frame).is_err() {
            return;
        }
        let mut parser = Parser {
            rest: &frame,
            has_bugs,
        };
        let Some((version, correlation_id)) = parser.request() else {
            return;
        };
        let response = MetadataResponse::default();
        let Ok(mut answer) = encode_response(Vec::new(), &response, version, correlation_id) else {
            return;
        };
        if stream
            .write_all(&answer.copy_to_bytes(answer.remaining()))
            .is_err()
        {
            return;
        }
    }
}

/// A parser of Metadata requests, written by hand.
struct Parser<'a> {
    rest: &'a [u8],
    has_bugs: bool,
}

impl<'a> Parser<'a> {
    /// Version and correlation id; `None` if it is no such request.
    fn request(&mut self) -> Option<(Version, i32)> {
        let key = i16::from_be_bytes(self.chunk()?);
        let version = i16::from_be_bytes(self.chunk()?);
        let correlation_id = i32::from_be_bytes(self.chunk()?);
        if key != API.number() || !API.versions()?.contains(Version(version)) {
            return None;
        }
        let is_compact = version >= 9;
        let _client_id = self.string(false)?;
        self.tags(is_compact)?;
        let topics = self.length(is_compact, 4)?;
        if topics.is_none() && version == 0 {
            return None;
        }
        for _ in 0..topics.unwrap_or(0) {
            if version >= 10 {
                self.bytes(UUID_BYTES)?;
            }
            let name = self.string(is_compact)?;
            if name.is_none() && version < 10 {
                return None;
            }
            self.tags(is_compact)?;
        }
        self.bytes(match version {
            ..=3 => 0,
            4..=7 => 1,
            8..=10 => 3,
            11.. => 2,
        })?;
        self.tags(is_compact)?;
        self.rest
            .is_empty()
            .then_some((Version(version), correlation_id))
    }

    /// A string that may be null.
    fn string(&mut self, is_compact: bool) -> Option<Option<&'a [u8]>> {
        let Some(length) = self.length(is_compact, 2)? else {
            return Some(None);
        };
        if self.has_bugs {
            // Bugs: the length is not compared with what is left, nor with the most a string may have.
            #[allow(clippy::indexing_slicing, reason = "this is the bug")]
            let (text, rest) = (&self.rest[..length], &self.rest[length..]);
            self.rest = rest;
            return Some(Some(text));
        }
        if length > 0x7fff {
            return None;
        }
        self.bytes(length).map(Some)
    }

    /// A length, which takes a number of bytes if it is not compact; `None` inside is null.
    fn length(&mut self, is_compact: bool, size: usize) -> Option<Option<usize>> {
        let length = match (is_compact, size) {
            (true, _) => i64::from(self.varint()?) - 1,
            (false, 2) => i16::from_be_bytes(self.chunk()?).into(),
            (false, _) => i32::from_be_bytes(self.chunk()?).into(),
        };
        let length = if length > i32::MAX.into() { -2 } else { length };
        match usize::try_from(length) {
            Ok(length) => Some(Some(length)),
            // Bug: what is negative but not null is empty.
            Err(_) if self.has_bugs && length < -1 => Some(Some(0)),
            Err(_) => Some(None),
        }
    }

    fn tags(&mut self, is_compact: bool) -> Option<()> {
        let count = if is_compact { self.varint()? } else { 0 };
        for _ in 0..count {
            self.varint()?;
            let size = self.varint()?;
            self.bytes(usize::try_from(size).ok()?)?;
        }
        Some(())
    }

    fn varint(&mut self) -> Option<u32> {
        let mut value = 0;
        for index in 0..5 {
            let [byte] = self.chunk()?;
            value |= u32::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                // Bug: no encoder it was tried with writes a zero after other bytes.
                let is_overlong = index > 0 && byte == 0;
                return (!(self.has_bugs && is_overlong)).then_some(value);
            }
        }
        None
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.first_chunk().copied()
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }
}
