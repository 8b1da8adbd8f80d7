//! Which versions hold what a request says: `AnyRequest::fits`.

use kafka_codec::schema::{Field, FieldType, Kind, Schema, StructSchema};
use kafka_codec::wire::{Encoding, Writer};
use kafka_codec::{AnyRequest, ApiKey, Version, VersionRange};

use crate::registry;

/// A field of a request that ended before the struct around it, and the fields around it.
struct Ended {
    request: &'static Schema,
    path: Vec<&'static Field>,
}

impl Ended {
    /// All of them.
    fn all() -> Vec<Self> {
        let requests = registry::registry().into_values();
        let requests = requests.filter_map(|entry| entry.schema);
        let mut found = Vec::new();
        for request in requests.filter(|schema| schema.kind() == Kind::Request) {
            collect(
                request,
                request.root(),
                request.versions(),
                &mut Vec::new(),
                &mut found,
            );
        }
        found
    }

    fn key(&self) -> ApiKey {
        ApiKey::from_number(self.request.api_key().unwrap())
    }

    fn name(&self) -> String {
        let path: Vec<_> = self.path.iter().map(|field| field.rust_name()).collect();
        format!("{}.{}", self.request.name(), path.join("."))
    }

    /// The versions of the message that have the field and those around it.
    fn versions(&self) -> VersionRange {
        let mut versions = self.request.versions();
        for field in &self.path {
            versions = versions.intersect(field.versions().unwrap()).unwrap();
        }
        versions
    }

    /// The body of a request in which only this field is not at its default.
    fn body(&self, version: Version) -> Vec<u8> {
        let mut writer = Writer::new();
        let encoding = self.request.encoding(version);
        write(
            &mut writer,
            self.request.root(),
            &self.path,
            version,
            encoding,
        );
        writer.into_vec()
    }
}

fn collect(
    request: &'static Schema,
    entry: &'static StructSchema,
    possible: VersionRange,
    path: &mut Vec<&'static Field>,
    found: &mut Vec<Ended>,
) {
    for field in entry.fields() {
        let Some(versions) = field.versions().and_then(|of| of.intersect(possible)) else {
            continue;
        };
        path.push(field);
        if versions.max() < possible.max() {
            let path = path.clone();
            found.push(Ended { request, path });
        }
        if let FieldType::Struct(inner) = field.field_type() {
            collect(request, inner, versions, path, found);
        }
        path.pop();
    }
}

/// Writes a struct of defaults, but for the field at `path`, which is the first of its fields or inside of it.
fn write(w: &mut Writer, entry: &StructSchema, path: &[&Field], version: Version, e: Encoding) {
    for field in entry
        .fields()
        .iter()
        .filter(|field| field.is_mandatory_in(version))
    {
        let is_it = path.first().is_some_and(|it| std::ptr::eq(*it, field));
        value(w, field, is_it.then_some(path), version, e);
    }
    if e == Encoding::Compact {
        w.unsigned_varint(0);
    }
}

/// Writes a field: something else than its default if it ends `path`.
fn value(w: &mut Writer, field: &Field, path: Option<&[&Field]>, version: Version, e: Encoding) {
    use kafka_codec::schema::DefaultValue;

    let inside = path.map(|path| &path[1..]);
    let is_null = inside.is_none()
        && field.default_value() == DefaultValue::Null
        && field.is_nullable_in(version);
    if field.is_array() {
        let count = u32::from(inside.is_some());
        match e {
            Encoding::Compact => w.unsigned_varint(if is_null { 0 } else { count + 1 }),
            Encoding::Classic if is_null => w.i32(-1),
            Encoding::Classic => w.u32(count),
        }
        if inside.is_none() {
            return;
        }
    }
    let default = match field.default_value() {
        DefaultValue::Integer(value) => value,
        DefaultValue::True => 1,
        _ => 0,
    };
    let number = match inside {
        Some([]) => i64::from(default == 0),
        _ => default,
    };
    match field.field_type() {
        FieldType::Bool => w.bool(number != 0),
        FieldType::Int8 => w.i8(number.try_into().unwrap()),
        FieldType::Int16 | FieldType::Uint16 => w.i16(number.try_into().unwrap()),
        FieldType::Int32 | FieldType::Uint32 => w.i32(number.try_into().unwrap()),
        FieldType::Int64 => w.i64(number),
        FieldType::Uuid => w.uuid(kafka_codec::wire::Uuid::ZERO),
        FieldType::String if is_null => w.nullable_string(e, None, field.name()).unwrap(),
        FieldType::String => {
            let default = match field.default_value() {
                DefaultValue::Text(text) => text,
                _ => "",
            };
            w.string(
                e,
                if inside.is_some() { "x" } else { default },
                field.name(),
            )
            .unwrap();
        }
        FieldType::Bytes | FieldType::Records if is_null => {
            w.nullable_blob(e, None, field.name()).unwrap();
        }
        FieldType::Bytes | FieldType::Records => {
            w.blob(e, &Default::default(), field.name()).unwrap();
        }
        FieldType::Struct(_) if is_null => w.i8(-1),
        FieldType::Struct(entry) => {
            if field.is_nullable_in(version) && !field.is_array() {
                w.i8(1);
            }
            write(w, entry, inside.unwrap_or_default(), version, e);
        }
        other => panic!("{}: {other}", field.name()),
    }
}

#[test]
fn the_highest_version_that_fits_a_request_has_every_field_that_is_set() {
    let all = Ended::all();
    assert!(all.len() >= 30, "only {} fields", all.len());
    for ended in all {
        let (name, has) = (ended.name(), ended.versions());
        for version in has.iter() {
            let body = ended.body(version);
            let request = AnyRequest::decode(ended.key(), version, &body)
                .unwrap_or_else(|error| panic!("{name} v{version}: {error}"));
            let versions = ended.request.versions();
            let mut fitting = versions.iter().rev().filter(|v| request.fits(*v).is_ok());
            assert_eq!(fitting.next(), Some(has.max()), "{name}: {request:?}");
        }
    }
}

#[test]
fn a_request_fits_the_version_that_it_was_decoded_in() {
    for ended in Ended::all() {
        for version in ended.versions().iter() {
            let body = ended.body(version);
            let request = AnyRequest::decode(ended.key(), version, &body).unwrap();
            assert_eq!(request.fits(version), Ok(()), "{} v{version}", ended.name());
        }
    }
}

/// What is lost is what Kafka's Java client loses: the vectors show that the rest is written as it writes it.
#[test]
fn only_lossy_encoding_omits_a_name_that_nothing_else_says() {
    let mut refused = Vec::new();
    for ended in Ended::all() {
        let (name, has) = (ended.name(), ended.versions());
        let body = ended.body(has.max());
        let request = AnyRequest::decode(ended.key(), has.max(), &body).unwrap();
        let around = &ended.path[..ended.path.len() - 1];
        let later = ended.request.versions().iter().filter(|version| {
            *version > has.max() && around.iter().all(|field| field.is_in(*version))
        });
        let mut is_refused = false;
        for version in later {
            let mut lossy = Writer::new();
            let written = request.encode_lossy(&mut lossy, version);
            let is_ignorable = ended.path[around.len()].is_ignorable();
            assert_eq!(written.is_ok(), is_ignorable, "{name} v{version}");
            let mut writer = Writer::new();
            let encoded = request.encode(&mut writer, version);
            if !is_ignorable {
                assert_eq!(encoded, written);
                continue;
            }
            assert_eq!(lossy.into_vec(), ended.body(version), "{name} v{version}");
            is_refused |= encoded.is_err();
            assert_eq!(encoded.is_err(), is_refused, "{name} v{version}");
        }
        refused.extend(is_refused.then_some(name));
    }
    let names = [
        "AlterPartitionRequest.topics.topic_name",
        "DeleteTopicsRequest.topic_names",
        "FetchRequest.topics.topic",
        "FetchRequest.forgotten_topics_data.topic",
        "OffsetCommitRequest.topics.name",
        "OffsetFetchRequest.groups.topics.name",
        "ProduceRequest.topic_data.name",
        "TxnOffsetCommitRequest.topics.name",
    ];
    assert_eq!(refused, names);
}

#[test]
fn responses_lose_no_name_without_an_id_and_no_id_without_a_name() {
    use kafka_codec::messages::ProduceResponse;
    use kafka_codec::messages::produce_response::TopicProduceResponse;
    use kafka_codec::wire::Uuid;
    use kafka_codec::{EncodeErrorKind, Message};

    let response = |name: &'static str, topic_id| ProduceResponse {
        responses: vec![TopicProduceResponse {
            name: name.into(),
            topic_id,
            ..Default::default()
        }],
        ..Default::default()
    };
    let id = Uuid::from_bytes([7; 16]);
    for version in [12, 13] {
        let encode = |name, id| response(name, id).encode_to_vec(Version(version));
        assert!(encode("t", id).is_ok());
        assert!(encode("", Uuid::ZERO).is_ok());
        let (held, lost, field, first, last) = match version {
            12 => (("t", Uuid::ZERO), ("", id), "responses[0].topic_id", 13, 13),
            _ => (("", id), ("t", Uuid::ZERO), "responses[0].name", 0, 12),
        };
        assert!(encode(held.0, held.1).is_ok());
        let error = encode(lost.0, lost.1).unwrap_err();
        let versions = VersionRange::new(first, last).unwrap();
        assert_eq!(error.path(), Some(field));
        assert_eq!(error.kind(), &EncodeErrorKind::NotInVersion { versions });
        let mut writer = Writer::new();
        let lossy = response(lost.0, lost.1).encode_lossy(&mut writer, Version(version));
        assert_eq!(lossy, Ok(()));
    }
}
