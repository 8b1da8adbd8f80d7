//! The facts about brokers and clients from all of their connections.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use kafka_codec::{ApiKey, Version};

use super::decide;
use super::record::Record;

/// How many brokers and clients are known; others are judged by their own connection alone.
const MAX_KNOWN: usize = 1 << 14;
/// How far apart the end of a connection and the leaving of a group are that belong together.
const LEAVING_NANOSECONDS: i64 = 1_000_000_000;
/// How far apart the ends of connections are that a client closes together.
const TOGETHER_NANOSECONDS: i64 = 250_000_000;
/// How far apart the ends of connections are when a broker ends, or is killed.
const BREAKING_MILLISECONDS: i64 = 10;
const MILLISECOND: i64 = 1_000_000;
/// Maximum number of break times kept per broker; the oldest is forgotten first.
const MAX_BREAKS: usize = 256;
/// Maximum number of APIs that a broker serves; longer lists are not believed.
const MAX_APIS: usize = 1024;
/// The newest versions of APIs 0 to 16 that brokers before 0.10 answer. They know no other APIs. Source: `Protocol.REQUESTS` of
/// Kafka 0.9.0.1's Java code.
const BEFORE_API_VERSIONS: [i16; 17] = [1, 1, 0, 0, 0, 0, 1, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0];
/// How many ends of connections and leavings of groups are known of all clients. The oldest half is forgotten when there
/// are more.
const MAX_ENDS: usize = 1 << 17;

/// APIs in ascending order, and the first and last version of each.
type Ranges = Vec<(i16, (i16, i16))>;

#[derive(Debug, Default)]
pub(super) struct Context {
    brokers: HashMap<SocketAddr, Broker>,
    clients: HashMap<(IpAddr, String), Client>,
    ends: usize,
    tls: HashSet<SocketAddr>,
    /// Addresses that brokers gave to clients, and the ports of names that a client was given.
    advertised: HashSet<SocketAddr>,
    named: HashSet<(IpAddr, u16)>,
}

#[derive(Debug, Default)]
struct Broker {
    is_kafka: bool,
    has_sasl: bool,
    lifetime: Option<i64>,
    served: Option<Ranges>,
    accepted: u64,
    /// `true` if it answered a request that brokers before 0.10 do not know.
    knows_api_versions: bool,
    /// The milliseconds in which it ended connections with requests in flight.
    breaks: BTreeSet<i64>,
}

impl Broker {
    fn serves(&mut self, served: impl Iterator<Item = (i16, (i16, i16))> + Clone) {
        // Most clients get the same answer as others before.
        let is_known = |known: &Ranges| known.iter().copied().eq(served.clone());
        if self.served.as_ref().is_some_and(is_known) {
            return;
        }
        let ranges: BTreeMap<_, _> = served.collect();
        if ranges.len() <= MAX_APIS {
            self.served = Some(ranges.into_iter().collect());
        }
    }

    /// Records that the broker broke off a connection.
    fn breaks(&mut self, time: i64) {
        self.breaks.insert(time.div_euclid(MILLISECOND));
        if self.breaks.len() > MAX_BREAKS {
            self.breaks.pop_first();
        }
    }

    /// Returns `true` if the broker broke off a connection at about that time.
    fn broke(&self, time: i64) -> bool {
        let at = time.div_euclid(MILLISECOND);
        let about = at - BREAKING_MILLISECONDS..=at + BREAKING_MILLISECONDS;
        self.breaks.range(about).next().is_some()
    }
}

/// What a client did on all of its connections together.
#[derive(Debug, Default)]
struct Client {
    /// When it closed its connections, and which.
    closed: BTreeSet<(i64, u64)>,
    left_group: BTreeSet<i64>,
}

impl Client {
    /// Returns `true` if it closed another connection than this one at about that time.
    fn closes_another(&self, id: u64, time: i64) -> bool {
        let first = (time.saturating_sub(TOGETHER_NANOSECONDS), u64::MIN);
        let last = (time.saturating_add(TOGETHER_NANOSECONDS), u64::MAX);
        let mut closed = self.closed.range(first..=last);
        closed.any(|(_, closed)| *closed != id)
    }

    /// Returns `true` if it left a group at about that time.
    fn leaves(&self, time: i64) -> bool {
        let first = time.saturating_sub(LEAVING_NANOSECONDS);
        let last = time.saturating_add(LEAVING_NANOSECONDS);
        self.left_group.range(first..=last).next().is_some()
    }
}

impl Context {
    fn broker(&mut self, address: SocketAddr) -> Option<&mut Broker> {
        let is_room = self.brokers.len() < MAX_KNOWN || self.brokers.contains_key(&address);
        is_room.then(|| self.brokers.entry(address).or_default())
    }

    pub(super) fn has_sasl(&mut self, address: SocketAddr) {
        if let Some(broker) = self.broker(address) {
            broker.has_sasl = true;
        }
    }

    pub(super) fn lifetime(&mut self, address: SocketAddr, lifetime: i64) {
        if let Some(broker) = self.broker(address) {
            broker.lifetime = Some(lifetime);
        }
    }

    pub(super) fn serves(
        &mut self,
        address: SocketAddr,
        served: impl Iterator<Item = (i16, (i16, i16))> + Clone,
    ) {
        if let Some(broker) = self.broker(address) {
            broker.serves(served);
        }
    }

    /// An answer to a client says that a broker is at this host and port.
    pub(super) fn advertises(&mut self, client: IpAddr, host: &str, port: i32) {
        let Ok(port) = u16::try_from(port) else {
            return;
        };
        if self.advertised.len() + self.named.len() >= MAX_KNOWN {
            return;
        }
        match host.parse::<IpAddr>() {
            Ok(ip) => self.advertised.insert(SocketAddr::new(ip, port)),
            Err(_) => self.named.insert((client, port)),
        };
    }

    /// Returns `true` if the client tried an address that a broker gave, in vain.
    fn is_to_advertised(&self, record: &Record) -> bool {
        record.life.client().bytes + record.life.broker().bytes == 0
            && (self.advertised.contains(&record.broker)
                || self
                    .named
                    .contains(&(record.client.ip(), record.broker.port())))
    }

    /// The broker answered a request of that many bytes.
    pub(super) fn accepted(&mut self, address: SocketAddr, bytes: u64) {
        if let Some(broker) = self.broker(address) {
            broker.accepted = broker.accepted.max(bytes);
        }
    }

    /// The broker answered a request that brokers before 0.10 do not know.
    pub(super) fn knows_api_versions(&mut self, address: SocketAddr) {
        if let Some(broker) = self.broker(address) {
            broker.knows_api_versions = true;
        }
    }

    /// Learns from a connection that is over.
    pub(super) fn learn(&mut self, record: &Record) {
        if record.is_kafka
            && let Some(broker) = self.broker(record.broker)
        {
            broker.is_kafka = true;
        }
        if let Some(ending) = record.ending()
            && !ending.by_client
            && record.open_at(ending).next().is_some()
            && !decide::is_of_client(record, self)
            && let Some(broker) = self.broker(record.broker)
        {
            broker.breaks(ending.time);
        }
        if self.tls.len() < MAX_KNOWN && is_tls(record.life.broker().first_bytes(), &[0x16]) {
            self.tls.insert(record.broker);
        }
        let key = key(record);
        if self.clients.len() >= MAX_KNOWN && !self.clients.contains_key(&key) {
            return;
        }
        let client = self.clients.entry(key).or_default();
        if let Some(closed) = record.life.client_closed() {
            self.ends += usize::from(client.closed.insert((closed, record.id)));
        }
        if let Some(left) = record.live.left_group {
            self.ends += usize::from(client.left_group.insert(left));
        }
        if self.ends > MAX_ENDS {
            self.forget();
        }
    }

    /// Forgets the older ends of each client.
    fn forget(&mut self) {
        self.ends = 0;
        self.clients.retain(|_, client| {
            for _ in 0..client.closed.len().div_ceil(2) {
                client.closed.pop_first();
            }
            for _ in 0..client.left_group.len().div_ceil(2) {
                client.left_group.pop_first();
            }
            self.ends += client.closed.len() + client.left_group.len();
            !client.closed.is_empty() || !client.left_group.is_empty()
        });
    }

    /// Returns `true` if the connection is Kafka's, or to an address where Kafka was believed.
    pub(super) fn is_listed(&self, record: &Record) -> bool {
        let is_broker = || {
            let broker = self.brokers.get(&record.broker);
            broker.is_some_and(|broker| broker.is_kafka)
        };
        let is_kafka = || {
            let is_broker = record.is_kafka || is_broker() || self.is_to_advertised(record);
            is_broker || is_plaintext_to_tls(record)
        };
        record.is_admitted() && is_kafka()
    }

    pub(super) fn is_sasl(&self, address: SocketAddr) -> bool {
        self.brokers
            .get(&address)
            .is_some_and(|broker| broker.has_sasl)
    }

    pub(super) fn is_tls(&self, address: SocketAddr) -> bool {
        self.tls.contains(&address)
    }

    /// The lifetime of sessions at a broker, if it told any client.
    pub(super) fn session_lifetime(&self, address: SocketAddr) -> Option<i64> {
        self.brokers.get(&address)?.lifetime
    }

    /// The largest request that a broker answered.
    pub(super) fn largest_accepted(&self, address: SocketAddr) -> u64 {
        self.brokers
            .get(&address)
            .map_or(0, |broker| broker.accepted)
    }

    /// The versions of an API that a broker serves, if it told any client: `Some(None)` if it does not serve it.
    pub(super) fn served(&self, address: SocketAddr, api: i16) -> Option<Option<(i16, i16)>> {
        let served = self.brokers.get(&address)?.served.as_ref()?;
        let place = served.binary_search_by_key(&api, |(key, _)| *key);
        let range = place.ok().and_then(|place| served.get(place));
        Some(range.map(|(_, range)| *range))
    }

    /// Returns `true` if the broker answered any client a request that brokers before 0.10 do not know.
    pub(super) fn is_api_versions_known(&self, address: SocketAddr) -> bool {
        let broker = self.brokers.get(&address);
        broker.is_some_and(|broker| broker.knows_api_versions)
    }

    /// Returns `true` if the broker broke off a connection with a request in flight at about that time, and the reason was
    /// not the client of that connection. The broker may have ended all of its connections then.
    pub(super) fn breaks_others(&self, record: &Record, time: i64) -> bool {
        let broker = self.brokers.get(&record.broker);
        broker.is_some_and(|broker| broker.broke(time))
    }

    /// Returns `true` if the client closed another connection at about that time, so that it closed all of them.
    pub(super) fn closes_others(&self, record: &Record, time: i64) -> bool {
        let client = self.clients.get(&key(record));
        client.is_some_and(|client| client.closes_another(record.id, time))
    }

    /// Returns `true` if the client left a group at about that time, so that it closed in good order.
    pub(super) fn leaves(&self, record: &Record, time: i64) -> bool {
        let client = self.clients.get(&key(record));
        client.is_some_and(|client| client.leaves(time))
    }
}

/// A client on all of its connections: where it runs and how it calls itself.
fn key(record: &Record) -> (IpAddr, String) {
    let client_id = record
        .live
        .identity
        .client_id
        .as_deref()
        .unwrap_or_default();
    (record.client.ip(), client_id.to_owned())
}

/// Returns `true` if brokers before 0.10 do not answer a request of this API and version.
pub(super) fn is_since_api_versions(api: ApiKey, version: Version) -> bool {
    let newest = usize::try_from(api.number()).ok();
    let newest = newest.and_then(|number| BEFORE_API_VERSIONS.get(number));
    newest.is_none_or(|newest| version.0 > *newest)
}

/// Returns `true` if bytes begin a TLS record of one of these types.
pub(super) fn is_tls(bytes: &[u8], types: &[u8]) -> bool {
    match bytes {
        [kind, 3, minor, ..] => types.contains(kind) && *minor <= 4,
        _ => false,
    }
}

/// Returns `true` if the client begins with ApiVersions, and is answered by a TLS alert.
fn is_plaintext_to_tls(record: &Record) -> bool {
    let is_alert = is_tls(record.life.broker().first_bytes(), &[0x15]);
    let request = record.life.client().first_bytes();
    is_alert && begins_like_kafka(request) == Some(true)
}

/// Whether bytes are the beginning of a request, of any version; `None` if there are too few to tell.
pub(super) fn begins_like_kafka(bytes: &[u8]) -> Option<bool> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let size = i32::from_be_bytes(*size);
    if !(8..=128 << 20).contains(&size) {
        return Some(false);
    }
    let (key, rest) = rest.split_first_chunk::<2>()?;
    let (version, rest) = rest.split_first_chunk::<2>()?;
    let is_known = ApiKey::from_number(i16::from_be_bytes(*key))
        .versions()
        .is_some();
    let is_version = (0..=i16::from(i8::MAX)).contains(&i16::from_be_bytes(*version));
    // The length of the client id, which all header versions but the first have behind the correlation id.
    let length = rest.get(4..).and_then(|rest| rest.first_chunk::<2>());
    let is_length = length.is_none_or(|length| {
        let length = i32::from(i16::from_be_bytes(*length));
        (-1..=size - 10).contains(&length)
    });
    Some(is_known && is_version && is_length)
}

/// The API and version of the request that bytes begin with, if they look like one.
pub(super) fn named_at_start(bytes: &[u8]) -> Option<(ApiKey, Version)> {
    if begins_like_kafka(bytes) != Some(true) {
        return None;
    }
    let number = |at| bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
    let (key, version) = (number(4)?, number(6)?);
    let api = ApiKey::from_number(i16::from_be_bytes(*key));
    Some((api, Version(i16::from_be_bytes(*version))))
}

#[cfg(test)]
mod tests;
