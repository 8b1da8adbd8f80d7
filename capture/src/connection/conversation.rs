//! Both directions of one TCP connection, from its segments to its dialogue. Nothing here depends on which of its ends
//! is the lower one.

use std::cmp::Reverse;
use std::net::SocketAddr;

use super::dialogue::Dialogue;
use super::reports::{name_other, report_tls};
use super::role::{Outlet, Output, Protocol, Role, other_side};
use super::stream::{SHED_BYTES, Stream};
use crate::event::{Connection, End, TlsOutcome};
use crate::length::u64_of;
use crate::output::Sink;
use crate::packet::Segment;
use crate::tcp::{Arrival, Copied, Life, sequence_after};
use crate::tls::{Session, Way};

/// How many networks are remembered of a connection.
const MAX_NETWORKS: usize = 4;

/// Where nothing like Kafka was found in that much, there is none.
const MAX_SKIPPED_BYTES: u64 = 1 << 20;

/// How well a segment fits a connection, in ascending order.
///
/// Two networks may use the same addresses at once, even with numbers near each other, so the network of a segment says more
/// than its numbers. It does not say all: packets are mirrored into other networks, the two directions of a connection may have
/// different tunnels, and tunnels change. So a network belongs to each connection that was seen in it, and segments
/// in a network that is new go to the connection whose numbers they continue. Only a SYN and its answer
/// identify their connection by number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// The addresses are the same, but not the numbers, as in a later connection.
    Address,
    /// The numbers continue those of the connection, but its network is new.
    Number(Reverse<u32>),
    /// The numbers continue those of the connection, which is in this network.
    Network(Reverse<u32>),
    /// It is the SYN that opens the connection, or the answer to it.
    Opening,
}

/// A TCP connection, or what was captured of it.
pub(super) struct Conversation {
    low: Stream,
    high: Stream,
    tls: Session,
    protocol: Protocol,
    /// The sequence number that the client began with.
    syn: Option<u32>,
    packets: u64,
    last: Arrival,
    is_closed: bool,
    has_bytes: bool,
    /// One end is a broker, as the user says or as another connection showed.
    is_to_broker: bool,
    life: Life,
    /// The networks in which it was captured: mirrored packets may be in several.
    networks: Vec<u64>,
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
        id: u64,
    ) -> Self {
        let mut conversation = Self {
            low: Stream::new(low, Way::Low),
            high: Stream::new(high, Way::High),
            tls: Session::default(),
            protocol: Protocol::Unknown,
            syn: None,
            packets: 0,
            last: first,
            is_closed: false,
            has_bytes: false,
            is_to_broker: broker.is_some(),
            life: Life::new(low, first, id),
            networks: Vec::new(),
        };
        if let Some(broker) = broker {
            conversation.client_is(if broker == low { high } else { low });
            if let Some(dialogue) = conversation.protocol.dialogue_mut() {
                dialogue.is_trusted = true;
            }
        }
        if is_certain {
            conversation.protocol.is_kafka(low, high, id);
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
        self.protocol = Protocol::Undecided(Dialogue::new(client, broker, self.life.id()));
    }

    /// Returns `true` if a segment begins another connection between the same ends.
    pub(super) fn is_another(&self, segment: &Segment<'_>) -> bool {
        segment.syn && segment.acknowledged.is_none() && !self.begins_with(segment)
    }

    /// Returns `true` if a SYN is the one that this connection begins with. It may be captured behind what it opened.
    fn begins_with(&self, segment: &Segment<'_>) -> bool {
        match self.syn {
            Some(syn) => syn == segment.sequence,
            None => self.life.begins_behind(segment),
        }
    }

    /// How well a segment between the same addresses fits this connection, whatever network it is in; `None` if it
    /// is another one's.
    pub(super) fn claim(&self, segment: &Segment<'_>) -> Option<Claim> {
        let is_here = self.networks.contains(&segment.network);
        match (segment.syn, segment.acknowledged) {
            (true, None) if self.begins_with(segment) => Some(Claim::Opening),
            (true, None) => (is_here || self.is_closed).then_some(Claim::Address),
            (true, Some(acknowledged)) if Some(acknowledged.wrapping_sub(1)) == self.syn => {
                Some(Claim::Opening)
            }
            _ => match (self.life.distance(segment), is_here) {
                (Some(distance), true) => Some(Claim::Network(Reverse(distance))),
                (Some(distance), false) => Some(Claim::Number(Reverse(distance))),
                (None, true) => (!self.life.contradicts(segment)).then_some(Claim::Address),
                (None, false) => None,
            },
        }
    }

    /// A segment in this network belongs to the connection.
    pub(super) fn joins(&mut self, network: u64) {
        if self.networks.len() < MAX_NETWORKS && !self.networks.contains(&network) {
            self.networks.push(network);
        }
    }

    pub(super) const fn id(&self) -> u64 {
        self.life.id()
    }

    pub(super) const fn last(&self) -> Arrival {
        self.last
    }

    /// The latest time of its packets. That of the last one may be damaged, or not known.
    pub(super) const fn last_time(&self) -> i64 {
        self.life.last()
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

    /// The number of requests that wait for a response.
    pub(super) fn open_requests(&self) -> usize {
        self.protocol.open_requests()
    }

    /// Forgets requests that wait for a response, if there are many.
    pub(super) fn shed_requests(&mut self) {
        self.protocol.shed_requests();
    }

    /// Waits no longer for what is missing, and keeps only the beginnings of frames that are not whole yet.
    pub(super) fn shed(&mut self, outlet: &mut Outlet<'_>) {
        let now = self.last;
        let mut out = outlet.output(self.packets, &self.life);
        let streams = [&mut self.low, &mut self.high];
        in_turn(streams, &mut self.protocol, &mut out, |from, role| {
            from.shed(now, &mut self.tls, role);
        });
        self.tls.shed(now);
        if let Protocol::Trial(trial) = &self.protocol
            && trial.buffered() > SHED_BYTES
        {
            let is_kafka = trial.last_verdict(other_side(&self.life));
            out.counts.held_back += u64_of(if is_kafka { 0 } else { trial.held() });
            self.protocol.decide(is_kafka, &mut out);
        }
        match &mut self.protocol {
            Protocol::Kafka(dialogue) if dialogue.buffered() > SHED_BYTES => {
                dialogue.held.shed();
                dialogue.expire(now.time, &mut out);
            }
            Protocol::Other => {
                self.low.forget();
                self.high.forget();
            }
            _ => {}
        }
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
        let copied = sender.copies.take(segment, arrival.time);
        if copied != Copied::No {
            outlet.counts.copies += 1;
            self.low.tcp.await_copies();
            self.high.tcp.await_copies();
            if copied == Copied::More {
                self.complete(segment, arrival, outlet);
            }
            return;
        }
        self.packets += 1;
        let arrival = Arrival {
            turn: self.packets,
            ..arrival
        };
        self.last = arrival;
        self.life.client_is(self.low.is_client);
        self.life.segment(segment, arrival);
        let (from, to) = if segment.source == self.low.end {
            (&mut self.low, &mut self.high)
        } else {
            (&mut self.high, &mut self.low)
        };
        let mut out = outlet.output(self.packets, &self.life);
        if segment.syn {
            let (client, broker) = match segment.acknowledged {
                None => (segment.source, segment.destination),
                Some(_) => (segment.destination, segment.source),
            };
            if segment.acknowledged.is_none() {
                self.syn = Some(segment.sequence);
            }
            self.protocol.opened_by(client, broker, &mut out);
            agree([&mut *from, &mut *to], &self.protocol);
        }
        if let Protocol::Other = self.protocol {
            self.has_bytes |= !segment.payload.is_empty();
            self.is_closed |= self.life.is_over();
            return;
        }
        if segment.syn {
            from.begin(segment.sequence.wrapping_add(1), &mut self.tls);
            if let Some(acknowledged) = segment.acknowledged {
                // The answer to a SYN tells where the stream begins, even if the SYN was not captured, or comes later.
                to.begin(acknowledged, &mut self.tls);
            }
        }
        // What resets a connection may be of neither end, and its numbers mean nothing.
        if !segment.rst {
            to.acknowledged = segment.acknowledged.or(to.acknowledged);
        }
        if !segment.payload.is_empty() || segment.missing > 0 {
            self.has_bytes = true;
            with_role(from, to.end, &mut self.protocol, &mut out, |from, role| {
                from.take(segment, arrival, &mut self.tls, role);
            });
            agree([&mut *from, &mut *to], &self.protocol);
        }
        if segment.fin {
            let length = u64_of(segment.payload.len()) + u64::from(segment.missing);
            from.tcp.end(sequence_after(segment.sequence, length));
        }
        self.is_closed |= segment.rst;
        go_on(
            [&mut self.low, &mut self.high],
            &mut self.tls,
            &mut self.protocol,
            arrival,
            false,
            &mut out,
        );
        self.is_closed |= self.low.tcp.is_finished() && self.high.tcp.is_finished();
    }

    /// Takes a copy of a segment, of which an earlier copy had less.
    fn complete(&mut self, segment: &Segment<'_>, arrival: Arrival, outlet: &mut Outlet<'_>) {
        let mut out = outlet.output(self.packets, &self.life);
        let (from, to) = if segment.source == self.low.end {
            (&mut self.low, &mut self.high)
        } else {
            (&mut self.high, &mut self.low)
        };
        with_role(from, to.end, &mut self.protocol, &mut out, |from, role| {
            from.complete(segment, &mut self.tls, role);
        });
        agree([from, to], &self.protocol);
        self.tick(arrival, outlet);
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
        self.is_closed |= self.low.tcp.is_finished() && self.high.tcp.is_finished();
    }

    /// The connection, or the capture, is over.
    pub(super) fn finish(&mut self, outlet: &mut Outlet<'_>) {
        let arrival = self.last;
        self.reconsider_client(outlet);
        let mut out = outlet.output(self.packets, &self.life);
        go_on(
            [&mut self.low, &mut self.high],
            &mut self.tls,
            &mut self.protocol,
            arrival,
            true,
            &mut out,
        );
        let streams = [&mut self.low, &mut self.high];
        in_turn(streams, &mut self.protocol, &mut out, |from, role| {
            from.finish(arrival, &mut self.tls, role);
        });
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
            match self.protocol.dialogue_mut() {
                // They say more than the name of their protocol.
                Some(dialogue) if dialogue.has_preambles() => dialogue.report_preambles(&mut out),
                dialogue => {
                    let named = name_other(&[&self.low, &self.high], arrival, &mut out);
                    if let (Some(direction), Some(dialogue)) = (named, dialogue) {
                        dialogue.is_named(direction);
                    }
                }
            }
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

    /// Where it was a guess which end is the client, and nothing came of it, tries the other.
    fn reconsider_client(&mut self, outlet: &mut Outlet<'_>) {
        for _ in 0..2 {
            self.life.client_is(self.low.is_client);
            let mut out = outlet.output(self.packets, &self.life);
            match &mut self.protocol {
                Protocol::Trial(trial)
                    if trial.is_guess() && !trial.last_verdict(other_side(out.life)) =>
                {
                    trial.turn(&mut out);
                }
                _ => return,
            }
            let streams = [&mut self.low, &mut self.high];
            agree(streams, &self.protocol);
            let streams = [&mut self.low, &mut self.high];
            in_turn(streams, &mut self.protocol, &mut out, |from, role| {
                from.resume(&mut self.tls, role);
            });
        }
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
            connection: &Connection::new(client, broker, self.life.id()),
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
    if is_over {
        // Nothing more comes, and before one end is given up it must be known who the client is.
        in_turn([low, high], protocol, out, |from, role| {
            from.release(now, is_over, tls, role);
            if matches!(role.protocol, Protocol::Unknown) {
                from.above.framer.settle(role);
                from.above.framer.reconsider();
            }
        });
    }
    loop {
        in_turn([low, high], protocol, out, |from, role| {
            from.release(now, is_over, tls, role);
            from.resume(tls, role);
        });
        // The client's come first, since responses need their requests; then the older ones.
        let [of_low, of_high] = [&*low, &*high].map(|stream| {
            let lost = stream.lost(now, is_over)?;
            Some((!stream.is_client, lost))
        });
        let is_low = match (of_low, of_high) {
            (None, None) => break,
            (Some(low), Some(high)) => low < high,
            (low, None) => low.is_some(),
            (None, Some(_)) => false,
        };
        let (from, to) = if is_low {
            (&mut *low, high.end)
        } else {
            (&mut *high, low.end)
        };
        with_role(from, to, protocol, out, |from, role| {
            from.skip_hole(now, tls, role);
        });
        agree([low, high], protocol);
    }
    if is_over {
        in_turn([low, high], protocol, out, |from, role| {
            from.miss_end(now, tls, role);
        });
        in_turn([low, high], protocol, out, |from, role| {
            from.resume(tls, role);
        });
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
            let skipped = low.above.framer.skipped() + high.above.framer.skipped();
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

/// Lets both ends act, the client first.
fn in_turn(
    [low, high]: [&mut Stream; 2],
    protocol: &mut Protocol,
    out: &mut Output<'_>,
    mut act: impl FnMut(&mut Stream, &mut Role<'_, '_>),
) {
    let is_high_first = high.is_client;
    for is_high in [is_high_first, !is_high_first] {
        let (from, to) = if is_high {
            (&mut *high, low.end)
        } else {
            (&mut *low, high.end)
        };
        with_role(from, to, protocol, out, &mut act);
        agree([low, high], protocol);
    }
}

fn with_role(
    from: &mut Stream,
    to: SocketAddr,
    protocol: &mut Protocol,
    out: &mut Output<'_>,
    act: impl FnOnce(&mut Stream, &mut Role<'_, '_>),
) {
    let mut role = from.role(to, protocol, out);
    act(from, &mut role);
    from.is_client = role.is_client;
}

/// Both ends learn which of them is the client, when one finds out. What was seen before is looked at again then.
fn agree(streams: [&mut Stream; 2], protocol: &Protocol) {
    let Some(dialogue) = protocol.dialogue() else {
        return;
    };
    for stream in streams {
        let is_client = stream.end != dialogue.broker();
        if stream.is_known != Some(is_client) {
            stream.is_known = Some(is_client);
            stream.is_client = is_client;
            stream.above.framer.reconsider();
        }
    }
}
