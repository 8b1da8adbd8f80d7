//! The messages that speed and allocations are measured with. Sizes are those of a large cluster;
//! values differ from element to element where they do in life.

use std::sync::LazyLock;

use bytes::Bytes;
use kafka_codec::ErrorCode;
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::api_versions_response::ApiVersion;
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_codec::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{
    ApiVersionsResponse, FetchResponse, MetadataResponse, OffsetCommitRequest, ProduceRequest,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::{Blob, Packed, Uuid};

/// For version 12: 1,000 topics of 6 partitions of 3 replicas.
pub fn metadata_response() -> MetadataResponse<'static> {
    let broker = |node_id| MetadataResponseBroker {
        node_id,
        host: format!("broker-{node_id}.example.org").into(),
        port: 9092,
        ..Default::default()
    };
    let partition = |partition_index: i32| {
        let replicas = [0, 1, 2].map(|nth| (partition_index + nth) % 6);
        MetadataResponsePartition {
            partition_index,
            leader_id: partition_index % 6,
            leader_epoch: 7,
            replica_nodes: Packed::from(replicas),
            isr_nodes: Packed::from(replicas),
            ..Default::default()
        }
    };
    let topic = |number: u8, hundreds: u8| MetadataResponseTopic {
        name: Some(topic_name(u16::from(hundreds) * 100 + u16::from(number)).into()),
        topic_id: Uuid::from_bytes([number, hundreds, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7]),
        partitions: (0..6).map(partition).collect(),
        ..Default::default()
    };
    MetadataResponse {
        brokers: (0..6).map(broker).collect(),
        cluster_id: Some("Mk3OEYBSD34fcwNTJENDM2Qk".into()),
        controller_id: 1,
        topics: (0..10)
            .flat_map(|hundreds| (0..100).map(move |n| topic(n, hundreds)))
            .collect(),
        ..Default::default()
    }
}

/// For version 12: 50 topics of 10 partitions of 1 KiB of records, which are borrowed, so that they
/// are copied when the message is encoded.
pub fn fetch_response() -> FetchResponse<'static> {
    static RECORDS: LazyLock<Vec<u8>> = LazyLock::new(|| batch(1024));
    let partition = |partition_index| PartitionData {
        partition_index,
        high_watermark: 1_000_000 + i64::from(partition_index),
        last_stable_offset: 1_000_000,
        log_start_offset: 10,
        aborted_transactions: None,
        records: Some(Blob::Borrowed(&RECORDS)),
        ..Default::default()
    };
    let topic = |number| FetchableTopicResponse {
        topic: topic_name(number).into(),
        partitions: (0..10).map(partition).collect(),
        ..Default::default()
    };
    FetchResponse {
        session_id: 77,
        responses: (0..50).map(topic).collect(),
        ..Default::default()
    }
}

/// For version 8: 25 topics of 20 partitions.
pub fn offset_commit_request() -> OffsetCommitRequest<'static> {
    let partition = |partition_index| OffsetCommitRequestPartition {
        partition_index,
        committed_offset: 5_000_000 + i64::from(partition_index),
        committed_leader_epoch: 7,
        committed_metadata: Some("".into()),
        ..Default::default()
    };
    let topic = |number| OffsetCommitRequestTopic {
        name: topic_name(number).into(),
        partitions: (0..20).map(partition).collect(),
        ..Default::default()
    };
    OffsetCommitRequest {
        group_id: "billing".into(),
        generation_id_or_member_epoch: 12,
        member_id: "consumer-billing-1-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9".into(),
        topics: (0..25).map(topic).collect(),
        ..Default::default()
    }
}

/// For version 3: 61 APIs.
pub fn api_versions_response() -> ApiVersionsResponse<'static> {
    let api = |api_key| ApiVersion {
        api_key,
        max_version: api_key % 18,
        ..Default::default()
    };
    ApiVersionsResponse {
        error_code: ErrorCode::NONE,
        api_keys: (0..61).map(api).collect(),
        ..Default::default()
    }
}

/// For version 9: one topic of 10 partitions, each with the same `records`.
pub fn produce_request(records: &Bytes) -> ProduceRequest<'static> {
    let partition = |index| PartitionProduceData {
        index,
        records: Some(Blob::Shared(records.clone())),
        ..Default::default()
    };
    let topic = TopicProduceData {
        name: topic_name(1).into(),
        partition_data: (0..10).map(partition).collect(),
        ..Default::default()
    };
    ProduceRequest {
        acks: Acks::ALL,
        timeout_ms: 30_000,
        topic_data: vec![topic],
        ..Default::default()
    }
}

/// A record batch of this size, with one record: some peers look into batches while they decode.
///
/// # Panics
///
/// If the size is less than that of a batch with a small record.
pub fn batch(size: usize) -> Vec<u8> {
    let zeros = vec![0; size];
    let build = |value: usize| {
        let mut builder = BatchBuilder::new(BatchOptions::default());
        let record = NewRecord {
            timestamp: 1_700_000_000_000,
            value: zeros.get(..value),
            ..Default::default()
        };
        builder.append(&record).expect("a small record");
        builder.finish().expect("a batch").to_vec()
    };
    (0..size)
        .rev()
        .map(build)
        .find(|batch| batch.len() == size)
        .expect("a value that fills the batch")
}

fn topic_name(number: u16) -> String {
    format!("shop.orders.v1.{number:04}")
}
