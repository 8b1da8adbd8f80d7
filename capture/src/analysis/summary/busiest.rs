//! A map that keeps the busiest of its entries, and one for all the others together.
//!
//! An entry that was merged may get busy later. It begins anew then, and is known to be partial.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::io;

use serde::{Deserialize, Serialize};

use super::super::latency::Budget;
use crate::length::u64_of;

/// How many entries are shown one by one.
pub(super) const MAX_SHOWN: usize = 200;
/// How many there may be before the least busy ones are merged.
const MAX_ENTRIES: usize = 300;
/// Of how many keys it is known that their entries were merged. Beyond that, all new entries are taken for partial.
const MAX_MERGED: usize = 1 << 14;

/// What several entries can be merged into.
pub(super) trait Merge: Default {
    /// Adds all of `other`.
    fn merge(&mut self, other: Self, budget: &mut Budget);

    /// How busy it is.
    fn weight(&self) -> u64;

    /// Gives histograms back, and keeps no more than ranges.
    fn drop_samples(&mut self, budget: &mut Budget);
}

/// The busiest entries.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    bound = "K: Hash + Eq + Ord + Serialize + for<'k> Deserialize<'k>, V: Serialize + for<'v> Deserialize<'v>"
)]
pub(super) struct Busiest<K, V> {
    #[serde(with = "pairs")]
    entries: HashMap<K, Entry<V>>,
    others: V,
    merged: Keys,
    /// Histograms that may still be made for entries.
    pub(super) budget: Budget,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry<V> {
    value: V,
    /// `true` if a part of it may be among the others.
    is_partial: bool,
}

/// Keys of entries that were merged, as hashes.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Keys {
    hashes: BTreeSet<u64>,
    /// `true` if there were more keys than are kept.
    is_full: bool,
}

/// An entry as it is shown.
#[derive(Debug)]
pub(super) struct Row<'b, K, V> {
    pub(super) key: &'b K,
    pub(super) value: &'b V,
    /// `true` if a part of it may be among the others.
    pub(super) is_partial: bool,
}

impl<K: Hash + Eq + Ord + Serialize, V: Merge> Busiest<K, V> {
    pub(super) fn new(histograms: usize) -> Self {
        Self {
            entries: HashMap::new(),
            others: V::default(),
            merged: Keys::default(),
            budget: Budget(histograms),
        }
    }

    /// The entry of a key, and what histograms may still be made.
    pub(super) fn entry<Q>(&mut self, key: &Q) -> (&mut V, &mut Budget)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized + ToKey<K>,
    {
        if !self.entries.contains_key(key) {
            if self.entries.len() >= MAX_ENTRIES {
                self.shrink();
            }
            let key = key.to_key();
            let entry = Entry {
                value: V::default(),
                is_partial: self.merged.may_have(&key),
            };
            self.entries.insert(key, entry);
        }
        let entry = self.entries.get_mut(key);
        let entry = entry.expect("it was inserted above");
        (&mut entry.value, &mut self.budget)
    }

    /// Merges the least busy entries.
    pub(super) fn shrink(&mut self) {
        if self.entries.len() <= MAX_SHOWN {
            return;
        }
        let mut ranked: Vec<_> = std::mem::take(&mut self.entries).into_iter().collect();
        ranked.sort_by(|a, b| rank(&a.1, &a.0).cmp(&rank(&b.1, &b.0)));
        for (key, mut entry) in ranked.split_off(MAX_SHOWN) {
            self.merged.add(&key);
            entry.value.drop_samples(&mut self.budget);
            self.others.merge(entry.value, &mut self.budget);
        }
        self.entries.extend(ranked);
    }

    /// All entries, the busiest first.
    pub(super) fn sorted(&self) -> Vec<Row<'_, K, V>> {
        let mut sorted: Vec<_> = self.entries.iter().collect();
        sorted.sort_by(|a, b| rank(a.1, a.0).cmp(&rank(b.1, b.0)));
        let rows = sorted.into_iter().map(|(key, entry)| Row {
            key,
            value: &entry.value,
            is_partial: entry.is_partial,
        });
        rows.collect()
    }

    /// What was merged, and the number of entries that are there alone: those that became busy later are in the table too.
    /// `None` if none was merged.
    pub(super) fn others(&self) -> Option<(&V, u64)> {
        let count = self.merged.hashes.len();
        let partial = self.entries.iter().filter(|(_, entry)| entry.is_partial);
        let again = partial.filter(|(key, _)| self.merged.hashes.contains(&hash(key)));
        let alone = u64_of(count.saturating_sub(again.count()));
        (count > 0).then_some((&self.others, alone))
    }

    /// Drops entries that are in no statistics.
    pub(super) fn retain(&mut self, is_used: impl Fn(&V) -> bool) {
        self.entries.retain(|_, entry| is_used(&entry.value));
    }

    /// Returns `true` if a part of what belongs to this key may be among the others.
    pub(super) fn may_have_merged(&self, key: &K) -> bool {
        let entry = self.entries.get(key);
        entry.map_or_else(|| self.merged.may_have(key), |entry| entry.is_partial)
    }

    /// Adds the entries of another capture: first those that both have, then the busiest of the others.
    pub(super) fn merge(&mut self, other: Self) {
        for (key, entry) in &mut self.entries {
            entry.is_partial |= !other.entries.contains_key(key) && other.merged.may_have(key);
        }
        let mut entries: Vec<_> = other.entries.into_iter().collect();
        entries.sort_by(|a, b| {
            let is_new = |key: &K| !self.entries.contains_key(key);
            let of = |each: &(K, Entry<V>)| is_new(&each.0);
            let both = of(a).cmp(&of(b));
            both.then_with(|| rank(&a.1, &a.0).cmp(&rank(&b.1, &b.0)))
        });
        for (key, entry) in entries {
            // Histograms are reserved for so many.
            if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(&key) {
                self.shrink();
            }
            let known = self.entries.entry(key);
            let known = known.or_insert_with_key(|key| Entry {
                value: V::default(),
                is_partial: self.merged.may_have(key),
            });
            known.is_partial |= entry.is_partial;
            known.value.merge(entry.value, &mut self.budget);
        }
        self.others.merge(other.others, &mut self.budget);
        self.merged.merge(other.merged);
        self.shrink();
    }
}

/// What entries are sorted by, the busiest first.
fn rank<'k, K, V: Merge>(entry: &Entry<V>, key: &'k K) -> (Reverse<u64>, &'k K) {
    (Reverse(entry.value.weight()), key)
}

impl Keys {
    fn add(&mut self, key: &impl Serialize) {
        self.add_hash(hash(key));
    }

    fn add_hash(&mut self, hash: u64) {
        if self.hashes.len() < MAX_MERGED || self.hashes.contains(&hash) {
            self.hashes.insert(hash);
        } else {
            self.is_full = true;
        }
    }

    fn may_have(&self, key: &impl Serialize) -> bool {
        self.is_full || !self.hashes.is_empty() && self.hashes.contains(&hash(key))
    }

    fn merge(&mut self, other: Self) {
        self.is_full |= other.is_full;
        for hash in other.hashes {
            self.add_hash(hash);
        }
    }
}

/// The hash of a key (FNV-1a), which is the same in all builds, since it is in state files.
fn hash(key: &impl Serialize) -> u64 {
    struct Hash(u64);

    impl io::Write for Hash {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    let written = serde_json::to_writer(&mut hash, key);
    debug_assert!(written.is_ok(), "keys are strings, numbers and addresses");
    hash.0
}

/// What a key is made of.
pub(super) trait ToKey<K> {
    fn to_key(&self) -> K;
}

impl ToKey<Box<Self>> for str {
    fn to_key(&self) -> Box<Self> {
        Box::from(self)
    }
}

impl<K: Clone> ToKey<Self> for K {
    fn to_key(&self) -> Self {
        self.clone()
    }
}

/// Maps as lists of pairs, since keys need not be strings.
mod pairs {
    use std::collections::HashMap;
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer, K: Serialize + Ord, V: Serialize>(
        map: &HashMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut pairs: Vec<_> = map.iter().collect();
        pairs.sort_by_key(|(key, _)| *key);
        serializer.collect_seq(pairs)
    }

    pub(super) fn deserialize<'d, D, K, V>(deserializer: D) -> Result<HashMap<K, V>, D::Error>
    where
        D: Deserializer<'d>,
        K: Deserialize<'d> + Hash + Eq,
        V: Deserialize<'d>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}
