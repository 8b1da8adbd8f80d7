//! Makes the checksums of changed entries right, so that what is behind them is looked at.

/// Writes the right checksum into every entry of `bytes` that is whole.
pub(crate) fn repair(bytes: &mut [u8]) {
    let mut rest = bytes;
    while rest.len() >= 26 {
        let size = i32::from_be_bytes(rest[8..12].try_into().unwrap());
        let Ok(size) = usize::try_from(size) else {
            return;
        };
        let size = size.saturating_add(12);
        if size < 26 || size > rest.len() {
            return;
        }
        let (entry, after) = rest.split_at_mut(size);
        if entry[16] == 2 {
            let crc = crc32c::crc32c(&entry[21..]);
            entry[17..21].copy_from_slice(&crc.to_be_bytes());
        } else {
            let crc = crc32fast::hash(&entry[16..]);
            entry[12..16].copy_from_slice(&crc.to_be_bytes());
        }
        rest = after;
    }
}
