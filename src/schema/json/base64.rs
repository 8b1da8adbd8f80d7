//! Base64 with padding, as Kafka's JSON has bytes. See RFC 4648.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Bits that padding leaves over are not looked at, as in Kafka's JSON library.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Appends the text of `bytes` to `out`.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let text = out.get_mut(start..).expect("it was made longer");
    let written = ENGINE.encode_slice(bytes, text);
    written.expect("there is room for four digits for each three bytes");
}

/// The bytes of `text`; `None` if it is not base64 with padding.
///
/// Blanks before a group of four digits are skipped, as in Kafka's JSON library.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        while let Some((0..=b' ', after)) = rest.split_first() {
            rest = after;
        }
        if rest.is_empty() {
            return ENGINE.decode(digits).ok();
        }
        let (group, after) = rest.split_first_chunk::<4>()?;
        digits.extend_from_slice(group);
        rest = after;
    }
}

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
        assert_eq!(decode(" Zm9v\n\tZh== "), Some(b"foof".to_vec()));
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
