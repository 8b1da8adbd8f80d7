//! The header of the PROXY protocol. See <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Found, Parsed, State, text};
use crate::length::u64_of;

/// The longest line of version 1.
const MAX_LINE: usize = 107;
pub(super) const VERSION_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Two IPv6 addresses and two ports.
const MAX_ADDRESSES: usize = 36;

pub(super) fn version_1(bytes: &[u8]) -> Parsed {
    let end = bytes.windows(2).position(|two| two == b"\r\n");
    match end {
        Some(end) if end + 2 <= MAX_LINE => {
            let line = bytes.get(6..end).unwrap_or_default();
            let text = format!("PROXY protocol v1 {}", text(line));
            Parsed::Found(Found::new(end + 2, text, State::Start))
        }
        None if bytes.len() < MAX_LINE => Parsed::Short,
        _ => Parsed::Other,
    }
}

pub(super) fn version_2(bytes: &[u8]) -> Parsed {
    let Some([command, family, high, low]) = bytes
        .get(VERSION_2.len()..)
        .and_then(|rest| rest.first_chunk())
    else {
        return Parsed::Short;
    };
    if command >> 4 != 2 {
        return Parsed::Other;
    }
    let start = VERSION_2.len() + 4;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    // What stands behind the addresses may be long.
    let kept = length.min(MAX_ADDRESSES);
    let Some(addresses) = bytes.get(start..start + kept) else {
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
    Parsed::Found(Found {
        skip: u64_of(length - kept),
        ..Found::new(start + kept, text, State::Start)
    })
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

pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).into())
}
