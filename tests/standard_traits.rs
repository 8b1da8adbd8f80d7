//! What Rust programs expect of values: conversions, comparisons, iteration, hashing, and errors that become others.
#![cfg(test)]
#![allow(
    clippy::op_ref,
    reason = "the comparisons of references are what is tested"
)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "some bits of a random number"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::hash::{BuildHasher, Hash, RandomState};
use std::io::{self, ErrorKind};

use bytes::Bytes;
use kafka_codec::messages::ApiVersionsRequest;
use kafka_codec::wire::{Blob, FixedWidth, Packed, Uuid};
use kafka_codec::{
    ApiKey, Decode, DecodeError, EncodeError, ErrorCode, InvalidSoftware, Message,
    NegotiationFault, Version, VersionError, VersionTable,
};

/// Values of all kinds, from the bits of a simple sequence.
fn numbers(count: usize) -> impl Iterator<Item = u64> + Clone {
    (0..count).scan(7_u64, |state, _| {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        Some(*state ^ (*state >> 29))
    })
}

fn a_packed_array_is_its_values<T: FixedWidth>(of: impl Fn(u64) -> T) {
    for count in [0, 1, 2, 17, 100] {
        let values: Vec<T> = numbers(count).map(&of).collect();
        let packed: Packed<'_, T> = values.iter().copied().collect();
        assert_eq!((packed.len(), packed.iter().len()), (count, count));
        // In all forms, in both directions.
        assert!(packed == values);
        assert!(values == packed);
        assert!(packed == values[..]);
        assert!(values[..] == packed);
        assert!(packed == &values[..]);
        assert!(&values[..] == packed);
        let read: Vec<T> = (&packed).into_iter().collect();
        assert!(packed == read);
        let backwards: Vec<T> = packed.iter().rev().collect();
        let again: Packed<'_, T> = backwards.into_iter().rev().collect();
        assert!(packed == again);
        assert!(packed.iter().nth(count).is_none());

        // Extended, it is a longer array, and the borrowed one stays as it is.
        let mut longer = Packed::<T>::from_bytes(packed.as_bytes());
        longer.extend(&values);
        assert!(longer == [values.clone(), values.clone()].concat());
        assert_eq!(packed.len(), count);
        assert_eq!(longer == packed, count == 0);

        let hasher = RandomState::new();
        assert_eq!(hasher.hash_one(&packed), hasher.hash_one(&again));
        // Whatever is different in one value makes another array.
        for at in 0..count {
            let mut other = values.clone();
            let mut bits = Vec::new();
            other[at].put_be(&mut bits);
            bits[0] ^= 1;
            other[at] = T::from_be(&bits).unwrap();
            assert!(packed != other);
            assert!(other != packed);
        }
        assert!(packed != [values.as_slice(), &[of(1)]].concat());
    }
}

#[test]
fn packed_arrays_compare_iterate_extend_and_hash_as_their_values() {
    a_packed_array_is_its_values(|bits| bits as i8);
    a_packed_array_is_its_values(|bits| bits as i16);
    a_packed_array_is_its_values(|bits| bits as u16);
    a_packed_array_is_its_values(|bits| bits as i32);
    a_packed_array_is_its_values(|bits| bits as u32);
    a_packed_array_is_its_values(|bits| bits as i64);
    // NaN among them: equal if the bits are.
    a_packed_array_is_its_values(f64::from_bits);
    a_packed_array_is_its_values(|bits| Uuid::from(u128::from(bits) << 3));

    assert_eq!(Packed::from([1, 2]), [1, 2]);
    assert_eq!(Packed::from(&[1_i16, 2]), &[1, 2]);
    assert_eq!([1_i64, 2], Packed::from(vec![1, 2]));
    assert_eq!(Vec::from(Packed::from([f64::NAN])).len(), 1);
    let zero = Packed::from([0.0]);
    assert_ne!(zero, [-0.0], "other bytes");
}

#[test]
fn blobs_are_made_of_text_and_bytes_and_compare_with_them() {
    let text = String::from("value");
    let forms: [Blob<'_>; 7] = [
        (&*text).into(),
        text.clone().into(),
        text.as_bytes().into(),
        b"value".into(),
        text.clone().into_bytes().into(),
        Bytes::from_static(b"value").into(),
        Blob::default(),
    ];
    let [forms @ .., empty] = &forms;
    for form in forms {
        assert_eq!(form, b"value");
        assert_eq!(*form, b"value"[..]);
        assert_eq!(form, &text.as_bytes());
        assert_eq!(*form, text.clone().into_bytes());
        assert_eq!(Bytes::from_static(b"value"), *form);
        assert!(*form != b"valuf" && form > empty && *form < Blob::from("valuf"));
    }
    let distinct: HashSet<_> = forms.iter().collect();
    assert_eq!(distinct.len(), 1);
    let map: HashMap<Blob<'_>, u8> = forms.iter().cloned().map(|blob| (blob, 1)).collect();
    assert_eq!(map.get(&b"value"[..]), Some(&1));
    let sorted: BTreeMap<Blob<'_>, u8> = [(Blob::from("b"), 2), (Blob::from("a"), 1)].into();
    assert_eq!(sorted.get(&b"a"[..]), Some(&1));
}

#[test]
fn versions_compare_with_numbers() {
    let version = Version(4);
    assert_eq!(version, 4);
    assert_eq!(4, version);
    assert!(version > 3 && 5 > version);
    assert_ne!(version, 5);
    assert_eq!(i16::from(version), 4);
    assert!("".parse::<Version>().is_err() && "v4".parse::<Version>().is_err());
}

#[test]
fn an_error_code_is_an_error_unless_it_is_success() {
    for code in i16::MIN..=i16::MAX {
        let code = ErrorCode(code);
        assert_eq!(code.ok().err(), (code.0 != 0).then_some(code));
    }
    let error: Box<dyn Error + Send + Sync> = Box::new(ErrorCode::NOT_COORDINATOR);
    assert_eq!(error.to_string(), "NOT_COORDINATOR (16)");
    let code = error.downcast_ref::<ErrorCode>();
    assert_eq!(code, Some(&ErrorCode::NOT_COORDINATOR));
}

/// The error becomes an `io::Error` of this kind, reads the same, and comes out of it again.
fn becomes<E>(error: E, kind: ErrorKind)
where
    E: Error + Clone + PartialEq + Send + Sync + 'static,
    io::Error: From<E>,
{
    let io_error = io::Error::from(error.clone());
    assert_eq!(io_error.kind(), kind, "{error}");
    assert_eq!(io_error.to_string(), error.to_string());
    let inside = io_error.get_ref().and_then(|inside| inside.downcast_ref());
    assert_eq!(inside, Some(&error));
}

fn decode_error() -> DecodeError {
    ApiVersionsRequest::decode(&[7], Version(0)).unwrap_err()
}

fn encode_error() -> EncodeError {
    ApiVersionsRequest::default()
        .encode_to_vec(Version(99))
        .unwrap_err()
}

#[test]
fn errors_become_io_errors_and_stay_inside_of_them() {
    use kafka_codec::frame::FrameReader;

    becomes(decode_error(), ErrorKind::InvalidData);
    becomes(encode_error(), ErrorKind::InvalidInput);
    let mut reader = FrameReader::default();
    let error = reader
        .next_frame(&mut &b"\xff\xff\xff\xff"[..])
        .unwrap_err();
    becomes(error, ErrorKind::InvalidData);
    let mut reader = FrameReader::default();
    reader.next_frame(&mut &b"\0\0\0\x09abc"[..]).unwrap();
    becomes(reader.check_end().unwrap_err(), ErrorKind::UnexpectedEof);
    becomes(ErrorCode::REQUEST_TIMED_OUT, ErrorKind::TimedOut);
    becomes(
        ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ErrorKind::PermissionDenied,
    );
    becomes(ErrorCode(999), ErrorKind::Other);
    let unknown = VersionTable::default()
        .check(ApiKey::Fetch, Version(4))
        .unwrap_err();
    assert_eq!(unknown.key(), ApiKey::Fetch);
    becomes::<VersionError>(unknown, ErrorKind::Unsupported);
    becomes(NegotiationFault::NothingServed, ErrorKind::Unsupported);
    becomes(
        InvalidSoftware::check("a b", "1").unwrap_err(),
        ErrorKind::InvalidInput,
    );
}

#[cfg(feature = "connection")]
#[test]
fn errors_of_connections_have_the_kind_of_what_happened() {
    use kafka_codec::connection::{
        Connection, ConnectionOptions, Event, Negotiation, Outcome, SubmitOptions,
    };

    let now = std::time::Instant::now();
    let known = ApiKey::ALL
        .iter()
        .filter_map(|key| Some((*key, key.stable_versions()?)));
    let assumed = Negotiation::Assume(VersionTable::new(known));
    let options = ConnectionOptions::new("broker 1").with_negotiation(assumed);
    for kind in [
        ErrorKind::ConnectionReset,
        ErrorKind::HostUnreachable,
        ErrorKind::TimedOut,
    ] {
        let mut connection = Connection::new(now, options.clone());
        connection.handle_opened(now);
        let request = ApiVersionsRequest::default();
        connection
            .submit(now, &request, SubmitOptions::default())
            .unwrap();
        connection.handle_transport_error(now, &io::Error::from(kind));
        let closed = connection.submit(now, &request, SubmitOptions::default());
        becomes(closed.unwrap_err(), ErrorKind::NotConnected);
        let mut errors = 0;
        while let Some(event) = connection.poll_event() {
            match event {
                Event::Completed(completion) => {
                    let Outcome::Failed(error) = completion.outcome() else {
                        panic!("{completion:?}");
                    };
                    becomes(error.clone(), kind);
                    errors += 1;
                }
                Event::Closed(report) => {
                    becomes((*report).clone(), kind);
                    errors += 1;
                }
                _ => {}
            }
        }
        assert_eq!(errors, 2);
    }
}

#[cfg(feature = "messages")]
#[test]
fn constructors_set_what_a_request_cannot_do_without() {
    use kafka_codec::Request;
    use kafka_codec::messages::{
        DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, HeartbeatRequest,
        MetadataRequest, SaslAuthenticateRequest, SaslHandshakeRequest,
    };

    fn is<R: Request>(request: &R, versions: std::ops::RangeInclusive<i16>, bytes: &[u8]) {
        let (first, last) = (Version(*versions.start()), Version(*versions.end()));
        assert_eq!(
            request.encode_to_vec(first).unwrap(),
            bytes,
            "{} v{first}",
            R::NAME
        );
        for version in R::VERSIONS {
            let fits = request.fits(version).is_ok();
            assert_eq!(
                fits,
                first <= version && version <= last,
                "{} v{version}",
                R::NAME
            );
            let length = request.encoded_len(version).ok();
            let encoded = request.encode_to_vec(version).ok();
            assert_eq!(
                length,
                encoded.map(|bytes| bytes.len()),
                "{} v{version}",
                R::NAME
            );
        }
    }

    is(&SaslHandshakeRequest::of_mechanism("A"), 0..=1, b"\0\x01A");
    is(
        &SaslAuthenticateRequest::of_token("t"),
        0..=2,
        b"\0\0\0\x01t",
    );
    is(
        &HeartbeatRequest::of_member("g", 7, "m"),
        0..=4,
        b"\0\x01g\0\0\0\x07\0\x01m",
    );
    is(
        &DescribeGroupsRequest::for_groups(["g"]),
        0..=6,
        b"\0\0\0\x01\0\x01g",
    );
    is(
        &DeleteGroupsRequest::for_groups([String::from("g")]),
        0..=3,
        b"\0\0\0\x01\0\x01g",
    );
    is(&FindCoordinatorRequest::for_group("g"), 0..=6, b"\0\x01g");
    is(
        &FindCoordinatorRequest::for_transactional_id("t"),
        1..=6,
        b"\0\x01t\x01",
    );
    is(
        &MetadataRequest::for_topics(["t"]),
        0..=13,
        b"\0\0\0\x01\0\x01t",
    );
    is(
        &MetadataRequest::for_all_topics(),
        1..=13,
        b"\xff\xff\xff\xff",
    );
    is(&MetadataRequest::for_no_topics(), 0..=13, b"\0\0\0\0");
}

#[cfg(feature = "messages")]
#[test]
fn structs_inside_of_messages_have_short_names() {
    use kafka_codec::messages::{
        create_topics_request, fetch_request, fetch_response, metadata_response, produce_request,
        produce_response,
    };

    let _: fetch_request::Topic<'_> = fetch_request::FetchTopic::default();
    let _: fetch_request::Partition<'_> = fetch_request::FetchPartition::default();
    let _: fetch_response::Topic<'_> = fetch_response::FetchableTopicResponse::default();
    let _: fetch_response::Partition<'_> = fetch_response::PartitionData::default();
    let _: produce_request::Topic<'_> = produce_request::TopicProduceData::default();
    let _: produce_request::Partition<'_> = produce_request::PartitionProduceData::default();
    let _: produce_response::Topic<'_> = produce_response::TopicProduceResponse::default();
    let _: create_topics_request::Topic<'_> = create_topics_request::CreatableTopic::default();
    let _: metadata_response::Broker<'_> = metadata_response::MetadataResponseBroker::default();
}

#[cfg(all(feature = "json", feature = "messages"))]
#[test]
fn typed_json_is_read_as_the_same_message_again() {
    use kafka_codec::messages::ProduceRequest;
    use kafka_codec::messages::produce_request::{Partition, Topic};
    use kafka_codec::schema::json::{ReadError, WriteError};

    let mut request = ProduceRequest::default();
    let mut topic = Topic {
        name: "t".into(),
        ..Default::default()
    };
    let records = Some(b"records".into());
    topic.partition_data.push(Partition {
        records,
        ..Default::default()
    });
    topic.unknown_tagged_fields.insert(7, "tagged");
    request.topic_data.push(topic);
    let mut buffer = Vec::new();
    for version in 9..=12 {
        let json = request.to_json(Version(version)).unwrap();
        let read = ProduceRequest::from_json(&json, Version(version), &mut buffer).unwrap();
        assert_eq!(read, request);
        let read: ProduceRequest<'static> =
            ProduceRequest::owned_from_json(&json, Version(version)).unwrap();
        assert_eq!(read, request);
    }
    let error = request.to_json(Version(13)).unwrap_err();
    assert!(matches!(error, WriteError::Encode(_)), "{error}");
    let error = ProduceRequest::from_json("{}", Version(9), &mut buffer).unwrap_err();
    assert!(matches!(error, ReadError::Json(_)), "{error}");
}

#[test]
fn values_that_are_equal_hash_alike() {
    fn same<T: Hash + Eq + std::fmt::Debug>(one: T, other: T) {
        let hasher = RandomState::new();
        assert_eq!(one, other);
        assert_eq!(hasher.hash_one(&one), hasher.hash_one(&other));
    }
    same(
        Packed::from([1_i32, 2]),
        Packed::from_bytes(&[0, 0, 0, 1, 0, 0, 0, 2]),
    );
    same(Blob::from("a"), Blob::from(Bytes::from_static(b"a")));
    let mut fields = kafka_codec::wire::TaggedFields::new();
    fields.insert(2, "b");
    fields.insert(1, "a");
    let other = fields.iter().rev().cloned().collect();
    same(fields.clone(), other);
}
