//! Generated decoding beside code written by hand for one version, which fills the same structs.
//! Both check counts against the bytes that are left; only generated code can say what was wrong where.

use std::borrow::Cow;
use std::hint::black_box;

use kafka_codec::messages::FetchResponse;
use kafka_codec::messages::fetch_response::{
    AbortedTransaction, FetchableTopicResponse, PartitionData,
};
use kafka_codec::wire::Blob;
use kafka_codec::{Decode, ErrorCode, Message, Version};

use crate::{Case, inputs};

const VERSION: Version = Version(12);

/// The case: `ours` is generated, `theirs` is written by hand.
pub fn case() -> Case {
    let bytes = inputs::fetch_response()
        .encode_to_vec(VERSION)
        .expect("inputs are valid");
    let same = bytes.clone();
    assert_eq!(
        fetch_response(&bytes),
        FetchResponse::decode(&bytes, VERSION).ok(),
        "both fill the same structs"
    );
    Case {
        name: format!("FetchResponse v{VERSION}, {} bytes", bytes.len()),
        ours: Box::new(move || {
            let message = FetchResponse::decode(black_box(&bytes), VERSION);
            black_box(&message.expect("our own bytes"));
        }),
        theirs: Box::new(move || {
            black_box(&fetch_response(black_box(&same)).expect("our own bytes"));
        }),
    }
}

type Read<'a, T> = Option<(T, &'a [u8])>;

fn i16(b: &[u8]) -> Read<'_, i16> {
    let (v, rest) = b.split_first_chunk()?;
    Some((i16::from_be_bytes(*v), rest))
}
fn i32(b: &[u8]) -> Read<'_, i32> {
    let (v, rest) = b.split_first_chunk()?;
    Some((i32::from_be_bytes(*v), rest))
}
fn i64(b: &[u8]) -> Read<'_, i64> {
    let (v, rest) = b.split_first_chunk()?;
    Some((i64::from_be_bytes(*v), rest))
}
fn varint(mut b: &[u8]) -> Read<'_, u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = b.split_first()?;
        b = rest;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, b));
        }
    }
    None
}
fn bytes(b: &[u8]) -> Read<'_, Option<&[u8]>> {
    let (length, b) = varint(b)?;
    let Some(length) = length.checked_sub(1) else {
        return Some((None, b));
    };
    let (value, b) = b.split_at_checked(length as usize)?;
    Some((Some(value), b))
}
fn string(b: &[u8]) -> Read<'_, &str> {
    let (value, b) = bytes(b)?;
    Some((std::str::from_utf8(value?).ok()?, b))
}
fn no_tags(b: &[u8]) -> Option<&[u8]> {
    let (0, b) = b.split_first()? else {
        return None;
    };
    Some(b)
}
fn array<'a, T>(
    b: &'a [u8],
    min: usize,
    each: impl Fn(&'a [u8]) -> Read<'a, T>,
) -> Read<'a, Option<Vec<T>>> {
    let (count, mut b) = varint(b)?;
    let Some(count) = count.checked_sub(1) else {
        return Some((None, b));
    };
    let count = count as usize;
    if count > b.len() / min {
        return None;
    }
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        let (value, rest) = each(b)?;
        values.push(value);
        b = rest;
    }
    Some((Some(values), b))
}

fn fetch_response(b: &[u8]) -> Option<FetchResponse<'_>> {
    let (throttle_time_ms, b) = i32(b)?;
    let (error_code, b) = i16(b)?;
    let (session_id, b) = i32(b)?;
    let (responses, b) = array(b, 3, topic)?;
    let b = no_tags(b)?;
    b.is_empty().then_some(FetchResponse {
        throttle_time_ms,
        error_code: ErrorCode(error_code),
        session_id,
        responses: responses?,
        ..Default::default()
    })
}

fn topic(b: &[u8]) -> Read<'_, FetchableTopicResponse<'_>> {
    let (topic, b) = string(b)?;
    let (partitions, b) = array(b, 30, partition)?;
    let b = no_tags(b)?;
    let topic = FetchableTopicResponse {
        topic: Cow::Borrowed(topic),
        partitions: partitions?,
        topic_id: Default::default(),
        unknown_tagged_fields: Default::default(),
    };
    Some((topic, b))
}

fn partition(b: &[u8]) -> Read<'_, PartitionData<'_>> {
    let (partition_index, b) = i32(b)?;
    let (error_code, b) = i16(b)?;
    let (high_watermark, b) = i64(b)?;
    let (last_stable_offset, b) = i64(b)?;
    let (log_start_offset, b) = i64(b)?;
    let (aborted_transactions, b) = array(b, 17, |b| {
        let (producer_id, b) = i64(b)?;
        let (first_offset, b) = i64(b)?;
        let b = no_tags(b)?;
        let aborted = AbortedTransaction {
            producer_id,
            first_offset,
            unknown_tagged_fields: Default::default(),
        };
        Some((aborted, b))
    })?;
    let (preferred_read_replica, b) = i32(b)?;
    let (records, b) = bytes(b)?;
    let b = no_tags(b)?;
    let partition = PartitionData {
        partition_index,
        error_code: ErrorCode(error_code),
        high_watermark,
        last_stable_offset,
        log_start_offset,
        aborted_transactions,
        preferred_read_replica,
        records: records.map(Blob::Borrowed),
        diverging_epoch: Default::default(),
        current_leader: Default::default(),
        snapshot_id: Default::default(),
        unknown_tagged_fields: Default::default(),
    };
    Some((partition, b))
}
