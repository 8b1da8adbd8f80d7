//! SOCKS. See <https://www.openssh.com/txt/socks4.protocol> and its extension 4A, RFC 1928, 1929 (name and password) and
//! 1961 (GSSAPI).

use std::net::{Ipv4Addr, SocketAddr};

use super::proxy::address;
use super::{Found, Parsed, Proxy, State, text};

/// Methods of authentication.
const GSSAPI: u8 = 1;
const PASSWORD: u8 = 2;
const NONE_ACCEPTED: u8 = 0xff;

pub(super) fn client_4(bytes: &[u8]) -> Parsed {
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
    let text = format!("SOCKS4 to {host}:{port}");
    Parsed::Found(Found::new(length, text, State::Start).asking(Proxy::Socks4))
}

pub(super) fn server_4(bytes: &[u8]) -> Parsed {
    let text = match bytes {
        [0] => return Parsed::Short,
        [0, 0x5a, ..] => "SOCKS4 granted",
        [0, 0x5b..=0x5d, ..] => "SOCKS4 refused",
        _ => return Parsed::Other,
    };
    match bytes.len() {
        0..8 => Parsed::Short,
        _ => Parsed::Found(Found::new(8, text.to_owned(), State::Start)),
    }
}

/// The methods of authentication that a client of SOCKS5 offers.
pub(super) fn methods(bytes: &[u8]) -> Parsed {
    let (count, methods) = match bytes {
        [_] => return Parsed::Short,
        [_, count @ 1..=16, methods @ ..] => (usize::from(*count), methods),
        _ => return Parsed::Other,
    };
    let Some(methods) = methods.get(..count) else {
        return Parsed::Short;
    };
    if methods.iter().any(|method| (10..0x80).contains(method)) {
        return Parsed::Other;
    }
    let only = match methods {
        [only] => Some(*only),
        _ => None,
    };
    let found = Found::new(2 + count, "SOCKS5".to_owned(), State::Socks5);
    Parsed::Found(found.asking(Proxy::Socks5(only)))
}

/// The method that a server of SOCKS5 chooses.
pub(super) fn method(method: u8) -> Parsed {
    let (text, then) = match method {
        NONE_ACCEPTED => ("SOCKS5 refused: no method of authentication", State::Over),
        GSSAPI => ("SOCKS5 with GSSAPI", State::Socks5),
        _ => ("SOCKS5", State::Socks5),
    };
    let found = Found::new(2, text.to_owned(), then);
    Parsed::Found(found.asking(Proxy::Socks5(Some(method))))
}

/// Authentication, of which nothing is shown, or the request.
pub(super) fn client_5(bytes: &[u8], method: Option<u8>) -> Parsed {
    match bytes {
        [1] | [5] | [5, 1] | [5, 1, 0] => Parsed::Short,
        [5, 1, 0, ..] => end(bytes, "SOCKS5 to".to_owned()),
        [1, ..] if method == Some(GSSAPI) => gssapi(bytes),
        [1, name, rest @ ..] if method.is_none_or(|method| method == PASSWORD) => {
            let name = usize::from(*name);
            let Some(password) = rest.get(name) else {
                return Parsed::Short;
            };
            let length = 3 + name + usize::from(*password);
            let text = "SOCKS5 name and password, not shown".to_owned();
            match bytes.len() >= length {
                true => Parsed::Found(Found::new(length, text, State::Socks5)),
                false => Parsed::Short,
            }
        }
        _ => Parsed::Other,
    }
}

pub(super) fn server_5(bytes: &[u8], method: Option<u8>) -> Parsed {
    let code = match bytes {
        [1] | [5] | [5, _] | [5, _, 0] => return Parsed::Short,
        [1, ..] if method == Some(GSSAPI) => return gssapi(bytes),
        [1, result, ..] => {
            let (text, then) = match result {
                0 => ("SOCKS5 authenticated", State::Socks5),
                _ => ("SOCKS5 authentication refused", State::Over),
            };
            return Parsed::Found(Found::new(2, text.to_owned(), then));
        }
        [5, code, 0, ..] => code,
        _ => return Parsed::Other,
    };
    let what = match code {
        0 => "SOCKS5 connected, bound to".to_owned(),
        code => format!("SOCKS5 refused with code {code}, bound to"),
    };
    end(bytes, what)
}

/// A message of GSSAPI: a token, the agreement on a protection, or what is protected.
fn gssapi(bytes: &[u8]) -> Parsed {
    let (kind, length) = match bytes {
        [_, 0xff, ..] => {
            let text = "SOCKS5 authentication by GSSAPI refused".to_owned();
            return Parsed::Found(Found::new(2, text, State::Over));
        }
        [_, kind @ 1..=3, high, low, ..] => (kind, u16::from_be_bytes([*high, *low])),
        [_] | [_, 1..=3] | [_, 1..=3, _] => return Parsed::Short,
        _ => return Parsed::Other,
    };
    let (text, then) = match kind {
        1 => ("SOCKS5 token of GSSAPI, not shown", State::Socks5),
        2 => ("SOCKS5 protection of GSSAPI", State::Socks5),
        _ => ("SOCKS5 protected by GSSAPI, not read", State::Over),
    };
    let found = Found::new(4, text.to_owned(), then);
    let skip = match then {
        State::Over => 0,
        _ => length.into(),
    };
    Parsed::Found(Found { skip, ..found })
}

/// The address that ends SOCKS5.
fn end(bytes: &[u8], what: String) -> Parsed {
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
    Parsed::Found(Found::new(end + 2, text, State::Start))
}
