//! The preamble of a connection: the header of the PROXY protocol, HTTP CONNECT, SOCKS. It is taken off and
//! reported, and what follows is read as if it were not there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::role::Role;
use crate::event::Preamble;
use crate::length::u64_of;
use crate::tcp::{Arrival, Piece};

/// A longer one is not waited for.
const MAX_BYTES: usize = 16 << 10;
/// The longest line of version 1. See <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>.
const MAX_PROXY_LINE: usize = 107;
const PROXY_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The front of one direction.
#[derive(Debug, Default)]
pub(super) struct Front {
    state: State,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// There is none, or no more.
    #[default]
    Over,
    /// It may come.
    Start,
    /// SOCKS5 was agreed on; its request or answer follows.
    Socks5,
}

/// What the first bytes are.
#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    /// Not a preamble.
    Other,
    /// More is needed to tell.
    Short,
    /// A preamble of this length.
    Preamble(usize, String),
    /// The same, and SOCKS5 goes on.
    Socks5(usize, String),
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
        mut deliver: impl FnMut(Piece<'_>, &mut Role<'a, 'b>),
    ) {
        self.state = State::Over;
        let held = std::mem::take(&mut self.buffer);
        if !held.is_empty() {
            deliver(Piece::Bytes(&held, arrival), role);
        }
    }

    #[cold]
    fn look<'a, 'b>(
        &mut self,
        piece: Piece<'_>,
        role: &mut Role<'a, 'b>,
        mut deliver: impl FnMut(Piece<'_>, &mut Role<'a, 'b>),
    ) {
        let Piece::Bytes(bytes, arrival) = piece else {
            self.state = State::Over;
            let held = std::mem::take(&mut self.buffer);
            if !held.is_empty() {
                let arrival = arrival_of(piece);
                deliver(Piece::Bytes(&held, arrival), role);
            }
            return deliver(piece, role);
        };
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let rest = self.buffer.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let parsed = match role.is_client {
                true => of_client(rest, self.state),
                false => of_server(rest, self.state),
            };
            let (length, text) = match parsed {
                Parsed::Short if rest.len() <= MAX_BYTES => break,
                Parsed::Short | Parsed::Other => {
                    self.state = State::Over;
                    break;
                }
                Parsed::Preamble(length, text) => {
                    self.state = State::Start;
                    (length, text)
                }
                Parsed::Socks5(length, text) => {
                    self.state = State::Socks5;
                    (length, text)
                }
            };
            at += length;
            let bytes = u64_of(length);
            role.preamble(arrival, Preamble { bytes, text });
        }
        self.buffer.drain(..at.min(self.buffer.len()));
        if self.state == State::Over {
            let rest = std::mem::take(&mut self.buffer);
            if !rest.is_empty() {
                deliver(Piece::Bytes(&rest, arrival), role);
            }
        }
    }
}

const fn arrival_of(piece: Piece<'_>) -> Arrival {
    match piece {
        Piece::Bytes(_, arrival) | Piece::NotKept(_, arrival) | Piece::Lost(_, arrival) => arrival,
    }
}

/// Returns `true` if `bytes` begin with `start`, as far as there are any.
fn may_begin(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(one, other)| one == other)
}

fn of_client(bytes: &[u8], state: State) -> Parsed {
    if state == State::Socks5 {
        return socks_5_client(bytes);
    }
    match bytes {
        [b'P', ..] if may_begin(bytes, b"PROXY ") => proxy_1(bytes),
        [b'\r', ..] if may_begin(bytes, PROXY_2) => proxy_2(bytes),
        [b'C', ..] if may_begin(bytes, b"CONNECT ") => http_head(bytes, |_| true),
        [4] => Parsed::Short,
        [4, 1 | 2, ..] => socks_4(bytes),
        [5] => Parsed::Short,
        [5, count @ 1..=16, methods @ ..] => match methods.get(..usize::from(*count)) {
            Some(methods) if methods.iter().all(|method| *method < 10 || *method >= 0x80) => {
                Parsed::Socks5(2 + methods.len(), "SOCKS5".to_owned())
            }
            Some(_) => Parsed::Other,
            None => Parsed::Short,
        },
        _ => Parsed::Other,
    }
}

fn of_server(bytes: &[u8], state: State) -> Parsed {
    if state == State::Socks5 {
        return socks_5_server(bytes);
    }
    match bytes {
        [b'H', ..] if may_begin(bytes, b"HTTP/1.") => http_response(bytes),
        // As a size this would be more than any broker sends first.
        [5] => Parsed::Short,
        [5, method, ..] if *method != 0xff => Parsed::Socks5(2, "SOCKS5".to_owned()),
        [0, 0x5a, _, _, _, _, _, _] => Parsed::Preamble(8, "SOCKS4 granted".to_owned()),
        _ => Parsed::Other,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn proxy_1(bytes: &[u8]) -> Parsed {
    let end = bytes.windows(2).position(|two| two == b"\r\n");
    match end {
        Some(end) if end + 2 <= MAX_PROXY_LINE => {
            let line = bytes.get(6..end).unwrap_or_default();
            Parsed::Preamble(end + 2, format!("PROXY protocol v1 {}", text(line)))
        }
        None if bytes.len() < MAX_PROXY_LINE => Parsed::Short,
        _ => Parsed::Other,
    }
}

fn proxy_2(bytes: &[u8]) -> Parsed {
    let Some([command, family, high, low]) = bytes
        .get(PROXY_2.len()..)
        .and_then(|rest| rest.first_chunk())
    else {
        return Parsed::Short;
    };
    if command >> 4 != 2 {
        return Parsed::Other;
    }
    let start = PROXY_2.len() + 4;
    let length = start + usize::from(u16::from_be_bytes([*high, *low]));
    let Some(addresses) = bytes.get(start..length) else {
        return Parsed::Short;
    };
    let ends = match family >> 4 {
        1 => ends::<4>(addresses),
        2 => ends::<16>(addresses),
        _ => None,
    };
    let text = match ends {
        Some((source, destination)) => format!("PROXY protocol v2 {source} {destination}"),
        None => "PROXY protocol v2".to_owned(),
    };
    Parsed::Preamble(length, text)
}

/// Two addresses and two ports.
fn ends<const N: usize>(bytes: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let port = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let end = |at: usize, port| {
        let address = address(bytes.get(at..at + N)?)?;
        Some(SocketAddr::new(address, port))
    };
    Some((end(0, port(2 * N)?)?, end(N, port(2 * N + 2)?)?))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).into())
}

/// The response to CONNECT: the way is free, or a password is wanted, which the client sends next.
fn http_response(bytes: &[u8]) -> Parsed {
    let head = http_head(
        bytes,
        |line| matches!(line.get(9..12), Some(code) if code.starts_with('2') || code == "407"),
    );
    let Parsed::Preamble(end, line) = head else {
        return head;
    };
    if line.get(9..12) != Some("407") {
        return Parsed::Preamble(end, line);
    }
    let head = text(bytes.get(..end).unwrap_or_default());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = end.saturating_add(length.unwrap_or(0));
    match bytes.len() >= whole {
        true => Parsed::Preamble(whole, line),
        false => Parsed::Short,
    }
}

/// The head of an HTTP message, if its first line is acceptable.
fn http_head(bytes: &[u8], accepts: impl FnOnce(&str) -> bool) -> Parsed {
    let end_after = |end: &[u8]| {
        let at = bytes.windows(end.len()).position(|window| window == end);
        at.map(|at| at + end.len())
    };
    // Lines may end without a carriage return.
    let ends = [end_after(b"\r\n\r\n"), end_after(b"\n\n")];
    let Some(end) = ends.into_iter().flatten().min() else {
        return Parsed::Short;
    };
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next();
    let line = text(line.unwrap_or_default());
    match accepts(&line) {
        true => Parsed::Preamble(end, line),
        false => Parsed::Other,
    }
}

/// See <https://www.openssh.com/txt/socks4.protocol> and its extension 4A.
fn socks_4(bytes: &[u8]) -> Parsed {
    let Some([_, _, port @ .., a, b, c, d]) = bytes.first_chunk::<8>() else {
        return Parsed::Short;
    };
    let port = u16::from_be_bytes([port[0], port[1]]);
    let rest = bytes.get(8..).unwrap_or_default();
    let Some(user) = rest.iter().position(|byte| *byte == 0) else {
        return Parsed::Short;
    };
    let mut length = 8 + user + 1;
    let mut host = Ipv4Addr::new(*a, *b, *c, *d).to_string();
    let is_name = [a, b, c] == [&0; 3] && *d != 0;
    if is_name {
        let rest = bytes.get(length..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == 0) else {
            return Parsed::Short;
        };
        host = text(rest.get(..end).unwrap_or_default());
        length += end + 1;
    }
    Parsed::Preamble(length, format!("SOCKS4 to {host}:{port}"))
}

/// Name and password, which are not shown, or the request. See RFC 1928 and 1929.
fn socks_5_client(bytes: &[u8]) -> Parsed {
    match bytes {
        [1] => Parsed::Short,
        [1, name, rest @ ..] => {
            let name = usize::from(*name);
            let Some(password) = rest.get(name) else {
                return Parsed::Short;
            };
            let length = 3 + name + usize::from(*password);
            match bytes.len() >= length {
                true => Parsed::Socks5(length, "SOCKS5 name and password, not shown".to_owned()),
                false => Parsed::Short,
            }
        }
        [5] | [5, 1] | [5, 1, 0] => Parsed::Short,
        [5, 1, 0, ..] => socks_5_end(bytes, "SOCKS5 to"),
        _ => Parsed::Other,
    }
}

fn socks_5_server(bytes: &[u8]) -> Parsed {
    match bytes {
        [1] | [5] | [5, 0] | [5, 0, 0] => Parsed::Short,
        [1, 0, ..] => Parsed::Socks5(2, "SOCKS5 authenticated".to_owned()),
        [5, 0, 0, ..] => socks_5_end(bytes, "SOCKS5 connected, bound to"),
        _ => Parsed::Other,
    }
}

fn socks_5_end(bytes: &[u8], what: &str) -> Parsed {
    let Some(kind) = bytes.get(3) else {
        return Parsed::Short;
    };
    let (start, length) = match kind {
        1 => (4, 4),
        4 => (4, 16),
        3 => match bytes.get(4) {
            Some(length) => (5, usize::from(*length)),
            None => return Parsed::Short,
        },
        _ => return Parsed::Other,
    };
    let end = start + length;
    let (Some(host), Some(port)) = (
        bytes.get(start..end),
        bytes.get(end..).and_then(|rest| rest.first_chunk()),
    ) else {
        return Parsed::Short;
    };
    let port = u16::from_be_bytes(*port);
    let text = match address(host).filter(|_| *kind != 3) {
        Some(address) => format!("{what} {}", SocketAddr::new(address, port)),
        None => format!("{what} {}:{port}", text(host)),
    };
    Parsed::Preamble(end + 2, text)
}
