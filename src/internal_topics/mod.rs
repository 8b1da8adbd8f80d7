//! Records of Kafka's internal topics: what their keys and values begin with, and which message follows.
//! Batches, in which records are stored, are not read here.
//!
//! | topic | type | key | value |
//! |---|---|---|---|
//! | `__cluster_metadata`, snapshots of it | [`MetadataRecord`] | null | frame |
//! | `__remote_log_metadata` | [`RemoteLogMetadataRecord`] | not looked at | frame |
//! | `__consumer_offsets` | [`GroupCoordinatorRecord`] | int16 type, key | int16 version, value |
//! | `__transaction_state` | [`TransactionCoordinatorRecord`] | int16 type, key | int16 version, value |
//! | `__share_group_state` | [`ShareCoordinatorRecord`] | int16 type, key | int16 version, value |
//!
//! ```text
//! frame: | frame version | type   | version | message |
//!          varint, 1       varint   varint
//! ```
//!
//! A null value of the lower three deletes what was stored under the key. A type that is not known here, or
//! a version of one, is not an error: newer brokers write them, and older ones read on. It is kept as bytes
//! and written back as it was.
//!
//! # Examples
//!
//! ```
//! use kafka_codec::Version;
//! use kafka_codec::internal_topics::{GroupCoordinatorRecord, MetadataRecord};
//! use kafka_codec::messages::NoOpRecord;
//!
//! let record = MetadataRecord::decode(b"\x01\x14\0\0")?;
//! assert_eq!(record.version, Version(0));
//! assert_eq!(record.message, MetadataRecord::NoOp(NoOpRecord::default()));
//!
//! let key = b"\0\x01\0\x07billing\0\x06orders\0\0\0\x03";
//! let value = b"\0\0\0\0\0\0\0\0\0\x2a\0\0\0\0\x01\x9a\x4e\x12\x34\x56";
//! match GroupCoordinatorRecord::decode(key, Some(value))? {
//!     GroupCoordinatorRecord::OffsetCommit { key, value: Some(value) } => {
//!         assert_eq!((&*key.group, &*key.topic, key.partition), ("billing", "orders", 3));
//!         assert_eq!((value.version, value.message.offset), (Version(0), 42));
//!     }
//!     other => panic!("not an offset: {other:?}"),
//! }
//! # Ok::<(), kafka_codec::DecodeError>(())
//! ```

#[macro_use]
mod coordinator;
#[macro_use]
mod framed;

pub use coordinator::UnknownCoordinatorRecord;
pub use framed::UnknownRecord;

use crate::wire::{IntoOwned, Limits, Writer};
use crate::{Decode as _, DecodeError, EncodeError, Message, Version, Versioned, messages};

macro_rules! metadata_records {
    ($($rows:tt)*) => {
        framed_records! {
            /// A record of the log of a KRaft cluster, `__cluster_metadata`, or of a snapshot of it.
            MetadataRecord { $($rows)* }
        }
    };
}

macro_rules! storage_records {
    ($($rows:tt)*) => {
        framed_records! {
            /// A record of `__remote_log_metadata`, which says what of a log lies in remote storage.
            RemoteLogMetadataRecord { $($rows)* }
        }
    };
}

macro_rules! group_coordinator_records {
    ($($rows:tt)*) => {
        coordinator_records! {
            /// A record of `__consumer_offsets`: offsets, and groups of all kinds with their members.
            GroupCoordinatorRecord { $($rows)* }
        }
    };
}

macro_rules! share_coordinator_records {
    ($($rows:tt)*) => {
        coordinator_records! {
            /// A record of `__share_group_state`: what members of share groups acknowledged.
            ShareCoordinatorRecord { $($rows)* }
        }
    };
}

macro_rules! transaction_coordinator_records {
    ($($rows:tt)*) => {
        coordinator_records! {
            /// A record of `__transaction_state`: the state of transactional ids.
            TransactionCoordinatorRecord { $($rows)* }
        }
    };
}

// A table for each module that numbers records: one that is new with a release needs a macro above.
include!(concat!(env!("OUT_DIR"), "/record_types.rs"));
