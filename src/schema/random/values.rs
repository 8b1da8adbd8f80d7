//! Values of fixed width: what is interesting about a number.

use crate::schema::{DefaultValue, Field, FieldType};

/// A value of a type of fixed width.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Fixed {
    /// The first eight big-endian bytes, from the highest bit on. What is not used of them is zeros.
    high: u64,
    /// The other eight of a uuid.
    low: u64,
    size: u8,
}

impl Fixed {
    #[inline]
    pub(super) fn write(self, out: &mut Vec<u8>) {
        // Eight bytes always, as that is one instruction, and then as many as there are.
        let start = out.len();
        out.extend_from_slice(&self.high.to_be_bytes());
        if self.size > 8 {
            out.extend_from_slice(&self.low.to_be_bytes());
        } else {
            out.truncate(start + usize::from(self.size));
        }
    }

    /// What a field is by default; of what is not fixed nothing.
    #[inline]
    pub(super) fn default_of(field: &Field) -> Self {
        let size = size_of(field.field_type());
        match field.default_value() {
            DefaultValue::True => Self::integer(1, size),
            DefaultValue::Integer(integer) => Self::integer(integer, size),
            DefaultValue::Float(float) => {
                Self::integer(i64::from_be_bytes(float.to_be_bytes()), size)
            }
            DefaultValue::Uuid(uuid) => {
                let number = u128::from_be_bytes(uuid.to_bytes());
                Self {
                    high: half(number >> 64),
                    low: half(number),
                    size,
                }
            }
            DefaultValue::Zero | DefaultValue::Null | DefaultValue::Text(_) => Self {
                high: 0,
                low: 0,
                size,
            },
        }
    }

    /// The first eight bytes.
    #[inline]
    pub(super) const fn high(self) -> u64 {
        self.high
    }

    /// The two halves of a uuid.
    pub(super) const fn halves(self) -> (u64, u64) {
        (self.high, self.low)
    }

    /// Returns `true` if generated code takes these bytes for this value.
    pub(super) fn is_equal(self, bytes: &[u8], width: Width) -> bool {
        if let (Width::Long { is_float: true }, Ok(bytes)) = (width, bytes.try_into()) {
            // Both zeros are.
            return f64::from_be_bytes(bytes) == f64::from_bits(self.high);
        }
        let high = self.high.to_be_bytes();
        let low = self.low.to_be_bytes();
        high.iter()
            .chain(&low)
            .zip(bytes)
            .all(|(one, other)| one == other)
    }

    /// The last `size` bytes of an integer.
    #[inline]
    fn integer(integer: i64, size: u8) -> Self {
        let bits = u64::from_ne_bytes(integer.to_ne_bytes());
        if size > 8 {
            return Self {
                high: 0,
                low: bits,
                size,
            };
        }
        Self {
            high: bits << unused(size),
            low: 0,
            size,
        }
    }
}

/// How wide a value is that has a fixed width.
#[derive(Copy, Clone, Debug)]
pub(super) enum Width {
    Bool,
    /// Up to four bytes.
    Short {
        size: u8,
        unused: u8,
    },
    /// Eight bytes.
    Long {
        is_float: bool,
    },
    /// Sixteen bytes.
    Uuid,
}

impl Width {
    pub(super) fn of(ty: FieldType) -> Self {
        match (ty, size_of(ty)) {
            (FieldType::Bool, _) => Self::Bool,
            (_, size @ ..=4) => Self::Short {
                size,
                unused: 64 - 8 * size,
            },
            (FieldType::Uuid, _) => Self::Uuid,
            (ty, _) => Self::Long {
                is_float: matches!(ty, FieldType::Float64),
            },
        }
    }
}

/// What is interesting about a number. It is made without branches, which would be mispredicted.
#[derive(Copy, Clone)]
pub(super) struct Interest {
    /// The bits that are random.
    random: u64,
    /// The bits that are set.
    set: u64,
    /// What is set of the last bits.
    small: u64,
}

impl Interest {
    /// The one that the last five bits of `random` choose.
    #[inline]
    pub(super) fn of(random: u64) -> Self {
        let index = usize::try_from(random & 31).unwrap_or(0);
        INTERESTS.get(index).copied().unwrap_or(RANDOM)
    }

    /// A number from the highest bit on, of which `unused` low bits are left. They are arbitrary.
    #[inline]
    pub(super) const fn number(self, random: u64, unused: u8) -> u64 {
        (random << unused) & self.random | self.set | self.small << unused
    }

    /// The low half of a number of 128 bits.
    #[inline]
    pub(super) const fn low_half(self, random: u64) -> u64 {
        // The maximum and the minimum differ in the high half.
        let set = if self.set == 1 << 63 || self.set == 0 {
            0
        } else {
            u64::MAX
        };
        random & self.random | set | self.small
    }

    /// The high half of a number of 128 bits.
    #[inline]
    pub(super) const fn high_half(self, random: u64) -> u64 {
        random & self.random | self.set
    }
}

const RANDOM: Interest = Interest {
    random: u64::MAX,
    set: 0,
    small: 0,
};

/// Small numbers, the maximum and the minimum signed number, everything set, and random ones.
#[allow(clippy::indexing_slicing, reason = "the compiler runs it")]
static INTERESTS: [Interest; 32] = {
    let mut interests = [RANDOM; 32];
    let (mut index, mut small) = (0, 0);
    while index < 24 {
        let (set, small_bits) = match index {
            ..8 => (0, small),
            8..12 => (u64::MAX >> 1, 0),
            12..16 => (u64::MAX, 0),
            _ => (1 << 63, 0),
        };
        interests[index] = Interest {
            random: 0,
            set,
            small: small_bits,
        };
        (index, small) = (index + 1, small + 1);
    }
    interests
};

/// How many bytes a value takes; 0 if that depends on it.
fn size_of(ty: FieldType) -> u8 {
    ty.fixed_size()
        .and_then(|size| u8::try_from(size).ok())
        .unwrap_or(0)
}

/// How many of 64 bits a value of `size` bytes leaves.
#[inline]
const fn unused(size: u8) -> u32 {
    match size {
        0 | 1 => 56,
        2 => 48,
        4 => 32,
        _ => 0,
    }
}

/// The low 64 bits.
fn half(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).expect("64 bits")
}
