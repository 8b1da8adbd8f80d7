//! Base64 with padding, as Kafka's JSON has bytes. See RFC 4648.

/// Appends the text of `bytes` to `out`.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let mut chunks = bytes.chunks_exact(3);
    for chunk in &mut chunks {
        out.extend_from_slice(&digits(chunk));
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let digits = digits(rest);
        let (used, _) = digits.split_at(rest.len() + 1);
        out.extend_from_slice(used);
        out.extend(std::iter::repeat_n(b'=', 3 - rest.len()));
    }
}

/// The four digits of at most three bytes.
fn digits(bytes: &[u8]) -> [u8; 4] {
    let byte = |index| bytes.get(index).copied().map_or(0, u32::from);
    let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    [18, 12, 6, 0].map(|shift| {
        let digit = usize::try_from(bits >> shift & 0x3f).ok();
        digit
            .and_then(|digit| ALPHABET.get(digit))
            .copied()
            .unwrap_or(b'=')
    })
}

/// The bytes of `text`; `None` if it is not base64 with padding.
///
/// Blanks before a group of four digits are skipped and the bits that padding leaves over are not looked
/// at, as in Kafka's JSON library.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut rest = text.as_bytes();
    loop {
        while let Some((0..=b' ', after)) = rest.split_first() {
            rest = after;
        }
        if rest.is_empty() {
            return Some(out);
        }
        let (group, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        let (used, is_last) = match group {
            [one, two, b'=', b'='] => ([Some(one), Some(two), None, None], true),
            [one, two, three, b'='] => ([Some(one), Some(two), Some(three), None], true),
            [one, two, three, four] => ([Some(one), Some(two), Some(three), Some(four)], false),
        };
        let mut bits = 0;
        for digit in used {
            bits = bits << 6 | digit.map_or(Some(0), |digit| value(*digit))?;
        }
        let [_, bytes @ ..] = bits.to_be_bytes();
        let count = used.iter().flatten().count() - 1;
        out.extend(bytes.into_iter().take(count));
        // Padding ends the text.
        if is_last && !rest.is_empty() {
            return None;
        }
    }
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_texts_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut out = Vec::new();
            encode(bytes.as_bytes(), &mut out);
            assert_eq!(out, text.as_bytes());
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(decode("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9-", "Zg= ", "Zm9v=", "Zm 9v",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
