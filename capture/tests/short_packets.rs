//! Packets that are too short for the headers that they seem to have.
#![cfg(test)]

mod support;

use support::decode;
use support::packets::{capture, pcap};
use support::talk::one_by_one;

/// An IPv4 packet of this protocol.
fn ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap();
    let mut bytes = vec![0x45, 0];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    bytes.extend(payload);
    bytes
}

/// What keeps IPsec through NAT alive: one byte to port 4500. Then WireGuard's and TCP with a wrong length of its header.
fn short() -> Vec<(u32, Vec<u8>)> {
    let keepalive = [0x11, 0x94, 0x11, 0x94, 0, 9, 0, 0, 0xff];
    let empty = [0xca, 0x6c, 0xca, 0x6c, 0, 8, 0, 0];
    let mut tcp = [0; 20];
    tcp[12] = 15 << 4;
    let all = [ip(17, &keepalive), ip(17, &empty), ip(6, &tcp)];
    all.into_iter().map(|packet| (1, packet)).collect()
}

#[test]
fn a_short_packet_that_was_captured_whole_was_not_cut() {
    let (_, counts, _) = decode(pcap(101, &short(), usize::MAX), Vec::new());
    assert_eq!((counts.not_tcp, counts.unreadable, counts.cut), (3, 0, 0));
}

#[test]
fn a_packet_whose_headers_were_not_captured_was_cut() {
    let (_, counts, _) = decode(pcap(101, &short(), 22), Vec::new());
    assert_eq!((counts.not_tcp, counts.unreadable), (0, 3));
    let mut file = capture(&one_by_one(40_000, 3, 1000).sent);
    // The first packet has but 12 of the 20 bytes of its TCP header.
    file[24 + 8..24 + 12].copy_from_slice(&32_u32.to_le_bytes());
    file.drain(24 + 16 + 32..24 + 16 + 40);
    let (_, counts, _) = decode(file, Vec::new());
    assert_eq!((counts.not_tcp, counts.unreadable), (0, 1));
}
