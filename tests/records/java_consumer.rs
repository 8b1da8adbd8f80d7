//! Histories on a real broker are read as Kafka's own consumer reads them: run by `tests/oracle/read-committed/run`.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use bytes::{Buf, Bytes};
use kafka_codec::messages::FetchRequest;
use kafka_codec::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_codec::records::{Entries, Entry, RecordDecoder};
use kafka_codec::{ErrorCode, ResponseFrame, Version, frame};

use crate::support::readings::{Fetch, Recorded};

const VERSION: Version = Version(12);

#[test]
#[ignore = "needs a broker: tests/oracle/read-committed/run"]
fn a_real_log_is_read_as_kafkas_consumer_reads_it() {
    let readings = fs::read_to_string(env::var("KAFKA_CODEC_READINGS").unwrap()).unwrap();
    let mut broker = Broker::connect(&env::var("KAFKA_CODEC_BROKER").unwrap());
    let mut decoder = RecordDecoder::default();
    let mut counts = Counts::default();
    let mut recorded = Vec::new();
    for line in readings.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [topic, isolation, start, max_bytes, position, records] = columns[..] else {
            panic!("{line}");
        };
        let start = start.parse().unwrap();
        let mut reading = Recorded {
            committed: isolation == "read_committed",
            start,
            position: position.parse().unwrap(),
            seen: records.split_terminator(' ').map(str::to_owned).collect(),
            fetches: Vec::new(),
        };
        let (mut seen, mut offset) = (Vec::new(), start);
        while offset < reading.position {
            let fetch = broker.fetch(topic, offset, max_bytes.parse().unwrap(), reading.committed);
            let next = fetch.read(offset, reading.committed, &mut decoder, &mut seen);
            assert!(next > offset, "{topic}: stuck at {offset}");
            offset = next;
            counts.add(&fetch);
            reading.fetches.push(fetch);
        }
        assert_eq!(offset, reading.position, "{topic} {isolation} from {start}");
        assert_eq!(seen, reading.seen, "{topic} {isolation} from {start}");
        counts.readings += 1;
        counts.records += seen.len();
        recorded.push(reading);
    }
    println!("{counts:?}");
    assert!(counts.readings >= 6 && counts.aborted > 0 && counts.control > 0);
    assert!(counts.gaps > 0 && counts.partial > 0, "{counts:?}");
    if let Some(path) = env::var_os("KAFKA_CODEC_FETCHED").filter(|path| !path.is_empty()) {
        recorded.retain(|reading| reading.position < 60);
        recorded.truncate(60);
        Recorded::save(&recorded, Path::new(&path));
    }
}

/// What was met on the way.
#[derive(Debug, Default)]
struct Counts {
    readings: usize,
    fetches: usize,
    records: usize,
    batches: usize,
    aborted: usize,
    control: usize,
    empty: usize,
    gaps: usize,
    partial: usize,
}

impl Counts {
    fn add(&mut self, fetch: &Fetch) {
        self.fetches += 1;
        self.aborted += fetch.aborted.len();
        for entry in Entries::new(&fetch.records) {
            match entry.unwrap() {
                Entry::Batch(batch) => {
                    let header = batch.header();
                    self.batches += 1;
                    self.control += usize::from(header.attributes.is_control());
                    self.empty += usize::from(header.record_count == 0);
                    self.gaps += usize::from(header.record_count <= header.last_offset_delta);
                }
                _ => self.partial += 1,
            }
        }
    }
}

/// A connection to a broker, used for one request after the other.
struct Broker(TcpStream);

impl Broker {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    fn fetch(&mut self, topic: &str, offset: i64, max_bytes: i32, committed: bool) -> Fetch {
        let partition = FetchPartition {
            fetch_offset: offset,
            partition_max_bytes: max_bytes,
            ..Default::default()
        };
        let request = FetchRequest {
            max_wait_ms: 500,
            min_bytes: 1,
            isolation_level: i8::from(committed).into(),
            topics: vec![FetchTopic {
                topic: topic.into(),
                partitions: vec![partition],
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut bytes = frame::encode_request(Vec::new(), &request, VERSION, 1, None).unwrap();
        let bytes = bytes.copy_to_bytes(bytes.remaining());
        self.0.write_all(&bytes).unwrap();
        let mut size = [0; 4];
        self.0.read_exact(&mut size).unwrap();
        let mut answer = vec![0; usize::try_from(i32::from_be_bytes(size)).unwrap()];
        self.0.read_exact(&mut answer).unwrap();
        let answer = ResponseFrame::<FetchRequest<'_>>::new(Bytes::from(answer), VERSION).unwrap();
        let answer = answer.decode().unwrap();
        let partition = &answer.responses[0].partitions[0];
        assert_eq!(partition.error_code, ErrorCode::NONE, "{topic} at {offset}");
        let aborted = partition.aborted_transactions.iter().flatten();
        Fetch {
            records: partition.records.as_deref().unwrap_or_default().to_vec(),
            aborted: aborted.map(Into::into).collect(),
        }
    }
}
