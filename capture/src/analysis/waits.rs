//! Requests that waited long for their response, and brokers that answered nobody for a while.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::ApiKey;
use kafka_codec::messages::{FetchRequest, JoinGroupRequest, ProduceRequest, ShareFetchRequest};
use serde::Serialize;

use super::by_number::ByNumber;
use super::decoded::DecodedEvent;
use super::open::{Requests, Total};
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
/// How many clients are named of a stall: those with most requests.
const MAX_CLIENTS: usize = 100;
/// For how long JoinGroup and SyncGroup may be held if the client did not say.
const REBALANCE: i64 = 300 * SECOND;

/// Follows requests that wait.
#[derive(Debug, Default)]
pub struct Waits {
    live: ByNumber<Live>,
    in_flight: Total,
    brokers: Vec<Broker>,
    by_address: HashMap<SocketAddr, usize>,
    waits: Vec<Wait>,
    left_out: u64,
    last: i64,
}

/// A connection that is not over.
#[derive(Debug, Default)]
struct Live {
    in_flight: Requests<Asked>,
    /// The place of its broker in the list of brokers.
    broker: Option<usize>,
    /// Its name, if one of its requests is kept.
    name: Option<Arc<str>>,
    /// The client id that its requests named last.
    client: Option<Arc<str>>,
    /// For how long the broker may hold a SyncGroup request, if the client named one.
    rebalance: Option<i64>,
    /// When it had its last response.
    answered: Option<i64>,
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

#[derive(Debug)]
struct Broker {
    address: SocketAddr,
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
    /// The number of requests by client, of the clients with most.
    pub(crate) clients: BTreeMap<String, u64>,
    /// Clients that are not named, since there are too many.
    pub(crate) clients_left_out: usize,
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
    /// From when on the broker had no reason to hold it.
    pub(crate) due: i64,
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

    /// Takes note of an event.
    pub(crate) fn decoded(&mut self, event: &DecodedEvent<'_, '_>) {
        self.last = self.last.max(event.time);
        match (&event.kind, event.direction) {
            (EventKind::Message(message), Direction::ToBroker) => self.request(event, message),
            (EventKind::Message(message), Direction::ToClient) => self.response(event, message),
            // The answers may have been in what is missing.
            (EventKind::Gap(gap), Direction::ToClient) if gap.missing > 0 => {
                if let Some(live) = self.live.get_mut(&event.connection.id) {
                    live.in_flight.clear(&mut self.in_flight);
                }
            }
            _ => {}
        }
    }

    fn request(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) {
        let address = event.connection.broker;
        let live = self.live.entry(event.connection.id).or_default();
        if live.broker.is_none() {
            live.broker = self.by_address.get(&address).copied();
        }
        if live.broker.is_none() && self.brokers.len() < MAX_BROKERS {
            let place = self.brokers.len();
            self.brokers.push(Broker::new(address, event.time));
            self.by_address.insert(address, place);
            live.broker = Some(place);
        }
        if message.expects_response != Some(true) {
            return;
        }
        let id = message.client_id.unwrap_or_default();
        let client = match &live.client {
            Some(client) if **client == *id => Arc::clone(client),
            _ => Arc::from(id),
        };
        live.client = Some(Arc::clone(&client));
        let asked = Asked {
            api: message.api_key.number(),
            client,
            sent: event.time,
            hold: live.hold(event, message),
        };
        let in_flight = &mut self.in_flight;
        live.in_flight.insert(message.number, asked, in_flight);
    }

    fn response(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) {
        let connection = event.connection;
        let live = self.live.get_mut(&connection.id);
        let place = live.as_ref().and_then(|live| live.broker);
        let place = place.or_else(|| self.by_address.get(&connection.broker).copied());
        if let Some(broker) = place.and_then(|place| self.brokers.get_mut(place)) {
            broker.answers(event.time);
        }
        let Some(live) = live else { return };
        let before = live.answered.replace(event.time);
        let Some(asked) = live.in_flight.take(message, &mut self.in_flight) else {
            return;
        };
        let due = asked.due(before.unwrap_or(i64::MIN));
        let closed = event.life.client_closed();
        let (end, is_answered) = match closed {
            Some(closed) if closed < event.time => (closed, false),
            _ => (event.time, true),
        };
        if is_kept(&asked, due, end, is_answered) {
            let wait = live.wait(connection, asked, due, end, is_answered);
            self.keep(wait);
        }
    }

    fn keep(&mut self, wait: Wait) {
        if self.waits.len() < MAX_WAITS {
            self.waits.push(wait);
        } else {
            self.left_out += 1;
        }
    }

    /// Ends the capture.
    #[must_use]
    pub fn finish(mut self) -> WaitsDocument {
        self.waits.sort_by_key(|wait| wait.due);
        let mut by_broker: HashMap<_, Vec<&Wait>> = HashMap::new();
        for wait in &self.waits {
            by_broker.entry(wait.broker).or_default().push(wait);
        }
        let mut stalls = Stalls::default();
        for broker in &mut self.brokers {
            broker.ends(self.last);
            let waits = by_broker.remove(&broker.address).unwrap_or_default();
            for silence in &broker.silences {
                stalls.add_silence(broker.address, *silence, &waits, self.last);
            }
        }
        stalls.shrink();
        let stalls = stalls.first;
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
            .collect();
        slow.sort_by_key(|wait| std::cmp::Reverse(wait.end.saturating_sub(wait.due)));
        let more = slow.len().saturating_sub(MAX_SHOWN);
        WaitsDocument {
            slow: slow.into_iter().take(MAX_SHOWN).map(Wait::slow).collect(),
            stalls,
            slow_left_out: self.left_out + u64::try_from(more).unwrap_or(u64::MAX),
        }
    }
}

impl Live {
    /// For how long a broker may hold a request, in nanoseconds.
    fn hold(&mut self, event: &DecodedEvent<'_, '_>, message: &Message<'_>) -> i64 {
        let milliseconds = |time: i32| i64::from(time.max(0)) * MILLISECOND;
        match message.api_key {
            ApiKey::Fetch => event
                .body::<FetchRequest<'_>>()
                .map_or(0, |request| milliseconds(request.max_wait_ms)),
            ApiKey::ShareFetch => event
                .body::<ShareFetchRequest<'_>>()
                .map_or(0, |request| milliseconds(request.max_wait_ms)),
            // With acks -1 the broker waits for the replicas.
            ApiKey::Produce => event
                .body::<ProduceRequest<'_>>()
                .filter(|request| request.acks.0 == -1)
                .map_or(0, |request| milliseconds(request.timeout_ms)),
            ApiKey::JoinGroup => {
                let request = event.body::<JoinGroupRequest<'_>>();
                let hold = request.map_or(REBALANCE, |request| {
                    let wait = request.rebalance_timeout_ms.max(request.session_timeout_ms);
                    milliseconds(wait)
                });
                self.rebalance = Some(hold);
                hold
            }
            ApiKey::SyncGroup => self.rebalance.unwrap_or(REBALANCE),
            _ => 0,
        }
    }

    fn wait(
        &mut self,
        connection: &Connection,
        asked: Asked,
        due: i64,
        end: i64,
        is_answered: bool,
    ) -> Wait {
        let name = self
            .name
            .get_or_insert_with(|| Arc::from(&*connection.name));
        Wait {
            broker: connection.broker,
            connection: connection.id,
            conn: Arc::clone(name),
            asked,
            due,
            end,
            is_answered,
        }
    }
}

/// Returns `true` if a request waited so long that it may be slow, or in a stall.
fn is_kept(asked: &Asked, due: i64, end: i64, is_answered: bool) -> bool {
    // What the broker may hold is kept too: it may be held for longer.
    let is_long = end.saturating_sub(asked.sent) >= MIN_WAIT;
    let is_held = is_answered && end.saturating_sub(due) < MIN_WAIT;
    is_long && !is_held
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
            due: self.due,
            end: self.end,
            is_answered: self.is_answered,
        }
    }
}

impl Broker {
    const fn new(address: SocketAddr, first: i64) -> Self {
        Self {
            address,
            first,
            last_response: None,
            silences: Vec::new(),
        }
    }

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

/// The first stalls.
#[derive(Debug, Default)]
struct Stalls {
    first: Vec<Stall>,
    /// When the last of them began, if there are as many as are shown.
    last: Option<i64>,
}

impl Stalls {
    fn add(&mut self, stall: Stall) {
        self.first.push(stall);
        if self.first.len() >= 2 * MAX_SHOWN {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        self.first.sort_by_key(|stall| (stall.from, stall.broker));
        self.first.truncate(MAX_SHOWN);
        if self.first.len() == MAX_SHOWN {
            self.last = self.first.last().map(|stall| stall.from);
        }
    }

    /// Adds the stalls within a time in which a broker did not answer. The waits are in the order in which they are due.
    fn add_silence(&mut self, broker: SocketAddr, silence: (i64, i64), waits: &[&Wait], last: i64) {
        if self.last.is_none_or(|last| silence.0 <= last) {
            for_each_stall(broker, silence, waits, last, |stall| self.add(stall));
        }
    }
}

fn for_each_stall(
    broker: SocketAddr,
    silence: (i64, i64),
    waits: &[&Wait],
    last: i64,
    mut found: impl FnMut(Stall),
) {
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
    let mut by_sent = within.clone();
    by_sent.sort_by_key(|wait| wait.asked.sent);
    let mut rest = by_sent.as_slice();
    let mut waits: Vec<&Wait> = Vec::new();
    // The runs are in order, so that what ended before one is in none of the later ones.
    for (from, to) in runs {
        let (begun, later) = rest.split_at(rest.partition_point(|wait| wait.asked.sent < to));
        rest = later;
        waits.extend(begun);
        waits.retain(|wait| wait.end > from);
        // It began to be silent for those too that it might have let wait.
        let first = waits.iter().map(|wait| wait.asked.sent).min();
        let from = first.map_or(from, |first| first.clamp(silence.0, from));
        let connections: HashSet<_> = waits.iter().map(|wait| wait.connection).collect();
        if to.saturating_sub(from) < LONG || connections.len() < MIN_CONNECTIONS {
            continue;
        }
        let (clients, clients_left_out) = clients(&waits);
        found(Stall {
            broker,
            from,
            to,
            requests: waits.len(),
            connections: connections.len(),
            in_vain: waits.iter().filter(|wait| !wait.is_answered).count(),
            clients,
            clients_left_out,
            is_over: silence.1 < last,
        });
    }
}

/// The clients with most requests and how many each has, and the number of the other clients.
fn clients(waits: &[&Wait]) -> (BTreeMap<String, u64>, usize) {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for wait in waits {
        *counts.entry(&wait.asked.client).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable_by_key(|(client, count)| (std::cmp::Reverse(*count), *client));
    let left_out = counts.len().saturating_sub(MAX_CLIENTS);
    let most = counts.into_iter().take(MAX_CLIENTS);
    let most = most.map(|(client, count)| (client.to_owned(), count));
    (most.collect(), left_out)
}

impl Sink for Waits {
    fn event(&mut self, event: &Event<'_>) {
        self.decoded(&DecodedEvent::new(event));
    }

    fn hidden(&mut self, event: &Event<'_>) {
        // A broker that answers others does not stall.
        if event.direction == Direction::ToClient {
            self.decoded(&DecodedEvent::new(event));
        }
    }

    fn end(&mut self, end: &End<'_>) {
        let Some(mut live) = self.live.remove(&end.connection.id) else {
            return;
        };
        let closed = end.life.endings().next().map(|ending| ending.time);
        let closed = closed.unwrap_or(self.last);
        let mut ready = live.answered;
        for asked in std::mem::take(&mut live.in_flight).into_notes(&mut self.in_flight) {
            let due = asked.due(ready.unwrap_or(i64::MIN));
            ready = Some(due);
            if is_kept(&asked, due, closed, false) {
                let wait = live.wait(end.connection, asked, due, closed, false);
                self.keep(wait);
            }
        }
    }
}

#[cfg(test)]
mod tests;
