//! The same conversation in every wrapping that captures have.
#![cfg(test)]

mod support;

use std::io::Write;

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
