//! What the fuzz target `connection` does, shared by `fuzz/` and `tests/connection/model.rs`: bytes are operations on a
//! connection, whose peer is in `broker.rs`. Whatever happens, `checks.rs` holds, and the same operations have the same
//! events when the bytes come and go in other pieces.

mod broker;
mod checks;
mod setup;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io;
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use kafka_codec::ApiKey;
use kafka_codec::connection::sasl::{CallerTokens, Plain, Token};
use kafka_codec::connection::{Connection, Metrics, RequestId, State, SubmitError, SubmitOptions};
use kafka_codec::messages::ApiVersionsRequest;

use self::broker::Asked;
use self::checks::{Arriving, Known};
use super::choices::Choices;
use super::peer::{ms, produce, request};

/// What is in no event and no error.
const PASSWORD: &str = "pa55word-of-alice";
/// What a caller that makes its own tokens sends. No request begins like it.
const TOKEN: &[u8] = b"\xff\xfetoken of a caller";

/// The pieces in which bytes come and go.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Pieces {
    /// As many as there are.
    Whole,
    /// One by one.
    Bytes,
}

/// Carries out the operations that `input` says; its first byte says in which pieces bytes come, and once in four times
/// it is all done again, byte by byte. How many requests were completed: none, and nothing is done, if the password is in `input`.
pub(crate) fn connection(input: &[u8]) -> usize {
    // What the broker says may be shown. libFuzzer finds the password by its comparisons and makes the broker say it.
    let password = PASSWORD.as_bytes();
    if input.windows(password.len()).any(|part| part == password) {
        return 0;
    }
    let (first, operations) = input.split_first().unwrap_or((&0, input));
    match first % 8 {
        0..2 => compare(operations),
        2..5 => Model::run(operations, Instant::now(), Pieces::Bytes, None).completions,
        _ => Model::run(operations, Instant::now(), Pieces::Whole, None).completions,
    }
}

/// The same operations have the same events, whatever the pieces.
fn compare(operations: &[u8]) -> usize {
    let now = Instant::now();
    let [whole, bytes] = [Pieces::Whole, Pieces::Bytes]
        .map(|pieces| Model::run(operations, now, pieces, Some(Vec::new())));
    let (log, other_log) = (whole.log.unwrap(), bytes.log.unwrap());
    for (one, other) in log.iter().zip(&other_log) {
        assert_eq!(one, other, "with all bytes at once, and one by one");
    }
    assert_eq!(log.len(), other_log.len());
    whole.completions
}

struct Model<'a> {
    choices: Choices<'a>,
    pieces: Pieces,
    connection: Connection,
    /// The buffer of the transport, if bytes come one by one.
    buffer: BytesMut,
    now: Instant,
    /// All events as text, if they are to be compared.
    log: Option<Vec<String>>,
    metrics: Metrics,
    known: BTreeMap<RequestId, Known>,
    probes: usize,
    /// The tags of requests of which the broker has read all.
    seen: HashSet<u64>,
    /// Bytes on the way to the broker, and what it has not answered.
    wire: VecDeque<u8>,
    unanswered: VecDeque<Asked>,
    /// Bytes on the way to the client, and for each frame in them whether it frees a place in flight.
    back: VecDeque<u8>,
    frees: VecDeque<bool>,
    /// How many requests the broker read whose responses were not delivered.
    places: usize,
    /// The first request that was submitted after the transport was last offered something.
    not_offered: Option<RequestId>,
    arriving: Arriving,
    max_in_flight: usize,
    max_waiting: usize,
    lifetime: i64,
    last_responded: Option<RequestId>,
    has_closed: bool,
    /// Nothing breaks until the end of the run.
    is_calm: bool,
    /// Bytes that belong nowhere were received, perhaps in the middle of a response.
    is_corrupt: bool,
    /// The tag of the next request; the broker echoes it.
    next_tag: u64,
    completions: usize,
}

impl Model<'_> {
    fn run(input: &[u8], now: Instant, pieces: Pieces, log: Option<Vec<String>>) -> Model<'_> {
        let mut model = Model::new(Choices::new(input), now, pieces);
        model.log = log;
        while !model.choices.are_over() {
            model.step();
            model.check();
        }
        model.finish();
        model
    }

    fn step(&mut self) {
        match self.choices.below(if self.is_calm { 97 } else { 100 }) {
            0..18 => self.submit_frame(),
            18..22 => self.submit(),
            22..45 => self.write(),
            45..60 => self.broker_answers(),
            60..80 => self.deliver(),
            80..87 => self.time_passes(),
            87..90 => self.cancel(),
            90..92 => self.probe(),
            92..94 => self.connection.handle_opened(self.now),
            94..96 => self.provide_token(),
            96 => self.replace_mechanism(),
            97 => self.misbehave(),
            98 => self.connection.drain(self.now, ms(500)),
            _ => self.end(),
        }
    }

    /// Submits a request that ends in its tag.
    fn submit_frame(&mut self) {
        let (tag, options) = self.submission();
        let mut frame = match self.choices.below(3) {
            0 => produce(0).to_vec(),
            1 => produce(1).to_vec(),
            _ => request(ApiKey::Fetch, 16, b"").to_vec(),
        };
        frame.extend(tag.to_be_bytes());
        let bytes = frame.len() + 4;
        let result = self
            .connection
            .submit_frame(self.now, &frame.into(), options);
        self.submitted(result, Some(bytes));
    }

    /// Submits a typed request.
    fn submit(&mut self) {
        let (_, mut options) = self.submission();
        if self.choices.below(2) == 0 {
            options = options.with_version(self.choices.pick(&[0, 2, 3, 4, 9]).into());
        }
        let message = ApiVersionsRequest {
            client_software_name: "model".into(),
            client_software_version: "1".into(),
            ..Default::default()
        };
        let result = self.connection.submit(self.now, &message, options);
        self.submitted(result, None);
    }

    fn submission(&mut self) -> (u64, SubmitOptions) {
        let tag = self.next_tag;
        self.next_tag += 1;
        let mut options = SubmitOptions::default().with_tag(tag);
        if self.choices.once_in(4) {
            options = options.with_timeout(ms(100 + tag % 400));
        }
        if self.choices.once_in(8) {
            options = options.with_deadline(self.now + ms(tag % 700));
        }
        (tag, options)
    }

    fn submitted(&mut self, result: Result<RequestId, SubmitError>, bytes: Option<usize>) {
        let state = self.connection.state();
        let is_over = matches!(state, State::Draining | State::Closed);
        match result {
            Ok(id) => {
                let known = Known {
                    bytes,
                    is_done: false,
                };
                assert!(self.known.insert(id, known).is_none(), "an id is used once");
                self.not_offered.get_or_insert(id);
            }
            Err(SubmitError::Closed { .. }) => assert!(is_over, "in state {state}"),
            Err(SubmitError::QueueFull { waiting }) => assert!(waiting >= self.max_waiting),
            Err(SubmitError::NotReady { .. }) => assert!(self.connection.versions().is_empty()),
            // Which versions there are, the broker says.
            Err(SubmitError::Version(_) | SubmitError::Encode(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }

    fn write(&mut self) {
        self.not_offered = None;
        let Some(mut transmit) = self.connection.poll_transmit() else {
            return;
        };
        let bytes = match self.choices.once_in(3) {
            true => self.choices.below(transmit.remaining() + 1),
            false => transmit.remaining(),
        };
        self.wire.extend(transmit.copy_to_bytes(bytes));
        match self.pieces {
            Pieces::Bytes => (0..bytes).for_each(|_| self.connection.handle_written(self.now, 1)),
            _ => self.connection.handle_written(self.now, bytes),
        }
        self.broker_reads();
    }

    fn deliver(&mut self) {
        let count = match self.choices.once_in(3) {
            true => self.choices.below(self.back.len() + 1),
            false => self.back.len(),
        };
        let bytes: Vec<u8> = self.back.drain(..count).collect();
        self.receive(&bytes);
    }

    fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = match self.pieces {
                Pieces::Whole => bytes.len(),
                Pieces::Bytes => 1,
            };
            let (piece, rest) = bytes.split_at(count);
            for _ in 0..self.arriving.add(piece) {
                let frees = self.frees.pop_front().unwrap_or_default();
                self.places = self.places.saturating_sub(usize::from(frees));
            }
            match self.pieces {
                Pieces::Whole => self.connection.handle_bytes(self.now, piece),
                Pieces::Bytes => {
                    self.buffer.extend_from_slice(piece);
                    self.connection.handle_received(self.now, &mut self.buffer);
                    assert!(self.buffer.is_empty(), "all of it is taken");
                }
            }
            bytes = rest;
        }
    }

    fn time_passes(&mut self) {
        if self.choices.below(2) == 0 {
            self.now += ms(u64::try_from(self.choices.below(1_500)).unwrap());
        } else if let Some(at) = self.connection.next_deadline() {
            self.now = self.now.max(at);
        }
        self.connection.handle_timer(self.now);
        // Everything that was due is done: there is no busy loop.
        let due = self.connection.next_deadline().filter(|at| *at <= self.now);
        assert_eq!(due, None, "in state {}", self.connection.state());
    }

    fn cancel(&mut self) {
        let ids: Vec<RequestId> = self.known.keys().copied().collect();
        if !ids.is_empty() {
            let id = self.choices.pick(&ids);
            self.take_events();
            let was_open = !self.known[&id].is_done;
            assert_eq!(self.connection.cancel(self.now, id), was_open);
        }
    }

    fn probe(&mut self) {
        self.probes += usize::from(self.connection.probe(self.now).is_ok());
    }

    /// Whether or not one was asked for.
    fn provide_token(&mut self) {
        let token = match self.choices.below(3) {
            0 => None,
            _ => Some(Token::from(TOKEN.to_vec())),
        };
        self.connection.provide_sasl_token(self.now, token);
    }

    fn replace_mechanism(&mut self) {
        match self.choices.below(2) {
            0 => self
                .connection
                .replace_mechanism(Box::new(Plain::new("alice", PASSWORD))),
            _ => self
                .connection
                .replace_mechanism(Box::new(CallerTokens::new("GSSAPI"))),
        }
    }

    fn misbehave(&mut self) {
        let bytes: &[u8] = match self.choices.below(7) {
            0 => b"\xff\xff\xff\xff",
            1 => b"\x7f\xff\xff\xff",
            2 => b"\0\0\0\x04\x7e\x6d\x5c\x4b",
            3 => b"HTTP/1.1 400 Bad Request\r\n",
            4 => b"\0\0\0\0",
            _ => self.choices.bytes(64),
        };
        self.is_corrupt = true;
        self.receive(bytes);
    }

    fn end(&mut self) {
        match self.choices.below(6) {
            0 => self.connection.handle_end_of_stream(self.now),
            1 => {
                let kind = self.choices.pick(&[
                    io::ErrorKind::ConnectionReset,
                    io::ErrorKind::UnexpectedEof,
                    io::ErrorKind::TimedOut,
                ]);
                let error = io::Error::from(kind);
                self.connection.handle_transport_error(self.now, &error);
            }
            2 => self.connection.close(self.now),
            3 => self.connection.retire(self.now),
            4 => drop(self.connection.submit_frame(
                self.now,
                &Bytes::from_static(b"short"),
                SubmitOptions::default(),
            )),
            _ => {}
        }
    }

    fn finish(&mut self) {
        // Broker and transport fall silent: time alone ends every request.
        for _ in 0..1_000 {
            let Some(at) = self.connection.next_deadline() else {
                break;
            };
            if self.is_all_done() {
                break;
            }
            self.now = self.now.max(at);
            self.connection.handle_timer(self.now);
            self.check();
        }
        assert!(self.is_all_done(), "{:?}", self.connection);
        self.connection.close(self.now);
        self.check();
        self.submit_frame();
        self.submit();
        self.probe();
        self.write();
        self.deliver();
        self.time_passes();
        self.check();
        self.check_end();
    }

    fn is_all_done(&self) -> bool {
        self.known.values().all(|known| known.is_done)
    }
}
