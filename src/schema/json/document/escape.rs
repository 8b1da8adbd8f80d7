//! The escapes in JSON strings.

/// `text`, the inside of a string that was parsed, without its escapes.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, _)) = rest.split_once('\\') {
        out.push_str(before);
        let escape = rest
            .get(before.len()..)
            .expect("the text goes on with a backslash");
        let (character, length) = unescape_one(escape.as_bytes()).expect("the parser checked it");
        out.push(character);
        rest = escape.get(length..).expect("an escape is ASCII");
    }
    out.push_str(rest);
    out
}

/// The character of the escape at the front of `bytes`, and how many bytes it takes. A character beyond
/// the first plane is a pair of escapes.
pub(super) fn unescape_one(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.get(1)? {
        b'u' => {
            let high = unit(bytes.get(2..6)?)?;
            if let Some(character) = char::from_u32(high) {
                return Some((character, 6));
            }
            let low = match bytes.get(6..12)? {
                [b'\\', b'u', digits @ ..] => unit(digits)?,
                _ => return None,
            };
            let is_pair = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
            let code = is_pair.then(|| 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
            return Some((char::from_u32(code)?, 12));
        }
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        same @ (b'"' | b'\\' | b'/') => char::from(*same),
        _ => return None,
    };
    Some((character, 2))
}

fn unit(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit << 4 | char::from(*digit).to_digit(16)?)
    })
}
