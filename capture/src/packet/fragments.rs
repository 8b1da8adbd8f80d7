//! Puts fragments of IP packets together. Memory is bounded, and a packet of which two fragments contradict
//! each other is refused.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use super::ip::{Fragment, Ip, u32_of};
use crate::length::u64_of;

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
        let parts = self.waiting.values().map(|each| u64_of(each.parts.len()));
        parts.sum()
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
        self.expire(time);
        if self.is_known(&key, ip, fragment) {
            return Added::Again;
        }
        let part = Part {
            bytes: ip.payload.to_vec(),
            missing: ip.missing,
        };
        let cost = part.cost();
        let (begun, order) = (&mut self.begun, &mut self.order);
        let datagram = self.waiting.entry(key).or_insert_with(|| {
            *begun += 1;
            order.push_back((key, *begun));
            Datagram::new(*begun, time)
        });
        let added = datagram.add(fragment, part);
        match added {
            Added::Waits => self.bytes += cost,
            Added::Refused => {
                self.bytes -= datagram.cost();
                self.given_up += u64_of(datagram.parts.len());
                datagram.parts.clear();
            }
            Added::Whole(_) | Added::Again => {}
        }
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
        self.bytes -= datagram.cost();
        if self.whole.len() == REMEMBERED {
            self.whole.pop_front();
        }
        let prints = datagram.parts.iter();
        let prints = prints.map(|(at, part)| print(*at, &part.bytes));
        self.whole.push_back((*key, prints.collect()));
        Some(datagram.join())
    }

    /// Returns `true` if it is a copy of a fragment of a packet that is whole already.
    fn is_known(&self, key: &Key, ip: &Ip<'_>, fragment: Fragment) -> bool {
        let mut same = self.whole.iter().rev().filter(|(known, _)| known == key);
        same.any(|(_, prints)| prints.contains(&print(fragment.offset, ip.payload)))
            && !self.waiting.contains_key(key)
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
            self.bytes -= oldest.cost();
            self.given_up += u64_of(oldest.parts.len());
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
            is_refused: false,
        }
    }

    fn cost(&self) -> usize {
        self.parts.values().map(Part::cost).sum()
    }

    fn add(&mut self, fragment: Fragment, part: Part) -> Added {
        if self.is_refused {
            return Added::Refused;
        }
        let (start, length) = (fragment.offset, part.length());
        let end = start.saturating_add(length);
        if let Some(known) = self.parts.get(&start)
            && known.bytes == part.bytes
            && known.length() == length
        {
            return Added::Again;
        }
        let before = self.parts.range(..=start).next_back();
        let overlaps_before =
            before.is_some_and(|(at, part)| *at == start || at + part.length() > start);
        let overlaps_after = self.parts.range(start..end).next().is_some();
        let is_empty = length == 0;
        let is_odd = !fragment.is_last && length % 8 != 0;
        let contradicts = match self.length {
            Some(known) => end > known || (fragment.is_last && end != known),
            None => {
                let furthest = self.parts.last_key_value();
                let furthest = furthest.map_or(0, |(at, part)| at + part.length());
                fragment.is_last && end < furthest
            }
        };
        if overlaps_before
            || overlaps_after
            || is_empty
            || is_odd
            || contradicts
            || end > MAX_DATAGRAM_BYTES
        {
            self.is_refused = true;
            return Added::Refused;
        }
        if fragment.is_last {
            self.length = Some(end);
        }
        self.arrived += length;
        self.parts.insert(start, part);
        Added::Waits
    }

    /// Joins the parts up to the first byte that was not captured.
    fn join(self) -> Whole {
        let total = self.length.unwrap_or(self.arrived);
        let mut bytes = Vec::with_capacity(usize::try_from(total).unwrap_or(0));
        for part in self.parts.values() {
            bytes.extend_from_slice(&part.bytes);
            if part.missing > 0 {
                break;
            }
        }
        Whole {
            missing: total - u32_of(bytes.len()),
            bytes,
        }
    }
}

fn print(offset: u32, bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (offset, bytes).hash(&mut hasher);
    hasher.finish()
}
