//! Text that a peer wrote, so that it can neither drive the terminal nor break a line.

/// Returns `true` if a character must not be shown as it is: control characters, and those that change the
/// direction of the text around them or end a line for some programs.
pub(crate) const fn is_unsafe(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// Appends text for people, with characters that drive terminals as `\u{1b}`.
pub fn text(to: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        to.extend_from_slice(text.as_bytes());
        return;
    }
    for character in text.chars() {
        if is_unsafe(character) {
            to.extend(character.escape_unicode().map(ascii));
        } else {
            to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// As a JSON string, quotes included.
pub(crate) fn json(to: &mut Vec<u8>, text: &str) {
    to.push(b'"');
    if text
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
    {
        to.extend_from_slice(text.as_bytes());
    } else {
        for character in text.chars() {
            json_character(to, character);
        }
    }
    to.push(b'"');
}

fn json_character(to: &mut Vec<u8>, character: char) {
    match character {
        '"' | '\\' => to.extend([b'\\', ascii(character)]),
        '\n' => to.extend_from_slice(b"\\n"),
        '\t' => to.extend_from_slice(b"\\t"),
        // Those that are unsafe have one UTF-16 unit each.
        character if is_unsafe(character) => {
            to.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        }
        character => to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// Of characters that are ASCII.
fn ascii(character: char) -> u8 {
    u8::try_from(character).expect("escapes are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(escape: fn(&mut Vec<u8>, &str), of: &str) -> String {
        let mut to = Vec::new();
        escape(&mut to, of);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn what_drives_a_terminal_is_shown_as_an_escape() {
        assert_eq!(escaped(text, "plain ünïcode"), "plain ünïcode");
        assert_eq!(escaped(text, "\x1b[2J\r\n"), r"\u{1b}[2J\u{d}\u{a}");
        assert_eq!(escaped(text, "a\u{202e}b\u{9b}c"), r"a\u{202e}b\u{9b}c");
        assert_eq!(
            escaped(json, "\x1b]0;\u{7}\"\\\n"),
            r#""\u001b]0;\u0007\"\\\n""#
        );
    }

    #[test]
    fn every_text_is_a_json_string_of_the_same_value() {
        for character in (0..=char::MAX as u32).filter_map(char::from_u32).step_by(7) {
            let value = format!("a{character}b");
            let parsed: String = serde_json::from_str(&escaped(json, &value)).unwrap();
            assert_eq!(parsed, value);
        }
    }
}
