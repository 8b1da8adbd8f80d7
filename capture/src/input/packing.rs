//! Packings and other wrappings of captures that are not undone here: told by their first bytes, with the command that
//! undoes them.

use std::io::Read;

use super::open::read_up_to;

/// What captures begin with, of each kind and byte order.
const CAPTURES: [&[u8]; 5] = [
    &[0x0a, 0x0d, 0x0d, 0x0a],
    &[0xa1, 0xb2, 0xc3, 0xd4],
    &[0xd4, 0xc3, 0xb2, 0xa1],
    &[0xa1, 0xb2, 0x3c, 0x4d],
    &[0x4d, 0x3c, 0xb2, 0xa1],
];
/// How many bytes tell a wrapping.
const START_BYTES: usize = 512;
/// Where a tar archive has its name.
const TAR_AT: usize = 257;

/// A wrapping: its first bytes, its name, and the command that undoes it.
type Wrapping = (&'static [u8], &'static str, &'static str);

const WRAPPINGS: [Wrapping; 17] = [
    (b"\xfd7zXZ\0", "xz", "xz -dc"),
    (b"BZh", "bzip2", "bzip2 -dc"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
    (b"\x02\x21\x4c\x18", "lz4", "lz4 -dc"),
    (b"PK\x03\x04", "zip", "unzip -p"),
    (b"7z\xbc\xaf\x27\x1c", "7z", "7z x -so"),
    (b"\x1f\x9d", "compress (.Z)", "gzip -dc"),
    (b"\x1f\xa0", "compress -H (.Z)", "gzip -dc"),
    (b"LZIP", "lzip", "lzip -dc"),
    (b"\x89LZO\0\r\n\x1a\n", "lzop", "lzop -dc"),
    (b"Rar!\x1a\x07", "rar", "unrar p -inul"),
    (b"\xff\x06\0\0sNaPpY", "snappy", "snzip -dc"),
    (b"MSCF\0\0\0\0", "cab", "cabextract -p"),
    // Once more than it is undone.
    (b"\x1f\x8b", "gzip, twice", "gzip -dc"),
    (b"\x28\xb5\x2f\xfd", "zstd, twice", "zstd -dc"),
    (b"\x5d\0\0", "lzma", "xz -dc"),
    (b"ustar", "tar", "tar -xOf"),
];

/// The name of the wrapping of a file with these first bytes, and the command that undoes it. More of
/// `rest`, which follows them, is added to them if they are not those of a capture.
pub(super) fn of(
    start: &mut Vec<u8>,
    rest: &mut impl Read,
) -> Option<(&'static str, &'static str)> {
    if CAPTURES.iter().any(|magic| start.starts_with(magic)) {
        return None;
    }
    let missing = START_BYTES.saturating_sub(start.len());
    // What cannot be read does not matter any more.
    let rest = read_up_to(rest, missing).unwrap_or_default();
    start.extend(rest);
    let found = WRAPPINGS.iter().find(|(magic, name, _)| match *name {
        "tar" => start
            .get(TAR_AT..)
            .is_some_and(|rest| rest.starts_with(magic)),
        // The size of what is packed, or that it is not known.
        "lzma" => start.starts_with(magic) && matches!(start.get(12), Some(0 | 0xff)),
        "bzip2" => start.starts_with(magic) && matches!(start.get(3), Some(b'1'..=b'9')),
        _ => start.starts_with(magic),
    });
    found.map(|(_, name, command)| (*name, *command))
}

/// The name of a file as a shell takes it.
pub(super) fn file_argument(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%=".contains(&byte);
    match name {
        "standard input" => "FILE".to_owned(),
        name if !name.is_empty() && name.bytes().all(is_plain) => name.to_owned(),
        name => format!("'{}'", name.replace('\'', r"'\''")),
    }
}
