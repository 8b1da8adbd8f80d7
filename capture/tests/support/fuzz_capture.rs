//! What the fuzz targets `capture` and `packets` do, shared by `fuzz/` and `mutations.rs`: bytes are a capture file. It is read to its
//! end or to where it is malformed; what is written is whole lines that no peer's bytes got into as they were, and the
//! counts agree with it.
#![allow(dead_code, reason = "each uses its own part")]

use std::io::{self, Read};
use std::ops::ControlFlow;

use kafka_capture::input::{Input, InputError, Packets};
use kafka_capture::output::{NdjsonSink, Sink, TextOptions, TextSink, Writes};
use kafka_capture::{Counts, Decoder, Direction, Event, EventKind, RecordOptions};

/// The most that is written for a byte of a file that is not packed: a field of the wire takes at least a byte, and its
/// name and value in JSON not more than this.
pub(crate) const MAX_PER_BYTE: usize = 256;
/// The most for what a packet and the end of a connection say.
const MAX_PER_LINE: usize = 1024;

/// What was made of a file.
pub(crate) struct Decoded {
    pub(crate) counts: Counts,
    pub(crate) result: Result<(), InputError>,
    pub(crate) ndjson: Vec<u8>,
    pub(crate) text: Vec<u8>,
}

/// The first byte says how the file is read and shown, the next two are a port, the rest is the file.
pub(crate) fn capture(input: &[u8]) -> Option<Decoded> {
    let ([flags, port @ ..], file) = input.split_first_chunk::<3>()?;
    let has = |bit: u8| flags & bit != 0;
    let port = u16::from_be_bytes(*port);
    let ports = if has(1) { vec![port] } else { Vec::new() };
    let records = RecordOptions {
        payload: has(2),
        internal: has(2),
        ..RecordOptions::default()
    };
    let decoded = decode(file, usize::MAX, ports.clone(), records);
    check(&decoded, file, records);
    // As from a pipe. Of a packed file, what was unpacked together with the damage is lost with it.
    if has(4) && !is_packed(file) {
        let in_pieces = decode(file, 7, ports, records);
        assert!(in_pieces.ndjson == decoded.ndjson, "depends on the pieces");
        assert_eq!(in_pieces.counts, decoded.counts);
    }
    Some(decoded)
}

/// Reads a file, at most `piece` bytes at a time.
fn decode(file: &[u8], piece: usize, ports: Vec<u16>, records: RecordOptions) -> Decoded {
    let (mut ndjson, mut text) = (Vec::new(), Vec::new());
    let options = TextOptions {
        fields: true,
        records,
        ..TextOptions::default()
    };
    let mut all = All {
        ndjson: NdjsonSink::new(&mut ndjson, Default::default()).with_records(records),
        text: TextSink::new(&mut text, options),
        counts: Counts::default(),
        events: 0,
    };
    let mut decoder = Decoder::new(ports);
    let bytes = Pieces(file.to_vec(), 0, piece);
    let result = Input::new("fuzz".to_owned(), Box::new(bytes))
        .and_then(Packets::new)
        .and_then(|mut packets| {
            packets.for_each(
                |packet| {
                    decoder.packet(&packet, &mut all);
                    ControlFlow::Continue(())
                },
                || {},
            )
        });
    let counts = decoder.finish(&mut all);
    all.ndjson.flush();
    all.text.flush();
    all.check(&counts);
    let lines = all.events;
    drop(all);
    let found = ndjson.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(found, lines, "a line an event");
    Decoded {
        counts,
        result,
        ndjson,
        text,
    }
}

fn check(decoded: &Decoded, file: &[u8], records: RecordOptions) {
    let is_unsafe = |byte: &u8| byte.is_ascii_control() && *byte != b'\n';
    for output in [&decoded.ndjson, &decoded.text] {
        assert!(output.last().is_none_or(|last| *last == b'\n'));
        assert!(std::str::from_utf8(output).is_ok() && !output.iter().any(is_unsafe));
    }
    let lines = decoded.ndjson.split(|byte| *byte == b'\n');
    for line in lines.filter(|line| !line.is_empty()) {
        let object: serde_json::Value = serde_json::from_slice(line).expect("a line is JSON");
        assert!(object["kind"].is_string() && object["conn"].is_string());
    }
    if !is_packed(file) && !records.payload {
        let packets = usize::try_from(decoded.counts.packets).unwrap();
        let max_written = MAX_PER_BYTE * file.len() + MAX_PER_LINE * (1 + packets);
        let written = decoded.ndjson.len().max(decoded.text.len());
        assert!(written <= max_written, "{written} bytes for {}", file.len());
    }
}

/// Returns `true` if it begins as gzip or zstd do.
fn is_packed(file: &[u8]) -> bool {
    file.starts_with(&[0x1f, 0x8b]) || file.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Both outputs, and what the events themselves add up to.
struct All<'a> {
    ndjson: NdjsonSink<&'a mut Vec<u8>>,
    text: TextSink<&'a mut Vec<u8>>,
    counts: Counts,
    events: usize,
}

impl All<'_> {
    fn check(&self, counts: &Counts) {
        let of = |counts: &Counts| {
            [
                counts.requests,
                counts.responses,
                counts.truncated,
                counts.sasl_tokens,
                counts.undecoded,
                counts.gaps,
                counts.missing_bytes,
                counts.skipped_bytes,
            ]
        };
        assert_eq!(of(&self.counts), of(counts), "{counts}");
        assert!(counts.unanswered + counts.without_response <= counts.requests);
    }
}

impl Sink for All<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.ndjson.event(event);
        self.text.event(event);
        self.events += 1;
        let counts = &mut self.counts;
        match &event.kind {
            EventKind::Message(message) => {
                match event.direction {
                    Direction::ToBroker => counts.requests += 1,
                    Direction::ToClient => counts.responses += 1,
                }
                counts.truncated += u64::from(message.truncation.is_some());
            }
            EventKind::SaslToken { .. } => counts.sasl_tokens += 1,
            EventKind::Undecoded(_) => counts.undecoded += 1,
            EventKind::Gap(gap) => {
                counts.gaps += 1;
                counts.missing_bytes += gap.missing;
                counts.skipped_bytes += gap.skipped;
            }
            // These are not messages of Kafka.
            EventKind::Tls(_) | EventKind::Preamble(_) => {}
            other => panic!("a new kind of event: {other:?}"),
        }
    }
}

/// Bytes, from a place on, so many at a time.
struct Pieces(Vec<u8>, usize, usize);

impl Read for Pieces {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let Self(bytes, at, max_piece) = self;
        let count = to.len().min(*max_piece).min(bytes.len() - *at);
        to[..count].copy_from_slice(&bytes[*at..*at + count]);
        *at += count;
        Ok(count)
    }
}

/// The link types that packets are read of.
/// All that are read.
const LINK_TYPES: [i32; 53] = [
    0, 1, 6, 8, 9, 10, 12, 14, 50, 51, 100, 101, 104, 105, 106, 107, 108, 109, 113, 117, 119, 122,
    123, 127, 128, 138, 149, 163, 166, 178, 179, 180, 181, 192, 197, 204, 205, 206, 219, 226, 228,
    229, 239, 240, 241, 242, 258, 274, 276, 281, 282, 284, 285,
];

/// Packets as an input of [`packets`].
#[derive(Default)]
pub(crate) struct Seed {
    bytes: Vec<u8>,
    time: i64,
}

impl Seed {
    /// Appends a packet; those of other link types, and large ones, are left out.
    pub(crate) fn push(&mut self, packet: &kafka_capture::input::Packet<'_>) {
        let link = LINK_TYPES.iter().position(|link| *link == packet.link_type);
        let link = link.and_then(|index| u8::try_from(index).ok());
        let length = u16::try_from(packet.bytes.len()).ok();
        let (Some(link), Some(length)) = (link, length.filter(|length| *length <= MAX_LENGTH))
        else {
            return;
        };
        if self.bytes.is_empty() {
            (self.bytes, self.time) = (vec![link], packet.time);
        }
        if self.bytes.first() == Some(&link) {
            let clamped = |value: i64| u8::try_from(value.clamp(0, 255)).unwrap();
            let wait = clamped((packet.time - self.time) / TICK);
            let cut = clamped(i64::from(packet.length) - i64::from(length));
            self.time = packet.time;
            self.bytes.extend([wait, cut]);
            self.bytes.extend(length.to_be_bytes());
            self.bytes.extend(packet.bytes);
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The most bytes of a packet.
const MAX_LENGTH: u16 = 0x07ff;
/// The unit of time, in nanoseconds.
const TICK: i64 = 10_000_000;

/// Any bytes as packets: links, tunnels, fragments, and what stands in front of connections. The first byte is the link
/// type; before each packet stand the time since the last one, the bytes that were not captured, and its length.
pub(crate) fn packets(input: &[u8]) -> Option<Counts> {
    let (link, mut rest) = input.split_first()?;
    let link_type = LINK_TYPES[usize::from(*link) % LINK_TYPES.len()];
    let mut decoder = Decoder::new(Vec::new());
    let mut sink = NdjsonSink::new(io::sink(), Default::default());
    let (mut time, mut count) = (0, 0);
    while let Some(([wait, cut, high, low], more)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]) & MAX_LENGTH);
        let (bytes, more) = more.split_at(length.min(more.len()));
        rest = more;
        time += i64::from(*wait) * TICK;
        count += 1;
        let packet = kafka_capture::input::Packet {
            time,
            link_type,
            length: u32::try_from(bytes.len()).unwrap() + u32::from(*cut),
            bytes,
        };
        decoder.packet(&packet, &mut sink);
    }
    let counts = decoder.finish(&mut sink);
    assert_eq!(counts.packets, count);
    let unread = [
        counts.not_tcp,
        counts.unreadable,
        counts.fragments,
        counts.contradicting_fragments,
        counts.encrypted,
        counts.unknown_tunnel,
        counts.too_deep,
        counts.copies,
    ];
    assert!(unread.into_iter().all(|each| each <= count), "{counts}");
    Some(counts)
}
