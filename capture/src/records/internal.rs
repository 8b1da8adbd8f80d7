//! Keys and values of Kafka's internal topics, decoded by their types, in the form that Kafka's own tools
//! show them in. Secrets of the metadata log are hidden.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kafka_codec::internal_topics::{
    GroupCoordinatorRecord, MetadataRecord, RemoteLogMetadataRecord, ShareCoordinatorRecord,
    TransactionCoordinatorRecord,
};
use kafka_codec::messages::GroupMetadataValue;
use kafka_codec::records::Record;
use kafka_codec::schema::{Schema, json};
use kafka_codec::wire::Reader;
use kafka_codec::{DecodeError, Version};

use super::Object;

/// An internal topic.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Metadata,
    RemoteLogMetadata,
    Groups,
    Transactions,
    Shares,
}

impl Topic {
    /// The internal topic with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "__cluster_metadata" => Self::Metadata,
            "__remote_log_metadata" => Self::RemoteLogMetadata,
            "__consumer_offsets" => Self::Groups,
            "__transaction_state" => Self::Transactions,
            "__share_group_state" => Self::Shares,
            _ => return None,
        })
    }
}

/// Writes key and value of a record into `object`; nothing if they cannot be decoded.
pub(super) fn write(
    object: &mut Object<'_>,
    topic: Topic,
    record: &Record<'_>,
) -> Result<(), String> {
    let (key, value) = (record.key, record.value);
    // Without a key, the decoders report that it is too short.
    let bare = key.unwrap_or_default();
    match topic {
        Topic::Metadata => {
            let value = value.ok_or(NO_VALUE)?;
            let name = MetadataRecord::decode(value).map(|record| record.message.name());
            write_framed(object, value, name)
        }
        Topic::RemoteLogMetadata => {
            let value = value.ok_or(NO_VALUE)?;
            let name = RemoteLogMetadataRecord::decode(value).map(|record| record.message.name());
            write_framed(object, value, name)
        }
        Topic::Groups => {
            let decoded = GroupCoordinatorRecord::decode(bare, value);
            write_keyed(object, bare, value, decoded.map(|record| record.name()))
        }
        Topic::Transactions => {
            let decoded = TransactionCoordinatorRecord::decode(bare, value);
            write_keyed(object, bare, value, decoded.map(|record| record.name()))
        }
        Topic::Shares => {
            let decoded = ShareCoordinatorRecord::decode(bare, value);
            write_keyed(object, bare, value, decoded.map(|record| record.name()))
        }
    }
}

pub(super) const NO_VALUE: &str = "there is no value";

/// The name of a record; `None` if its type or version is unknown.
type Name = Result<Option<&'static str>, DecodeError>;

/// `"value":{"type":"TOPIC_RECORD","version":0,"data":{}}`
fn write_framed(object: &mut Object<'_>, value: &[u8], name: Name) -> Result<(), String> {
    let name = name.map_err(|error| error.to_string())?;
    let mut reader = Reader::new(value);
    let mut number = || {
        let number = reader.unsigned_varint();
        number.map_err(|error| error.to_string())
    };
    let (_frame_version, record_type, version) = (number()?, number()?, number()?);
    let body = reader.rest();
    let Some(name) = name else {
        let mut inner = Object::open(object.key("value"));
        inner.plain("type", record_type);
        inner.plain("version", version);
        inner.plain("unknownBytes", body.len());
        inner.close();
        return Ok(());
    };
    let known = i16::try_from(version).map_err(|error| error.to_string())?;
    let data = message(name, body, Version(known))?;
    let mut inner = Object::open(object.key("value"));
    inner.string("type", &constant(name));
    inner.plain("version", version);
    inner.json("data", &data);
    inner.close();
    Ok(())
}

/// `"type":"OffsetCommit","key":{"type":"1","data":{}},"value":{"version":"4","data":{}}`
fn write_keyed(
    object: &mut Object<'_>,
    key: &[u8],
    value: Option<&[u8]>,
    name: Name,
) -> Result<(), String> {
    let name = name.map_err(|error| error.to_string())?;
    let Some((record_type, key)) = split_int16(key) else {
        return Err("the key is too short".to_owned());
    };
    let value = match value {
        Some(value) => Some(split_int16(value).ok_or("the value is too short")?),
        None => None,
    };
    let Some(name) = name else {
        let mut inner = Object::open(object.key("key"));
        inner.string("type", &record_type.to_string());
        inner.plain("unknownBytes", key.len());
        inner.close();
        match value {
            None => object.json("value", "null"),
            Some((version, value)) => {
                let mut inner = Object::open(object.key("value"));
                inner.string("version", &version.to_string());
                inner.plain("unknownBytes", value.len());
                inner.close();
            }
        }
        return Ok(());
    };
    let key = message(&format!("{name}Key"), key, Version(0))?;
    let value = match value {
        Some((version, value)) => {
            let mut data = message(&format!("{name}Value"), value, Version(version))?;
            if name == "GroupMetadata" {
                show_members(&mut data, value, Version(version));
            }
            Some((version, data))
        }
        None => None,
    };
    object.string("type", name);
    let mut inner = Object::open(object.key("key"));
    inner.string("type", &record_type.to_string());
    inner.json("data", &key);
    inner.close();
    match value {
        None => object.json("value", "null"),
        Some((version, data)) => {
            let mut inner = Object::open(object.key("value"));
            inner.string("version", &version.to_string());
            inner.json("data", &data);
            inner.close();
        }
    }
    Ok(())
}

/// Decodes what members of a group of consumers say and get, in the JSON of the group. What is not of the
/// consumer protocol stays base64.
fn show_members(data: &mut String, value: &[u8], version: Version) {
    let Ok(group) = <GroupMetadataValue<'_> as kafka_codec::Decode>::decode(value, version) else {
        return;
    };
    if &*group.protocol_type != "consumer" {
        return;
    }
    let (mut all, mut rest) = (String::with_capacity(data.len()), data.as_str());
    for member in &group.members {
        for (field, schema, bytes) in [
            (
                "subscription",
                "ConsumerProtocolSubscription",
                &member.subscription,
            ),
            (
                "assignment",
                "ConsumerProtocolAssignment",
                &member.assignment,
            ),
        ] {
            if let Some((_, body)) = split_int16(bytes)
                && let Ok(shown) = message_in_newest(schema, bytes, bytes.len() - body.len())
            {
                // Quotes in strings are escaped, so this can only be the field. The fields come in this order.
                let hidden = format!("\"{field}\":\"{}\"", STANDARD.encode(bytes.as_slice()));
                let Some((before, after)) = rest.split_once(&hidden) else {
                    continue;
                };
                all.push_str(before);
                all.push_str(&format!("\"{field}\":{shown}"));
                rest = after;
            }
        }
    }
    all.push_str(rest);
    *data = all;
}

/// The JSON of a message that begins with its version, which takes the first `skip` bytes if it is not a
/// field of it. A version above the known ones is read as the newest, as Kafka does.
pub(super) fn message_in_newest(name: &str, bytes: &[u8], skip: usize) -> Result<String, String> {
    let schema = Schema::named(name).map_err(|error| error.to_string())?;
    let (version, _) = split_int16(bytes).ok_or("there is no version")?;
    let version = Version(version).min(schema.versions().max());
    let body = bytes
        .get(skip..)
        .expect("the version is a part of the bytes");
    message(name, body, version)
}

/// The JSON of a message, without secrets.
fn message(name: &str, bytes: &[u8], version: Version) -> Result<String, String> {
    const OPTIONS: json::Options<'static> = json::Options::java()
        .unknown_tags()
        .redacted()
        .escape_controls();
    let schema = Schema::named(name).map_err(|error| error.to_string())?;
    json::to_string(schema, version, bytes, &OPTIONS).map_err(|error| error.to_string())
}

fn split_int16(bytes: &[u8]) -> Option<(i16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((i16::from_be_bytes(*number), rest))
}

/// Kafka's name of the constant: `TopicRecord` is `TOPIC_RECORD`.
fn constant(name: &str) -> String {
    let mut constant = String::new();
    for (index, character) in name.char_indices() {
        if index > 0 && character.is_ascii_uppercase() {
            constant.push('_');
        }
        constant.push(character.to_ascii_uppercase());
    }
    constant
}

#[cfg(test)]
mod tests {
    use kafka_codec::Message as _;
    use kafka_codec::messages::group_metadata_value::MemberMetadata;
    use kafka_codec::wire::Blob;

    use super::*;

    #[test]
    fn subscriptions_and_assignments_of_many_members_are_shown_in_linear_time() {
        const MEMBERS: usize = 20_000;
        let subscription = [0, 0, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 0];
        let assignment = |number: usize| {
            let number = u32::try_from(number).unwrap().to_be_bytes();
            let start = [0, 0, 0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1];
            [&start[..], &number, &[0; 4]].concat()
        };
        let member = |number: usize| MemberMetadata {
            member_id: format!("m-{number}").into(),
            // Not every member has an assignment, and one has another protocol's.
            assignment: Blob::from(match number % 3 {
                0 => assignment(number),
                1 => vec![],
                _ => vec![0, 0, 9],
            }),
            subscription: Blob::from(subscription.to_vec()),
            ..Default::default()
        };
        let group = GroupMetadataValue {
            protocol_type: "consumer".into(),
            members: (0..MEMBERS).map(member).collect(),
            ..Default::default()
        };
        let version = Version(3);
        let value = group.encode_to_vec(version).unwrap();
        let mut data = message("GroupMetadataValue", &value, version).unwrap();
        let begun = std::time::Instant::now();
        show_members(&mut data, &value, version);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
        let count = |text: &str| data.matches(text).count();
        assert_eq!(count("\"subscription\":{\"topics\":[\"t\"]"), MEMBERS);
        assert_eq!(count("\"assignment\":{"), MEMBERS.div_ceil(3));
        assert_eq!(count("\"partitions\":[19998]"), 1);
        assert_eq!(count("\"assignment\":\"AAAJ\""), MEMBERS / 3);
    }
}
