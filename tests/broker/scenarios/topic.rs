//! A topic of a scenario's own: what is produced to it and fetched from it.

use std::time::Duration;

use kafka_codec::enumerations::Acks;
use kafka_codec::messages::create_topics_request::CreatableTopic;
use kafka_codec::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{CreateTopicsRequest, FetchRequest, ProduceRequest};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::{Blob, Uuid};

use crate::support::Link;

/// A topic of one partition.
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
}

impl Topic {
    /// Makes a topic, and waits until it can be used.
    pub(crate) async fn create(link: &Link, purpose: &str) -> Self {
        let name = of_this_run(purpose);
        let topic = CreatableTopic {
            name: name.clone().into(),
            num_partitions: 1,
            replication_factor: 1,
            ..Default::default()
        };
        let request = CreateTopicsRequest {
            topics: vec![topic],
            timeout_ms: 10_000,
            ..Default::default()
        };
        let made = link.send(request).await.unwrap();
        let made = &made.decode().unwrap().topics[0];
        assert!(made.error_code.is_none(), "{name}: {}", made.error_code);
        let topic = Self {
            name,
            id: made.topic_id,
        };
        while !topic.is_served(link).await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        topic
    }

    async fn is_served(&self, link: &Link) -> bool {
        let answer = link.send(self.fetch(0, Duration::ZERO)).await.unwrap();
        let answer = answer.decode().unwrap();
        let topic = answer.responses.first();
        answer.error_code.is_none()
            && topic.is_some_and(|topic| topic.partitions[0].error_code.is_none())
    }

    /// Produces a batch to a partition.
    pub(crate) fn produce(
        &self,
        acks: Acks,
        partition: i32,
        batch: Blob<'static>,
    ) -> ProduceRequest<'static> {
        ProduceRequest {
            acks,
            timeout_ms: 5_000,
            topic_data: vec![TopicProduceData {
                name: self.name.clone().into(),
                topic_id: self.id,
                partition_data: vec![PartitionProduceData {
                    index: partition,
                    records: Some(batch),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    /// Fetches from an offset, waiting so long for a byte.
    pub(crate) fn fetch(&self, from: i64, max_wait: Duration) -> FetchRequest<'static> {
        FetchRequest {
            max_wait_ms: i32::try_from(max_wait.as_millis()).unwrap(),
            min_bytes: 1,
            max_bytes: 1_000_000,
            session_epoch: -1,
            topics: vec![FetchTopic {
                topic: self.name.clone().into(),
                topic_id: self.id,
                partitions: vec![FetchPartition {
                    fetch_offset: from,
                    partition_max_bytes: 1_000_000,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }
    }
}

/// A name that no other run has, on brokers that are kept running.
pub(crate) fn of_this_run(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

/// A batch of one record for each value.
pub(crate) fn batch(values: &[&[u8]]) -> Blob<'static> {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    for value in values {
        let record = NewRecord {
            timestamp: 1_700_000_000_000,
            value: Some(value),
            ..Default::default()
        };
        builder.append(&record).unwrap();
    }
    Blob::from(builder.finish().unwrap())
}
