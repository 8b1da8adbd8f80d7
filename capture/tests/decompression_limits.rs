//! No batch of records is decompressed to more than is asked for, whatever looks into it.
#![cfg(test)]
#![cfg(feature = "analysis")]

mod support;

use kafka_capture::analysis::Summary;
use kafka_capture::{Decoder, TopicNames};
use kafka_codec::Version;
use kafka_codec::internal_topics::MetadataRecord;
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{FetchRequest, FetchResponse, ProduceRequest, TopicRecord};
use kafka_codec::records::{BatchBuilder, BatchOptions, Compression, NewRecord};
use kafka_codec::wire::{Blob, Uuid};
use serde_json::Value;
use support::packets::Conversation;
use support::typed::{request, response};

const ID: Uuid = Uuid::from_u128(77);

/// A batch that holds the name of a topic behind 2000 other bytes, compressed.
fn batch() -> Vec<u8> {
    let record = MetadataRecord::Topic(TopicRecord {
        name: "orders".into(),
        topic_id: ID,
        ..Default::default()
    });
    let value = record.encode_to_vec(Version(0)).unwrap();
    let mut builder = BatchBuilder::new(BatchOptions {
        compression: Compression::Gzip,
        ..Default::default()
    });
    for value in [&[0; 2000], &value[..]] {
        let record = NewRecord {
            value: Some(value),
            ..Default::default()
        };
        builder.append(&record).unwrap();
    }
    builder.finish().unwrap().to_vec()
}

/// So many batches are produced, and one is fetched from the metadata log.
fn decode(batch: &[u8], produced: i32, max: Option<usize>) -> (TopicNames, Value) {
    let mut conversation = Conversation::new(40_000);
    let fetched = FetchResponse {
        responses: vec![FetchableTopicResponse {
            topic_id: Uuid::from_u128(1),
            partitions: vec![PartitionData {
                records: Some(Blob::from(batch)),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let asked = request(&FetchRequest::default(), 16, 1, "me");
    conversation.send(true, &asked, 1000);
    conversation.send(false, &response(&fetched, 16, 1), 1000);
    for id in 0..produced {
        let produce = ProduceRequest {
            topic_data: vec![TopicProduceData {
                name: "orders".into(),
                partition_data: vec![PartitionProduceData {
                    records: Some(Blob::from(batch)),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        conversation.send(true, &request(&produce, 9, 2 + id, "me"), 1000);
    }
    conversation.close();
    let (mut decoder, mut summary) = (Decoder::new(Vec::new()), Summary::new());
    if let Some(max) = max {
        decoder.set_max_decompressed(max);
    }
    for sent in &conversation.sent {
        sent.decode(0, &mut decoder, &mut summary);
    }
    let (_, topics) = decoder.finish_with_topics(&mut summary);
    let document = summary.finish(&topics).document();
    let document = serde_json::to_value(document).unwrap();
    (topics, document["compression"][0].clone())
}

#[test]
fn topic_names_and_the_summary_decompress_no_batch_beyond_the_limit() {
    let batch = batch();
    for (max, is_read) in [(None, true), (Some(1 << 20), true), (Some(1000), false)] {
        let (topics, compression) = decode(&batch, 3, max);
        assert_eq!(topics.name(ID), is_read.then_some("orders"), "{max:?}");
        assert_eq!(compression["codec"], "gzip", "{compression}");
        assert_eq!(compression["batches"], 3);
        let sampled = if is_read { 3 } else { 0 };
        assert_eq!(compression["ratioOfBatches"], sampled, "{max:?}");
    }
}
