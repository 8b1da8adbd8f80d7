//! The interfaces of a capture, and the packets in its blocks.

use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, InterfaceDescriptionBlock, OptionCode, PcapBlockOwned};

use super::Packet;
use crate::length::usize_of;

/// The other bits of the field say how long the frame check sequences are.
const LINK_TYPE_BITS: i32 = 0x03ff_ffff;
const OBSOLETE_PACKET: u32 = 2;
/// Size of the fields before the data in an obsolete packet block, in bytes.
const OBSOLETE_HEADER_BYTES: usize = 20;
const NANOSECONDS: u32 = 1_000_000_000;

/// The clocks and link types of the interfaces that packets were captured on.
#[derive(Default)]
pub(super) struct Interfaces {
    of_section: Vec<Interface>,
    is_big_endian: bool,
    /// The number of packets whose interface is not described, and the first such interface.
    undescribed: Option<(u64, u32)>,
}

#[derive(Clone, Copy)]
struct Interface {
    link_type: i32,
    /// Maximum number of bytes captured of a packet; 0 means no limit.
    max_length: u32,
    clock: Clock,
}

/// The clock of an interface.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// The unit of its times: seconds to the power of 10, or of 2 with the highest bit, with this exponent negated.
    resolution: u8,
    /// Seconds to be added to its times.
    offset: i64,
}

impl Interfaces {
    /// Returns the number of packets whose interface is not described, and the first such interface.
    pub(super) const fn undescribed(&self) -> Option<(u64, u32)> {
        self.undescribed
    }

    /// The byte order of the section.
    pub(super) const fn is_big_endian(&self) -> bool {
        self.is_big_endian
    }

    /// The packet that a block is; other blocks are taken note of.
    pub(super) fn packet<'a>(&mut self, block: &'a PcapBlockOwned<'_>) -> Option<Packet<'a>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let is_nanosecond = header.is_nanosecond_precision();
                self.of_section = vec![Interface {
                    link_type: header.network.0 & LINK_TYPE_BITS,
                    max_length: header.snaplen,
                    clock: Clock {
                        resolution: if is_nanosecond { 9 } else { 6 },
                        offset: 0,
                    },
                }];
                None
            }
            PcapBlockOwned::Legacy(packet) => {
                let interface = self.of_section.first()?;
                let in_fraction = match interface.clock.resolution {
                    9 => 1,
                    _ => 1000,
                };
                Some(Packet {
                    time: i64::from(packet.ts_sec) * i64::from(NANOSECONDS)
                        + i64::from(packet.ts_usec) * in_fraction,
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
                    max_length: interface.snaplen,
                    clock: Clock::of(interface, self.is_big_endian),
                });
                None
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let interface = self.interface(packet.if_id)?;
                Some(Packet {
                    time: interface.clock.time(packet.ts_high, packet.ts_low),
                    link_type: interface.link_type,
                    length: packet.origlen,
                    bytes: packet.packet_data(),
                })
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                let interface = self.interface(0)?;
                // The data are padded, or truncated by the capture.
                let captured = match interface.max_length {
                    0 => packet.origlen,
                    max => packet.origlen.min(max),
                };
                let captured = usize_of(captured.into());
                Some(Packet {
                    time: 0,
                    link_type: interface.link_type,
                    length: packet.origlen,
                    bytes: packet.data.get(..captured).unwrap_or(packet.data),
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

    /// The interface of a packet, which is counted if it is not described.
    fn interface(&mut self, number: u32) -> Option<Interface> {
        let interface = self.of_section.get(usize_of(number.into())).copied();
        if interface.is_none() {
            let (packets, first) = self.undescribed.unwrap_or((0, number));
            self.undescribed = Some((packets + 1, first));
        }
        interface
    }

    /// A packet as the first drafts of pcapng had them: the interface and the number of dropped packets in 16 bits
    /// each, the time in two words, the length captured and the whole length, the data.
    fn obsolete_packet<'a>(&mut self, block: &'a [u8]) -> Option<Packet<'a>> {
        let is_big_endian = self.is_big_endian;
        let u32_at = |at: usize| {
            let bytes = *block.get(at..)?.first_chunk()?;
            Some(match is_big_endian {
                true => u32::from_be_bytes(bytes),
                false => u32::from_le_bytes(bytes),
            })
        };
        let first = u32_at(0)?;
        let interface = if is_big_endian {
            first >> 16
        } else {
            first & 0xffff
        };
        let interface = self.interface(interface)?;
        // The data are padded, or cut by damage.
        let captured = usize_of(u32_at(12)?.into());
        let data = block.get(OBSOLETE_HEADER_BYTES..)?;
        Some(Packet {
            time: interface.clock.time(u32_at(4)?, u32_at(8)?),
            link_type: interface.link_type,
            length: u32_at(16)?,
            bytes: data.get(..captured).unwrap_or(data),
        })
    }
}

impl Clock {
    /// The clock that the options of an interface describe. The parser would read the offset in little-endian,
    /// whatever the section's order.
    fn of(interface: &InterfaceDescriptionBlock<'_>, is_big_endian: bool) -> Self {
        let mut clock = Self {
            resolution: 6,
            offset: 0,
        };
        let options = interface.options.iter();
        for option in options.take_while(|option| option.code != OptionCode::EndOfOpt) {
            let value = option.value.get(..usize::from(option.len));
            match (option.code, value) {
                (OptionCode::IfTsresol, Some([resolution])) => clock.resolution = *resolution,
                (OptionCode::IfTsoffset, Some(value)) => {
                    if let Ok(value) = value.try_into() {
                        clock.offset = match is_big_endian {
                            true => i64::from_be_bytes(value),
                            false => i64::from_le_bytes(value),
                        };
                    }
                }
                _ => {}
            }
        }
        clock
    }

    /// The time in nanoseconds since 1970, rounded down.
    fn time(self, high: u32, low: u32) -> i64 {
        let ticks = (u128::from(high) << 32) | u128::from(low);
        let in_second = u128::from(NANOSECONDS);
        let exponent = u32::from(self.resolution & 0x7f);
        let is_binary = self.resolution & 0x80 != 0;
        let nanoseconds = match exponent.checked_sub(9) {
            _ if is_binary => (ticks * in_second) >> exponent,
            None => ticks * (in_second / 10_u128.pow(exponent)),
            // A divisor out of range is larger than any number of ticks.
            Some(smaller) => 10_u128.checked_pow(smaller).map_or(0, |each| ticks / each),
        };
        let nanoseconds = i128::try_from(nanoseconds).unwrap_or(i128::MAX);
        let offset = i128::from(self.offset) * i128::from(NANOSECONDS);
        let time = nanoseconds.saturating_add(offset);
        // A damaged timestamp or offset can be out of range.
        let time = time.clamp(i64::MIN.into(), i64::MAX.into());
        i64::try_from(time).expect("the time is within the range of i64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14T22:13:20.5, in units of this resolution.
    fn time_of(resolution: u8, ticks: u64, offset: i64) -> i64 {
        let clock = Clock { resolution, offset };
        let half = |value: u64| u32::try_from(value & 0xffff_ffff).unwrap();
        clock.time(half(ticks >> 32), half(ticks))
    }

    #[test]
    fn times_of_any_resolution_are_exact() {
        const SECOND: u64 = 1_700_000_000;
        let half = 1_700_000_000_500_000_000;
        assert_eq!(time_of(0, SECOND, 0), half - 500_000_000);
        assert_eq!(time_of(0x80, SECOND, 0), half - 500_000_000);
        for exponent in 1..=9 {
            let unit = 10_u64.pow(exponent);
            let resolution = u8::try_from(exponent).unwrap();
            assert_eq!(time_of(resolution, SECOND * unit + unit / 2, 0), half);
        }
        for exponent in 1..=33 {
            let unit = 1_u64 << exponent;
            let resolution = 0x80 | u8::try_from(exponent).unwrap();
            assert_eq!(time_of(resolution, SECOND * unit + unit / 2, 0), half);
        }
        assert_eq!(time_of(10, SECOND * 10_000_000_000, 0), half - 500_000_000);
        assert_eq!(time_of(12, 1_500_000_000_000, 0), 1_500_000_000);
        assert_eq!(time_of(0xff, u64::MAX, 0), 0);
        assert_eq!(time_of(0x7f, u64::MAX, 0), 0);
        assert_eq!(time_of(6, 500_000, 1_700_000_000), half);
        assert_eq!(time_of(6, 1_700_003_600_500_000, -3600), half);
        assert_eq!(time_of(0, u64::MAX, i64::MAX), i64::MAX);
        assert_eq!(time_of(0, 0, i64::MIN), i64::MIN);
    }
}
