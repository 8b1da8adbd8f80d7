//! What the fuzz target `server` does, shared by `fuzz/` and `tests/connection/model_server.rs`: bytes are operations on the
//! accepting side of a connection, and on its client in `client.rs`. Requests come out as they were sent, each is answered
//! once and in order, nothing follows the end, and the pieces in which bytes come and go do not matter.

mod client;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use kafka_codec::connection::server::{
    IncomingRequest, RespondError, ServerConnection, ServerEvent, ServerOptions,
};
use kafka_codec::connection::{RequestId, VersionTable};
use kafka_codec::messages::SaslHandshakeResponse;
use kafka_codec::{ApiKey, VersionRange};

use self::client::Client;
use super::choices::Choices;
use super::peer::{ms, range};

/// Carries out the operations that `input` says, twice: the second time, bytes come and go one by one. How many requests
/// were handed out.
pub(crate) fn server(input: &[u8]) -> usize {
    let now = Instant::now();
    let once = Model::run(input, now, false);
    let again = Model::run(input, now, true);
    assert_eq!(once.log, again.log, "depends on the pieces");
    assert_eq!(once.client.received, again.client.received);
    once.handed_out
}

struct Model<'a> {
    choices: Choices<'a>,
    by_bytes: bool,
    server: ServerConnection,
    /// The buffer of the transport, if bytes come one by one.
    buffer: BytesMut,
    client: Client,
    now: Instant,
    log: Vec<String>,
    max_in_flight: usize,
    /// Bytes on the way to the server.
    wire: VecDeque<u8>,
    /// The requests that wait for a response, and what they are.
    waiting: BTreeMap<RequestId, ApiKey>,
    /// What was handed out last, or answered.
    last: Option<RequestId>,
    handed_out: usize,
    /// Tokens that were sent and not written.
    tokens: usize,
    has_closed: bool,
    /// The client says nothing that closes the connection, and nobody does.
    is_calm: bool,
}

impl<'a> Model<'a> {
    fn new(mut choices: Choices<'a>, now: Instant, by_bytes: bool) -> Self {
        let is_calm = choices.below(2) == 0;
        let max_in_flight = 1 + choices.below(6);
        let stable = ApiKey::ALL.iter();
        let stable = stable.filter_map(|key| Some((*key, key.stable_versions()?)));
        let few: [(ApiKey, VersionRange); 2] = [
            (ApiKey::Fetch, range(4, 16)),
            (ApiKey::Produce, range(9, 9)),
        ];
        let served = match is_calm || choices.below(2) == 0 {
            true => VersionTable::new(stable),
            false => VersionTable::new(few),
        };
        let forwards = choices.below(3) == 0;
        let options = ServerOptions::new("client 7", served)
            .with_max_in_flight(max_in_flight)
            .with_forwarding(forwards)
            .with_max_frame_bytes(choices.pick(&[100 << 20, 300]))
            .with_idle(choices.pick(&[None, Some(Duration::from_secs(20))]));
        Self {
            server: ServerConnection::new(now, options),
            buffer: BytesMut::new(),
            client: Client::new(is_calm, forwards),
            choices,
            by_bytes,
            now,
            log: Vec::new(),
            max_in_flight,
            wire: VecDeque::new(),
            waiting: BTreeMap::new(),
            last: None,
            handed_out: 0,
            tokens: 0,
            has_closed: false,
            is_calm,
        }
    }

    fn run(input: &'a [u8], now: Instant, by_bytes: bool) -> Self {
        let mut model = Self::new(Choices::new(input), now, by_bytes);
        while !model.choices.are_over() {
            model.step();
            model.check();
        }
        model.finish();
        model
    }

    fn step(&mut self) {
        match self.choices.below(if self.is_calm { 88 } else { 100 }) {
            0..25 => self.wire.extend(self.client.request(&mut self.choices)),
            25..50 => self.deliver(),
            50..65 => self.respond(),
            65..85 => self.write(),
            85..88 => self.respond_wrongly(),
            88..92 => self.time_passes(),
            92..94 => {
                let bytes = self.choices.bytes(64);
                self.client.is_corrupt = true;
                self.wire.extend(bytes);
            }
            94..96 => {
                // Requests are taken for tokens.
                self.client.is_corrupt = true;
                self.server.set_bare_tokens(self.choices.below(2) == 0);
            }
            96 => self.send_token(),
            97 => self
                .server
                .set_max_frame_bytes(self.choices.pick(&[20, 4096])),
            98 => self.end(),
            _ => {
                let reads = self.choices.below(2) == 0;
                self.server.set_reading(self.now, reads);
            }
        }
    }

    fn deliver(&mut self) {
        let count = match self.choices.once_in(3) {
            true => self.choices.below(self.wire.len() + 1),
            false => self.wire.len(),
        };
        self.receive(count);
    }

    /// The next `count` bytes arrive. What the server does not take stays.
    fn receive(&mut self, count: usize) {
        let bytes: Vec<u8> = self.wire.iter().take(count).copied().collect();
        let pieces = bytes.chunks(if self.by_bytes { 1 } else { count.max(1) });
        for piece in pieces {
            let taken = match self.by_bytes {
                false => self.server.handle_bytes(self.now, piece),
                true => {
                    self.buffer.extend_from_slice(piece);
                    self.server.handle_received(self.now, &mut self.buffer);
                    let rest = self.buffer.len();
                    self.buffer.clear();
                    piece.len() - rest
                }
            };
            self.wire.drain(..taken);
            if taken < piece.len() {
                assert!(!self.server.wants_bytes() && !self.server.is_closed());
                break;
            }
        }
    }

    /// Answers any request that waits.
    fn respond(&mut self) {
        let ids: Vec<RequestId> = self.waiting.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let id = self.choices.pick(&ids);
        let key = self.waiting[&id];
        if key == ApiKey::SaslHandshake {
            let response = SaslHandshakeResponse::default();
            self.server.respond(self.now, id, &response).unwrap();
        } else {
            let mut frame = b"????".to_vec();
            frame.extend(self.choices.bytes(40));
            let frame = Bytes::from(frame);
            self.server.respond_frame(self.now, id, &frame).unwrap();
        }
        self.waiting.remove(&id);
        let again = self
            .server
            .respond_frame(self.now, id, &Bytes::from_static(b"????"));
        assert_eq!(again, Err(RespondError::NotWaiting { id }));
    }

    /// What the server must refuse leaves the request as it was.
    fn respond_wrongly(&mut self) {
        let Some((&id, &key)) = self.waiting.first_key_value() else {
            return;
        };
        let short = Bytes::from_static(b"???");
        let refused = self.server.respond_frame(self.now, id, &short);
        assert_eq!(refused, Err(RespondError::NotAResponse { bytes: 3 }));
        if key != ApiKey::SaslHandshake {
            let refused = self
                .server
                .respond(self.now, id, &SaslHandshakeResponse::default());
            assert!(matches!(refused, Err(RespondError::OtherApi { .. })));
        }
    }

    fn write(&mut self) {
        let Some(mut transmit) = self.server.poll_transmit() else {
            return;
        };
        let count = match self.choices.once_in(3) {
            true => self.choices.below(transmit.remaining() + 1),
            false => transmit.remaining(),
        };
        self.client.received.extend(transmit.copy_to_bytes(count));
        match self.by_bytes {
            true => (0..count).for_each(|_| self.server.handle_written(self.now, 1)),
            false => self.server.handle_written(self.now, count),
        }
    }

    fn send_token(&mut self) {
        self.client.is_corrupt = true;
        self.tokens += usize::from(self.server.send_token(self.now, b"token").is_ok());
    }

    fn time_passes(&mut self) {
        if self.choices.below(2) == 0 {
            self.now += ms(u64::try_from(self.choices.below(9_000)).unwrap());
        } else if let Some(at) = self.server.next_deadline() {
            self.now = self.now.max(at);
        }
        self.server.handle_timer(self.now);
        let due = self.server.next_deadline().filter(|at| *at <= self.now);
        assert_eq!(due, None, "there is no busy loop");
    }

    fn end(&mut self) {
        match self.choices.below(3) {
            0 => self.server.handle_end_of_stream(self.now),
            1 => {
                let error = io::Error::from(io::ErrorKind::ConnectionReset);
                self.server.handle_transport_error(self.now, &error);
            }
            _ => self.server.close(self.now),
        }
    }

    /// Every request is answered, and the client reads it all.
    fn finish(&mut self) {
        for _ in 0..10_000 {
            self.receive(self.wire.len());
            self.check();
            while !self.waiting.is_empty() && !self.has_closed {
                self.respond();
            }
            self.write();
            self.check();
            if self.server.poll_transmit().is_none() && !self.server.wants_bytes()
                || self.wire.is_empty() && self.server.in_flight() == 0
            {
                break;
            }
        }
        if !self.has_closed {
            assert_eq!(self.server.in_flight(), 0, "{:?}", self.server);
        }
        self.client.check(self.has_closed);
        self.server.close(self.now);
        self.check();
        assert!(self.has_closed);
        assert_eq!(self.server.handle_bytes(self.now, b"late"), 4);
        self.time_passes();
        self.check();
    }

    fn check(&mut self) {
        while let Some(event) = self.server.poll_event() {
            assert!(!self.has_closed, "{event:?} after the end");
            self.log.push(format!("{event:?}"));
            match event {
                ServerEvent::Request(request) => self.handed_out(&request),
                ServerEvent::Closed(report) => {
                    self.has_closed = true;
                    self.log.push(report.to_string());
                    assert!(report.in_flight.len() >= self.waiting.len(), "{report}");
                    self.waiting.clear();
                }
                ServerEvent::Written { id, .. } => {
                    assert!(!self.waiting.contains_key(&id), "{id} was not answered");
                }
                _ => {}
            }
        }
        assert_eq!(self.server.is_closed(), self.has_closed);
        assert!(self.server.in_flight() <= self.max_in_flight + self.tokens);
        if self.has_closed {
            assert_eq!(self.server.next_deadline(), None);
            assert!(self.server.poll_transmit().is_none() && !self.server.wants_bytes());
        }
    }

    fn handed_out(&mut self, request: &IncomingRequest) {
        self.handed_out += 1;
        assert!(self.last < Some(request.id()), "{request:?} out of order");
        self.last = Some(request.id());
        self.client.check_request(request.frame());
        if request.expects_response() {
            self.waiting.insert(request.id(), request.label().api_key);
        }
    }
}
