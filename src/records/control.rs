//! Control records: what Kafka itself writes among the records of a partition, typed.

use super::{Record, RecordsError, RecordsErrorKind};
use crate::EncodeError;
#[cfg(feature = "messages")]
use crate::messages::{
    KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord,
    VotersRecord,
};
#[cfg(feature = "messages")]
use crate::{Decode, Message, Version};

/// A record of a batch with the [control](super::Attributes::is_control) attribute.
///
/// The records of KRaft have types of their own with the feature `messages`; without it they are
/// [`Unknown`](Self::Unknown), as are those of types that Kafka does not have yet. Programs pass over
/// what they do not know.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::{BatchBuilder, BatchOptions, ControlRecord};
/// use kafka_codec::records::{Entries, EndTransaction, RecordDecoder};
///
/// let options = BatchOptions { control: true, transactional: true, ..Default::default() };
/// let mut builder = BatchBuilder::new(options);
/// let marker = ControlRecord::Commit(EndTransaction { coordinator_epoch: 9 });
/// builder.append_control(1000, &marker)?;
/// let blob = builder.finish()?;
///
/// let mut decoder = RecordDecoder::default();
/// let entry = Entries::new(&blob).next().unwrap()?;
/// let record = entry.records(&mut decoder)?.next().unwrap()?;
/// assert_eq!(ControlRecord::decode(&record)?, marker);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ControlRecord<'a> {
    /// 0: the transaction of the batch's producer was aborted.
    Abort(EndTransaction),
    /// 1: the transaction of the batch's producer was committed.
    Commit(EndTransaction),
    /// 2: there is a new leader of a KRaft quorum.
    #[cfg(feature = "messages")]
    LeaderChange(LeaderChangeMessage<'a>),
    /// 3: the start of a snapshot.
    #[cfg(feature = "messages")]
    SnapshotHeader(SnapshotHeaderRecord<'a>),
    /// 4: the end of a snapshot.
    #[cfg(feature = "messages")]
    SnapshotFooter(SnapshotFooterRecord<'a>),
    /// 5: the version of the KRaft protocol.
    #[cfg(feature = "messages")]
    KRaftVersion(KRaftVersionRecord<'a>),
    /// 6: the voters of the quorum.
    #[cfg(feature = "messages")]
    Voters(VotersRecord<'a>),
    /// Another type, with the value that it has.
    Unknown {
        /// The number of the type.
        number: i16,
        /// The value.
        value: Option<&'a [u8]>,
    },
}

/// The end of a transaction, as its coordinator wrote it.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct EndTransaction {
    /// The epoch of the coordinator.
    pub coordinator_epoch: i32,
}

impl<'a> ControlRecord<'a> {
    /// The type of [`Abort`](Self::Abort).
    pub(super) const ABORT: i16 = 0;

    /// Returns the type of `record`, which its key states.
    pub(super) fn type_of(record: &Record<'_>) -> Result<i16, RecordsError> {
        let (_, number) = versioned(record.key)?;
        Ok(i16::from_be_bytes(number))
    }

    /// What the key and value of `record` say.
    ///
    /// Versions above the known ones are read as the newest known one, as Kafka does.
    ///
    /// # Errors
    ///
    /// [`RecordsError`] if the key is too short, a version negative, or the value not what its type
    /// has. Its offset counts from the start of the key or value.
    pub fn decode(record: &Record<'a>) -> Result<Self, RecordsError> {
        let number = Self::type_of(record)?;
        Ok(match number {
            Self::ABORT => Self::Abort(EndTransaction::decode(record.value)?),
            1 => Self::Commit(EndTransaction::decode(record.value)?),
            #[cfg(feature = "messages")]
            2 => Self::LeaderChange(message(record.value)?),
            #[cfg(feature = "messages")]
            3 => Self::SnapshotHeader(message(record.value)?),
            #[cfg(feature = "messages")]
            4 => Self::SnapshotFooter(message(record.value)?),
            #[cfg(feature = "messages")]
            5 => Self::KRaftVersion(message(record.value)?),
            #[cfg(feature = "messages")]
            6 => Self::Voters(message(record.value)?),
            _ => Self::Unknown {
                number,
                value: record.value,
            },
        })
    }

    /// The number of its type.
    #[must_use]
    pub const fn number(&self) -> i16 {
        match self {
            Self::Abort(_) => Self::ABORT,
            Self::Commit(_) => 1,
            #[cfg(feature = "messages")]
            Self::LeaderChange(_) => 2,
            #[cfg(feature = "messages")]
            Self::SnapshotHeader(_) => 3,
            #[cfg(feature = "messages")]
            Self::SnapshotFooter(_) => 4,
            #[cfg(feature = "messages")]
            Self::KRaftVersion(_) => 5,
            #[cfg(feature = "messages")]
            Self::Voters(_) => 6,
            Self::Unknown { number, .. } => *number,
        }
    }

    /// Encodes the key and the value.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if a field of its message cannot be written in the version that it says.
    pub fn encode(&self) -> Result<([u8; 4], Option<Vec<u8>>), EncodeError> {
        let [high, low] = self.number().to_be_bytes();
        let value = match self {
            Self::Abort(end) | Self::Commit(end) => Some(end.encode().to_vec()),
            #[cfg(feature = "messages")]
            Self::LeaderChange(message) => Some(message.encode_to_vec(Version(message.version))?),
            #[cfg(feature = "messages")]
            Self::SnapshotHeader(message) => Some(message.encode_to_vec(Version(message.version))?),
            #[cfg(feature = "messages")]
            Self::SnapshotFooter(message) => Some(message.encode_to_vec(Version(message.version))?),
            #[cfg(feature = "messages")]
            Self::KRaftVersion(message) => Some(message.encode_to_vec(Version(message.version))?),
            #[cfg(feature = "messages")]
            Self::Voters(message) => Some(message.encode_to_vec(Version(message.version))?),
            Self::Unknown { value, .. } => value.map(<[u8]>::to_vec),
        };
        Ok(([0, 0, high, low], value))
    }
}

impl EndTransaction {
    fn decode(value: Option<&[u8]>) -> Result<Self, RecordsError> {
        let (_, epoch) = versioned::<4>(value)?;
        Ok(Self {
            coordinator_epoch: i32::from_be_bytes(epoch),
        })
    }

    fn encode(self) -> [u8; 6] {
        let [a, b, c, d] = self.coordinator_epoch.to_be_bytes();
        [0, 0, a, b, c, d]
    }
}

/// A version that is not negative, and the bytes behind it. More may follow in newer versions.
fn versioned<const N: usize>(bytes: Option<&[u8]>) -> Result<(i16, [u8; N]), RecordsError> {
    let parts = bytes
        .and_then(|bytes| bytes.split_first_chunk())
        .and_then(|(version, rest)| Some((i16::from_be_bytes(*version), *rest.first_chunk()?)));
    match parts {
        None => Err(RecordsError::new(
            RecordsErrorKind::IncompleteControlRecord,
            0,
        )),
        Some((version, _)) if version < 0 => {
            let kind = RecordsErrorKind::NegativeControlVersion { version };
            Err(RecordsError::new(kind, 0))
        }
        Some(parts) => Ok(parts),
    }
}

/// The message that `value` is, in the version that it begins with.
#[cfg(feature = "messages")]
fn message<'a, M: Decode<'a>>(value: Option<&'a [u8]>) -> Result<M, RecordsError> {
    let (version, []) = versioned(value)?;
    let newest = M::VERSIONS.max();
    let version = if Version(version) > newest {
        newest
    } else {
        Version(version)
    };
    match M::decode_prefix(value.expect("a version was read from it"), version) {
        Ok((message, _)) => Ok(message),
        Err(error) => {
            let offset = error.offset();
            Err(RecordsError::new(
                RecordsErrorKind::ControlRecord(error),
                offset,
            ))
        }
    }
}
