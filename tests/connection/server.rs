//! The accepting side: what it reads, answers by itself, hands out, and writes in order.

use std::time::Instant;

use bytes::{Buf, Bytes};
use kafka_codec::connection::sasl::{Mechanism, Plain};
use kafka_codec::connection::server::{RespondError, ServerConnection, ServerEvent, ServerOptions};
use kafka_codec::connection::{
    CloseReport, Connection, Event, IdlePolicy, Outcome, State, SubmitOptions, VersionTable,
};
use kafka_codec::messages::{
    ApiVersionsRequest, ApiVersionsResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_codec::{
    ApiKey, Decode, DecodeErrorKind, EncodeErrorKind, ErrorCode, Request, Version, frame,
};

use crate::driver::{ms, options, range, request, sized};

pub(crate) const CLIENT: &str = "client 10.0.0.7:40312";

pub(crate) fn served() -> VersionTable {
    VersionTable::new([
        (ApiKey::Produce, range(3, 12)),
        (ApiKey::Fetch, range(4, 17)),
        (ApiKey::Metadata, range(0, 13)),
        (ApiKey::SaslHandshake, range(0, 1)),
        (ApiKey::ApiVersions, range(0, 4)),
    ])
}

pub(crate) struct Side {
    pub(crate) server: ServerConnection,
    pub(crate) now: Instant,
}

impl Side {
    pub(crate) fn new(options: ServerOptions) -> Self {
        let now = Instant::now();
        Self {
            server: ServerConnection::new(now, options),
            now,
        }
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        assert_eq!(self.server.handle_bytes(self.now, bytes), bytes.len());
    }

    /// Receives byte by byte.
    pub(crate) fn trickle(&mut self, bytes: &[u8]) {
        for byte in bytes.chunks(1) {
            self.receive(byte);
        }
    }

    fn send<R: Request>(&mut self, request: &R, version: i16, correlation_id: i32) {
        let mut frame = frame::encode_request(
            Vec::new(),
            request,
            Version(version),
            correlation_id,
            Some("me"),
        )
        .unwrap();
        let bytes = frame.copy_to_bytes(frame.remaining());
        self.trickle(&bytes);
    }

    pub(crate) fn written(&mut self) -> Vec<u8> {
        let Some(mut transmit) = self.server.poll_transmit() else {
            return Vec::new();
        };
        let count = transmit.remaining();
        let bytes = transmit.copy_to_bytes(count).to_vec();
        self.server.handle_written(self.now, count);
        bytes
    }

    pub(crate) fn events(&mut self) -> Vec<ServerEvent> {
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }

    pub(crate) fn closed(&mut self) -> std::sync::Arc<CloseReport> {
        match self.events().pop() {
            Some(ServerEvent::Closed(report)) => report,
            other => panic!("not closed, but {other:?}"),
        }
    }
}

pub(crate) fn side() -> Side {
    Side::new(ServerOptions::new(CLIENT, served()))
}

fn versions(bytes: &[u8], version: i16) -> ApiVersionsResponse<'_> {
    ApiVersionsResponse::decode(&bytes[8..], Version(version)).unwrap()
}

fn plain_handshake() -> SaslHandshakeRequest<'static> {
    SaslHandshakeRequest {
        mechanism: "PLAIN".into(),
        ..Default::default()
    }
}

#[test]
fn api_versions_is_answered_and_the_client_noted() {
    let mut side = side();
    let asked = ApiVersionsRequest {
        client_software_name: "franz-go".into(),
        client_software_version: "1.2".into(),
        ..Default::default()
    };
    side.send(&asked, 4, 9);
    let bytes = side.written();
    assert_eq!(bytes[4..8], 9_i32.to_be_bytes());
    let answer = versions(&bytes, 4);
    assert_eq!(answer.versions_of(ApiKey::Fetch), Some(range(4, 17)));
    let events = side.events();
    let [
        ServerEvent::Client { name, .. },
        ServerEvent::Written { bytes: length, .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!((&**name, *length), ("franz-go", bytes.len()));
    let client = side.server.client();
    assert_eq!(client.client_id(), Some("me"));
    assert_eq!(client.software_name(), Some("franz-go"));
    assert_eq!(client.software_version(), Some("1.2"));
}

#[test]
fn an_unknown_version_of_api_versions_is_answered_in_version_0_with_one_entry() {
    let mut side = side();
    // Its body is of no form that is known here.
    side.trickle(&sized(b"\0\x12\0\x63\0\0\0\x05\0\x02me\0what is this"));
    let bytes = side.written();
    let answer = versions(&bytes, 0);
    assert_eq!(answer.error_code, ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(answer.api_keys.len(), 1);
    assert_eq!(answer.versions_of(ApiKey::ApiVersions), Some(range(0, 4)));
}

#[test]
fn a_bad_name_of_the_software_is_refused_as_a_broker_does() {
    let mut side = side();
    side.send(
        &ApiVersionsRequest {
            client_software_name: "a b".into(),
            ..Default::default()
        },
        3,
        1,
    );
    assert_eq!(
        versions(&side.written(), 3).error_code,
        ErrorCode::INVALID_REQUEST
    );
    side.send(&ApiVersionsRequest::default(), 2, 2);
    assert_eq!(versions(&side.written(), 2).error_code, ErrorCode::NONE);
}

#[test]
fn responses_are_written_in_the_order_of_the_requests() {
    let mut side = side();
    for (at, key) in [ApiKey::Fetch, ApiKey::Metadata, ApiKey::Fetch]
        .into_iter()
        .enumerate()
    {
        let mut frame = request(key, 12, b"body").to_vec();
        frame[4..8].copy_from_slice(&(100 + i32::try_from(at).unwrap()).to_be_bytes());
        side.trickle(&sized(&frame));
    }
    let events = side.events();
    let ids: Vec<_> = events
        .iter()
        .map(|event| match event {
            ServerEvent::Request(incoming) => {
                assert_eq!(
                    (incoming.body(), incoming.client_id()),
                    (&b"body"[..], Some("proxied"))
                );
                incoming.id()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let answer = |side: &mut Side, at: usize| {
        let frame = Bytes::from(format!("????answer {at}"));
        side.server
            .respond_frame(side.now, ids[at], &frame)
            .unwrap();
    };
    side.now += ms(5);
    answer(&mut side, 2);
    assert!(side.written().is_empty());
    answer(&mut side, 0);
    assert_eq!(side.written(), sized(b"\0\0\0\x64answer 0"));
    side.now += ms(3);
    answer(&mut side, 1);
    let mut both = sized(b"\0\0\0\x65answer 1");
    both.extend(sized(b"\0\0\0\x66answer 2"));
    assert_eq!(side.written(), both);
    let events = side.events();
    let Some(ServerEvent::Written {
        handled_in,
        written_in,
        ..
    }) = events.last()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*handled_in, *written_in), (ms(5), ms(3)));
    assert_eq!(
        side.server
            .respond_frame(side.now, ids[1], &Bytes::from_static(b"????")),
        Err(RespondError::NotWaiting { id: ids[1] })
    );
}

#[test]
fn a_response_of_another_api_or_version_is_refused_and_can_be_given_again() {
    let mut side = side();
    side.send(&plain_handshake(), 1, 1);
    let events = side.events();
    let [ServerEvent::Request(incoming)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        incoming
            .decode::<ApiVersionsRequest<'_>>()
            .unwrap_err()
            .kind(),
        &DecodeErrorKind::OtherApi {
            expected: ApiKey::ApiVersions,
            actual: ApiKey::SaslHandshake,
        }
    );
    assert_eq!(
        incoming
            .decode::<SaslHandshakeRequest<'_>>()
            .unwrap()
            .mechanism,
        "PLAIN"
    );
    let wrong = side
        .server
        .respond(side.now, incoming.id(), &ApiVersionsResponse::default());
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "a response of ApiVersions to a request of SaslHandshake"
    );
    side.server
        .respond(side.now, incoming.id(), &SaslHandshakeResponse::default())
        .unwrap();
    assert!(!side.written().is_empty());
}

/// A frame whose size an int32 cannot say; the system provides its zeros only when they are read.
#[cfg(target_pointer_width = "64")]
#[test]
fn a_response_frame_above_the_largest_size_is_refused() {
    let mut side = side();
    side.send(&plain_handshake(), 1, 1);
    let events = side.events();
    let [ServerEvent::Request(incoming)] = &events[..] else {
        panic!("{events:?}")
    };
    let frame = Bytes::from(vec![0; 1 << 31]);
    let refused = side
        .server
        .respond_frame(side.now, incoming.id(), &frame)
        .unwrap_err();
    assert!(
        matches!(&refused, RespondError::Encode(error)
            if matches!(error.kind(), EncodeErrorKind::TooLong { length: 0x8000_0000, .. })),
        "{refused}"
    );
    assert!(side.written().is_empty());
    side.server
        .respond(side.now, incoming.id(), &SaslHandshakeResponse::default())
        .unwrap();
}

#[test]
fn acks_0_has_no_place_among_the_responses() {
    let mut side = side();
    side.trickle(&sized(&crate::driver::produce(0)));
    let events = side.events();
    let [ServerEvent::Request(incoming)] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(!incoming.expects_response());
    assert_eq!(side.server.in_flight(), 0);
    let refused = side
        .server
        .respond_frame(side.now, incoming.id(), &Bytes::from_static(b"????"));
    assert!(matches!(refused, Err(RespondError::NotWaiting { .. })));
}

#[test]
fn bare_tokens_are_handed_out_and_sent() {
    let mut side = side();
    side.send(&plain_handshake(), 0, 1);
    let events = side.events();
    let [ServerEvent::Request(incoming)] = &events[..] else {
        panic!("{events:?}")
    };
    side.server.set_bare_tokens(true);
    side.server
        .respond(side.now, incoming.id(), &SaslHandshakeResponse::default())
        .unwrap();
    side.written();
    side.trickle(&sized(b"\0alice\0secret"));
    side.events().iter().for_each(|event| match event {
        ServerEvent::SaslToken(token) => {
            assert_eq!(token.expose(), b"\0alice\0secret");
            assert!(!format!("{event:?}").contains("secret"));
        }
        other => assert!(matches!(other, ServerEvent::Written { .. })),
    });
    side.server.set_bare_tokens(false);
    side.server.send_token(side.now, b"").unwrap();
    assert_eq!(side.written(), sized(b""));
    side.trickle(&sized(&request(ApiKey::Fetch, 12, b"")));
    assert!(
        side.events()
            .iter()
            .any(|event| matches!(event, ServerEvent::Request(_)))
    );
}

/// Azure Event Hubs announced SaslHandshake up to version 1, and not SaslAuthenticate.
#[test]
fn bare_tokens_may_follow_a_handshake_in_version_1() {
    let now = Instant::now();
    let served = VersionTable::new([
        (ApiKey::ApiVersions, range(0, 3)),
        (ApiKey::SaslHandshake, range(0, 1)),
        (ApiKey::Fetch, range(4, 16)),
    ]);
    let mut server = ServerConnection::new(now, ServerOptions::new("client", served));
    let plain: Vec<Box<dyn Mechanism>> = vec![Box::new(Plain::new("alice", "secret"))];
    let mut client = Connection::with_sasl(now, options(), plain);
    client.handle_opened(now);
    let mut tokens = 0;
    while client.state() != State::Ready {
        let mut transmit = client.poll_transmit().expect("it has something to say");
        let bytes = transmit.copy_to_bytes(transmit.remaining());
        client.handle_written(now, bytes.len());
        assert_eq!(server.handle_bytes(now, &bytes), bytes.len());
        while let Some(event) = server.poll_event() {
            match event {
                ServerEvent::Request(handshake) => {
                    assert_eq!(handshake.label().version, Version(1));
                    let accepted = SaslHandshakeResponse::default();
                    server.set_bare_tokens(true);
                    server.respond(now, handshake.id(), &accepted).unwrap();
                }
                ServerEvent::SaslToken(token) => {
                    assert_eq!(token.expose(), b"\0alice\0secret");
                    tokens += 1;
                    server.set_bare_tokens(false);
                    server.send_token(now, b"").unwrap();
                }
                _ => {}
            }
        }
        let mut transmit = server.poll_transmit().expect("it answers");
        let bytes = transmit.copy_to_bytes(transmit.remaining());
        server.handle_written(now, bytes.len());
        client.handle_bytes(now, &bytes);
    }
    assert_eq!(tokens, 1);
}

/// Both sides, back to back: what one writes the other reads, in pieces of any size.
#[test]
fn a_client_and_a_server_understand_each_other() {
    for piece in [1, 7, 4096] {
        let now = Instant::now();
        let mut client = Connection::new(now, options().with_idle(IdlePolicy::Ignore));
        let mut side = side();
        client.handle_opened(now);
        let mut answered = 0;
        let mut submitted = 0;
        for _ in 0..10_000 {
            while let Some(event) = client.poll_event() {
                match event {
                    Event::Ready { .. } => {
                        for _ in 0..20 {
                            let frame = request(ApiKey::Metadata, 12, b"ping");
                            client
                                .submit_frame(now, &frame, SubmitOptions::default())
                                .unwrap();
                            submitted += 1;
                        }
                    }
                    Event::Completed(done) => {
                        let Outcome::Response(response) = done.outcome() else {
                            panic!("{done:?}")
                        };
                        assert_eq!(response.body().unwrap(), b"\0\0\0\0pong");
                        answered += 1;
                    }
                    Event::Closed(report) => panic!("{report}"),
                    _ => {}
                }
            }
            if let Some(mut transmit) = client.poll_transmit() {
                let count = piece.min(transmit.remaining());
                let bytes = transmit.copy_to_bytes(count);
                client.handle_written(now, count);
                side.receive(&bytes);
            }
            for event in side.events() {
                if let ServerEvent::Request(incoming) = event {
                    let answer = Bytes::from_static(b"????\0\0\0\0\0pong");
                    side.server
                        .respond_frame(now, incoming.id(), &answer)
                        .unwrap();
                }
            }
            let bytes = side.written();
            bytes
                .chunks(piece)
                .for_each(|bytes| client.handle_bytes(now, bytes));
        }
        assert_eq!((submitted, answered), (20, 20), "in pieces of {piece}");
    }
}

/// What a proxy for brokers of any version needs.
#[test]
fn a_proxy_gets_everything_as_it_came() {
    let mut side =
        Side::new(ServerOptions::new(CLIENT, VersionTable::default()).with_forwarding(true));
    let unknown = b"\x03\xe7\0\x02\0\0\0\x63whatever";
    side.trickle(&sized(unknown));
    side.trickle(&sized(b"\0\x12\0\x63\0\0\0\x05\0\x02me\0what is this"));
    let events = side.events();
    let [ServerEvent::Request(one), ServerEvent::Request(two)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(&one.frame()[..], unknown);
    assert_eq!(two.label().to_string(), "ApiVersions v99 (correlation 5)");
}

/// librdkafka 0.9.1 to 1.3 sends four zeros after ApiVersions; brokers ignore them.
#[test]
fn bytes_after_a_request_are_ignored() {
    let mut side = side();
    side.trickle(b"\0\0\0\x15\0\x12\0\0\0\0\0\x01\0\x07rdkafka\0\0\0\0");
    let written = side.written();
    assert_eq!(versions(&written, 0).error_code, ErrorCode::NONE);
    side.events();
    side.trickle(b"\0\0\0\x15\0\x11\0\x01\0\0\0\x02\0\x02me\0\x05PLAINxy");
    let events = side.events();
    let Some(ServerEvent::Request(incoming)) = events.into_iter().next() else {
        panic!("a request arrived");
    };
    let request: SaslHandshakeRequest<'_> = incoming.decode().unwrap();
    assert_eq!(request, plain_handshake());
    let (_, rest) = incoming
        .decode_prefix::<SaslHandshakeRequest<'_>>()
        .unwrap();
    assert_eq!(rest, b"xy");
}

#[test]
fn a_client_id_that_is_not_utf_8_is_served_and_escaped() {
    let mut side = side();
    side.trickle(b"\0\0\0\x10\0\x12\0\0\0\0\0\x01\0\x06m\xfcller");
    assert_eq!(versions(&side.written(), 0).error_code, ErrorCode::NONE);
    assert_eq!(side.server.client().client_id(), Some("m\\xfcller"));
    side.events();
    side.trickle(b"\0\0\0\x17\0\x11\0\x01\0\0\0\x02\0\x06m\xfcller\0\x05PLAIN");
    let Some(ServerEvent::Request(incoming)) = side.events().into_iter().next() else {
        panic!("a request arrived");
    };
    assert_eq!(incoming.client_id(), Some("m\\xfcller"));
    assert_eq!(incoming.header().unwrap().client_id, None);
    let request: SaslHandshakeRequest<'_> = incoming.decode().unwrap();
    assert_eq!(request, plain_handshake());
}
