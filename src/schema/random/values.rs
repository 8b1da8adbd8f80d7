//! Values that are not structs: what is interesting about a number, a text or bytes.

use super::entropy::Dice;
use crate::schema::{DefaultValue, Enumeration, Field, FieldType};

/// A value of a type of fixed width, as its big-endian bytes.
#[derive(Copy, Clone)]
pub(super) struct Fixed {
    bytes: [u8; 16],
    size: usize,
}

impl Fixed {
    pub(super) fn as_slice(&self) -> &[u8] {
        let value = self.bytes.get(..self.size);
        value.expect("no fixed type is larger than a UUID")
    }

    /// What a field is by default; of what is not fixed nothing.
    pub(super) fn default_of(field: &Field) -> Self {
        let size = field.field_type().fixed_size().unwrap_or(0);
        let low = |integer: i64| Self::low_of(&integer.to_be_bytes(), size);
        match field.default_value() {
            DefaultValue::True => low(1),
            DefaultValue::Integer(integer) => low(integer),
            DefaultValue::Float(float) => Self::low_of(&float.to_be_bytes(), size),
            DefaultValue::Uuid(uuid) => Self::low_of(&uuid.to_bytes(), size),
            DefaultValue::Zero | DefaultValue::Null | DefaultValue::Text(_) => low(0),
        }
    }

    /// Any value of a type.
    pub(super) fn random(ty: FieldType, names: Option<&Enumeration>, dice: &mut Dice<'_>) -> Self {
        let size = ty.fixed_size().unwrap_or(0);
        if matches!(ty, FieldType::Bool) {
            return Self::low_of(&[dice.byte() & 1], size);
        }
        let known = names.map_or(&[][..], Enumeration::numbers);
        if !known.is_empty() && dice.chance(50) {
            let (number, _) = dice.pick(known).expect("some values have names");
            return Self::low_of(&number.to_be_bytes(), size);
        }
        let mut value = Self {
            bytes: [0; 16],
            size,
        };
        let own = value.bytes.get_mut(..size);
        let own = own.expect("no fixed type is larger than a UUID");
        match dice.below(4) {
            0 => {
                if let Some(last) = own.last_mut() {
                    *last = dice.byte() & 7;
                }
            }
            // Everything set, the maximum and the minimum signed number.
            1 => {
                own.fill(0xff);
                if let Some(first) = own.first_mut() {
                    *first = dice.pick(&[0xff, 0x7f]).expect("there are two");
                }
            }
            2 => {
                if let Some(first) = own.first_mut() {
                    *first = 0x80;
                }
            }
            _ => dice.fill(own),
        }
        value
    }

    /// Returns `true` if generated code takes it for the default of the field.
    pub(super) fn is_default_of(self, field: &Field) -> bool {
        let default = Self::default_of(field);
        let equal = self.as_slice() == default.as_slice();
        match field.field_type() {
            FieldType::Float64 => match (self.as_float(), default.as_float()) {
                (Some(one), Some(other)) => one == other,
                _ => equal,
            },
            _ => equal,
        }
    }

    fn as_float(&self) -> Option<f64> {
        self.bytes.first_chunk().copied().map(f64::from_be_bytes)
    }

    /// The last `size` bytes of a number, with zeros in front if it is shorter.
    fn low_of(number: &[u8], size: usize) -> Self {
        let mut bytes = [0; 16];
        let places = bytes.iter_mut().take(size).rev();
        for (place, byte) in places.zip(number.iter().rev()) {
            *place = *byte;
        }
        Self { bytes, size }
    }
}

/// A text of at most `bytes` bytes: of a field with known values half the time one of them.
pub(super) fn text(field: &Field, bytes: usize, dice: &mut Dice<'_>) -> String {
    let known = field.enumeration().map_or(&[][..], Enumeration::texts);
    if !known.is_empty() && dice.chance(50) {
        let known = dice.pick(known).expect("some values have names");
        if known.len() <= bytes {
            return known.to_owned();
        }
    }
    if dice.chance(50) {
        let mut text = dice.vec(bytes);
        for letter in &mut text {
            *letter = of(PLAIN, *letter).unwrap_or(b'a');
        }
        return String::from_utf8(text).expect("the letters are ASCII");
    }
    let mut text = String::with_capacity(bytes);
    for choice in dice.vec(bytes) {
        let letter = of(ODD, choice).unwrap_or('a');
        if text.len() == bytes {
            break;
        }
        text.push(if text.len() + letter.len_utf8() <= bytes {
            letter
        } else {
            'a'
        });
    }
    text
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
