//! Writes a record with every codec to partition 0 of a topic, and reads them back.
//!
//! ```sh
//! cargo run -p kafka-codec-tokio --example produce_fetch -- localhost:9092 orders
//! ```

use kafka_codec::messages::FetchRequest;
use kafka_codec::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_codec::records::{
    AbortedTransaction, BatchBuilder, BatchOptions, Compression, FetchedRecords, NewRecord,
    RecordDecoder,
};
use kafka_codec_tokio::{Cluster, ClusterOptions, Destination, Produce};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(broker), Some(topic)) = (args.next(), args.next()) else {
        return Err("usage: produce_fetch HOST:PORT TOPIC".into());
    };
    let cluster = Cluster::new(ClusterOptions::new([broker]));
    let mut first = None;
    let codecs = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    for compression in codecs {
        let mut builder = BatchBuilder::new(BatchOptions {
            compression,
            ..Default::default()
        });
        let value = format!("written with {compression}");
        builder.append(&NewRecord {
            timestamp: now_ms(),
            key: None,
            value: Some(value.as_bytes()),
            headers: &[],
        })?;
        let batch = Produce::new(&*topic, 0, builder.finish()?).with_record_count(1);
        let produced = cluster.produce(batch).await?;
        println!(
            "{value} at offset {} ({:.1?})",
            produced.base_offset, produced.report.total
        );
        first.get_or_insert(produced.base_offset);
    }
    let fetch_offset = first.unwrap_or_default();
    let partition = FetchPartition {
        fetch_offset,
        partition_max_bytes: 1 << 20,
        ..Default::default()
    };
    let request = FetchRequest {
        max_wait_ms: 500,
        min_bytes: 1,
        topics: vec![FetchTopic {
            topic: (&*topic).into(),
            topic_id: cluster.topic_id(&topic).unwrap_or_default(),
            partitions: vec![partition],
            ..Default::default()
        }],
        ..Default::default()
    };
    let leader = Destination::Leader((&*topic).into(), 0);
    let frame = cluster.send_to(leader, &request).await?;
    let response = frame.decode()?;
    let mut decoder = RecordDecoder::default();
    for partition in response
        .responses
        .iter()
        .flat_map(|topic| &topic.partitions)
    {
        let bytes = partition.records.as_deref().unwrap_or_default();
        let none: [AbortedTransaction; 0] = [];
        let mut fetched = FetchedRecords::read_committed(bytes, fetch_offset, none);
        while let Some(records) = fetched.next_batch(&mut decoder)? {
            for record in records {
                let record = record?;
                let value = String::from_utf8_lossy(record.value.unwrap_or_default());
                println!("read {value} at offset {}", record.offset);
            }
        }
        println!("the next fetch begins at {}", fetched.next_offset());
    }
    Ok(())
}

fn now_ms() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
