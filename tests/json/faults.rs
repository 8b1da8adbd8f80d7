//! JSON that is not the message says where and what was expected.

use kafka_codec::Version;
use kafka_codec::schema::Schema;
use kafka_codec::schema::json::{self, ReadOptions};
use kafka_codec::wire::Writer;

fn fault(name: &str, version: i16, text: &str, options: ReadOptions) -> String {
    let schema = Schema::named(name).unwrap();
    let mut writer = Writer::new();
    writer.i32(7);
    let error = json::encode(schema, Version(version), text, options, &mut writer).unwrap_err();
    // What was there before is all there is.
    assert_eq!(writer.into_vec(), [0, 0, 0, 7]);
    let placed = format!(
        "{name} v{version}: line {}, column {}: ",
        error.line(),
        error.column()
    );
    let text = error.to_string();
    assert!(text.starts_with(&placed), "{text}");
    text[name.len() + 2..].to_owned()
}

#[test]
fn faults_name_line_column_field_and_what_was_expected() {
    for (name, version, text, expected) in [
        (
            "MetadataRequest",
            0,
            "",
            "0: line 1, column 1: EOF while parsing a value",
        ),
        (
            "MetadataRequest",
            0,
            "{\n  \"topics\": [\n    {\"name\": 7}\n  ]\n}",
            "0: line 3, column 14: topics[0].name: expected a string, found a number",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{\"name\": \"é\"}, {\"name\": null}]}",
            "0: line 1, column 37: topics[1].name: null is not allowed in this version",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{\"name\": \"a\"} {}]}",
            "0: line 1, column 27: expected `,` or `]`",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{\"name\" \"a\"}]}",
            "0: line 1, column 21: expected `:`",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{name: \"a\"}]}",
            "0: line 1, column 14: key must be a string",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [],}",
            "0: line 1, column 15: key must be a string",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{\"name\": \"a\n\"}]}",
            "0: line 1, column 23: control character (\\u0000-\\u001F) found while parsing a string",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{\"name\": \"a\\x\"}]}",
            "0: line 1, column 25: invalid escape",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{\"name\": \"a",
            "0: line 1, column 24: EOF while parsing a string",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [tru]}",
            "0: line 1, column 16: expected ident",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [-]}",
            "0: line 1, column 14: invalid number",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": []} []",
            "0: line 1, column 16: trailing characters",
        ),
        (
            "MetadataRequest",
            0,
            "[]",
            "0: line 1, column 1: expected an object, found an array",
        ),
        (
            "MetadataRequest",
            0,
            "{}",
            "0: line 1, column 1: `topics` is missing, which this version must have",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [{}]}",
            "0: line 1, column 13: topics[0]: `name` is missing, which this version must have",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [], \"topics\": []}",
            "0: line 1, column 16: `topics` is there twice",
        ),
        (
            "MetadataRequest",
            0,
            "{\"topics\": [], \"allowAutoTopicCreation\": false}",
            "0: line 1, column 42: allowAutoTopicCreation: set, but this version has no such field",
        ),
        (
            "MetadataRequest",
            99,
            "{}",
            "99: line 1, column 1: version is not supported, only 0-13",
        ),
        (
            "HeartbeatRequest",
            0,
            "{\"groupId\":\"a\",\"memberId\":\"b\",\n\"generationId\":2147483648}",
            "0: line 2, column 16: generationId: 2147483648 does not fit into int32",
        ),
        (
            "SaslAuthenticateRequest",
            0,
            "{\"authBytes\":\"A\"}",
            "0: line 1, column 14: authBytes: expected base64 with padding",
        ),
    ] {
        assert_eq!(
            fault(name, version, text, ReadOptions::java()),
            expected,
            "{text}"
        );
    }
}

#[test]
fn what_java_ignores_is_refused_where_asked_for() {
    let strict = ReadOptions::lossless().refuse_unknown_keys();
    for (version, text, expected) in [
        (
            4,
            "{\"groupid\":\"a\"}",
            "4: line 1, column 2: `groupid` is not a field of any version",
        ),
        (
            4,
            "{\"\\u001b[\":1}",
            "4: line 1, column 2: `\\u{1b}[` is not a field of any version",
        ),
        (
            4,
            "{\"_unknownTaggedFields\":[{\"tag\":1,\"data\":\"\"},{\"tag\":1,\"data\":\"\"}]}",
            "4: line 1, column 53: _unknownTaggedFields[1]: tag 1 is that of a known field, or there twice",
        ),
        (
            4,
            "{\"_unknownTaggedFields\":[{\"tag\":-1,\"data\":\"\"}]}",
            "4: line 1, column 33: _unknownTaggedFields[0].tag: -1 does not fit into uint32",
        ),
        (
            4,
            "{\"_unknownTaggedFields\":[{\"tag\":1}]}",
            "4: line 1, column 26: _unknownTaggedFields[0]: `data` is missing, which this version must have",
        ),
        (
            4,
            "{\"_unknownTaggedFields\":[{\"tag\":1,\"tag\":2,\"data\":\"\"}]}",
            "4: line 1, column 35: _unknownTaggedFields[0]: `tag` is there twice",
        ),
        (
            4,
            "{\"_unknownTaggedFields\":[{\"tag\":1,\"data\":\"\",\"dta\":\"\"}]}",
            "4: line 1, column 45: _unknownTaggedFields[0]: `dta` is not a field of any version",
        ),
        (
            0,
            "{\"_unknownTaggedFields\":[{\"tag\":1,\"data\":\"\"}]}",
            "0: line 1, column 26: _unknownTaggedFields[0]: unknown tagged fields are set, but this version has no tagged fields",
        ),
    ] {
        assert_eq!(
            fault("HeartbeatRequest", version, text, strict),
            expected,
            "{text}"
        );
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(
        fault("MetadataRequest", 0, &deep, ReadOptions::java()),
        "0: line 1, column 65: arrays and objects too deep within one another"
    );
    let long = format!("{{\"topics\":[{{\"name\":\"{}\"}}]}}", "a".repeat(32_768));
    assert_eq!(
        fault("MetadataRequest", 0, &long, ReadOptions::java()),
        "0: line 1, column 20: topics[0].name: length 32768 is too large (maximum 32767)"
    );
}

#[test]
fn every_text_that_is_cut_off_is_refused() {
    let schema = Schema::named("FetchResponse").unwrap();
    let text = r#"{"throttleTimeMs":0,"errorCode":0,"sessionId":1,"responses":[{"topic":"é\u00e9","partitions":[]}]}"#;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let mut writer = Writer::new();
        let cut = &text[..end];
        let result = json::encode(schema, Version(12), cut, ReadOptions::java(), &mut writer);
        assert!(result.is_err(), "{cut}");
    }
    let mut writer = Writer::new();
    json::encode(schema, Version(12), text, ReadOptions::java(), &mut writer).unwrap();
}

/// The leader of an UpdateRaftVoterResponse, a tagged struct, at its default but for what is put behind it.
fn leader_with(more: &str) -> String {
    format!(
        "{{\"throttleTimeMs\":0,\"errorCode\":0,\"currentLeader\":\
         {{\"leaderId\":-1,\"leaderEpoch\":-1,\"host\":\"\",\"port\":0{more}}}}}"
    )
}

#[test]
fn structs_at_their_default_are_checked_as_all_others() {
    let strict = ReadOptions::lossless().refuse_unknown_keys();
    for (more, expected) in [
        (
            ",\"Host\":\"\"",
            "0: line 1, column 102: currentLeader: `Host` is not a field of any version",
        ),
        (
            ",\"port\":0",
            "0: line 1, column 102: currentLeader: `port` is there twice",
        ),
        (
            ",\"_unknownTaggedFields\":7",
            "0: line 1, column 125: currentLeader._unknownTaggedFields: expected an array, found a number",
        ),
        (
            ",\"_unknownTaggedFields\":{}",
            "0: line 1, column 125: currentLeader._unknownTaggedFields: expected an array, found an object",
        ),
    ] {
        let text = leader_with(more);
        assert_eq!(
            fault("UpdateRaftVoterResponse", 0, &text, strict),
            expected,
            "{text}"
        );
    }
}

#[test]
fn unknown_tagged_fields_that_are_not_read_leave_a_struct_at_its_default() {
    let text = leader_with(",\"_unknownTaggedFields\":[{\"tag\":7,\"data\":\"AQI=\"}]");
    let schema = Schema::named("UpdateRaftVoterResponse").unwrap();
    for (options, expected) in [
        (ReadOptions::java(), &[0; 7][..]),
        (
            ReadOptions::lossless(),
            b"\0\0\0\0\0\0\x01\0\x12\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0\0\x01\x07\x02\x01\x02",
        ),
    ] {
        let mut writer = Writer::new();
        json::encode(schema, Version(0), &text, options, &mut writer).unwrap();
        assert_eq!(writer.into_vec(), expected, "{options:?}");
    }
}

#[test]
fn elements_of_an_array_that_is_left_out_are_of_the_type_of_the_field() {
    for (element, expected) in [
        (
            "7",
            "6: line 1, column 47: topicNames[1]: expected a string, found a number",
        ),
        (
            "null",
            "6: line 1, column 47: topicNames[1]: expected a string, found null",
        ),
    ] {
        let text = format!("{{\"topics\":[],\"timeoutMs\":0,\"topicNames\":[\"a\", {element}]}}");
        assert_eq!(
            fault("DeleteTopicsRequest", 6, &text, ReadOptions::java()),
            expected
        );
    }
}
