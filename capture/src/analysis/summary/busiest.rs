//! A map that keeps the busiest of its entries, and one for all the others together.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::super::latency::Budget;

/// How many entries are shown one by one.
pub(super) const MAX_SHOWN: usize = 200;
/// How many there may be before the least busy ones are merged.
const MAX_ENTRIES: usize = 300;

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
    bound = "K: Hash + Eq + Serialize + for<'k> Deserialize<'k>, V: Serialize + for<'v> Deserialize<'v>"
)]
pub(super) struct Busiest<K, V> {
    #[serde(with = "pairs")]
    entries: HashMap<K, V>,
    others: V,
    merged: u64,
    /// Histograms that may still be made for entries.
    pub(super) budget: Budget,
}

impl<K: Hash + Eq + Ord + Clone, V: Merge> Busiest<K, V> {
    pub(super) fn new(histograms: usize) -> Self {
        Self {
            entries: HashMap::new(),
            others: V::default(),
            merged: 0,
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
            self.entries.insert(key.to_key(), V::default());
        }
        let entry = self.entries.get_mut(key);
        (entry.expect("it was inserted above"), &mut self.budget)
    }

    /// Merges the least busy entries.
    pub(super) fn shrink(&mut self) {
        if self.entries.len() <= MAX_SHOWN {
            return;
        }
        for (key, _) in self.ranked().split_off(MAX_SHOWN) {
            if let Some(mut entry) = self.entries.remove(&key) {
                entry.drop_samples(&mut self.budget);
                self.others.merge(entry, &mut self.budget);
                self.merged += 1;
            }
        }
    }

    fn ranked(&self) -> Vec<(K, u64)> {
        let weights = self.entries.iter();
        let mut ranked: Vec<_> = weights
            .map(|(key, each)| (key.clone(), each.weight()))
            .collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        ranked
    }

    /// All entries, the busiest first.
    pub(super) fn sorted(&self) -> Vec<(&K, &V)> {
        let mut sorted: Vec<_> = self.entries.iter().collect();
        sorted.sort_by(|a, b| b.1.weight().cmp(&a.1.weight()).then_with(|| a.0.cmp(b.0)));
        sorted
    }

    /// What the entries that are not shown come to, and how often one was merged; `None` if none was.
    pub(super) fn others(&self) -> Option<(&V, u64)> {
        (self.merged > 0).then_some((&self.others, self.merged))
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (key, value) in other.entries {
            match self.entries.get_mut(&key) {
                Some(entry) => entry.merge(value, &mut self.budget),
                None => {
                    if self.entries.len() >= MAX_ENTRIES {
                        self.shrink();
                    }
                    let mut entry = V::default();
                    entry.merge(value, &mut self.budget);
                    self.entries.insert(key, entry);
                }
            }
        }
        self.others.merge(other.others, &mut self.budget);
        self.merged += other.merged;
    }
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

    pub(super) fn serialize<S: Serializer, K: Serialize, V: Serialize>(
        map: &HashMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
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
