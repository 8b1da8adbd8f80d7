//! The example `produce_and_fetch` reads back what it produced, from a broker of one partition that is made of the accepting
//! side of a connection.
#![cfg(test)]
#![cfg(all(feature = "messages", feature = "connection", feature = "records"))]

#[path = "../examples/produce_and_fetch.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod example;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use bytes::{Buf, Bytes};
use kafka_codec::connection::server::{
    IncomingRequest, ServerConnection, ServerEvent, ServerOptions,
};
use kafka_codec::messages::{
    FetchRequest, FetchResponse, MetadataRequest, MetadataResponse, ProduceRequest,
    ProduceResponse, fetch_response, metadata_response, produce_response,
};
use kafka_codec::records::{BatchHeader, Entries, Entry};
use kafka_codec::{ApiKey, ErrorCode, VersionTable};

/// One partition of one topic.
#[derive(Default)]
struct Log {
    batches: Vec<Bytes>,
    next_offset: i64,
    /// How many times metadata was asked for: the first time there is no leader yet.
    asked: usize,
}

impl Log {
    fn answer(&mut self, now: Instant, server: &mut ServerConnection, request: &IncomingRequest) {
        let id = request.id();
        let answered = match request.label().api_key {
            ApiKey::Metadata => server.respond(now, id, &self.metadata(request)),
            ApiKey::Produce => server.respond(now, id, &self.append(request)),
            ApiKey::Fetch => server.respond(now, id, &self.read(request)),
            other => panic!("{other} is not served"),
        };
        answered.unwrap();
    }

    fn metadata(&mut self, request: &IncomingRequest) -> MetadataResponse<'static> {
        let request = request.decode::<MetadataRequest<'_>>().unwrap();
        let name = request.topics.unwrap()[0].name.clone().unwrap();
        self.asked += 1;
        let error_code = match self.asked {
            1 => ErrorCode::LEADER_NOT_AVAILABLE,
            _ => ErrorCode::NONE,
        };
        let partition = metadata_response::Partition::default();
        MetadataResponse {
            topics: vec![metadata_response::Topic {
                error_code,
                name: Some(name.into_owned().into()),
                partitions: vec![partition],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    fn append(&mut self, request: &IncomingRequest) -> ProduceResponse<'static> {
        let request = request.decode::<ProduceRequest<'_>>().unwrap();
        let topic = &request.topic_data[0];
        let records = topic.partition_data[0].records.as_ref().unwrap();
        let mut entries = Entries::new(records);
        let Some(Ok(Entry::Batch(batch))) = entries.next() else {
            panic!("a batch");
        };
        batch.check_crc().unwrap();
        // The broker's part of a batch: its offset, in front of what the CRC covers.
        let mut batch = records.to_vec();
        batch[..8].copy_from_slice(&self.next_offset.to_be_bytes());
        self.batches.push(batch.into());
        let base_offset = self.next_offset;
        self.next_offset += 1;
        ProduceResponse {
            responses: vec![produce_response::Topic {
                name: topic.name.clone().into_owned().into(),
                partition_responses: vec![produce_response::Partition {
                    base_offset,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    fn read(&self, request: &IncomingRequest) -> FetchResponse<'static> {
        let request = request.decode::<FetchRequest<'_>>().unwrap();
        let topic = &request.topics[0];
        let from = usize::try_from(topic.partitions[0].fetch_offset).unwrap();
        let records = self.batches[from..].concat();
        assert!(records.len() > BatchHeader::SIZE);
        FetchResponse {
            responses: vec![fetch_response::Topic {
                topic: topic.topic.clone().into_owned().into(),
                partitions: vec![fetch_response::Partition {
                    high_watermark: self.next_offset,
                    records: Some(records.into()),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }
    }
}

/// Serves one client until it goes away.
fn serve(mut socket: TcpStream) {
    let served = [
        ApiKey::ApiVersions,
        ApiKey::Metadata,
        ApiKey::Produce,
        ApiKey::Fetch,
    ];
    let served = served.map(|key| (key, key.stable_versions().unwrap()));
    let options = ServerOptions::new("client", VersionTable::new(served));
    let mut server = ServerConnection::new(Instant::now(), options);
    let (mut log, mut buffer) = (Log::default(), [0; 4096]);
    loop {
        let count = socket.read(&mut buffer).unwrap();
        if count == 0 {
            return;
        }
        let now = Instant::now();
        assert_eq!(server.handle_bytes(now, &buffer[..count]), count);
        while let Some(event) = server.poll_event() {
            if let ServerEvent::Request(request) = event {
                log.answer(now, &mut server, &request);
            }
        }
        while let Some(mut transmit) = server.poll_transmit() {
            let bytes = transmit.copy_to_bytes(transmit.remaining());
            socket.write_all(&bytes).unwrap();
            server.handle_written(now, bytes.len());
        }
    }
}

#[test]
fn what_is_produced_is_fetched() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let broker = std::thread::spawn(move || serve(listener.accept().unwrap().0));

    let mut client = example::Client::connect(&address).unwrap();
    let partition = client.wait_for_partition("orders").unwrap();
    for (offset, value) in (0..).zip(["a", "", "größer"]) {
        assert_eq!(client.produce("orders", partition, value).unwrap(), offset);
    }
    let all = [(0, "a"), (1, ""), (2, "größer")].map(|(offset, value)| (offset, value.to_owned()));
    assert_eq!(client.fetch("orders", partition, 0).unwrap(), all);
    assert_eq!(client.fetch("orders", partition, 2).unwrap(), all[2..]);
    drop(client);
    broker.join().unwrap();
}
