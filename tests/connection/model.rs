//! Random operations against a model that is simpler than the connection: whatever happens, every request is
//! completed exactly once, memory is bounded, and nothing follows the end.
//!
//! `MODEL_RUNS` says how many runs; `MODEL_SEED` repeats one.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;

use bytes::Buf;
use kafka_codec::connection::sasl::{Mechanism, Plain};
use kafka_codec::connection::{
    Connection, Delivery, Event, IdlePolicy, OnTimeout, Outcome, ReauthenticationMode, RequestId,
    State, SubmitOptions,
};
use kafka_codec::messages::{SaslAuthenticateResponse, SaslHandshakeResponse};
use kafka_codec::{ApiKey, Message};

use crate::driver::{Written, all_versions, ms, options, request, response};
use crate::random::Random;
use crate::rule_11_acks_0::produce;

/// What the model knows of a request that was accepted.
struct Known {
    bytes: usize,
    is_done: bool,
}

struct Model {
    random: Random,
    connection: Connection,
    now: std::time::Instant,
    known: HashMap<RequestId, Known>,
    /// The tags of requests of which the broker has seen a byte.
    seen: HashSet<u64>,
    /// Bytes on the way to the broker, and requests that it has not answered.
    wire: VecDeque<u8>,
    unanswered: VecDeque<Written>,
    /// Bytes on the way to the client.
    back: VecDeque<u8>,
    max_in_flight: usize,
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

#[test]
fn every_request_is_completed_exactly_once_whatever_happens() {
    if let Ok(seed) = std::env::var("MODEL_SEED") {
        run(seed.parse().expect("MODEL_SEED is a number"));
        return;
    }
    let runs = std::env::var("MODEL_RUNS").map_or(10_000, |runs| runs.parse().unwrap());
    let mut completions = 0;
    for seed in 0..runs {
        completions += run(seed);
    }
    println!("{runs} runs, {completions} requests, each completed once");
    assert!(completions > runs, "the runs do something");
}

fn run(seed: usize) -> usize {
    let mut model = Model::new(Random::of(&format!("model {seed}")));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for _ in 0..model.random.below(120) {
            model.step();
            model.check();
        }
        model.finish();
    }));
    if let Err(panic) = result {
        eprintln!("repeat with MODEL_SEED={seed}");
        std::panic::resume_unwind(panic);
    }
    model.completions
}

impl Model {
    fn new(mut random: Random) -> Self {
        let max_in_flight = 1 + random.below(6);
        let mut options = options()
            .with_max_in_flight(max_in_flight)
            .with_first_correlation_id(random.pick(&[1, i32::MAX - 12, 100]))
            .with_reserved_sasl_ids(random.below(2) == 0);
        if random.below(2) == 0 {
            options = options.with_on_timeout(OnTimeout::Abandon);
        }
        if random.below(2) == 0 {
            options = options.with_reauthentication(ReauthenticationMode::Drain);
        }
        options = options.with_idle(random.pick(&[
            IdlePolicy::Ignore,
            IdlePolicy::Close(ms(20_000)),
            IdlePolicy::KeepAlive(ms(5_000)),
        ]));
        let mechanisms: Vec<Box<dyn Mechanism>> = match random.below(3) {
            0 => vec![Box::new(Plain::new("alice", "secret"))],
            _ => Vec::new(),
        };
        let now = std::time::Instant::now();
        let is_calm = random.below(3) > 0;
        let lifetime = random.pick(&[0, 2_000, 9_000]);
        Self {
            random,
            connection: Connection::with_sasl(now, options, mechanisms),
            now,
            known: HashMap::new(),
            seen: HashSet::new(),
            wire: VecDeque::new(),
            unanswered: VecDeque::new(),
            back: VecDeque::new(),
            max_in_flight,
            lifetime,
            last_responded: None,
            has_closed: false,
            is_calm,
            is_corrupt: false,
            next_tag: 0,
            completions: 0,
        }
    }

    fn step(&mut self) {
        match self.random.below(if self.is_calm { 97 } else { 100 }) {
            0..25 => self.submit(),
            25..45 => self.write(),
            45..60 => self.broker_answers(),
            60..80 => self.deliver(),
            80..88 => self.time_passes(),
            88..91 => self.cancel(),
            91..93 => drop(self.connection.probe(self.now)),
            93..97 => self.connection.handle_opened(self.now),
            97 => self.misbehave(),
            98 => self.connection.drain(self.now, ms(500)),
            _ => self.end(),
        }
    }

    fn submit(&mut self) {
        let tag = self.next_tag;
        self.next_tag += 1;
        let mut frame = match self.random.below(3) {
            0 => produce(0).to_vec(),
            1 => produce(1).to_vec(),
            _ => request(ApiKey::Fetch, 16, b"").to_vec(),
        };
        frame.extend(tag.to_be_bytes());
        let mut options = SubmitOptions::default().with_tag(tag);
        if self.random.below(4) == 0 {
            options = options.with_timeout(ms(100 + tag % 400));
        }
        if self.random.below(8) == 0 {
            options = options.with_deadline(self.now + ms(tag % 700));
        }
        let bytes = frame.len() + 4;
        let result = self
            .connection
            .submit_frame(self.now, &frame.into(), options);
        let is_over = matches!(self.connection.state(), State::Draining | State::Closed);
        // A broken table of versions may lack what is asked for.
        assert!(self.is_corrupt || result.is_err() == is_over, "{result:?}");
        if let Ok(id) = result {
            let known = Known {
                bytes,
                is_done: false,
            };
            assert!(self.known.insert(id, known).is_none(), "an id is used once");
        }
    }

    fn write(&mut self) {
        let Some(mut transmit) = self.connection.poll_transmit() else {
            return;
        };
        let bytes = match self.random.below(3) {
            0 => self.random.below(transmit.remaining() + 1),
            _ => transmit.remaining(),
        };
        self.wire.extend(transmit.copy_to_bytes(bytes));
        self.connection.handle_written(self.now, bytes);
        self.broker_reads();
    }

    /// The broker takes whole requests off the wire.
    fn broker_reads(&mut self) {
        while self.wire.len() >= 4 {
            let size: Vec<u8> = self.wire.iter().take(4).copied().collect();
            let size = usize::try_from(i32::from_be_bytes(size.try_into().unwrap())).unwrap();
            if self.wire.len() < 4 + size {
                return;
            }
            let frame: Vec<u8> = self.wire.drain(..4 + size).skip(4).collect();
            let Ok((header, body)) = kafka_codec::messages::RequestHeader::split(&frame) else {
                assert!(
                    self.is_corrupt,
                    "only a broken table of versions leads to bare tokens"
                );
                continue;
            };
            let written = Written {
                key: header.api_key(),
                version: header.version(),
                correlation_id: header.correlation_id,
                client_id: None,
                body: body.to_vec(),
            };
            if let Some(tag) = tag_of(&written) {
                assert!(self.seen.insert(tag), "a request is sent once");
            }
            // Acks 0 are not answered, or by mistake.
            let is_silent = written.key == ApiKey::Produce && body.get(2) == Some(&0);
            if !is_silent || self.random.below(5) == 0 {
                self.unanswered.push_back(written);
            }
        }
    }

    fn broker_answers(&mut self) {
        let Some(asked) = self.unanswered.pop_front() else {
            return;
        };
        let version = asked.version;
        let body = match asked.key {
            ApiKey::ApiVersions => all_versions().encode_to_vec(version).unwrap(),
            ApiKey::SaslHandshake => SaslHandshakeResponse::default()
                .encode_to_vec(version)
                .unwrap(),
            ApiKey::SaslAuthenticate => SaslAuthenticateResponse {
                session_lifetime_ms: self.lifetime,
                ..Default::default()
            }
            .encode_to_vec(version)
            .unwrap(),
            _ => {
                let throttle = self.random.pick(&[0, 0, 0, 50, 700_i32]);
                let mut body = throttle.to_be_bytes().to_vec();
                body.extend(tag_of(&asked).unwrap().to_be_bytes());
                body
            }
        };
        self.back.extend(response(&asked, &body));
    }

    fn deliver(&mut self) {
        let bytes = match self.random.below(3) {
            0 => self.random.below(self.back.len() + 1),
            _ => self.back.len(),
        };
        let bytes: Vec<u8> = self.back.drain(..bytes).collect();
        self.connection.handle_bytes(self.now, &bytes);
    }

    fn time_passes(&mut self) {
        if self.random.below(2) == 0 {
            self.now += ms(u64::try_from(self.random.below(1_500)).unwrap());
        } else if let Some(at) = self.connection.next_deadline() {
            self.now = self.now.max(at);
        }
        self.connection.handle_timer(self.now);
        // Everything that was due is done: there is no busy loop.
        let due = self.connection.next_deadline().filter(|at| *at <= self.now);
        assert_eq!(due, None, "in state {}", self.connection.state());
    }

    fn cancel(&mut self) {
        let mut ids: Vec<RequestId> = self.known.keys().copied().collect();
        ids.sort();
        if !ids.is_empty() {
            let id = self.random.pick(&ids);
            self.take_events();
            let was_open = !self.known[&id].is_done;
            assert_eq!(self.connection.cancel(self.now, id), was_open);
        }
    }

    fn misbehave(&mut self) {
        let bytes: &[u8] = match self.random.below(5) {
            0 => b"\xff\xff\xff\xff",
            1 => b"\x7f\xff\xff\xff",
            2 => b"\0\0\0\x04\x7e\x6d\x5c\x4b",
            3 => b"HTTP/1.1 400 Bad Request\r\n",
            _ => b"\0\0\0\0",
        };
        self.is_corrupt = true;
        self.connection.handle_bytes(self.now, bytes);
    }

    fn end(&mut self) {
        match self.random.below(6) {
            0 => self.connection.handle_end_of_stream(self.now),
            1 => {
                let error = io::Error::from(io::ErrorKind::ConnectionReset);
                self.connection.handle_transport_error(self.now, &error);
            }
            2 => self.connection.close(self.now),
            3 => self.connection.retire(self.now),
            _ => {}
        }
    }

    fn finish(&mut self) {
        // Broker and transport fall silent: time alone ends every request.
        for _ in 0..1_000 {
            let Some(at) = self.connection.next_deadline() else {
                break;
            };
            if self.known.values().all(|known| known.is_done) {
                break;
            }
            self.now = self.now.max(at);
            self.connection.handle_timer(self.now);
            self.check();
        }
        assert!(
            self.known.values().all(|known| known.is_done),
            "{:?}",
            self.connection
        );
        self.connection.close(self.now);
        self.check();
        assert!(self.has_closed);
        assert!(self.known.values().all(|known| known.is_done));
        self.submit();
        self.write();
        self.deliver();
        self.time_passes();
        self.check();
        assert_eq!(self.connection.buffered_bytes(), 0);
    }

    fn check(&mut self) {
        self.take_events();
        let unsent: usize = self
            .known
            .values()
            .filter(|known| !known.is_done)
            .map(|known| known.bytes)
            .sum();
        // Beside them: requests that were given up while being written, the connection's own, and
        // the frame that is arriving.
        let (small, arriving) = (100 * (self.max_in_flight + 2), 20_000);
        let held = self.connection.buffered_bytes();
        assert!(
            held <= unsent + small + arriving,
            "{held} bytes held for {unsent}"
        );
        assert!(self.connection.in_flight() <= self.max_in_flight + 2);
        if self.connection.state() == State::Closed {
            assert!(self.connection.is_idle());
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            assert!(!self.has_closed, "{event:?} after the end");
            match event {
                Event::Completed(done) => {
                    let known = self.known.get_mut(&done.id()).expect("it was accepted");
                    assert!(!known.is_done, "{done:?} twice");
                    known.is_done = true;
                    self.completions += 1;
                    assert_eq!(done.bytes_out(), known.bytes);
                    let is_answer = matches!(done.outcome(), Outcome::Response(_));
                    assert_eq!(is_answer, done.delivery() == Delivery::Responded);
                    if done.delivery() == Delivery::NotSent {
                        assert!(!self.seen.contains(&done.tag()), "{done:?} was sent");
                    }
                    if let Outcome::Response(response) = done.outcome() {
                        assert!(self.last_responded < Some(done.id()), "out of order");
                        self.last_responded = Some(done.id());
                        let body = response.body().unwrap_or_default();
                        let is_own = body.get(4..12) == Some(&done.tag().to_be_bytes());
                        assert!(
                            is_own || self.is_corrupt,
                            "{done:?} with the response of another"
                        );
                    }
                }
                Event::Closed(_) => self.has_closed = true,
                _ => {}
            }
        }
    }
}

/// The tag at the end of a request of the model.
fn tag_of(written: &Written) -> Option<u64> {
    if !matches!(written.key, ApiKey::Produce | ApiKey::Fetch) {
        return None;
    }
    let (_, tag) = written.body.split_last_chunk()?;
    Some(u64::from_be_bytes(*tag))
}
