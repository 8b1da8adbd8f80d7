//! Tagged fields: unknown ones are kept, all are written in order, and none is ambiguous.

use crate::registry;
use kafka_codec::messages::fetch_request::ReplicaState;
use kafka_codec::messages::{FetchRequest, HeartbeatRequest};
use kafka_codec::wire::Blob;
use kafka_codec::{Decode, DecodeErrorKind, EncodeErrorKind, Message, Version};

/// The default of every message in every flexible version, without the count of its own tagged
/// fields, which there are none of.
fn for_flexible(mut check: impl FnMut(registry::RegisteredMessage, Version, &[u8])) {
    let pairs = registry::pairs()
        .into_iter()
        .filter(|(entry, version)| entry.is_flexible(*version));
    for (entry, version) in pairs {
        let mut body = (entry.default)(version).unwrap();
        assert_eq!(body.pop(), Some(0), "{} v{version}", entry.name);
        check(entry, version, &body);
    }
}

#[test]
fn unknown_tagged_fields_of_every_message_are_kept() {
    let mut count = 0;
    for_flexible(|entry, version, body| {
        // Tags 100, 300 and 2^31 - 1, of 2, 0 and 200 bytes.
        let tags = [
            b"\x03\x64\x02hi\xac\x02\x00\xff\xff\xff\xff\x07\xc8\x01",
            &[7; 200][..],
        ]
        .concat();
        let bytes = [body, &tags].concat();
        let (left, written) = (entry.recode)(&bytes, version).unwrap();
        assert_eq!(
            (left, written.unwrap()),
            (0, bytes),
            "{} v{version}",
            entry.name
        );
        count += 1;
    });
    println!("{count} pairs of message and flexible version");
    assert!(count > 400, "{count}");
}

#[test]
fn unknown_tagged_fields_in_any_order_are_written_by_ascending_tag() {
    for_flexible(|entry, version, body| {
        let bytes = [body, b"\x03\x66\x01c\x64\x01a\x65\x01b"].concat();
        let (left, written) = (entry.recode)(&bytes, version).unwrap();
        let sorted = [body, b"\x03\x64\x01a\x65\x01b\x66\x01c"].concat();
        assert_eq!(
            (left, written.unwrap()),
            (0, sorted),
            "{} v{version}",
            entry.name
        );
    });
}

#[test]
fn a_tag_that_occurs_twice_is_refused_where_it_does_the_second_time() {
    for_flexible(|entry, version, body| {
        let bytes = [body, b"\x03\x64\x01a\x65\x01b\x64\x01c"].concat();
        let error = (entry.decode)(&bytes, version).unwrap_err();
        assert_eq!(
            error.kind(),
            &DecodeErrorKind::DuplicateTag { tag: 100 },
            "{error}"
        );
        assert_eq!(error.offset(), bytes.len() - 1, "{error}");
    });
}

#[test]
fn more_tagged_fields_than_fit_are_refused_before_anything_is_made_of_them() {
    for_flexible(|entry, version, body| {
        let bytes = [body, b"\xff\xff\xff\xff\x0f\x64\x00\x65\x00"].concat();
        let error = (entry.decode)(&bytes, version).unwrap_err();
        let count = usize::try_from(u32::MAX).unwrap();
        assert_eq!(
            error.kind(),
            &DecodeErrorKind::CountTooLarge { count, max: 2 },
            "{error}"
        );
        assert_eq!(error.offset(), body.len(), "{error}");
    });
}

/// A Fetch request with tags 0 and 1, which it knows, and 2, which it does not.
fn fetch() -> FetchRequest<'static> {
    let mut request = FetchRequest {
        cluster_id: Some("c".into()),
        replica_state: ReplicaState {
            replica_id: 7,
            ..Default::default()
        },
        ..Default::default()
    };
    request.unknown_tagged_fields.insert(2, &b"new"[..]);
    request
}

#[test]
fn known_and_unknown_tagged_fields_are_written_by_ascending_tag() {
    let bytes = fetch().encode_to_vec(Version(15)).unwrap();
    let known = b"\x03\x00\x02\x02c\x01\x0d\0\0\0\x07\xff\xff\xff\xff\xff\xff\xff\xff\0";
    assert!(
        bytes.ends_with(&[&known[..], b"\x02\x03new"].concat()),
        "{bytes:x?}"
    );
    assert_eq!(FetchRequest::decode(&bytes, Version(15)).unwrap(), fetch());
}

#[test]
fn known_tagged_fields_are_read_in_any_order_and_refused_twice() {
    let body = FetchRequest::default().encode_to_vec(Version(12)).unwrap();
    let (_, body) = body.split_last().unwrap();
    let decode = |tags: &[u8]| {
        let bytes = [body, tags].concat();
        FetchRequest::decode(&bytes, Version(12))
            .map(|request| request.cluster_id.unwrap().into_owned())
    };
    assert_eq!(decode(b"\x02\x09\x00\x00\x02\x02c").unwrap(), "c");
    let error = decode(b"\x02\x00\x02\x02c\x00\x02\x02d").unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::DuplicateTag { tag: 0 });
    assert_eq!(error.offset(), body.len() + 7);
}

#[test]
fn a_known_tag_among_the_unknown_is_refused_whether_or_not_the_field_is_set() {
    for cluster_id in [None, Some("c".into())] {
        let mut request = FetchRequest {
            cluster_id,
            ..Default::default()
        };
        request.unknown_tagged_fields.insert(0, &b"\x02c"[..]);
        let error = request.encode_to_vec(Version(12)).unwrap_err();
        assert_eq!(error.kind(), &EncodeErrorKind::KnownTag { tag: 0 });
    }
}

#[test]
fn plain_versions_have_no_place_for_tagged_fields() {
    let mut request = HeartbeatRequest::default();
    request.unknown_tagged_fields.insert(9, &b"new"[..]);
    for version in HeartbeatRequest::VERSIONS.iter() {
        match request.encode_to_vec(version) {
            Ok(_) => assert!(version >= Version(4)),
            Err(error) => {
                assert_eq!(error.kind(), &EncodeErrorKind::TaggedFieldsNotInVersion);
                assert!(version < Version(4), "{error}");
            }
        }
    }
}

#[test]
fn unknown_tagged_fields_inside_of_structs_are_kept_too() {
    let mut state = ReplicaState {
        replica_id: 7,
        ..Default::default()
    };
    state
        .unknown_tagged_fields
        .insert(1000, Blob::from(vec![7; 300]));
    let request = FetchRequest {
        replica_state: state,
        ..Default::default()
    };
    let bytes = request.encode_to_vec(Version(17)).unwrap();
    assert_eq!(FetchRequest::decode(&bytes, Version(17)).unwrap(), request);
}
