//! Options of random messages.

use super::Entropy;

/// Appends the content of a field of type `records` to a buffer, at most so many bytes.
pub type MakeRecords = fn(&mut dyn Entropy, usize, &mut Vec<u8>);

/// Options of random messages: their size, and the frequency of kinds of values.
///
/// # Examples
///
/// ```
/// use kafka_codec::schema::random::Options;
///
/// let small = Options::default().with_max_bytes(200).with_max_elements(1);
/// assert_eq!(small.max_bytes(), 200);
/// ```
#[derive(Copy, Clone, Debug)]
pub struct Options {
    max_bytes: usize,
    max_elements: usize,
    max_string_bytes: usize,
    max_blob_bytes: usize,
    max_records_bytes: Option<usize>,
    max_unknown_tags: usize,
    null_percent: u8,
    default_percent: u8,
    nested_percent: u8,
    pub(super) records: Option<MakeRecords>,
}

impl Options {
    /// The maximum number of bytes of a message. Default 4096. Only a message whose minimum size is larger exceeds it.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// The same with messages of at most `bytes`.
    ///
    /// At most 1 GiB, as a frame has less than 2 GiB.
    #[must_use]
    pub const fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = if bytes < LARGEST { bytes } else { LARGEST };
        self
    }

    /// The maximum number of elements of an array. Default 3.
    #[must_use]
    pub const fn max_elements(&self) -> usize {
        self.max_elements
    }

    /// The same with arrays of at most `count` elements.
    #[must_use]
    pub const fn with_max_elements(mut self, count: usize) -> Self {
        self.max_elements = count;
        self
    }

    /// The maximum number of bytes of a string. Default 24. Kafka has no strings of more than 32,767 bytes.
    #[must_use]
    pub const fn max_string_bytes(&self) -> usize {
        self.max_string_bytes
    }

    /// The same with strings of at most `bytes`.
    #[must_use]
    pub const fn with_max_string_bytes(mut self, bytes: usize) -> Self {
        self.max_string_bytes = if bytes < MAX_STRING {
            bytes
        } else {
            MAX_STRING
        };
        self
    }

    /// The maximum number of bytes of bytes and values of unknown tagged fields. Default 64.
    #[must_use]
    pub const fn max_blob_bytes(&self) -> usize {
        self.max_blob_bytes
    }

    /// The same with blobs of at most `bytes`.
    #[must_use]
    pub const fn with_max_blob_bytes(mut self, bytes: usize) -> Self {
        self.max_blob_bytes = bytes;
        self
    }

    /// The maximum number of bytes of records. Default that of other bytes.
    #[must_use]
    pub const fn max_records_bytes(&self) -> usize {
        match self.max_records_bytes {
            Some(bytes) => bytes,
            None => self.max_blob_bytes,
        }
    }

    /// The same with records of at most `bytes`. An empty record batch takes 61 bytes.
    #[must_use]
    pub const fn with_max_records_bytes(mut self, bytes: usize) -> Self {
        self.max_records_bytes = Some(bytes);
        self
    }

    /// The maximum number of unknown tagged fields in a struct. Default 1, at most 63.
    #[must_use]
    pub const fn max_unknown_tags(&self) -> usize {
        self.max_unknown_tags
    }

    /// The same with at most `count` unknown tagged fields in a struct.
    #[must_use]
    pub const fn with_max_unknown_tags(mut self, count: usize) -> Self {
        self.max_unknown_tags = if count < MAX_UNKNOWN {
            count
        } else {
            MAX_UNKNOWN
        };
        self
    }

    /// Returns the frequency of null where it is allowed, in percent, by default 25.
    #[must_use]
    pub const fn null_percent(&self) -> u8 {
        self.null_percent
    }

    /// The same with nulls in so many percent of the places that may have one.
    #[must_use]
    pub const fn with_null_percent(mut self, percent: u8) -> Self {
        self.null_percent = percent;
        self
    }

    /// Returns the frequency of values at their default, and a tagged field therefore left out, in percent, by
    /// default 25.
    #[must_use]
    pub const fn default_percent(&self) -> u8 {
        self.default_percent
    }

    /// The same with defaults in so many percent of all places.
    #[must_use]
    pub const fn with_default_percent(mut self, percent: u8) -> Self {
        self.default_percent = percent;
        self
    }

    /// Returns the frequency of nested arrays that have elements at all, in percent, by default 75.
    #[must_use]
    pub const fn nested_percent(&self) -> u8 {
        self.nested_percent
    }

    /// The same with elements in so many percent of the arrays inside of elements.
    #[must_use]
    pub const fn with_nested_percent(mut self, percent: u8) -> Self {
        self.nested_percent = percent;
        self
    }

    /// The same with `make` for the content of fields of type `records`, instead of bytes that are
    /// no record batches. What is longer than it was asked for is left out.
    #[must_use]
    pub const fn with_records(mut self, make: MakeRecords) -> Self {
        self.records = Some(make);
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_bytes: 4096,
            max_elements: 3,
            max_string_bytes: 24,
            max_blob_bytes: 64,
            max_records_bytes: None,
            max_unknown_tags: 1,
            null_percent: 25,
            default_percent: 25,
            nested_percent: 75,
            records: None,
        }
    }
}

const MAX_STRING: usize = 0x7fff;

/// With the known ones still a count of one byte.
const MAX_UNKNOWN: usize = 63;

/// The maximum of [`Options::max_bytes`].
const LARGEST: usize = 1 << 30;
