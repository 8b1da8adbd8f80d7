//! Changes bodies as noise, bugs and attackers do.

use super::random::Random;

/// Numbers that lengths and counts are overwritten with: as int16, int32 and varints.
pub(crate) const NUMBERS: [&[u8]; 14] = [
    &[0x7f, 0xff],
    &[0x80, 0x00],
    &[0xff, 0xfe],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0x80, 0x00, 0x00, 0x00],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xfe],
    &[0x00, 0x0f, 0xff, 0xff],
    &[0xff, 0xff, 0x03],
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0x80, 0x80, 0x80, 0x80, 0x08],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0x7f],
    &[0xff, 0xff, 0xff, 0xff, 0xff],
];

/// `body` with one to four changes; `other` is another body, to take parts of.
pub(crate) fn mutate(body: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for _ in 0..=random.below(4) {
        change(&mut bytes, other, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let to = (at + random.below(9)).min(bytes.len());
    match random.below(8) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.byte();
            }
        }
        2 => overwrite(bytes, at, random.pick(&NUMBERS)),
        3 => drop(bytes.splice(
            at..(at + 1).min(bytes.len()),
            random.pick(&NUMBERS).to_vec(),
        )),
        4 => drop(bytes.drain(at..to)),
        5 => bytes.truncate(at),
        6 => {
            let part = bytes[at..to].to_vec();
            drop(bytes.splice(at..at, part));
        }
        _ => {
            let start = random.below(other.len() + 1);
            let end = start + random.below(other.len() - start + 1);
            drop(bytes.splice(at..to, other[start..end].to_vec()));
        }
    }
}

/// Puts `number` over the bytes at `at`, as far as there are any.
pub(crate) fn overwrite(bytes: &mut [u8], at: usize, number: &[u8]) {
    for (byte, new) in bytes.iter_mut().skip(at).zip(number) {
        *byte = *new;
    }
}
