//! Values that are not structs: what is interesting about a number, a text or bytes.

use super::entropy::Dice;
use crate::schema::{DefaultValue, Enumeration, Field, FieldType};
use crate::wire::{Uuid, WriteCursor};

/// A value of a type of fixed width.
#[derive(Copy, Clone)]
pub(super) struct Fixed {
    /// The big-endian bytes, from the highest bit on. The rest is zeros.
    bits: u128,
    size: usize,
}

impl Fixed {
    #[inline]
    pub(super) fn write(self, w: &mut WriteCursor) {
        let bytes = self.bits.to_be_bytes();
        let [a, b, c, d, e, f, g, h, ..] = bytes;
        match self.size {
            0 => {}
            1 => w.i8(i8::from_be_bytes([a])),
            2 => w.u16(u16::from_be_bytes([a, b])),
            4 => w.u32(u32::from_be_bytes([a, b, c, d])),
            8 => w.i64(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
            _ => w.uuid(Uuid::from_bytes(bytes)),
        }
    }

    /// What a field is by default; of what is not fixed nothing.
    pub(super) fn default_of(field: &Field) -> Self {
        let size = field.field_type().fixed_size().unwrap_or(0);
        match field.default_value() {
            DefaultValue::True => Self::integer(1, size),
            DefaultValue::Integer(integer) => Self::integer(integer, size),
            DefaultValue::Float(float) => {
                Self::integer(i64::from_be_bytes(float.to_be_bytes()), size)
            }
            DefaultValue::Uuid(uuid) => Self {
                bits: u128::from_be_bytes(uuid.to_bytes()),
                size,
            },
            DefaultValue::Zero | DefaultValue::Null | DefaultValue::Text(_) => {
                Self { bits: 0, size }
            }
        }
    }

    /// Any value of a type.
    pub(super) fn random(ty: FieldType, names: Option<&Enumeration>, dice: &mut Dice<'_>) -> Self {
        let size = ty.fixed_size().unwrap_or(0);
        if matches!(ty, FieldType::Bool) {
            return Self::integer((dice.byte() & 1).into(), size);
        }
        let known = names.map_or(&[][..], Enumeration::numbers);
        if !known.is_empty() && dice.chance(50) {
            let (number, _) = dice.pick(known).expect("some values have names");
            return Self::integer(number, size);
        }
        let bits = match dice.byte() & 3 {
            0 => return Self::integer((dice.byte() & 7).into(), size),
            // Everything set, the maximum and the minimum signed number.
            1 if dice.byte() & 1 == 0 => aligned(u128::MAX, size),
            1 => aligned(u128::MAX, size) >> 1 & aligned(u128::MAX, size),
            2 => 1 << 127,
            _ => {
                let bytes = (0..size).map(|_| u128::from(dice.byte()));
                aligned(bytes.fold(0, |bits, byte| bits << 8 | byte), size)
            }
        };
        Self { bits, size }
    }

    /// Returns `true` if generated code takes it for the default of the field.
    pub(super) fn is_default_of(self, field: &Field) -> bool {
        let default = Self::default_of(field);
        match field.field_type() {
            FieldType::Float64 => self.as_float() == default.as_float(),
            _ => self.bits == default.bits,
        }
    }

    fn as_float(self) -> Option<f64> {
        let bytes = self.bits.to_be_bytes();
        bytes.first_chunk().copied().map(f64::from_be_bytes)
    }

    /// The last `size` bytes of an integer.
    fn integer(integer: i64, size: usize) -> Self {
        let bits = u64::from_be_bytes(integer.to_be_bytes());
        Self {
            bits: aligned(bits.into(), size),
            size,
        }
    }
}

/// The last `size` bytes of a number, moved to its highest bits.
fn aligned(number: u128, size: usize) -> u128 {
    let unused = 16_usize.saturating_sub(size) * 8;
    let unused = u32::try_from(unused).ok();
    unused
        .and_then(|bits| number.checked_shl(bits))
        .unwrap_or(0)
}

/// Puts a text of at most `bytes` bytes into `text`: of a field with known values half the time one of them.
pub(super) fn text(field: &Field, bytes: usize, dice: &mut Dice<'_>, text: &mut String) {
    text.clear();
    let known = field.enumeration().map_or(&[][..], Enumeration::texts);
    if !known.is_empty() && dice.chance(50) {
        let known = dice.pick(known).expect("some values have names");
        if known.len() <= bytes {
            return text.push_str(known);
        }
    }
    text.reserve(bytes);
    if dice.chance(50) {
        for _ in 0..bytes {
            text.push(of(PLAIN, dice.byte()).unwrap_or(b'a').into());
        }
        return;
    }
    while text.len() < bytes {
        let letter = of(ODD, dice.byte()).unwrap_or('a');
        text.push(if text.len() + letter.len_utf8() <= bytes {
            letter
        } else {
            'a'
        });
    }
}

/// The letter that a byte chooses.
fn of<T: Copy>(letters: &[T], choice: u8) -> Option<T> {
    letters.get(usize::from(choice) % letters.len()).copied()
}

/// What names of topics are made of.
const PLAIN: &[u8] = b"abcdekorstxzAZ019._-";

/// What parsers, terminals and JSON stumble over; one, two, three and four bytes long.
const ODD: &[char] = &[
    'a',
    '"',
    '\\',
    '/',
    '\0',
    '\n',
    '\r',
    '\t',
    '\u{1b}',
    '\u{7f}',
    ' ',
    '<',
    '&',
    '%',
    '\'',
    '$',
    '{',
    '\u{80}',
    'ü',
    'ß',
    '\u{301}',
    '\u{7ff}',
    '\u{800}',
    '\u{2028}',
    '\u{202e}',
    '\u{feff}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{fffd}',
    '\u{ffff}',
    '漢',
    '\u{10000}',
    '😀',
    '\u{10ffff}',
];
