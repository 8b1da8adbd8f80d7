//! Kuznetsov's modified pcap in big-endian, as pcap. The parser reads that format in little-endian only.

use std::io::{self, Read};

use super::open::read_up_to;
use crate::length::{u64_of, usize_of};

const MODIFIED: &[u8] = &[0xa1, 0xb2, 0xcd, 0x34];
const PLAIN: &[u8] = &[0xa1, 0xb2, 0xc3, 0xd4];
/// Time, lengths, and then what is left out: interface, protocol, kind of packet.
const HEADER_BYTES: usize = 24;
const PLAIN_HEADER_BYTES: usize = 16;

/// The packets of such a file with the headers of pcap.
pub(super) struct Modified<R> {
    bytes: R,
    /// The rest of a header that is being read.
    header: Vec<u8>,
    /// How much of its packet is still to come.
    left: u64,
}

impl<R: Read> Modified<R> {
    pub(super) const fn new(bytes: R) -> Self {
        Self {
            bytes,
            header: Vec::new(),
            left: 0,
        }
    }

    fn next_header(&mut self) -> io::Result<()> {
        self.header = read_up_to(&mut self.bytes, HEADER_BYTES)?;
        if self.header.len() == HEADER_BYTES {
            let captured = self.header.get(8..).and_then(|rest| rest.first_chunk());
            self.left = u32::from_be_bytes(*captured.unwrap_or(&[0; 4])).into();
        }
        self.header.truncate(PLAIN_HEADER_BYTES);
        Ok(())
    }
}

impl Modified<()> {
    /// Returns `true` if a file begins so. Its first bytes become those of pcap.
    pub(super) fn begins(start: &mut [u8]) -> bool {
        match start.get_mut(..MODIFIED.len()) {
            Some(magic) if magic == MODIFIED => {
                magic.copy_from_slice(PLAIN);
                true
            }
            _ => false,
        }
    }
}

impl<R: Read> Read for Modified<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.header.is_empty() && self.left == 0 {
            self.next_header()?;
        }
        if !self.header.is_empty() {
            let length = self.header.as_slice().read(buffer)?;
            self.header.drain(..length);
            return Ok(length);
        }
        let length = usize_of(self.left).min(buffer.len());
        let (part, _) = buffer.split_at_mut(length);
        let length = self.bytes.read(part)?;
        self.left -= u64_of(length);
        Ok(length)
    }
}
