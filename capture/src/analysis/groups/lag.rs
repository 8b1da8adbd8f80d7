//! Committed offsets, high watermarks and lag.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kafka_codec::wire::Uuid;

use crate::topic_names::TopicNames;

/// How many partitions of groups are followed, and how many high watermarks are known.
const MAX_PARTITIONS: usize = 20_000;
/// How many of them have their lag over time.
const MAX_SERIES: usize = 4000;
/// How many points a series has before every second one is left out: fewer where there are many series.
const MAX_POINTS: usize = 240;
const MIN_POINTS: usize = 16;
const MAX_POINTS_IN_ALL: usize = 120_000;

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TopicPartition {
    pub(super) topic: Topic,
    pub(super) partition: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Topic {
    Name(Arc<str>),
    /// A topic whose name is not known yet.
    Id(u128),
}

/// A topic in a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum TopicInMessage<'m> {
    Name(&'m str),
    /// A topic whose name is not known yet.
    Id(u128),
}

impl<'m> TopicInMessage<'m> {
    pub(super) fn new(name: &'m str, id: Uuid, topics: &'m TopicNames) -> Self {
        if !name.is_empty() {
            return Self::Name(name);
        }
        topics
            .name(id)
            .map_or_else(|| Self::Id(id.to_u128()), Self::Name)
    }
}

impl From<TopicInMessage<'_>> for Topic {
    fn from(topic: TopicInMessage<'_>) -> Self {
        match topic {
            TopicInMessage::Name(name) => Self::Name(Arc::from(name)),
            TopicInMessage::Id(id) => Self::Id(id),
        }
    }
}

/// A partition, what a group has of it, and its high watermark.
pub(super) type Shown<'l> = (&'l TopicPartition, &'l Partition, Option<i64>);

#[derive(Debug, Default)]
pub(super) struct Lag {
    high_watermarks: HighWatermarks,
    groups: HashMap<TopicPartition, BTreeMap<Box<str>, Partition>>,
    count: usize,
    pub(super) left_out: u64,
}

/// The high watermarks of partitions, by topic.
#[derive(Debug, Default)]
struct HighWatermarks {
    by_name: HashMap<Arc<str>, BTreeMap<i32, i64>>,
    by_id: HashMap<u128, BTreeMap<i32, i64>>,
    count: usize,
}

impl HighWatermarks {
    /// Takes note of a high watermark. Returns the topic if it is higher than those before.
    fn raise(&mut self, topic: TopicInMessage<'_>, partition: i32, offset: i64) -> Option<Topic> {
        let partitions = match topic {
            TopicInMessage::Name(name) => self.by_name.get_mut(name),
            TopicInMessage::Id(id) => self.by_id.get_mut(&id),
        };
        match partitions.and_then(|partitions| partitions.get_mut(&partition)) {
            Some(known) if offset <= *known => return None,
            Some(known) => *known = offset,
            None if self.count >= MAX_PARTITIONS => return None,
            None => {
                let partitions = match topic {
                    TopicInMessage::Name(name) => self.by_name.entry(Arc::from(name)).or_default(),
                    TopicInMessage::Id(id) => self.by_id.entry(id).or_default(),
                };
                partitions.insert(partition, offset);
                self.count += 1;
            }
        }
        Some(match topic {
            TopicInMessage::Name(name) => {
                let (name, _) = self.by_name.get_key_value(name)?;
                Topic::Name(Arc::clone(name))
            }
            TopicInMessage::Id(id) => Topic::Id(id),
        })
    }

    fn get(&self, key: &TopicPartition) -> Option<i64> {
        let partitions = match &key.topic {
            Topic::Name(name) => self.by_name.get(name),
            Topic::Id(id) => self.by_id.get(id),
        };
        partitions?.get(&key.partition).copied()
    }

    /// Gives topics that were known by id the names that are known now.
    fn resolve(&mut self, topics: &TopicNames) {
        self.by_id.retain(|id, partitions| {
            let Some(name) = topics.name(Uuid::from_u128(*id)) else {
                return true;
            };
            let named = self.by_name.entry(Arc::from(name)).or_default();
            for (partition, offset) in std::mem::take(partitions) {
                let known = named.entry(partition).or_insert(offset);
                *known = offset.max(*known);
            }
            false
        });
    }
}

/// A time, the offset committed then, and the high watermark.
pub(super) type Point = (i64, i64, Option<i64>);

/// What a group has of a partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Partition {
    pub(super) committed: i64,
    /// When that was committed.
    committed_at: i64,
    pub(super) has_series: bool,
    points: Vec<Point>,
    /// The last change, which may not be a point.
    last: Option<Point>,
    /// Every so many changes are a point.
    pub(super) step: usize,
    changes: usize,
}

impl Partition {
    fn point(&mut self, time: i64, high_watermark: Option<i64>, max_points: usize) {
        let point = (time, self.committed, high_watermark);
        self.last = Some(point);
        if !self.has_series {
            return;
        }
        self.changes += 1;
        if !self.changes.is_multiple_of(self.step.max(1)) {
            return;
        }
        self.points.push(point);
        self.thin(max_points);
    }

    fn thin(&mut self, max_points: usize) {
        while self.points.len() >= max_points {
            let mut is_kept = false;
            self.points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.step = self.step.max(1) * 2;
        }
    }

    /// The points, and the last change behind them.
    pub(super) fn series(&self) -> impl Iterator<Item = &Point> {
        let last = self.last.iter();
        let last = last.filter(|last| self.points.last() != Some(*last));
        self.points.iter().chain(last)
    }

    /// Adds what the group has of the same partition under another name of its topic.
    fn join(&mut self, other: Self, max_points: usize) {
        let (these, those) = (changes(&self.points), changes(&other.points));
        let mut changes: Vec<_> = these.chain(those).collect();
        changes.sort_unstable();
        // Each name had a committed offset and a high watermark of its own.
        let (mut committed, mut highest) = (0, None);
        let points = changes.into_iter().map(|(time, commit, high_watermark)| {
            committed = commit.unwrap_or(committed);
            highest = highest.max(high_watermark);
            (time, committed, highest)
        });
        self.points = points.collect();
        (self.committed_at, self.committed) =
            (self.committed_at, self.committed).max((other.committed_at, other.committed));
        let last = self.last.max(other.last);
        self.last = last.map(|(time, _, high_watermark)| {
            let high_watermark = high_watermark.max(highest);
            (time, self.committed, high_watermark)
        });
        self.has_series |= other.has_series;
        self.step = self.step.max(other.step);
        self.changes += other.changes;
        self.thin(max_points);
    }
}

/// The points of a series, with the offset only where it was committed.
fn changes(points: &[Point]) -> impl Iterator<Item = (i64, Option<i64>, Option<i64>)> {
    let mut before = None;
    points.iter().map(move |(time, committed, high_watermark)| {
        let is_commit = before.replace(*committed) != Some(*committed);
        (*time, is_commit.then_some(*committed), *high_watermark)
    })
}

impl Lag {
    /// Takes note of the high watermark of a partition. Answers of several brokers can be behind each other.
    pub(super) fn high_watermark(
        &mut self,
        topic: TopicInMessage<'_>,
        partition: i32,
        offset: i64,
        time: i64,
    ) {
        if offset < 0 {
            return;
        }
        let Some(topic) = self.high_watermarks.raise(topic, partition, offset) else {
            return;
        };
        let key = TopicPartition { topic, partition };
        let max_points = self.max_points();
        if let Some(groups) = self.groups.get_mut(&key) {
            for partition in groups.values_mut() {
                partition.point(time, Some(offset), max_points);
            }
        }
    }

    /// How many points a series may have.
    fn max_points(&self) -> usize {
        let share = MAX_POINTS_IN_ALL / self.count.clamp(1, MAX_SERIES);
        share.clamp(MIN_POINTS, MAX_POINTS)
    }

    /// Takes note of an offset that a group committed.
    pub(super) fn committed(&mut self, group: &str, key: TopicPartition, offset: i64, time: i64) {
        let high_watermark = self.high_watermarks.get(&key);
        let max_points = self.max_points();
        let known = self.groups.get(&key);
        let is_known = known.is_some_and(|groups| groups.contains_key(group));
        if !is_known && self.count >= MAX_PARTITIONS {
            self.left_out += 1;
            return;
        }
        let groups = self.groups.entry(key).or_default();
        if !is_known {
            let partition = Partition {
                has_series: self.count < MAX_SERIES,
                ..Partition::default()
            };
            self.count += 1;
            groups.insert(Box::from(group), partition);
        }
        if let Some(partition) = groups.get_mut(group) {
            (partition.committed, partition.committed_at) = (offset, time);
            partition.point(time, high_watermark, max_points);
        }
    }

    /// Gives topics that were known by id the names that are known now.
    pub(super) fn resolve(&mut self, topics: &TopicNames) {
        let named = |key: TopicPartition| {
            let topic = match key.topic {
                Topic::Id(id) => TopicInMessage::new("", Uuid::from_u128(id), topics).into(),
                name => name,
            };
            TopicPartition { topic, ..key }
        };
        self.high_watermarks.resolve(topics);
        let max_points = self.max_points();
        let mut all: HashMap<_, BTreeMap<Box<str>, Partition>> = HashMap::new();
        for (key, groups) in self.groups.drain() {
            let merged = all.entry(named(key)).or_default();
            for (group, partition) in groups {
                match merged.get_mut(&group) {
                    Some(known) => known.join(partition, max_points),
                    None => {
                        merged.insert(group, partition);
                    }
                }
            }
        }
        self.groups = all;
    }

    /// The partitions of each group, with their high watermark.
    pub(super) fn by_group(&self) -> BTreeMap<&str, Vec<Shown<'_>>> {
        let mut by_group: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (key, groups) in &self.groups {
            let high_watermark = self.high_watermarks.get(key);
            for (group, partition) in groups {
                by_group
                    .entry(group)
                    .or_default()
                    .push((key, partition, high_watermark));
            }
        }
        for partitions in by_group.values_mut() {
            partitions.sort_by_key(|(key, ..)| *key);
        }
        by_group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_beyond_the_limit_are_counted_and_not_kept() {
        let mut lag = Lag::default();
        let count = i32::try_from(MAX_PARTITIONS).unwrap() + 1000;
        for partition in 0..count {
            let topic = Topic::Id(1);
            lag.committed("billing", TopicPartition { topic, partition }, 7, 1);
        }
        assert_eq!(
            (lag.groups.len(), lag.count, lag.left_out),
            (MAX_PARTITIONS, MAX_PARTITIONS, 1000)
        );
    }

    #[test]
    fn a_topic_that_is_known_by_id_and_by_name_has_one_series() {
        let id = Uuid::from_u128(7);
        let mut lag = Lag::default();
        // First by id, then by name, and by id once more.
        for (topic, offset) in [
            (TopicInMessage::Id(7), 1),
            (TopicInMessage::Name("orders"), 2),
            (TopicInMessage::Name("orders"), 3),
            (TopicInMessage::Id(7), 4),
        ] {
            lag.high_watermark(topic, 0, 10 * offset, 100 * offset);
            let topic = topic.into();
            let key = TopicPartition {
                topic,
                partition: 0,
            };
            lag.committed("billing", key, offset, 100 * offset + 1);
        }
        let mut names = TopicNames::default();
        names.insert(id, "orders");
        lag.resolve(&names);
        let by_group = lag.by_group();
        let [(key, partition, high_watermark)] = &by_group["billing"][..] else {
            panic!("{by_group:?}");
        };
        assert_eq!(key.topic, Topic::Name("orders".into()));
        assert_eq!((partition.committed, *high_watermark), (4, Some(40)));
        let points: Vec<_> = partition.series().copied().collect();
        let expected = [
            (101, 1, Some(10)),
            (201, 2, Some(20)),
            (300, 2, Some(30)),
            (301, 3, Some(30)),
            (400, 3, Some(40)),
            (401, 4, Some(40)),
        ];
        assert_eq!(points, expected);
    }
}
