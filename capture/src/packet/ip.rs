//! IP headers, with those between them and the transport.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{Ipv4Header, Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::NoSegment;
use super::layer::{array_at, from, u8_at, u16_at, u32_at};

/// More headers between IP and the transport are not believed.
const MAX_EXTENSIONS: usize = 16;
const JUMBO_PAYLOAD: u8 = 0xc2;

/// An IP packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ip<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// The number of the protocol that the payload is of.
    pub(super) protocol: u8,
    /// Distinguishes the packets of a sender; 0 where the header has no such number.
    pub(super) identification: u32,
    /// The captured part of the payload; of a fragment, its part of it.
    pub(super) payload: &'a [u8],
    /// The number of bytes of the payload that were not captured.
    pub(super) missing: u32,
    /// A number for the networks that the headers before it name; 0 if they name none.
    pub(super) network: u64,
    /// The place of the payload in a larger one.
    pub(super) fragment: Option<Fragment>,
}

/// The place of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) offset: u32,
    pub(super) is_last: bool,
}

impl<'a> Ip<'a> {
    /// Reads the headers. `cut` is the number of bytes of the packet that were not captured, which counts
    /// where no length is given: segments that a network card is to cut, or has put together.
    pub(super) fn read(bytes: &'a [u8], cut: u32) -> Result<Self, NoSegment> {
        match u8_at(bytes, 0)? >> 4 {
            4 => Self::read_4(bytes, cut),
            6 => Self::read_6(bytes, cut),
            _ => Err(NoSegment::NotTcp),
        }
    }

    /// Returns `true` if bytes that nobody says to be IP are a packet of exactly this length, with TCP in it, or with a header
    /// that version 6 has in front of TCP. Only the first IP header has to be captured.
    pub(super) fn is_whole(bytes: &[u8], length: usize) -> bool {
        if let Ok((header, _)) = Ipv4Header::from_slice(bytes) {
            // A checksum that a network card is to fill in is 0.
            let checksums = [0, header.calc_header_checksum()];
            return usize::from(header.total_len) == length
                && checksums.contains(&header.header_checksum)
                && header.protocol.0 == TCP;
        }
        Ipv6HeaderSlice::from_slice(bytes).is_ok_and(|header| {
            usize::from(header.payload_length()) + IPV6_HEADER_BYTES == length
                && matches!(
                    header.next_header().0,
                    TCP | FRAGMENT | HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS
                )
        })
    }

    /// Returns `true` if bytes that nobody says to be IP begin like a packet, which may go on behind them.
    pub(super) fn is_begun(bytes: &[u8]) -> bool {
        if let Ok((header, _)) = Ipv4Header::from_slice(bytes) {
            let checksums = [0, header.calc_header_checksum()];
            return checksums.contains(&header.header_checksum)
                && usize::from(header.total_len) >= header.header_len();
        }
        Ipv6HeaderSlice::from_slice(bytes).is_ok_and(|header| {
            matches!(
                header.next_header().0,
                4 | TCP
                    | 17
                    | 41
                    | 47
                    | 50
                    | 58
                    | FRAGMENT
                    | HOP_BY_HOP
                    | ROUTING
                    | AUTHENTICATION
                    | DESTINATION_OPTIONS
            )
        })
    }

    /// The number of bytes of the packet that `bytes` begin like.
    pub(super) fn length(bytes: &[u8]) -> Option<usize> {
        if let Ok((header, _)) = Ipv4Header::from_slice(bytes) {
            return Some(header.total_len.into());
        }
        let header = Ipv6HeaderSlice::from_slice(bytes).ok()?;
        Some(usize::from(header.payload_length()) + IPV6_HEADER_BYTES)
    }

    fn read_4(bytes: &'a [u8], cut: u32) -> Result<Self, NoSegment> {
        let header_bytes = usize::from(u8_at(bytes, 0)? & 0x0f) * 4;
        if bytes.len() < header_bytes {
            return Err(NoSegment::HeadersCut);
        }
        let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| NoSegment::NotTcp)?;
        let payload = from(bytes, header_bytes)?;
        let (payload, missing) = match usize::from(header.total_len()) {
            0 => (payload, cut),
            total => bounded(payload, total.checked_sub(header_bytes))?,
        };
        let offset = u32::from(header.fragments_offset().value()) * 8;
        let is_fragment = header.more_fragments() || offset > 0;
        let ip = Self {
            source: IpAddr::V4(Ipv4Addr::from(header.source())),
            destination: IpAddr::V4(Ipv4Addr::from(header.destination())),
            protocol: header.protocol().0,
            identification: header.identification().into(),
            payload,
            missing,
            network: 0,
            fragment: is_fragment.then_some(Fragment {
                offset,
                is_last: !header.more_fragments(),
            }),
        };
        ip.authenticated()?.minimal()
    }

    /// Passes over an authentication header.
    fn authenticated(mut self) -> Result<Self, NoSegment> {
        if self.protocol == AUTHENTICATION && self.fragment.is_none() {
            self.protocol = u8_at(self.payload, 0)?;
            let length = (usize::from(u8_at(self.payload, 1)?) + 2) * 4;
            self.payload = from(self.payload, length)?;
        }
        Ok(self)
    }

    /// Passes over the header of minimal encapsulation, which has the protocol and the ends that the packet had before.
    /// See RFC 2004.
    fn minimal(mut self) -> Result<Self, NoSegment> {
        if self.protocol == MINIMAL_ENCAPSULATION && self.fragment.is_none() {
            let [protocol, flags] = array_at(self.payload, 0)?;
            let mut length = 8;
            self.destination = IpAddr::from(array_at::<4>(self.payload, 4)?);
            if flags & 0x80 != 0 {
                self.source = IpAddr::from(array_at::<4>(self.payload, length)?);
                length += 4;
            }
            self.protocol = protocol;
            self.payload = from(self.payload, length)?;
        }
        Ok(self)
    }

    fn read_6(bytes: &'a [u8], cut: u32) -> Result<Self, NoSegment> {
        if bytes.len() < IPV6_HEADER_BYTES {
            return Err(NoSegment::HeadersCut);
        }
        let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| NoSegment::NotTcp)?;
        let payload = from(bytes, IPV6_HEADER_BYTES)?;
        let protocol = header.next_header().0;
        let (payload, missing) = match usize::from(header.payload_length()) {
            0 => match jumbo_length(protocol, payload) {
                Some(length) => bounded(payload, Some(length))?,
                None => (payload, cut),
            },
            length => bounded(payload, Some(length))?,
        };
        let ip = Self {
            source: IpAddr::V6(Ipv6Addr::from(header.source())),
            destination: IpAddr::V6(Ipv6Addr::from(header.destination())),
            protocol,
            identification: 0,
            payload,
            missing,
            network: 0,
            fragment: None,
        };
        ip.behind_extensions()
    }

    /// The packet that fragments like this one make.
    pub(super) fn whole<'b>(&self, payload: &'b [u8], missing: u32) -> Result<Ip<'b>, NoSegment> {
        let whole = Ip {
            payload,
            missing,
            fragment: None,
            ..*self
        };
        if whole.source.is_ipv4() {
            whole.authenticated()?.minimal()
        } else {
            whole.behind_extensions()
        }
    }

    /// Passes over the headers of version 6 up to the transport, or to a fragment.
    fn behind_extensions(mut self) -> Result<Self, NoSegment> {
        for _ in 0..MAX_EXTENSIONS {
            let bytes = self.payload;
            let length = match self.protocol {
                HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | 135 | 139 | 140 => {
                    (usize::from(u8_at(bytes, 1)?) + 1) * 8
                }
                AUTHENTICATION => (usize::from(u8_at(bytes, 1)?) + 2) * 4,
                FRAGMENT => {
                    let place = u16_at(bytes, 2)?;
                    self.identification = u32_at(bytes, 4)?;
                    let fragment = Fragment {
                        offset: u32::from(place & !7),
                        is_last: place & 1 == 0,
                    };
                    // A fragment that is all there is no fragment. See RFC 6946.
                    if fragment.offset > 0 || !fragment.is_last {
                        self.fragment = Some(fragment);
                    }
                    8
                }
                _ => return Ok(self),
            };
            self.protocol = u8_at(bytes, 0)?;
            self.payload = from(bytes, length)?;
            if self.fragment.is_some() {
                return Ok(self);
            }
        }
        Err(NoSegment::TooDeep)
    }
}

/// The first `length` bytes, and how many there are fewer. Links pad short packets.
fn bounded(bytes: &[u8], length: Option<usize>) -> Result<(&[u8], u32), NoSegment> {
    let length = length.ok_or(NoSegment::NotTcp)?;
    match bytes.get(..length) {
        Some(bytes) => Ok((bytes, 0)),
        None => Ok((bytes, u32_of(length - bytes.len()))),
    }
}

/// The length of a payload of 64 KiB and more, which an option has. See RFC 2675.
fn jumbo_length(protocol: u8, payload: &[u8]) -> Option<usize> {
    if protocol != HOP_BY_HOP {
        return None;
    }
    let length = (usize::from(*payload.get(1)?) + 1) * 8;
    let mut options = payload.get(2..length)?;
    loop {
        match options {
            [0, rest @ ..] => options = rest,
            [JUMBO_PAYLOAD, 4, a, b, c, d, ..] => {
                return usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok();
            }
            [_, length, rest @ ..] => options = rest.get(usize::from(*length)..)?,
            _ => return None,
        }
    }
}

/// A caller's packet can be longer than any on the wire; then nothing of it is missing.
pub(super) fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

const IPV6_HEADER_BYTES: usize = 40;
const HOP_BY_HOP: u8 = 0;
const TCP: u8 = 6;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const MINIMAL_ENCAPSULATION: u8 = 55;
const DESTINATION_OPTIONS: u8 = 60;
