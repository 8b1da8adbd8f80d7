//! One direction of a TCP connection, from its segments to its frames. It decides how long to wait for segments that
//! are missing.

use std::net::SocketAddr;

use super::onward::Frames;
use super::preamble::Front;
use super::role::{Output, Protocol, Role};
use crate::frames::Framer;
use crate::packet::Segment;
use crate::tcp::{Arrival, Copies, Piece, Reassembly};
use crate::tls::{Session, Way};

/// How many packets of the connection a missing segment may come late that its receiver has already.
const LATE_PACKETS: u64 = 32;
const LATE_NANOSECONDS: i64 = 1_000_000_000;
/// How long a segment may take that has to be sent again.
const RESENT_NANOSECONDS: i64 = 60_000_000_000;
/// How much may wait for a missing segment.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// So much may wait in each direction of each connection even where memory is short.
pub(super) const SHED_BYTES: usize = 4096;

/// What one end sends.
pub(super) struct Stream {
    pub(super) end: SocketAddr,
    pub(super) is_client: bool,
    /// The same when the framer last learned it.
    pub(super) is_known: Option<bool>,
    pub(super) copies: Copies,
    pub(super) tcp: Reassembly,
    pub(super) above: Above,
    /// What the other end said last that it has.
    pub(super) acknowledged: Option<u32>,
}

/// The stages above TCP: what stands in front of Kafka, TLS, frames.
pub(super) struct Above {
    pub(super) way: Way,
    front: Front,
    pub(super) framer: Framer,
}

impl Above {
    fn push(&mut self, piece: Piece<'_>, tls: &mut Session, role: &mut Role<'_, '_>) {
        let Self { way, front, framer } = self;
        front.push(piece, role, |piece, role| {
            tls.push(*way, piece, &mut Frames { framer, role });
        });
    }
}

impl Stream {
    pub(super) fn new(end: SocketAddr, way: Way) -> Self {
        Self {
            end,
            is_client: false,
            is_known: None,
            copies: Copies::default(),
            tcp: Reassembly::default(),
            above: Above {
                way,
                front: Front::default(),
                framer: Framer::new(false),
            },
            acknowledged: None,
        }
    }

    pub(super) fn buffered(&self) -> usize {
        self.tcp.waiting_bytes() + self.above.front.buffered() + self.above.framer.buffered()
    }

    pub(super) fn role<'a, 'b>(
        &self,
        other: SocketAddr,
        protocol: &'a mut Protocol,
        out: &'a mut Output<'b>,
    ) -> Role<'a, 'b> {
        Role {
            protocol,
            ends: (self.end, other),
            is_client: self.is_client,
            out,
        }
    }

    /// The first byte of the stream has this sequence number, unless the stream has begun already.
    pub(super) fn begin(&mut self, sequence: u32, tls: &mut Session) {
        if !self.tcp.has_begun() {
            tls.begin(self.above.way);
            self.tcp.begin(sequence);
            self.above.front.begin();
            self.above.framer = Framer::new(true);
        }
    }

    pub(super) fn take(
        &mut self,
        segment: &Segment<'_>,
        arrival: Arrival,
        tls: &mut Session,
        role: &mut Role<'_, '_>,
    ) {
        if self.tcp.is_far(segment.sequence) {
            self.skip_holes(arrival, tls, role);
            self.above.framer.finish(arrival, role);
            self.above.framer = Framer::new(false);
            self.tcp = Reassembly::default();
        }
        let Self { tcp, above, .. } = self;
        // The first byte of the stream follows the SYN.
        let sequence = segment.sequence.wrapping_add(u32::from(segment.syn));
        let missing = u64::from(segment.missing);
        tcp.push(sequence, segment.payload, missing, arrival, |piece| {
            above.push(piece, tls, role)
        });
    }

    /// Takes a copy of a segment, of which an earlier copy had less.
    pub(super) fn complete(
        &mut self,
        segment: &Segment<'_>,
        tls: &mut Session,
        role: &mut Role<'_, '_>,
    ) {
        let Self { tcp, above, .. } = self;
        let sequence = segment.sequence.wrapping_add(u32::from(segment.syn));
        tcp.complete(sequence, segment.payload, |piece| {
            above.push(piece, tls, role)
        });
    }

    /// Goes on with what waited for a copy long enough.
    pub(super) fn release(
        &mut self,
        now: Arrival,
        is_over: bool,
        tls: &mut Session,
        role: &mut Role<'_, '_>,
    ) {
        let Self { tcp, above, .. } = self;
        tcp.release(now, is_over, |piece| above.push(piece, tls, role));
    }

    /// Looks again at what waits for the other direction.
    pub(super) fn resume(&mut self, tls: &mut Session, role: &mut Role<'_, '_>) {
        let Above { way, framer, .. } = &mut self.above;
        tls.resume(*way, &mut Frames { framer, role });
        framer.retry(role);
    }

    /// The packet behind the first hole, if what is missing there was waited for long enough.
    pub(super) fn lost(&self, now: Arrival, is_over: bool) -> Option<u64> {
        let (hole, next) = self.tcp.hole()?;
        let waited = now.time.saturating_sub(next.time);
        let is_late = now.turn - next.turn >= LATE_PACKETS || waited >= LATE_NANOSECONDS;
        // Nobody sends again what was received, and without acknowledgements nobody knows.
        let is_received = self
            .acknowledged
            .is_none_or(|acknowledged| self.tcp.is_acknowledged(&hole, acknowledged));
        let is_lost = is_over
            || (is_received && is_late)
            || waited >= RESENT_NANOSECONDS
            || self.tcp.waiting_bytes() > MAX_WAITING_BYTES;
        is_lost.then_some(next.packet)
    }

    /// Gives up what is missing before the first bytes that wait.
    pub(super) fn skip_hole(
        &mut self,
        arrival: Arrival,
        tls: &mut Session,
        role: &mut Role<'_, '_>,
    ) {
        let Self { tcp, above, .. } = self;
        tcp.skip_hole(arrival, |piece| above.push(piece, tls, role));
    }

    /// Takes note of what is missing at the end.
    pub(super) fn miss_end(
        &mut self,
        arrival: Arrival,
        tls: &mut Session,
        role: &mut Role<'_, '_>,
    ) {
        let missing = self.tcp.missing_at_end(self.acknowledged);
        if missing > 0 {
            self.above.push(Piece::Lost(missing, arrival), tls, role);
        }
    }

    /// Nothing is wanted of it any more.
    pub(super) fn forget(&mut self) {
        self.tcp = Reassembly::default();
        self.above.front = Front::default();
        self.above.framer = Framer::foreign();
    }

    /// The stream is over.
    pub(super) fn finish(&mut self, arrival: Arrival, tls: &mut Session, role: &mut Role<'_, '_>) {
        let Above { way, front, framer } = &mut self.above;
        front.finish(arrival, role, |piece, role| {
            tls.push(*way, piece, &mut Frames { framer, role });
        });
        tls.finish(*way, arrival, &mut Frames { framer, role });
        framer.finish(arrival, role);
    }

    /// Gives up what is missing, and keeps only the beginning of a frame that is not whole yet, to save memory.
    pub(super) fn shed(&mut self, arrival: Arrival, tls: &mut Session, role: &mut Role<'_, '_>) {
        if self.tcp.waiting_bytes() > SHED_BYTES {
            self.skip_holes(arrival, tls, role);
        }
        self.above.framer.shed();
    }

    fn skip_holes(&mut self, arrival: Arrival, tls: &mut Session, role: &mut Role<'_, '_>) {
        self.release(arrival, true, tls, role);
        while self.tcp.hole().is_some() {
            self.skip_hole(arrival, tls, role);
            self.release(arrival, true, tls, role);
        }
    }
}
