//! Recognition of TLS by the first bytes of a connection, and the handling of its pieces.

use super::boundaries::{content, is_header, record_bytes};
use super::hello::kind;
use super::keys::HEADER_BYTES;
use super::pair::Pair;
use super::{Onward, Way};
use crate::event::{Tls, TlsOutcome};
use crate::tcp::{Arrival, Piece};

/// A connection on its way to its frames.
#[derive(Default)]
pub(crate) struct Session(State);

enum State {
    Undecided([Start; 2]),
    Plain,
    Tls(Box<Pair>),
}

impl Default for State {
    fn default() -> Self {
        Self::Undecided(Default::default())
    }
}

/// What is known of the beginning of one direction.
#[derive(Default)]
struct Start {
    /// The first bytes of the connection, which is known to begin with them.
    is_first: bool,
    is_plain: bool,
    /// Too few bytes to tell.
    held: Vec<u8>,
    arrival: Arrival,
}

/// What first bytes are.
enum First {
    TooShort,
    Plain,
    /// A handshake message, or an alert instead of one.
    Handshake,
    Alert,
    /// Records of a connection whose handshake was not captured.
    MidStream,
}

impl Session {
    /// The next byte in one direction is the first of the connection.
    pub(crate) fn begin(&mut self, way: Way) {
        if let State::Undecided(starts) = &mut self.0 {
            at(starts, way).is_first = true;
        }
    }

    /// Bytes whose memory is in use.
    pub(crate) fn buffered(&self) -> usize {
        match &self.0 {
            State::Tls(pair) => pair.buffered(),
            _ => 0,
        }
    }

    /// Gives up what waits, to save memory.
    pub(crate) fn shed(&mut self, arrival: Arrival) {
        if let State::Tls(pair) = &mut self.0 {
            pair.shed(arrival);
        }
    }

    /// Takes the next piece of one direction.
    #[inline]
    pub(crate) fn push(&mut self, way: Way, piece: Piece<'_>, onward: &mut impl Onward) {
        match &mut self.0 {
            State::Plain => onward.piece(piece),
            State::Tls(pair) => pair.push(way, piece, onward),
            State::Undecided(_) => self.decide(way, piece, onward),
        }
    }

    /// Goes on with what waited for the other direction.
    #[inline]
    pub(crate) fn resume(&mut self, way: Way, onward: &mut impl Onward) {
        if let State::Tls(pair) = &mut self.0 {
            pair.resume(way, onward);
        }
    }

    /// The stream of one direction is over. The client's is to be told first.
    pub(crate) fn finish(&mut self, way: Way, arrival: Arrival, onward: &mut impl Onward) {
        match &mut self.0 {
            State::Tls(pair) => pair.finish(way, arrival, onward),
            State::Undecided(starts) => at(starts, way).hand_over(onward),
            State::Plain => {}
        }
    }

    /// What became of a TLS connection, once that is known.
    pub(crate) fn outcome(&self) -> Option<TlsOutcome> {
        match &self.0 {
            State::Tls(pair) => pair.outcome(),
            _ => None,
        }
    }

    /// Returns `true` if it is TLS of which nothing was and will be decrypted.
    pub(crate) fn is_opaque(&self) -> bool {
        match &self.0 {
            State::Tls(pair) => pair.is_opaque(),
            _ => false,
        }
    }

    /// What is to be reported, with the end that caused it.
    pub(crate) fn take_events(&mut self) -> Vec<(Tls, Way, Arrival)> {
        match &mut self.0 {
            State::Tls(pair) => pair.take_events(),
            _ => Vec::new(),
        }
    }

    /// The client, once the handshake shows it.
    pub(crate) fn client(&self) -> Option<Way> {
        match &self.0 {
            State::Tls(pair) => pair.client(),
            _ => None,
        }
    }

    fn decide(&mut self, way: Way, piece: Piece<'_>, onward: &mut impl Onward) {
        let State::Undecided(starts) = &mut self.0 else {
            return;
        };
        let is_other_plain = at(starts, way.other()).is_plain;
        let start = at(starts, way);
        if start.is_plain {
            onward.piece(piece);
            return;
        }
        let Piece::Bytes(bytes, arrival) = piece else {
            // What follows may begin anywhere.
            start.is_first = false;
            start.hand_over(onward);
            onward.piece(piece);
            return;
        };
        let mut held = std::mem::take(&mut start.held);
        let joined = if held.is_empty() {
            bytes
        } else {
            held.extend_from_slice(bytes);
            &held
        };
        let first = First::of(joined, start.is_first);
        match first {
            First::TooShort => {
                (start.held, start.arrival) = (joined.to_vec(), arrival);
            }
            // A plaintext client that meets a TLS port is answered with an alert.
            First::Alert if is_other_plain => {
                self.0 = State::Tls(Box::new(Pair::plaintext_client(way, arrival)));
            }
            First::Handshake | First::Alert | First::MidStream if !is_other_plain => {
                let others = std::mem::take(at(starts, way.other()));
                let mut pair = Pair::new();
                if let First::MidStream = first {
                    pair.fail(TlsOutcome::HandshakeNotCaptured, way, arrival);
                }
                if !others.held.is_empty() {
                    let piece = Piece::Bytes(&others.held, others.arrival);
                    pair.push(way.other(), piece, onward);
                }
                pair.push(way, Piece::Bytes(joined, arrival), onward);
                self.0 = State::Tls(Box::new(pair));
            }
            _ => {
                start.is_plain = true;
                onward.piece(Piece::Bytes(joined, arrival));
                if is_other_plain {
                    self.0 = State::Plain;
                }
            }
        }
    }
}

fn at(starts: &mut [Start; 2], way: Way) -> &mut Start {
    let [low, high] = starts;
    match way {
        Way::Low => low,
        Way::High => high,
    }
}

impl Start {
    fn hand_over(&mut self, onward: &mut impl Onward) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            onward.piece(Piece::Bytes(&held, self.arrival));
        }
    }
}

impl First {
    /// What these bytes are, which are the first of the connection or of what was captured of it.
    fn of(bytes: &[u8], is_first: bool) -> Self {
        if !is_header(bytes) {
            return Self::Plain;
        }
        let (Some(size), Some(body)) = (record_bytes(bytes), bytes.get(HEADER_BYTES..)) else {
            return Self::TooShort;
        };
        let content = bytes.first().copied().unwrap_or_default();
        match (content, body.first()) {
            (content::HANDSHAKE | content::ALERT, None) => Self::TooShort,
            (content::HANDSHAKE, Some(&(kind::CLIENT_HELLO | kind::SERVER_HELLO))) => {
                Self::Handshake
            }
            (content::ALERT, Some(1 | 2)) if size == HEADER_BYTES + 2 => Self::Alert,
            _ if is_first => Self::Plain,
            // In the midst of a connection, more must speak for it: the header of the next record.
            (content::DATA, _) => match bytes.get(size..) {
                Some(next) if is_header(next) => Self::MidStream,
                None if size > HEADER_BYTES + 16 => Self::MidStream,
                _ => Self::Plain,
            },
            _ => Self::Plain,
        }
    }
}
