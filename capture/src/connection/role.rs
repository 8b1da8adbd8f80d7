//! One end of a connection as the one who sends: it decides what its frames are taken for.

use std::net::SocketAddr;

use kafka_codec::frame::ForeignProtocol;

use super::dialogue::Dialogue;
use super::evidence::OtherSide;
use super::judge;
use super::preamble::{Client, Proxy};
use super::trial::Trial;
use crate::counts::Counts;
use crate::event::{Connection, Direction, Event, EventKind, Preamble};
use crate::frames::{Frame, FramePosition, Hole, Judge, Likelihood, Truncation};
use crate::identity::Identity;
use crate::length::u64_of;
use crate::output::Sink;
use crate::tcp::{Arrival, Life};
use crate::tls;
use crate::topic_names::TopicNames;

/// So many requests of a connection are not given up to save memory.
const MIN_REQUESTS: usize = 64;

/// What all connections write to.
pub(crate) struct Outlet<'a> {
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) counts: &'a mut Counts,
    pub(crate) topics: &'a mut TopicNames,
    pub(crate) tls: &'a mut tls::Shared,
}

impl Outlet<'_> {
    /// Of a connection that had so many packets so far.
    pub(super) fn output<'b>(&'b mut self, packets: u64, life: &'b Life) -> Output<'b> {
        Output {
            sink: self.sink,
            counts: self.counts,
            topics: self.topics,
            tls: self.tls,
            packets,
            life,
        }
    }
}

/// Where what was found on a connection goes.
pub(crate) struct Output<'a> {
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) counts: &'a mut Counts,
    pub(crate) topics: &'a mut TopicNames,
    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "read by TLS alone"))]
    pub(crate) tls: &'a mut tls::Shared,
    /// How many packets the connection had so far.
    pub(crate) packets: u64,
    /// The TCP side of the connection so far.
    pub(crate) life: &'a Life,
}

impl Output<'_> {
    pub(super) fn emit(
        &mut self,
        connection: &Connection,
        at: Arrival,
        direction: Direction,
        client: &Identity,
        kind: EventKind<'_>,
    ) {
        let counts = &mut *self.counts;
        match &kind {
            EventKind::Message(message) => {
                match direction {
                    Direction::ToBroker => counts.requests += 1,
                    Direction::ToClient => counts.responses += 1,
                }
                counts.truncated += u64::from(message.truncation.is_some());
                counts.cut_off += u64::from(message.truncation == Some(Truncation::Ended));
                self.topics.learn(message, direction);
            }
            EventKind::SaslToken { .. } => counts.sasl_tokens += 1,
            EventKind::Undecoded(_) => counts.undecoded += 1,
            EventKind::Gap(gap) => {
                counts.gaps += 1;
                counts.missing_bytes += gap.missing;
                counts.skipped_bytes += gap.skipped;
            }
            EventKind::Tls(_) | EventKind::Preamble(_) => {}
        }
        self.sink.event(&Event {
            connection,
            life: self.life,
            time: at.time,
            packet: at.packet,
            direction,
            kind,
            client,
            topics: self.topics,
        });
    }
}

/// The protocol of a connection, as far as it is known.
pub(super) enum Protocol {
    /// Nothing yet: it is not even known who opened it.
    Unknown,
    /// The client is known, but not whether it speaks Kafka.
    Undecided(Dialogue),
    /// It looks like Kafka, which is not believed yet.
    Trial(Box<Trial>),
    /// It speaks Kafka.
    Kafka(Dialogue),
    /// It speaks something else.
    Other,
}

impl Protocol {
    /// It is Kafka, and if nothing else is known, `client` is the client.
    pub(super) fn is_kafka(&mut self, client: SocketAddr, broker: SocketAddr, id: u64) {
        *self = match std::mem::replace(self, Self::Other) {
            Self::Unknown => Self::Kafka(Dialogue::new(client, broker, id)),
            Self::Undecided(dialogue) => Self::Kafka(dialogue),
            decided => decided,
        };
    }

    /// The number of requests that wait for a response.
    pub(super) fn open_requests(&self) -> usize {
        match self {
            Self::Kafka(dialogue) => dialogue.requests.len(),
            _ => 0,
        }
    }

    /// Forgets requests that wait for a response, if there are many.
    pub(super) fn shed_requests(&mut self) {
        if let Self::Kafka(dialogue) = self
            && dialogue.requests.len() > MIN_REQUESTS
        {
            dialogue.requests.give_up_all();
        }
    }

    /// It looks like Kafka.
    fn may_be_kafka(&mut self, client: SocketAddr, broker: SocketAddr, id: u64) {
        *self = match std::mem::replace(self, Self::Other) {
            Self::Unknown => {
                let dialogue = Dialogue::new(client, broker, id);
                Self::Trial(Box::new(Trial::of_guess(&dialogue)))
            }
            Self::Undecided(dialogue) if dialogue.is_trusted => Self::Kafka(dialogue),
            Self::Undecided(dialogue) => Self::Trial(Box::new(Trial::new(&dialogue))),
            decided => decided,
        };
    }

    /// `client` opened the connection.
    pub(super) fn opened_by(
        &mut self,
        client: SocketAddr,
        broker: SocketAddr,
        out: &mut Output<'_>,
    ) {
        match self {
            Self::Unknown => {
                *self = Self::Undecided(Dialogue::new(client, broker, out.life.id()));
            }
            Self::Trial(trial) if trial.is_guess() => {
                if trial.dialogue().broker() == client {
                    trial.turn(out);
                }
                trial.settle_client();
            }
            _ => {}
        }
    }

    /// Believes that it is Kafka, or not.
    pub(super) fn decide(&mut self, is_kafka: bool, out: &mut Output<'_>) {
        *self = match std::mem::replace(self, Self::Other) {
            Self::Trial(trial) if is_kafka => Self::Kafka(trial.believe(out)),
            Self::Trial(_) => Self::Other,
            decided => decided,
        };
    }

    /// What is said, if it is or may be Kafka.
    pub(super) fn dialogue_mut(&mut self) -> Option<&mut Dialogue> {
        match self {
            Self::Undecided(dialogue) | Self::Kafka(dialogue) => Some(dialogue),
            Self::Trial(trial) => Some(trial.beginning()),
            Self::Unknown | Self::Other => None,
        }
    }

    /// The same.
    pub(super) fn dialogue(&self) -> Option<&Dialogue> {
        match self {
            Self::Undecided(dialogue) | Self::Kafka(dialogue) => Some(dialogue),
            Self::Trial(trial) => Some(trial.dialogue()),
            Self::Unknown | Self::Other => None,
        }
    }
}

pub(super) const fn direction(is_request: bool) -> Direction {
    if is_request {
        Direction::ToBroker
    } else {
        Direction::ToClient
    }
}

/// What the broker of a connection has sent.
pub(super) fn other_side(life: &Life) -> OtherSide {
    let broker = life.broker();
    match broker.bytes {
        0 => OtherSide::Silent,
        _ if ForeignProtocol::of_first_bytes(broker.first_bytes()).is_some() => OtherSide::Foreign,
        _ => OtherSide::Speaks,
    }
}

/// The end that sends.
pub(super) struct Role<'a, 'b> {
    pub(super) protocol: &'a mut Protocol,
    /// This end and the other.
    pub(super) ends: (SocketAddr, SocketAddr),
    pub(super) is_client: bool,
    pub(super) out: &'a mut Output<'b>,
}

impl Role<'_, '_> {
    /// Takes note of what stands in front of Kafka.
    pub(super) fn preamble(&mut self, at: Arrival, preamble: Preamble) {
        let direction = self.direction();
        if let Some(dialogue) = self.protocol.dialogue_mut() {
            dialogue.preamble(at, direction, preamble);
        }
    }

    /// What the client asked a proxy for, as far as it is known.
    pub(super) fn asked_of_proxy(&mut self) -> Option<Proxy> {
        self.protocol.dialogue_mut()?.asked_of_proxy
    }

    /// What is known of the client in front of Kafka.
    pub(super) fn client(&mut self) -> Client {
        match self.asked_of_proxy() {
            Some(asked) => Client::Proxy(asked),
            None if self.out.life.client().bytes == 0 => Client::Silent,
            None => Client::Other,
        }
    }

    /// A proxy is asked.
    pub(super) fn asks_proxy(&mut self, asked: Proxy) {
        if let Some(dialogue) = self.protocol.dialogue_mut() {
            dialogue.asked_of_proxy = Some(asked);
        }
    }

    /// A proxy of SOCKS4 answers once.
    pub(super) fn is_answered_by_proxy(&mut self) {
        if let Some(dialogue) = self.protocol.dialogue_mut() {
            let asked = &mut dialogue.asked_of_proxy;
            asked.take_if(|asked| *asked == Proxy::Socks4);
        }
    }

    /// This end opened the connection.
    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "called by TLS alone"))]
    pub(super) fn opens(&mut self) {
        if let Protocol::Unknown = self.protocol {
            self.is_client = true;
            let dialogue = Dialogue::new(self.ends.0, self.ends.1, self.out.life.id());
            *self.protocol = Protocol::Undecided(dialogue);
        }
    }

    fn direction(&self) -> Direction {
        direction(self.is_client)
    }
}

impl Judge for Role<'_, '_> {
    fn judge(&self, bytes: &[u8], size: usize, position: FramePosition<'_>) -> Likelihood {
        match &*self.protocol {
            Protocol::Other => Likelihood::Impossible,
            // A response can look like a request without a client id, so more must speak for it.
            Protocol::Unknown => match judge::request(bytes, size, FramePosition::Anywhere, None) {
                Likelihood::Possible | Likelihood::Doubtful if bytes.len() < size => {
                    Likelihood::TooShort
                }
                Likelihood::Possible | Likelihood::Doubtful => Likelihood::Impossible,
                likelihood => likelihood,
            },
            protocol => match protocol.dialogue() {
                Some(dialogue) if self.is_client => {
                    let is_start = position == FramePosition::First;
                    if is_start && bytes.len() == size && dialogue.begins_with_token(bytes) {
                        return Likelihood::Likely;
                    }
                    let client_id = dialogue.client.client_id().filter(|id| !id.is_empty());
                    judge::request(bytes, size, position, client_id)
                }
                Some(dialogue) if !matches!(protocol, Protocol::Undecided(_)) => {
                    if position == FramePosition::First && dialogue.expects_tokens() {
                        return Likelihood::Possible;
                    }
                    judge::response(bytes, size, position, &dialogue.requests, dialogue.last_id)
                }
                _ => Likelihood::TooShort,
            },
        }
    }

    fn may_follow(&self, bytes: &[u8]) -> bool {
        match self.protocol.dialogue() {
            Some(dialogue) if self.is_client => {
                let client_id = dialogue.client.client_id().filter(|id| !id.is_empty());
                judge::may_be_request(bytes, client_id)
            }
            Some(dialogue) => judge::may_be_response(bytes, &dialogue.requests, dialogue.last_id),
            None => true,
        }
    }

    fn knowledge(&self) -> u64 {
        match &*self.protocol {
            Protocol::Unknown | Protocol::Other => 0,
            Protocol::Undecided(_) => 1,
            Protocol::Kafka(dialogue) => 2 + dialogue.seen,
            Protocol::Trial(trial) => 2 + trial.dialogue().seen,
        }
    }

    fn is_foreign(&mut self) -> bool {
        match self.protocol {
            Protocol::Kafka(_) | Protocol::Trial(_) => false,
            _ => {
                *self.protocol = Protocol::Other;
                true
            }
        }
    }

    fn found(&mut self) {
        if matches!(self.protocol, Protocol::Unknown) {
            self.is_client = true;
        }
        let (client, broker) = match self.is_client {
            true => self.ends,
            // The client opened the connection, and its requests are still to come.
            false => (self.ends.1, self.ends.0),
        };
        self.protocol
            .may_be_kafka(client, broker, self.out.life.id());
    }

    fn frame(&mut self, frame: Frame<'_>) -> bool {
        match &mut *self.protocol {
            Protocol::Kafka(dialogue) if self.is_client => dialogue.request(&frame, self.out),
            Protocol::Kafka(dialogue) => dialogue.response(&frame, self.out),
            Protocol::Trial(trial) => {
                let is_one = trial.frame(&frame, self.is_client, self.out);
                let other_side = other_side(self.out.life);
                if trial.is_guess() && trial.verdict(other_side) == Some(false) {
                    trial.turn(self.out);
                    self.is_client = !self.is_client;
                    trial.settle_client();
                }
                if let Some(is_kafka) = trial.verdict(other_side) {
                    let held = trial.held();
                    self.out.counts.held_back += u64_of(if is_kafka { 0 } else { held });
                    self.protocol.decide(is_kafka, self.out);
                }
                is_one
            }
            _ => true,
        }
    }

    fn hole(&mut self, hole: Hole) {
        let direction = self.direction();
        match &mut *self.protocol {
            Protocol::Kafka(dialogue) => dialogue.hole(&hole, direction, self.out),
            Protocol::Trial(trial) => trial.hole(hole, self.is_client),
            _ => {}
        }
    }
}
