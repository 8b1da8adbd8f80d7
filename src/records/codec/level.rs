//! Compression levels, as Kafka's `compression.*.level` names them.

use std::{error, fmt};

use crate::records::Compression;

/// A level that a compression does not have.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LevelError {
    compression: Compression,
    level: i32,
    least: i32,
    most: i32,
}

impl LevelError {
    /// Whether `level` is one of `least` to `most`.
    pub(super) const fn check(
        compression: Compression,
        level: i32,
        least: i32,
        most: i32,
    ) -> Result<(), Self> {
        if level < least || level > most {
            return Err(Self {
                compression,
                level,
                least,
                most,
            });
        }
        Ok(())
    }
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "level {} of {}: use {} to {}",
            self.level, self.compression, self.least, self.most,
        )
    }
}

impl error::Error for LevelError {}
