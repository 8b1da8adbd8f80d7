//! The names and numbers of the compressions. What compresses is in [`codec`](super::codec).

use std::{fmt, str};

/// How the records of a batch are compressed.
///
/// # Examples
///
/// ```
/// use kafka_codec::records::Compression;
///
/// assert_eq!(Compression::from_id(3), Some(Compression::Lz4));
/// assert_eq!(Compression::Zstd.to_string(), "zstd");
/// assert_eq!("gzip".parse(), Ok(Compression::Gzip));
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Compression {
    /// 0, `none`: not at all.
    #[default]
    None,
    /// 1, `gzip`.
    Gzip,
    /// 2, `snappy`, in the container of xerial's library or bare.
    Snappy,
    /// 3, `lz4`: frames of independent blocks.
    Lz4,
    /// 4, `zstd`: not in message sets.
    Zstd,
}

impl Compression {
    /// All of them, by number.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The compression with this number; `None` for 5 and above.
    #[must_use]
    #[inline]
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            0 => Some(Self::None),
            1 => Some(Self::Gzip),
            2 => Some(Self::Snappy),
            3 => Some(Self::Lz4),
            4 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Returns the number in the attributes of a batch.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// Returns the name in Kafka's `compression.type`, and that of the Cargo feature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl str::FromStr for Compression {
    type Err = UnknownCompression;

    fn from_str(name: &str) -> Result<Self, UnknownCompression> {
        Self::ALL
            .into_iter()
            .find(|compression| compression.name() == name)
            .ok_or(UnknownCompression(()))
    }
}

/// A name that is not a compression's.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct UnknownCompression(());

impl fmt::Display for UnknownCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a compression: use none, gzip, snappy, lz4 or zstd")
    }
}

impl std::error::Error for UnknownCompression {}
