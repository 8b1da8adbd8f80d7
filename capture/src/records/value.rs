//! Bytes that a user wrote: as text where they are text, else as base64.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kafka_codec::records::Headers;

use super::{Object, Style};
use crate::output::escape;

/// Writes `"text"`, `{"base64":"AAE="}` or `null`.
pub(super) fn write(to: &mut Vec<u8>, bytes: Option<&[u8]>, style: &Style) {
    let Some(bytes) = bytes else {
        return to.extend_from_slice(b"null");
    };
    match text(bytes) {
        Some(text) => {
            let mut end = style.max_text.min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let (shown, rest) = text.split_at(end);
            escape::json(to, shown);
            more(to, rest.len());
        }
        None => {
            let (shown, rest) = bytes.split_at(style.max_bytes.min(bytes.len()));
            to.extend_from_slice(b"{\"base64\":\"");
            to.extend_from_slice(STANDARD.encode(shown).as_bytes());
            to.push(b'"');
            more(to, rest.len());
            to.push(b'}');
        }
    }
}

/// Writes `[{"key":"text","value":"text"}]`.
pub(super) fn write_headers(to: &mut Vec<u8>, headers: Headers<'_>, style: &Style) {
    to.push(b'[');
    for (index, header) in headers.enumerate() {
        if index > 0 {
            to.push(b',');
        }
        let mut object = Object::open(to);
        write(object.key("key"), Some(header.key), style);
        write(object.key("value"), header.value, style);
        object.close();
    }
    to.push(b']');
}

/// Says within the string that was written last how many bytes are left out.
fn more(to: &mut Vec<u8>, left_out: usize) {
    if left_out > 0 {
        to.pop();
        write!(to, "…({left_out} more)\"").expect("writing to memory does not fail");
    }
}

/// The text that `bytes` are, if people can read it.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_readable =
        |character| matches!(character, '\t' | '\n' | '\r') || !escape::is_unsafe(character);
    text.chars().all(is_readable).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: Option<&[u8]>, style: &Style) -> String {
        let mut to = Vec::new();
        write(&mut to, bytes, style);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn text_is_a_string_and_other_bytes_say_that_they_are_base64() {
        let known: [(Option<&[u8]>, &str); 7] = [
            (None, "null"),
            (Some(b""), r#""""#),
            (Some("grün\n\"1\"".as_bytes()), r#""grün\n\"1\"""#),
            (Some(b"\0\x01"), r#"{"base64":"AAE="}"#),
            (Some(b"\xff"), r#"{"base64":"/w=="}"#),
            (Some(b"\x1b[2J"), r#"{"base64":"G1sySg=="}"#),
            (Some("\u{202e}".as_bytes()), r#"{"base64":"4oCu"}"#),
        ];
        for (bytes, text) in known {
            assert_eq!(written(bytes, &Style::WHOLE), text);
        }
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let style = Style {
            max_text: 2,
            max_bytes: 1,
            ..Style::WHOLE
        };
        assert_eq!(written(Some("aßb".as_bytes()), &style), r#""a…(3 more)""#);
        assert_eq!(written(Some(b"ab"), &style), r#""ab""#);
        assert_eq!(
            written(Some(b"\0\x01\x02"), &style),
            r#"{"base64":"AA==…(2 more)"}"#
        );
    }
}
