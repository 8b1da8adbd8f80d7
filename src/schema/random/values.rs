//! Values of fixed width: what is interesting about a number.

use super::entropy::Dice;
use crate::schema::{DefaultValue, Enumeration, Field, FieldType};

/// A value of a type of fixed width.
#[derive(Copy, Clone, PartialEq)]
pub(super) struct Fixed {
    /// The first eight big-endian bytes, from the highest bit on. What is not used of them is zeros.
    high: u64,
    /// The other eight of a uuid.
    low: u64,
    size: usize,
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
            out.truncate(start + self.size);
        }
    }

    /// What a field is by default; of what is not fixed nothing.
    #[inline]
    pub(super) fn default_of(field: &Field) -> Self {
        let size = field.field_type().fixed_size().unwrap_or(0);
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

    /// Any value of a type.
    #[inline]
    pub(super) fn random(ty: FieldType, names: Option<&Enumeration>, dice: &mut Dice<'_>) -> Self {
        let size = ty.fixed_size().unwrap_or(0);
        if matches!(ty, FieldType::Bool) {
            return Self {
                high: dice.bits(1) << 63 >> 7,
                low: 0,
                size,
            };
        }
        if let Some(number) = names.and_then(|names| Self::named(names, dice)) {
            return Self::integer(number, size);
        }
        let unused = unused(size);
        let (high, low) = match dice.bits(5) {
            small @ ..8 if size > 8 => (0, small),
            small @ ..8 => (small << unused, 0),
            // The maximum and the minimum signed number, and everything set.
            8..12 => ((u64::MAX >> 1) >> unused << unused, u64::MAX),
            12..16 => (u64::MAX << unused, u64::MAX),
            16..24 => (1 << 63, 0),
            _ if size > 8 => (dice.word(), dice.word()),
            _ => (dice.word() >> unused << unused, 0),
        };
        let low = if size > 8 { low } else { 0 };
        Self { high, low, size }
    }

    /// A number that has a name, half of the time.
    fn named(names: &Enumeration, dice: &mut Dice<'_>) -> Option<i64> {
        let known = names.numbers();
        let is_known = !known.is_empty() && dice.chance(50);
        let (number, _) = dice.pick_ref(known).filter(|_| is_known)?;
        Some(*number)
    }

    /// Returns `true` if generated code takes it for the default of the field.
    pub(super) fn is_default_of(self, field: &Field) -> bool {
        let default = Self::default_of(field);
        match field.field_type() {
            FieldType::Float64 => f64::from_bits(self.high) == f64::from_bits(default.high),
            _ => self == default,
        }
    }

    /// The last `size` bytes of an integer.
    #[inline]
    fn integer(integer: i64, size: usize) -> Self {
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

/// How many of 64 bits a value of `size` bytes leaves.
#[inline]
fn unused(size: usize) -> u32 {
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
