//! Blocks of pcapng whose lengths do not agree.
#![cfg(test)]

mod support;

use kafka_capture::input::InputError;
use support::decode;
use support::packets::pcapng;
use support::talk::one_by_one;

/// A pcapng whose packet of this number, from 0, claims so many captured bytes.
fn with_captured_length(packet: usize, captured: u32, big_endian: bool) -> Vec<u8> {
    let sent = one_by_one(40_000, 3, 1000).sent;
    let packets: Vec<_> = sent
        .iter()
        .map(|sent| (u64::from(sent.time), sent.ipv4()))
        .collect();
    let mut file = pcapng(101, &packets, big_endian, 6);
    let before = pcapng(101, &packets[..packet], big_endian, 6).len();
    let at = before + 20;
    file[at..at + 4].copy_from_slice(&match big_endian {
        true => captured.to_be_bytes(),
        false => captured.to_le_bytes(),
    });
    file
}

#[test]
fn a_packet_that_exceeds_its_block_is_damage_and_not_the_end_of_the_file() {
    for captured in [200, 20_000, 1 << 20, u32::MAX - 16] {
        for big_endian in [false, true] {
            let file = with_captured_length(5, captured, big_endian);
            let (_, counts, result) = decode(file, Vec::new());
            assert_eq!(counts.packets, 5);
            assert!(
                matches!(result, Err(InputError::Damaged { packets: 5, .. })),
                "{captured}: {result:?}"
            );
        }
    }
}

#[test]
fn a_file_that_ends_within_a_block_is_cut_off() {
    let mut file = with_captured_length(5, 43, false);
    for _ in 0..40 {
        file.pop();
        let (.., result) = decode(file.clone(), Vec::new());
        assert!(
            result.is_ok() || matches!(result, Err(InputError::CutOff { .. })),
            "{result:?}"
        );
    }
}
