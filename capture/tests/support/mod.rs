//! What several tests use: decoding a capture into a list of what was found.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod captures;
pub(crate) mod command;
pub(crate) mod exchange;
pub(crate) mod fuzz_capture;
pub(crate) mod incident;
pub(crate) mod packets;
pub(crate) mod seeds;
pub(crate) mod talk;
#[cfg(feature = "tls")]
pub(crate) mod tls;
pub(crate) mod typed;
pub(crate) mod wrap;
pub(crate) mod wrapped;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kafka_capture::input::{Input, InputError, Packets};
use kafka_capture::output::Sink;
#[cfg(feature = "report")]
use kafka_capture::report::Report;
use kafka_capture::{Counts, Decoder, Direction, Event, EventKind};

/// An event, as far as tests compare it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) client: u16,
    pub(crate) broker: u16,
    pub(crate) to_broker: bool,
    pub(crate) kind: &'static str,
    pub(crate) api: String,
    pub(crate) version: i16,
    pub(crate) id: i32,
    pub(crate) client_id: String,
    pub(crate) bytes: u64,
    pub(crate) time: i64,
    pub(crate) latency: Option<i64>,
    pub(crate) whole: bool,
    pub(crate) reason: String,
}

/// A sink that keeps everything.
#[derive(Default)]
pub(crate) struct List(pub(crate) Vec<Found>);

impl Sink for List {
    fn event(&mut self, event: &Event<'_>) {
        let mut found = Found {
            client: event.connection.client.port(),
            broker: event.connection.broker.port(),
            to_broker: event.direction == Direction::ToBroker,
            kind: "message",
            api: String::new(),
            version: 0,
            id: 0,
            client_id: String::new(),
            bytes: 0,
            time: event.time,
            latency: None,
            whole: true,
            reason: String::new(),
        };
        match &event.kind {
            EventKind::Message(message) => {
                found.api = message.api_key.to_string();
                found.version = message.version.0;
                found.id = message.correlation_id;
                found.client_id = message.client_id.unwrap_or_default().to_owned();
                found.bytes = message.bytes;
                found.latency = message.latency;
                found.whole = message.truncation.is_none();
            }
            EventKind::SaslToken { bytes } => {
                found.kind = "sasl";
                found.bytes = *bytes;
            }
            EventKind::Undecoded(undecoded) => {
                found.kind = "undecoded";
                found.id = undecoded.correlation_id.unwrap_or_default();
                found.bytes = undecoded.bytes;
                found.reason = undecoded.reason.clone();
            }
            EventKind::Gap(gap) => {
                found.kind = "gap";
                found.bytes = gap.missing + gap.skipped;
                found.reason = gap.reason.clone();
            }
            EventKind::Tls(tls) => {
                found.kind = "tls";
                found.reason = tls.outcome.to_string();
            }
            EventKind::Preamble(preamble) => {
                found.kind = "preamble";
                found.bytes = preamble.bytes;
                found.reason = preamble.text.clone();
            }
            other => panic!("a new kind of event: {other:?}"),
        }
        self.0.push(found);
    }
}

/// All that is found in a capture.
pub(crate) fn decode(
    bytes: Vec<u8>,
    ports: Vec<u16>,
) -> (Vec<Found>, Counts, Result<(), InputError>) {
    let mut list = List::default();
    let mut decoder = Decoder::new(ports);
    let result = feed(&mut decoder, &mut list, bytes);
    let counts = decoder.finish(&mut list);
    (list.0, counts, result)
}

/// Feeds all packets to a decoder and to the report.
#[cfg(feature = "report")]
pub(crate) fn feed_report(mut packets: Packets, decoder: &mut Decoder, report: &mut Report) {
    let read = packets.for_each(
        |packet| {
            report.packet(packet.time);
            decoder.packet(&packet, report);
            ControlFlow::Continue(())
        },
        || {},
    );
    read.unwrap();
}

pub(crate) fn feed(
    decoder: &mut Decoder,
    list: &mut List,
    bytes: Vec<u8>,
) -> Result<(), InputError> {
    let input = Input::new("test".to_owned(), Box::new(std::io::Cursor::new(bytes))).unwrap();
    let packets = Packets::new(input)?;
    #[cfg(feature = "tls")]
    let packets = packets.with_secrets(decoder.secrets().clone());
    let (mut packets, mut keeper) = (packets, seeds::Keeper::new());
    packets.for_each(
        |packet| {
            keeper.push(&packet);
            decoder.packet(&packet, list);
            ControlFlow::Continue(())
        },
        || {},
    )
}

/// All that is found in a capture file, which is read to its end.
pub(crate) fn decode_file(path: &Path) -> (Vec<Found>, Counts) {
    decode_files(&[path.to_owned()])
}

/// All that is found in a capture of several files, which are read to their ends.
pub(crate) fn decode_files(paths: &[PathBuf]) -> (Vec<Found>, Counts) {
    let mut list = List::default();
    let mut decoder = Decoder::new(Vec::new());
    #[cfg(feature = "tls")]
    for path in paths {
        let key_log = path.with_extension("keylog");
        if key_log.exists() {
            let report = decoder.secrets().read(&key_log).unwrap();
            assert_eq!(report.faults, []);
        }
    }
    for path in paths {
        feed(&mut decoder, &mut list, std::fs::read(path).unwrap()).unwrap();
    }
    let counts = decoder.finish(&mut list);
    (list.0, counts)
}
