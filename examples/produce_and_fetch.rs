//! Produces a record and reads it back: typed requests over a blocking socket of the standard library.
//!
//! ```sh
//! cargo run --example produce_and_fetch -- localhost:9092 orders
//! ```
//!
//! The transport matters. Turn `nodelay` on: the bytes of a request are complete when they are written, and Nagle's algorithm
//! would hold small ones back until earlier bytes are acknowledged. Write vectored: the records of a Produce request are
//! shared with whoever built them, and a vectored write sends them from where they are, without copying them next to the
//! header. And read into the buffer that the connection prepares, so that large responses arrive in place.

use std::error::Error;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime};

use bytes::{Buf, BytesMut};
use kafka_codec::connection::{Connection, ConnectionOptions, Event, SubmitOptions};
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::{FetchRequest, MetadataRequest, ProduceRequest};
use kafka_codec::messages::{fetch_request, produce_request};
use kafka_codec::records::{BatchBuilder, BatchOptions, FetchedRecords, NewRecord, RecordDecoder};
use kafka_codec::{ErrorCode, Request, ResponseFrame};

type BoxError = Box<dyn Error + Send + Sync>;

/// Number of bytes per read.
const READ: usize = 64 * 1024;

fn main() -> Result<(), BoxError> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(topic)) = (args.next(), args.next()) else {
        return Err("usage: produce_and_fetch HOST:PORT TOPIC".into());
    };
    let mut client = Client::connect(&address)?;
    let partition = client.wait_for_partition(&topic)?;
    let offset = client.produce(&topic, partition, "hello")?;
    println!("{topic}-{partition}: produced at offset {offset}");
    for (offset, value) in client.fetch(&topic, partition, offset)? {
        println!("{topic}-{partition}: offset {offset}: {value}");
    }
    Ok(())
}

/// A connection and its socket. One request at a time: whoever wants more keeps the [`Connection`] in a loop of its own.
pub(crate) struct Client {
    connection: Connection,
    socket: TcpStream,
    buffer: BytesMut,
}

impl Client {
    pub(crate) fn connect(address: &str) -> Result<Self, BoxError> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        let options = ConnectionOptions::new(address).with_client_id("produce_and_fetch");
        let mut connection = Connection::new(Instant::now(), options);
        connection.handle_opened(Instant::now());
        let mut client = Self {
            connection,
            socket,
            buffer: BytesMut::with_capacity(READ),
        };
        client.wait_for(|event| matches!(event, Event::Ready { .. }))?;
        Ok(client)
    }

    /// Returns the first partition of the topic, which the broker creates if that is its configuration.
    pub(crate) fn wait_for_partition(&mut self, topic: &str) -> Result<i32, BoxError> {
        loop {
            let response = self.call(&MetadataRequest::for_topics([topic]))?;
            let response = response.decode()?;
            let topic = response.topics.first().ok_or("no topic in the response")?;
            let partition = topic.partitions.first();
            match (topic.error_code, partition) {
                (ErrorCode::NONE, Some(partition)) if partition.error_code.is_none() => {
                    return Ok(partition.partition_index);
                }
                // A topic that was created just now has no leader yet.
                (code, _) if code.is_none() || code.is_retriable() => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                (code, _) => return Err(code.into()),
            }
        }
    }

    /// Appends a record with this value, and returns its offset.
    pub(crate) fn produce(
        &mut self,
        topic: &str,
        partition: i32,
        value: &str,
    ) -> Result<i64, BoxError> {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let mut batch = BatchBuilder::new(BatchOptions::default());
        batch.append(&NewRecord {
            timestamp: i64::try_from(since_epoch.as_millis())?,
            value: Some(value.as_bytes()),
            ..Default::default()
        })?;
        let request = ProduceRequest {
            acks: Acks::ALL,
            timeout_ms: 10_000,
            topic_data: vec![produce_request::Topic {
                name: topic.into(),
                partition_data: vec![produce_request::Partition {
                    index: partition,
                    records: Some(batch.finish()?.into()),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let response = self.call(&request)?;
        let response = response.decode()?;
        let topic = response.responses.first();
        let partition = topic.and_then(|topic| topic.partition_responses.first());
        let partition = partition.ok_or("no partition in the response")?;
        partition.error_code.ok()?;
        Ok(partition.base_offset)
    }

    /// Returns offset and value of the records from `offset` on, as many as one response has.
    pub(crate) fn fetch(
        &mut self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<Vec<(i64, String)>, BoxError> {
        let request = FetchRequest {
            max_wait_ms: 500,
            min_bytes: 1,
            max_bytes: 50 * 1024 * 1024,
            topics: vec![fetch_request::Topic {
                topic: topic.into(),
                partitions: vec![fetch_request::Partition {
                    partition,
                    fetch_offset: offset,
                    partition_max_bytes: 1024 * 1024,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let response = self.call(&request)?;
        let response = response.decode()?;
        response.error_code.ok()?;
        let topic = response.responses.first();
        let partition = topic.and_then(|topic| topic.partitions.first());
        let partition = partition.ok_or("no partition in the response")?;
        partition.error_code.ok()?;

        let bytes = partition.records.as_deref().unwrap_or_default();
        let (mut decoder, mut found) = (RecordDecoder::default(), Vec::new());
        let mut fetched = FetchedRecords::read_uncommitted(bytes, offset);
        while let Some(batch) = fetched.next_batch(&mut decoder)? {
            for record in batch {
                let record = record?;
                let value = record.value.unwrap_or_default();
                found.push((record.offset, String::from_utf8_lossy(value).into_owned()));
            }
        }
        Ok(found)
    }

    /// Sends a request and waits for its response, which is decoded by the caller.
    fn call<R: Request>(&mut self, request: &R) -> Result<ResponseFrame<R>, BoxError> {
        self.connection
            .submit(Instant::now(), request, SubmitOptions::default())?;
        let event = self.wait_for(|event| matches!(event, Event::Completed(_)))?;
        let Event::Completed(completion) = event else {
            unreachable!("it was waited for");
        };
        let response = completion.into_response()?.ok_or("it has a response")?;
        Ok(response.into_typed()?)
    }

    /// Drives the connection until an event is the one that is waited for.
    fn wait_for(&mut self, is_wanted: impl Fn(&Event) -> bool) -> Result<Event, BoxError> {
        loop {
            while let Some(event) = self.connection.poll_event() {
                match event {
                    event if is_wanted(&event) => return Ok(event),
                    Event::Closed(report) => return Err(io::Error::from((*report).clone()).into()),
                    _ => {}
                }
            }
            if let Some(transmit) = self.connection.poll_transmit() {
                let mut slices = [IoSlice::new(&[]); 16];
                let count = transmit.chunks_vectored(&mut slices);
                let slices = slices.get(..count).unwrap_or_default();
                match self.socket.write_vectored(slices) {
                    Ok(0) => self.connection.handle_end_of_stream(Instant::now()),
                    Ok(bytes) => self.connection.handle_written(Instant::now(), bytes),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => self
                        .connection
                        .handle_transport_error(Instant::now(), &error),
                }
                continue;
            }
            self.read()?;
        }
    }

    /// Gives the connection what arrives, or the time if nothing does until its next deadline.
    fn read(&mut self) -> io::Result<()> {
        let deadline = self.connection.next_deadline();
        let wait = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        // A timeout of zero would be none.
        let wait = wait.map(|wait| wait.max(Duration::from_millis(1)));
        self.socket.set_read_timeout(wait)?;
        // `Read` wants bytes that are initialized.
        self.buffer.resize(self.buffer.capacity().min(READ), 0);
        let read = self.socket.read(&mut self.buffer);
        self.buffer.truncate(*read.as_ref().unwrap_or(&0));
        let now = Instant::now();
        match read {
            Ok(0) => self.connection.handle_end_of_stream(now),
            Ok(_) => self.connection.handle_received(now, &mut self.buffer),
            Err(error) if is_none_yet(&error) => {}
            Err(error) => self.connection.handle_transport_error(now, &error),
        }
        self.connection.handle_timer(now);
        Ok(())
    }
}

/// Returns `true` if reading timed out, or a signal ended it.
fn is_none_yet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
