//! The attribute bits of batches and messages.

use super::Compression;

/// The attributes of a batch or message, all bits as they are on the wire.
///
/// ```text
///  bit  15 .. 7  6        5        4              3            2 .. 0
///       unused   delete   control  transactional  log append   compression
///                horizon                          time
/// ```
///
/// Messages of magic 1 have the low four bits, of magic 0 the low three.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes(pub u16);

/// Who set the timestamps of records.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// The producer, each its own.
    #[default]
    CreateTime,
    /// The broker, one for the batch, when it appended it.
    LogAppendTime,
}

impl Attributes {
    const COMPRESSION: u16 = 0x07;
    const LOG_APPEND_TIME: u16 = 0x08;
    const TRANSACTIONAL: u16 = 0x10;
    const CONTROL: u16 = 0x20;
    const DELETE_HORIZON: u16 = 0x40;

    /// The number of the compression, 0 to 7.
    #[must_use]
    #[inline]
    pub const fn compression_id(self) -> u8 {
        let [_, low] = self.0.to_be_bytes();
        low & 0x07
    }

    /// The compression; `None` for the numbers 5 to 7, which nobody has given a meaning.
    #[must_use]
    #[inline]
    pub const fn compression(self) -> Option<Compression> {
        Compression::from_id(self.compression_id())
    }

    /// Who set the timestamps.
    #[must_use]
    #[inline]
    pub const fn timestamp_type(self) -> TimestampType {
        if self.has(Self::LOG_APPEND_TIME) {
            TimestampType::LogAppendTime
        } else {
            TimestampType::CreateTime
        }
    }

    /// Returns `true` if the batch is part of a transaction.
    #[must_use]
    pub const fn is_transactional(self) -> bool {
        self.has(Self::TRANSACTIONAL)
    }

    /// Returns `true` if its records are [control records](super::ControlRecord).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.has(Self::CONTROL)
    }

    /// Returns `true` if the base timestamp is a delete horizon (KIP-534).
    #[must_use]
    pub const fn has_delete_horizon(self) -> bool {
        self.has(Self::DELETE_HORIZON)
    }

    /// The same with another compression.
    #[must_use]
    pub fn with_compression(self, compression: Compression) -> Self {
        Self(self.0 & !Self::COMPRESSION | u16::from(compression.id()))
    }

    /// The same with timestamps of another type.
    #[must_use]
    pub const fn with_timestamp_type(self, timestamp_type: TimestampType) -> Self {
        let on = matches!(timestamp_type, TimestampType::LogAppendTime);
        self.with(Self::LOG_APPEND_TIME, on)
    }

    /// The same, transactional or not.
    #[must_use]
    pub const fn with_transactional(self, on: bool) -> Self {
        self.with(Self::TRANSACTIONAL, on)
    }

    /// The same, with or without control records.
    #[must_use]
    pub const fn with_control(self, on: bool) -> Self {
        self.with(Self::CONTROL, on)
    }

    /// The same, with or without a delete horizon.
    #[must_use]
    pub const fn with_delete_horizon(self, on: bool) -> Self {
        self.with(Self::DELETE_HORIZON, on)
    }

    const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }

    const fn with(self, bit: u16, on: bool) -> Self {
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }
}
