//! The packets of a capture, one at a time, in a buffer that grows only for blocks that need it.

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "tls")]
use pcap_parser::SecretsType;
use pcap_parser::traits::PcapReaderIterator;
#[cfg(any(feature = "analysis", feature = "tls"))]
use pcap_parser::{Block, PcapBlockOwned};
use pcap_parser::{LegacyPcapReader, PcapError, PcapNGReader};

use super::interfaces::Interfaces;
use super::modified::Modified;
use super::open::read_up_to;
use super::{Input, InputError, packing};
use crate::length::usize_of;

/// Number of bytes per read.
const BUFFER_BYTES: usize = 256 << 10;
/// Maximum size of a packet or block; a larger one is damaged.
const MAX_BUFFER_BYTES: usize = 64 << 20;
const SECTION_HEADER: &[u8] = &[0x0a, 0x0d, 0x0d, 0x0a];
const PCAP_HEADER_BYTES: usize = 24;

/// A captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The capture time, in nanoseconds since 1970; 0 if the capture does not have it, as for simple packet blocks
    /// of pcapng.
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
    is_pcapng: bool,
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
        let Input {
            name,
            mut bytes,
            packing,
        } = input;
        let mut start = match first_block(&mut bytes) {
            Ok(start) => start,
            Err(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(InputError::CutOff { name, packets: 0 });
            }
            Err(source) => return Err(InputError::of_reading(&name, source)),
        };
        let failure = Arc::new(Mutex::new(None));
        if start.is_empty() {
            return Err(InputError::Empty { name });
        }
        // Before more is read, which would not come by way of it.
        if Modified::begins(&mut start) {
            bytes = Box::new(Modified::new(bytes));
        }
        if let Some((packing, command)) = packing::of(&mut start, &mut bytes) {
            return Err(InputError::Packed {
                name,
                packing,
                command,
            });
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
                is_pcapng,
                failure,
                interfaces: Interfaces::default(),
                packets: 0,
                #[cfg(feature = "tls")]
                secrets: None,
            }),
            Err(PcapError::Incomplete(_)) if is_pcapng => {
                Err(InputError::CutOff { name, packets: 0 })
            }
            Err(_) => Err(InputError::NotACapture {
                name,
                is_unpacked: packing.is_some(),
            }),
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
            // The lengths in a block can exceed the block itself, for which the parser wants to read on.
            Stop::Incomplete | Stop::BufferTooSmall | Stop::UnexpectedEnd
                if self.has_whole_block() =>
            {
                return Err(self.damaged());
            }
            Stop::Incomplete => self.refill()?,
            Stop::BufferTooSmall => self.grow()?,
            Stop::End => return self.end().map(ControlFlow::Break),
            Stop::UnexpectedEnd if self.blocks.data().is_empty() => {
                return self.end().map(ControlFlow::Break);
            }
            Stop::UnexpectedEnd => return Err(self.cut_off()),
            Stop::Damaged => return Err(self.damaged()),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Returns `true` if the next block of a pcapng is all there.
    fn has_whole_block(&self) -> bool {
        let data = self.blocks.data();
        let word = |at: usize| data.get(at..).and_then(|rest| rest.first_chunk::<4>());
        let is_big_endian = match data.starts_with(SECTION_HEADER) {
            true => data.get(8) == Some(&0x1a),
            false => self.interfaces.is_big_endian(),
        };
        self.is_pcapng
            && word(4).is_some_and(|length| {
                let length = match is_big_endian {
                    true => u32::from_be_bytes(*length),
                    false => u32::from_le_bytes(*length),
                };
                usize_of(length.into()) <= data.len()
            })
    }

    /// Reports the packets that could not be delivered.
    fn end(&self) -> Result<(), InputError> {
        match self.interfaces.undescribed() {
            None => Ok(()),
            Some((packets, interface)) => Err(InputError::UndescribedInterface {
                name: self.name.clone(),
                packets,
                interface,
            }),
        }
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
            Some(source) => Err(InputError::of_reading(&self.name, source)),
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
