//! The records of a batch that is not compressed.

use super::super::chance::Chance;
use super::super::values;

type Nullable = Option<Vec<u8>>;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    attributes: u8,
    timestamp_delta: i64,
    offset_delta: i64,
    key: Nullable,
    value: Nullable,
    headers: Vec<(Nullable, Nullable)>,
}

impl Record {
    /// Reads all records; `None` unless the bytes are nothing else.
    pub(super) fn read_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let mut rest = bytes;
        let mut records = Vec::new();
        while !rest.is_empty() {
            let mut body = blob(&mut rest)??;
            records.push(Self::read(&mut body)?);
        }
        Some(records)
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (attributes, rest) = bytes.split_first()?;
        *bytes = rest;
        let timestamp_delta = number(bytes)?;
        let offset_delta = number(bytes)?;
        let key = blob(bytes)?.map(<[u8]>::to_vec);
        let value = blob(bytes)?.map(<[u8]>::to_vec);
        let mut headers = Vec::new();
        for _ in 0..number(bytes)? {
            let name = blob(bytes)?.map(<[u8]>::to_vec);
            headers.push((name, blob(bytes)?.map(<[u8]>::to_vec)));
        }
        bytes.is_empty().then_some(Self {
            attributes: *attributes,
            timestamp_delta,
            offset_delta,
            key,
            value,
            headers,
        })
    }

    pub(super) fn write_all(records: &[Self]) -> Vec<u8> {
        let mut out = Vec::new();
        for record in records {
            put_blob(&mut out, Some(&record.to_bytes()));
        }
        out
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![self.attributes];
        put_number(&mut out, self.timestamp_delta);
        put_number(&mut out, self.offset_delta);
        put_blob(&mut out, self.key.as_deref());
        put_blob(&mut out, self.value.as_deref());
        put_number(&mut out, i64::try_from(self.headers.len()).unwrap_or(0));
        for (name, value) in &self.headers {
            put_blob(&mut out, name.as_deref());
            put_blob(&mut out, value.as_deref());
        }
        out
    }
}

/// Changes one of the records, or which there are.
pub(super) fn change(records: &mut Vec<Record>, chance: &mut Chance) {
    let count = records.len();
    let at = chance.below(count);
    let Some(record) = records.get(at).cloned() else {
        return;
    };
    match chance.below(4) {
        0 => records.insert(at, record),
        1 if count > 1 => drop(records.remove(at)),
        2 if count > 1 => records.swap(at, (at + 1) % count),
        _ => {
            if let Some(record) = records.get_mut(at) {
                change_one(record, chance);
            }
        }
    }
}

fn change_one(record: &mut Record, chance: &mut Chance) {
    let odd = chance.pick(&[0, -1, 1, i64::MAX, i64::MIN]).unwrap_or(0);
    match chance.below(6) {
        0 => record.attributes ^= 1 << chance.below(8),
        1 => record.timestamp_delta = odd,
        2 => {
            let delta = i32::try_from(odd).unwrap_or(i32::MAX);
            record.offset_delta = delta.into();
        }
        3 => other(&mut record.key, chance),
        4 => other(&mut record.value, chance),
        _ => {
            let at = chance.below(record.headers.len() + 1);
            match record.headers.get_mut(at) {
                Some((_, value)) if chance.one_in(2) => other(value, chance),
                Some(_) => drop(record.headers.remove(at)),
                None => record.headers.push((Some(b"header".to_vec()), None)),
            }
        }
    }
}

/// Null, or other bytes.
fn other(content: &mut Nullable, chance: &mut Chance) {
    *content = match content {
        Some(_) if chance.one_in(4) => None,
        Some(bytes) => Some(values::blob(bytes, chance)),
        None => Some(Vec::new()),
    };
}

/// A zigzag variable-length integer.
fn number(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            let half = i64::from_ne_bytes((value >> 1).to_ne_bytes());
            return Some(if value & 1 == 0 { half } else { !half });
        }
    }
    None
}

fn put_number(out: &mut Vec<u8>, number: i64) {
    let zigzag = (number << 1) ^ (number >> 63);
    let mut rest = u64::from_ne_bytes(zigzag.to_ne_bytes());
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Bytes with their length in front; `Some(None)` if they are null.
fn blob<'b>(bytes: &mut &'b [u8]) -> Option<Option<&'b [u8]>> {
    let Ok(length) = usize::try_from(number(bytes)?) else {
        return Some(None);
    };
    let (blob, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Some(blob))
}

fn put_blob(out: &mut Vec<u8>, blob: Option<&[u8]>) {
    let length = blob.map_or(-1, |blob| i64::try_from(blob.len()).unwrap_or(i64::MAX));
    put_number(out, length);
    out.extend(blob.unwrap_or_default());
}
