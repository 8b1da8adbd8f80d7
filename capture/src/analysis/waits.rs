//! Requests that waited long for their response, and brokers that answered nobody for a while.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::ApiKey;
use kafka_codec::messages::{FetchRequest, JoinGroupRequest, ProduceRequest, ShareFetchRequest};
use serde::Serialize;

use super::body;
use super::open::InFlight;
use crate::event::{Connection, Direction, End, Event, EventKind, Message};
use crate::output::Sink;

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1000 * MILLISECOND;
/// Requests that wait shorter are not kept.
const MIN_WAIT: i64 = 500 * MILLISECOND;
/// A request is slow, and a broker stalls, from so long on.
const LONG: i64 = SECOND;
/// How much time may be between two waiting requests of a stall: clients wait before they connect again.
const MAX_PAUSE: i64 = 2 * SECOND;
/// On how many connections requests wait while a broker stalls.
const MIN_CONNECTIONS: usize = 2;
/// How many long waits, and how many silences of a broker, are kept.
const MAX_WAITS: usize = 50_000;
const MAX_SILENCES: usize = 4096;
const MAX_BROKERS: usize = 1 << 12;
/// How many stalls and how many slow requests are written.
const MAX_SHOWN: usize = 1000;
/// For how long JoinGroup and SyncGroup may be held if the client did not say.
const REBALANCE: i64 = 300 * SECOND;

/// Follows requests that wait.
#[derive(Debug, Default)]
pub struct Waits {
    in_flight: InFlight<Asked>,
    brokers: HashMap<SocketAddr, Broker>,
    waits: Vec<Wait>,
    left_out: u64,
    names: HashMap<u64, Arc<str>>,
    rebalance: HashMap<u64, i64>,
    /// When each connection had its last response.
    answered: HashMap<u64, i64>,
    last: i64,
}

#[derive(Debug)]
struct Asked {
    api: i16,
    client: Arc<str>,
    sent: i64,
    /// For how long the broker may hold the request.
    hold: i64,
}

impl Asked {
    /// From when on the broker has no reason to hold the request. It takes up the requests of a connection one after the other.
    fn due(&self, ready: i64) -> i64 {
        self.sent.max(ready).saturating_add(self.hold)
    }
}

/// A request that waited.
#[derive(Debug)]
struct Wait {
    broker: SocketAddr,
    connection: u64,
    conn: Arc<str>,
    asked: Asked,
    due: i64,
    end: i64,
    is_answered: bool,
}

#[derive(Debug, Default)]
struct Broker {
    first: i64,
    last_response: Option<i64>,
    /// Times without a response.
    silences: Vec<(i64, i64)>,
}

/// Stalls of brokers, and slow requests beside them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitsDocument {
    pub(crate) stalls: Vec<Stall>,
    pub(crate) slow: Vec<Slow>,
    /// Slow requests that are not listed, since there are too many.
    pub(crate) slow_left_out: u64,
}

/// A time in which a broker answered nobody while several connections waited. Times are in nanoseconds since 1970.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stall {
    pub(crate) broker: SocketAddr,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) requests: usize,
    pub(crate) connections: usize,
    /// Requests that were not answered before their connection or the capture ended.
    pub(crate) in_vain: usize,
    pub(crate) clients: BTreeMap<String, u64>,
    /// `true` if the broker answered again.
    pub(crate) is_over: bool,
}

/// A request that waited for a second or more, beyond what it allowed itself, while its broker answered others.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Slow {
    pub(crate) api: String,
    pub(crate) broker: SocketAddr,
    pub(crate) conn: String,
    pub(crate) client_id: Option<String>,
    pub(crate) sent: i64,
    pub(crate) end: i64,
    pub(crate) is_answered: bool,
}

impl Waits {
    /// Begins.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes note of the time of a packet.
    pub fn packet(&mut self, time: i64) {
        self.last = self.last.max(time);
    }

    fn request(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let connection = event.connection;
        let is_room = self.brokers.len() < MAX_BROKERS;
        if is_room || self.brokers.contains_key(&connection.broker) {
            let broker = self.brokers.entry(connection.broker);
            broker.or_insert_with(|| Broker {
                first: event.time,
                ..Broker::default()
            });
        }
        if message.expects_response != Some(true) {
            return;
        }
        let hold = self.hold(connection, message);
        let asked = Asked {
            api: message.api_key.number(),
            client: Arc::from(message.client_id.unwrap_or_default()),
            sent: event.time,
            hold,
        };
        self.in_flight.insert(connection, message, asked);
    }

    /// For how long a broker may hold a request, in nanoseconds.
    fn hold(&mut self, connection: &Connection, message: &Message<'_>) -> i64 {
        let milliseconds = |time: i32| i64::from(time.max(0)) * MILLISECOND;
        match message.api_key {
            ApiKey::Fetch => body::<FetchRequest<'_>>(message)
                .map_or(0, |request| milliseconds(request.max_wait_ms)),
            ApiKey::ShareFetch => body::<ShareFetchRequest<'_>>(message)
                .map_or(0, |request| milliseconds(request.max_wait_ms)),
            // With acks -1 the broker waits for the replicas.
            ApiKey::Produce => body::<ProduceRequest<'_>>(message)
                .filter(|request| request.acks.0 == -1)
                .map_or(0, |request| milliseconds(request.timeout_ms)),
            ApiKey::JoinGroup => {
                let hold = body::<JoinGroupRequest<'_>>(message).map_or(REBALANCE, |request| {
                    let wait = request.rebalance_timeout_ms.max(request.session_timeout_ms);
                    milliseconds(wait)
                });
                self.rebalance.insert(connection.id, hold);
                hold
            }
            ApiKey::SyncGroup => {
                let hold = self.rebalance.get(&connection.id);
                hold.copied().unwrap_or(REBALANCE)
            }
            _ => 0,
        }
    }

    fn response(&mut self, event: &Event<'_>, message: &Message<'_>) {
        if let Some(broker) = self.brokers.get_mut(&event.connection.broker) {
            broker.answers(event.time);
        }
        let Some(asked) = self.in_flight.take(event.connection, message) else {
            return;
        };
        let before = self.answered.insert(event.connection.id, event.time);
        let due = asked.due(before.unwrap_or(i64::MIN));
        let closed = event.life.client_closed();
        let (end, is_answered) = match closed {
            Some(closed) if closed < event.time => (closed, false),
            _ => (event.time, true),
        };
        self.wait(event.connection, asked, due, end, is_answered);
    }

    fn wait(
        &mut self,
        connection: &Connection,
        asked: Asked,
        due: i64,
        end: i64,
        is_answered: bool,
    ) {
        // What the broker may hold is kept too: it may be held for longer.
        if end.saturating_sub(asked.sent) < MIN_WAIT {
            return;
        }
        let is_held = is_answered && end.saturating_sub(due) < MIN_WAIT;
        if is_held {
            return;
        }
        if self.waits.len() >= MAX_WAITS {
            self.left_out += 1;
            return;
        }
        let name = self.names.entry(connection.id);
        let conn = name.or_insert_with(|| Arc::from(connection.name.as_str()));
        self.waits.push(Wait {
            broker: connection.broker,
            connection: connection.id,
            conn: Arc::clone(conn),
            asked,
            due,
            end,
            is_answered,
        });
    }

    /// Ends the capture.
    #[must_use]
    pub fn finish(mut self) -> WaitsDocument {
        self.waits.sort_by_key(|wait| wait.due);
        let mut by_broker: HashMap<_, Vec<&Wait>> = HashMap::new();
        for wait in &self.waits {
            by_broker.entry(wait.broker).or_default().push(wait);
        }
        let mut stalls = Vec::new();
        for (address, broker) in &mut self.brokers {
            broker.ends(self.last);
            let waits = by_broker.remove(address).unwrap_or_default();
            for silence in &broker.silences {
                stalls.extend(of_silence(*address, *silence, &waits, self.last));
            }
        }
        stalls.sort_by_key(|stall: &Stall| (stall.from, stall.broker));
        stalls.truncate(MAX_SHOWN);
        let is_in_stall = |wait: &Wait| {
            stalls.iter().any(|stall| {
                stall.broker == wait.broker && stall.from < wait.end && wait.asked.sent < stall.to
            })
        };
        let mut slow: Vec<_> = self
            .waits
            .iter()
            .filter(|wait| wait.end.saturating_sub(wait.due) >= LONG)
            .filter(|wait| !is_in_stall(wait))
            .map(Wait::slow)
            .collect();
        slow.sort_by_key(|slow| std::cmp::Reverse(slow.end.saturating_sub(slow.sent)));
        let more = slow.len().saturating_sub(MAX_SHOWN);
        slow.truncate(MAX_SHOWN);
        WaitsDocument {
            stalls,
            slow,
            slow_left_out: self.left_out + u64::try_from(more).unwrap_or(u64::MAX),
        }
    }
}

impl Wait {
    fn slow(&self) -> Slow {
        let name = ApiKey::from_number(self.asked.api).name();
        Slow {
            api: name.map_or_else(|| self.asked.api.to_string(), str::to_owned),
            broker: self.broker,
            conn: self.conn.to_string(),
            client_id: super::known(&self.asked.client).map(str::to_owned),
            sent: self.asked.sent,
            end: self.end,
            is_answered: self.is_answered,
        }
    }
}

impl Broker {
    fn answers(&mut self, time: i64) {
        let from = self.last_response.unwrap_or(self.first);
        self.silence(from, time);
        self.last_response = Some(from.max(time));
    }

    /// The capture ends.
    fn ends(&mut self, time: i64) {
        let from = self.last_response.unwrap_or(self.first);
        self.silence(from, time);
    }

    fn silence(&mut self, from: i64, to: i64) {
        if to.saturating_sub(from) >= LONG && self.silences.len() < MAX_SILENCES {
            self.silences.push((from, to));
        }
    }
}

/// The stalls within a time in which a broker did not answer. The waits are in the order in which they are due.
fn of_silence(broker: SocketAddr, silence: (i64, i64), waits: &[&Wait], last: i64) -> Vec<Stall> {
    let within: Vec<_> = waits
        .iter()
        .copied()
        .filter(|wait| wait.end > silence.0 && wait.asked.sent < silence.1)
        .collect();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    // Requests that were given up while the broker still might hold them say nothing about it.
    for wait in within.iter().filter(|wait| wait.due < wait.end) {
        let (from, to) = (wait.due.max(silence.0), wait.end.min(silence.1));
        match runs.last_mut() {
            Some((_, end)) if from.saturating_sub(*end) <= MAX_PAUSE => *end = (*end).max(to),
            _ => runs.push((from, to)),
        }
    }
    let stalls = runs.into_iter().filter_map(|(from, to)| {
        let waits = within.iter().copied();
        let waits: Vec<_> = waits
            .filter(|wait| wait.end > from && wait.asked.sent < to)
            .collect();
        // It began to be silent for those too that it might have let wait.
        let first = waits.iter().map(|wait| wait.asked.sent).min();
        let from = first.map_or(from, |first| first.clamp(silence.0, from));
        let connections: HashSet<_> = waits.iter().map(|wait| wait.connection).collect();
        if to.saturating_sub(from) < LONG || connections.len() < MIN_CONNECTIONS {
            return None;
        }
        let mut clients = BTreeMap::new();
        for wait in &waits {
            *clients.entry(wait.asked.client.to_string()).or_default() += 1;
        }
        Some(Stall {
            broker,
            from,
            to,
            requests: waits.len(),
            connections: connections.len(),
            in_vain: waits.iter().filter(|wait| !wait.is_answered).count(),
            clients,
            is_over: silence.1 < last,
        })
    });
    stalls.collect()
}

impl Sink for Waits {
    fn event(&mut self, event: &Event<'_>) {
        self.last = self.last.max(event.time);
        match (&event.kind, event.direction) {
            (EventKind::Message(message), Direction::ToBroker) => self.request(event, message),
            (EventKind::Message(message), Direction::ToClient) => self.response(event, message),
            // The answers may have been in what is missing.
            (EventKind::Gap(gap), Direction::ToClient) if gap.missing > 0 => {
                self.in_flight.end(event.connection).for_each(drop);
            }
            _ => {}
        }
    }

    fn end(&mut self, end: &End<'_>) {
        let closed = end.life.endings().next().map(|ending| ending.time);
        let closed = closed.unwrap_or(self.last);
        let open: Vec<_> = self.in_flight.end(end.connection).collect();
        let mut ready = self.answered.remove(&end.connection.id);
        for asked in open {
            let due = asked.due(ready.unwrap_or(i64::MIN));
            ready = Some(due);
            self.wait(end.connection, asked, due, closed, false);
        }
        self.names.remove(&end.connection.id);
        self.rebalance.remove(&end.connection.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A broker and its clients, on connections by number. Times are in milliseconds.
    struct Case {
        waits: Waits,
        answers: Vec<i64>,
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    impl Case {
        fn new() -> Self {
            Self {
                waits: Waits::new(),
                answers: vec![0],
            }
        }

        /// A request that the broker may hold for a time, and when it was answered or the connection closed.
        fn request(&mut self, connection: u16, sent: i64, hold: i64, end: i64, is_answered: bool) {
            let asked = Asked {
                api: ApiKey::Metadata.number(),
                client: Arc::from(format!("client-{connection}")),
                sent: sent * MILLISECOND,
                hold: hold * MILLISECOND,
            };
            let due = asked.due(i64::MIN);
            let connection = Connection::new(address(connection), address(9092), connection.into());
            let end = end * MILLISECOND;
            self.waits.wait(&connection, asked, due, end, is_answered);
            self.waits.packet(end);
            if is_answered {
                self.answers.push(end);
            }
        }

        /// The broker answers someone who did not wait.
        fn answer(&mut self, time: i64) {
            self.answers.push(time * MILLISECOND);
            self.waits.packet(time * MILLISECOND);
        }

        fn finish(mut self) -> WaitsDocument {
            self.answers.sort_unstable();
            let broker = self.waits.brokers.entry(address(9092)).or_default();
            for time in self.answers {
                broker.answers(time);
            }
            self.waits.finish()
        }
    }

    #[test]
    fn a_broker_that_answers_nobody_stalls_from_the_first_request_to_its_next_answer() {
        let mut case = Case::new();
        case.answer(900);
        case.request(1, 1000, 0, 5500, true);
        case.request(2, 1400, 0, 3000, false);
        case.request(3, 5000, 0, 5600, true);
        case.answer(9000);
        let found = case.finish();
        let [stall] = &found.stalls[..] else {
            panic!("{found:?}");
        };
        assert_eq!(
            (stall.from, stall.to),
            (1000 * MILLISECOND, 5500 * MILLISECOND)
        );
        assert_eq!(
            (stall.requests, stall.connections, stall.in_vain),
            (3, 3, 1)
        );
        assert!(stall.is_over);
        let clients: Vec<_> = stall.clients.keys().map(String::as_str).collect();
        assert_eq!(clients, ["client-1", "client-2", "client-3"]);
        assert!(found.slow.is_empty(), "{found:?}");
    }

    #[test]
    fn a_stall_at_the_end_of_the_capture_is_not_over() {
        let mut case = Case::new();
        case.request(1, 1000, 0, 4000, false);
        case.request(2, 1200, 0, 4000, false);
        let found = case.finish();
        assert_eq!(found.stalls.len(), 1, "{found:?}");
        assert!(!found.stalls[0].is_over);
        assert_eq!(found.stalls[0].in_vain, 2);
    }

    #[test]
    fn requests_wait_for_slow_answers_while_the_broker_answers_others() {
        let mut case = Case::new();
        case.request(1, 1000, 0, 4000, true);
        case.request(2, 1000, 0, 3999, true);
        for time in (0..5000).step_by(900) {
            case.answer(time);
        }
        let found = case.finish();
        assert!(found.stalls.is_empty(), "{found:?}");
        let lengths: Vec<_> = found.slow.iter().map(|slow| slow.end - slow.sent).collect();
        assert_eq!(lengths, [3000 * MILLISECOND, 2999 * MILLISECOND]);
        assert_eq!(found.slow[0].client_id.as_deref(), Some("client-1"));
    }

    #[test]
    fn one_connection_alone_does_not_tell_of_a_stall() {
        let mut case = Case::new();
        case.request(1, 1000, 0, 4000, true);
        case.request(1, 1500, 0, 4000, true);
        let found = case.finish();
        assert!(found.stalls.is_empty(), "{found:?}");
        assert_eq!(found.slow.len(), 2);
    }

    #[test]
    fn what_the_broker_may_hold_is_neither_slow_nor_a_stall() {
        let mut case = Case::new();
        case.request(1, 1000, 5000, 6000, true);
        case.request(2, 1000, 5000, 6400, true);
        // The client gave up before the time was over.
        case.request(3, 1000, 30_000, 6000, false);
        let found = case.finish();
        assert!(found.stalls.is_empty(), "{found:?}");
        assert!(found.slow.is_empty(), "{found:?}");
    }

    #[test]
    fn requests_are_due_when_those_ahead_of_them_may_be_over() {
        let asked = |sent, hold| Asked {
            api: ApiKey::Metadata.number(),
            client: Arc::from("pipelines"),
            sent,
            hold,
        };
        assert_eq!(asked(100, 0).due(i64::MIN), 100);
        assert_eq!(asked(100, 50).due(120), 170);
        assert_eq!(asked(100, 50).due(90), 150);
    }

    #[test]
    fn waits_below_a_second_are_not_found() {
        let mut case = Case::new();
        case.request(1, 1000, 0, 1999, true);
        case.request(2, 1000, 0, 1999, true);
        let found = case.finish();
        assert!(
            found.stalls.is_empty() && found.slow.is_empty(),
            "{found:?}"
        );
    }
}
