//! Random texts: parts of two long ones, so that a text is copied and not put together.

use std::str;

use super::entropy::Dice;
use crate::schema::{Enumeration, Field};

/// Appends a text of at most `bytes` bytes to `out`: of a field with known values half the time one of them, otherwise of that many bytes.
#[inline]
pub(super) fn text(field: &Field, bytes: usize, dice: &mut Dice<'_>, out: &mut Vec<u8>) {
    if let Some(known) = field
        .enumeration()
        .and_then(|names| known(names, bytes, dice))
    {
        return out.extend_from_slice(known.as_bytes());
    }
    let choice = dice.bits(14);
    let start = usize::try_from(choice >> 1).unwrap_or(0) % LENGTH;
    if choice & 1 == 0 {
        plain(start, bytes, out);
    } else {
        odd(start, bytes, out);
    }
}

/// A known value that has room, half of the time.
fn known(names: &Enumeration, bytes: usize, dice: &mut Dice<'_>) -> Option<&'static str> {
    let known = names.texts();
    let is_known = !known.is_empty() && dice.chance(50);
    let known = dice.pick(known).filter(|_| is_known)?;
    (known.len() <= bytes).then_some(known)
}

/// Appends `bytes` bytes of the plain text, from `start` on.
#[inline]
fn plain(start: usize, bytes: usize, out: &mut Vec<u8>) {
    if let Some(text) = PLAIN.get(start..start + bytes) {
        return out.extend_from_slice(text);
    }
    out.extend(PLAIN.iter().cycle().skip(start).take(bytes));
}

/// Appends `bytes` bytes of the odd text, about from `start` on, and letters in the place of what would be cut in two.
fn odd(start: usize, bytes: usize, out: &mut Vec<u8>) {
    let end = out.len() + bytes;
    let mut start = start.min(ODD.len());
    while !ODD.is_char_boundary(start) {
        start -= 1;
    }
    let mut text = ODD.get(start..).expect("a character begins there");
    loop {
        let left = end - out.len();
        if text.len() >= left {
            let mut cut = left;
            while !text.is_char_boundary(cut) {
                cut -= 1;
            }
            let part = text.as_bytes().get(..cut);
            out.extend_from_slice(part.expect("it is long enough"));
            return out.resize(end, b'a');
        }
        out.extend_from_slice(text.as_bytes());
        text = ODD;
    }
}

/// How many bytes each of the long texts has.
const LENGTH: usize = 8192;

/// A long text of letters of which names of topics are made.
#[allow(clippy::indexing_slicing, reason = "the compiler runs it")]
static PLAIN: [u8; LENGTH] = {
    let mut text = [0; LENGTH];
    let (mut at, mut state) = (0, 1);
    while at < LENGTH {
        let choice;
        (choice, state) = next(state, LETTERS.len());
        text[at] = LETTERS[choice];
        at += 1;
    }
    text
};

const LETTERS: &[u8] = b"abcdekorstxzAZ019._-";

/// A long text of [`ODD_LETTERS`].
#[allow(clippy::panic, reason = "the compiler runs it")]
static ODD: &str = match str::from_utf8(&ODD_BYTES) {
    Ok(text) => text,
    Err(_) => panic!("letters are encoded"),
};

#[allow(clippy::indexing_slicing, reason = "the compiler runs it")]
static ODD_BYTES: [u8; LENGTH] = {
    let mut text = [b'a'; LENGTH];
    let (mut at, mut state) = (0, 2);
    // The longest letter has four bytes. Those after the last letter are left as they are.
    while at + 4 <= LENGTH {
        let choice;
        (choice, state) = next(state, ODD_LETTERS.len());
        let mut bytes = [0; 4];
        let count = ODD_LETTERS[choice].encode_utf8(&mut bytes).len();
        let mut index = 0;
        while index < count {
            text[at + index] = bytes[index];
            index += 1;
        }
        at += count;
    }
    text
};

/// A number below `end`, and the next state.
#[allow(clippy::cast_possible_truncation, reason = "31 bits")]
const fn next(state: u64, end: usize) -> (usize, u64) {
    let state = state
        .wrapping_mul(0x5851_f42d_4c95_7f2d)
        .wrapping_add(0x1405_7b7e_f767_814f);
    ((state >> 33) as usize % end, state)
}

/// What parsers, terminals and JSON stumble over; one, two, three and four bytes long.
const ODD_LETTERS: &[char] = &[
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_utf8_of_the_length_that_was_asked_for() {
        let mut out = Vec::new();
        for start in 0..LENGTH {
            for bytes in [0, 1, 5, 24, LENGTH, 32_767] {
                if bytes > 24 && start % 1000 > 3 {
                    continue;
                }
                for append in [plain, odd] {
                    out.clear();
                    append(start, bytes, &mut out);
                    assert_eq!(out.len(), bytes);
                    assert!(str::from_utf8(&out).is_ok(), "{start}, {bytes}");
                }
            }
        }
    }

    #[test]
    fn every_letter_is_in_the_long_texts() {
        assert!(LETTERS.iter().all(|letter| PLAIN.contains(letter)));
        assert!(ODD_LETTERS.iter().all(|letter| ODD.contains(*letter)));
    }
}
