//! Other protocols are not taken for Kafka, and Kafka of which only one side was captured is.
#![cfg(test)]

mod support;

use support::decode;
use support::packets::{BROKER_PORT, Conversation, capture, frame, heartbeat, heartbeat_response};

/// What is said: whether by the client, and the bytes.
type Dialog = Vec<(bool, Vec<u8>)>;

fn kafka_in(said: &[(bool, Vec<u8>)], times: usize) -> (u64, u64) {
    let mut conversation = Conversation::new(40_000);
    for _ in 0..times {
        for (from_client, bytes) in said {
            conversation.send(*from_client, bytes, 1400);
        }
    }
    conversation.close();
    let (_, counts, result) = decode(capture(&conversation.sent), Vec::new());
    result.unwrap();
    (
        counts.connections,
        counts.requests + counts.responses + counts.sasl_tokens,
    )
}

/// A frame with a size of four bytes in front, as many protocols have them.
fn sized(bytes: &[u8]) -> Vec<u8> {
    frame(bytes)
}

/// A frame whose size counts itself.
fn sized_with_size(bytes: &[u8]) -> Vec<u8> {
    let size = u32::try_from(bytes.len() + 4).unwrap().to_be_bytes();
    [&size, bytes].concat()
}

#[test]
fn other_protocols_are_not_taken_for_kafka() {
    let query = b"Q\0\0\0\x0dSELECT 1\0".repeat(30);
    let startup =
        b"\0\x03\0\0user\0app\0database\0shop\0application_name\0PostgreSQL JDBC Driver\0\0";
    let mongo = |id: u8| {
        [
            &[59, 0, 0, 0, id, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0][..],
            &[0; 43],
        ]
        .concat()
    };
    let smpp = |command: u32, id: u32, rest: &[u8]| {
        let mut bytes = command.to_be_bytes().to_vec();
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend(id.to_be_bytes());
        bytes.extend(rest);
        sized_with_size(&bytes)
    };
    let smb = |is_response: u8| {
        let head = [
            0xfe,
            b'S',
            b'M',
            b'B',
            64,
            0,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            1,
            0,
            is_response,
        ];
        sized(&[&head[..], &[0; 80]].concat())
    };
    let openwire = [&[1_u8][..], b"ActiveMQ", &[0, 0, 0, 12, 1, 0, 0, 0, 0x10]].concat();
    let protocols: Vec<(&str, Dialog)> = vec![
        (
            "PostgreSQL",
            vec![
                (true, sized_with_size(startup)),
                (false, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I".to_vec()),
                (true, query),
                (false, b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I".to_vec()),
            ],
        ),
        (
            "PostgreSQL that asks for TLS",
            vec![(true, sized_with_size(&[4, 0xd2, 0x16, 0x2f])), (false, b"N".to_vec()), (true, sized_with_size(startup))],
        ),
        (
            "MySQL",
            vec![
                (false, b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15".to_vec()),
                (true, b"\x20\0\0\x01\x85\xa6\xff\x01\0\0\0\x01\xff\0\0\0\0root\0".to_vec()),
                (false, b"\x07\0\0\x02\0\0\0\x02\0\0\0".to_vec()),
            ],
        ),
        ("Redis", vec![(true, b"*1\r\n$4\r\nPING\r\n".to_vec()), (false, b"+PONG\r\n".to_vec())]),
        ("MongoDB", vec![(true, mongo(1)), (false, mongo(2))]),
        ("AMQP", vec![(true, b"AMQP\0\0\x09\x01".to_vec()), (false, b"\x01\0\0\0\0\0\x0a\0\x0a\0\x0a\0\x09\0\0\0\0\xce".to_vec())]),
        ("SMB", vec![(true, smb(0)), (false, smb(1))]),
        ("OpenWire", vec![(false, sized(&openwire)), (true, sized(&openwire))]),
        ("SMPP", vec![(true, smpp(2, 1, b"me\0secret\0\0\x34\0\0\0")), (false, smpp(0x8000_0002, 1, b"it\0"))]),
        ("SMPP that enquires", vec![(true, smpp(0x15, 2, &[])), (false, smpp(0x8000_0015, 2, &[]))]),
        (
            "Cassandra",
            vec![
                (true, b"\x04\0\0\x01\x01\0\0\0\x16\0\x01\0\x0bCQL_VERSION\0\x053.0.0".to_vec()),
                (false, b"\x84\0\0\x01\x02\0\0\0\0".to_vec()),
            ],
        ),
        (
            "DNS over TCP",
            vec![
                (true, b"\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01".to_vec()),
                (false, b"\0\x2d\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x07example\x03com\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x01\x02\x03\x04".to_vec()),
            ],
        ),
        (
            "LDAP",
            vec![(true, b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0".to_vec()), (false, b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0".to_vec())],
        ),
        (
            "RDP",
            vec![
                (true, b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0".to_vec()),
                (false, b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x02\0\0\0".to_vec()),
            ],
        ),
        (
            "BGP",
            vec![
                (true, [&[0xff; 16][..], &[0, 29, 1, 4, 0xfd, 0xe8, 0, 180, 10, 0, 0, 1, 0]].concat()),
                (false, [&[0xff; 16][..], &[0, 19, 4]].concat()),
            ],
        ),
        (
            "a protocol of sizes, types and ids",
            vec![
                (true, sized(&[0, 3, 0, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8])),
                (false, sized(&[0, 4, 0, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8])),
            ],
        ),
        (
            "a protocol of zeros",
            vec![(true, sized(&[0; 40])), (false, sized(&[0; 3])), (true, sized(&[0; 64])), (false, sized(&[0; 3]))],
        ),
        ("ZooKeeper", vec![
            (true, sized(&[&[0; 12][..], &[0, 0, 0x75, 0x30], &[0; 8], &[0, 0, 0, 16], &[0; 16], &[0]].concat())),
            (false, sized(&[&[0; 4][..], &[0, 0, 0x75, 0x30], &[1; 8], &[0, 0, 0, 16], &[7; 16]].concat())),
            (true, sized(&[0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 11])),
            (false, sized(&[&[0xff, 0xff, 0xff, 0xfe][..], &[0; 12]].concat())),
        ]),
        ("Gearman", vec![
            (true, b"\0REQ\0\0\0\x07\0\0\0\x0aping\0id\0pay".to_vec()),
            (false, b"\0RES\0\0\0\x08\0\0\0\x06H:me:1".to_vec()),
        ]),
        ("SOCKS alone", vec![
            (true, b"\x05\x01\0".to_vec()),
            (false, b"\x05\0".to_vec()),
            (true, b"\x05\x01\0\x03\x02b1\x01\xbb".to_vec()),
            (false, b"\x05\0\0\x01\x0a\0\0\x09\x01\xbb".to_vec()),
            (true, b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ]),
    ];
    for (name, said) in protocols {
        for times in [1, 20] {
            assert_eq!(kafka_in(&said, times), (0, 0), "{name}, {times} times");
            // Nor from the middle on, or in one direction.
            for side in [true, false] {
                let one: Vec<_> = said.iter().filter(|each| each.0 == side).cloned().collect();
                assert_eq!(
                    kafka_in(&one, times),
                    (0, 0),
                    "{name}, {times} times, client {side}"
                );
            }
        }
    }
}

#[test]
fn requests_alone_are_found() {
    for count in [1, 2, 3, 10] {
        let requests: Vec<_> = (0..count)
            .map(|id| (true, heartbeat(id, "client-7", 5)))
            .collect();
        assert_eq!(kafka_in(&requests, 1), (1, count.unsigned_abs().into()));
    }
}

#[test]
fn what_is_held_back_is_shown_in_order_once_it_is_believed() {
    let mut conversation = Conversation::new(40_000);
    for id in 0..5 {
        conversation.send(true, &heartbeat(id, "client-7", 5), 1000);
    }
    for id in 0..5 {
        conversation.send(false, &heartbeat_response(id, 0), 1000);
    }
    let (found, counts, _) = decode(capture(&conversation.sent), Vec::new());
    let ids: Vec<_> = found
        .iter()
        .map(|found| (found.to_broker, found.id))
        .collect();
    let expected: Vec<_> = [true, false]
        .into_iter()
        .flat_map(|side| (0..5).map(move |id| (side, id)))
        .collect();
    assert_eq!(ids, expected);
    assert_eq!((counts.connections, counts.held_back), (1, 0));
}

#[test]
fn other_protocols_on_the_port_of_a_broker_are_named() {
    let mut kafka = Conversation::new(40_000);
    kafka.send(true, &heartbeat(1, "client-7", 5), 1000);
    kafka.send(false, &heartbeat_response(1, 0), 1000);
    kafka.send(true, &heartbeat(2, "client-7", 5), 1000);
    kafka.send(false, &heartbeat_response(2, 0), 1000);
    kafka.close();
    for (first, name) in [
        (&b"GET /metrics HTTP/1.1\r\nHost: b1\r\n\r\n"[..], "HTTP/1"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"hello there, broker\r\n", "text"),
        (b"\0\0\0\x08\x04\xd2\x16\x2f", "PostgreSQL"),
        (b"\0\0\0\x6c\xfeSMB\x40\0\0\0\0\0\0\0\0\0\0\0", "SMB"),
        (b"*1\r\n$4\r\nPING\r\n", "Redis"),
        (b"AMQP\0\0\x09\x01", "AMQP"),
    ] {
        let mut other = Conversation::new(40_001);
        other.send(true, first, 1000);
        other.close();
        let sent = [kafka.sent.clone(), other.sent].concat();
        let (found, counts, _) = decode(capture(&sent), Vec::new());
        let last = found.last().unwrap();
        assert_eq!((last.kind, last.client), ("undecoded", 40_001), "{counts}");
        assert_eq!(
            last.reason,
            format!("not Kafka: its first bytes are {name}")
        );
        assert_eq!((counts.connections, counts.other_connections), (1, 1));
    }
}

#[test]
fn a_connection_that_goes_on_with_another_protocol_is_given_up() {
    let mut conversation = Conversation::new(40_000);
    for id in 0..3 {
        conversation.send(true, &heartbeat(id, "client-7", 5), 1000);
        conversation.send(false, &heartbeat_response(id, 0), 1000);
    }
    // Small frames of which none can be a request or a response.
    for number in 0..200_u8 {
        conversation.send(true, &sized(&[0x7f, number, 0, 0, 0x55, 0xaa, 1, 2]), 1000);
        conversation.send(false, &sized(&[0x7f, number, 0, 0, 0x33]), 1000);
    }
    conversation.close();
    let (found, counts, result) = decode(capture(&conversation.sent), Vec::new());
    result.unwrap();
    assert_eq!(counts.responses, 3, "{counts}");
    assert!(counts.requests < 8, "{counts}");
    assert!(found.len() < 40, "{} events", found.len());
}

#[test]
fn other_protocols_on_a_port_that_is_given_are_named_once() {
    let http = [
        (true, b"GET /metrics HTTP/1.1\r\nHost: b1\r\n\r\n".to_vec()),
        (
            false,
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec(),
        ),
    ];
    let ssh = [
        (true, b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        (false, b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
    ];
    for (said, name) in [(http, "HTTP/1"), (ssh, "SSH")] {
        let mut conversation = Conversation::new(40_000);
        for (from_client, bytes) in &said {
            conversation.send(*from_client, bytes, 1000);
        }
        conversation.close();
        let (found, counts, _) = decode(capture(&conversation.sent), vec![BROKER_PORT]);
        let size = i32::from_be_bytes(*said[1].1.first_chunk().unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|each| (each.kind, each.to_broker, each.bytes, &*each.reason))
            .collect();
        let [client, broker] = said.map(|(_, bytes)| bytes.len() as u64);
        let named = format!("not Kafka: its first bytes are {name}");
        let skipped = format!("a frame cannot have a size of {size} bytes");
        let expected = [
            ("undecoded", true, client, &*named),
            ("gap", false, broker, &*skipped),
        ];
        assert_eq!(found, expected);
        assert_eq!(
            (counts.undecoded, counts.gaps, counts.skipped_bytes),
            (1, 1, broker)
        );
    }
}

#[test]
fn what_ends_within_the_size_of_a_first_frame_is_said_to_end() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(1, "client-7", 5), 1000);
    conversation.send(false, b"N", 1000);
    conversation.close();
    let (found, _, _) = decode(capture(&conversation.sent), vec![BROKER_PORT]);
    let last = found.last().unwrap();
    assert_eq!((last.kind, last.bytes), ("gap", 1));
    assert_eq!(last.reason, "the connection or the capture ended");
}
