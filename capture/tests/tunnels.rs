//! Kafka is found in every tunnel and behind every link header, and what cannot be read is counted by kind.
#![cfg(test)]

mod support;

use kafka_capture::input::Packet;
use proptest::prelude::*;
use support::decode;
use support::fuzz_capture::{self, Seed};
use support::packets::{Sent, pcap};
use support::talk::{expected, messages};
use support::wrap::{ethernet, fragments_4, fragments_6, ipv4, ipv6, ordered, udp, vxlan};
use support::wrapped::{
    ETHERNET, RAW, conversation, counts, ether_type, gre, in_ethernet, is_read,
};

#[test]
fn tunnels_in_ip_are_read() {
    is_read("IP in IPv4", RAW, |ip| {
        ipv4(if ip[0] >> 4 == 4 { 4 } else { 41 }, ip)
    });
    is_read("IP in IPv6", RAW, |ip| {
        ipv6(if ip[0] >> 4 == 4 { 4 } else { 41 }, ip)
    });
    is_read("GRE", RAW, |ip| gre(0, ether_type(ip), &[], ip));
    is_read("GRE with all fields", RAW, |ip| {
        gre(0xb000, ether_type(ip), &[7; 12], ip)
    });
    is_read("GRE in IPv6", RAW, |ip| {
        ipv6(
            47,
            &[&[0, 0][..], &ether_type(ip).to_be_bytes(), ip].concat(),
        )
    });
    is_read("NVGRE", RAW, |ip| {
        gre(0x2000, 0x6558, &[0, 0, 1, 0], &in_ethernet(ip))
    });
    is_read("PPTP", RAW, |ip| {
        let protocol = if ip[0] >> 4 == 4 { 0x21 } else { 0x57 };
        gre(
            0x3081,
            0x880b,
            &[1; 12],
            &[&[0xff, 3, 0, protocol], ip].concat(),
        )
    });
    is_read("ERSPAN I", RAW, |ip| gre(0, 0x88be, &[], &in_ethernet(ip)));
    is_read("ERSPAN II", RAW, |ip| {
        let header = [0, 0, 0, 1, 0x10, 5, 0, 1, 0, 0, 0, 0];
        gre(0x1000, 0x88be, &header, &in_ethernet(ip))
    });
    is_read("WCCP", RAW, |ip| {
        gre(
            0,
            0x883e,
            &[0, 1, 2, 3],
            &ipv4(if ip[0] >> 4 == 4 { 4 } else { 41 }, ip),
        )
    });
    is_read("ERSPAN III", RAW, |ip| {
        let header = [0, 0, 0, 1, 0x20, 5, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0];
        gre(0x1000, 0x22eb, &header, &in_ethernet(ip))
    });
    is_read("ERSPAN III with a platform's header", RAW, |ip| {
        let header = [0, 0, 0, 1, 0x20, 5, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1];
        gre(
            0x1000,
            0x22eb,
            &[&header[..], &[7; 8]].concat(),
            &in_ethernet(ip),
        )
    });
    is_read("EtherIP's successor", RAW, |ip| ipv6(143, &in_ethernet(ip)));
    is_read("MPLS in IP", RAW, |ip| {
        ipv4(137, &[&[0, 1, 0x01, 64], ip].concat())
    });
    is_read("an authentication header", RAW, |ip| {
        ipv4(
            51,
            &[
                &[4, 4, 0, 0][..],
                &[0; 20],
                &ipv4(if ip[0] >> 4 == 4 { 4 } else { 41 }, ip),
            ]
            .concat(),
        )
    });
}

#[test]
fn tunnels_in_udp_are_read() {
    is_read("VXLAN", RAW, |ip| vxlan(&in_ethernet(ip)));
    is_read("VXLAN on the port of Linux", RAW, |ip| {
        ipv6(
            17,
            &udp(
                8472,
                &[&[8, 0, 0, 0, 0, 0, 7, 0], &in_ethernet(ip)[..]].concat(),
            ),
        )
    });
    is_read("VXLAN on any port", RAW, |ip| {
        ipv4(
            17,
            &udp(
                48_879,
                &[&[8, 0, 0, 0, 0, 0, 7, 0], &in_ethernet(ip)[..]].concat(),
            ),
        )
    });
    // The IPv6 packets have a header for hop-by-hop options.
    is_read("foo over UDP", RAW, |ip| ipv4(17, &udp(5555, ip)));
    is_read("GRE in foo over UDP", RAW, |ip| {
        let gre = gre(0, ether_type(ip), &[], ip);
        ipv4(17, &udp(5555, &gre[20..]))
    });
    is_read("GUE", RAW, |ip| {
        let protocol = if ip[0] >> 4 == 4 { 4 } else { 41 };
        ipv4(
            17,
            &udp(6080, &[&[1, protocol, 0, 0, 1, 2, 3, 4], ip].concat()),
        )
    });
    is_read("GUE without a header", RAW, |ip| ipv4(17, &udp(6080, ip)));
    is_read("GRE in GUE", RAW, |ip| {
        let gre = gre(0, ether_type(ip), &[], ip);
        ipv4(17, &udp(6080, &[&[0, 47, 0, 0], &gre[20..]].concat()))
    });
    is_read("VXLAN-GPE", RAW, |ip| {
        let protocol = if ip[0] >> 4 == 4 { 1 } else { 2 };
        ipv4(
            17,
            &udp(4790, &[&[0x0c, 0, 0, protocol, 0, 0, 7, 0], ip].concat()),
        )
    });
    is_read("GENEVE", RAW, |ip| {
        let header = [2, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 1, 4, 5, 6, 7];
        ipv4(17, &udp(6081, &[&header, &in_ethernet(ip)[..]].concat()))
    });
    is_read("GENEVE with IP", RAW, |ip| {
        let ether_type = ether_type(ip).to_be_bytes();
        let header = [&[0, 0][..], &ether_type, &[0, 0, 7, 0]].concat();
        ipv4(17, &udp(6081, &[&header, ip].concat()))
    });
    is_read("GTP", RAW, |ip| {
        ipv4(
            17,
            &udp(2152, &[&[0x30, 0xff, 0, 0, 0, 0, 0, 1], ip].concat()),
        )
    });
    is_read("GTP with a header behind", RAW, |ip| {
        let header = [0x34, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0];
        ipv4(17, &udp(2152, &[&header, ip].concat()))
    });
    is_read("TZSP", RAW, |ip| {
        ipv4(
            17,
            &udp(
                37008,
                &[&[1, 0, 0, 1, 0, 10, 1, 9, 1], &in_ethernet(ip)[..]].concat(),
            ),
        )
    });
    is_read("L2TP", RAW, |ip| {
        let protocol = if ip[0] >> 4 == 4 { 0x21 } else { 0x57 };
        let header = [0x40, 2, 0, 0, 0, 1, 0, 2, 0xff, 3, 0, protocol];
        ipv4(17, &udp(1701, &[&header, ip].concat()))
    });
    is_read("MPLS in UDP", RAW, |ip| {
        ipv4(17, &udp(6635, &[&[0, 1, 0x01, 64], ip].concat()))
    });
}

#[test]
fn udp_on_any_port_is_foo_over_udp_only_with_exactly_an_ip_packet_in_it() {
    let changes: [fn(&mut Vec<u8>); 2] = [
        |ip| ip.push(0),
        // The checksum of the header. Where it is 0, a network card fills it in.
        |ip| ip[10..12].copy_from_slice(&[0x12, 0x34]),
    ];
    for change in changes {
        let (is_found, counts) = counts(RAW, |_, sent| {
            let mut ip = sent.ipv4();
            change(&mut ip);
            vec![ipv4(17, &udp(5555, &ip))]
        });
        assert!(!is_found);
        assert_eq!(counts.not_tcp, counts.packets, "{counts}");
    }
}

#[test]
fn tags_labels_and_sessions_are_read() {
    let tagged = |tag: u16, ip: &[u8]| {
        let ether_type = ether_type(ip).to_be_bytes();
        ethernet(tag, &[&[0, 7][..], &ether_type, ip].concat())
    };
    for tag in [0x8100, 0x88a8, 0x9100, 0x9200] {
        is_read("VLAN", ETHERNET, |ip| tagged(tag, ip));
    }
    is_read("QinQ", ETHERNET, |ip| {
        let ether_type = ether_type(ip).to_be_bytes();
        ethernet(
            0x88a8,
            &[&[0, 7, 0x81, 0, 0, 8][..], &ether_type, ip].concat(),
        )
    });
    is_read("MPLS", ETHERNET, |ip| {
        ethernet(0x8847, &[&[0, 1, 0, 64, 0, 2, 0x01, 64], ip].concat())
    });
    is_read("a pseudowire", ETHERNET, |ip| {
        ethernet(
            0x8847,
            &[&[0, 1, 0x01, 64, 0, 0, 0, 0], &in_ethernet(ip)[..]].concat(),
        )
    });
    is_read("a pseudowire without a control word", ETHERNET, |ip| {
        ethernet(0x8847, &[&[0, 1, 0x01, 64], &in_ethernet(ip)[..]].concat())
    });
    is_read("Cisco metadata", ETHERNET, |ip| {
        let ether_type = ether_type(ip).to_be_bytes();
        ethernet(0x8909, &[&[1, 1, 0, 1, 0, 7][..], &ether_type, ip].concat())
    });
    is_read("PPPoE", ETHERNET, |ip| {
        let protocol = if ip[0] >> 4 == 4 { 0x21 } else { 0x57 };
        let length = u16::try_from(ip.len() + 2).unwrap().to_be_bytes();
        let header = [&[0x11, 0, 0, 9][..], &length, &[0, protocol]].concat();
        ethernet(0x8864, &[&header, ip].concat())
    });
    is_read("backbone bridging", ETHERNET, |ip| {
        ethernet(0x88e7, &[&[0, 0, 1, 0], &in_ethernet(ip)[..]].concat())
    });
    is_read("LLC", ETHERNET, |ip| {
        let ether_type = ether_type(ip).to_be_bytes();
        let length = u16::try_from(ip.len() + 8).unwrap();
        ethernet(
            length,
            &[&[0xaa, 0xaa, 3, 0, 0, 0][..], &ether_type, ip].concat(),
        )
    });
}

#[test]
fn other_links_are_read() {
    let ppp = |ip: &[u8]| if ip[0] >> 4 == 4 { 0x21 } else { 0x57 };
    is_read("PPP", 9, |ip| [&[0xff, 3, 0, ppp(ip)], ip].concat());
    is_read("PPP, short", 9, |ip| [&[ppp(ip)], ip].concat());
    is_read("PPP with a direction", 204, |ip| {
        [&[1, 0xff, 3, 0, ppp(ip)], ip].concat()
    });
    is_read("HDLC", 104, |ip| {
        [&[0x0f, 0][..], &ether_type(ip).to_be_bytes(), ip].concat()
    });
    is_read("PPPoE", 51, |ip| {
        [&[0x11, 0, 0, 9, 0, 0, 0, ppp(ip)], ip].concat()
    });
    is_read("MPLS", 219, |ip| [&[0, 1, 0x01, 64], ip].concat());
    is_read("netfilter's log", 239, |ip| {
        let length = u16::try_from(ip.len() + 4).unwrap().to_le_bytes();
        let before = [2, 0, 0, 0, 5, 0, 10, 0, b'x', 0, 0, 0];
        [&before[..], &length, &[9, 0], ip].concat()
    });
    is_read("a packet filter's log", 117, |ip| [&[61; 64], ip].concat());
    is_read("Wi-Fi", 127, |ip| {
        let before = [&[0, 0, 8, 0, 0, 0, 0, 0, 0x88, 1][..], &[0; 24]].concat();
        let llc = [0xaa, 0xaa, 3, 0, 0, 0];
        [&before[..], &llc, &ether_type(ip).to_be_bytes(), ip].concat()
    });
}

#[test]
fn tunnels_are_read_within_each_other() {
    is_read("VXLAN in QinQ, with GRE in it", ETHERNET, |ip| {
        let inner = in_ethernet(&gre(0, ether_type(ip), &[], ip));
        let outer = vxlan(&inner);
        ethernet(0x88a8, &[&[0, 7, 0x81, 0, 0, 8, 8, 0], &outer[..]].concat())
    });
    let deep = |levels: usize| {
        counts(RAW, |_, sent| {
            vec![(0..levels).fold(sent.ipv4(), |ip, _| ipv4(4, &ip))]
        })
    };
    assert!(deep(20).0);
    let (is_found, counts) = deep(60);
    assert!(!is_found);
    assert_eq!(counts.too_deep, counts.packets);
    assert!(
        counts.to_string().contains("with too many headers"),
        "{counts}"
    );
}

#[test]
fn fragments_are_put_together_in_any_order() {
    for is_reversed in [false, true] {
        let (is_found, all) = counts(RAW, |i, sent| {
            let fragments = fragments_4(&sent.ipv4(), u16::try_from(i).unwrap(), 16);
            ordered(fragments, is_reversed)
        });
        assert!(is_found && all.fragments == 0, "{all}");
        let (is_found, all) = counts(RAW, |i, sent| {
            let fragments = fragments_6(&sent.ipv6(), u32::try_from(i).unwrap(), 24);
            ordered(fragments, is_reversed)
        });
        assert!(is_found && all.fragments == 0, "{all}");
        // The tunnel's packets are fragments, and so are those in it.
        let (is_found, all) = counts(RAW, |i, sent| {
            let number = u16::try_from(i).unwrap();
            let inner = fragments_4(&sent.ipv4(), number, 16);
            let outer = inner.iter().enumerate().flat_map(|(part, fragment)| {
                let number = number * 32 + u16::try_from(part).unwrap();
                fragments_4(&vxlan(&in_ethernet(fragment)), number, 40)
            });
            outer.collect()
        });
        assert!(is_found && all.fragments == 0, "{all}");
    }
}

#[test]
fn copies_of_fragments_do_no_harm() {
    let (is_found, all) = counts(RAW, |i, sent| {
        let fragments = fragments_4(&sent.ipv4(), u16::try_from(i).unwrap(), 16);
        let twice = fragments
            .iter()
            .flat_map(|each| [each.clone(), each.clone()]);
        twice.collect()
    });
    assert!(is_found && all.fragments == 0, "{all}");
    assert_eq!(all.contradicting_fragments, 0);
}

#[test]
fn fragments_that_contradict_each_other_are_refused_and_counted() {
    let (is_found, all) = counts(RAW, |i, sent| {
        let mut fragments = fragments_4(&sent.ipv4(), u16::try_from(i).unwrap(), 16);
        if !sent.payload.is_empty() {
            let mut other = fragments[0].clone();
            *other.last_mut().unwrap() ^= 1;
            fragments.insert(1, other);
        }
        fragments
    });
    assert!(!is_found && all.requests == 0, "{all}");
    assert!(all.contradicting_fragments >= 10, "{all}");
}

#[test]
fn fragments_of_packets_that_never_become_whole_are_counted() {
    let (is_found, all) = counts(RAW, |i, sent| {
        let mut fragments = fragments_4(&sent.ipv4(), u16::try_from(i).unwrap(), 16);
        fragments.pop();
        fragments
    });
    assert!(!is_found && all.requests == 0, "{all}");
    assert!(all.fragments > 10, "{all}");
    assert!(
        all.to_string()
            .contains("IP fragments of incomplete packets"),
        "{all}"
    );
}

#[test]
fn segments_of_any_size_without_a_length_in_ip_are_read() {
    // A network card cuts them later, or has put them together.
    let (is_found, _) = counts(RAW, |_, sent| {
        let mut packet = sent.ipv4();
        packet[2..4].copy_from_slice(&[0, 0]);
        vec![packet]
    });
    assert!(is_found);
    let (is_found, _) = counts(RAW, |_, sent| {
        let mut packet = sent.ipv6();
        packet[4..6].copy_from_slice(&[0, 0]);
        vec![packet]
    });
    assert!(is_found);
    // A jumbogram has its length in an option, and padding may follow.
    let (is_found, _) = counts(ETHERNET, |_, sent| {
        let mut packet = sent.ipv6();
        let length = u32::try_from(packet.len() - 40).unwrap();
        packet[4..6].copy_from_slice(&[0, 0]);
        packet[42..44].copy_from_slice(&[0xc2, 4]);
        packet[44..48].copy_from_slice(&length.to_be_bytes());
        packet.extend([0; 7]);
        vec![ethernet(0x86dd, &packet)]
    });
    assert!(is_found);
}

#[test]
fn both_copies_of_a_mirrored_packet_are_recognized() {
    let (is_found, all) = counts(ETHERNET, |i, sent| {
        let mut ip = sent.ipv4();
        ip[4..6].copy_from_slice(&u16::try_from(i + 1).unwrap().to_be_bytes());
        vec![in_ethernet(&ip), in_ethernet(&vxlan(&in_ethernet(&ip)))]
    });
    assert!(is_found, "{all}");
    assert_eq!(all.copies * 2, all.packets);
}

#[test]
fn copies_without_a_number_are_recognized_in_another_network() {
    // IPv6 has no number, and mirrored packets come a little later.
    let packets = conversation().into_iter().flat_map(|sent| {
        let ip = sent.ipv6();
        let plain = (sent.time * 100, in_ethernet(&ip));
        let mirrored = (
            sent.time * 100 + 20_000,
            in_ethernet(&vxlan(&in_ethernet(&ip))),
        );
        [plain, mirrored]
    });
    let packets: Vec<_> = packets.collect();
    let (found, counts, result) = decode(pcap(ETHERNET, &packets, usize::MAX), Vec::new());
    result.unwrap();
    assert_eq!(messages(&found), expected(5), "{counts}");
    assert_eq!(counts.copies * 2, counts.packets);
}

/// The conversation again, as another host with the same addresses has it: with other sequence numbers.
fn elsewhere(sent: &Sent, network: u32) -> Sent {
    let (mut sent, shift) = (sent.clone(), network.wrapping_mul(0x1357_9bdf));
    sent.sequence = sent.sequence.wrapping_add(shift);
    sent.acknowledged = sent.acknowledged.wrapping_add(shift);
    sent
}

type Wrap<'w> = &'w dyn Fn(u8, &[u8]) -> Vec<u8>;

#[test]
fn connections_between_the_same_addresses_in_different_networks_are_told_apart() {
    let tagged = |vlan: u8, ip: &[u8]| {
        let tag = [&[0, vlan][..], &ether_type(ip).to_be_bytes(), ip].concat();
        ethernet(0x8100, &tag)
    };
    let in_vxlan = |vni: u8, ip: &[u8]| {
        let mut packet = vxlan(&in_ethernet(ip));
        // The identifier is behind the headers of IP and UDP and the flags.
        packet[20 + 8 + 6] = vni;
        in_ethernet(&packet)
    };
    let wraps: [Wrap<'_>; 2] = [&tagged, &in_vxlan];
    for wrap in wraps {
        let sent = conversation();
        let packets = sent.iter().flat_map(|sent| {
            let each = |network: u8| {
                let ip = elsewhere(sent, network.into()).ipv4();
                (sent.time, wrap(network, &ip))
            };
            [each(1), each(2), each(3)]
        });
        let packets: Vec<_> = packets.collect();
        let (found, counts, result) = decode(pcap(ETHERNET, &packets, usize::MAX), Vec::new());
        result.unwrap();
        let three_times: Vec<_> = expected(5).into_iter().flat_map(|each| [each; 3]).collect();
        assert_eq!(messages(&found), three_times, "{counts}");
        assert_eq!((counts.connections, counts.copies), (3, 0));
    }
}

#[test]
fn a_connection_whose_directions_are_in_different_networks_is_one() {
    let (is_found, all) = counts(ETHERNET, |_, sent| {
        let ip = sent.ipv4();
        let vlan = if sent.from_client { 1 } else { 2 };
        let tag = [&[0, vlan][..], &ether_type(&ip).to_be_bytes(), &ip].concat();
        vec![ethernet(0x8100, &tag)]
    });
    assert!(is_found, "{all}");
    assert_eq!(all.connections, 1);
}

#[test]
fn what_cannot_be_read_is_counted_by_kind() {
    type Wrapping = fn(&[u8]) -> Vec<u8>;
    let wrappings: [(&str, Wrapping); 7] = [
        ("packets without TCP", |_| ipv4(1, &[8, 0, 0, 0])),
        ("encrypted packets", |ip| ipv4(50, ip)),
        ("encrypted packets", |ip| {
            ipv4(17, &udp(51820, &[&[4, 0, 0, 0], ip].concat()))
        }),
        ("packets in unknown tunnels", |ip| ipv4(98, ip)),
        // All of it was captured, so that it cannot be GRE.
        ("packets without TCP", |_| ipv4(47, &[0])),
        ("packets without their headers", |ip| {
            ipv4(47, ip)[..21].to_vec()
        }),
        ("packets without their headers", |ip| ip[..30].to_vec()),
    ];
    for (kind, wrap) in wrappings {
        let (_, counts) = counts(RAW, |_, sent| vec![wrap(&sent.ipv4())]);
        assert!(counts.to_string().contains(kind), "{kind}: {counts}");
    }
}

/// Ethernet frames as an input of the fuzz target.
fn as_fuzzed(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut seed = Seed::default();
    for bytes in packets {
        seed.push(&Packet {
            time: 0,
            link_type: 1,
            length: u32::try_from(bytes.len()).unwrap(),
            bytes,
        });
    }
    seed.bytes().to_vec()
}

proptest! {
    #[test]
    fn tunnels_with_wrong_bytes_are_read(
        kind in 0..5_usize,
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..30),
    ) {
        let packets = conversation().into_iter().enumerate().flat_map(|(i, sent)| {
            let (ip, number) = (sent.ipv4(), u16::try_from(i).unwrap());
            match kind {
                0 => vec![in_ethernet(&vxlan(&in_ethernet(&ip)))],
                1 => vec![in_ethernet(&gre(0x1000, 0x22eb, &[0; 16], &in_ethernet(&ip)))],
                2 => fragments_4(&ip, number, 40).iter().map(|each| in_ethernet(each)).collect(),
                3 => fragments_6(&sent.ipv6(), number.into(), 40).iter().map(|each| in_ethernet(each)).collect(),
                _ => vec![ethernet(0x88a8, &[&[0, 7, 0x88, 0x47, 0, 1, 0x01, 64], &ip[..]].concat())],
            }
        });
        let mut bytes = as_fuzzed(&packets.collect::<Vec<_>>());
        let unchanged = fuzz_capture::packets(&bytes).unwrap();
        prop_assert_eq!((unchanged.requests, unchanged.responses), (5, 5));
        for (at, byte) in wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fuzz_capture::packets(&bytes);
    }

    #[test]
    fn any_bytes_are_packets(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        fuzz_capture::packets(&bytes);
    }
}
