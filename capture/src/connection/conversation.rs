//! Both directions of one TCP connection, from its segments to its dialogue. It decides how long to wait
//! for segments that are missing.

use std::net::SocketAddr;

use super::dialogue::Dialogue;
use super::onward::Frames;
use super::preamble::Front;
use super::reports::{name_other, report_tls};
use super::role::{Outlet, Output, Protocol, Role, other_side};
use crate::event::{Connection, End, TlsOutcome};
use crate::frames::Framer;
use crate::length::u64_of;
use crate::output::Sink;
use crate::packet::Segment;
use crate::tcp::{Arrival, Copies, Life, Piece, Reassembly, sequence_after};
use crate::tls::{Session, Way};

/// How many packets of the connection a missing segment may come late that its receiver has already.
const LATE_PACKETS: u64 = 32;
const LATE_NANOSECONDS: i64 = 1_000_000_000;
/// How long a segment may take that has to be sent again.
const RESENT_NANOSECONDS: i64 = 60_000_000_000;
/// How much may wait for a missing segment.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// How many networks are remembered of a connection.
const MAX_NETWORKS: usize = 4;

/// Where nothing like Kafka was found in that much, there is none.
const MAX_SKIPPED_BYTES: u64 = 1 << 20;

/// A TCP connection, or what was captured of it.
pub(super) struct Conversation {
    low: Stream,
    high: Stream,
    tls: Session,
    protocol: Protocol,
    /// The sequence number that the client began with.
    syn: Option<u32>,
    packets: u64,
    first: Arrival,
    last: Arrival,
    is_closed: bool,
    has_bytes: bool,
    /// One end is a broker, as the user says or as another connection showed.
    is_to_broker: bool,
    life: Life,
    /// The networks in which it was captured: mirrored packets may be in several.
    networks: Vec<u64>,
}

/// What one end sends.
pub(super) struct Stream {
    pub(super) end: SocketAddr,
    pub(super) way: Way,
    pub(super) is_client: bool,
    copies: Copies,
    tcp: Reassembly,
    front: Front,
    framer: Framer,
    /// What the other end said last that it has.
    acknowledged: Option<u32>,
}

impl Conversation {
    /// A connection between two ends; `broker` is the one that is known to be a broker, if any is.
    /// `is_certain`: the user said that this is Kafka.
    pub(super) fn new(
        low: SocketAddr,
        high: SocketAddr,
        broker: Option<SocketAddr>,
        is_certain: bool,
        first: Arrival,
    ) -> Self {
        let mut conversation = Self {
            low: Stream::new(low, Way::Low),
            high: Stream::new(high, Way::High),
            tls: Session::default(),
            protocol: Protocol::Unknown,
            syn: None,
            packets: 0,
            first,
            last: first,
            is_closed: false,
            has_bytes: false,
            is_to_broker: broker.is_some(),
            life: Life::new(low, first),
            networks: Vec::new(),
        };
        if let Some(broker) = broker {
            conversation.client_is(if broker == low { high } else { low });
            if let Some(dialogue) = conversation.protocol.dialogue_mut() {
                dialogue.is_trusted = true;
            }
        }
        if is_certain {
            conversation.protocol.is_kafka(low, high, first.packet);
        }
        conversation
    }

    fn client_is(&mut self, client: SocketAddr) {
        if !matches!(self.protocol, Protocol::Unknown) {
            return;
        }
        self.low.is_client = self.low.end == client;
        self.high.is_client = !self.low.is_client;
        let broker = if self.low.is_client {
            self.high.end
        } else {
            self.low.end
        };
        self.protocol = Protocol::Undecided(Dialogue::new(client, broker, self.first.packet));
    }

    /// Returns `true` if a segment begins another connection between the same ends.
    pub(super) fn is_another(&self, segment: &Segment<'_>) -> bool {
        segment.syn && segment.acknowledged.is_none() && self.syn != Some(segment.sequence)
    }

    /// Returns `true` if a segment between the same addresses belongs to this connection, or follows it: not to one in
    /// another network.
    pub(super) fn takes(&mut self, segment: &Segment<'_>) -> bool {
        if self.networks.contains(&segment.network) {
            return true;
        }
        let is_taken = match segment.syn && segment.acknowledged.is_none() {
            true => self.is_closed || self.syn == Some(segment.sequence) || self.packets == 0,
            false => self.life.is_continued_by(segment),
        };
        if is_taken && self.networks.len() < MAX_NETWORKS {
            self.networks.push(segment.network);
        }
        is_taken
    }

    pub(super) const fn first(&self) -> Arrival {
        self.first
    }

    pub(super) const fn last(&self) -> Arrival {
        self.last
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// The broker, once it is known that it is one.
    pub(super) fn broker(&self) -> Option<SocketAddr> {
        match &self.protocol {
            Protocol::Kafka(dialogue) => Some(dialogue.broker()),
            _ => None,
        }
    }

    /// How much memory is in use for what is not whole yet.
    pub(super) fn buffered(&self) -> usize {
        let held = match &self.protocol {
            Protocol::Kafka(dialogue) => dialogue.buffered(),
            Protocol::Trial(trial) => trial.buffered(),
            _ => 0,
        };
        held + self.low.buffered() + self.high.buffered() + self.tls.buffered()
    }

    /// Keeps only the beginnings of frames that are not whole yet.
    pub(super) fn shed(&mut self) {
        self.low.framer.shed();
        self.high.framer.shed();
        self.tls.shed(self.last);
    }

    pub(super) fn segment(
        &mut self,
        segment: &Segment<'_>,
        arrival: Arrival,
        outlet: &mut Outlet<'_>,
    ) {
        let sender = if segment.source == self.low.end {
            &mut self.low
        } else {
            &mut self.high
        };
        if sender.copies.is_copy(segment, arrival.time) {
            outlet.counts.copies += 1;
            return;
        }
        self.packets += 1;
        let arrival = Arrival {
            turn: self.packets,
            ..arrival
        };
        self.last = arrival;
        if segment.syn {
            let is_request = segment.acknowledged.is_none();
            if is_request {
                self.syn = Some(segment.sequence);
            }
            self.client_is(if is_request {
                segment.source
            } else {
                segment.destination
            });
        }
        self.life.client_is(self.low.is_client);
        self.life.segment(segment, arrival);
        let (from, to) = if segment.source == self.low.end {
            (&mut self.low, &mut self.high)
        } else {
            (&mut self.high, &mut self.low)
        };
        let mut out = outlet.output(self.packets, &self.life);
        if let Protocol::Other = self.protocol {
            self.has_bytes |= !segment.payload.is_empty();
            self.is_closed |= self.life.is_over();
            return;
        }
        from.begin(segment, &mut self.tls);
        to.acknowledged = segment.acknowledged.or(to.acknowledged);
        if !segment.payload.is_empty() || segment.missing > 0 {
            self.has_bytes = true;
            let mut role = from.role(to.end, &mut self.protocol, &mut out);
            from.take(segment, arrival, &mut self.tls, &mut role);
            from.is_client = role.is_client;
        }
        if segment.fin {
            let length = u64_of(segment.payload.len()) + u64::from(segment.missing);
            from.tcp.end(sequence_after(segment.sequence, length));
        }
        self.is_closed |= segment.rst || (from.tcp.is_finished() && to.tcp.is_finished());
        go_on(
            [&mut self.low, &mut self.high],
            &mut self.tls,
            &mut self.protocol,
            arrival,
            false,
            &mut out,
        );
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, arrival: Arrival, outlet: &mut Outlet<'_>) {
        let arrival = Arrival {
            turn: self.packets,
            ..arrival
        };
        let mut out = outlet.output(self.packets, &self.life);
        go_on(
            [&mut self.low, &mut self.high],
            &mut self.tls,
            &mut self.protocol,
            arrival,
            false,
            &mut out,
        );
    }

    /// The connection, or the capture, is over.
    pub(super) fn finish(&mut self, outlet: &mut Outlet<'_>) {
        let arrival = self.last;
        let mut out = outlet.output(self.packets, &self.life);
        go_on(
            [&mut self.low, &mut self.high],
            &mut self.tls,
            &mut self.protocol,
            arrival,
            true,
            &mut out,
        );
        // The client's end goes first, since responses need their requests.
        let (client, broker) = if self.high.is_client {
            (&mut self.high, &mut self.low)
        } else {
            (&mut self.low, &mut self.high)
        };
        let ends = (client.end, broker.end);
        for (from, to) in [(client, ends.1), (broker, ends.0)] {
            let mut role = from.role(to, &mut self.protocol, &mut out);
            from.finish(arrival, &mut self.tls, &mut role);
        }
        for (shown, way, arrival) in self.tls.take_events() {
            let client = self.tls.client();
            report_tls(
                &shown,
                way,
                arrival,
                [&mut self.low, &mut self.high],
                client,
                &mut out,
            );
        }
        let is_undecrypted = self.is_undecrypted();
        out.counts.tls_not_decrypted += u64::from(is_undecrypted);
        out.counts.tls_decrypted += u64::from(self.tls.outcome() == Some(TlsOutcome::Decrypted));
        if let Protocol::Trial(trial) = &self.protocol {
            let is_kafka = trial.last_verdict(other_side(&self.life));
            out.counts.held_back += u64_of(if is_kafka { 0 } else { trial.held() });
            self.protocol.decide(is_kafka, &mut out);
        }
        let said = match &self.protocol {
            Protocol::Kafka(dialogue) => dialogue.seen,
            _ => 0,
        };
        if self.is_to_broker && said == 0 && !is_undecrypted {
            name_other(&[&self.low, &self.high], arrival, &mut out);
        }
        match &mut self.protocol {
            Protocol::Kafka(dialogue) if !is_undecrypted || dialogue.seen > 0 => {
                dialogue.finish(&mut out);
                out.counts.connections += u64::from(self.has_bytes);
            }
            _ if is_undecrypted => {}
            _ => out.counts.other_connections += u64::from(self.has_bytes),
        }
        self.report_end(outlet.sink);
    }

    /// Returns `true` if it is TLS that was not decrypted.
    fn is_undecrypted(&self) -> bool {
        let outcome = self.tls.outcome();
        outcome.is_some_and(|outcome| {
            !matches!(outcome, TlsOutcome::Decrypted | TlsOutcome::PlaintextClient)
        })
    }

    /// Reports what became of the TCP connection.
    fn report_end(&mut self, sink: &mut dyn Sink) {
        let is_client_low = match self.protocol.dialogue() {
            Some(dialogue) => dialogue.broker() != self.low.end,
            _ if self.low.is_client != self.high.is_client => self.low.is_client,
            // Clients have the higher port, as a rule.
            _ => self.low.end.port() > self.high.end.port(),
        };
        self.life.client_is(is_client_low);
        let (client, broker) = if is_client_low {
            (self.low.end, self.high.end)
        } else {
            (self.high.end, self.low.end)
        };
        sink.end(&End {
            connection: &Connection::new(client, broker, self.first.packet),
            is_kafka: matches!(self.protocol, Protocol::Kafka(_)),
            life: &self.life,
        });
    }
}

/// Gives up what was waited for long enough, and looks again where something new is known.
fn go_on(
    [low, high]: [&mut Stream; 2],
    tls: &mut Session,
    protocol: &mut Protocol,
    now: Arrival,
    is_over: bool,
    out: &mut Output<'_>,
) {
    let ends = (low.end, high.end);
    for (from, to) in [(&mut *low, ends.1), (&mut *high, ends.0)] {
        let mut role = from.role(to, protocol, out);
        from.go_on(now, is_over, tls, &mut role);
        from.is_client = role.is_client;
    }
    let shown = tls.take_events();
    if let (false, Some(dialogue)) = (shown.is_empty(), protocol.dialogue_mut()) {
        dialogue.report_preambles(out);
    }
    for (shown, way, arrival) in shown {
        report_tls(&shown, way, arrival, [low, high], tls.client(), out);
    }
    if tls.is_opaque() || tls.outcome() == Some(TlsOutcome::PlaintextClient) {
        // Kafka that a server answers with TLS stays Kafka.
        let verdict = match protocol {
            Protocol::Trial(trial) => trial.last_verdict(other_side(out.life)),
            _ => false,
        };
        protocol.decide(verdict, out);
        if !matches!(protocol, Protocol::Kafka(dialogue) if dialogue.seen > 0) {
            *protocol = Protocol::Other;
        }
    }
    match protocol {
        Protocol::Kafka(dialogue) => {
            dialogue.expire(now.time, out);
            if dialogue.is_disproved(now, out) {
                low.forget();
                high.forget();
            }
        }
        Protocol::Unknown | Protocol::Undecided(_) => {
            let skipped = low.framer.skipped() + high.framer.skipped();
            if skipped > MAX_SKIPPED_BYTES {
                *protocol = Protocol::Other;
            }
        }
        Protocol::Trial(_) | Protocol::Other => {}
    }
    if let Protocol::Other = protocol {
        low.forget();
        high.forget();
    }
}

impl Stream {
    fn new(end: SocketAddr, way: Way) -> Self {
        Self {
            end,
            way,
            is_client: false,
            copies: Copies::default(),
            tcp: Reassembly::default(),
            front: Front::default(),
            framer: Framer::new(false),
            acknowledged: None,
        }
    }

    fn buffered(&self) -> usize {
        self.tcp.waiting_bytes() + self.front.buffered() + self.framer.buffered()
    }

    fn role<'a, 'b>(
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

    fn begin(&mut self, segment: &Segment<'_>, tls: &mut Session) {
        if segment.syn && !self.tcp.has_begun() {
            tls.begin(self.way);
            self.tcp.begin(segment.sequence.wrapping_add(1));
            self.front.begin();
            self.framer = Framer::new(true);
        }
    }

    fn take(
        &mut self,
        segment: &Segment<'_>,
        arrival: Arrival,
        tls: &mut Session,
        role: &mut Role<'_, '_>,
    ) {
        if self.tcp.is_far(segment.sequence) {
            self.skip_holes(arrival, tls, role);
            self.framer.finish(arrival, role);
            self.framer = Framer::new(false);
            self.tcp = Reassembly::default();
        }
        let Self {
            tcp,
            front,
            framer,
            way,
            ..
        } = self;
        // The first byte of the stream follows the SYN.
        let sequence = segment.sequence.wrapping_add(u32::from(segment.syn));
        let missing = u64::from(segment.missing);
        tcp.push(sequence, segment.payload, missing, arrival, |piece| {
            front.push(piece, role, |piece, role| {
                tls.push(*way, piece, &mut Frames { framer, role });
            });
        });
    }

    fn go_on(&mut self, now: Arrival, is_over: bool, tls: &mut Session, role: &mut Role<'_, '_>) {
        tls.resume(
            self.way,
            &mut Frames {
                framer: &mut self.framer,
                role,
            },
        );
        self.framer.retry(role);
        while let Some((hole, next)) = self.tcp.hole() {
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
            if !is_lost {
                return;
            }
            let Self {
                tcp,
                front,
                framer,
                way,
                ..
            } = self;
            tcp.skip_hole(now, |piece| {
                front.push(piece, role, |piece, role| {
                    tls.push(*way, piece, &mut Frames { framer, role });
                });
            });
        }
        if is_over {
            let missing = self.tcp.missing_at_end(self.acknowledged);
            if missing > 0 {
                let (framer, way) = (&mut self.framer, self.way);
                let lost = Piece::Lost(missing, now);
                self.front.push(lost, role, |piece, role| {
                    tls.push(way, piece, &mut Frames { framer, role });
                });
            }
        }
    }

    /// Nothing is wanted of it any more.
    fn forget(&mut self) {
        self.front = Front::default();
        self.tcp = Reassembly::default();
        self.framer = Framer::foreign();
    }

    /// The stream is over.
    fn finish(&mut self, arrival: Arrival, tls: &mut Session, role: &mut Role<'_, '_>) {
        let (framer, way) = (&mut self.framer, self.way);
        self.front.finish(arrival, role, |piece, role| {
            tls.push(way, piece, &mut Frames { framer, role });
        });
        tls.finish(self.way, arrival, &mut Frames { framer, role });
        self.framer.finish(arrival, role);
    }

    fn skip_holes(&mut self, arrival: Arrival, tls: &mut Session, role: &mut Role<'_, '_>) {
        let Self {
            tcp,
            front,
            framer,
            way,
            ..
        } = self;
        while tcp.hole().is_some() {
            tcp.skip_hole(arrival, |piece| {
                front.push(piece, role, |piece, role| {
                    tls.push(*way, piece, &mut Frames { framer, role });
                });
            });
        }
    }
}
