//! What fuzz targets of JSON, error responses, divided requests and fetched records do; `fuzz_helpers.rs` calls it.
#![allow(dead_code, reason = "each target uses its own part")]

use std::time::Duration;

use kafka_codec::records::{AbortedTransaction, FetchedRecords, RecordDecoder};
use kafka_codec::schema::Schema;
use kafka_codec::schema::json::{self, Options, ReadOptions};
use kafka_codec::wire::{Limits, Writer};
use kafka_codec::{AnyRequest, AnyResponse, ApiKey, ErrorCode, Version};

/// JSON both ways. The first two bytes choose the message, the third its version, the fourth whether the rest is JSON or a message. What
/// can be read is written, and read again as the same.
pub(crate) fn json(input: &[u8]) {
    let [high, low, version, form, rest @ ..] = input else {
        return;
    };
    let all = Schema::all();
    let schema = all[usize::from(u16::from_be_bytes([*high, *low])) % all.len()];
    let version = nth_version(schema, *version);
    let bytes = if form & 1 == 0 {
        rest.to_vec()
    } else {
        let text = String::from_utf8_lossy(rest);
        let options = if form & 2 == 0 {
            ReadOptions::lossless()
        } else {
            ReadOptions::java().refuse_unknown_keys()
        };
        let Some(bytes) = read(schema, version, &text, options) else {
            return;
        };
        bytes
    };
    let Ok(text) = json::to_string(schema, version, &bytes, &Options::lossless()) else {
        // Bytes that are not the message. What JSON was read as always is.
        assert_eq!(form & 1, 0, "{} v{version}", schema.name());
        return;
    };
    let _: serde_json::Value = serde_json::from_str(&text).expect("what is written is JSON");
    let again = read(schema, version, &text, ReadOptions::lossless());
    let again = again.unwrap_or_else(|| panic!("{} v{version}: {text}", schema.name()));
    let same = json::to_string(schema, version, &again, &Options::lossless());
    let same = same.expect("what is read is a message");
    // Other bytes of the message, which have tags out of order, are not written again.
    if form & 1 == 1 || again == bytes {
        assert_eq!(
            (&again, &same),
            (&bytes, &text),
            "{} v{version}",
            schema.name()
        );
    }
    let canonical = read(schema, version, &same, ReadOptions::lossless());
    assert_eq!(
        canonical.as_ref(),
        Some(&again),
        "{} v{version}: {same}",
        schema.name()
    );
    for options in [
        Options::java().redacted(),
        Options::java().pretty().max_elements(2),
    ] {
        json::to_string(schema, version, &bytes, &options).expect("it was written before");
    }
}

fn read(
    schema: &'static Schema,
    version: Version,
    text: &str,
    options: ReadOptions,
) -> Option<Vec<u8>> {
    let mut writer = Writer::new();
    json::encode(schema, version, text, options, &mut writer).ok()?;
    Some(writer.into_vec())
}

/// Answers and parts of requests. The first byte chooses the API, the second its version, two more are an error code, the fifth says
/// how many brokers there are; the rest is the request. Whatever was asked can be answered with an error and divided, and what comes of it
/// is encoded in the same version.
pub(crate) fn answers(input: &[u8]) {
    let [api, version, high, low, brokers, body @ ..] = input else {
        return;
    };
    let key = ApiKey::ALL[usize::from(*api) % ApiKey::ALL.len()];
    let Some(schema) = Schema::of_request(key) else {
        return;
    };
    let version = nth_version(schema, *version);
    let Ok(request) = AnyRequest::decode(key, version, body) else {
        return;
    };
    let code = ErrorCode(i16::from_be_bytes([*high, *low]));
    let answer = |request: &AnyRequest<'_>| {
        let response =
            request.error_response(version, code, Some("why"), Duration::from_millis(7))?;
        Some(encoded(|writer| response.encode(writer, version)))
    };
    if let Some(bytes) = answer(&request) {
        AnyResponse::decode_with(key, version, &bytes, Limits::UNLIMITED).expect("it was encoded");
    }
    let destinations = request.destinations(version).len();
    let brokers = i32::from(*brokers % 4) + 1;
    let mut asked = 0;
    let parts = request.split(version, |_| {
        asked += 1;
        asked % brokers
    });
    assert!(
        parts.len() <= destinations.max(1),
        "{} of {destinations}",
        parts.len()
    );
    let mut answers = Vec::new();
    for (broker, part) in &parts {
        assert!((0..brokers).contains(broker));
        assert_eq!(part.api_key(), key);
        encoded(|writer| part.encode(writer, version));
        answers.extend(answer(part));
    }
    let answers = answers.iter().map(|bytes| {
        AnyResponse::decode_with(key, version, bytes, Limits::UNLIMITED).expect("it was encoded")
    });
    if let Some(merged) = AnyResponse::merge(answers) {
        encoded(|writer| merged.encode(writer, version));
    }
}

fn encoded(encode: impl FnOnce(&mut Writer) -> Result<(), kafka_codec::EncodeError>) -> Vec<u8> {
    let mut writer = Writer::new();
    encode(&mut writer).expect("what was decoded, and what is made of it, has the version");
    writer.into_vec()
}

/// Records as a consumer sees them. The first byte says whether checksums are looked at and which isolation level it is, eight more are the
/// offset that was fetched, the next one how many aborted transactions follow, of 16 bytes each; the rest is a `records` field. Offsets
/// are at least the one fetched, and the next fetch is not before it.
pub(crate) fn fetched_records(input: &[u8]) {
    let Some(([flags, offset @ .., count], mut rest)) = input.split_first_chunk::<10>() else {
        return;
    };
    let offset = i64::from_be_bytes(*offset);
    let mut aborted = Vec::new();
    while let Some((transaction, more)) = rest.split_first_chunk::<16>() {
        if aborted.len() == usize::from(count % 8) {
            break;
        }
        let number = |bytes: &[u8]| i64::from_be_bytes(*bytes.first_chunk().expect("eight bytes"));
        aborted.push(AbortedTransaction {
            producer_id: number(&transaction[..8]),
            first_offset: number(&transaction[8..]),
        });
        rest = more;
    }
    let limits = Limits::default().with_max_decompressed_bytes(1 << 20);
    let mut decoder = RecordDecoder::new(limits);
    if flags & 1 == 0 {
        decoder = decoder.without_crc_check();
    }
    let mut fetched = if flags & 2 == 0 {
        FetchedRecords::read_uncommitted(rest, offset)
    } else {
        FetchedRecords::read_committed(rest, offset, aborted)
    };
    let mut before = fetched.next_offset();
    assert_eq!(before, offset);
    let mut batches = 0;
    while let Ok(Some(records)) = fetched.next_batch(&mut decoder) {
        for record in records {
            let Ok(record) = record else { break };
            assert!(record.offset >= offset, "{} below {offset}", record.offset);
        }
        let next = fetched.next_offset();
        assert!(next >= before, "{next} after {before}");
        before = next;
        batches += 1;
        assert!(batches <= rest.len(), "it does not end");
    }
}

fn nth_version(schema: &Schema, choice: u8) -> Version {
    let versions: Vec<_> = schema.versions().iter().collect();
    versions[usize::from(choice) % versions.len()]
}
