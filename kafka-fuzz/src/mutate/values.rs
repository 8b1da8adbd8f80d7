//! Other values: numbers at the edges of their types, texts that parsers stumble over, bytes of odd lengths.

use kafka_codec::schema::{Enumeration, Field, FieldType};

use super::chance::Chance;
use super::tree::Fixed;

/// Another value of fixed size.
pub(crate) fn fixed(field: &Field, value: Fixed, chance: &mut Chance) -> Fixed {
    let size = value.as_slice().len();
    if matches!(field.field_type(), FieldType::Bool) {
        let is_set = value.as_slice() == [1];
        return Fixed::new(&[(!is_set).into()], size);
    }
    let named = field.enumeration().map_or(&[][..], Enumeration::numbers);
    if let Some((number, _)) = chance.pick(named).filter(|_| chance.one_in(4)) {
        return Fixed::new(&number.to_be_bytes(), size);
    }
    let mut bytes = value;
    let own = bytes.as_mut_slice();
    match chance.below(6) {
        0 => {
            let bit = chance.below(8 * size);
            if let Some(byte) = own.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
        1 => step(own, chance.one_in(2)),
        2 => own.fill(0),
        3 => own.fill(0xff),
        4 => {
            let low = chance.one_in(2);
            own.fill(if low { 0 } else { 0xff });
            if let Some(first) = own.first_mut() {
                *first ^= 0x80;
            }
        }
        _ => {
            let random = chance.bytes(size);
            own.copy_from_slice(&random);
        }
    }
    bytes
}

/// Adds or subtracts one, around the ends.
fn step(bytes: &mut [u8], up: bool) {
    for byte in bytes.iter_mut().rev() {
        *byte = if up {
            byte.wrapping_add(1)
        } else {
            byte.wrapping_sub(1)
        };
        if *byte != if up { 0 } else { 0xff } {
            return;
        }
    }
}

/// Another text, valid UTF-8 and of at most [`MAX_STRING`] bytes.
pub(crate) fn text(field: &Field, text: &[u8], chance: &mut Chance) -> Vec<u8> {
    let named = field.enumeration().map_or(&[][..], Enumeration::texts);
    if let Some(known) = chance.pick(named).filter(|_| chance.one_in(4)) {
        return known.as_bytes().to_vec();
    }
    let mut letters: Vec<char> = String::from_utf8_lossy(text).chars().collect();
    let at = chance.below(letters.len() + 1);
    let letter = chance.pick(ODD).unwrap_or('a');
    match chance.below(5) {
        0 => letters.insert(at, letter),
        1 if at < letters.len() => drop(letters.remove(at)),
        2 => letters.truncate(at),
        3 => letters.extend(letters.clone()),
        _ => match letters.get_mut(at) {
            Some(place) => *place = letter,
            None => letters.push(letter),
        },
    }
    shortened(letters.into_iter().collect())
}

/// The text with another length, at the edges of how lengths are written.
pub(crate) fn text_of_other_length(text: &[u8], chance: &mut Chance) -> Vec<u8> {
    let length = chance.pick(LENGTHS).unwrap_or(0).min(MAX_STRING);
    let text = String::from_utf8_lossy(text);
    let mut longer = String::with_capacity(length);
    let mut letters = text.chars().cycle();
    while longer.len() < length {
        let letter = letters.next().unwrap_or('a');
        let is_fit = longer.len() + letter.len_utf8() <= length;
        longer.push(if is_fit { letter } else { 'a' });
    }
    longer.into_bytes()
}

/// Other bytes.
pub(crate) fn blob(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let at = chance.below(changed.len() + 1);
    match chance.below(5) {
        0 => {
            let count = 1 + chance.below(8);
            changed.splice(at..at, chance.bytes(count));
        }
        1 => {
            let end = changed.len().min(at + 1 + chance.below(8));
            changed.drain(at..end);
        }
        2 => changed.truncate(at),
        3 => {
            let value = chance.pick(&[0, 1, 0x7f, 0x80, 0xff]).unwrap_or(0);
            match changed.get_mut(at) {
                Some(byte) => *byte = value,
                None => changed.push(value),
            }
        }
        _ => match changed.get_mut(at) {
            Some(byte) => *byte ^= 1 << chance.below(8),
            None => changed.push(chance.byte()),
        },
    }
    changed
}

/// The bytes with another length.
pub(crate) fn blob_of_other_length(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let length = chance.pick(LENGTHS).unwrap_or(0);
    let source: &[u8] = if bytes.is_empty() { &[0] } else { bytes };
    source.iter().copied().cycle().take(length).collect()
}

fn shortened(text: String) -> Vec<u8> {
    let mut text = text;
    while text.len() > MAX_STRING {
        text.pop();
    }
    text.into_bytes()
}

/// No string has more bytes.
const MAX_STRING: usize = 0x7fff;

/// One byte before and after the lengths where a variable-length integer, or a string, becomes another.
const LENGTHS: &[usize] = &[
    0, 1, 2, 15, 16, 126, 127, 128, 129, 255, 256, 1024, 16_382, 16_383, 32_766, 32_767,
];

/// What parsers, terminals, JSON and file names stumble over; one, two, three and four bytes long.
const ODD: &[char] = &[
    'a',
    'Z',
    '0',
    '.',
    '_',
    '-',
    '"',
    '\\',
    '/',
    '\0',
    '\n',
    '\t',
    '\u{1b}',
    ' ',
    '%',
    '$',
    '{',
    'ü',
    '\u{301}',
    '\u{202e}',
    '\u{feff}',
    '\u{fffd}',
    '漢',
    '😀',
    '\u{10ffff}',
];
