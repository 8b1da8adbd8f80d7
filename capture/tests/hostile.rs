//! Whatever the bytes are: no panic, no endless loop, and memory that does not follow what they promise.
#![cfg(test)]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use support::decode;
use support::packets::{Conversation, capture, frame, heartbeat, pcap};
use support::talk::one_by_one;

proptest! {
    #[test]
    fn any_bytes_are_a_capture_or_an_error(bytes in vec(any::<u8>(), 0..300), magic in 0..6_usize) {
        let magics: [&[u8]; 6] = [
            b"",
            &[0xd4, 0xc3, 0xb2, 0xa1],
            &[0xa1, 0xb2, 0x3c, 0x4d],
            &[0x0a, 0x0d, 0x0d, 0x0a],
            &[0x1f, 0x8b],
            &[0x28, 0xb5, 0x2f, 0xfd],
        ];
        let (_, counts, _) = decode([magics[magic], &bytes].concat(), Vec::new());
        prop_assert_eq!(counts.requests, 0);
    }

    #[test]
    fn any_packets_are_read(
        packets in vec(vec(any::<u8>(), 0..120), 0..20),
        link_type in prop::sample::select(vec![0_u32, 1, 101, 108, 113, 228, 276]),
    ) {
        let packets: Vec<_> = packets.into_iter().map(|packet| (1, packet)).collect();
        let (_, counts, result) = decode(pcap(link_type, &packets, usize::MAX), Vec::new());
        prop_assert!(result.is_ok());
        prop_assert_eq!(counts.packets, packets.len() as u64);
    }

    #[test]
    fn a_capture_with_wrong_bytes_is_read(
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        forced in any::<bool>(),
    ) {
        let mut file = capture(&one_by_one(40_000, 10, 25).sent);
        for (at, byte) in wrong {
            // The header of the file stays what it is.
            let length = file.len() - 24;
            file[24 + at.index(length)] = byte;
        }
        let ports = if forced { vec![support::packets::BROKER_PORT] } else { Vec::new() };
        // It is read or refused.
        drop(decode(file, ports));
    }

    #[test]
    fn a_connection_of_any_bytes_is_read(
        parts in vec((any::<bool>(), vec(any::<u8>(), 1..200)), 1..30),
        forced in any::<bool>(),
    ) {
        let mut conversation = Conversation::new(40_000);
        conversation.send(true, &heartbeat(0, "c", 5), 1000);
        for (from_client, bytes) in &parts {
            conversation.send(*from_client, bytes, 1000);
        }
        let ports = if forced { vec![support::packets::BROKER_PORT] } else { Vec::new() };
        let (_, counts, _) = decode(capture(&conversation.sent), ports);
        // What nothing answers is Kafka if the user asks for its port.
        if forced {
            prop_assert_eq!(counts.connections, 1);
            prop_assert!(counts.requests >= 1);
        }
    }
}

#[test]
fn a_size_that_is_promised_takes_no_memory() {
    // A request of 100 MiB of which there are a few bytes, on many connections.
    let mut sent = Vec::new();
    for port in 0..2000 {
        let mut conversation = Conversation::new(10_000 + port);
        let mut bytes = heartbeat(0, "c", 5);
        bytes[..4].copy_from_slice(&(100_u32 << 20).to_be_bytes());
        conversation.send(true, &bytes, 1000);
        sent.extend(conversation.sent);
    }
    let file = capture(&sent);
    let length = file.len();
    let info = allocation_counter::measure(|| {
        let (_, counts, _) = decode(file.clone(), vec![support::packets::BROKER_PORT]);
        assert_eq!((counts.connections, counts.truncated), (2000, 2000));
    });
    // What a connection takes, and what the test itself keeps of it.
    let max_bytes = 4 * length as u64 + 2000 * 8192 + (1 << 20);
    assert!(
        info.bytes_max < max_bytes,
        "{} bytes, maximum {max_bytes}",
        info.bytes_max
    );
}

#[test]
fn bytes_that_nearly_begin_frames_again_and_again_take_no_time() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(0, "c", 5), 1000);
    // A frame, then something that cannot be a size, and so on.
    let mut bytes = Vec::new();
    while bytes.len() < 1 << 20 {
        bytes.extend(heartbeat(1, "c", 5));
        bytes.extend([0xff; 4]);
    }
    conversation.send(true, &bytes, 60_000);
    conversation.send(true, &frame(&[0; 9]), 1000);
    let begun = std::time::Instant::now();
    let (_, counts, _) = decode(capture(&conversation.sent), Vec::new());
    assert!(counts.requests > 1000 && counts.skipped_bytes > 1000);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// A zstd frame of one block, which repeats a byte in `count` sequences of 131,074 bytes: far more than a block may have.
fn zstd_bomb(count: u16) -> Vec<u8> {
    let mut block = Vec::new();
    // Literals: one byte, repeated `count` times.
    let literals = 1 | 3 << 2 | u32::from(count) << 4;
    block.extend(&literals.to_le_bytes()[..3]);
    block.push(b'a');
    // Sequences, each of the same codes: a literal, the last offset, and the longest match, of 65,539 bytes and 16 bits more.
    let [high, low] = count.to_be_bytes();
    block.extend([high + 128, low, 0x54, 1, 0, 52]);
    block.extend(vec![0xff; usize::from(count) * 2]);
    block.push(1);
    let header = 1 | 2 << 1 | u32::try_from(block.len()).unwrap() << 3;
    [
        &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x38][..],
        &header.to_le_bytes()[..3],
        &block,
    ]
    .concat()
}

#[test]
fn a_block_that_expands_without_bound_is_refused() {
    let file = zstd_bomb(5000);
    assert!(file.len() < 11_000);
    let mut result = None;
    let info = allocation_counter::measure(|| {
        result = Some(decode(file.clone(), Vec::new()).2);
    });
    assert!(result.unwrap().is_err());
    assert!(info.bytes_max < 16 << 20, "{} bytes", info.bytes_max);
}

#[test]
fn a_segment_for_each_byte_takes_no_time_where_no_frame_is_found() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(0, "c", 5), 1000);
    conversation.send(true, &[0xff; 150_000], 1);
    let file = capture(&conversation.sent);
    let begun = std::time::Instant::now();
    let (_, counts, _) = decode(file, vec![support::packets::BROKER_PORT]);
    assert_eq!((counts.requests, counts.skipped_bytes), (1, 150_000));
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}
