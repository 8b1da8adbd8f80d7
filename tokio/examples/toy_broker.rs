//! A broker in memory: one node, topics of one partition that are created when they are named. Real clients produce to it and
//! consume from it (without groups).
//!
//! ```sh
//! cargo run -p kafka-codec-tokio --example toy_broker -- 127.0.0.1:19092
//! kcat -b 127.0.0.1:19092 -t orders -P <<<paid
//! kcat -b 127.0.0.1:19092 -t orders -C -e
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_codec::connection::VersionTable;
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_codec::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_codec::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_codec::messages::{
    FetchRequest, FetchResponse, InitProducerIdResponse, ListOffsetsRequest, ListOffsetsResponse,
    MetadataRequest, MetadataResponse, ProduceRequest, ProduceResponse,
};
use kafka_codec::records::{Entries, Entry};
use kafka_codec::{ApiKey, ErrorCode, VersionRange};
use kafka_codec_tokio::{Client, Server, ServerOptions, ServerRequest};

type Fault = Box<dyn Error + Send + Sync>;

/// The logs, by topic.
#[derive(Default)]
struct Logs(Mutex<BTreeMap<String, Log>>);

/// Batches with the offsets of their first records, and the offset of the next.
#[derive(Default)]
struct Log {
    batches: Vec<(i64, Bytes)>,
    end: i64,
}

impl Log {
    /// Appends the batches of a Produce request. Returns the offset of the first record, or what is wrong with them.
    fn append(&mut self, records: &[u8]) -> Result<i64, ErrorCode> {
        let first = self.end;
        for entry in Entries::new(records) {
            let Ok(Entry::Batch(batch)) = entry else {
                return Err(ErrorCode::CORRUPT_MESSAGE);
            };
            batch.check_crc().map_err(|_| ErrorCode::CORRUPT_MESSAGE)?;
            let header = batch.header();
            let mut bytes = BytesMut::from(batch.as_bytes());
            // The base offset is not part of what the checksum covers.
            bytes
                .get_mut(..8)
                .ok_or(ErrorCode::CORRUPT_MESSAGE)?
                .copy_from_slice(&self.end.to_be_bytes());
            self.batches.push((self.end, bytes.freeze()));
            self.end += i64::from(header.last_offset_delta) + 1;
        }
        Ok(first)
    }

    /// The batches from that of an offset on, up to a number of bytes, and at least one.
    fn read(&self, offset: i64, max_bytes: usize) -> Bytes {
        let begin = self.batches.partition_point(|(base, _)| *base <= offset);
        let mut found = BytesMut::new();
        for (_, batch) in self.batches.iter().skip(begin.saturating_sub(1)) {
            if offset >= self.end || (!found.is_empty() && found.len() + batch.len() > max_bytes) {
                break;
            }
            found.extend_from_slice(batch);
        }
        found.freeze()
    }
}

impl Logs {
    fn with<T>(&self, topic: &str, act: impl FnOnce(&mut Log) -> T) -> T {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(logs.entry(topic.to_owned()).or_default())
    }

    fn names(&self) -> Vec<String> {
        let logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logs.keys().cloned().collect()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let address = std::env::args()
        .nth(1)
        .ok_or("usage: toy_broker HOST:PORT")?;
    let server = Server::bind(&address, ServerOptions::new(served())).await?;
    let address = server.local_addr()?;
    println!("listening on {address}");
    let logs = Arc::new(Logs::default());
    loop {
        let client = match server.accept().await {
            Ok(client) => client,
            // The next client may be accepted: one may have gone already, or too many files are open now.
            Err(error) => {
                println!("accepting a client: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        tokio::spawn(serve(client, address, logs.clone()));
    }
}

/// The APIs that are served. Those that name topics by id stay in the versions before.
fn served() -> VersionTable {
    let highest = [
        (ApiKey::ApiVersions, i16::MAX),
        (ApiKey::Metadata, 9),
        (ApiKey::Produce, 12),
        (ApiKey::Fetch, 12),
        (ApiKey::ListOffsets, 7),
        (ApiKey::InitProducerId, i16::MAX),
    ];
    VersionTable::new(highest.into_iter().filter_map(|(key, highest)| {
        let range = key.stable_versions()?;
        let limit = VersionRange::new(range.min().0, highest.max(range.min().0))?;
        Some((key, range.intersect(limit)?))
    }))
}

async fn serve(client: Client, address: SocketAddr, logs: Arc<Logs>) {
    while let Some(request) = client.next_request().await {
        let logs = logs.clone();
        // A Fetch that waits keeps no other client, and no request behind it, from being worked on.
        tokio::spawn(async move {
            println!("{}", request.label());
            if let Err(error) = answer(&request, address, &logs).await {
                println!("{}: {error}", request.label());
                request.client().close();
            }
        });
    }
}

async fn answer(request: &ServerRequest, address: SocketAddr, logs: &Logs) -> Result<(), Fault> {
    match request.label().api_key {
        ApiKey::Metadata => request.respond(&metadata(&request.decode()?, address, logs))?,
        ApiKey::Produce => {
            let response = produce(&request.decode()?, logs);
            if request.incoming().expects_response() {
                request.respond(&response)?;
            }
        }
        ApiKey::Fetch => {
            let asked = request.decode::<FetchRequest<'_>>()?;
            let wait = Duration::from_millis(u64::try_from(asked.max_wait_ms).unwrap_or(0));
            let deadline = tokio::time::Instant::now() + wait;
            let response = loop {
                let (response, bytes) = fetch(&asked, logs);
                if bytes > 0 || tokio::time::Instant::now() >= deadline {
                    break response;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            };
            request.respond(&response)?;
        }
        ApiKey::ListOffsets => request.respond(&list_offsets(&request.decode()?, logs))?,
        ApiKey::InitProducerId => request.respond(&InitProducerIdResponse {
            producer_id: 1,
            ..Default::default()
        })?,
        other => return Err(format!("{other} is not served").into()),
    }
    Ok(())
}

fn metadata(
    request: &MetadataRequest<'_>,
    address: SocketAddr,
    logs: &Logs,
) -> MetadataResponse<'static> {
    let names = match &request.topics {
        None => logs.names(),
        Some(topics) => {
            let names = topics.iter().filter_map(|topic| topic.name.as_deref());
            names.map(str::to_owned).collect()
        }
    };
    let topics = names.into_iter().map(|name| {
        logs.with(&name, |_| {});
        MetadataResponseTopic {
            name: Some(name.into()),
            partitions: vec![MetadataResponsePartition {
                leader_id: 1,
                leader_epoch: 0,
                replica_nodes: vec![1].into(),
                isr_nodes: vec![1].into(),
                ..Default::default()
            }],
            ..Default::default()
        }
    });
    MetadataResponse {
        brokers: vec![MetadataResponseBroker {
            node_id: 1,
            host: address.ip().to_string().into(),
            port: address.port().into(),
            ..Default::default()
        }],
        cluster_id: Some("toy".into()),
        controller_id: 1,
        topics: topics.collect(),
        ..Default::default()
    }
}

fn produce(request: &ProduceRequest<'_>, logs: &Logs) -> ProduceResponse<'static> {
    let topics = request.topic_data.iter().map(|topic| {
        let partitions = topic.partition_data.iter().map(|partition| {
            let records = partition.records.as_deref().unwrap_or_default();
            let appended = match partition.index {
                0 => logs.with(&topic.name, |log| log.append(records)),
                _ => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            };
            PartitionProduceResponse {
                index: partition.index,
                error_code: appended.err().unwrap_or(ErrorCode::NONE),
                base_offset: appended.unwrap_or(-1),
                ..Default::default()
            }
        });
        TopicProduceResponse {
            name: topic.name.to_string().into(),
            partition_responses: partitions.collect(),
            ..Default::default()
        }
    });
    ProduceResponse {
        responses: topics.collect(),
        ..Default::default()
    }
}

/// The response, and the bytes of records in it.
fn fetch(request: &FetchRequest<'_>, logs: &Logs) -> (FetchResponse<'static>, usize) {
    let mut bytes = 0;
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let max_bytes = usize::try_from(partition.partition_max_bytes).unwrap_or(0);
            let (records, end) = logs.with(&topic.topic, |log| {
                (log.read(partition.fetch_offset, max_bytes), log.end)
            });
            bytes += records.len();
            PartitionData {
                partition_index: partition.partition,
                error_code: match (0..=end).contains(&partition.fetch_offset) {
                    true => ErrorCode::NONE,
                    false => ErrorCode::OFFSET_OUT_OF_RANGE,
                },
                high_watermark: end,
                last_stable_offset: end,
                log_start_offset: 0,
                records: Some(records.into()),
                ..Default::default()
            }
        });
        FetchableTopicResponse {
            topic: topic.topic.to_string().into(),
            partitions: partitions.collect(),
            ..Default::default()
        }
    });
    let response = FetchResponse {
        responses: topics.collect(),
        ..Default::default()
    };
    (response, bytes)
}

fn list_offsets(request: &ListOffsetsRequest<'_>, logs: &Logs) -> ListOffsetsResponse<'static> {
    /// The timestamp that asks for the beginning of the log.
    const EARLIEST: i64 = -2;
    let topics = request.topics.iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let end = logs.with(&topic.name, |log| log.end);
            ListOffsetsPartitionResponse {
                partition_index: partition.partition_index,
                offset: if partition.timestamp == EARLIEST.into() {
                    0
                } else {
                    end
                },
                ..Default::default()
            }
        });
        ListOffsetsTopicResponse {
            name: topic.name.to_string().into(),
            partitions: partitions.collect(),
            ..Default::default()
        }
    });
    ListOffsetsResponse {
        topics: topics.collect(),
        ..Default::default()
    }
}
