//! Bytes as text: hexadecimal digits and base64, as people have them on their clipboards.

use super::Form;

impl Form {
    /// The bytes that `input` says; what is wrong with it otherwise.
    pub(super) fn bytes(self, input: Vec<u8>) -> Result<Vec<u8>, String> {
        match self {
            Self::Raw => Ok(input),
            Self::Hex => from_hex(&input),
            Self::Base64 => from_base64(&input),
        }
    }
}

/// Two digits a byte; blanks do not count.
pub(super) fn from_hex(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for (index, byte) in text.iter().enumerate() {
        if byte.is_ascii_whitespace() {
            continue;
        }
        let Some(digit) = char::from(*byte).to_digit(16) else {
            let found = char::from(*byte).escape_default();
            return Err(format!(
                "expected hexadecimal digits, found `{found}` at character {}",
                index + 1
            ));
        };
        let digit = u8::try_from(digit).expect("the digit is below 16");
        match high.take() {
            None => high = Some(digit << 4),
            Some(high) => out.push(high | digit),
        }
    }
    match high {
        None => Ok(out),
        Some(_) => {
            Err("expected two hexadecimal digits a byte, but their number is odd".to_owned())
        }
    }
}

/// Of either alphabet, with or without padding; blanks do not count.
fn from_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    let is_padding = |byte: &u8| *byte == b'=' || byte.is_ascii_whitespace();
    let last = text.iter().rposition(|byte| !is_padding(byte));
    let (digits, _) = text.split_at(last.map_or(0, |last| last + 1));
    for (index, byte) in digits.iter().enumerate() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            blank if blank.is_ascii_whitespace() => continue,
            other => {
                let found = char::from(*other).escape_default();
                let at = index + 1;
                return Err(format!(
                    "expected base64, found `{found}` at character {at}"
                ));
            }
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (bits >> count).to_be_bytes();
            out.push(byte);
        }
    }
    if count == 6 {
        return Err("expected base64, but it ends within a byte".to_owned());
    }
    Ok(out)
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("the value is below 16");
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]);
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_bytes() {
        assert_eq!(from_hex(b"00 fF\n10"), Ok(vec![0, 0xff, 0x10]));
        assert_eq!(to_hex(&[0, 0xff, 0x10]), "00ff10");
        for (text, error) in [
            (
                "0",
                "expected two hexadecimal digits a byte, but their number is odd",
            ),
            (
                "0x00",
                "expected hexadecimal digits, found `x` at character 2",
            ),
        ] {
            assert_eq!(from_hex(text.as_bytes()), Err(error.to_owned()));
        }
    }

    #[test]
    fn base64_of_any_kind_is_bytes() {
        for text in ["+/8B", "-_8B", "+/\n8B", "+/8B\n"] {
            assert_eq!(
                from_base64(text.as_bytes()),
                Ok(vec![0xfb, 0xff, 1]),
                "{text}"
            );
        }
        for text in ["+w==", "+w", "+w ==\n"] {
            assert_eq!(from_base64(text.as_bytes()), Ok(vec![0xfb]), "{text}");
        }
        for (text, error) in [
            ("A", "expected base64, but it ends within a byte"),
            ("AA=A", "expected base64, found `=` at character 3"),
        ] {
            assert_eq!(from_base64(text.as_bytes()), Err(error.to_owned()));
        }
    }
}
