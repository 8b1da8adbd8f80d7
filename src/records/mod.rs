//! The records that Produce, Fetch and snapshots carry, and that brokers keep in log segments.
//!
//! # Examples
//!
//! Reading a Fetch response. [`FetchedRecords`] shows what a consumer of either isolation level sees, and the offset at
//! which it fetches next:
//!
//! ```
//! # #[cfg(feature = "messages")] {
//! use kafka_codec::messages::FetchResponse;
//! use kafka_codec::records::{FetchedRecords, RecordDecoder, RecordsError};
//!
//! /// Prints the records of `response`, to a request with the isolation level `READ_COMMITTED`.
//! fn print(response: &FetchResponse<'_>, fetch_offset: i64) -> Result<(), RecordsError> {
//!     let mut decoder = RecordDecoder::default();
//!     for partition in response.responses.iter().flat_map(|topic| &topic.partitions) {
//!         let bytes = partition.records.as_deref().unwrap_or_default();
//!         let aborted = partition.aborted_transactions.iter().flatten();
//!         let mut fetched = FetchedRecords::read_committed(bytes, fetch_offset, aborted);
//!         while let Some(records) = fetched.next_batch(&mut decoder)? {
//!             for record in records {
//!                 let record = record?;
//!                 println!("{}: {:?} = {:?}", record.offset, record.key, record.value);
//!             }
//!         }
//!         println!("the next fetch begins at {}", fetched.next_offset());
//!     }
//!     Ok(())
//! }
//! # print(&FetchResponse::default(), 0).unwrap();
//! # }
//! ```
//!
//! Building a batch for a Produce request:
//!
//! ```
//! # #[cfg(feature = "messages")] {
//! use kafka_codec::messages::produce_request::PartitionProduceData;
//! use kafka_codec::records::{BatchBuilder, BatchOptions, Header, NewRecord};
//!
//! let mut builder = BatchBuilder::new(BatchOptions::default());
//! builder.append(&NewRecord {
//!     timestamp: 1_700_000_000_000,
//!     key: Some(b"order-17"),
//!     value: Some(b"paid"),
//!     headers: &[Header::new("source", Some(b"web"))],
//! })?;
//! let partition = PartitionProduceData {
//!     index: 0,
//!     records: Some(builder.finish()?.into()),
//!     ..Default::default()
//! };
//! assert_eq!(partition.records.unwrap().len(), 61 + 30);
//! # }
//! # Ok::<(), kafka_codec::records::BuildError>(())
//! ```
//!
//! # Overview
//!
//! ```text
//!  FetchedRecords ─► FetchedBatch   what a consumer sees, the next offset
//!    │
//!    ▼  records field
//!  Entries ─┬─► Batch          magic 2     header()  records() ─┐
//!           ├─► LegacyMessage  magic 0, 1            records() ─┼─► Records
//!           └─► Partial        the end, if it is cut off        │      │
//!                                           RecordDecoder ──────┘      ▼
//!                                           limits, codecs   Record, Headers
//!
//!  NewRecord ─► BatchBuilder, MessageSetBuilder ─► finish() ─► Bytes, which
//!                                                  ProduceRequest shares
//! ```
//!
//! [`Restamp`] changes the header of a batch in place: offset, leader epoch, log append time, producer.
//!
//! [`Entries`] gives everything that a `records` field or a log segment holds, control records included. All of it is
//! lazy and borrows its input: an entry reads only its header, and records are read one by one, without an
//! allocation. Only compressed records are copied, into memory that the [`RecordDecoder`] keeps. Nothing is lost:
//! attributes, the type of timestamps, gaps between offsets, headers with the same key, delete horizons and the bytes
//! themselves are preserved, and a batch that was read is written again to the same bytes.
//!
//! # What is refused
//!
//! No number in the input sizes an allocation beyond what so many compressed bytes can hold and
//! [`Limits`](crate::wire::Limits) allow. Where these readers are stricter or more lenient than expected:
//!
//! | input | here | Kafka's Java |
//! |---|---|---|
//! | last entry is cut off | [`Entry::Partial`] | end, silently |
//! | last message in a compressed set is cut off | end; [`Records::partial`] has it | end, silently |
//! | wrong checksum | error, unless told not to check | error, where it checks |
//! | count of records above what is there, or bytes left after them | error, after the records | error |
//! | count 0 | no records, whatever follows | same |
//! | negative length of key, value or header value | null | same |
//! | huge size of the last message in a compressed set | cut off | 3.9 takes the memory, 4.4 error |
//! | bytes left after the value of a message (magic 0 and 1) | error | ignored |
//! | header key that is not UTF-8 | kept as bytes | replaced, when asked for |
//! | unused bits of attributes | ignored and kept | ignored |
//! | offset of a compressed message (magic 1) is 0 | offsets in it count from 0 | same |
//! | lz4 header checksum that is wrong | error; accepted in magic 0 | same |
//! | lz4 content checksum | not compared | same |
//! | lz4 match at distance 0 | error, as the format says | undefined bytes |
//! | bytes after the end of gzip members or an lz4 frame | ignored | same |
//! | bytes after zstd frames | error | error |
//!
//! See `kafka.apache.org/documentation/#recordbatch` and KIP-98, KIP-57, KIP-534.

mod aborted;
mod attributes;
mod batch;
mod build;
pub mod codec;
mod compression;
mod control;
mod crc;
mod decoder;
mod entries;
mod error;
mod fetched;
mod headers;
mod iter;
mod legacy;
mod message_set;
mod record;
mod restamp;
mod varint;

pub use aborted::AbortedTransaction;
pub use attributes::{Attributes, TimestampType};
pub use batch::{Batch, BatchHeader};
pub use build::{BatchBuilder, BatchOptions, BuildError, NewRecord};
pub use build::{MessageSetBuilder, MessageSetOptions};
pub use compression::{Compression, UnknownCompression};
pub use control::{ControlRecord, EndTransaction};
pub use decoder::{Body, RecordDecoder};
pub use entries::{Entries, Entry, Partial};
pub use error::{RecordsError, RecordsErrorKind};
pub use fetched::{FetchedBatch, FetchedRecords};
pub use headers::{Header, Headers};
pub use iter::Records;
pub use legacy::{KeyAndValue, LegacyMessage};
pub use record::Record;
pub use restamp::Restamp;
