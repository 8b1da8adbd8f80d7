//! The software name and version of ApiVersions, where they are not UTF-8.

use kafka_codec::Version;

/// The first version of ApiVersions that names the software, by two compact strings and tagged fields.
const FIRST_VERSION: Version = Version(3);

/// The body of an ApiVersions request with the bytes escaped that are not UTF-8, as for people to read. `None`: all of them
/// are, or it is not such a body.
pub(super) fn escaped(version: Version, body: &[u8]) -> Option<Vec<u8>> {
    if version < FIRST_VERSION {
        return None;
    }
    let (name, rest) = compact_bytes(body)?;
    let (software_version, rest) = compact_bytes(rest)?;
    let is_text = |bytes| std::str::from_utf8(bytes).is_ok();
    if is_text(name) && is_text(software_version) {
        return None;
    }
    let mut escaped = Vec::new();
    for bytes in [name, software_version] {
        let text = escape(bytes);
        push_length(&mut escaped, text.len() + 1);
        escaped.extend(text.as_bytes());
    }
    escaped.extend(rest);
    Some(escaped)
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    text
}

/// What a compact string holds, and what follows it. Its length has at most two bytes, as those of software names have.
fn compact_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [low @ 1..=0x7f, rest @ ..] => (usize::from(*low), rest),
        [low @ 0x80..=0xff, high @ 1..=0x7f, rest @ ..] => {
            (usize::from(low & 0x7f) | usize::from(*high) << 7, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length.checked_sub(1)?)
}

fn push_length(to: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits fit into a byte");
        length >>= 7;
        if length == 0 {
            return to.push(low);
        }
        to.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf_8_are_escaped_and_all_else_stays() {
        let body = b"\x05caf\xe9\x03\xff1\0";
        let expected = b"\x08caf\\xe9\x06\\xff1\0";
        assert_eq!(escaped(Version(3), body).unwrap(), expected);
        assert_eq!(escaped(Version(2), body), None);
        assert_eq!(escaped(Version(3), b"\x05cafe\x021\0"), None);
        for length in 0..7 {
            assert_eq!(escaped(Version(3), &body[..length]), None);
        }
    }

    #[test]
    fn names_may_become_longer_than_a_byte_of_length_holds() {
        let body = [&[0x81, 1][..], &[0xe9; 128], &[1, 0]].concat();
        let escaped = escaped(Version(4), &body).unwrap();
        let (name, rest) = compact_bytes(&escaped).unwrap();
        assert_eq!(name, b"\\xe9".repeat(128));
        assert_eq!(rest, [1, 0]);
    }
}
