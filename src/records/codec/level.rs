//! Compression levels, as Kafka's `compression.*.level` names them.

use std::{error, fmt};

use crate::records::Compression;

/// A level that a compression does not have.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LevelError {
    compression: Compression,
    level: i32,
    min: i32,
    max: i32,
}

impl LevelError {
    /// Whether `level` is one of `min` to `max`.
    pub(super) const fn check(
        compression: Compression,
        level: i32,
        min: i32,
        max: i32,
    ) -> Result<(), Self> {
        if level < min || level > max {
            return Err(Self {
                compression,
                level,
                min,
                max,
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
            self.level, self.compression, self.min, self.max,
        )
    }
}

impl error::Error for LevelError {}
