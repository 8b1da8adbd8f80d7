//! Random texts: parts of two long ones, so that a text is copied and not put together.

use std::str;

use super::chance::pick;

/// A known text of at most `bytes` bytes, half of the time, by 17 bits; otherwise and if there is none `None`.
#[inline]
pub(super) fn known(known: &[&'static str], bytes: usize, random: u64) -> Option<&'static str> {
    let known = pick(known, random >> 1).filter(|_| random & 1 == 0)?;
    (known.len() <= bytes).then_some(known)
}

/// Appends a text of `bytes` bytes, by 14 bits.
#[inline]
pub(super) fn text(random: u64, bytes: usize, out: &mut Vec<u8>) {
    let start = usize::try_from((random >> 1) % LENGTH_BITS).unwrap_or(0);
    if random & 1 == 0 {
        plain(start, bytes, out);
    } else {
        odd(start, bytes, out);
    }
}

/// Appends `bytes` bytes of the plain text, from `start` on.
#[inline]
fn plain(start: usize, bytes: usize, out: &mut Vec<u8>) {
    if bytes <= SHORT {
        // So many always, as that is an instruction or two, and then as many as there are.
        let end = out.len() + bytes;
        if let Some(text) = PLAIN.get(start..).and_then(<[u8]>::first_chunk::<SHORT>) {
            out.extend_from_slice(text);
            return out.truncate(end);
        }
    }
    out.extend(PLAIN.iter().cycle().skip(start).take(bytes));
}

/// Appends `bytes` bytes of the odd text, about from `start` on, and letters in the place of what would be cut in two.
#[inline]
fn odd(start: usize, bytes: usize, out: &mut Vec<u8>) {
    let start = letter_at(start);
    let text = ODD.get(start..).expect("a letter begins there");
    match text.as_bytes().first_chunk::<SHORT>() {
        Some(short) if bytes <= SHORT => {
            let end = out.len() + bytes;
            let cut = start + bytes - letter_at(start + bytes);
            out.extend_from_slice(short);
            out.truncate(end - cut);
            if cut > 0 {
                out.resize(end, b'a');
            }
        }
        _ => long(text, out.len() + bytes, out),
    }
}

/// Where the letter of the odd text begins that has the byte at `at`; the end for what is behind it.
#[inline]
fn letter_at(at: usize) -> usize {
    LETTER_AT
        .get(at)
        .map_or(LENGTH, |start| usize::from(*start))
}

/// Appends `text` and then the whole text until there are `end` bytes.
#[cold]
fn long(mut text: &'static str, end: usize, out: &mut Vec<u8>) {
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

/// The length of texts that are copied at once.
const SHORT: usize = 32;

/// How many bytes each of the long texts has.
const LENGTH: usize = 8192;

/// The same, of random bits.
const LENGTH_BITS: u64 = 8192;

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

/// Where the letter begins that has each byte of the odd text: looked up, as a search has branches that are mispredicted.
#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the compiler runs it"
)]
static LETTER_AT: [u16; LENGTH] = {
    let mut starts = [0; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        let continues = ODD_BYTES[at] & 0xc0 == 0x80;
        starts[at] = if continues { starts[at - 1] } else { at as u16 };
        at += 1;
    }
    starts
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
            for bytes in [0, 1, 5, 24, SHORT, SHORT + 1, LENGTH, 32_767] {
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
