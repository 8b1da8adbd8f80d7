//! Puts fragments of IP packets together. Memory is bounded. Fragments may overlap where their bytes are the same; a
//! packet of which two fragments contradict each other is refused.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use super::ip::{Fragment, Ip, u32_of};
use crate::length::{u64_of, usize_of};

/// What all fragments that wait may use.
const MAX_BYTES: usize = 8 << 20;
/// What a fragment costs besides its bytes.
const OVERHEAD_BYTES: usize = 96;
/// How many packets may wait.
const MAX_DATAGRAMS: usize = 1 << 14;
/// How long a packet may take to become whole. See RFC 8200, section 4.5.
const MAX_NANOSECONDS: i64 = 60_000_000_000;
/// No packet is larger: the last fragment may begin where 13 bits of words end.
const MAX_DATAGRAM_BYTES: u32 = 0x1_fff8;
/// How many packets that are whole are remembered, to recognize copies of their fragments.
const REMEMBERED: usize = 64;

/// The fragments that wait for others.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Key, Datagram>,
    /// The packets in the order of their first fragments. Those that are whole may still be here.
    order: VecDeque<(Key, u64)>,
    bytes: usize,
    begun: u64,
    given_up: u64,
    whole: VecDeque<(Key, Vec<u64>)>,
    /// The time of the fragment before.
    previous: i64,
    /// The latest time that two fragments in a row have reached. A single one may have a damaged time.
    latest: i64,
}

type Key = (IpAddr, IpAddr, u8, u32, u64);

#[derive(Debug)]
struct Datagram {
    /// Which of all packets it is.
    number: u64,
    first_time: i64,
    parts: BTreeMap<u32, Part>,
    /// The length of the payload, once the last fragment has come.
    length: Option<u32>,
    /// How much of it has come.
    arrived: u32,
    /// What its parts cost.
    cost: usize,
    /// Fingerprints of the fragments that its parts are from.
    prints: Vec<u64>,
    /// It contradicts itself; its fragments are swallowed.
    is_refused: bool,
}

#[derive(Debug)]
struct Part {
    bytes: Vec<u8>,
    missing: u32,
}

/// A payload that was put together.
#[derive(Debug)]
pub(super) struct Whole {
    /// The bytes up to the first that was not captured.
    pub(super) bytes: Vec<u8>,
    /// How many follow.
    pub(super) missing: u32,
}

/// The outcome of a fragment.
#[derive(Debug)]
pub(super) enum Added {
    /// All fragments are there.
    Whole(Whole),
    /// Others are still to come.
    Waits,
    /// It was captured before.
    Again,
    /// It contradicts another one.
    Refused,
}

impl Part {
    fn length(&self) -> u32 {
        u32_of(self.bytes.len()).saturating_add(self.missing)
    }

    fn cost(&self) -> usize {
        OVERHEAD_BYTES + self.bytes.len()
    }
}

impl Fragments {
    pub(super) const fn given_up(&self) -> u64 {
        self.given_up
    }

    pub(super) fn waiting(&self) -> u64 {
        let fragments = self.waiting.values();
        fragments.map(|each| u64_of(each.prints.len())).sum()
    }

    /// Takes the part of a payload that `ip` carries.
    pub(super) fn add(&mut self, ip: &Ip<'_>, fragment: Fragment, time: i64) -> Added {
        // In version 6, only the first fragment says what the payload is.
        let protocol = if ip.source.is_ipv4() { ip.protocol } else { 0 };
        let key = (
            ip.source,
            ip.destination,
            protocol,
            ip.identification,
            ip.network,
        );
        let now = time.min(std::mem::replace(&mut self.previous, time));
        self.latest = self.latest.max(now);
        self.expire(now);
        if self.is_known(&key, ip, fragment) {
            return Added::Again;
        }
        let (begun, order, latest) = (&mut self.begun, &mut self.order, self.latest);
        let datagram = self.waiting.entry(key).or_insert_with(|| {
            *begun += 1;
            order.push_back((key, *begun));
            Datagram::new(*begun, time.max(latest))
        });
        self.bytes -= datagram.cost;
        let added = datagram.add(fragment, ip.payload, ip.missing);
        if matches!(added, Added::Refused) {
            self.given_up += u64_of(datagram.prints.len());
            datagram.clear();
        }
        self.bytes += datagram.cost;
        if let Some(whole) = self.whole(&key) {
            return Added::Whole(whole);
        }
        while self.bytes > MAX_BYTES || self.order.len() > MAX_DATAGRAMS {
            self.give_up_oldest();
        }
        added
    }

    fn whole(&mut self, key: &Key) -> Option<Whole> {
        let datagram = self.waiting.get(key)?;
        if datagram.length != Some(datagram.arrived) || datagram.is_refused {
            return None;
        }
        let datagram = self.waiting.remove(key)?;
        self.bytes -= datagram.cost;
        if self.whole.len() == REMEMBERED {
            self.whole.pop_front();
        }
        let (prints, whole) = datagram.join();
        self.whole.push_back((*key, prints));
        Some(whole)
    }

    /// Returns `true` if it is a copy of a fragment of a packet that is whole already.
    fn is_known(&self, key: &Key, ip: &Ip<'_>, fragment: Fragment) -> bool {
        if self.waiting.contains_key(key) {
            return false;
        }
        let mut same = self.whole.iter().rev().filter(|(known, _)| known == key);
        let Some(first) = same.next() else {
            return false;
        };
        let print = print(fragment.offset, ip.payload);
        let mut same = std::iter::once(first).chain(same);
        same.any(|(_, prints)| prints.contains(&print))
    }

    fn expire(&mut self, now: i64) {
        while let Some((key, number)) = self.order.front() {
            match self.waiting.get(key) {
                Some(oldest) if oldest.number == *number => {
                    if now.saturating_sub(oldest.first_time) <= MAX_NANOSECONDS {
                        return;
                    }
                    self.give_up_oldest();
                }
                _ => drop(self.order.pop_front()),
            }
        }
    }

    fn give_up_oldest(&mut self) {
        let Some((key, number)) = self.order.pop_front() else {
            debug_assert!(false, "what waits is in the order");
            self.bytes = 0;
            return;
        };
        if self
            .waiting
            .get(&key)
            .is_some_and(|each| each.number == number)
            && let Some(oldest) = self.waiting.remove(&key)
        {
            self.bytes -= oldest.cost;
            self.given_up += u64_of(oldest.prints.len());
        }
    }
}

impl Datagram {
    const fn new(number: u64, first_time: i64) -> Self {
        Self {
            number,
            first_time,
            parts: BTreeMap::new(),
            length: None,
            arrived: 0,
            cost: 0,
            prints: Vec::new(),
            is_refused: false,
        }
    }

    fn clear(&mut self) {
        self.parts.clear();
        self.prints = Vec::new();
        self.cost = 0;
    }

    /// Takes a fragment, with its captured bytes and the number of those that were not captured.
    fn add(&mut self, fragment: Fragment, bytes: &[u8], missing: u32) -> Added {
        if self.is_refused {
            return Added::Refused;
        }
        let start = fragment.offset;
        let length = u32_of(bytes.len()).saturating_add(missing);
        let end = start.saturating_add(length);
        let is_empty = length == 0;
        let is_odd = !fragment.is_last && !length.is_multiple_of(8);
        let contradicts = match self.length {
            Some(known) => end > known || (fragment.is_last && end != known),
            None => {
                let furthest = self.parts.last_key_value();
                let furthest = furthest.map_or(0, |(at, part)| at + part.length());
                fragment.is_last && end < furthest
            }
        };
        let is_refused = is_empty || is_odd || contradicts || end > MAX_DATAGRAM_BYTES;
        let new = match is_refused {
            true => None,
            false => self.gaps(start, end, bytes),
        };
        let Some(new) = new else {
            self.is_refused = true;
            return Added::Refused;
        };
        let is_known = new.is_empty() && (!fragment.is_last || self.length.is_some());
        if fragment.is_last {
            self.length = Some(end);
        }
        if is_known {
            return Added::Again;
        }
        self.prints.push(print(start, bytes));
        for (from, to) in new {
            let at = |place: u32| usize_of(u64::from(place - start)).min(bytes.len());
            let bytes = bytes.get(at(from)..at(to)).unwrap_or_default();
            let part = Part {
                bytes: bytes.to_vec(),
                missing: (to - from).saturating_sub(u32_of(bytes.len())),
            };
            self.arrived += part.length();
            self.cost += part.cost();
            self.parts.insert(from, part);
        }
        Added::Waits
    }

    /// The ranges between `start` and `end` that no part has; `None` if `bytes`, which begin at `start`, differ from
    /// those of a part. Bytes that were not captured differ from nothing.
    fn gaps(&self, start: u32, end: u32, bytes: &[u8]) -> Option<Vec<(u32, u32)>> {
        let before = self.parts.range(..start).next_back();
        let others = before.into_iter().chain(self.parts.range(start..end));
        let (mut gaps, mut at) = (Vec::new(), start);
        for (place, part) in others {
            let (from, to) = ((*place).max(start), place + part.length());
            if to <= start {
                continue;
            }
            let mine = bytes.get(usize_of(u64::from(from - start))..);
            let theirs = part.bytes.get(usize_of(u64::from(from - place))..);
            let mut both = mine.into_iter().flatten().zip(theirs.into_iter().flatten());
            if both.any(|(mine, theirs)| mine != theirs) {
                return None;
            }
            if at < from {
                gaps.push((at, from));
            }
            at = at.max(to);
        }
        if at < end {
            gaps.push((at, end));
        }
        Some(gaps)
    }

    /// Joins the parts up to the first byte that was not captured. The fingerprints of the fragments are kept.
    fn join(self) -> (Vec<u64>, Whole) {
        let total = self.length.unwrap_or(self.arrived);
        let mut bytes = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
        for part in self.parts.values() {
            bytes.extend_from_slice(&part.bytes);
            if part.missing > 0 {
                break;
            }
        }
        let whole = Whole {
            missing: total - u32_of(bytes.len()),
            bytes,
        };
        (self.prints, whole)
    }
}

fn print(offset: u32, bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (offset, bytes).hash(&mut hasher);
    hasher.finish()
}
