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
        value(w, field, is_it.then_some(&path[..]), version, e);
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
