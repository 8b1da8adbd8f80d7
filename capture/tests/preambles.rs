//! What proxies and clients say to each other in front of Kafka is named, and Kafka behind it is decoded.
#![cfg(test)]

mod support;

use kafka_capture::Counts;
use support::decode;
use support::exchange::{BROKER, CLIENT, said, usual};
use support::packets::{BROKER_PORT, Conversation, capture};

/// Whether the client says it, and the bytes.
type Dialog = Vec<(bool, Vec<u8>)>;

/// What stands in front of Kafka, and the text of one part of it.
fn fronts() -> Vec<(&'static str, Dialog)> {
    let connect = b"CONNECT b1:9092 HTTP/1.1\r\nHost: b1:9092\r\n\r\n".to_vec();
    let granted = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let proxy_2 = |family: u8, rest: &[u8]| {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [b"\r\n\r\n\0\r\nQUIT\n\x21", &[family][..], &length, rest].concat()
    };
    vec![
        (
            "PROXY protocol v1 TCP4 10.1.0.1 10.1.0.2 56324 9092",
            vec![(
                CLIENT,
                b"PROXY TCP4 10.1.0.1 10.1.0.2 56324 9092\r\n".to_vec(),
            )],
        ),
        (
            "PROXY protocol v2 10.1.0.1:256 10.1.0.2:512",
            vec![(
                CLIENT,
                proxy_2(0x11, &[10, 1, 0, 1, 10, 1, 0, 2, 1, 0, 2, 0, 4, 0, 1, 9]),
            )],
        ),
        (
            "PROXY protocol v2 [::1]:256 [::2]:512",
            vec![(
                CLIENT,
                proxy_2(
                    0x21,
                    &[&[0; 15][..], &[1], &[0; 15], &[2], &[1, 0, 2, 0]].concat(),
                ),
            )],
        ),
        ("PROXY protocol v2", vec![(CLIENT, proxy_2(0, &[]))]),
        (
            "CONNECT b1:9092 HTTP/1.1",
            vec![
                (
                    CLIENT,
                    b"CONNECT b1:9092 HTTP/1.1\r\nHost: b1:9092\r\n\r\n".to_vec(),
                ),
                (
                    BROKER,
                    b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec(),
                ),
            ],
        ),
        (
            "HTTP/1.1 407 Proxy Authentication Required",
            vec![
                (CLIENT, b"CONNECT b1:9092 HTTP/1.1\r\n\r\n".to_vec()),
                (
                    BROKER,
                    b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 5\r\n\r\nno\r\n\r"
                        .to_vec(),
                ),
                (
                    CLIENT,
                    b"CONNECT b1:9092 HTTP/1.1\r\nProxy-Authorization: Basic secret\r\n\r\n".to_vec(),
                ),
                (BROKER, b"HTTP/1.0 200 OK\r\n\r\n".to_vec()),
            ],
        ),
        (
            "CONNECT b1:9092 HTTP/1.0",
            vec![
                (CLIENT, b"CONNECT b1:9092 HTTP/1.0\n\n".to_vec()),
                (BROKER, b"HTTP/1.0 200 OK\nVia: x\n\n".to_vec()),
            ],
        ),
        (
            "SOCKS4 to 10.0.0.9:9092",
            vec![
                (CLIENT, b"\x04\x01\x23\x84\x0a\0\0\x09me\0".to_vec()),
                (BROKER, b"\0\x5a\0\0\0\0\0\0".to_vec()),
            ],
        ),
        (
            "SOCKS4 to b1:9092",
            vec![
                (CLIENT, b"\x04\x01\x23\x84\0\0\0\x01\0b1\0".to_vec()),
                (BROKER, b"\0\x5a\0\0\0\0\0\0".to_vec()),
            ],
        ),
        (
            "SOCKS5 to b1:9092",
            vec![
                (CLIENT, b"\x05\x02\0\x02".to_vec()),
                (BROKER, b"\x05\x02".to_vec()),
                (CLIENT, b"\x01\x02me\x06secret".to_vec()),
                (BROKER, b"\x01\0".to_vec()),
                (CLIENT, b"\x05\x01\0\x03\x02b1\x23\x84".to_vec()),
                (BROKER, b"\x05\0\0\x01\x0a\0\0\x09\x23\x84".to_vec()),
            ],
        ),
            (
            "HTTP/1.1 407 Proxy Authentication Required",
            vec![
                (CLIENT, connect.clone()),
                (
                    BROKER,
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nTransfer-Encoding: chunked\r\n\r\n\
                        5\r\nhello\r\n3;x=y\r\n\r\n!\r\n0\r\nA: b\r\n\r\n"
                        .to_vec(),
                ),
                (CLIENT, connect.clone()),
                (BROKER, granted.clone()),
            ],
        ),
        (
            "connect b1:9092 http/1.1",
            vec![
                (CLIENT, b"connect b1:9092 http/1.1\r\n\r\n".to_vec()),
                (BROKER, granted.clone()),
            ],
        ),
        (
            "HTTP/1.1 100 Continue",
            vec![
                (CLIENT, connect.clone()),
                (
                    BROKER,
                    [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], &granted].concat(),
                ),
            ],
        ),
        (
            "SOCKS5 token of GSSAPI, not shown",
            vec![
                (CLIENT, b"\x05\x02\x01\x02".to_vec()),
                (BROKER, b"\x05\x01".to_vec()),
                (CLIENT, b"\x01\x01\0\x06secret".to_vec()),
                (BROKER, b"\x01\x01\0\x02xy".to_vec()),
                (CLIENT, b"\x01\x02\0\x01\x01".to_vec()),
                (BROKER, b"\x01\x02\0\x01\x01".to_vec()),
                (CLIENT, b"\x05\x01\0\x03\x02b1\x23\x84".to_vec()),
                (BROKER, b"\x05\0\0\x01\x0a\0\0\x09\x23\x84".to_vec()),
            ],
        ),
    ]
}

#[test]
fn what_stands_in_front_is_named_and_taken_off() {
    for (name, front) in fronts() {
        let all = [front, usual(b"app")].concat();
        let (found, counts) = said(&all);
        assert_eq!(
            (counts.requests, counts.responses),
            (2, 2),
            "{name}: {found:?}"
        );
        assert_eq!((counts.undecoded, counts.gaps), (0, 0), "{name}");
        let names: Vec<_> = found
            .iter()
            .filter(|each| each.kind == "preamble")
            .collect();
        assert!(
            names.iter().any(|each| each.reason == name),
            "{name}: {names:?}"
        );
        assert!(!format!("{names:?}").contains("secret"));
    }
}

/// Counts of what is found where each part of `front` is sent in segments of these sizes, and usual Kafka behind it.
fn counts_behind(front: &[(bool, Vec<Vec<u8>>)]) -> Counts {
    let mut conversation = Conversation::new(40_000);
    for (from_client, segments) in front {
        for segment in segments {
            conversation.send(*from_client, segment, 1400);
        }
    }
    for (from_client, bytes) in usual(b"app") {
        conversation.send(from_client, &bytes, 1400);
    }
    conversation.close();
    let (_, counts, result) = decode(capture(&conversation.sent), Vec::new());
    result.unwrap();
    counts
}

#[test]
fn what_stands_in_front_may_be_cut_into_segments_at_every_byte() {
    let assert_found = |name: &str, front: &[(bool, Vec<Vec<u8>>)]| {
        let counts = counts_behind(front);
        let found = (counts.requests, counts.responses, counts.undecoded);
        assert_eq!(found, (2, 2, 0), "{name}: {front:?}");
        assert_eq!(counts.gaps, 0, "{name}: {front:?}");
    };
    for (name, front) in fronts() {
        let whole: Vec<_> = front
            .iter()
            .map(|(from_client, bytes)| (*from_client, vec![bytes.clone()]))
            .collect();
        for (index, (_, bytes)) in front.iter().enumerate() {
            for at in 1..bytes.len() {
                let mut cut = whole.clone();
                let (first, second) = bytes.split_at(at);
                cut[index].1 = vec![first.to_vec(), second.to_vec()];
                assert_found(name, &cut);
            }
        }
        let single = |bytes: &[u8]| bytes.iter().map(|byte| vec![*byte]).collect();
        let bytewise: Vec<_> = front
            .iter()
            .map(|(from_client, bytes)| (*from_client, single(bytes)))
            .collect();
        assert_found(name, &bytewise);
    }
}

#[test]
fn what_stands_in_front_may_come_together_with_kafka() {
    for (name, front) in fronts() {
        let (last, before) = front.split_last().unwrap();
        let [request, response, ..] = &usual(b"app")[..] else {
            unreachable!("there are four")
        };
        // The answer of a proxy and the response of the broker, or the front and the request.
        let next = if last.0 { request } else { response };
        let together = (last.0, [&last.1[..], &next.1].concat());
        let mut all = before.to_vec();
        if !last.0 {
            all.push(request.clone());
        }
        all.push(together);
        if last.0 {
            all.push(response.clone());
        }
        let (found, counts) = said(&all);
        assert_eq!(
            (counts.requests, counts.responses),
            (1, 1),
            "{name}: {found:?}"
        );
        assert_eq!((counts.undecoded, counts.gaps), (0, 0), "{name}");
    }
}

#[test]
fn a_long_answer_of_a_proxy_is_passed_over() {
    let body = vec![b'x'; 100_000];
    let head = b"HTTP/1.1 407 Proxy Authentication Required\r\n";
    let by_length = [&head[..], b"Content-Length: 100000\r\n\r\n", &body].concat();
    let chunked = [
        &head[..],
        b"Transfer-Encoding: chunked\r\n\r\n186A0\r\n",
        &body,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    for answer in [by_length, chunked] {
        let connect = (CLIENT, b"CONNECT b1:9092 HTTP/1.1\r\n\r\n".to_vec());
        let size = answer.len() as u64;
        let front = vec![
            connect.clone(),
            (BROKER, answer),
            connect,
            (BROKER, b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        ];
        let (found, counts) = said(&[front, usual(b"app")].concat());
        assert_eq!((counts.requests, counts.responses, counts.gaps), (2, 2, 0));
        assert!(
            found
                .iter()
                .any(|each| (each.kind, each.bytes) == ("preamble", size))
        );
    }
}

#[test]
fn a_proxy_that_refuses_is_named_on_a_port_that_is_given() {
    let connect = (CLIENT, b"CONNECT b1:9092 HTTP/1.1\r\n\r\n".to_vec());
    let socks_4 = (CLIENT, b"\x04\x01\x23\x84\x0a\0\0\x09me\0".to_vec());
    let socks_5 = [
        (CLIENT, b"\x05\x01\0".to_vec()),
        (BROKER, b"\x05\0".to_vec()),
        (CLIENT, b"\x05\x01\0\x03\x02b1\x23\x84".to_vec()),
    ];
    let bad_gateway = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno!";
    for (front, answer, says) in [
        (vec![connect], &bad_gateway[..], "HTTP/1.1 502 Bad Gateway"),
        (vec![socks_4], b"\0\x5b\0\0\0\0\0\0", "SOCKS4 refused"),
        (
            socks_5.to_vec(),
            b"\x05\x05\0\x01\0\0\0\0\0\0",
            "SOCKS5 refused with code 5, bound to 0.0.0.0:0",
        ),
    ] {
        let mut conversation = Conversation::new(40_000);
        for (from_client, bytes) in front {
            conversation.send(from_client, &bytes, 1400);
        }
        conversation.send(BROKER, answer, 1400);
        conversation.close();
        let (found, counts, _) = decode(capture(&conversation.sent), vec![BROKER_PORT]);
        assert!(
            found.iter().all(|each| each.kind == "preamble"),
            "{found:?}"
        );
        let last = found.last().unwrap();
        assert_eq!((&*last.reason, last.bytes), (says, answer.len() as u64));
        assert_eq!((counts.undecoded, counts.gaps), (0, 0));
    }
}

#[test]
fn preambles_without_end_are_not_followed() {
    for (first, again) in [
        (&b"\x05\x01\x02"[..], &b"\x01\0\0"[..]),
        (b"", b"PROXY UNKNOWN\r\n"),
        (b"", b"CONNECT b1:9092 HTTP/1.1\r\n\r\n"),
    ] {
        let mut conversation = Conversation::new(40_000);
        let bytes = [first, &again.repeat(20_000)].concat();
        conversation.send(CLIENT, &bytes, 60_000);
        conversation.close();
        let (found, _, _) = decode(capture(&conversation.sent), vec![BROKER_PORT]);
        let preambles = found.iter().filter(|each| each.kind == "preamble").count();
        assert!((1..=16).contains(&preambles), "{preambles} of {again:?}");
    }
}
