//! Writing pcapng: blocks as they were, and comments among the options of packets.
//!
//! See <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>.

use std::io::{self, BufWriter, Write};

use crate::input::{BlockKind, RawBlock, Resolution};
use crate::length::usize_of;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;

const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_TSRESOL: u16 = 9;
const IF_FCSLEN: u16 = 13;

/// Type, length, interface, time, captured and original length.
const ENHANCED_HEADER_BYTES: usize = 28;
/// In a field of pcap, that it says how long frame check sequences are: in its upper four bits, in units of 16 bits.
const HAS_FCS_LENGTH: u32 = 0x0400_0000;

/// Returns `true` if a block is a packet that is counted.
pub(super) const fn is_packet(block: &RawBlock<'_>) -> bool {
    match block {
        RawBlock::LegacyHeader { .. } => false,
        RawBlock::LegacyPacket { .. } => true,
        RawBlock::Block { kind, .. } => {
            matches!(kind, BlockKind::EnhancedPacket | BlockKind::SimplePacket(_))
        }
    }
}

/// Writes a pcapng.
pub(super) struct Writer<W: Write> {
    to: BufWriter<W>,
    order: Order,
    resolution: Resolution,
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    const fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    const fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn read(self, bytes: &[u8], at: usize) -> u32 {
        let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk());
        let bytes = *bytes.unwrap_or(&[0; 4]);
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}

impl<W: Write> Writer<W> {
    pub(super) fn new(to: W) -> Self {
        Self {
            to: BufWriter::with_capacity(1 << 18, to),
            order: Order::Little,
            resolution: Resolution::Microseconds,
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// Writes a block, with comments if it is a packet.
    pub(super) fn block(&mut self, block: &RawBlock<'_>, comments: &[String]) -> io::Result<()> {
        match *block {
            RawBlock::LegacyHeader {
                network,
                max_length,
                resolution,
            } => self.header(network, max_length, resolution),
            RawBlock::LegacyPacket {
                seconds,
                fraction,
                length,
                bytes,
            } => {
                let per_second = match self.resolution {
                    Resolution::Microseconds => 1_000_000,
                    Resolution::Nanoseconds => 1_000_000_000,
                };
                let ticks = u64::from(seconds) * per_second + u64::from(fraction);
                self.packet(ticks, length, bytes, comments)
            }
            RawBlock::Block {
                kind: BlockKind::Section,
                bytes,
            } => {
                self.order = if bytes.get(8) == Some(&0x1a) {
                    Order::Big
                } else {
                    Order::Little
                };
                // The section gets longer than it may have said.
                let mut section = bytes.to_vec();
                if let Some(length) = section.get_mut(16..24) {
                    length.fill(0xff);
                }
                self.to.write_all(&section)
            }
            RawBlock::Block {
                kind: BlockKind::EnhancedPacket,
                bytes,
            } if !comments.is_empty() => self.enhanced(bytes, comments),
            RawBlock::Block {
                kind: BlockKind::SimplePacket(captured),
                bytes,
            } if !comments.is_empty() => {
                // These have neither options nor a time. Their interface is the first one.
                let length = self.order.read(bytes, 8);
                let data = bytes.get(12..12 + captured).unwrap_or_default();
                self.packet(0, length, data, comments)
            }
            RawBlock::Block { bytes, .. } => self.to.write_all(bytes),
        }
    }

    /// What stands in front of the packets of a pcap.
    fn header(&mut self, network: i32, max_length: u32, resolution: Resolution) -> io::Result<()> {
        self.resolution = resolution;
        let order = self.order;
        let mut section = Vec::new();
        section.extend(order.u32(BYTE_ORDER));
        section.extend([order.u16(1), order.u16(0)].concat());
        section.extend([0xff; 8]);
        self.option(&mut section, SHB_USERAPPL, b"kafka-capture");
        section.extend([0; 4]);
        self.write(SECTION_HEADER, &section)?;
        let network = network.cast_unsigned();
        let mut interface = Vec::new();
        let [low, high, ..] = network.to_le_bytes();
        interface.extend(order.u16(u16::from_le_bytes([low, high])));
        interface.extend([0; 2]);
        interface.extend(order.u32(max_length));
        let digits = match resolution {
            Resolution::Microseconds => 6,
            Resolution::Nanoseconds => 9,
        };
        self.option(&mut interface, IF_TSRESOL, &[digits]);
        if network & HAS_FCS_LENGTH != 0 {
            let [.., top] = network.to_le_bytes();
            self.option(&mut interface, IF_FCSLEN, &[(top >> 4).saturating_mul(16)]);
        }
        interface.extend([0; 4]);
        self.write(INTERFACE_DESCRIPTION, &interface)
    }

    /// A packet of the first interface.
    fn packet(
        &mut self,
        ticks: u64,
        length: u32,
        data: &[u8],
        comments: &[String],
    ) -> io::Result<()> {
        let order = self.order;
        let [high, low] = [ticks >> 32, ticks & 0xffff_ffff]
            .map(|half| u32::try_from(half).expect("it is a half"));
        let captured = u32::try_from(data.len()).map_err(io::Error::other)?;
        let mut body = Vec::with_capacity(data.len() + 64);
        for value in [0, high, low, captured, length] {
            body.extend(order.u32(value));
        }
        body.extend_from_slice(data);
        pad(&mut body);
        if !comments.is_empty() {
            self.comments(&mut body, comments);
            body.extend([0; 4]);
        }
        self.write(ENHANCED_PACKET, &body)
    }

    /// A packet as it was, with comments in front of its options.
    fn enhanced(&mut self, bytes: &[u8], comments: &[String]) -> io::Result<()> {
        let captured = usize_of(self.order.read(bytes, 20).into());
        let options = ENHANCED_HEADER_BYTES.saturating_add(captured.next_multiple_of(4));
        let end = bytes.len().saturating_sub(4);
        let (Some(before), Some(options)) = (bytes.get(8..options), bytes.get(options..end)) else {
            return self.to.write_all(bytes);
        };
        let mut body = before.to_vec();
        self.comments(&mut body, comments);
        if options.is_empty() {
            body.extend([0; 4]);
        } else {
            body.extend_from_slice(options);
        }
        self.write(self.order.read(bytes, 0), &body)
    }

    fn comments(&self, body: &mut Vec<u8>, comments: &[String]) {
        for comment in comments {
            self.option(body, OPT_COMMENT, comment.as_bytes());
        }
    }

    fn option(&self, body: &mut Vec<u8>, code: u16, value: &[u8]) {
        let length = u16::try_from(value.len()).expect("comments are shorter");
        body.extend(self.order.u16(code));
        body.extend(self.order.u16(length));
        body.extend_from_slice(value);
        pad(body);
    }

    fn write(&mut self, kind: u32, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 12).map_err(io::Error::other)?;
        self.to.write_all(&self.order.u32(kind))?;
        self.to.write_all(&self.order.u32(length))?;
        self.to.write_all(body)?;
        self.to.write_all(&self.order.u32(length))
    }
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}
