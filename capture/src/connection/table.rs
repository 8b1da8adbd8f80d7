//! The connections of a capture, never more than a fixed number: those that are closed, or idle for long,
//! are let go.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use super::Outlet;
use super::conversation::Conversation;
use crate::packet::Segment;
use crate::tcp::Arrival;

const MAX_CONNECTIONS: usize = 1 << 16;
/// How many connections between the same addresses are distinguished.
const MAX_LANES: u8 = 16;
/// How many brokers are remembered, to know which end of a connection is one.
const MAX_BROKERS: usize = 1 << 12;
/// What may be in use for frames and segments that wait for more.
const MAX_BUFFERED_BYTES: usize = 256 << 20;
/// How many requests may wait for their responses on all connections.
const MAX_OPEN_REQUESTS: usize = 1 << 18;
/// How long after its end segments of a connection may come late.
const CLOSED_NANOSECONDS: i64 = 2_000_000_000;
/// Brokers close connections that are idle for ten minutes.
const IDLE_NANOSECONDS: i64 = 15 * 60 * 1_000_000_000;
const SWEEP_NANOSECONDS: i64 = 1_000_000_000;

/// The ends of a connection, the lower one first, and a number for those between the same ends in different networks.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    low: SocketAddr,
    high: SocketAddr,
    lane: u8,
}

/// Three times per packet, so in few steps.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let address = |end: SocketAddr| match end.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
            IpAddr::V6(ip) => ip.to_bits(),
        };
        state.write_u128(address(self.low));
        state.write_u128(address(self.high));
        let (low, high) = (u64::from(self.low.port()), u64::from(self.high.port()));
        state.write_u64(low << 24 | high << 8 | u64::from(self.lane));
    }
}

/// What is at the place of a connection.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// Nothing: it is new.
    Nothing,
    /// Another connection between the same ends, which is over.
    Another,
    /// The connection.
    Same,
}

/// All connections that are not over.
pub(crate) struct Connections {
    table: HashMap<Key, Conversation>,
    /// How many connections have each of these numbers, up to the highest that any has.
    lanes: Vec<usize>,
    /// The id of the connection that began last.
    last_id: u64,
    brokers: HashSet<SocketAddr>,
    /// Ports of brokers; if there are none, connections are known by what is said on them.
    ports: Vec<u16>,
    buffered: usize,
    /// Requests that wait for a response.
    open_requests: usize,
    /// When the table was last looked through.
    swept: i64,
    /// The time of the packet before.
    previous: i64,
}

impl Connections {
    pub(crate) fn new(ports: Vec<u16>) -> Self {
        Self {
            table: HashMap::new(),
            lanes: Vec::new(),
            last_id: 0,
            brokers: HashSet::new(),
            ports,
            buffered: 0,
            open_requests: 0,
            swept: i64::MIN,
            previous: i64::MIN,
        }
    }

    /// Takes a segment that `arrival` brought.
    pub(crate) fn segment(
        &mut self,
        segment: &Segment<'_>,
        arrival: Arrival,
        outlet: &mut Outlet<'_>,
    ) {
        if self.ports.is_empty() || self.broker_by_port(segment).is_some() {
            self.dispatch(segment, arrival, outlet);
        }
        // A single time that is damaged must not make all connections look idle.
        let time = arrival.time.min(self.previous);
        self.previous = arrival.time;
        if time.saturating_sub(self.swept) >= SWEEP_NANOSECONDS
            || self.table.len() > MAX_CONNECTIONS
        {
            self.sweep(Arrival { time, ..arrival }, outlet);
        }
    }

    /// The capture is over.
    pub(crate) fn finish(&mut self, outlet: &mut Outlet<'_>) {
        let mut rest: Vec<_> = self.table.drain().map(|(_, each)| each).collect();
        rest.sort_by_key(Conversation::id);
        for mut conversation in rest {
            conversation.finish(outlet);
        }
    }

    fn dispatch(&mut self, segment: &Segment<'_>, arrival: Arrival, outlet: &mut Outlet<'_>) {
        let (source, destination) = (segment.source, segment.destination);
        let ends = (source.min(destination), source.max(destination));
        let (key, found) = self.find(ends, segment);
        if found == Found::Another {
            self.remove(&key, outlet);
        }
        let is_new = found != Found::Same;
        if is_new {
            let by_port = self.broker_by_port(segment);
            let broker = by_port.or_else(|| self.known_broker(segment));
            // One packet may begin several.
            self.last_id = arrival.packet.max(self.last_id + 1);
            let conversation = Conversation::new(
                key.low,
                key.high,
                broker,
                by_port.is_some(),
                arrival,
                self.last_id,
            );
            self.table.insert(key, conversation);
            match self.lanes.get_mut(usize::from(key.lane)) {
                Some(count) => *count += 1,
                None => self.lanes.push(1),
            }
        }
        let conversation = self.table.get_mut(&key);
        let conversation = conversation.expect("a new connection was inserted above");
        conversation.joins(segment.network);
        let before = if is_new { 0 } else { conversation.buffered() };
        let open_before = if is_new {
            0
        } else {
            conversation.open_requests()
        };
        let was_kafka = conversation.broker().is_some();
        conversation.segment(segment, arrival, outlet);
        self.buffered = self.buffered + conversation.buffered() - before;
        if self.buffered > MAX_BUFFERED_BYTES {
            let before = conversation.buffered();
            conversation.shed(outlet);
            self.buffered = self.buffered + conversation.buffered() - before;
        }
        self.open_requests = self.open_requests + conversation.open_requests() - open_before;
        if self.open_requests > MAX_OPEN_REQUESTS {
            let before = conversation.open_requests();
            conversation.shed_requests();
            self.open_requests = self.open_requests + conversation.open_requests() - before;
        }
        if let (false, Some(broker)) = (was_kafka, conversation.broker())
            && self.brokers.len() < MAX_BROKERS
        {
            self.brokers.insert(broker);
        }
    }

    /// Where the connection of a segment is, or will be, and what is there. Connections between the same addresses in
    /// different networks have numbers of their own.
    fn find(&self, (low, high): (SocketAddr, SocketAddr), segment: &Segment<'_>) -> (Key, Found) {
        let key = |lane| Key { low, high, lane };
        let (mut vacant, mut best) = (None, None);
        let lanes = u8::try_from(self.lanes.len()).unwrap_or(u8::MAX);
        for lane in 0..lanes {
            match self.table.get(&key(lane)) {
                // Of equal claims the first has it.
                Some(conversation) => {
                    let claim = conversation.claim(segment);
                    let found = match conversation.is_another(segment) {
                        true => Found::Another,
                        false => Found::Same,
                    };
                    best = best.max(claim.map(|claim| (claim, Reverse(lane), found)));
                }
                None => vacant = vacant.or(Some(lane)),
            }
        }
        if let Some((_, Reverse(lane), found)) = best {
            return (key(lane), found);
        }
        match vacant {
            Some(lane) => (key(lane), Found::Nothing),
            None if lanes <= MAX_LANES => (key(lanes), Found::Nothing),
            None => {
                let first = self.table.get(&key(0));
                match first.is_some_and(|first| first.is_another(segment)) {
                    true => (key(0), Found::Another),
                    false => (key(0), Found::Same),
                }
            }
        }
    }

    fn broker_by_port(&self, segment: &Segment<'_>) -> Option<SocketAddr> {
        let mut ends = [segment.destination, segment.source].into_iter();
        ends.find(|end| self.ports.contains(&end.port()))
    }

    /// The one end that was a broker before, unless both were.
    fn known_broker(&self, segment: &Segment<'_>) -> Option<SocketAddr> {
        let is_broker = |end: &SocketAddr| self.brokers.contains(end);
        match (is_broker(&segment.source), is_broker(&segment.destination)) {
            (true, false) => Some(segment.source),
            (false, true) => Some(segment.destination),
            _ => None,
        }
    }

    /// Drops what is over, in the order in which connections began.
    fn sweep(&mut self, now: Arrival, outlet: &mut Outlet<'_>) {
        self.swept = now.time;
        let mut all: Vec<_> = self
            .table
            .iter()
            .map(|(key, each)| {
                let idle = now.time.saturating_sub(each.last_time());
                let limit = if each.is_closed() {
                    CLOSED_NANOSECONDS
                } else {
                    IDLE_NANOSECONDS
                };
                (each.last().packet, idle > limit, *key)
            })
            .collect();
        // When there are too many, those go that were silent for longest.
        all.sort_unstable();
        let too_many = if self.table.len() > MAX_CONNECTIONS {
            MAX_CONNECTIONS / 8
        } else {
            0
        };
        for (i, (_, is_over, key)) in all.into_iter().enumerate() {
            if is_over || i < too_many {
                self.remove(&key, outlet);
            } else if let Some(conversation) = self.table.get_mut(&key) {
                let before = conversation.buffered();
                let open_before = conversation.open_requests();
                conversation.tick(now, outlet);
                self.open_requests =
                    self.open_requests + conversation.open_requests() - open_before;
                self.buffered = self.buffered + conversation.buffered() - before;
            }
        }
    }

    fn remove(&mut self, key: &Key, outlet: &mut Outlet<'_>) {
        if let Some(mut conversation) = self.table.remove(key) {
            self.buffered -= conversation.buffered();
            self.open_requests -= conversation.open_requests();
            if let Some(count) = self.lanes.get_mut(usize::from(key.lane)) {
                *count -= 1;
            }
            while self.lanes.last() == Some(&0) {
                self.lanes.pop();
            }
            conversation.finish(outlet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Counts;
    use crate::output::Sink;
    use crate::topic_names::TopicNames;

    struct Nothing;

    impl Sink for Nothing {
        fn event(&mut self, _: &crate::event::Event<'_>) {}
    }

    #[test]
    fn connections_that_are_over_do_not_make_later_lookups_longer() {
        let (mut sink, mut counts) = (Nothing, Counts::default());
        let (mut topics, mut tls) = (TopicNames::default(), crate::tls::Shared::default());
        let mut outlet = Outlet {
            sink: &mut sink,
            counts: &mut counts,
            topics: &mut topics,
            tls: &mut tls,
        };
        let mut connections = Connections::new(Vec::new());
        let mut packet = 0;
        let mut segment = |connections: &mut Connections, network: u64, seconds: i64| {
            packet += 1;
            let segment = Segment {
                source: ([10, 0, 0, 1], 40_000).into(),
                destination: ([10, 0, 0, 2], 9092).into(),
                network,
                sequence: u32::try_from(network).unwrap() * 0x0a00_0000,
                acknowledged: None,
                syn: true,
                fin: false,
                rst: false,
                payload: &[],
                missing: 0,
                identification: 0,
            };
            let arrival = Arrival {
                packet,
                time: seconds * 1_000_000_000,
                turn: 0,
            };
            connections.segment(&segment, arrival, &mut outlet);
        };
        for network in 1..=9 {
            segment(&mut connections, network, 0);
        }
        assert_eq!(connections.lanes, [1; 9]);
        for seconds in [3600, 3601, 3602] {
            segment(&mut connections, 3, seconds);
        }
        assert_eq!(connections.table.len(), 1);
        assert!(connections.lanes.len() <= 3, "{:?}", connections.lanes);
    }
}
