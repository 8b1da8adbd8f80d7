//! The software name and version of ApiVersions, where they are not UTF-8.

use kafka_codec::Version;
use kafka_codec::wire::{Encoding, Reader, Writer};

/// The first version of ApiVersions that names the software, by two compact strings and tagged fields.
const FIRST_VERSION: Version = Version(3);

/// The body of an ApiVersions request with the bytes escaped that are not UTF-8, as for people to read. `None`: all of them
/// are, or it is not such a body.
pub(super) fn escaped(version: Version, body: &[u8]) -> Option<Vec<u8>> {
    if version < FIRST_VERSION {
        return None;
    }
    let mut reader = Reader::new(body);
    let name = reader.blob(Encoding::Compact).ok()?;
    let software_version = reader.blob(Encoding::Compact).ok()?;
    let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    if is_text(&name) && is_text(&software_version) {
        return None;
    }
    let mut writer = Writer::new();
    for bytes in [name, software_version] {
        let text = escape(&bytes);
        writer.string(Encoding::Compact, &text, "software").ok()?;
    }
    let mut escaped = writer.into_vec();
    escaped.extend_from_slice(reader.rest());
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
        let mut reader = Reader::new(&escaped);
        let name = reader.string(Encoding::Compact).unwrap();
        assert_eq!(name, "\\xe9".repeat(128));
        assert_eq!(reader.rest(), [1, 0]);
    }
}
