//! The life of a TCP connection: when it was opened, what each end sent and had acknowledged, and who
//! ended it.

use std::net::SocketAddr;

use super::{Arrival, elapsed, sequence_after};
use crate::length::u64_of;
use crate::packet::Segment;

/// How many of the first bytes of each direction are kept, to recognize other protocols.
const FIRST_BYTES: usize = 24;
/// How far segments of one connection are from each other at most.
const MAX_DISTANCE: u32 = 1 << 24;

/// The life of a connection as TCP showed it.
#[derive(Clone, Debug)]
pub struct Life {
    id: u64,
    first: i64,
    last: i64,
    syn: Option<i64>,
    syns: u32,
    syn_answer: Option<i64>,
    /// The first FIN and RST of each end, and whether the lower end sent it.
    endings: Vec<(bool, Ending)>,
    low_end: SocketAddr,
    is_client_low: bool,
    low: Side,
    high: Side,
}

/// A FIN or RST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ending {
    /// `true` if the client sent it, and not the broker.
    pub by_client: bool,
    /// FIN or RST.
    pub kind: EndingKind,
    /// The capture time, in nanoseconds since 1970.
    pub time: i64,
    /// The number of its packet in the captures, from 1.
    pub packet: u64,
}

/// The ways in which one end ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndingKind {
    /// The end sends nothing after this.
    Fin,
    /// The end aborts the connection.
    Rst,
}

/// The traffic that one end of a connection sent.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Side {
    /// The bytes of data sent, each once.
    pub bytes: u64,
    /// Segments with data.
    pub segments: u64,
    /// Segments with data that had all been sent before.
    pub retransmissions: u64,
    /// Number of retransmissions of data that the other end has not acknowledged since.
    pub unacknowledged_retransmissions: u64,
    /// The capture time of the first segment with data, in nanoseconds since 1970.
    pub first_data: Option<i64>,
    /// The capture time of the last segment with new data, in nanoseconds since 1970.
    pub last_data: Option<i64>,
    first_bytes: Vec<u8>,
    is_start_known: bool,
    /// The lowest sequence number of data that was sent or acknowledged; that of the first byte if it was captured.
    start: Option<u32>,
    /// The sequence number after the last byte sent.
    next: Option<u32>,
    /// The sequence number up to which the other end acknowledged.
    acknowledged: Option<u32>,
}

impl Side {
    /// Returns the first bytes of the connection that this end sent, at most 24; empty if they were not captured.
    #[must_use]
    pub fn first_bytes(&self) -> &[u8] {
        &self.first_bytes
    }

    /// Returns `true` if the other end has not acknowledged all data.
    #[must_use]
    pub fn is_unacknowledged(&self) -> bool {
        match (self.next, self.acknowledged) {
            (Some(next), Some(acknowledged)) => is_after(next, acknowledged),
            (Some(_), None) => self.bytes > 0,
            _ => false,
        }
    }

    fn sends(&mut self, segment: &Segment<'_>, time: i64) {
        let start = segment.sequence.wrapping_add(u32::from(segment.syn));
        self.starts_at_most(start);
        if segment.syn {
            self.is_start_known = true;
            self.next.get_or_insert(start);
        }
        let length = u64_of(segment.payload.len()) + u64::from(segment.missing);
        if length == 0 {
            return;
        }
        self.segments += 1;
        let end = sequence_after(start, length);
        let next = *self.next.get_or_insert(start);
        if !is_after(end, next) {
            // A keepalive repeats the last byte, and is not a retransmission.
            if length > 1 || is_after(next.wrapping_sub(1), start) {
                self.retransmissions += 1;
                let is_acknowledged = self
                    .acknowledged
                    .is_some_and(|acknowledged| !is_after(end, acknowledged));
                self.unacknowledged_retransmissions += u64::from(!is_acknowledged);
            }
            return;
        }
        if self.is_start_known && self.bytes == u64_of(self.first_bytes.len()) && start == next {
            let free = FIRST_BYTES - self.first_bytes.len();
            let some = segment.payload.get(..free).unwrap_or(segment.payload);
            self.first_bytes.extend_from_slice(some);
        }
        self.bytes += u64::from(end.wrapping_sub(next)).min(length);
        self.next = Some(end);
        self.first_data.get_or_insert(time);
        self.last_data = Some(time);
    }

    /// Forgets what was sent after a time, while the connection went on.
    fn ends(&mut self, time: i64) {
        if self.first_data.is_some_and(|first| first > time) {
            *self = Self::default();
        }
        self.last_data = self.last_data.map(|last| last.min(time));
        // What was acknowledged by then is not known.
        self.unacknowledged_retransmissions = 0;
    }

    fn starts_at_most(&mut self, sequence: u32) {
        let is_lower = |start: u32| (1..=MAX_DISTANCE).contains(&start.wrapping_sub(sequence));
        if self.start.is_none_or(is_lower) {
            self.start = Some(sequence);
        }
    }

    fn is_acknowledged(&mut self, acknowledged: u32) {
        self.starts_at_most(acknowledged);
        if self
            .acknowledged
            .is_none_or(|before| is_after(acknowledged, before))
        {
            self.acknowledged = Some(acknowledged);
            self.unacknowledged_retransmissions = 0;
        }
    }
}

impl Life {
    pub(crate) fn new(low_end: SocketAddr, first: Arrival, id: u64) -> Self {
        Self {
            id,
            first: first.time,
            last: first.time,
            syn: None,
            syns: 0,
            syn_answer: None,
            endings: Vec::new(),
            low_end,
            is_client_low: false,
            low: Side::default(),
            high: Side::default(),
        }
    }

    /// Returns the number of the connection's first packet in the capture, or the next that no other connection has: one
    /// packet may begin several.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Returns the capture time of the first packet, in nanoseconds since 1970.
    #[must_use]
    pub const fn first(&self) -> i64 {
        self.first
    }

    /// Returns the capture time of the last packet so far, in nanoseconds since 1970.
    #[must_use]
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// Returns how many times the client asked for the connection; 0 if it stood before the capture.
    #[must_use]
    pub const fn syns(&self) -> u32 {
        self.syns
    }

    /// Returns the nanoseconds from the client's SYN to its answer, if both were captured in this order.
    #[must_use]
    pub fn handshake(&self) -> Option<i64> {
        elapsed(self.syn?, self.syn_answer?)
    }

    /// Returns what the client sent.
    #[must_use]
    pub const fn client(&self) -> &Side {
        if self.is_client_low {
            &self.low
        } else {
            &self.high
        }
    }

    /// Returns what the broker sent.
    #[must_use]
    pub const fn broker(&self) -> &Side {
        if self.is_client_low {
            &self.high
        } else {
            &self.low
        }
    }

    /// Returns the first FIN and the first RST of each end, in the order of the capture.
    pub fn endings(&self) -> impl Iterator<Item = Ending> {
        self.endings.iter().map(|(is_from_low, ending)| Ending {
            by_client: *is_from_low == self.is_client_low,
            ..*ending
        })
    }

    /// Returns the time of the first FIN or RST of the client, in nanoseconds since 1970.
    #[must_use]
    pub fn client_closed(&self) -> Option<i64> {
        let mut by_client = self.endings().filter(|ending| ending.by_client);
        by_client.next().map(|ending| ending.time)
    }

    /// Returns the life as it was at a time, in nanoseconds since 1970: without what came later, except that bytes, segments and
    /// retransmissions are those of the whole life.
    #[must_use]
    pub fn until(&self, time: i64) -> Self {
        let mut life = self.clone();
        if life.last > time {
            life.last = time;
            life.syn_answer = life.syn_answer.filter(|answer| *answer <= time);
            life.endings.retain(|(_, ending)| ending.time <= time);
            for side in [&mut life.low, &mut life.high] {
                side.ends(time);
            }
        }
        life
    }

    /// Returns `true` if nothing is to be expected any more.
    pub(crate) fn is_over(&self) -> bool {
        let count = |kind| {
            self.endings
                .iter()
                .filter(|(_, each)| each.kind == kind)
                .count()
        };
        count(EndingKind::Rst) > 0 || count(EndingKind::Fin) > 1
    }

    /// Decides which end is the client.
    pub(crate) const fn client_is(&mut self, is_low: bool) {
        self.is_client_low = is_low;
    }

    /// Returns `true` if the first byte that its sender is known to have sent follows a SYN.
    pub(crate) fn begins_behind(&self, syn: &Segment<'_>) -> bool {
        let is_low = syn.source == self.low_end;
        let from = if is_low { &self.low } else { &self.high };
        from.start == Some(syn.sequence.wrapping_add(1))
    }

    /// How far a segment is from what is due on this connection, in bytes; `None` if it is so far that it belongs to
    /// another one. Both of its numbers count, as far as they are known.
    pub(crate) fn distance(&self, segment: &Segment<'_>) -> Option<u32> {
        let is_low = segment.source == self.low_end;
        let (from, to) = if is_low {
            (&self.low, &self.high)
        } else {
            (&self.high, &self.low)
        };
        let numbers = [
            from.next.zip(Some(segment.sequence)),
            to.next.zip(segment.acknowledged),
        ];
        let distances = numbers.into_iter().flatten().map(|(next, number)| {
            let distance = next.wrapping_sub(number);
            distance.min(distance.wrapping_neg())
        });
        let distance = distances.max().unwrap_or(MAX_DISTANCE);
        (distance <= MAX_DISTANCE).then_some(distance)
    }

    /// Returns `true` if a segment with data is of another connection between the same ends: both of its numbers are far from
    /// what is due, and one is far behind. What is far ahead may follow a part that was not captured.
    pub(crate) fn contradicts(&self, segment: &Segment<'_>) -> bool {
        let is_low = segment.source == self.low_end;
        let (from, to) = if is_low {
            (&self.low, &self.high)
        } else {
            (&self.high, &self.low)
        };
        let numbers = from.next.zip(to.acknowledged.or(to.next));
        let (Some((next, due)), Some(acknowledged)) = (numbers, segment.acknowledged) else {
            return false;
        };
        let is_far = |distance: u32| distance.min(distance.wrapping_neg()) > MAX_DISTANCE;
        let has_data = !segment.payload.is_empty() || segment.missing > 0;
        has_data
            && is_far(next.wrapping_sub(segment.sequence))
            && is_far(due.wrapping_sub(acknowledged))
            && (is_after(next, segment.sequence) || is_after(due, acknowledged))
    }

    /// Takes note of a segment.
    pub(crate) fn segment(&mut self, segment: &Segment<'_>, arrival: Arrival) {
        let time = arrival.time;
        self.last = self.last.max(time);
        let is_from_low = segment.source == self.low_end;
        if segment.syn && segment.acknowledged.is_none() {
            self.syns += 1;
            self.syn.get_or_insert(time);
        } else if segment.syn {
            self.syn_answer.get_or_insert(time);
        }
        let (from, to) = if is_from_low {
            (&mut self.low, &mut self.high)
        } else {
            (&mut self.high, &mut self.low)
        };
        from.sends(segment, time);
        if let (Some(acknowledged), false) = (segment.acknowledged, segment.rst) {
            if segment.syn {
                to.is_start_known = true;
                to.next.get_or_insert(acknowledged);
            }
            to.is_acknowledged(acknowledged);
        }
        for (flag, kind) in [
            (segment.fin, EndingKind::Fin),
            (segment.rst, EndingKind::Rst),
        ] {
            let mut known = self.endings.iter();
            if flag && !known.any(|(by_low, each)| *by_low == is_from_low && each.kind == kind) {
                let ending = Ending {
                    by_client: false,
                    kind,
                    time,
                    packet: arrival.packet,
                };
                self.endings.push((is_from_low, ending));
            }
        }
    }
}

/// Returns `true` if a sequence number is after another.
const fn is_after(sequence: u32, other: u32) -> bool {
    sequence.wrapping_sub(other).cast_signed() > 0
}
