//! What the fuzz targets `streams` and `unpack` do, shared by `fuzz/` and `streams_mutations.rs`.
#![allow(dead_code, reason = "each uses its own part")]

use std::io::{self, Cursor, Write as _};
use std::ops::ControlFlow;

use kafka_capture::input::{Input, Packet, Packets};
use kafka_capture::output::NdjsonSink;
use kafka_capture::{Counts, Decoder};

use super::packets::{ACK, Conversation, FIN, RST, SYN, Sent, pcap};

/// What may stand in front of a connection.
const PREAMBLES: [&[u8]; 7] = [
    b"",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 9092\r\n",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x9c\x40\x23\x84",
    b"CONNECT broker:9092 HTTP/1.1\r\nHost: broker\r\n\r\n",
    b"\x04\x01\x23\x84\xc0\0\x02\x01\0",
    b"\x05\x01\0",
    b"PROXY UNKNOWN\r\n",
];

/// Any operations as the segments of a connection: sent, lost, repeated, cut, out of order, and ended. The first byte chooses what stands
/// in front; each operation has a byte for what happens and one for how many bytes of the input are sent.
///
/// Every segment is counted, and bytes that were not seen are missing or skipped.
pub(crate) fn streams(input: &[u8]) -> Option<Counts> {
    let ([first, port], mut rest) = input.split_first_chunk::<2>()?;
    let mut conversation = Conversation::new(40_000);
    let preamble = PREAMBLES[usize::from(*first) % PREAMBLES.len()];
    conversation.send(true, preamble, 1 + usize::from(first / 16));
    let mut late: Vec<Sent> = Vec::new();
    while let Some(([what, length], more)) = rest.split_first_chunk::<2>() {
        let (bytes, more) = more.split_at(usize::from(*length).min(more.len()));
        rest = more;
        let from_client = what & 1 == 0;
        match what >> 1 & 15 {
            0..=5 => conversation.push(from_client, ACK, bytes),
            // Lost.
            6 => {
                conversation.push(from_client, ACK, bytes);
                conversation.sent.pop();
            }
            // Late: behind what is sent next, or at the end.
            7 | 8 => {
                conversation.push(from_client, ACK, bytes);
                late.extend(conversation.sent.pop());
            }
            9 => conversation.sent.append(&mut late),
            // Again, with other bytes or another length.
            10 => {
                if let Some(mut sent) = conversation.sent.last().cloned() {
                    sent.payload.truncate(usize::from(*length));
                    conversation.sent.push(sent);
                }
            }
            11 => {
                if let Some(mut sent) = conversation.sent.last().cloned() {
                    sent.sequence = sent.sequence.wrapping_add_signed(i32::from(*length) - 128);
                    sent.payload = bytes.to_vec();
                    conversation.sent.push(sent);
                }
            }
            12 => conversation.wait(u32::from(*length) * 1_000_000),
            13 => conversation.push(from_client, FIN | ACK, bytes),
            14 => conversation.push(from_client, RST, &[]),
            _ => conversation.push(from_client, SYN | if from_client { 0 } else { ACK }, &[]),
        }
    }
    conversation.sent.append(&mut late);
    let ports = if port & 1 == 0 {
        vec![19_092]
    } else {
        Vec::new()
    };
    let mut decoder = Decoder::new(ports);
    let mut sink = NdjsonSink::new(io::sink(), Default::default());
    let mut packets = 0;
    for sent in &conversation.sent {
        let bytes = if port & 2 == 0 {
            sent.ipv4()
        } else {
            sent.ipv6()
        };
        let kept = bytes.len().min(if port & 4 == 0 { usize::MAX } else { 90 });
        let packet = Packet {
            time: i64::from(sent.time) * 1000,
            link_type: if port & 2 == 0 { 228 } else { 229 },
            length: u32::try_from(bytes.len()).unwrap(),
            bytes: &bytes[..kept],
        };
        decoder.packet(&packet, &mut sink);
        packets += 1;
    }
    let counts = decoder.finish(&mut sink);
    assert_eq!(counts.packets, packets);
    assert_eq!(
        counts.not_tcp + counts.unknown_tunnel + counts.fragments,
        0,
        "{counts}"
    );
    Some(counts)
}

/// The most that may be unpacked here.
const MAX_UNPACKED: u64 = 1 << 18;

/// Packed captures. The first byte says how the rest is packed, if it is not taken as it is, the second and third where a byte is changed
/// afterwards; the rest are packets. No more is read than is allowed, and of a file that is small and not damaged all of it.
pub(crate) fn unpack(input: &[u8]) -> Option<u64> {
    let ([how, at, change], bytes) = input.split_first_chunk::<3>()?;
    let pieces = bytes.chunks(60).map(|piece| (1, piece.to_vec()));
    let packets: Vec<_> = pieces.collect();
    let times = 1 + usize::from(how >> 4) * 40;
    let packets: Vec<_> = std::iter::repeat_n(packets, times).flatten().collect();
    let file = pcap(1, &packets, usize::MAX);
    let is_small = u64::try_from(file.len()).unwrap() <= MAX_UNPACKED;
    let mut packed = match how % 4 {
        0 => bytes.to_vec(),
        1 => gzip(&file),
        2 => zstd(&file),
        _ => {
            let (front, back) = file.split_at(file.len() / 2);
            [gzip(front), gzip(back)].concat()
        }
    };
    let is_whole = how % 4 != 0 && *change == 0 && is_small;
    let index = usize::from(*at) * packed.len() / 256;
    if let Some(byte) = packed.get_mut(index) {
        *byte ^= change;
    }
    let is_packed =
        packed.starts_with(&[0x1f, 0x8b]) || packed.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    let (mut count, mut read) = (0, 0);
    let result = Input::with_max_unpacked(
        "fuzz".to_owned(),
        Box::new(Cursor::new(packed)),
        Some(MAX_UNPACKED),
    )
    .and_then(Packets::new)
    .and_then(|mut file| {
        file.for_each(
            |packet| {
                count += 1;
                read += u64::try_from(packet.bytes.len()).unwrap();
                ControlFlow::Continue(())
            },
            || {},
        )
    });
    assert!(!is_packed || read <= MAX_UNPACKED, "{read} bytes");
    if is_whole {
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(count, packets.len());
    }
    Some(read)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A frame of raw blocks, which any decoder reads: single segment, no checksum.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    frame.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    let blocks: Vec<_> = bytes.chunks(1 << 16).collect();
    for (index, block) in blocks.iter().enumerate() {
        let is_last = u32::from(index + 1 == blocks.len());
        let header = u32::try_from(block.len()).unwrap() << 3 | is_last;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.extend(*block);
    }
    frame
}
