//! Reads several captures as one, in the order of the times of their packets: each direction of a connection may have a tap
//! and a file of its own. Of each file one packet is looked ahead.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kafka_capture::input::{Input, InputError, Packet, Packets};
use kafka_capture::{Decoder, is_known_link_type};

use super::exit::{Failure, Faults};
use super::input::Target;

/// Maximum number of files that are open at once. The others wait until one has ended.
const MAX_OPEN: usize = 32;

/// How far the times of packets that follow each other are apart at most: 30 days.
const MAX_APART: u64 = 30 * 24 * 60 * 60 * 1_000_000_000;

/// A capture that is being read.
pub(super) struct Source {
    packets: Packets,
    /// The packet that was read but not decoded.
    ahead: Ahead,
    clock: Clock,
    links: Links,
}

/// The link types of the packets that were decoded.
#[derive(Default)]
struct Links {
    is_any_known: bool,
    /// The last one that is not known.
    unknown: Option<i32>,
}

#[derive(Default)]
struct Ahead {
    /// When it is its turn.
    turn: i64,
    time: i64,
    link_type: i32,
    length: u32,
    bytes: Vec<u8>,
}

/// The times of a file's packets, as far as they are believed: a damaged one must not hold up those behind it.
#[derive(Default)]
struct Clock {
    /// The last time that was believed.
    believed: Option<i64>,
    last: Option<i64>,
}

impl Clock {
    /// Returns when it is the turn of a packet captured at `time`: then, or with the packet before it if no other
    /// time is near.
    fn time(&mut self, time: i64) -> i64 {
        let is_near = |other: i64| other.abs_diff(time) <= MAX_APART;
        let is_believed = self.believed.is_none_or(is_near) || self.last.is_some_and(is_near);
        self.last = Some(time);
        match self.believed.filter(|_| !is_believed) {
            Some(believed) => believed.min(time),
            None => *self.believed.insert(time),
        }
    }
}

/// What has become of a capture.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progressed {
    /// Its next packet is later than what was asked for.
    Later,
    /// It was read to its end, or nothing more is wanted.
    Ended,
}

impl Source {
    pub(super) fn new(input: Input, decoder: &Decoder) -> Result<Self, InputError> {
        let packets = Packets::new(input)?;
        #[cfg(feature = "tls")]
        let packets = packets.with_secrets(decoder.secrets().clone());
        #[cfg(not(feature = "tls"))]
        let _ = decoder;
        Ok(Self {
            packets,
            ahead: Ahead::default(),
            clock: Clock::default(),
            links: Links::default(),
        })
    }

    /// Decodes all packets of the capture.
    pub(super) fn read(
        mut self,
        decoder: &mut Decoder,
        target: &mut dyn Target,
    ) -> Result<(), InputError> {
        self.read_on(None, decoder, target).map(|_| ())
    }

    /// Decodes the packets up to the first one that is later than `limit`, which is kept.
    fn read_on(
        &mut self,
        limit: Option<i64>,
        decoder: &mut Decoder,
        target: &mut dyn Target,
    ) -> Result<Progressed, InputError> {
        let mut progressed = Progressed::Ended;
        let target = RefCell::new(target);
        self.packets.for_each(
            |packet| {
                let time = self.clock.time(packet.time);
                if limit.is_some_and(|limit| time > limit) {
                    self.ahead.keep(&packet, time);
                    progressed = Progressed::Later;
                    return ControlFlow::Break(());
                }
                decode(
                    &packet,
                    &mut self.links,
                    decoder,
                    &mut **target.borrow_mut(),
                )
            },
            // What is decoded shows before more is waited for.
            || target.borrow_mut().waits(),
        )?;
        match self.links.unknown {
            Some(link_type) if progressed == Progressed::Ended && !self.links.is_any_known => {
                let name = self.packets.name().to_owned();
                Err(InputError::UnknownLinkType { name, link_type })
            }
            _ => Ok(progressed),
        }
    }
}

impl Ahead {
    fn keep(&mut self, packet: &Packet<'_>, turn: i64) {
        self.turn = turn;
        self.time = packet.time;
        self.link_type = packet.link_type;
        self.length = packet.length;
        self.bytes.clear();
        self.bytes.extend_from_slice(packet.bytes);
    }

    fn as_packet(&self) -> Packet<'_> {
        Packet {
            time: self.time,
            link_type: self.link_type,
            length: self.length,
            bytes: &self.bytes,
        }
    }
}

fn decode(
    packet: &Packet<'_>,
    links: &mut Links,
    decoder: &mut Decoder,
    target: &mut dyn Target,
) -> ControlFlow<()> {
    if is_known_link_type(packet.link_type) {
        links.is_any_known = true;
    } else {
        links.unknown = Some(packet.link_type);
    }
    target.packet(packet.time);
    decoder.packet(packet, target);
    if target.is_done() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// Several captures.
pub(super) struct Merge<'f> {
    /// Those that no packet was decoded of, and the times of their first packets, in this order. A file is opened
    /// when it is the turn of its first packet: of a capture that was rotated, one or two are open.
    waiting: VecDeque<(Option<i64>, &'f Path)>,
    open: Vec<Source>,
}

impl<'f> Merge<'f> {
    /// Files without packets, and those that cannot be read, come first.
    pub(super) fn new(files: &'f [PathBuf]) -> Self {
        let files = files.iter().map(|file| (first_time(file), file.as_path()));
        let mut waiting: Vec<_> = files.collect();
        waiting.sort_by_key(|(time, _)| *time);
        Self {
            waiting: waiting.into(),
            open: Vec::new(),
        }
    }

    /// Decodes all packets. `open` opens a file; what cannot be read is added to `faults`.
    pub(super) fn read(
        mut self,
        open: impl Fn(&Path) -> Result<Input, Failure>,
        decoder: &mut Decoder,
        target: &mut dyn Target,
        faults: &mut Faults<'_>,
    ) {
        while !target.is_done() {
            self.begin(&open, decoder, target, faults);
            // Of packets captured at the same time, those of the file that began first come first.
            let earliest = self.open.iter().enumerate();
            let Some((at, _)) = earliest.min_by_key(|(_, source)| source.ahead.turn) else {
                break;
            };
            let limit = self.limit(at);
            let Some(source) = self.open.get_mut(at) else {
                break;
            };
            let packet = source.ahead.as_packet();
            if decode(&packet, &mut source.links, decoder, target).is_break() {
                break;
            }
            match source.read_on(limit, decoder, target) {
                Ok(Progressed::Later) => continue,
                Ok(Progressed::Ended) => {}
                Err(error) => faults.add(error.into()),
            }
            self.open.remove(at);
        }
    }

    /// Opens the files whose turn it is.
    fn begin(
        &mut self,
        open: impl Fn(&Path) -> Result<Input, Failure>,
        decoder: &mut Decoder,
        target: &mut dyn Target,
        faults: &mut Faults<'_>,
    ) {
        while self.open.len() < MAX_OPEN {
            let next = self.open.iter().map(|source| source.ahead.turn).min();
            let is_due = |first: &Option<i64>| next.is_none_or(|next| *first <= Some(next));
            let Some((_, file)) = self.waiting.front().filter(|(first, _)| is_due(first)) else {
                return;
            };
            let source = open(file).and_then(|input| {
                let mut source = Source::new(input, decoder)?;
                Ok(match source.read_on(Some(i64::MIN), decoder, target)? {
                    Progressed::Later => Some(source),
                    Progressed::Ended => None,
                })
            });
            match source {
                Ok(source) => self.open.extend(source),
                Err(failure) => faults.add(failure),
            }
            self.waiting.pop_front();
        }
    }

    /// Up to when no other file has a packet.
    fn limit(&self, at: usize) -> Option<i64> {
        let others = self.open.iter().enumerate().filter(|(i, _)| *i != at);
        let others = others.map(|(_, source)| source.ahead.turn);
        let waiting = self.waiting.front().filter(|_| self.open.len() < MAX_OPEN);
        others.chain(waiting.and_then(|(first, _)| *first)).min()
    }
}

/// The time of the first packet of a capture.
fn first_time(file: &Path) -> Option<i64> {
    let input = Input::open(file, |bytes, _| bytes).ok()?;
    let mut time = None;
    let mut packets = Packets::new(input).ok()?;
    let read = packets.for_each(
        |packet| {
            time = Some(packet.time);
            ControlFlow::Break(())
        },
        || {},
    );
    // What is wrong with it is reported when it is its turn.
    drop(read);
    time
}
