//! The same conversation in every wrapping that captures have.
#![cfg(test)]

mod support;

use std::io::Write;
use std::ops::ControlFlow;

use kafka_capture::Decoder;
use kafka_capture::input::{Input, InputError, Packets};
use kafka_capture::output::{Filter, NdjsonSink, Sink, Writes};
use support::packets::{BROKER_PORT, Sent, pcap};
use support::talk::{expected, messages, one_by_one};
use support::{Found, decode};

fn conversation() -> Vec<Sent> {
    one_by_one(40_000, 5, 30).sent
}

fn found_in(file: Vec<u8>) -> Vec<Found> {
    let (found, counts, result) = decode(file, Vec::new());
    result.unwrap();
    assert_eq!(messages(&found), expected(5));
    assert_eq!((counts.not_tcp, counts.unreadable, counts.gaps), (0, 0, 0));
    found
}

/// A capture with bytes before each IP packet, and some behind, as short Ethernet frames have.
fn wrapped(link_type: u32, before: &[u8], is_ipv6: bool, behind: usize) -> Vec<u8> {
    let packets: Vec<_> = conversation()
        .iter()
        .map(|sent| {
            let ip = if is_ipv6 { sent.ipv6() } else { sent.ipv4() };
            (sent.time, [before, &ip, &vec![0; behind]].concat())
        })
        .collect();
    pcap(link_type, &packets, usize::MAX)
}

#[test]
fn every_link_type_is_read() {
    let ethernet = [&[2; 12][..], &[0x08, 0x00]].concat();
    let ethernet_v6 = [&[2; 12][..], &[0x86, 0xdd]].concat();
    let vlan = [&[2; 12][..], &[0x81, 0, 0, 5, 0x08, 0x00]].concat();
    let double = [&[2; 12][..], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd]].concat();
    let cooked = [&[0, 0, 3, 4, 0, 6][..], &[0; 8], &[0x08, 0x00]].concat();
    let cooked_2 = [&[0x86, 0xdd][..], &[0; 18]].concat();
    let wrappings: [(u32, &[u8], bool); 13] = [
        (1, &ethernet, false),
        (1, &ethernet_v6, true),
        (1, &vlan, false),
        (1, &double, true),
        (113, &cooked, false),
        (276, &cooked_2, true),
        (0, &[2, 0, 0, 0], false),
        (0, &[30, 0, 0, 0], true),
        (108, &[0, 0, 0, 2], false),
        (101, &[], false),
        (101, &[], true),
        (228, &[], false),
        (229, &[], true),
    ];
    for (link_type, before, is_ipv6) in wrappings {
        for behind in [0, 6] {
            let found = found_in(wrapped(link_type, before, is_ipv6, behind));
            assert!(found.iter().all(|found| found.broker == BROKER_PORT));
        }
    }
}

/// The same packets as pcapng, with a clock of `10^-digits` seconds.
fn pcapng(big_endian: bool, digits: u8) -> Vec<u8> {
    let packets = conversation().into_iter().map(|sent| {
        let ticks = (1_000_000_000 + u64::from(sent.time)) * 10_u64.pow(u32::from(digits) - 6);
        (ticks, sent.ipv4())
    });
    support::packets::pcapng(101, &packets.collect::<Vec<_>>(), big_endian, digits)
}

/// The same packets as pcap of another kind.
fn other_pcap(big_endian: bool, nanoseconds: bool) -> Vec<u8> {
    let plain = wrapped(101, &[], false, 0);
    let mut file = Vec::new();
    let mut put = |bytes: &[u8], scale: u32| {
        let value = u32::from_le_bytes(bytes.try_into().unwrap()) * scale;
        file.extend(if big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    };
    put(
        &(if nanoseconds {
            0xa1b2_3c4d_u32
        } else {
            0xa1b2_c3d4
        })
        .to_le_bytes(),
        1,
    );
    put(
        &(if big_endian {
            0x0002_0004_u32
        } else {
            0x0004_0002
        })
        .to_le_bytes(),
        1,
    );
    for at in (8..24).step_by(4) {
        put(&plain[at..at + 4], 1);
    }
    let mut at = 24;
    while at < plain.len() {
        let mut put = |bytes: &[u8], scale: u32| {
            let value = u32::from_le_bytes(bytes.try_into().unwrap()) * scale;
            file.extend(if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            });
        };
        put(&plain[at..at + 4], 1);
        put(&plain[at + 4..at + 8], if nanoseconds { 1000 } else { 1 });
        put(&plain[at + 8..at + 12], 1);
        put(&plain[at + 12..at + 16], 1);
        let length = u32::from_le_bytes(plain[at + 8..at + 12].try_into().unwrap()) as usize;
        file.extend(&plain[at + 16..at + 16 + length]);
        at += 16 + length;
    }
    file
}

#[test]
fn every_file_format_says_the_same() {
    let plain = found_in(wrapped(101, &[], false, 0));
    assert_eq!(plain[0].time, 1_000_001_500_000);
    for big_endian in [false, true] {
        for nanoseconds in [false, true] {
            assert_eq!(found_in(other_pcap(big_endian, nanoseconds)), plain);
        }
        for digits in [6, 9] {
            let found = found_in(pcapng(big_endian, digits));
            let times = |found: &[Found]| {
                let latencies = found.iter().map(|found| found.latency);
                latencies.collect::<Vec<_>>()
            };
            assert_eq!(times(&found), times(&plain));
            assert_eq!(found[0].time, 1_000_001_500_000);
            for length in [None, Some(0x00ff_ffff)] {
                let file = pcapng(big_endian, digits);
                let obsolete = obsolete_packets(file, big_endian, length);
                assert_eq!(found_in(obsolete), found);
            }
        }
    }
}

/// The same capture with the packet blocks of the first drafts, which have the number of packets that were dropped
/// in half of the interface's place. They can claim to be captured to another length.
fn obsolete_packets(mut file: Vec<u8>, big_endian: bool, captured: Option<u32>) -> Vec<u8> {
    let u32_of = |bytes: &[u8]| {
        let bytes = bytes[..4].try_into().unwrap();
        match big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        }
    };
    let mut at = 0;
    while at < file.len() {
        let (kind, length) = (u32_of(&file[at..]), u32_of(&file[at + 4..]));
        if kind == 6 {
            for byte in &mut file[at..at + 4] {
                *byte = if *byte == 6 { 2 } else { *byte };
            }
            file[at + 10..at + 12].fill(0xff);
            if let Some(captured) = captured {
                file[at + 20..at + 24].copy_from_slice(&match big_endian {
                    true => captured.to_be_bytes(),
                    false => captured.to_le_bytes(),
                });
            }
        }
        at += usize::try_from(length).unwrap();
    }
    file
}

#[test]
fn packed_files_are_unpacked() {
    let plain = wrapped(101, &[], false, 0);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    for packed in [
        gzip.finish().unwrap(),
        ruzstd::encoding::compress_to_vec(&plain[..], level),
    ] {
        let cut = &packed[..packed.len() - 10];
        assert_eq!(found_in(packed.clone()), found_in(plain.clone()));
        let (_, _, result) = decode(cut.to_vec(), Vec::new());
        let error = result.unwrap_err().to_string();
        assert!(error.contains("cut off"), "{error}");
    }
}

/// A pcapng that is being made.
struct Pcapng {
    is_big_endian: bool,
    file: Vec<u8>,
}

impl Pcapng {
    fn new(is_big_endian: bool) -> Self {
        let mut pcapng = Self {
            is_big_endian,
            file: Vec::new(),
        };
        let header = [
            &pcapng.u32(0x1a2b_3c4d)[..],
            &pcapng.u16(1),
            &[0; 2],
            &[0xff; 8],
        ];
        pcapng.block(0x0a0d_0d0a, &header.concat());
        pcapng
    }

    fn u16(&self, value: u16) -> [u8; 2] {
        match self.is_big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        }
    }

    fn u32(&self, value: u32) -> [u8; 4] {
        match self.is_big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        }
    }

    fn block(&mut self, kind: u32, body: &[u8]) {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let length = u32::try_from(12 + body.len() + padding.len()).unwrap();
        let (kind, length) = (self.u32(kind), self.u32(length));
        self.file
            .extend([&kind[..], &length, body, &padding, &length].concat());
    }

    fn interface(&mut self, max_length: u32, resolution: u8, offset: i64) {
        let offset = match self.is_big_endian {
            true => offset.to_be_bytes(),
            false => offset.to_le_bytes(),
        };
        let resolution_option = [&self.u16(9)[..], &self.u16(1), &[resolution, 0, 0, 0]].concat();
        let offset_option = [&self.u16(14)[..], &self.u16(8), &offset].concat();
        // An option behind the end of the options means nothing.
        let end = [&[0; 4][..], &self.u16(9), &self.u16(1), &[3, 0, 0, 0]].concat();
        let header = [&self.u16(101)[..], &[0; 2], &self.u32(max_length)].concat();
        self.block(1, &[header, resolution_option, offset_option, end].concat());
    }

    fn packet(&mut self, interface: u32, ticks: u64, packet: &[u8]) {
        let length = u32::try_from(packet.len()).unwrap();
        let high = u32::try_from(ticks >> 32).unwrap();
        let low = u32::try_from(ticks & 0xffff_ffff).unwrap();
        let header = [interface, high, low, length, length].map(|word| self.u32(word));
        self.block(6, &[&header.concat(), packet].concat());
    }

    fn simple_packet(&mut self, packet: &[u8], kept: usize) {
        let length = self.u32(u32::try_from(packet.len()).unwrap());
        self.block(3, &[&length, &packet[..kept.min(packet.len())]].concat());
    }
}

#[test]
fn clocks_of_any_resolution_and_offset_are_read_in_both_byte_orders() {
    const SECONDS: i64 = 1_700_000_000;
    let units: [(u8, u128); 9] = [
        (3, 1000),
        (6, 1_000_000),
        (9, 1_000_000_000),
        (12, 1_000_000_000_000),
        (0x80 | 10, 1 << 10),
        (0x80 | 20, 1 << 20),
        (0x80 | 32, 1 << 32),
        (0, 1),
        (0x80, 1),
    ];
    for is_big_endian in [false, true] {
        for (resolution, unit) in units {
            for offset in [0, SECONDS, SECONDS - 1, -3600] {
                let first = u128::try_from(SECONDS - offset).unwrap() * unit;
                if u64::try_from(first + unit).is_err() {
                    continue;
                }
                let mut pcapng = Pcapng::new(is_big_endian);
                pcapng.interface(0, resolution, offset);
                for sent in conversation() {
                    let ticks = first + u128::from(sent.time) * unit / 1_000_000;
                    pcapng.packet(0, u64::try_from(ticks).unwrap(), &sent.ipv4());
                }
                let right = SECONDS * 1_000_000_000 + 1_500_000;
                let wrong = right - found_in(pcapng.file)[0].time;
                let tick = 1_000_000_000 / i64::try_from(unit.min(1_000_000_000)).unwrap();
                assert!(
                    (0..=tick).contains(&wrong),
                    "{resolution:#x} {offset} {wrong}"
                );
            }
        }
    }
}

#[test]
fn packets_of_an_interface_without_a_description_are_reported() {
    for is_big_endian in [false, true] {
        let mut pcapng = Pcapng::new(is_big_endian);
        pcapng.interface(0, 6, 0);
        for (i, sent) in conversation().iter().enumerate() {
            if i == 3 {
                pcapng.packet(7, 1, &sent.ipv4());
            }
            pcapng.packet(0, 1, &sent.ipv4());
        }
        let (found, _, result) = decode(pcapng.file, Vec::new());
        assert_eq!(messages(&found), expected(5));
        let is_reported = |error| {
            matches!(
                error,
                InputError::UndescribedInterface {
                    packets: 1,
                    interface: 7,
                    ..
                }
            )
        };
        assert!(is_reported(result.unwrap_err()));
    }
    for is_simple in [false, true] {
        let mut pcapng = Pcapng::new(false);
        for sent in conversation() {
            if is_simple {
                pcapng.simple_packet(&sent.ipv4(), usize::MAX);
            } else {
                pcapng.packet(0, 1, &sent.ipv4());
            }
        }
        let (_, _, result) = decode(pcapng.file, Vec::new());
        let error = result.unwrap_err().to_string();
        assert!(error.contains("(the first names interface 0)"), "{error}");
    }
}

/// Hands all events of a capture to a sink.
fn decode_into(file: Vec<u8>, sink: &mut dyn Sink) {
    let mut decoder = Decoder::new(Vec::new());
    let input = Input::new("test".to_owned(), Box::new(std::io::Cursor::new(file))).unwrap();
    let mut packets = Packets::new(input).unwrap();
    let read = packets.for_each(
        |packet| {
            decoder.packet(&packet, sink);
            ControlFlow::Continue(())
        },
        || {},
    );
    read.unwrap();
    decoder.finish(sink);
}

/// The lines of a capture as NDJSON.
fn ndjson(file: Vec<u8>) -> String {
    let mut lines = Vec::new();
    let mut sink = NdjsonSink::new(&mut lines, Filter::default());
    decode_into(file, &mut sink);
    sink.flush();
    drop(sink);
    String::from_utf8(lines).unwrap()
}

#[cfg(feature = "analysis")]
#[test]
fn a_summary_of_simple_packets_has_no_latencies() {
    let mut pcapng = Pcapng::new(false);
    pcapng.interface(0, 6, 0);
    for sent in conversation() {
        pcapng.simple_packet(&sent.ipv4(), usize::MAX);
    }
    let mut summary = kafka_capture::analysis::Summary::new();
    decode_into(pcapng.file, &mut summary);
    let summary = summary.finish(&kafka_capture::TopicNames::default());
    let summary = serde_json::to_value(summary.document()).unwrap();
    assert_eq!(summary["responses"], 5);
    let api = &summary["byApi"][0];
    assert_eq!(api["responses"], 5);
    for stage in ["latencyUs", "toFirstByteUs"] {
        assert_eq!(api[stage]["count"], 0, "{api}");
        assert!(api[stage]["p50"].is_null(), "{api}");
    }
}

#[test]
fn simple_packets_have_neither_times_nor_latencies() {
    for is_big_endian in [false, true] {
        let mut pcapng = Pcapng::new(is_big_endian);
        pcapng.interface(0, 6, 0);
        for sent in conversation() {
            pcapng.simple_packet(&sent.ipv4(), usize::MAX);
        }
        let found = found_in(pcapng.file.clone());
        assert!(found.iter().all(|found| found.latency.is_none()));
        let text = ndjson(pcapng.file);
        assert_eq!(text.matches("{\"ts\":null,").count(), 10, "{text}");
        assert!(!text.contains("latencyUs"), "{text}");
    }
    // The interface says how much is captured of a packet; padding follows.
    let mut pcapng = Pcapng::new(false);
    pcapng.interface(61, 6, 0);
    for sent in conversation() {
        pcapng.simple_packet(&sent.ipv4(), 61);
    }
    let whole = |found: &[Found]| found.iter().map(|each| each.whole).collect::<Vec<_>>();
    let (found, counts, result) = decode(pcapng.file, Vec::new());
    result.unwrap();
    let same: Vec<_> = conversation()
        .iter()
        .map(|sent| (sent.time, sent.ipv4()))
        .collect();
    let (same, same_counts, _) = decode(pcap(101, &same, 61), Vec::new());
    assert_eq!(whole(&found), whole(&same));
    assert_eq!(counts, same_counts);
}

#[test]
fn modified_pcaps_are_read_in_both_byte_orders() {
    for is_big_endian in [false, true] {
        let u32 = |value: u32| match is_big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let version = if is_big_endian {
            [0, 2, 0, 4]
        } else {
            [2, 0, 4, 0]
        };
        let rest = [0, 0, 65_535, 101].map(u32).concat();
        let mut file = [&u32(0xa1b2_cd34)[..], &version, &rest].concat();
        for sent in conversation() {
            let ip = sent.ipv4();
            let length = u32::try_from(ip.len()).unwrap();
            let header = [1000, sent.time, length, length, 1].map(u32).concat();
            file.extend([&header[..], &[8, 0, 0, 0], &ip].concat());
        }
        let found = found_in(file.clone());
        assert_eq!(found, found_in(wrapped(101, &[], false, 0)));
        for cut in [1, 50, 70] {
            let (_, _, result) = decode(file[..file.len() - cut].to_vec(), Vec::new());
            let error = result.unwrap_err().to_string();
            assert!(error.contains("cut off"), "{cut}: {error}");
        }
    }
}
