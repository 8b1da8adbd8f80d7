//! The packets of a capture, one at a time, in a buffer that grows only for blocks that need it.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "tls")]
use pcap_parser::SecretsType;
use pcap_parser::traits::{PcapNGPacketBlock, PcapReaderIterator};
use pcap_parser::{Block, LegacyPcapReader, PcapBlockOwned, PcapError, PcapNGReader};

use super::open::read_up_to;
use super::{Input, InputError};
use crate::length::usize_of;

/// Number of bytes per read.
const BUFFER_BYTES: usize = 256 << 10;
/// Maximum size of a packet or block; a larger one is damaged.
const MAX_BUFFER_BYTES: usize = 64 << 20;
const SECTION_HEADER: &[u8] = &[0x0a, 0x0d, 0x0d, 0x0a];
/// The other bits of the field say how long the frame check sequences are.
const LINK_TYPE_BITS: i32 = 0x03ff_ffff;
const PCAP_HEADER_BYTES: usize = 24;
const OBSOLETE_PACKET: u32 = 2;
/// Size of the fields before the data in an obsolete packet block, in bytes.
const OBSOLETE_HEADER_BYTES: usize = 20;
const NANOSECONDS: i64 = 1_000_000_000;

/// A captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The capture time, in nanoseconds since 1970.
    pub time: i64,
    /// The number of the link type, as in <https://www.tcpdump.org/linktypes.html>.
    pub link_type: i32,
    /// The size of the packet on the wire, in bytes.
    pub length: u32,
    /// The bytes captured, from the first on.
    pub bytes: &'a [u8],
}

/// Reads the packets of a capture.
pub struct Packets {
    name: String,
    blocks: Box<dyn PcapReaderIterator + Send>,
    /// The error of the last failed read, which the parser does not pass on.
    failure: Arc<Mutex<Option<io::Error>>>,
    interfaces: Interfaces,
    packets: u64,
    #[cfg(feature = "tls")]
    secrets: Option<crate::Secrets>,
}

impl Packets {
    /// Reads the header of a capture.
    ///
    /// # Errors
    ///
    /// [`InputError`], for a capture that cannot be one.
    pub fn new(input: Input) -> Result<Self, InputError> {
        let Input { name, mut bytes } = input;
        let start = match first_block(&mut bytes) {
            Ok(start) => start,
            Err(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(InputError::CutOff { name, packets: 0 });
            }
            Err(source) => return Err(InputError::Io { name, source }),
        };
        let failure = Arc::new(Mutex::new(None));
        if start.is_empty() {
            return Err(InputError::Empty { name });
        }
        let is_pcapng = start.starts_with(SECTION_HEADER);
        let bytes = Watched {
            bytes: Cursor::new(start).chain(bytes),
            failure: Arc::clone(&failure),
        };
        let blocks: Result<Box<dyn PcapReaderIterator + Send>, _> = if is_pcapng {
            PcapNGReader::new(BUFFER_BYTES, bytes).map(|blocks| Box::new(blocks) as _)
        } else {
            LegacyPcapReader::new(BUFFER_BYTES, bytes).map(|blocks| Box::new(blocks) as _)
        };
        match blocks {
            Ok(blocks) => Ok(Self {
                name,
                blocks,
                failure,
                interfaces: Interfaces::default(),
                packets: 0,
                #[cfg(feature = "tls")]
                secrets: None,
            }),
            Err(PcapError::Incomplete(_)) if is_pcapng => {
                Err(InputError::CutOff { name, packets: 0 })
            }
            Err(_) => Err(InputError::NotACapture { name }),
        }
    }

    /// Returns the name of the capture.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds the TLS secrets that are in the capture (decryption secrets blocks of pcapng) to `secrets`, each before
    /// the packets behind it.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_secrets(self, secrets: crate::Secrets) -> Self {
        Self {
            secrets: Some(secrets),
            ..self
        }
    }

    /// Hands all packets to `handle`, in order, until it breaks. Before more has to be read, which can
    /// take long while someone is still capturing, `wait` is called.
    ///
    /// # Errors
    ///
    /// [`InputError`]: the capture cannot be read to its end.
    pub fn for_each(
        &mut self,
        mut handle: impl FnMut(Packet<'_>) -> ControlFlow<()>,
        mut wait: impl FnMut(),
    ) -> Result<(), InputError> {
        loop {
            let stop = match self.blocks.next() {
                Ok((length, block)) => {
                    let flow = match self.interfaces.packet(&block) {
                        Some(packet) => {
                            self.packets += 1;
                            handle(packet)
                        }
                        None => {
                            #[cfg(feature = "tls")]
                            add_secrets(self.secrets.as_ref(), &block);
                            ControlFlow::Continue(())
                        }
                    };
                    drop(block);
                    self.blocks.consume(length);
                    if flow.is_break() {
                        return Ok(());
                    }
                    continue;
                }
                Err(error) => Stop::from(error),
            };
            if matches!(stop, Stop::Incomplete) {
                wait();
            }
            if self.go_on(stop)?.is_break() {
                return Ok(());
            }
        }
    }

    /// Hands all blocks to `handle` as they are in the file, those without a packet too, until it breaks.
    #[cfg(feature = "analysis")]
    pub(crate) fn for_each_block(
        &mut self,
        mut handle: impl FnMut(RawBlock<'_>) -> ControlFlow<()>,
    ) -> Result<(), InputError> {
        loop {
            let stop = match self.blocks.next() {
                Ok((length, block)) => {
                    let packet = self.interfaces.packet(&block);
                    self.packets += u64::from(packet.is_some());
                    let flow = match (&block, packet) {
                        (PcapBlockOwned::LegacyHeader(header), _) => {
                            handle(RawBlock::LegacyHeader {
                                network: header.network.0,
                                max_length: header.snaplen,
                                resolution: if header.is_nanosecond_precision() {
                                    Resolution::Nanoseconds
                                } else {
                                    Resolution::Microseconds
                                },
                            })
                        }
                        (PcapBlockOwned::Legacy(packet), _) => handle(RawBlock::LegacyPacket {
                            seconds: packet.ts_sec,
                            fraction: packet.ts_usec,
                            length: packet.origlen,
                            bytes: packet.data,
                        }),
                        (PcapBlockOwned::NG(ng), packet) => {
                            let is_packet = packet.is_some();
                            let kind = match ng {
                                Block::SectionHeader(_) => BlockKind::Section,
                                // An obsolete packet has the same fields in the same places.
                                Block::EnhancedPacket(_) | Block::Unknown(_) if is_packet => {
                                    BlockKind::EnhancedPacket
                                }
                                Block::SimplePacket(_) if is_packet => {
                                    let length = packet.map_or(0, |packet| packet.bytes.len());
                                    BlockKind::SimplePacket(length)
                                }
                                _ => BlockKind::Other,
                            };
                            drop(block);
                            let bytes = self.blocks.data().get(..length).unwrap_or_default();
                            handle(RawBlock::Block { kind, bytes })
                        }
                    };
                    self.blocks.consume(length);
                    if flow.is_break() {
                        return Ok(());
                    }
                    continue;
                }
                Err(error) => Stop::from(error),
            };
            if self.go_on(stop)?.is_break() {
                return Ok(());
            }
        }
    }

    /// Reads more, if there is more.
    fn go_on(&mut self, stop: Stop) -> Result<ControlFlow<()>, InputError> {
        match stop {
            Stop::Incomplete => self.refill()?,
            Stop::BufferTooSmall => self.grow()?,
            Stop::End => return Ok(ControlFlow::Break(())),
            Stop::UnexpectedEnd if self.blocks.data().is_empty() => {
                return Ok(ControlFlow::Break(()));
            }
            Stop::UnexpectedEnd => return Err(self.cut_off()),
            Stop::Damaged => return Err(self.damaged()),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn refill(&mut self) -> Result<(), InputError> {
        if self.blocks.refill().is_ok() {
            return Ok(());
        }
        let failure = self.failure.lock();
        let failure = failure.unwrap_or_else(PoisonError::into_inner).take();
        match failure {
            // Decompression reports packed files that are cut off.
            Some(source) if source.kind() == io::ErrorKind::UnexpectedEof => Err(self.cut_off()),
            Some(source) => Err(InputError::Io {
                name: self.name.clone(),
                source,
            }),
            None => Err(self.damaged()),
        }
    }

    fn grow(&mut self) -> Result<(), InputError> {
        let length = (self.blocks.data().len().max(BUFFER_BYTES)) * 2;
        if length > MAX_BUFFER_BYTES {
            return Err(self.damaged());
        }
        self.blocks.grow(length);
        self.refill()
    }

    fn cut_off(&self) -> InputError {
        InputError::CutOff {
            name: self.name.clone(),
            packets: self.packets,
        }
    }

    fn damaged(&self) -> InputError {
        InputError::Damaged {
            name: self.name.clone(),
            packets: self.packets,
        }
    }
}

/// Why there is no block to be had.
enum Stop {
    Incomplete,
    BufferTooSmall,
    End,
    UnexpectedEnd,
    Damaged,
}

impl<I> From<PcapError<I>> for Stop {
    fn from(error: PcapError<I>) -> Self {
        match error {
            PcapError::Eof => Self::End,
            PcapError::Incomplete(_) => Self::Incomplete,
            PcapError::BufferTooSmall => Self::BufferTooSmall,
            PcapError::UnexpectedEof => Self::UnexpectedEnd,
            _ => Self::Damaged,
        }
    }
}

/// A part of a capture as it is in the file.
#[cfg(feature = "analysis")]
pub(crate) enum RawBlock<'a> {
    /// The header of a pcap.
    LegacyHeader {
        network: i32,
        max_length: u32,
        resolution: Resolution,
    },
    /// A packet of a pcap; its time is in the header's resolution.
    LegacyPacket {
        seconds: u32,
        fraction: u32,
        length: u32,
        bytes: &'a [u8],
    },
    /// A block of a pcapng, in the byte order of its section.
    Block { kind: BlockKind, bytes: &'a [u8] },
}

/// The unit of a pcap's times, beside seconds.
#[derive(Clone, Copy)]
#[cfg(feature = "analysis")]
pub(crate) enum Resolution {
    Microseconds,
    Nanoseconds,
}

/// What a block of a pcapng is.
#[cfg(feature = "analysis")]
pub(crate) enum BlockKind {
    Section,
    EnhancedPacket,
    /// With so many bytes of its packet.
    SimplePacket(usize),
    /// Not a packet, or one of an interface that there is not.
    Other,
}

/// Adds what is in a decryption secrets block of TLS.
#[cfg(feature = "tls")]
fn add_secrets(secrets: Option<&crate::Secrets>, block: &PcapBlockOwned<'_>) {
    if let (Some(secrets), PcapBlockOwned::NG(Block::DecryptionSecrets(block))) = (secrets, block)
        && block.secrets_type == SecretsType::TlsKeyLog
    {
        let length = usize_of(block.secrets_len.into());
        secrets.add(block.data.get(..length).unwrap_or(block.data));
    }
}

/// The first block, or as much as there is of it: the parser wants it in one piece.
fn first_block(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = read_up_to(bytes, PCAP_HEADER_BYTES)?;
    if let (true, Some(length), Some(order)) = (
        start.starts_with(SECTION_HEADER),
        start.get(4..).and_then(|rest| rest.first_chunk()),
        start.get(8),
    ) {
        let length = match order {
            0x1a => u32::from_be_bytes(*length),
            _ => u32::from_le_bytes(*length),
        };
        // The block may claim any length; the parser rejects what is shorter than its header.
        let length = usize_of(length.into()).min(BUFFER_BYTES);
        let rest = read_up_to(bytes, length.saturating_sub(start.len()))?;
        start.extend_from_slice(&rest);
    }
    Ok(start)
}

/// The clocks and link types of the interfaces that packets were captured on.
#[derive(Default)]
struct Interfaces {
    of_section: Vec<Interface>,
    is_big_endian: bool,
}

#[derive(Clone, Copy)]
struct Interface {
    link_type: i32,
    /// Ticks of its clock in a second.
    resolution: u64,
    /// Seconds to be added to its times.
    offset: i64,
}

impl Interfaces {
    /// The packet that a block is; other blocks are taken note of.
    fn packet<'a>(&mut self, block: &'a PcapBlockOwned<'_>) -> Option<Packet<'a>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.of_section = vec![Interface {
                    link_type: header.network.0 & LINK_TYPE_BITS,
                    resolution: if header.is_nanosecond_precision() {
                        1_000_000_000
                    } else {
                        1_000_000
                    },
                    offset: 0,
                }];
                None
            }
            PcapBlockOwned::Legacy(packet) => {
                let interface = self.of_section.first()?;
                let resolution = i64::try_from(interface.resolution)
                    .expect("the only interface of this format has micro- or nanoseconds");
                let in_tick = NANOSECONDS / resolution;
                Some(Packet {
                    time: i64::from(packet.ts_sec) * NANOSECONDS
                        + i64::from(packet.ts_usec) * in_tick,
                    link_type: interface.link_type,
                    length: packet.origlen,
                    bytes: packet.data,
                })
            }
            PcapBlockOwned::NG(Block::SectionHeader(section)) => {
                self.of_section.clear();
                self.is_big_endian = section.big_endian();
                None
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                self.of_section.push(Interface {
                    link_type: interface.linktype.0,
                    // A resolution out of range is read as the default of pcapng.
                    resolution: interface.ts_resolution().unwrap_or(1_000_000).max(1),
                    offset: interface.if_tsoffset,
                });
                None
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let interface = self.of_section.get(usize::try_from(packet.if_id).ok()?)?;
                Some(Packet {
                    time: interface.time(packet.ts_high, packet.ts_low),
                    link_type: interface.link_type,
                    length: packet.origlen,
                    bytes: packet.packet_data(),
                })
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let interface = self.of_section.first()?;
                // The data are padded, or truncated by the capture.
                let length = usize_of(packet.origlen.into());
                Some(Packet {
                    time: 0,
                    link_type: interface.link_type,
                    length: packet.origlen,
                    bytes: packet.data.get(..length).unwrap_or(packet.data),
                })
            }
            PcapBlockOwned::NG(Block::Unknown(block)) => {
                // The parser reads types that it does not know in little-endian, whatever the section's order.
                let kind = match self.is_big_endian {
                    true => block.block_type.swap_bytes(),
                    false => block.block_type,
                };
                (kind == OBSOLETE_PACKET).then(|| self.obsolete_packet(block.data))?
            }
            PcapBlockOwned::NG(_) => None,
        }
    }

    /// A packet as the first drafts of pcapng had them: the interface and the number of dropped packets in 16 bits
    /// each, the time in two words, the length captured and the whole length, the data.
    fn obsolete_packet<'a>(&self, block: &'a [u8]) -> Option<Packet<'a>> {
        let u32_at = |at: usize| {
            let bytes = *block.get(at..)?.first_chunk()?;
            Some(match self.is_big_endian {
                true => u32::from_be_bytes(bytes),
                false => u32::from_le_bytes(bytes),
            })
        };
        let first = u32_at(0)?;
        let interface = if self.is_big_endian {
            first >> 16
        } else {
            first & 0xffff
        };
        let interface = self.of_section.get(usize::try_from(interface).ok()?)?;
        // The data are padded, or cut by damage.
        let captured = usize_of(u32_at(12)?.into());
        let data = block.get(OBSOLETE_HEADER_BYTES..)?;
        Some(Packet {
            time: interface.time(u32_at(4)?, u32_at(8)?),
            link_type: interface.link_type,
            length: u32_at(16)?,
            bytes: data.get(..captured).unwrap_or(data),
        })
    }
}

impl Interface {
    fn time(&self, high: u32, low: u32) -> i64 {
        let ticks = (u64::from(high) << 32) | u64::from(low);
        let nanoseconds = match self.resolution {
            1_000_000_000 => i128::from(ticks),
            resolution => i128::from(ticks) * i128::from(NANOSECONDS) / i128::from(resolution),
        };
        let time = nanoseconds + i128::from(self.offset) * i128::from(NANOSECONDS);
        // A damaged timestamp or offset can be out of range.
        let time = time.clamp(i64::MIN.into(), i64::MAX.into());
        i64::try_from(time).expect("the time is within the range of i64")
    }
}

/// Keeps the error of a failed read.
struct Watched<R> {
    bytes: R,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.bytes.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    let failure = self.failure.lock();
                    *failure.unwrap_or_else(PoisonError::into_inner) = Some(error);
                    return Err(kind.into());
                }
                read => return read,
            }
        }
    }
}
