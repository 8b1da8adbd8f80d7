//! The accepting side: what it refuses, and how much it takes.

use bytes::{Buf, Bytes};
use kafka_codec::ApiKey;
use kafka_codec::connection::server::{RespondError, ServerEvent, ServerOptions};
use kafka_codec::connection::{CloseReason, ForeignProtocol, RequestFault, TimeoutKind};

use crate::driver::{ms, request, sized};
use crate::random::Random;
use crate::server::{CLIENT, Side, served, side};

#[test]
fn what_is_not_served_closes_the_connection_by_name() {
    let mut side = side();
    side.trickle(&sized(&request(ApiKey::Metadata, 12, b"")));
    side.trickle(&sized(&request(ApiKey::Fetch, 99, b"")));
    let report = side.closed();
    let CloseReason::BadRequest(RequestFault::Unsupported(label)) = &report.reason else {
        panic!("{report}");
    };
    assert_eq!(label.api_key, ApiKey::Fetch);
    assert_eq!(
        report.to_string(),
        format!(
            "{CLIENT}: Metadata v12 (correlation -1): Fetch v99 (correlation -1) is not served here"
        )
    );
}

#[test]
fn the_end_counts_the_bytes_of_the_request_that_it_is_because_of() {
    let refused = sized(&request(ApiKey::Fetch, 99, b"body"));
    for piece in [1, refused.len()] {
        let mut side = side();
        for bytes in refused.chunks(piece) {
            side.receive(bytes);
        }
        let bytes = u64::try_from(refused.len()).unwrap();
        assert_eq!(side.closed().bytes_in, bytes, "in pieces of {piece}");
    }
}

#[test]
fn a_header_that_does_not_decode_closes_the_connection() {
    let mut side = side();
    side.trickle(&sized(b"\0\x03\0\x0c\0\0\0\x05\0\x20me"));
    let report = side.closed();
    assert!(
        matches!(
            report.reason,
            CloseReason::BadRequest(RequestFault::Undecodable(_))
        ),
        "{report}"
    );
}

#[test]
fn bad_sizes_and_other_protocols_are_named() {
    for (bytes, protocol) in [
        (
            &b"GET / HTTP/1.1\r\nHost: x\r\n"[..],
            ForeignProtocol::Http1,
        ),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ForeignProtocol::Http2),
        (b"\x16\x03\x01\x02\0\x01", ForeignProtocol::Tls),
        (b"SSH-2.0-x\r\nxxxxxxxxx", ForeignProtocol::Ssh),
    ] {
        let mut side = side();
        side.trickle(bytes);
        let report = side.closed();
        assert!(
            matches!(report.reason, CloseReason::Foreign { protocol: found, .. } if found == protocol),
            "{report}"
        );
    }
    for size in [-1, 0, 7, i32::MAX] {
        let mut side = side();
        side.trickle(&size.to_be_bytes());
        side.trickle(&[0; 5]);
        assert!(
            matches!(side.closed().reason, CloseReason::BadFrameSize { .. }),
            "{size}"
        );
    }
    let mut side = side();
    side.server.set_max_frame_bytes(512);
    side.trickle(&513_i32.to_be_bytes());
    side.trickle(&[0; 5]);
    assert!(matches!(
        side.closed().reason,
        CloseReason::BadFrameSize { max: 512, .. }
    ));
}

/// In its size and zeros it looks like a SETTINGS frame of HTTP/2, with which no client begins.
#[test]
fn a_produce_request_of_version_0_is_not_taken_for_http_2() {
    for correlation_id in [7_i32, 300, 5000] {
        let mut frame = vec![0, 0, 0x06, 0x04, 0, 0, 0, 0];
        frame.extend(correlation_id.to_be_bytes());
        frame.extend([0, 1, b'c']);
        frame.resize(4 + 0x604, 0);
        let options = ServerOptions::new(CLIENT, served()).with_forwarding(true);
        let mut side = Side::new(options);
        side.trickle(&frame);
        let events = side.events();
        let [ServerEvent::Request(request)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(request.label().api_key, ApiKey::Produce);
    }
}

/// The first token and the size of the next frame begin as an empty SETTINGS frame of HTTP/2.
#[test]
fn a_first_token_of_four_zeros_is_a_frame_of_its_own_in_any_pieces() {
    let stream = b"\0\0\0\x04\0\0\0\0\0\0\0\x05token";
    for at in 0..stream.len() {
        let mut side = side();
        side.server.set_bare_tokens(true);
        let (one, other) = stream.split_at(at);
        side.receive(one);
        side.receive(other);
        let tokens: Vec<_> = side
            .events()
            .into_iter()
            .map(|event| match event {
                ServerEvent::SaslToken(token) => token.expose().to_vec(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(tokens, [&[0; 4][..], b"token"], "cut at {at}");
    }
}

#[test]
fn no_more_is_read_than_can_be_answered() {
    let mut side = Side::new(ServerOptions::new(CLIENT, served()).with_max_in_flight(2));
    let one = sized(&request(ApiKey::Fetch, 12, b""));
    let bytes = one.repeat(3);
    let taken = side.server.handle_bytes(side.now, &bytes);
    assert_eq!(taken, 2 * one.len());
    assert!(!side.server.wants_bytes());
    assert_eq!(side.server.handle_bytes(side.now, &bytes[taken..]), 0);
    let events = side.events();
    let [ServerEvent::Request(first), _] = &events[..] else {
        panic!("{events:?}")
    };
    side.server
        .respond_frame(side.now, first.id(), &Bytes::from_static(b"????"))
        .unwrap();
    side.written();
    assert!(side.server.wants_bytes());
    side.receive(&bytes[taken..]);
}

#[test]
fn answering_many_requests_newest_first_takes_linear_time() {
    const REQUESTS: usize = 100_000;
    let options = ServerOptions::new(CLIENT, served()).with_max_in_flight(REQUESTS);
    let mut side = Side::new(options);
    let one = sized(&request(ApiKey::Fetch, 12, b""));
    side.receive(&one.repeat(REQUESTS));
    let events = side.events();
    assert_eq!(events.len(), REQUESTS);
    let answer = Bytes::from_static(b"????");
    for (answered, event) in (1..).zip(events.iter().rev()) {
        let ServerEvent::Request(incoming) = event else {
            panic!("{event:?}")
        };
        let (server, now) = (&mut side.server, side.now);
        server.respond_frame(now, incoming.id(), &answer).unwrap();
        let again = server.respond_frame(now, incoming.id(), &answer);
        assert_eq!(again, Err(RespondError::NotWaiting { id: incoming.id() }));
        // Asked with each response by an owner that bounds it.
        assert_eq!(server.unwritten_bytes(), 8 * answered);
    }
    // A transport that takes little at once.
    while let Some(transmit) = side.server.poll_transmit() {
        let count = transmit.remaining().min(20);
        side.server.handle_written(side.now, count);
    }
    assert_eq!(side.server.unwritten_bytes(), 0);
    assert_eq!(side.events().len(), REQUESTS);
}

#[test]
fn an_end_names_the_requests_that_were_not_answered() {
    let mut side = side();
    for key in [ApiKey::Fetch, ApiKey::Metadata] {
        side.trickle(&sized(&request(key, 12, b"")));
    }
    side.receive(b"\0\0\0\x40partial");
    side.server.handle_end_of_stream(side.now);
    assert_eq!(
        side.closed().to_string(),
        format!(
            "{CLIENT}: Fetch v12 (correlation -1): peer closed after 7 of 64 bytes, 1 more in flight: Metadata v12"
        )
    );
    assert!(side.server.poll_transmit().is_none());
    assert_eq!(side.server.handle_bytes(side.now, b"more"), 4);
    assert!(side.events().is_empty());
}

#[test]
fn an_end_counts_requests_that_have_the_label_of_the_first_one() {
    let mut side = side();
    for _ in 0..3 {
        side.receive(&sized(&request(ApiKey::Fetch, 12, b"")));
    }
    side.server.close(side.now);
    assert_eq!(
        side.closed().to_string(),
        format!(
            "{CLIENT}: Fetch v12 (correlation -1): closed by this side (not sent), \
             2 more in flight: Fetch v12, Fetch v12"
        )
    );
}

#[test]
fn a_response_that_was_sent_in_part_does_not_count_as_not_sent() {
    let mut side = side();
    side.receive(&sized(&request(ApiKey::ApiVersions, 0, b"")));
    side.receive(&sized(&request(ApiKey::Fetch, 12, b"")));
    assert!(side.server.poll_transmit().is_some());
    side.server.handle_written(side.now, 1);
    side.server.close(side.now);
    let report = side.closed();
    assert_eq!((report.in_flight.len(), report.not_sent), (2, 1));
}

#[test]
fn idle_and_stalled_clients_are_closed() {
    let mut side = side();
    assert_eq!(side.server.next_deadline(), Some(side.now + ms(600_000)));
    side.now += ms(600_000);
    side.server.handle_timer(side.now);
    assert!(matches!(
        side.closed().reason,
        CloseReason::IdleLocal { .. }
    ));

    let mut side = crate::server::side();
    side.receive(b"\0\0\0\x40partial");
    side.now += ms(30_000);
    side.server.handle_timer(side.now);
    assert!(matches!(
        side.closed().reason,
        CloseReason::Timeout(TimeoutKind::Stalled { .. })
    ));
}

#[test]
fn a_client_that_takes_no_response_is_closed() {
    let mut side = side();
    // It is answered at once.
    side.receive(&sized(&request(ApiKey::ApiVersions, 0, b"")));
    for _ in 0..2 {
        assert_eq!(side.server.next_deadline(), Some(side.now + ms(30_000)));
        side.now += ms(29_999);
        side.server.handle_timer(side.now);
        assert!(side.server.poll_transmit().is_some());
        // That it takes a byte is enough.
        side.server.handle_written(side.now, 1);
    }
    side.now += ms(30_000);
    side.server.handle_timer(side.now);
    let closed = side.closed();
    assert!(matches!(
        closed.reason,
        CloseReason::Timeout(TimeoutKind::Unread { .. })
    ));
    assert!(
        closed
            .to_string()
            .contains("peer takes no response for 30000 ms"),
        "{closed}"
    );
}

#[test]
fn a_client_has_all_of_its_time_for_the_rest_of_a_frame_once_it_is_read_again() {
    let mut side = Side::new(ServerOptions::new(CLIENT, served()).with_max_in_flight(1));
    side.server.set_bare_tokens(true);
    side.receive(b"\0\0\0\x40partial");
    // Within the frame no more is read, until the token is written.
    side.server.send_token(side.now, b"token").unwrap();
    for _ in 0..2 {
        side.now += ms(29_000);
        side.server.handle_timer(side.now);
        assert!(side.server.poll_transmit().is_some());
        side.server.handle_written(side.now, 1);
    }
    side.written();
    assert!(side.server.wants_bytes());
    assert_eq!(side.server.next_deadline(), Some(side.now + ms(30_000)));
    side.now += ms(30_000);
    side.server.handle_timer(side.now);
    let report = side.closed();
    let after = ms(30_000);
    assert!(
        matches!(report.reason, CloseReason::Timeout(TimeoutKind::Stalled { after: stated, .. }) if stated == after),
        "{report}"
    );
}

#[test]
fn a_client_neither_stalls_nor_is_idle_while_the_owner_does_not_read() {
    for (bytes, timeout) in [(&b"\0\0\0\x40partial"[..], 30_000), (b"", 600_000)] {
        let mut side = side();
        side.receive(bytes);
        side.now += ms(timeout - 1);
        side.server.set_reading(side.now, false);
        assert_eq!(side.server.next_deadline(), None);
        side.now += ms(timeout);
        side.server.handle_timer(side.now);
        side.server.set_reading(side.now, true);
        let deadline = side.now + ms(timeout);
        assert_eq!(side.server.next_deadline(), Some(deadline));
        // Only the first time says something new.
        side.now += ms(timeout - 1);
        side.server.set_reading(side.now, true);
        assert_eq!(side.server.next_deadline(), Some(deadline));
        side.server.handle_timer(side.now);
        assert!(!side.server.is_closed());
        side.server.handle_timer(deadline);
        assert!(side.server.is_closed());
    }
}

#[test]
fn a_client_has_to_take_responses_while_the_owner_does_not_read() {
    let mut side = side();
    side.receive(&sized(&request(ApiKey::ApiVersions, 0, b"")));
    side.server.set_reading(side.now, false);
    assert_eq!(side.server.next_deadline(), Some(side.now + ms(30_000)));
    side.now += ms(30_000);
    side.server.handle_timer(side.now);
    let report = side.closed();
    assert!(
        matches!(
            report.reason,
            CloseReason::Timeout(TimeoutKind::Unread { .. })
        ),
        "{report}"
    );
}

/// Requests in any pieces, answered in any order, written in pieces of any size.
#[test]
fn whatever_the_order_of_answers_the_client_gets_them_in_its_own() {
    for run in 0..300 {
        let mut random = Random::of(&format!("server {run}"));
        let max = 1 + random.below(5);
        let mut side = Side::new(ServerOptions::new(CLIENT, served()).with_max_in_flight(max));
        let total: i32 = 20;
        let mut wire = Vec::new();
        for id in 0..total {
            let mut frame = request(ApiKey::Fetch, 12, b"").to_vec();
            frame[4..8].copy_from_slice(&id.to_be_bytes());
            wire.extend(sized(&frame));
        }
        let (mut open, mut written, mut taken) = (Vec::new(), Vec::new(), 0);
        for _ in 0..100_000 {
            let end = wire.len().min(taken + 1 + random.below(60));
            taken += side.server.handle_bytes(side.now, &wire[taken..end]);
            for event in side.events() {
                match event {
                    ServerEvent::Request(incoming) => open.push(incoming),
                    ServerEvent::Written { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            assert!(side.server.in_flight() <= max);
            if !open.is_empty() && random.below(3) == 0 {
                let incoming = open.swap_remove(random.below(open.len()));
                let answer = Bytes::from_static(b"????");
                side.server
                    .respond_frame(side.now, incoming.id(), &answer)
                    .unwrap();
            }
            if let Some(mut transmit) = side.server.poll_transmit() {
                let count = 1 + random.below(transmit.remaining());
                written.extend(transmit.copy_to_bytes(count));
                side.server.handle_written(side.now, count);
            }
            if written.len() == wire_of_answers(total).len() {
                break;
            }
        }
        assert_eq!(written, wire_of_answers(total), "run {run}");
    }
}

fn wire_of_answers(total: i32) -> Vec<u8> {
    (0..total).flat_map(|id| sized(&id.to_be_bytes())).collect()
}

/// Bytes of no meaning, and requests with some bytes changed: events or an end, never a panic.
#[test]
fn garbage_is_refused_without_a_panic() {
    for run in 0..2_000 {
        let mut random = Random::of(&format!("garbage {run}"));
        let mut side =
            Side::new(ServerOptions::new(CLIENT, served()).with_max_frame_bytes(1 << 16));
        let mut bytes = sized(&request(ApiKey::ApiVersions, 3, b"\x02a\x021\0")).repeat(3);
        for _ in 0..random.below(6) {
            let at = random.below(bytes.len());
            bytes[at] = random.byte();
        }
        let mut taken = 0;
        while taken < bytes.len() {
            let end = bytes.len().min(taken + 1 + random.below(20));
            taken += side.server.handle_bytes(side.now, &bytes[taken..end]);
            side.written();
        }
        side.server.handle_end_of_stream(side.now);
        let ends = side
            .events()
            .iter()
            .filter(|event| matches!(event, ServerEvent::Closed(_)))
            .count();
        assert_eq!(ends, 1);
    }
}
