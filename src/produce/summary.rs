//! The contents of a Produce request, in a few words for logs and errors.

use std::collections::BTreeMap;
use std::fmt;

use crate::messages::ProduceRequest;
use crate::records::{Compression, Entries, Entry};
use crate::wire::Uuid;
use crate::{Decode, DecodeError, Version};

/// The contents of a Produce request: partitions, batches, records, bytes and compressions.
///
/// It prints as `orders-3, orders-4 and 2 more: 4 batches, 500 records, 18432 bytes, lz4`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProduceSummary {
    /// The topics, by name, or by id in text from version 13 on, each with its partitions in the order of the request.
    pub topics: Vec<(Box<str>, Vec<i32>)>,
    /// The number of batches, or of messages of magic 0 and 1.
    pub batches: usize,
    /// The number of records that the batches state.
    pub records: u64,
    /// The bytes of records, as they are compressed.
    pub bytes: u64,
    /// The compressions that are used, with the number of batches of each.
    pub codecs: BTreeMap<Compression, usize>,
}

impl ProduceSummary {
    /// Summarizes the body of a Produce request. Only headers of batches are read.
    ///
    /// # Errors
    ///
    /// Those of decoding the request. Records that cannot be read are counted in bytes alone.
    pub fn of_body(version: Version, body: &[u8]) -> Result<Self, DecodeError> {
        let (request, _) = ProduceRequest::decode_prefix(body, version)?;
        Ok(Self::of(&request))
    }

    /// Summarizes a Produce request. Only headers of batches are read.
    #[must_use]
    pub fn of(request: &ProduceRequest<'_>) -> Self {
        let mut summary = Self::default();
        for topic in &request.topic_data {
            let name = match &*topic.name {
                "" if topic.topic_id != Uuid::ZERO => topic.topic_id.to_string().into(),
                name => name.into(),
            };
            let partitions = topic.partition_data.iter().map(|it| it.index).collect();
            summary.topics.push((name, partitions));
            let records = topic
                .partition_data
                .iter()
                .filter_map(|it| it.records.as_ref());
            for blob in records {
                summary.bytes += blob.len() as u64;
                for entry in Entries::new(blob).map_while(Result::ok) {
                    summary.add(&entry);
                }
            }
        }
        summary
    }

    fn add(&mut self, entry: &Entry<'_>) {
        let (compression, records) = match entry {
            Entry::Batch(batch) => {
                let header = batch.header();
                let records = u64::try_from(header.record_count).unwrap_or(0);
                (header.attributes.compression(), records)
            }
            Entry::Message(message) => (message.attributes().compression(), 1),
            Entry::Partial(_) => return,
        };
        self.batches += 1;
        self.records += records;
        if let Some(compression) = compression {
            *self.codecs.entry(compression).or_default() += 1;
        }
    }
}

/// How many partitions are printed.
const PRINTED: usize = 3;

impl fmt::Display for ProduceSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics = self.topics.iter();
        let mut partitions = topics.flat_map(|(topic, partitions)| {
            partitions.iter().map(move |partition| (topic, partition))
        });
        let mut is_first = true;
        for (topic, partition) in partitions.by_ref().take(PRINTED) {
            let separator = if is_first { "" } else { ", " };
            write!(f, "{separator}{topic}-{partition}")?;
            is_first = false;
        }
        match partitions.count() {
            0 if is_first => f.write_str("no partition")?,
            0 => {}
            more => write!(f, " and {more} more")?,
        }
        let Self {
            batches,
            records,
            bytes,
            ..
        } = self;
        let (es, s) = (
            if *batches == 1 { "" } else { "es" },
            if *records == 1 { "" } else { "s" },
        );
        write!(
            f,
            ": {batches} batch{es}, {records} record{s}, {bytes} bytes"
        )?;
        for codec in self.codecs.keys() {
            write!(f, ", {codec}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;
    use crate::messages::produce_request::{Partition, Topic};
    use crate::records::{BatchBuilder, BatchOptions};

    #[test]
    fn a_request_is_summarized_by_its_partitions_and_the_headers_of_its_batches() {
        let mut builder = BatchBuilder::new(BatchOptions::default());
        for _ in 0..3 {
            builder
                .append(&crate::records::NewRecord::default())
                .unwrap();
        }
        let batch = builder.finish().unwrap();
        let partition = |index| Partition {
            index,
            records: Some(batch.clone().into()),
            ..Default::default()
        };
        let request = ProduceRequest {
            topic_data: vec![
                Topic {
                    name: "a".into(),
                    partition_data: vec![partition(0), partition(7)],
                    ..Default::default()
                },
                Topic {
                    name: "b".into(),
                    partition_data: vec![partition(1), partition(2), partition(3)],
                    ..Default::default()
                },
            ],
            ..Default::default()
        };
        let body = request.encode_to_vec(Version(9)).unwrap();
        let summary = ProduceSummary::of_body(Version(9), &body).unwrap();
        let bytes = 5 * batch.len();
        assert_eq!(
            summary.to_string(),
            format!("a-0, a-7, b-1 and 2 more: 5 batches, 15 records, {bytes} bytes, none")
        );
        assert_eq!(summary, ProduceSummary::of(&request));
        let nothing = ProduceSummary::of(&ProduceRequest::default());
        assert_eq!(
            nothing.to_string(),
            "no partition: 0 batches, 0 records, 0 bytes"
        );
    }

    #[test]
    fn records_that_cannot_be_read_are_counted_in_bytes() {
        let partition = Partition {
            records: Some(b"not a batch at all, although it is long enough for one of them".into()),
            ..Default::default()
        };
        let request = ProduceRequest {
            topic_data: vec![Topic {
                topic_id: Uuid::from_u128(7),
                partition_data: vec![partition],
                ..Default::default()
            }],
            ..Default::default()
        };
        let summary = ProduceSummary::of(&request);
        assert_eq!((summary.batches, summary.bytes), (0, 62));
        assert!(
            summary
                .to_string()
                .starts_with("AAAAAAAAAAAAAAAAAAAABw-0: ")
        );
    }
}
