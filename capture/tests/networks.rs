//! Connections between the same addresses in different networks are told apart, and packets that are captured in
//! several networks are recognized.
#![cfg(test)]

mod support;

use support::packets::{Sent, pcap};
use support::talk::{expected, messages, one_by_one};
use support::wrap::{ethernet, ipv4, udp, vxlan};
use support::{Found, decode};

const ETHERNET: u32 = 1;

/// Puts an IP packet into a network, with its direction.
type Wrap<'w> = &'w dyn Fn(u8, bool, &[u8]) -> Vec<u8>;

fn in_ethernet(ip: &[u8]) -> Vec<u8> {
    ethernet(0x0800, ip)
}

fn vlan(network: u8, _: bool, ip: &[u8]) -> Vec<u8> {
    ethernet(0x8100, &[&[0, network, 8, 0], ip].concat())
}

fn in_vxlan(network: u8, _: bool, ip: &[u8]) -> Vec<u8> {
    let mut packet = vxlan(&in_ethernet(ip));
    // The identifier is behind the headers of IP and UDP and the flags.
    packet[20 + 8 + 6] = network;
    in_ethernet(&packet)
}

fn gre(network: u8, _: bool, ip: &[u8]) -> Vec<u8> {
    let header = [0x20, 0, 8, 0, 0, 0, 0, network];
    in_ethernet(&ipv4(47, &[&header, ip].concat()))
}

/// A label of the path, which is the same, and one of the network; the direction has labels of its own.
fn mpls(network: u8, from_client: bool, ip: &[u8]) -> Vec<u8> {
    let label = network * 2 + u8::from(from_client);
    ethernet(0x8847, &[&[0, 1, 0, 64, 0, label, 0x01, 64], ip].concat())
}

fn gtp(network: u8, from_client: bool, ip: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ip.len()).unwrap().to_be_bytes();
    let tunnel = [0, 0, network, u8::from(from_client)];
    let header = [&[0x30, 0xff][..], &length, &tunnel].concat();
    in_ethernet(&ipv4(17, &udp(2152, &[&header, ip].concat())))
}

fn pppoe(network: u8, _: bool, ip: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ip.len() + 2).unwrap().to_be_bytes();
    let header = [&[0x11, 0, 0, network][..], &length, &[0, 0x21]].concat();
    ethernet(0x8864, &[&header, ip].concat())
}

fn service(network: u8, _: bool, ip: &[u8]) -> Vec<u8> {
    ethernet(
        0x88e7,
        &[&[0, 0, 1, network], &in_ethernet(ip)[..]].concat(),
    )
}

/// IP in IP between two ends, which are the other way around in the other direction.
fn tunnel(network: u8, from_client: bool, ip: &[u8]) -> Vec<u8> {
    let mut packet = ipv4(4, ip);
    let ends = [[10, 9, 0, 1], [10, 9, 1, network]];
    let ends = if from_client {
        ends
    } else {
        [ends[1], ends[0]]
    };
    packet[12..20].copy_from_slice(&ends.concat());
    in_ethernet(&packet)
}

const WRAPS: [(&str, Wrap<'_>); 8] = [
    ("VLAN", &vlan),
    ("VXLAN", &in_vxlan),
    ("GRE", &gre),
    ("MPLS", &mpls),
    ("GTP", &gtp),
    ("PPPoE", &pppoe),
    ("backbone bridging", &service),
    ("IP in IP", &tunnel),
];

/// The packet of another host with the same addresses, whose numbers are that far off.
fn elsewhere(sent: &Sent, shift: u32) -> Vec<u8> {
    let mut sent = sent.clone();
    sent.sequence = sent.sequence.wrapping_add(shift);
    sent.acknowledged = sent.acknowledged.wrapping_add(shift);
    sent.ipv4()
}

fn sorted(mut found: Vec<Found>) -> Vec<Found> {
    found.sort();
    found
}

#[test]
fn connections_with_numbers_near_each_other_are_told_apart_by_their_networks() {
    for (name, wrap) in WRAPS {
        for shift in [700, 100_000, 0x4357_9bdf] {
            let packets = one_by_one(40_000, 5, 300).sent;
            let packets = packets.iter().flat_map(|sent| {
                [1, 2, 3].map(|network: u8| {
                    let ip = elsewhere(sent, shift * u32::from(network - 1));
                    (sent.time, wrap(network, sent.from_client, &ip))
                })
            });
            let packets: Vec<_> = packets.collect();
            let (found, counts, result) = decode(pcap(ETHERNET, &packets, usize::MAX), Vec::new());
            result.unwrap();
            let three_times: Vec<_> = expected(5).into_iter().flat_map(|each| [each; 3]).collect();
            assert_eq!(messages(&found), three_times, "{name} {shift}: {counts}");
            assert_eq!((counts.connections, counts.copies, counts.gaps), (3, 0, 0));
        }
    }
}

#[test]
fn packets_mirrored_into_two_networks_are_recognized() {
    for (name, wrap) in WRAPS {
        let packets = one_by_one(40_000, 5, 300).sent;
        let packets = packets.iter().enumerate().flat_map(|(i, sent)| {
            let mut ip = sent.ipv4();
            ip[4..6].copy_from_slice(&u16::try_from(i + 1).unwrap().to_be_bytes());
            [1, 2].map(|network| (sent.time, wrap(network, sent.from_client, &ip)))
        });
        let packets: Vec<_> = packets.collect();
        let (found, counts, result) = decode(pcap(ETHERNET, &packets, usize::MAX), Vec::new());
        result.unwrap();
        assert_eq!(messages(&found), expected(5), "{name}: {counts}");
        assert_eq!(counts.copies * 2, counts.packets, "{name}");
        assert_eq!(counts.connections, 1);
    }
}

#[test]
fn a_connection_may_move_to_another_network() {
    let sent = one_by_one(40_000, 5, 300).sent;
    for (name, wrap) in WRAPS {
        let packets = sent.iter().enumerate().map(|(i, sent)| {
            let network = if i < 7 { 1 } else { 2 };
            (sent.time, wrap(network, sent.from_client, &sent.ipv4()))
        });
        let packets: Vec<_> = packets.collect();
        let (found, counts, result) = decode(pcap(ETHERNET, &packets, usize::MAX), Vec::new());
        result.unwrap();
        assert_eq!(messages(&found), expected(5), "{name}: {counts}");
        assert_eq!((counts.connections, counts.gaps), (1, 0));
        assert_eq!(sorted(found).len(), 10);
    }
}
