//! Resource limits for decoding untrusted input.

/// Resource limits for decoding untrusted input.
///
/// Limits are passed in where bytes are read; there are no global settings.
///
/// # Examples
///
/// ```
/// use kafka_codec::wire::Limits;
///
/// let limits = Limits::default().with_max_frame_bytes(1 << 20);
/// assert_eq!(limits.max_frame_bytes(), 1 << 20);
/// assert_eq!(limits.max_memory_for(1000), 64 * 1024 + 16 * 1000);
/// assert_eq!(Limits::UNLIMITED.max_memory_for(1000), usize::MAX);
/// assert_eq!(limits.max_decompressed_for(1000), 16 * 1024 * 1024 + 1024 * 1000);
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    max_frame_bytes: usize,
    memory_base: usize,
    memory_per_byte: usize,
    decompressed_base: usize,
    decompressed_per_byte: usize,
    max_decompressed_bytes: usize,
    max_window_bytes: usize,
}

impl Limits {
    /// No limits but those of the protocol itself.
    pub const UNLIMITED: Self = Self {
        max_frame_bytes: usize::MAX,
        memory_base: usize::MAX,
        memory_per_byte: 0,
        decompressed_base: usize::MAX,
        decompressed_per_byte: 0,
        max_decompressed_bytes: usize::MAX,
        max_window_bytes: usize::MAX,
    };

    /// The maximum number of bytes of a frame, its size left out. Default 100 MiB, as a broker's
    /// `socket.request.max.bytes`.
    #[must_use]
    pub const fn max_frame_bytes(self) -> usize {
        self.max_frame_bytes
    }

    /// Returns these limits with at most `bytes` a frame.
    #[must_use]
    pub const fn with_max_frame_bytes(self, bytes: usize) -> Self {
        Self {
            max_frame_bytes: bytes,
            ..self
        }
    }

    /// The maximum number of bytes of memory that decoding `input` bytes may take, counted as vectors are
    /// reserved. Default 64 KiB and 16 bytes for each byte of input: real messages stay below
    /// half of that, and only messages made of empty elements exceed it.
    #[must_use]
    pub const fn max_memory_for(self, input: usize) -> usize {
        self.memory_base
            .saturating_add(self.memory_per_byte.saturating_mul(input))
    }

    /// Returns these limits with at most `base` bytes of memory and `per_byte` for each byte of input.
    #[must_use]
    pub const fn with_max_memory(self, base: usize, per_byte: usize) -> Self {
        Self {
            memory_base: base,
            memory_per_byte: per_byte,
            ..self
        }
    }

    /// The maximum number of bytes that `input` compressed bytes of records may become: at most 128 MiB, and by
    /// default 16 MiB and 1,024 bytes for each compressed one, which is what gzip can reach.
    #[must_use]
    pub const fn max_decompressed_for(self, input: usize) -> usize {
        let by_ratio = self
            .decompressed_base
            .saturating_add(self.decompressed_per_byte.saturating_mul(input));
        if by_ratio < self.max_decompressed_bytes {
            by_ratio
        } else {
            self.max_decompressed_bytes
        }
    }

    /// Returns these limits with at most `bytes` that the records of a batch may become, whatever its
    /// size.
    #[must_use]
    pub const fn with_max_decompressed_bytes(self, bytes: usize) -> Self {
        Self {
            max_decompressed_bytes: bytes,
            ..self
        }
    }

    /// Returns these limits with at most `base` decompressed bytes and `per_byte` for each compressed
    /// one.
    #[must_use]
    pub const fn with_decompression_ratio(self, base: usize, per_byte: usize) -> Self {
        Self {
            decompressed_base: base,
            decompressed_per_byte: per_byte,
            ..self
        }
    }

    /// The largest window that a zstd frame may ask for, in bytes. By default 128 MiB, as Kafka's
    /// own reader takes; memory is taken for what comes out of a frame, not for its window, except to find a
    /// fault in it.
    #[must_use]
    pub const fn max_window_bytes(self) -> usize {
        self.max_window_bytes
    }

    /// Returns these limits with windows of at most `bytes`.
    #[must_use]
    pub const fn with_max_window_bytes(self, bytes: usize) -> Self {
        Self {
            max_window_bytes: bytes,
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame_bytes: 100 * 1024 * 1024,
            memory_base: 64 * 1024,
            memory_per_byte: 16,
            decompressed_base: 16 * 1024 * 1024,
            decompressed_per_byte: 1024,
            max_decompressed_bytes: 128 * 1024 * 1024,
            max_window_bytes: 128 * 1024 * 1024,
        }
    }
}
