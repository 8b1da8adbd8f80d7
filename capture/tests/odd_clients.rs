//! What clients, brokers and proxies do that the protocol does not have, or that is long gone: it is decoded all the same,
//! and a remark says what it is.
#![cfg(test)]

mod support;

use std::ops::ControlFlow;

use kafka_capture::input::{Input, Packets};
use kafka_capture::output::Sink;
use kafka_capture::{Decoder, Event, EventKind, Remark};
use support::Found;
use support::exchange::{BROKER, CLIENT, METADATA, VERSIONS_0, request, response, said, usual};
use support::packets::{Conversation, capture, frame};

/// Kind, API, version and correlation id of each thing found.
fn outline(found: &[Found]) -> Vec<(&str, &str, i16, i32)> {
    let line = |found: &Found| (found.kind, found.version, found.id);
    let mut lines: Vec<_> = found
        .iter()
        .map(|each| {
            let (kind, version, id) = line(each);
            (kind, each.api.as_str(), version, id)
        })
        .collect();
    lines.retain(|line| line.0 != "gap");
    lines
}

#[test]
fn bytes_after_api_versions_are_no_error() {
    let mut all = usual(b"rdkafka");
    all[0] = request(18, 0, 1, b"rdkafka", &[0; 4]);
    let (found, counts) = said(&all);
    assert_eq!(outline(&found).len(), 4);
    assert_eq!((counts.requests, counts.responses, counts.gaps), (2, 2, 0));
}

#[test]
fn api_versions_answered_in_version_0_is_read_as_that() {
    for version in [1, 2] {
        let (found, _) = said(&[
            request(18, version, 1, b"kjs", &[]),
            response(1, VERSIONS_0),
        ]);
        let expected = [
            ("message", "ApiVersions", version, 1),
            ("message", "ApiVersions", 0, 1),
        ];
        assert_eq!(outline(&found), expected);
    }
}

#[test]
fn client_ids_that_are_not_utf_8_are_shown_escaped() {
    let (found, counts) = said(&usual(b"m\xfcller"));
    assert_eq!((counts.requests, counts.responses), (2, 2));
    assert!(
        found.iter().all(|found| found.client_id == "m\\xfcller"),
        "{found:?}"
    );
}

#[test]
fn responses_to_requests_with_acks_0_are_paired() {
    let produce = [
        0xff, 0xff, 0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let answer = [
        &[0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0][..],
        &[0; 8],
        &[0xff; 8],
        &[0; 4],
    ]
    .concat();
    let mut all = vec![request(0, 3, 7, b"rp", &produce), response(7, &answer)];
    all.extend(usual(b"rp"));
    let (found, counts) = said(&all);
    assert_eq!(
        (counts.requests, counts.responses, counts.without_response),
        (3, 3, 1)
    );
    assert_eq!((counts.undecoded, counts.unanswered), (0, 0));
    assert_eq!(found[1].latency, Some(100_000));
}

#[test]
fn requests_of_unknown_apis_and_versions_are_paired_and_timed() {
    for (key, version) in [(10_000, 1), (0, 99), (1, 40)] {
        let mut all = usual(b"confluent");
        all.push(request(key, version, 3, b"confluent", &[0, 1, 2, 3, 0]));
        all.push(response(3, &[0, 0, 0, 0, 0, 0, 0]));
        let (found, counts) = said(&all);
        assert_eq!(
            (counts.requests, counts.responses, counts.undecoded),
            (3, 3, 0)
        );
        assert_eq!(found[5].latency, Some(100_000));
        assert_eq!((found[5].id, found[5].version), (3, version));
    }
}

#[test]
fn connections_that_begin_with_an_unknown_api_are_found() {
    let unknown = |key, count| {
        let pair = |id| {
            let request = request(key, 1, id, b"confluent", &[0, 1, 2, 3, 0]);
            [request, response(id, &[0; 7])]
        };
        (10..10 + count).flat_map(pair).collect::<Vec<_>>()
    };
    let unusual = [300, 500, 1000, 2560, 9999, 11_000, 30_000, i16::MAX];
    for key in [95, 200, 10_000, 10_003].into_iter().chain(unusual) {
        for (count, rest) in [
            (1, usual(b"confluent")),
            (3, usual(b"confluent")),
            (2, Vec::new()),
        ] {
            if rest.is_empty() && unusual.contains(&key) {
                continue;
            }
            let all = [unknown(key, count), rest].concat();
            let (found, counts) = said(&all);
            let (said, undecoded) = (u64::try_from(all.len()).unwrap(), counts.undecoded);
            assert_eq!((counts.requests + counts.responses, undecoded), (said, 0));
            assert_eq!(found[1].latency, Some(100_000));
        }
    }
}

#[test]
fn what_nothing_but_correlation_ids_speaks_for_is_not_taken_for_kafka() {
    let pair = |key, version, id, client_id: &[u8]| {
        let request = request(key, version, id, client_id, &[0; 5]);
        [request, response(id, &[0; 7])]
    };
    // A lone request without a client id, with a key or version that nobody uses, or of an API that is not known.
    for (key, version, client_id) in [
        (10_003, 1, &b""[..]),
        (10_003, 1, b"hello"),
        (2560, 1, b"hello"),
        (3, 30, b"hello"),
        (3, 99, b"hello"),
    ] {
        let (_, counts) = said(&pair(key, version, 1, client_id));
        assert_eq!(
            (counts.connections, counts.requests),
            (0, 0),
            "{key} {version}"
        );
    }
    // Several with a key that nobody uses.
    let many: Vec<_> = (0..20).flat_map(|id| pair(2560, 1, id, b"hello")).collect();
    assert_eq!(said(&many).1.connections, 0);
}

#[test]
fn api_versions_of_any_version_begins_a_connection() {
    let error = [&35_i16.to_be_bytes()[..], &VERSIONS_0[2..]].concat();
    for version in [6, 24, 25, 99, 1000, i16::MAX] {
        let first = [
            request(18, version, 7, b"app", b"\0\x04app\x021\0"),
            response(7, &error),
        ];
        for rest in [Vec::new(), usual(b"app")] {
            let all = [&first[..], &rest].concat();
            let (found, counts) = said(&all);
            let messages = counts.requests + counts.responses;
            assert_eq!(messages, u64::try_from(all.len()).unwrap(), "{version}");
            assert_eq!(outline(&found)[0], ("message", "ApiVersions", version, 7));
            assert_eq!(outline(&found)[1], ("message", "ApiVersions", 0, 7));
            assert_eq!((counts.undecoded, counts.gaps), (0, 0));
        }
    }
}

/// The software and the user of the client by the last message, and all remarks.
#[derive(Default)]
struct Clients {
    software: Option<(String, String)>,
    user: Option<String>,
    remarks: Vec<Remark>,
}

impl Sink for Clients {
    fn event(&mut self, event: &Event<'_>) {
        let software = event.client.software();
        self.software = software.map(|(name, version)| (name.to_owned(), version.to_owned()));
        self.user = event.client.user().map(str::to_owned);
        if let EventKind::Message(message) = &event.kind {
            self.remarks.extend(message.remark.clone());
        }
    }
}

fn clients(said: &[(bool, Vec<u8>)]) -> Clients {
    let mut conversation = Conversation::new(40_000);
    for (from_client, bytes) in said {
        conversation.send(*from_client, bytes, 1400);
    }
    let file = Box::new(std::io::Cursor::new(capture(&conversation.sent)));
    let input = Input::new("test".to_owned(), file).unwrap();
    let mut clients = Clients::default();
    let mut decoder = Decoder::new(Vec::new());
    let read = Packets::new(input).unwrap().for_each(
        |packet| {
            decoder.packet(&packet, &mut clients);
            ControlFlow::Continue(())
        },
        || {},
    );
    read.unwrap();
    decoder.finish(&mut clients);
    clients
}

#[test]
fn software_that_is_not_utf_8_is_shown_escaped() {
    let mut all = usual(b"app");
    all[0] = request(18, 3, 1, b"app", b"\0\x05caf\xe9\x021\0");
    all[1] = response(1, &[&[0, 35], &VERSIONS_0[2..]].concat());
    let clients = clients(&all);
    let software = ("caf\\xe9".to_owned(), "1".to_owned());
    assert_eq!(clients.software, Some(software));
    assert_eq!(clients.remarks, [Remark::SoftwareNotUtf8]);
}

#[test]
fn kerberos_tokens_do_not_name_a_user() {
    let wrapped = b"\x05\x04\x05\xff\0\x0c\0\0\0\0\0\0\x01\x02\x03\x04qqqq";
    let all = [
        vec![
            (
                CLIENT,
                frame(b"\x60\x0d\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\0"),
            ),
            (BROKER, frame(wrapped)),
            (CLIENT, frame(wrapped)),
        ],
        usual(b"app"),
    ]
    .concat();
    assert_eq!(clients(&all).user, None);
}

#[test]
fn the_coordinator_of_kafka_0_8_2_is_found_though_it_answers_with_id_0() {
    let mut all = usual(b"kafka-python");
    all.push(request(10, 0, 8, b"kafka-python", &[0, 1, b'g']));
    all.push(response(
        0,
        &[0, 0, 0, 0, 0, 1, 0, 1, b'b', 0, 0, 0x23, 0x84],
    ));
    all.push(request(3, 0, 9, b"kafka-python", &[0; 4]));
    all.push(response(9, METADATA));
    let (found, counts) = said(&all);
    assert_eq!(
        (counts.requests, counts.responses, counts.undecoded),
        (4, 4, 0)
    );
    assert_eq!(outline(&found)[5], ("message", "FindCoordinator", 0, 8));
}

#[test]
fn tokens_without_a_handshake_are_recognized() {
    let kerberos = [
        b"\x60\x82\x01\x20\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\0".to_vec(),
        vec![7; 280],
    ]
    .concat();
    let negotiation = [
        b"\x60\x2a\x06\x06\x2b\x06\x01\x05\x05\x02\xa0".to_vec(),
        vec![8; 33],
    ]
    .concat();
    let first: [Vec<u8>; 4] = [
        kerberos,
        negotiation,
        b"n,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL".to_vec(),
        b"\0alice\0secret".to_vec(),
    ];
    for token in first {
        let tokens = vec![
            (CLIENT, frame(&token)),
            (BROKER, frame(&[0x60, 4, 1, 2, 3, 4])),
            (CLIENT, frame(&[])),
            (BROKER, frame(&[])),
        ];
        // From the first byte on, and after ApiVersions.
        let versions = usual(b"kgo")[..2].to_vec();
        let metadata = [request(3, 0, 2, b"kgo", &[0; 4]), response(2, METADATA)].to_vec();
        for all in [
            [tokens.clone(), metadata.clone()].concat(),
            [versions, tokens, metadata].concat(),
        ] {
            let (found, counts) = said(&all);
            assert_eq!(counts.sasl_tokens, 4, "{found:?}");
            assert_eq!(
                (counts.undecoded, counts.gaps, counts.connections),
                (0, 0, 1)
            );
        }
    }
}

#[test]
fn bare_tokens_after_a_handshake_in_version_1_are_recognized() {
    let mut all = vec![
        request(17, 1, 1, b"eh", b"\0\x05PLAIN"),
        response(1, b"\0\0\0\0\0\x01\0\x05PLAIN"),
        (CLIENT, frame(b"\0$ConnectionString\0Endpoint=x")),
        (BROKER, frame(b"")),
    ];
    all.extend(usual(b"eh"));
    let (_, counts) = said(&all);
    assert_eq!(
        (counts.sasl_tokens, counts.requests, counts.responses),
        (2, 3, 3)
    );
    assert_eq!((counts.undecoded, counts.gaps), (0, 0));
}

#[test]
fn a_request_whose_header_is_malformed_is_shown() {
    let mut all = usual(b"app");
    // The client id is longer than the frame.
    let bytes = [0, 3, 0, 1, 0, 0, 0, 9, 0x7f, 0xff, b'x'];
    all.push((CLIENT, frame(&bytes)));
    let (found, _) = said(&all);
    assert_eq!(outline(&found)[4], ("message", "Metadata", 1, 9));
}
