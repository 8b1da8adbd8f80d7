//! One connection out of a capture through both sides of the machine, as through a proxy: the client's packets go into
//! the accepting side, its requests into the connection, the broker's packets into that, and the responses back.

mod ending;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use kafka_codec::connection::server::{
    IncomingRequest, ServerConnection, ServerEvent, ServerOptions,
};
use kafka_codec::connection::{
    ApiLabel, CloseReport, Completion, Connection, ConnectionOptions, Delivery, Event, Negotiation,
    Outcome, RequestId, SubmitOptions, TimeoutFrom, VersionTable,
};

use crate::streams::{Arrival, TcpConnection};
use crate::truth::Frame;
use tokens::Tokens;

/// What became of the requests, by what the machine said of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) answered: usize,
    pub(crate) without_response: usize,
    /// A part of the response came.
    pub(crate) cut_off: usize,
    pub(crate) unanswered: usize,
}

/// A request on its way.
struct Sent<'a> {
    truth: &'a Frame,
    /// The response, by the list.
    response: Option<&'a Frame>,
    /// What the accepting side calls it.
    id: RequestId,
    is_completed: bool,
}

pub(crate) struct Replay<'a> {
    tcp: &'a TcpConnection,
    name: String,
    /// The frames of the list that are still to come from the client.
    to_come: std::slice::Iter<'a, Frame>,
    /// The broker's frames of the list, and its responses by their ids.
    to_client: &'a [Frame],
    responses: HashMap<i32, &'a Frame>,
    /// The exchange of bare tokens, if there is one.
    tokens: Option<Tokens<'a>>,
    start: Instant,
    started: i64,
    client: Connection,
    server: ServerConnection,
    /// The machine's correlation id by that on the wire.
    ids: HashMap<i32, i32>,
    /// What the broker sent, with the machine's correlation ids in the first frames.
    received: Vec<u8>,
    /// How many these are.
    renumbered: usize,
    sent: Vec<Sent<'a>>,
    /// When the last response was complete.
    last_response: Option<i64>,
    /// What the client would have got.
    returned: Vec<u8>,
    /// The requests that failed.
    failed: Vec<(ApiLabel, Delivery)>,
    report: Option<Arc<CloseReport>>,
    tally: Tally,
}

const FOREVER: Duration = Duration::from_secs(1 << 20);
/// How many bytes the size of a frame takes.
const SIZE_BYTES: usize = 4;

impl<'a> Replay<'a> {
    /// `frames` are those of the list, the client's first.
    pub(crate) fn new(tcp: &'a TcpConnection, frames: &'a [Frame]) -> Self {
        let start = Instant::now();
        let requests = frames.iter().take_while(|frame| frame.to_broker).count();
        let (to_broker, to_client) = frames.split_at(requests);
        let name = format!("{} -> {}", tcp.client, tcp.broker);
        let (tokens, mechanisms) = Tokens::of(tcp, frames).unzip();
        // The client learns the versions for itself, and has deadlines of its own.
        let mut options = ConnectionOptions::new(name.as_str())
            .with_negotiation(Negotiation::Assume(tokens::versions(frames)))
            .with_max_in_flight(usize::MAX)
            .with_request_timeout(FOREVER, TimeoutFrom::Written)
            .with_stall_timeout(FOREVER)
            .with_first_correlation_id(to_broker.first().and_then(|frame| frame.id).unwrap_or(1));
        if tokens.is_some() {
            options = options.with_client_id(frames[0].client_id.as_str());
        }
        let served = ServerOptions::new(name.as_str(), VersionTable::default())
            .with_forwarding(true)
            .with_max_in_flight(usize::MAX)
            .with_idle(None)
            .with_stall_timeout(FOREVER);
        let responses = to_client
            .iter()
            .filter(|frame| !frame.is_token)
            .map(|frame| (frame.id.expect("a response has an id"), frame));
        let mut replay = Self {
            tcp,
            name,
            to_come: to_broker.iter(),
            to_client,
            responses: responses.collect(),
            tokens,
            start,
            started: tcp.arrivals[0].time,
            client: Connection::with_sasl(start, options, mechanisms.into_iter().collect()),
            server: ServerConnection::new(start, served),
            ids: HashMap::new(),
            received: tcp.to_client.bytes.clone(),
            renumbered: 0,
            sent: Vec::new(),
            last_response: None,
            returned: Vec::new(),
            failed: Vec::new(),
            report: None,
            tally: Tally::default(),
        };
        replay.client.handle_opened(start);
        replay
    }

    /// All of it, and what became of the requests; those without any of a response
    /// beside it, by the client's ids.
    pub(crate) fn run(mut self) -> (Tally, Vec<ApiLabel>) {
        for arrival in &self.tcp.arrivals {
            let now = self.at(arrival.time);
            self.client.handle_timer(now);
            self.server.handle_timer(now);
            match arrival.to_broker {
                true => self.client_sent(now, arrival),
                false => self.broker_sent(now, arrival),
            }
            self.take_events(now);
            assert!(self.report.is_none(), "{}: {:?}", self.name, self.report);
        }
        self.end()
    }

    /// The moment of a time in the capture.
    fn at(&self, time: i64) -> Instant {
        self.start + since(self.started, time)
    }

    fn client_sent(&mut self, now: Instant, arrival: &Arrival) {
        let bytes = &self.tcp.to_broker.bytes[arrival.bytes.clone()];
        assert_eq!(self.server.handle_bytes(now, bytes), bytes.len());
        while let Some(event) = self.server.poll_event() {
            match event {
                ServerEvent::Request(request) => self.on_request(now, arrival.time, &request),
                ServerEvent::SaslToken(token) => self.on_token(now, arrival.time, token),
                other => panic!("{}: {other:?}", self.name),
            }
        }
    }

    fn on_request(&mut self, now: Instant, time: i64, request: &IncomingRequest) {
        let truth = self.to_come.next().expect("no more than the list has");
        let name = format!("{} {} {:?}", self.name, truth.api, truth.id);
        let label = request.label();
        let wire_id = label.correlation_id;
        assert!(is(label, truth) && truth.id == Some(wire_id), "{name}");
        assert_eq!(request.frame().len() + 4, truth.bytes, "{name}");
        assert_eq!(time, truth.last_time, "{name}");
        assert_eq!(
            request.client_id().unwrap_or_default(),
            truth.client_id,
            "{name}"
        );
        assert_eq!(
            request.expects_response(),
            !truth.wants_no_response,
            "{name}"
        );
        self.tally.requests += 1;
        if self.tokens.is_some() && truth.asks_for_bare_tokens() {
            // That is the connection's own to send.
            self.on_handshake(truth, request.id());
        } else {
            let options = SubmitOptions::default().with_tag(self.sent.len().try_into().unwrap());
            self.sent.push(Sent {
                truth,
                response: self.responses.get(&wire_id).copied(),
                id: request.id(),
                is_completed: false,
            });
            self.client
                .submit_frame(now, request.frame(), options)
                .unwrap();
        }
        let written = self.write(now);
        assert_eq!(written[4..8], request.frame()[..4], "{name}");
        assert_eq!(
            written[12..],
            request.frame()[8..],
            "{name}: only the id changes"
        );
        let own_id = i32::from_be_bytes(written[8..12].try_into().unwrap());
        assert_eq!(
            self.ids.insert(wire_id, own_id),
            None,
            "{name}: the id is used twice"
        );
    }

    /// What the connection sends: all of it is written at once.
    fn write(&mut self, now: Instant) -> Bytes {
        let mut transmit = self.client.poll_transmit().expect("nothing holds it back");
        let written = transmit.copy_to_bytes(transmit.remaining());
        self.client.handle_written(now, written.len());
        written
    }

    fn broker_sent(&mut self, now: Instant, arrival: &Arrival) {
        self.renumber(arrival.bytes.end);
        let bytes = &self.received[arrival.bytes.clone()];
        self.client.handle_bytes(now, bytes);
    }

    /// Puts the machine's correlation ids into the frames that begin before `end`.
    fn renumber(&mut self, end: usize) {
        while let Some(frame) = self.to_client.get(self.renumbered) {
            if frame.offset >= end {
                return;
            }
            self.renumbered += 1;
            // A token has none.
            if let Some(wire_id) = frame.id {
                // An id that nobody asked with is one that the machine does not know either.
                let id = self.ids.get(&wire_id).copied().unwrap_or(-1);
                let at = frame.offset + SIZE_BYTES;
                self.received[at..at + 4].copy_from_slice(&id.to_be_bytes());
            }
        }
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.client.poll_event() {
            assert!(
                self.report.is_none(),
                "{}: {event:?} after the end",
                self.name
            );
            match event {
                Event::Completed(done) => self.on_completed(now, &done),
                Event::Closed(report) => self.report = Some(report),
                Event::SaslTokenWanted { challenge, .. } => self.on_token_wanted(now, &challenge),
                event @ (Event::SaslSucceeded { .. } | Event::Ready { .. })
                    if self.tokens.is_some() =>
                {
                    self.on_session(&event);
                }
                Event::StateChanged { .. }
                | Event::Ready { .. }
                | Event::SaslStarted { .. }
                | Event::SaslStep { .. } => {}
                other => panic!("{}: {other:?}", self.name),
            }
        }
    }

    fn on_completed(&mut self, now: Instant, done: &Completion) {
        let sent = &mut self.sent[usize::try_from(done.tag()).unwrap()];
        let (truth, response, id) = (sent.truth, sent.response, sent.id);
        let name = format!("{} {} {:?}", self.name, truth.api, truth.id);
        assert!(!sent.is_completed, "{name}: twice");
        sent.is_completed = true;
        assert!(is(done.label(), truth), "{name}: {}", done.label());
        assert_eq!(done.bytes_out(), truth.bytes, "{name}");
        let timings = *done.timings();
        assert_eq!(timings.written, Some(self.at(truth.last_time)), "{name}");
        match done.outcome() {
            Outcome::Response(raw) => {
                let response = response.unwrap_or_else(|| panic!("{name}: the list has none"));
                let wire = &self.tcp.to_client.bytes[response.offset..][..response.bytes];
                assert!(
                    response.is_whole && is(done.label(), response),
                    "{name}: {response:?}"
                );
                assert_eq!(raw.frame()[4..], wire[8..], "{name}: another's response");
                assert_eq!(done.bytes_in(), response.bytes, "{name}");
                assert_eq!(done.delivery(), Delivery::Responded, "{name}");
                let latency = since(truth.last_time, response.last_time);
                assert_eq!(timings.total(), Some(latency), "{name}");
                let behind = self.last_response.unwrap_or(truth.last_time);
                let behind = since(truth.last_time, behind.max(truth.last_time));
                assert_eq!(timings.head_of_line_wait(), Some(behind), "{name}");
                let transfer = since(response.first_time, response.last_time);
                assert_eq!(timings.transfer_time(), Some(transfer), "{name}");
                self.last_response = Some(response.last_time);
                self.tally.answered += 1;
                self.server.respond_frame(now, id, raw.frame()).unwrap();
                self.write_response(now, truth, latency);
            }
            Outcome::Written => {
                assert!(truth.wants_no_response && response.is_none(), "{name}");
                assert_eq!(done.delivery(), Delivery::SentNoResponse, "{name}");
                self.tally.without_response += 1;
            }
            Outcome::Failed(error) => {
                assert!(error.is_closed() && error.request() == done.label());
                assert_eq!(error.delivery(), done.delivery(), "{name}");
                let label = done.label().to_string();
                assert!(error.to_string().contains(&label), "{error}");
                assert_eq!(done.delivery(), self.delivery(response), "{name}");
                match response {
                    Some(_) => self.tally.cut_off += 1,
                    None => self.tally.unanswered += 1,
                }
                self.failed.push((done.label(), done.delivery()));
            }
            other => panic!("{name}: {other:?}"),
        }
    }

    /// The accepting side writes the response at once, as it stands in the capture.
    fn write_response(&mut self, now: Instant, truth: &Frame, latency: Duration) {
        let (label, handled_in) = self.write_back(now);
        assert!(is(label, truth) && Some(label.correlation_id) == truth.id);
        assert_eq!(handled_in, latency, "{}: {label}", self.name);
    }

    /// What the accepting side has for the client: what it is, and how long it took to be given.
    fn write_back(&mut self, now: Instant) -> (ApiLabel, Duration) {
        let mut transmit = self.server.poll_transmit().expect("a response");
        let written = transmit.copy_to_bytes(transmit.remaining());
        self.server.handle_written(now, written.len());
        self.returned.extend_from_slice(&written);
        match self.server.poll_event() {
            Some(ServerEvent::Written {
                label, handled_in, ..
            }) => (label, handled_in),
            other => panic!("{}: not written, but {other:?}", self.name),
        }
    }

    /// How far a request got whose response is not whole.
    fn delivery(&self, response: Option<&Frame>) -> Delivery {
        let Some(response) = response else {
            return Delivery::SentNoResponse;
        };
        assert!(!response.is_whole, "{}: {response:?}", self.name);
        let begun = &self.tcp.to_client.bytes[response.offset..];
        let size = begun.first_chunk().copied().expect("its id was read");
        Delivery::ResponsePartial {
            got: begun.len() - size.len(),
            announced: i32::from_be_bytes(size).try_into().unwrap(),
        }
    }
}

/// Returns `true` if a label is that of a frame, the correlation id left out.
fn is(label: ApiLabel, frame: &Frame) -> bool {
    label.api_key.to_string() == frame.api && Some(label.version.0) == frame.version
}

fn since(start: i64, end: i64) -> Duration {
    Duration::from_nanos(u64::try_from(end - start).expect("time does not go back"))
}
