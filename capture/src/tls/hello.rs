//! Handshake messages: put together from records, and what the hellos say. The wire format is `tls-parser`'s.

use tls_parser::{
    SNIType, TlsExtension, TlsExtensionType, TlsVersion, parse_tls_client_hello_extension,
    parse_tls_handshake_client_hello, parse_tls_handshake_server_hello,
    parse_tls_server_hello_extension,
};

use crate::length::usize_of;

/// Types of handshake messages.
pub(super) mod kind {
    pub(in super::super) const CLIENT_HELLO: u8 = 1;
    pub(in super::super) const SERVER_HELLO: u8 = 2;
    pub(in super::super) const NEW_SESSION_TICKET: u8 = 4;
    pub(in super::super) const END_OF_EARLY_DATA: u8 = 5;
    pub(in super::super) const CERTIFICATE: u8 = 11;
    pub(in super::super) const FINISHED: u8 = 20;
    pub(in super::super) const KEY_UPDATE: u8 = 24;
}

const HEADER_BYTES: usize = 4;
/// Maximum size of a message that is looked into; a ticket has 64 KiB at most.
const MAX_KEPT_BYTES: usize = 72 << 10;
/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446, section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Handshake messages of one direction, which may be cut into records anywhere.
#[derive(Default)]
pub(super) struct Messages {
    /// The message from its header on; of those that are not looked into only the header.
    buffer: Vec<u8>,
    /// How many bytes of the body are still to be passed over.
    skip: usize,
    is_whole: bool,
}

/// A handshake message.
pub(super) struct Handshake<'a> {
    pub(super) kind: u8,
    /// The size of the body.
    pub(super) size: usize,
    /// The body, of those that are looked into.
    pub(super) body: &'a [u8],
}

impl Messages {
    /// The next message that ends within `bytes`, which are advanced behind it.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Option<Handshake<'_>> {
        if std::mem::take(&mut self.is_whole) {
            self.buffer.clear();
        }
        if self.buffer.len() < HEADER_BYTES && !self.fill(bytes, HEADER_BYTES) {
            return None;
        }
        let [kind, high, middle, low, ..] = *self.buffer else {
            return None;
        };
        let size = usize_of(u32::from_be_bytes([0, high, middle, low]).into());
        let is_kept = matches!(
            kind,
            kind::CLIENT_HELLO | kind::SERVER_HELLO | kind::NEW_SESSION_TICKET
        ) && size <= MAX_KEPT_BYTES;
        if is_kept {
            if !self.fill(bytes, HEADER_BYTES + size) {
                return None;
            }
        } else {
            if self.buffer.len() == HEADER_BYTES {
                self.skip = size;
                // One more byte says that the skipping has begun.
                self.buffer.push(0);
            }
            let (now, later) = bytes.split_at(self.skip.min(bytes.len()));
            *bytes = later;
            self.skip -= now.len();
            if self.skip > 0 {
                return None;
            }
        }
        self.is_whole = true;
        let body = if is_kept {
            self.buffer.get(HEADER_BYTES..).unwrap_or_default()
        } else {
            &[]
        };
        Some(Handshake { kind, size, body })
    }

    /// Records are missing: the next one is expected to begin with a message.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(super) fn buffered(&self) -> usize {
        self.buffer.capacity()
    }

    fn fill(&mut self, bytes: &mut &[u8], length: usize) -> bool {
        let wanted = length.saturating_sub(self.buffer.len());
        let (now, later) = bytes.split_at(wanted.min(bytes.len()));
        *bytes = later;
        self.buffer.extend_from_slice(now);
        self.buffer.len() >= length
    }
}

/// What matters of a ClientHello.
pub(super) struct ClientHello {
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) ticket: Vec<u8>,
    pub(super) server_name: Option<String>,
    pub(super) has_early_data: bool,
}

impl ClientHello {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let (_, hello) = parse_tls_handshake_client_hello(body).ok()?;
        let mut parsed = Self {
            random: hello.random.try_into().ok()?,
            session_id: hello.session_id.unwrap_or_default().to_vec(),
            ticket: Vec::new(),
            server_name: None,
            has_early_data: false,
        };
        for extension in extensions(hello.ext) {
            let Ok((_, extension)) = parse_tls_client_hello_extension(extension) else {
                continue;
            };
            match extension {
                TlsExtension::SNI(names) => {
                    let name = names.iter().find(|(kind, _)| *kind == SNIType::HostName);
                    let name = name.map(|(_, name)| String::from_utf8_lossy(name).into_owned());
                    parsed.server_name = name;
                }
                TlsExtension::SessionTicket(ticket) => parsed.ticket = ticket.to_vec(),
                TlsExtension::EarlyData(_) => parsed.has_early_data = true,
                _ => {}
            }
        }
        Some(parsed)
    }
}

/// What matters of a ServerHello.
pub(super) struct ServerHello {
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) suite: u16,
    pub(super) version: u16,
    /// It is a HelloRetryRequest.
    pub(super) is_retry: bool,
    /// TLS 1.3 with a pre-shared key.
    pub(super) has_psk: bool,
    /// Suites with CBC encrypt first, then compute the MAC (RFC 7366).
    pub(super) is_mac_last: bool,
}

impl ServerHello {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let (_, hello) = parse_tls_handshake_server_hello(body).ok()?;
        let random = hello.random.try_into().ok()?;
        let mut parsed = Self {
            random,
            session_id: hello.session_id.unwrap_or_default().to_vec(),
            suite: hello.cipher.0,
            version: hello.version.0,
            is_retry: random == RETRY,
            has_psk: false,
            is_mac_last: false,
        };
        for extension in extensions(hello.ext) {
            let Ok((_, extension)) = parse_tls_server_hello_extension(extension) else {
                continue;
            };
            match extension {
                TlsExtension::SupportedVersions(versions) => {
                    if let Some(TlsVersion(version)) = versions.first() {
                        parsed.version = *version;
                    }
                }
                TlsExtension::PreSharedKey(_) => parsed.has_psk = true,
                // In a ServerHello, `tls-parser` looks for it under another number.
                TlsExtension::Unknown(TlsExtensionType::EncryptThenMac, _) => {
                    parsed.is_mac_last = true;
                }
                _ => {}
            }
        }
        Some(parsed)
    }
}

/// The extensions of a hello, one by one: one that cannot be parsed does not hide the others.
fn extensions(all: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let mut rest = all.unwrap_or_default();
    std::iter::from_fn(move || {
        let length = rest.get(2..)?.first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (extension, after) = rest.split_at_checked(4 + length)?;
        rest = after;
        Some(extension)
    })
}

/// The ticket in a NewSessionTicket of TLS 1.2: a lifetime, and the ticket with its length.
pub(super) fn ticket_12(body: &[u8]) -> Option<&[u8]> {
    let (_, rest) = body.split_first_chunk::<4>()?;
    let (length, ticket) = rest.split_first_chunk::<2>()?;
    ticket.get(..usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_the_same_however_records_cut_them() {
        let mut stream = Vec::new();
        let sizes = [
            (4_u8, 5_usize),
            (11, 300),
            (24, 1),
            (20, 0),
            (4, 0),
            (1, 70_000),
        ];
        for (kind, size) in sizes {
            stream.push(kind);
            stream.extend_from_slice(&u32::try_from(size).unwrap().to_be_bytes()[1..]);
            stream.extend(std::iter::repeat_n(kind, size));
        }
        for step in [1, 2, 3, 7, 1000, stream.len()] {
            let mut messages = Messages::default();
            let mut found = Vec::new();
            for mut part in stream.chunks(step) {
                while let Some(message) = messages.next(&mut part) {
                    let is_kept = matches!(message.kind, 1 | 2 | 4);
                    assert_eq!(message.body.len(), if is_kept { message.size } else { 0 });
                    found.push((message.kind, message.size));
                }
                assert!(part.is_empty());
            }
            assert_eq!(found, sizes);
        }
    }
}
