//! How much memory decoding held at its peak, and the bar that hostile input is held against.
//! Names the counting allocator: whoever includes this has it.
#![allow(dead_code, reason = "each test uses its own part")]

use allocation_counter::measure;
use kafka_codec::{DecodeError, Version};

use super::registry::RegisteredMessage;

/// The most that decoding `input` bytes may hold at once within default limits.
pub(crate) const fn allowed(input: usize) -> usize {
    64 * 1024 + 16 * input
}

/// The decoding that came closest to what is allowed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worst {
    peak: usize,
    input: usize,
    what: String,
}

impl Worst {
    /// Decodes `bytes`: that holds no more than allowed, and an error says of what and where.
    pub(crate) fn decode(
        &mut self,
        entry: RegisteredMessage,
        version: Version,
        bytes: &[u8],
    ) -> Result<(), DecodeError> {
        let mut result = Ok(());
        let used = measure(|| result = (entry.decode)(bytes, version));
        let (peak, input) = (usize::try_from(used.bytes_max).unwrap(), bytes.len());
        let what = || {
            let outcome = result
                .as_ref()
                .err()
                .map_or_else(|| "decoded".to_owned(), ToString::to_string);
            format!("{} v{version}, {outcome}", entry.name)
        };
        assert!(
            peak <= allowed(input),
            "{peak} bytes held for {input} bytes: {}",
            what()
        );
        if self.what.is_empty() || self.is_below(peak, input) {
            *self = Self {
                peak,
                input,
                what: what(),
            };
        }
        if let Err(error) = &result {
            assert_eq!(
                (error.message(), error.version()),
                (Some(entry.name), Some(version))
            );
            assert!(error.offset() <= input, "{error}, of {input} bytes");
        }
        result
    }

    pub(crate) const fn peak(&self) -> usize {
        self.peak
    }

    /// Bytes held for each byte of input.
    pub(crate) fn ratio(&self) -> f64 {
        let as_f64 = |count: usize| f64::from(u32::try_from(count).unwrap());
        as_f64(self.peak) / as_f64(self.input.max(1))
    }

    pub(crate) fn join(&mut self, other: Self) {
        if self.is_below(other.peak, other.input) {
            *self = other;
        }
    }

    pub(crate) fn report(&self) -> String {
        let Self { peak, input, what } = self;
        format!(
            "{peak} of at most {} bytes for {input} bytes ({:.1} each): {what}",
            allowed(*input),
            self.ratio()
        )
    }

    fn is_below(&self, peak: usize, input: usize) -> bool {
        self.peak * allowed(input) < peak * allowed(self.input)
    }
}
