//! Link types and tunnels that few captures have. Those that tshark or tcpdump read were compared with them.
#![cfg(test)]

mod support;

use support::decode;
use support::packets::pcap;
use support::talk::{expected, messages};
use support::wrap::{ethernet, ipv4, ipv6, udp};
use support::wrapped::{
    ETHERNET, RAW, conversation, counts, ether_type, gre, in_ethernet, is_read,
};

type Wrap = fn(&[u8]) -> Vec<u8>;

/// LLC with an EtherType.
fn llc(ip: &[u8]) -> Vec<u8> {
    let ether_type = ether_type(ip).to_be_bytes();
    [&[0xaa, 0xaa, 3, 0, 0, 0][..], &ether_type, ip].concat()
}

fn is_v4(ip: &[u8]) -> bool {
    ip[0] >> 4 == 4
}

fn ppp(ip: &[u8]) -> Vec<u8> {
    [&[0, if is_v4(ip) { 0x21 } else { 0x57 }][..], ip].concat()
}

fn hdlc(ip: &[u8]) -> Vec<u8> {
    [&[0x0f, 0][..], &ether_type(ip).to_be_bytes(), ip].concat()
}

/// Bytes in front of content.
fn behind(before: &[u8], content: &[u8]) -> Vec<u8> {
    [before, content].concat()
}

#[test]
fn links_with_a_header_in_front_are_read() {
    let before = |link_type: u32, name: &str, header: &[u8], content: fn(&[u8]) -> Vec<u8>| {
        is_read(name, link_type, |ip| behind(header, &content(ip)));
    };
    let raw = |ip: &[u8]| ip.to_vec();
    before(166, "pppd", &[1, 3], ppp);
    before(226, "IPNET", &[&[1, 2, 0, 0][..], &[0; 20]].concat(), raw);
    before(8, "SLIP", &[&[0, 0x40][..], &[0; 14]].concat(), raw);
    let addresses = [2; 12];
    before(6, "token ring", &behind(&[0x10, 0x40], &addresses), llc);
    let routed = [
        &[0x10, 0x40][..],
        &[2; 6],
        &[0x82; 6],
        &[6, 0, 0, 0x10, 0, 0x20],
    ]
    .concat();
    before(6, "token ring with a route", &routed, llc);
    before(10, "FDDI", &behind(&[0x50], &addresses), llc);
    before(100, "ATM with LLC", &[], llc);
    before(100, "ATM", &[], raw);
    before(100, "PPP over ATM with LLC", &[0xfe, 0xfe, 3, 0xcf], ppp);
    before(100, "PPP over ATM", &[], ppp);
    let bridged = [0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0];
    before(100, "bridged ATM", &bridged, in_ethernet);
    before(106, "classical IP over ATM", &[], llc);
    before(123, "SunATM", &[2, 0, 0, 100], llc);
    before(
        123,
        "SunATM with LAN emulation",
        &[1, 0, 0, 100, 0, 1],
        in_ethernet,
    );
    before(122, "Fibre Channel", &[0x10; 16], llc);
    before(240, "netANALYZER", &[0; 4], in_ethernet);
    let preamble = [0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5];
    before(
        241,
        "netANALYZER, transparent",
        &behind(&[0; 4], &preamble),
        in_ethernet,
    );
    before(274, "mPackets", &preamble, in_ethernet);
    before(282, "DSA in front", &[0x20, 0, 0, 1], in_ethernet);
    before(128, "TZSP", &[1, 0, 0, 1, 1], in_ethernet);
    before(178, "Juniper Ethernet", b"MGC\0", in_ethernet);
    let extended = [b"MGC\x80\0\x06", &[1; 6][..]].concat();
    before(
        178,
        "Juniper Ethernet with an extension",
        &extended,
        in_ethernet,
    );
    before(178, "Juniper without a link", b"MGC\x02\0\0\0\x02", raw);
    before(179, "Juniper PPP", b"MGC\0", ppp);
    before(181, "Juniper HDLC", b"MGC\0", hdlc);
    let endace = |kind: u8| [&[0; 8][..], &[kind, 4], &[0; 6]].concat();
    before(
        197,
        "ERF with Ethernet",
        &behind(&endace(2), &[0; 2]),
        in_ethernet,
    );
    let extended = [&endace(0x82)[..], &[4], &[0; 9]].concat();
    before(197, "ERF with an extension", &extended, in_ethernet);
    before(197, "ERF with HDLC", &endace(1), hdlc);
    before(197, "ERF with IP", &endace(22), raw);
}

#[test]
fn links_with_an_ether_type_are_read() {
    let with_type = |link_type: u32, name: &str, before: &[u8], after: &[u8]| {
        is_read(name, link_type, |ip| {
            [before, &ether_type(ip).to_be_bytes(), after, ip].concat()
        });
    };
    with_type(138, "IEEE 1394", &[1; 16], &[]);
    with_type(242, "InfiniBand", &[0; 40], &[0, 0]);
    let tagged = |tag: &[u8]| behind(&[2; 12], tag);
    with_type(281, "DSA of Broadcom", &tagged(&[0x20, 0, 0, 1]), &[]);
    with_type(284, "DSA", &tagged(&[0x40, 0, 0, 0]), &[]);
    let with_ether_type = tagged(&[0xda, 0xda, 0, 0, 0x40, 0, 0, 0]);
    with_type(285, "DSA with an EtherType", &with_ether_type, &[]);
    with_type(ETHERNET, "the same in Ethernet", &with_ether_type, &[]);
    let redundant = tagged(&[0xf1, 0xc1, 0, 0, 0, 1]);
    with_type(ETHERNET, "a redundancy tag", &redundant, &[]);
    let long = tagged(&[0xd2, 0x8b, 0, 1, 0, 0x10, 0, 0, 0, 0, 1, 2, 3, 4]);
    with_type(ETHERNET, "a time of Arista's", &long, &[]);
    let short = tagged(&[0xd2, 0x8b, 0, 1, 1, 0x20, 0, 0, 0, 0, 1, 2]);
    with_type(ETHERNET, "a shorter time of Arista's", &short, &[]);
    let relayed = [0x18, 0x41, 3, 0, 0x80, 0, 0, 0];
    with_type(107, "frame relay", &relayed, &[]);
    with_type(107, "Cisco's frame relay", &[0x18, 0x41], &[]);
    with_type(206, "frame relay with direction", &[1, 0x18, 0x41], &[]);
    with_type(180, "Juniper frame relay", &behind(b"MGC\0", &relayed), &[]);
    is_read("frame relay with IP", 107, |ip| {
        let kind = if is_v4(ip) { 0xcc } else { 0x8e };
        behind(&[0x18, 0x41, 3, kind], ip)
    });
    is_read("bridged frame relay", 107, |ip| {
        behind(
            &[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7],
            &in_ethernet(ip),
        )
    });
}

/// Apple's header, and what it has of this link type.
fn pktap(link_type: u8, content: &[u8]) -> Vec<u8> {
    let header = [108, 0, 0, 0, 1, 0, 0, 0, link_type, 0, 0, 0];
    [&header[..], &[7; 96], content].concat()
}

#[test]
fn packets_that_name_their_link_type_are_read() {
    for link_type in [149, 258] {
        is_read("PKTAP with Ethernet", link_type, |ip| {
            pktap(1, &in_ethernet(ip))
        });
        is_read("PKTAP with IP", link_type, |ip| pktap(12, ip));
        is_read("PKTAP with loopback", link_type, |ip| {
            pktap(0, &behind(&[2, 0, 0, 0], ip))
        });
    }
    // One in another is not read, nor is what others use the number for.
    for wrap in [
        |ip: &[u8]| pktap(149, &pktap(12, ip)),
        |_: &[u8]| vec![1; 60],
    ] {
        let (is_found, counts) = counts(149, |_, sent| vec![wrap(&sent.ipv4())]);
        assert!(!is_found);
        assert_eq!(counts.not_tcp, counts.packets, "{counts}");
    }
}

/// A data frame of Wi-Fi; with a field for its quality, and bytes behind its header.
fn wifi(quality: Option<[u8; 2]>, behind: &[u8], content: &[u8]) -> Vec<u8> {
    let kind = if quality.is_some() { 0x88 } else { 0x08 };
    let quality = quality.map_or(Vec::new(), Vec::from);
    [&[kind, 1][..], &[0; 22], &quality, behind, content].concat()
}

/// One of several frames in one.
fn part(ip: &[u8]) -> Vec<u8> {
    let content = llc(ip);
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[2; 12][..], &length, &content].concat()
}

#[test]
fn wifi_is_read_behind_all_headers() {
    const RADIOTAP: [u8; 8] = [0, 0, 8, 0, 0, 0, 0, 0];
    let plain = |ip: &[u8]| wifi(None, &[], &llc(ip));
    is_read("Prism", 119, |ip| {
        behind(&[&[0x44, 0, 0, 0][..], &[0; 140]].concat(), &plain(ip))
    });
    for link_type in [119, 163] {
        is_read("AVS", link_type, |ip| {
            let header = [&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64][..], &[0; 56]];
            behind(&header.concat(), &plain(ip))
        });
    }
    is_read("Linux cooked", 113, |ip| {
        let header = [&[0, 0, 3, 0x23, 0, 6][..], &[0; 8], &[0, 3]].concat();
        [&header[..], &RADIOTAP, &plain(ip)].concat()
    });
    is_read("Linux cooked v2", 276, |ip| {
        let header = [&[0, 3, 0, 0, 0, 0, 0, 1, 3, 0x23][..], &[0; 10]].concat();
        [&header[..], &RADIOTAP, &plain(ip)].concat()
    });
    // The header has 26 bytes, and two more up to a word.
    let padded = |ip: &[u8]| wifi(Some([0, 0]), &[0, 0], &llc(ip));
    is_read("padding", 127, |ip| {
        behind(&[0, 0, 9, 0, 2, 0, 0, 0, 0x20], &padded(ip))
    });
    is_read("padding and a time", 127, |ip| {
        let header = [0, 0, 17, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20];
        behind(&header, &padded(ip))
    });
    is_read("padding, a time, more fields", 127, |ip| {
        let header = [
            &[0, 0, 25, 0, 3, 0, 0, 0x80][..],
            &[0; 8],
            &[1, 2, 3, 4, 5, 6, 7, 8, 0x20],
        ];
        behind(&header.concat(), &padded(ip))
    });
    is_read("a frame in one", 127, |ip| {
        behind(&RADIOTAP, &wifi(Some([0x80, 0]), &[], &part(ip)))
    });
    let access_point = |flags: u8, frame: &[u8]| {
        let header = [0, 0x10, flags, 0, 0, 0, 0, 0];
        ipv4(17, &udp(5247, &behind(&header, frame)))
    };
    is_read("CAPWAP", RAW, |ip| access_point(3, &plain(ip)));
    is_read("CAPWAP with Ethernet", RAW, |ip| {
        access_point(2, &in_ethernet(ip))
    });
    is_read("CAPWAP with swapped bytes", RAW, |ip| {
        let mut frame = plain(ip);
        frame.swap(0, 1);
        access_point(3, &frame)
    });
}

#[test]
fn all_of_several_frames_in_one_are_read() {
    let sent = conversation();
    let packets: Vec<_> = sent
        .chunks(3)
        .map(|sent| {
            let mut parts = Vec::new();
            for sent in sent {
                parts.resize(parts.len().next_multiple_of(4), 0);
                parts.extend(part(&sent.ipv4()));
            }
            let frame = wifi(Some([0x80, 0]), &[], &parts);
            (sent[0].time, frame)
        })
        .collect();
    let (found, counts, result) = decode(pcap(105, &packets, usize::MAX), Vec::new());
    result.unwrap();
    assert_eq!(messages(&found), expected(5), "{counts}");
    assert_eq!(counts.gaps, 0);
}

#[test]
fn other_tunnels_in_ip_are_read() {
    is_read("GRE with routes", RAW, |ip| {
        let routes = [
            &[0; 4][..],
            &[0, 0, 0, 9],
            &[8, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8],
            &[0; 4],
        ];
        gre(0x6000, ether_type(ip), &routes.concat(), ip)
    });
    is_read("Ethernet over IP of MikroTik", RAW, |ip| {
        gre(0x2001, 0x6400, &[0, 60, 5, 0], &in_ethernet(ip))
    });
    is_read("EtherIP", RAW, |ip| {
        ipv4(97, &behind(&[0x30, 0], &in_ethernet(ip)))
    });
    is_read("IP within IP by its older number", RAW, |ip| ipv4(94, ip));
    for cookie in [0, 4, 8] {
        for sublayer in [&[][..], &[0x40, 0, 0, 1]] {
            let session = [&[0, 0, 0, 99][..], &[0x11; 8][..cookie], sublayer].concat();
            let contents: [Wrap; 5] = [
                in_ethernet,
                ppp,
                hdlc,
                |ip| ip.to_vec(),
                |ip| {
                    let ether_type = ether_type(ip).to_be_bytes();
                    ethernet(0x8100, &[&[0, 7][..], &ether_type, ip].concat())
                },
            ];
            for content in contents {
                is_read("L2TPv3", RAW, |ip| {
                    ipv6(115, &behind(&session, &content(ip)))
                });
                is_read("L2TPv3 in UDP", RAW, |ip| {
                    let content = [&[0, 3, 0, 0], &session[..], &content(ip)].concat();
                    ipv4(17, &udp(1701, &content))
                });
            }
        }
    }
    for (nonce, check) in [(0, 12), (0, 16), (8, 16)] {
        let payload = |ip: &[u8], wrong: u8| {
            let padding = (ip.len() + 2).next_multiple_of(4) - ip.len() - 2;
            let padding = u8::try_from(padding).unwrap();
            let protocol = if is_v4(ip) { 4 } else { 41 };
            let mut payload = [&[0, 0, 1, 1, 0, 0, 0, 7][..], &[0x99; 8][..nonce], ip].concat();
            payload.extend(1..=padding);
            payload.extend([padding ^ wrong, protocol]);
            payload.resize(payload.len() + check, 0xab);
            payload
        };
        is_read("IPsec without encryption", RAW, |ip| {
            ipv4(50, &payload(ip, 0))
        });
        is_read("the same in UDP", RAW, |ip| {
            ipv4(17, &udp(4500, &payload(ip, 0)))
        });
        let (is_found, counts) = counts(RAW, |_, sent| vec![ipv4(50, &payload(&sent.ipv4(), 1))]);
        assert!(!is_found);
        assert_eq!(counts.encrypted, counts.packets, "{counts}");
    }
}

#[test]
fn minimal_encapsulation_is_read() {
    for has_source in [false, true] {
        let (is_found, counts) = counts(RAW, |_, sent| {
            let ip = sent.ipv4();
            let (header, content) = ip.split_at(20);
            let flags = if has_source { 0x80 } else { 0 };
            let minimal = [&[6, flags, 0, 0][..], &header[16..]].concat();
            let source = if has_source { &header[12..16] } else { &[] };
            let mut outer = ipv4(55, &[&minimal, source, content].concat());
            if !has_source {
                outer[12..16].copy_from_slice(&header[12..16]);
            }
            vec![outer]
        });
        assert!(is_found, "{counts}");
    }
}

#[test]
fn other_tunnels_in_udp_and_ethernet_are_read() {
    let in_udp =
        |port: u16, header: &[u8], content: &[u8]| ipv4(17, &udp(port, &behind(header, content)));
    is_read("LISP", RAW, |ip| {
        in_udp(4341, &[0x80, 0, 0, 1, 0, 0, 0, 1], ip)
    });
    is_read("LISP with a protocol", RAW, |ip| {
        in_udp(4341, &[0x8c, 0, 0, 3, 0, 0, 7, 0], &in_ethernet(ip))
    });
    is_read("AYIYA", RAW, |ip| {
        let protocol = if is_v4(ip) { 4 } else { 41 };
        let header = [&[0x41, 0x52, 0x11, protocol][..], &[0; 40]].concat();
        in_udp(5072, &header, ip)
    });
    is_read("GTP with Ethernet", RAW, |ip| {
        in_udp(2152, &[0x30, 0xff, 0, 0, 0, 0, 0, 1], &in_ethernet(ip))
    });
    let frame = |ether_type: u16, header: &[u8], ip: &[u8]| {
        ethernet(ether_type, &behind(header, &in_ethernet(ip)))
    };
    is_read("TRILL", ETHERNET, |ip| {
        frame(0x22f3, &[0, 63, 0, 1, 0, 2], ip)
    });
    is_read("TRILL with options", ETHERNET, |ip| {
        frame(0x22f3, &[0, 0x7f, 0, 1, 0, 2, 9, 9, 9, 9], ip)
    });
    is_read("TRILL with a fine-grained label", ETHERNET, |ip| {
        let ether_type = ether_type(ip).to_be_bytes();
        let label = [&[0, 1, 0x89, 0x3b, 0, 2][..], &ether_type, ip].concat();
        let inner = ethernet(0x893b, &label);
        ethernet(0x22f3, &behind(&[0, 63, 0, 1, 0, 2], &inner))
    });
    is_read("FabricPath", ETHERNET, |ip| frame(0x8903, &[0, 65], ip));
    is_read("B.A.T.M.A.N.", ETHERNET, |ip| {
        frame(0x4305, &[0x40, 15, 50, 0, 2, 2, 2, 2, 2, 2], ip)
    });
    is_read("a pseudowire to an address like IP", ETHERNET, |ip| {
        let mut inner = in_ethernet(ip);
        inner[0] = 0x4c;
        ethernet(0x8847, &behind(&[0, 1, 0x01, 64], &inner))
    });
    for number in [&[0xc0, 0, 0, 1][..], &[0xc0, 1]] {
        is_read("PPP in a multilink", 9, |ip| {
            [&[0xff, 3, 0, 0x3d], number, &ppp(ip)].concat()
        });
    }
}

#[test]
fn the_error_of_an_unknown_link_type_names_all_that_are_known() {
    let error = kafka_capture::input::InputError::UnknownLinkType {
        name: "test".to_owned(),
        link_type: 147,
    };
    let error = error.to_string();
    let numbers = error.split(['(', ')', ',']);
    let numbers: Vec<i32> = numbers
        .filter_map(|each| each.trim().parse().ok())
        .collect();
    for link_type in 0..400 {
        let is_named = numbers.contains(&link_type);
        let is_known = kafka_capture::is_known_link_type(link_type);
        assert_eq!(is_named, is_known, "{link_type}: {error}");
    }
}
