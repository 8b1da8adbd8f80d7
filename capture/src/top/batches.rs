//! Batches that producers sent lately, to see which are sent again.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

use kafka_codec::records::{Entries, Entry};

/// How many batches are remembered.
const MAX_BATCHES: usize = 1 << 16;

/// How often each of the last batches was sent.
#[derive(Debug, Default)]
pub(super) struct Batches {
    sent: HashMap<u64, u32>,
    order: VecDeque<u64>,
}

impl Batches {
    /// Takes note of a partition's records in a Produce request. Returns how often a batch of them was sent before; 0 if
    /// none was.
    pub(super) fn sent_before(
        &mut self,
        client: &str,
        topic: impl Hash,
        partition: i32,
        records: &[u8],
    ) -> u32 {
        let mut hasher = DefaultHasher::new();
        (topic, partition).hash(&mut hasher);
        let mut before = 0;
        for entry in Entries::new(records).map_while(Result::ok) {
            let mut hasher = hasher.clone();
            match entry {
                Entry::Batch(batch) => {
                    let header = batch.header();
                    if header.producer_id < 0 {
                        (client, header.crc).hash(&mut hasher);
                    } else {
                        let sequence = (header.base_sequence, header.record_count);
                        (header.producer_id, header.producer_epoch, sequence).hash(&mut hasher);
                    }
                }
                Entry::Message(message) => (client, message.crc()).hash(&mut hasher),
                _ => continue,
            }
            let key = hasher.finish();
            if let Some(count) = self.sent.get_mut(&key) {
                before = before.max(*count);
                *count += 1;
            } else {
                if self.order.len() >= MAX_BATCHES
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.sent.remove(&oldest);
                }
                self.sent.insert(key, 1);
                self.order.push_back(key);
            }
        }
        before
    }
}
