//! A conversation whose packets are wrapped, and whether it is read all the same.

use kafka_capture::Counts;

use super::decode;
use super::packets::{Sent, pcap};
use super::talk::{expected, messages, one_by_one};
use super::wrap::{ethernet, ipv4};

pub(crate) const ETHERNET: u32 = 1;
pub(crate) const RAW: u32 = 101;

pub(crate) fn conversation() -> Vec<Sent> {
    one_by_one(40_000, 5, 300).sent
}

/// The counts of a capture of the conversation, each of whose packets is made into some others.
pub(crate) fn counts(
    link_type: u32,
    wrap: impl Fn(usize, &Sent) -> Vec<Vec<u8>>,
) -> (bool, Counts) {
    let sent = conversation();
    let packets: Vec<_> = sent
        .iter()
        .enumerate()
        .flat_map(|(i, sent)| wrap(i, sent).into_iter().map(|packet| (sent.time, packet)))
        .collect();
    let (found, counts, result) = decode(pcap(link_type, &packets, usize::MAX), Vec::new());
    result.unwrap();
    (messages(&found) == expected(5), counts)
}

#[track_caller]
pub(crate) fn is_read(name: &str, link_type: u32, wrap: impl Fn(&[u8]) -> Vec<u8>) {
    for is_ipv6 in [false, true] {
        let (is_found, counts) = counts(link_type, |_, sent| {
            vec![if is_ipv6 {
                wrap(&sent.ipv6())
            } else {
                wrap(&sent.ipv4())
            }]
        });
        assert!(is_found, "{name}, IPv6 {is_ipv6}: {counts}");
        assert_eq!((counts.not_tcp, counts.unreadable, counts.gaps), (0, 0, 0));
    }
}

pub(crate) fn ether_type(ip: &[u8]) -> u16 {
    if ip[0] >> 4 == 4 { 0x0800 } else { 0x86dd }
}

pub(crate) fn in_ethernet(ip: &[u8]) -> Vec<u8> {
    ethernet(ether_type(ip), ip)
}

/// GRE with these flags and fields.
pub(crate) fn gre(flags: u16, protocol: u16, fields: &[u8], content: &[u8]) -> Vec<u8> {
    let (flags, protocol) = (flags.to_be_bytes(), protocol.to_be_bytes());
    ipv4(47, &[&flags[..], &protocol, fields, content].concat())
}
