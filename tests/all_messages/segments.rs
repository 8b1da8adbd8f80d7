//! Encoded bytes come out of `Segments` the same however they are consumed, and large shared blobs
//! are never copied.

use crate::{registry, vectors};
use std::io::IoSlice;

use crate::random::Random;
use bytes::{Buf, Bytes};
use kafka_codec::frame::{FrameReader, encode_request, encode_response};
use kafka_codec::messages::api_versions_response::{ApiVersion, SupportedFeatureKey};
use kafka_codec::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{ApiVersionsResponse, FetchResponse, ProduceRequest};
use kafka_codec::wire::{Segments, TaggedFields, Writer};
use kafka_codec::{Decode, EncodeErrorKind, Message, Version};

/// What one vectored write gets: where each part lies, and its bytes.
fn parts(segments: &Segments) -> Vec<(*const u8, Vec<u8>)> {
    let mut slices = [IoSlice::new(&[]); 64];
    let count = segments.chunks_vectored(&mut slices);
    let parts: Vec<_> = slices[..count]
        .iter()
        .map(|part| (part.as_ptr(), part.to_vec()))
        .collect();
    let length: usize = parts.iter().map(|(_, part)| part.len()).sum();
    assert_eq!(length, segments.remaining(), "64 slices are enough");
    parts
}

/// All bytes, consumed by steps of random length, through chunks and vectored chunks by turns.
fn consumed(mut segments: Segments, random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    while segments.has_remaining() {
        let part = if random.below(2) == 0 {
            segments.chunk().to_vec()
        } else {
            parts(&segments)
                .into_iter()
                .flat_map(|(_, part)| part)
                .collect()
        };
        assert!(!part.is_empty());
        let step = random.below(part.len() + 1);
        out.extend(&part[..step]);
        segments.advance(step);
    }
    out
}

#[test]
fn every_message_comes_out_whole_whatever_is_shared_and_however_it_is_consumed() {
    let registry = registry::registry();
    let mut random = Random::of("segments");
    let mut shared = 0;
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("message")) {
        let entry = registry[vector.name.as_str()];
        let frame = Bytes::from(vector.bytes.clone());
        let mut writer = Writer::with_buffer(b"before".to_vec());
        (entry.own_and_encode)(&frame, vector.version, true, &mut writer);
        let segments = writer.finish();
        let inside = |place: &*const u8| frame.as_ptr_range().contains(place);
        shared += parts(&segments)
            .iter()
            .filter(|(place, _)| inside(place))
            .count();
        let expected = [&b"before"[..], &frame].concat();
        assert_eq!(segments.remaining(), expected.len(), "{}", vector.place());
        assert_eq!(
            consumed(segments, &mut random),
            expected,
            "{}",
            vector.place()
        );
    }
    println!("{shared} blobs were not copied");
    assert!(shared > 0);
}

fn produce(blobs: &[Bytes]) -> ProduceRequest<'static> {
    let partition_data = blobs.iter().map(|blob| PartitionProduceData {
        records: Some(blob.clone().into()),
        ..Default::default()
    });
    let topic = TopicProduceData {
        partition_data: partition_data.collect(),
        ..Default::default()
    };
    ProduceRequest {
        topic_data: vec![topic],
        ..Default::default()
    }
}

fn blob(byte: u8, length: usize) -> Bytes {
    Bytes::from(vec![byte; length])
}

#[test]
fn a_request_frame_has_shared_blobs_in_it_that_lie_where_they_lay() {
    let blobs = [blob(1, 1024), blob(2, 16_384), blob(3, 1023)];
    let frame = encode_request(Vec::new(), &produce(&blobs), Version(9), 7, Some("me")).unwrap();
    let parts = parts(&frame);
    let places: Vec<_> = parts.iter().map(|(place, _)| *place).collect();
    // The frame's own bytes, a blob, own bytes, a blob, own bytes with the small blob in them.
    assert_eq!(places.len(), 5);
    assert_eq!(
        (places[1], places[3]),
        (blobs[0].as_ptr(), blobs[1].as_ptr())
    );
    let (size, _) = parts[0].1.split_first_chunk().unwrap();
    let length = i32::try_from(frame.remaining() - 4).unwrap();
    assert_eq!(
        i32::from_be_bytes(*size),
        length,
        "the size counts the blobs"
    );
}

#[test]
fn a_shared_blob_in_an_unknown_tagged_field_is_not_copied() {
    let unknown = [blob(1, 2000), blob(2, 200)];
    let api = ApiVersion {
        unknown_tagged_fields: tagged(0, &unknown[1]),
        ..Default::default()
    };
    // Within a known tagged field, whose size is written after its value.
    let feature = SupportedFeatureKey {
        name: "feature".into(),
        unknown_tagged_fields: tagged(9, &unknown[0]),
        ..Default::default()
    };
    let response = ApiVersionsResponse {
        api_keys: vec![api],
        supported_features: vec![feature],
        unknown_tagged_fields: tagged(77, &unknown[0]),
        ..Default::default()
    };
    let frame = encode_response(Vec::new(), &response, Version(3), 1).unwrap();
    let parts = parts(&frame);
    let shared = parts
        .iter()
        .filter(|(place, _)| *place == unknown[0].as_ptr());
    assert_eq!((shared.count(), parts.len()), (2, 4));
    let mut frame = frame;
    let bytes = frame.copy_to_bytes(frame.remaining());
    // Responses of ApiVersions have headers without tagged fields: a size and a correlation id.
    let decoded = ApiVersionsResponse::decode(&bytes[8..], Version(3)).unwrap();
    assert_eq!(decoded, response);
}

fn tagged(tag: u32, value: &Bytes) -> TaggedFields<'static> {
    let mut fields = TaggedFields::new();
    fields.insert(tag, value.clone());
    fields
}

#[test]
fn a_frame_goes_after_what_the_buffer_held_and_gives_the_buffer_back() {
    let topic = FetchableTopicResponse {
        partitions: vec![PartitionData {
            records: Some(blob(7, 5000).into()),
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = FetchResponse {
        responses: vec![topic],
        ..Default::default()
    };
    let first = encode_response(Vec::new(), &response, Version(12), 1).unwrap();
    let copy = first.clone().copy_to_bytes(first.remaining());
    let mut buffer = first.into_buffer();
    assert!(buffer.is_empty() && buffer.capacity() > 0);

    buffer.extend_from_slice(&copy);
    let mut both = encode_response(buffer, &response, Version(12), 2).unwrap();
    let both = both.copy_to_bytes(both.remaining());
    let (mut reader, mut input) = (FrameReader::default(), &both[..]);
    let (one, two) = (
        reader.next_frame(&mut input).unwrap().unwrap(),
        reader.next_frame(&mut input).unwrap().unwrap(),
    );
    assert_eq!(
        (&one[..4], &two[..4]),
        (&[0, 0, 0, 1][..], &[0, 0, 0, 2][..])
    );
    assert_eq!((&one[4..], input.len()), (&two[4..], 0));
}

#[test]
fn a_message_that_fails_leaves_the_writer_as_it_was() {
    let mut writer = Writer::new();
    produce(&[blob(1, 2000)])
        .encode(&mut writer, Version(9))
        .unwrap();
    let length = writer.len();
    let mut failing = produce(&[blob(2, 2000)]);
    failing
        .unknown_tagged_fields
        .insert(1, &b"in a plain version"[..]);
    let error = failing.encode(&mut writer, Version(8)).unwrap_err();
    assert_eq!(error.kind(), &EncodeErrorKind::TaggedFieldsNotInVersion);
    assert_eq!(writer.len(), length);
    let expected = produce(&[blob(1, 2000)]).encode_to_vec(Version(9)).unwrap();
    assert_eq!(
        parts(&writer.finish())
            .into_iter()
            .flat_map(|(_, part)| part)
            .collect::<Vec<_>>(),
        expected
    );
}
