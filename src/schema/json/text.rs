//! JSON as text, a token at a time, into any `io::Write`. Knows no messages.

use std::io;

use super::{base64, float};

/// Writes tokens into `out` through a small buffer of its own.
///
/// The first error of `out` is kept, for [`finish`](Self::finish).
pub(super) struct JsonWriter<W> {
    out: W,
    buffer: Vec<u8>,
    pretty: bool,
    escape_controls: bool,
    depth: usize,
    /// `true` if the next member or element is the first.
    is_first: bool,
    error: Option<io::Error>,
}

impl<W: io::Write> JsonWriter<W> {
    pub(super) fn new(out: W, pretty: bool, escape_controls: bool) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(FLUSH_AT),
            pretty,
            escape_controls,
            depth: 0,
            is_first: true,
            error: None,
        }
    }

    /// Returns `true` if `out` failed, so that writing more is of no use.
    pub(super) const fn failed(&self) -> bool {
        self.error.is_some()
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.error.map_or(Ok(()), Err)
    }

    /// Begins a struct or array.
    pub(super) fn open(&mut self, bracket: u8) {
        self.buffer.push(bracket);
        self.depth += 1;
        self.is_first = true;
    }

    /// Ends a struct or array.
    pub(super) fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.is_first {
            self.new_line();
        }
        self.buffer.push(bracket);
        self.is_first = false;
        self.flush_if_full();
    }

    /// Begins an element of an array.
    pub(super) fn element(&mut self) {
        if !self.is_first {
            self.buffer.push(b',');
        }
        self.is_first = false;
        self.new_line();
    }

    /// Begins a member of a struct, the key of which is `name` and `suffix`, both without need of escapes.
    pub(super) fn key(&mut self, name: &str, suffix: &str) {
        self.element();
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(suffix.as_bytes());
        self.buffer.extend_from_slice(b"\":");
        if self.pretty {
            self.buffer.push(b' ');
        }
    }

    /// Null, true or false.
    pub(super) fn word(&mut self, word: &str) {
        self.buffer.extend_from_slice(word.as_bytes());
    }

    pub(super) fn integer(&mut self, value: i64) {
        let mut digits = [0; 20];
        let mut start = digits.len();
        let mut rest = value.unsigned_abs();
        for (index, place) in digits.iter_mut().enumerate().rev() {
            *place = b'0' + u8::try_from(rest % 10).expect("a digit fits into a byte");
            start = index;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.buffer.push(b'-');
        }
        self.buffer
            .extend_from_slice(digits.get(start..).expect("the digits were just written"));
    }

    /// How many of something, or a place.
    pub(super) fn number(&mut self, value: usize) {
        self.integer(i64::try_from(value).expect("nothing in memory is larger"));
    }

    pub(super) fn float(&mut self, value: f64, all_nans: bool) {
        float::write(value, all_nans, &mut self.buffer);
    }

    /// A string, of which at most `max` bytes are shown. Kafka's have at most 32 KiB.
    pub(super) fn string(&mut self, text: &str, max: usize) {
        self.buffer.push(b'"');
        let shown = shown(text, max);
        self.characters(shown);
        self.end_string(text.len() - shown.len());
        self.flush_if_full();
    }

    /// A string that is not UTF-8, of which at most `max` bytes are shown, whole characters: what is not a
    /// character is `\u{fffd}`.
    pub(super) fn lossy(&mut self, text: &[u8], max: usize) {
        self.buffer.push(b'"');
        let mut left = max;
        let mut left_out = 0;
        for chunk in text.utf8_chunks() {
            // Of what follows a cut nothing is shown.
            let (valid, invalid) = (chunk.valid(), chunk.invalid());
            let part = shown(valid, left);
            self.characters(part);
            left = if part.len() < valid.len() {
                0
            } else {
                left - part.len()
            };
            left_out += valid.len() - part.len();
            if invalid.len() > left {
                (left, left_out) = (0, left_out + invalid.len());
            } else if !invalid.is_empty() {
                self.characters("\u{fffd}");
                left -= invalid.len();
            }
        }
        self.end_string(left_out);
        self.flush_if_full();
    }

    /// Bytes as base64, of which at most `max` are shown.
    pub(super) fn blob(&mut self, bytes: &[u8], max: usize) {
        self.buffer.push(b'"');
        let shown = bytes.get(..max).unwrap_or(bytes);
        for piece in shown.chunks(PIECE) {
            base64::encode(piece, &mut self.buffer);
            self.flush_if_full();
        }
        self.end_string(bytes.len() - shown.len());
    }

    /// A string of its own that says how many more there are.
    pub(super) fn more(&mut self, left_out: usize) {
        self.buffer.push(b'"');
        self.end_string(left_out);
    }

    /// One value that `write` writes.
    pub(super) fn with(&mut self, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) {
        self.flush();
        if self.error.is_none() {
            self.error = write(&mut self.out).err();
        }
    }

    /// Some of the inside of a string.
    fn characters(&mut self, text: &str) {
        if self.escape_controls {
            self.escape_all(text);
        } else {
            self.escape(text.as_bytes());
        }
    }

    fn end_string(&mut self, left_out: usize) {
        if left_out > 0 {
            self.buffer.extend_from_slice("…(".as_bytes());
            self.number(left_out);
            self.buffer.extend_from_slice(b" more)");
        }
        self.buffer.push(b'"');
    }

    /// As Kafka's JSON library does: what must be escaped, and nothing else.
    fn escape(&mut self, mut rest: &[u8]) {
        let is_special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
        while let Some(plain) = rest.iter().position(is_special) {
            let (before, after) = rest.split_at(plain);
            self.buffer.extend_from_slice(before);
            let Some((special, after)) = after.split_first() else {
                break;
            };
            self.escape_one(u32::from(*special));
            rest = after;
        }
        self.buffer.extend_from_slice(rest);
    }

    fn escape_all(&mut self, text: &str) {
        for character in text.chars() {
            if is_special(character) {
                self.escape_one(character.into());
            } else {
                let mut utf8 = [0; 4];
                let utf8 = character.encode_utf8(&mut utf8);
                self.buffer.extend_from_slice(utf8.as_bytes());
            }
        }
    }

    fn escape_one(&mut self, special: u32) {
        let short = match special {
            0x22 => b'"',
            0x5c => b'\\',
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            other => {
                self.buffer.extend_from_slice(b"\\u");
                let digit = |shift: u32| other >> shift & 0xf;
                for digit in [12, 8, 4, 0].map(digit) {
                    let digit = char::from_digit(digit, 16).expect("it is four bits");
                    let mut ascii = [0; 4];
                    let ascii = digit.to_ascii_uppercase().encode_utf8(&mut ascii);
                    self.buffer.extend_from_slice(ascii.as_bytes());
                }
                return;
            }
        };
        self.buffer.extend_from_slice(&[b'\\', short]);
    }

    fn new_line(&mut self) {
        if self.pretty {
            self.buffer.push(b'\n');
            for _ in 0..self.depth {
                self.buffer.extend_from_slice(b"  ");
            }
        }
    }

    fn flush_if_full(&mut self) {
        if self.buffer.len() >= FLUSH_AT {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.error.is_none() {
            self.error = self.out.write_all(&self.buffer).err();
        }
        self.buffer.clear();
    }
}

/// At most `max` bytes at the front of `text`, whole characters.
fn shown(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).expect("it is the end of a character")
}

/// What a terminal or a reader of lines may take for more than text.
fn is_special(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '"' | '\\' | '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

const FLUSH_AT: usize = 1024;
/// A multiple of three, so that only the last piece of some bytes has padding.
const PIECE: usize = 3 * 256;
