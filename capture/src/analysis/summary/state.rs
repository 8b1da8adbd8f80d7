//! The sums of a summary, in a form that can be written and merged.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kafka_codec::ApiKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::super::latency::{Budget, Distribution};
use super::super::names::Names;
use super::Address;
use super::busiest::{Busiest, Merge};
use super::stats::{Answer, Brief, Counts, Request, Stats, count_error, merge_counts};
use super::topics::Topics;
use crate::length::u64_of;

/// The form of state files. Files of another form are refused.
const FORMAT: u32 = 2;
/// Histograms for clients, and for APIs of clients.
const CLIENT_HISTOGRAMS: usize = 900;
/// Those of them that are kept for clients: two each, before the least busy are merged.
const RESERVED: usize = 600;
/// Histograms for brokers.
const BROKER_HISTOGRAMS: usize = 100;
/// Histograms for APIs: two each.
const API_HISTOGRAMS: usize = 256;
/// How many connections without Kafka are remembered, to list those to brokers.
const MAX_FOREIGN: usize = 5000;
/// How many connections are listed one by one.
const MAX_CONNECTIONS: usize = 10_000;
/// How many requests are named that were open when the capture ended.
const MAX_OPEN: usize = 1000;
/// How many APIs are told apart, known and unknown.
const MAX_APIS: usize = 256;
/// How many brokers are remembered.
const MAX_BROKERS: usize = 1 << 12;
/// How many places of errors are told apart.
const MAX_ERRORS: usize = 10_000;

/// The state of a summary, which can be merged with others.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    format: u32,
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
    pub(super) packets: u64,
    pub(super) total: Counts,
    pub(super) apis: BTreeMap<i16, Stats>,
    api_budget: Budget,
    pub(super) clients: Busiest<Box<str>, ClientStats>,
    pub(super) topics: Topics,
    pub(super) brokers: Busiest<Address, Stats>,
    pub(super) users: Busiest<Box<str>, Brief>,
    pub(super) software: Busiest<(Box<str>, Box<str>), Brief>,
    pub(super) connections: Vec<ConnectionEntry>,
    foreign: Vec<ConnectionEntry>,
    pub(super) other_connections: u64,
    /// How many of them began in the capture.
    pub(super) other_connections_opened: u64,
    pub(super) other_connections_brief: Brief,
    pub(super) names: Names,
    pub(super) errors: Errors,
    /// How many responses of an API have an error, in however many fields.
    pub(super) responses_by_error: BTreeMap<i16, BTreeMap<i16, u64>>,
    pub(super) fetches: Fetches,
    pub(super) kafka_brokers: HashSet<Address>,
    open: Vec<OpenRequest>,
    pub(super) open_count: u64,
    pub(super) seam: Vec<OpenRequest>,
    /// How many there are, of which `seam` may have fewer.
    #[serde(default)]
    pub(super) seam_count: u64,
}

/// What is known of a client id.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ClientStats {
    pub(super) all: Stats,
    pub(super) apis: BTreeMap<i16, Stats>,
}

/// A connection.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConnectionEntry {
    pub(super) conn: String,
    pub(super) broker: Address,
    pub(super) opened: i64,
    pub(super) closed: Option<i64>,
    pub(super) last: i64,
    pub(super) is_kafka: bool,
    /// `true` if its beginning was captured.
    pub(super) is_whole: bool,
    pub(super) has_bytes: bool,
    pub(super) client: Client,
    pub(super) brief: Brief,
}

/// Who the client of a connection is.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Client {
    pub(super) id: Option<Box<str>>,
    pub(super) software: Option<(Box<str>, Box<str>)>,
    pub(super) user: Option<Box<str>>,
}

/// A request that had no response when the capture ended, on a connection that was still open.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenRequest {
    pub(super) conn: String,
    pub(super) api: i16,
    pub(super) correlation_id: i32,
    pub(super) sent: i64,
}

/// How often which error stood where.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Errors(BTreeMap<i16, BTreeMap<String, BTreeMap<i16, u64>>>);

impl Errors {
    pub(super) fn add(&mut self, api: i16, path: &[&str], code: i16) {
        self.add_count(api, &path.join("."), code, 1);
    }

    fn add_count(&mut self, api: i16, path: &str, code: i16, count: u64) {
        let places = self.0.entry(api).or_default();
        let codes = places.entry(path.to_owned()).or_default();
        if codes.len() < MAX_ERRORS || codes.contains_key(&code) {
            *codes.entry(code).or_default() += count;
        }
    }

    /// API, path, code and count of all.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i16, &str, i16, u64)> {
        self.0.iter().flat_map(|(api, places)| {
            places.iter().flat_map(|(path, codes)| {
                let codes = codes.iter();
                codes.map(|(code, count)| (*api, path.as_str(), *code, *count))
            })
        })
    }
}

/// Fetch responses by what they waited for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Fetches {
    pub(super) with_data: Distribution,
    pub(super) empty: Distribution,
    pub(super) at_max_wait: Distribution,
}

/// A state file that cannot be merged.
#[derive(Debug, Error)]
pub enum MergeError {
    /// The file is not a state file.
    #[error("not a state file: {0}")]
    NotAState(#[from] serde_json::Error),
    /// The file was written in another form, by another version.
    #[error("the state file has form {found} (expected {FORMAT})")]
    Format {
        /// The form that it has.
        found: u32,
    },
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            format: FORMAT,
            from: None,
            to: None,
            packets: 0,
            total: Counts::default(),
            apis: BTreeMap::new(),
            api_budget: Budget(API_HISTOGRAMS),
            clients: Busiest::new(CLIENT_HISTOGRAMS),
            topics: Topics::new(),
            brokers: Busiest::new(BROKER_HISTOGRAMS),
            users: Busiest::new(0),
            software: Busiest::new(0),
            connections: Vec::new(),
            foreign: Vec::new(),
            other_connections: 0,
            other_connections_opened: 0,
            other_connections_brief: Brief::default(),
            names: Names::default(),
            errors: Errors::default(),
            responses_by_error: BTreeMap::new(),
            fetches: Fetches::default(),
            kafka_brokers: HashSet::new(),
            open: Vec::new(),
            open_count: 0,
            seam: Vec::new(),
            seam_count: 0,
        }
    }

    /// Reads the state that [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// [`MergeError`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, MergeError> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let Form { format } = serde_json::from_slice(bytes)?;
        if format != FORMAT {
            return Err(MergeError::Format { found: format });
        }
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Writes the state, to be merged later.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn to_json(&self, to: impl std::io::Write) -> Result<(), serde_json::Error> {
        serde_json::to_writer(to, self)
    }

    /// Returns `true` if there is anything of Kafka.
    #[must_use]
    pub const fn has_kafka(&self) -> bool {
        self.total.requests + self.total.responses > 0
    }

    pub(super) fn packet(&mut self, time: i64) {
        self.packets += 1;
        self.from = Some(self.from.map_or(time, |from| from.min(time)));
        self.to = Some(self.to.map_or(time, |to| to.max(time)));
    }

    /// The entry of an API; those beyond the limit share one, which no API has as its key.
    fn api(apis: &mut BTreeMap<i16, Stats>, api: i16) -> &mut Stats {
        let is_room = apis.len() < MAX_APIS || apis.contains_key(&api);
        let is_known = ApiKey::from_number(api).versions().is_some();
        let key = if is_room || is_known { api } else { i16::MIN };
        apis.entry(key).or_default()
    }

    pub(super) fn request(&mut self, api: i16, client: &str, broker: Address, request: Request) {
        self.total.request(request);
        Self::api(&mut self.apis, api).request(request);
        let (entry, _) = self.clients.entry(client);
        entry.all.request(request);
        Self::api(&mut entry.apis, api).request(request);
        self.brokers.entry(&broker).0.request(request);
    }

    pub(super) fn response(&mut self, api: i16, client: &str, broker: Address, answer: &Answer) {
        self.total.response(answer);
        Self::api(&mut self.apis, api).response(answer, &mut self.api_budget);
        for code in &answer.codes {
            count_error(self.responses_by_error.entry(api).or_default(), *code, 1);
        }
        let (entry, budget) = self.clients.entry(client);
        entry.all.response(answer, budget);
        let stats = Self::api(&mut entry.apis, api);
        budget.above(RESERVED, |budget| stats.response(answer, budget));
        let (entry, budget) = self.brokers.entry(&broker);
        entry.response(answer, budget);
    }

    pub(super) fn unanswered(&mut self, api: i16, client: &str, broker: Address) {
        self.total.unanswered += 1;
        Self::api(&mut self.apis, api).counts.unanswered += 1;
        let (entry, _) = self.clients.entry(client);
        entry.all.counts.unanswered += 1;
        Self::api(&mut entry.apis, api).counts.unanswered += 1;
        self.brokers.entry(&broker).0.counts.unanswered += 1;
    }

    pub(super) fn fetch(&mut self, has_records: bool, latency: Option<i64>, max_wait: i64) {
        let kind = if has_records {
            &mut self.fetches.with_data
        } else if latency.is_some_and(|latency| latency >= max_wait) && max_wait > 0 {
            &mut self.fetches.at_max_wait
        } else {
            &mut self.fetches.empty
        };
        if let Some(latency) = latency {
            kind.record(latency, &mut Budget(1));
        }
    }

    pub(super) fn open_at_end(&mut self, request: OpenRequest) {
        self.open_count += 1;
        if self.open.len() < MAX_OPEN {
            self.open.push(request);
        }
    }

    pub(super) fn connection(&mut self, entry: ConnectionEntry) {
        // A late packet of a connection that was forgotten is not a new connection.
        if !entry.is_whole && !entry.has_bytes {
            return;
        }
        if entry.is_kafka {
            if self.kafka_brokers.len() < MAX_BROKERS {
                self.kafka_brokers.insert(entry.broker);
            }
            let mut budget = Budget(0);
            let user = entry.client.user.as_deref().unwrap_or_default();
            let brief = entry.brief.clone();
            self.users.entry(user).0.merge(brief, &mut budget);
            let software = entry.client.software.clone().unwrap_or_default();
            let brief = entry.brief.clone();
            self.software.entry(&software).0.merge(brief, &mut budget);
        }
        self.list(entry);
    }

    fn list(&mut self, entry: ConnectionEntry) {
        if !entry.is_kafka && self.foreign.len() < MAX_FOREIGN {
            self.foreign.push(entry);
        } else if entry.is_kafka && self.connections.len() < MAX_CONNECTIONS {
            self.connections.push(entry);
        } else if entry.is_kafka || self.kafka_brokers.contains(&entry.broker) {
            self.other_connections += 1;
            self.other_connections_opened += u64::from(entry.is_whole);
            self.other_connections_brief
                .merge(entry.brief, &mut Budget(0));
        }
    }

    /// The connections to addresses where Kafka was believed, in the order in which they began.
    pub(super) fn listed(&self) -> Vec<&ConnectionEntry> {
        let foreign = self.foreign.iter();
        let foreign = foreign.filter(|each| self.kafka_brokers.contains(&each.broker));
        let mut listed: Vec<_> = self.connections.iter().chain(foreign).collect();
        listed.sort_by_key(|each| each.opened);
        listed
    }

    /// How many connections to these addresses began in the capture.
    pub(super) fn opened(&self) -> u64 {
        let listed = self.listed();
        let whole = listed.iter().filter(|each| each.is_whole);
        u64_of(whole.count()) + self.other_connections_opened
    }

    pub(super) fn shrink(&mut self) {
        self.clients.shrink();
        self.topics.shrink();
        self.brokers.shrink();
        self.users.shrink();
        self.software.shrink();
    }

    /// Adds the state of another capture. The parts of a capture are merged in their order.
    pub fn merge(&mut self, other: Self) {
        self.find_seam(&other);
        self.from = match (self.from, other.from) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
        self.to = self.to.max(other.to);
        self.packets += other.packets;
        self.total.merge(other.total);
        for (api, stats) in other.apis {
            Self::api(&mut self.apis, api).merge(stats, &mut self.api_budget);
        }
        self.clients.merge(other.clients);
        self.topics.merge(other.topics);
        self.brokers.merge(other.brokers);
        self.users.merge(other.users);
        self.software.merge(other.software);
        for broker in BTreeSet::from_iter(other.kafka_brokers) {
            if self.kafka_brokers.len() < MAX_BROKERS {
                self.kafka_brokers.insert(broker);
            }
        }
        let rest = self.join_connections(other.connections);
        for entry in rest.into_iter().chain(other.foreign) {
            self.list(entry);
        }
        self.other_connections += other.other_connections;
        self.other_connections_opened += other.other_connections_opened;
        let brief = other.other_connections_brief;
        self.other_connections_brief.merge(brief, &mut Budget(0));
        self.names.merge(other.names);
        for (api, path, code, count) in other.errors.iter() {
            self.errors.add_count(api, path, code, count);
        }
        for (api, errors) in other.responses_by_error {
            merge_counts(self.responses_by_error.entry(api).or_default(), errors);
        }
        for (to, from) in [
            (&mut self.fetches.with_data, &other.fetches.with_data),
            (&mut self.fetches.empty, &other.fetches.empty),
            (&mut self.fetches.at_max_wait, &other.fetches.at_max_wait),
        ] {
            to.merge(from, &mut Budget(1));
        }
        self.open.extend(other.open);
        self.open.truncate(MAX_OPEN);
        self.open_count += other.open_count;
        self.seam_count += other.seam_count;
        self.seam.extend(other.seam);
        self.seam.truncate(MAX_OPEN);
        self.shrink();
    }

    /// Adds the rest of connections that go on in the other capture to what is known of them, and returns the others.
    fn join_connections(&mut self, mut others: Vec<ConnectionEntry>) -> Vec<ConnectionEntry> {
        let entries = self.connections.iter_mut();
        let mut open: HashMap<_, _> = entries
            .filter(|each| each.closed.is_none())
            .map(|each| (each.conn.clone(), each))
            .collect();
        others.retain_mut(|other| {
            let known = open.get_mut(&other.conn).filter(|_| !other.is_whole);
            let Some(known) = known else {
                return true;
            };
            known.closed = other.closed;
            known.last = known.last.max(other.last);
            let brief = std::mem::take(&mut other.brief);
            known.brief.merge(brief, &mut Budget(0));
            false
        });
        others
    }

    /// Requests that were open on connections that go on in the other capture.
    fn find_seam(&mut self, other: &Self) {
        let goes_on: BTreeSet<_> = other
            .connections
            .iter()
            .filter(|each| !each.is_whole)
            .map(|each| each.conn.as_str())
            .collect();
        let (at_seam, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|each| goes_on.contains(each.conn.as_str()));
        self.open = rest;
        self.seam_count += u64::try_from(at_seam.len()).unwrap_or_default();
        self.seam.extend(at_seam);
    }
}

impl Merge for ClientStats {
    fn merge(&mut self, other: Self, budget: &mut Budget) {
        self.all.merge(other.all, budget);
        for (api, stats) in other.apis {
            let of_api = State::api(&mut self.apis, api);
            budget.above(RESERVED, |budget| of_api.merge(stats, budget));
        }
    }

    fn weight(&self) -> u64 {
        self.all.counts.requests
    }

    fn drop_samples(&mut self, budget: &mut Budget) {
        self.all.drop_samples(budget);
        for stats in self.apis.values_mut() {
            stats.drop_samples(budget);
        }
    }
}
