//! The preamble of a connection: the header of the PROXY protocol, HTTP CONNECT, SOCKS. It is taken off and
//! reported, and what follows is read as if it were not there.

mod http;
mod proxy;
mod socks;

use super::role::Role;
use crate::event::Preamble;
use crate::length::{u64_of, usize_of};
use crate::tcp::{Arrival, Piece};

/// A longer one is not waited for. Bodies of HTTP responses are not kept.
const MAX_BYTES: usize = 16 << 10;
/// So many parts are told apart of what is held. Preambles come in few.
const MAX_ARRIVALS: usize = 64;
/// More preambles of one direction are not taken for some.
const MAX_PREAMBLES: u8 = 16;

/// The front of one direction.
#[derive(Debug, Default)]
pub(super) struct Front {
    state: State,
    /// The number of preambles, or parts of them with texts of their own.
    found: u8,
    buffer: Vec<u8>,
    /// How many bytes of the buffer are taken.
    taken: usize,
    /// The lengths of the parts of the buffer that came together, and their packets.
    arrivals: Vec<(usize, Arrival)>,
    /// How many of the bytes that follow belong to the preamble that is not reported yet.
    skip: u64,
    /// The preamble that is not reported yet.
    pending: Option<Preamble>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// There is none, or no more.
    #[default]
    Over,
    /// It may come.
    Start,
    /// SOCKS5 was agreed on; its request or answer follows.
    Socks5,
    /// The size of a chunk of an HTTP body follows.
    Chunk,
    /// Lines behind the last chunk of an HTTP body follow.
    Trailer,
}

/// What a client asked a proxy for, which says what the other end's first bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// A tunnel by HTTP.
    Connect,
    Socks4,
    /// With this method of authentication, once it is known.
    Socks5(Option<u8>),
}

/// What a server knows of its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// Nothing of it was captured so far.
    Silent,
    /// It asked a proxy.
    Proxy(Proxy),
    /// It said something else.
    Other,
}

/// What the first bytes are.
#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    /// Not a preamble.
    Other,
    /// More is needed to tell.
    Short,
    /// A preamble, or the part of one that its text is in.
    Found(Found),
    /// More of the preamble before: `length` bytes here, and then so many that are not looked at.
    More {
        length: usize,
        skip: u64,
        then: State,
    },
}

#[derive(Debug, PartialEq, Eq)]
struct Found {
    length: usize,
    text: String,
    /// How many of the bytes that follow belong to it, and are not looked at.
    skip: u64,
    /// What follows.
    then: State,
    /// What a proxy is asked for by it.
    asked: Option<Proxy>,
}

impl Found {
    const fn new(length: usize, text: String, then: State) -> Self {
        Self {
            length,
            text,
            skip: 0,
            then,
            asked: None,
        }
    }

    fn asking(self, asked: Proxy) -> Self {
        Self {
            asked: Some(asked),
            ..self
        }
    }
}

impl Front {
    /// The first byte of the connection follows.
    pub(super) const fn begin(&mut self) {
        self.state = State::Start;
    }

    pub(super) fn buffered(&self) -> usize {
        self.buffer.capacity()
    }

    /// Takes the next part of the stream, and delivers what is behind the front.
    #[inline]
    pub(super) fn push<'a, 'b>(
        &mut self,
        piece: Piece<'_>,
        role: &mut Role<'a, 'b>,
        mut deliver: impl FnMut(Piece<'_>, &mut Role<'a, 'b>),
    ) {
        if self.state == State::Over {
            deliver(piece, role);
        } else {
            self.look(piece, role, deliver);
        }
    }

    /// The stream is over: what was held is not a preamble.
    pub(super) fn finish<'a, 'b>(
        &mut self,
        arrival: Arrival,
        role: &mut Role<'a, 'b>,
        deliver: impl FnMut(Piece<'_>, &mut Role<'a, 'b>),
    ) {
        self.report(arrival, role);
        self.end(role, deliver);
    }

    #[cold]
    fn look<'a, 'b>(
        &mut self,
        piece: Piece<'_>,
        role: &mut Role<'a, 'b>,
        mut deliver: impl FnMut(Piece<'_>, &mut Role<'a, 'b>),
    ) {
        let (bytes, arrival) = match piece {
            Piece::Bytes(bytes, arrival) => (bytes, arrival),
            // What was not captured may be within what is not looked at.
            Piece::NotKept(length, _) | Piece::Lost(length, _) if length <= self.skip => {
                return self.skip(length);
            }
            Piece::NotKept(_, arrival) | Piece::Lost(_, arrival) => {
                self.finish(arrival, role, &mut deliver);
                return deliver(piece, role);
            }
        };
        let skipped = u64_of(bytes.len()).min(self.skip);
        self.skip(skipped);
        let bytes = bytes.get(usize_of(skipped)..).unwrap_or_default();
        if !bytes.is_empty() {
            self.buffer.extend_from_slice(bytes);
            let is_full = self.arrivals.len() >= MAX_ARRIVALS;
            match self.arrivals.last_mut() {
                Some((length, _)) if is_full => *length += bytes.len(),
                _ => self.arrivals.push((bytes.len(), arrival)),
            }
        }
        while self.skip == 0 {
            if !matches!(self.state, State::Chunk | State::Trailer) {
                self.report(arrival, role);
            }
            if self.rest().is_empty() || !self.step(role) {
                break;
            }
        }
        // All at once: each time for itself would move what is behind it.
        self.buffer.drain(..self.taken);
        self.taken = 0;
        if self.state == State::Over {
            self.report(arrival, role);
            self.end(role, deliver);
        }
    }

    /// What is not taken.
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    /// Looks at what is there. Returns `true` if there may be more to look at.
    fn step(&mut self, role: &mut Role<'_, '_>) -> bool {
        let rest = self.rest();
        let parsed = match self.state {
            State::Chunk => http::chunk(rest),
            State::Trailer => http::trailer(rest),
            _ if self.found >= MAX_PREAMBLES => Parsed::Other,
            State::Start | State::Socks5 if role.is_client => {
                of_client(rest, self.state, role.asked_of_proxy())
            }
            _ => of_server(rest, self.state, role.client()),
        };
        let (length, skip, then) = match parsed {
            Parsed::Short if rest.len() <= MAX_BYTES => return false,
            Parsed::Short | Parsed::Other => {
                self.state = State::Over;
                return false;
            }
            Parsed::More { length, skip, then } => (length, skip, then),
            Parsed::Found(found) => {
                match found.asked {
                    Some(asked) => role.asks_proxy(asked),
                    None if !role.is_client => role.is_answered_by_proxy(),
                    None => {}
                }
                let text = found.text;
                self.found += 1;
                self.pending = Some(Preamble { bytes: 0, text });
                (found.length, found.skip, found.then)
            }
        };
        self.state = then;
        self.take(length);
        let skipped = u64_of(self.rest().len()).min(skip);
        self.take(usize_of(skipped));
        self.skip = skip - skipped;
        self.state != State::Over
    }

    /// Takes bytes of the preamble off the buffer.
    fn take(&mut self, length: usize) {
        if let Some(pending) = &mut self.pending {
            pending.bytes += u64_of(length);
        }
        self.taken += length;
        let mut left = length;
        while let Some((first, _)) = self.arrivals.first_mut() {
            if *first > left {
                *first -= left;
                break;
            }
            left -= *first;
            self.arrivals.remove(0);
        }
    }

    /// Passes over bytes of the preamble that are not in the buffer.
    const fn skip(&mut self, length: u64) {
        self.skip -= length;
        if let Some(pending) = &mut self.pending {
            pending.bytes += length;
        }
    }

    fn report(&mut self, arrival: Arrival, role: &mut Role<'_, '_>) {
        if let Some(preamble) = self.pending.take() {
            role.preamble(arrival, preamble);
        }
    }

    /// There is no preamble any more. Delivers what was held.
    fn end<'a, 'b>(
        &mut self,
        role: &mut Role<'a, 'b>,
        mut deliver: impl FnMut(Piece<'_>, &mut Role<'a, 'b>),
    ) {
        let Self {
            buffer, arrivals, ..
        } = std::mem::take(self);
        let mut rest = &*buffer;
        for (length, arrival) in arrivals {
            let (now, later) = rest.split_at(length.min(rest.len()));
            deliver(Piece::Bytes(now, arrival), role);
            rest = later;
        }
    }
}

/// Returns `true` if `bytes` begin with `start`, as far as there are any.
fn may_begin(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(one, other)| one == other)
}

fn of_client(bytes: &[u8], state: State, asked: Option<Proxy>) -> Parsed {
    let method = match asked {
        Some(Proxy::Socks5(method)) => method,
        _ => None,
    };
    match bytes {
        _ if state == State::Socks5 => socks::client_5(bytes, method),
        [b'P', ..] if may_begin(bytes, b"PROXY ") => proxy::version_1(bytes),
        [b'\r', ..] if may_begin(bytes, proxy::VERSION_2) => proxy::version_2(bytes),
        [b'C', ..] if may_begin(bytes, b"CONNECT ") => http::request(bytes),
        // Some proxies take it so.
        [b'c', ..] if may_begin(bytes, b"connect ") => http::request(bytes),
        [4] => Parsed::Short,
        [4, 1 | 2, ..] => socks::client_4(bytes),
        [5, ..] => socks::methods(bytes),
        _ => Parsed::Other,
    }
}

/// A server's first bytes are those of a proxy only if the client asked one, as far as that was captured.
fn of_server(bytes: &[u8], state: State, client: Client) -> Parsed {
    let may_be = |asked| client == Client::Silent || client == Client::Proxy(asked);
    let (is_socks_5, method) = match client {
        Client::Proxy(Proxy::Socks5(method)) => (true, method),
        other => (other == Client::Silent, None),
    };
    match bytes {
        _ if state == State::Socks5 => socks::server_5(bytes, method),
        [b'H', ..] if may_be(Proxy::Connect) && may_begin(bytes, b"HTTP/1.") => {
            http::response(bytes)
        }
        // As a size this would be more than any broker sends first.
        [5] if is_socks_5 => Parsed::Short,
        [5, method, ..] if is_socks_5 => socks::method(*method),
        // A broker may send such a size.
        [0, ..] if client == Client::Proxy(Proxy::Socks4) => socks::server_4(bytes),
        _ => Parsed::Other,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
