//! What the options of JSON add, leave out and hide.

use std::io::{self, Write};

use kafka_codec::Version;
use kafka_codec::schema::Schema;
use kafka_codec::schema::json::{self, Options, ReadOptions, RecordsForm, WriteError};
use kafka_codec::wire::{Limits, Writer};

/// The bytes of a message.
fn encode(name: &str, version: i16, text: &str) -> Vec<u8> {
    let schema = Schema::named(name).unwrap();
    let mut writer = Writer::new();
    let options = ReadOptions::lossless();
    json::encode(schema, Version(version), text, options, &mut writer).unwrap();
    writer.into_vec()
}

/// The message that JSON is, shown with options.
fn shown(name: &str, version: i16, text: &str, options: &Options<'_>) -> String {
    let schema = Schema::named(name).unwrap();
    let bytes = encode(name, version, text);
    json::to_string(schema, Version(version), &bytes, options).unwrap()
}

#[test]
fn secrets_are_hidden() {
    let options = Options::java().redacted();
    for (name, version, text, hidden) in [
        (
            "SaslAuthenticateRequest",
            0,
            r#"{"authBytes":"AHVzZXIAcGFzcw=="}"#,
            r#"{"authBytes":"[hidden]"}"#,
        ),
        (
            "SaslAuthenticateResponse",
            1,
            r#"{"errorCode":0,"errorMessage":null,"authBytes":"AQ==","sessionLifetimeMs":0}"#,
            r#"{"errorCode":0,"errorMessage":null,"authBytes":"[hidden]","sessionLifetimeMs":0}"#,
        ),
        (
            "AlterUserScramCredentialsRequest",
            0,
            r#"{"deletions":[],"upsertions":[{"name":"u","mechanism":1,"iterations":4096,"salt":"AQ==","saltedPassword":"AQ=="}]}"#,
            r#"{"deletions":[],"upsertions":[{"name":"u","mechanism":1,"iterations":4096,"salt":"[hidden]","saltedPassword":"[hidden]"}]}"#,
        ),
        (
            "UserScramCredentialRecord",
            0,
            r#"{"name":"u","mechanism":1,"salt":"AQ==","storedKey":"AQ==","serverKey":"AQ==","iterations":4096}"#,
            r#"{"name":"u","mechanism":1,"salt":"[hidden]","storedKey":"[hidden]","serverKey":"[hidden]","iterations":4096}"#,
        ),
        (
            "RenewDelegationTokenRequest",
            1,
            r#"{"hmac":"AQ==","renewPeriodMs":1}"#,
            r#"{"hmac":"[hidden]","renewPeriodMs":1}"#,
        ),
        (
            "EnvelopeRequest",
            0,
            r#"{"requestData":"AQ==","requestPrincipal":null,"clientHostAddress":"fwAAAQ=="}"#,
            r#"{"requestData":"[hidden]","requestPrincipal":null,"clientHostAddress":"fwAAAQ=="}"#,
        ),
        // Of a broker: numbers and switches are shown, but for those that are called a secret.
        (
            "IncrementalAlterConfigsRequest",
            0,
            r#"{"resources":[{"resourceType":4,"resourceName":"1","configs":[{"name":"num.io.threads","configOperation":0,"value":"8"},{"name":"ssl.key.password","configOperation":0,"value":"8"},{"name":"own","configOperation":0,"value":"x"},{"name":"sasl.jaas.config","configOperation":1,"value":null}]}],"validateOnly":true}"#,
            r#"{"resources":[{"resourceType":4,"resourceName":"1","configs":[{"name":"num.io.threads","configOperation":0,"value":"8"},{"name":"ssl.key.password","configOperation":0,"value":"[hidden]"},{"name":"own","configOperation":0,"value":"[hidden]"},{"name":"sasl.jaas.config","configOperation":1,"value":null}]}],"validateOnly":true}"#,
        ),
        // Of a topic: all is shown.
        (
            "AlterConfigsRequest",
            0,
            r#"{"resources":[{"resourceType":2,"resourceName":"t","configs":[{"name":"cleanup.policy","value":"compact"}]}],"validateOnly":true}"#,
            r#"{"resources":[{"resourceType":2,"resourceName":"t","configs":[{"name":"cleanup.policy","value":"compact"}]}],"validateOnly":true}"#,
        ),
        (
            "CreateTopicsRequest",
            2,
            r#"{"topics":[{"name":"t","numPartitions":1,"replicationFactor":1,"assignments":[],"configs":[{"name":"cleanup.policy","value":"compact"},{"name":"my.secret","value":"x"}]}],"timeoutMs":1,"validateOnly":true}"#,
            r#"{"topics":[{"name":"t","numPartitions":1,"replicationFactor":1,"assignments":[],"configs":[{"name":"cleanup.policy","value":"compact"},{"name":"my.secret","value":"[hidden]"}]}],"timeoutMs":1,"validateOnly":true}"#,
        ),
        // What the broker calls sensitive comes after the value; synonyms are no less so.
        (
            "DescribeConfigsResponse",
            2,
            r#"{"throttleTimeMs":0,"results":[{"errorCode":0,"errorMessage":null,"resourceType":2,"resourceName":"t","configs":[{"name":"a","value":"x","readOnly":false,"configSource":1,"isSensitive":true,"synonyms":[{"name":"b","value":"y","source":1}]},{"name":"a","value":"x","readOnly":true,"configSource":1,"isSensitive":false,"synonyms":[{"name":"b","value":"y","source":1}]}]}]}"#,
            r#"{"throttleTimeMs":0,"results":[{"errorCode":0,"errorMessage":null,"resourceType":2,"resourceName":"t","configs":[{"name":"a","value":"[hidden]","readOnly":false,"configSource":1,"isSensitive":true,"synonyms":[{"name":"b","value":"[hidden]","source":1}]},{"name":"a","value":"x","readOnly":true,"configSource":1,"isSensitive":false,"synonyms":[{"name":"b","value":"y","source":1}]}]}]}"#,
        ),
        (
            "DescribeConfigsResponse",
            0,
            r#"{"throttleTimeMs":0,"results":[{"errorCode":0,"errorMessage":null,"resourceType":2,"resourceName":"t","configs":[{"name":"a","value":"x","readOnly":false,"isDefault":false,"isSensitive":true},{"name":"a","value":"x","readOnly":true,"isDefault":true,"isSensitive":false}]}]}"#,
            r#"{"throttleTimeMs":0,"results":[{"errorCode":0,"errorMessage":null,"resourceType":2,"resourceName":"t","configs":[{"name":"a","value":"[hidden]","readOnly":false,"isDefault":false,"isSensitive":true},{"name":"a","value":"x","readOnly":true,"isDefault":true,"isSensitive":false}]}]}"#,
        ),
        (
            "ConfigRecord",
            0,
            r#"{"resourceType":4,"resourceName":"1","name":"own","value":"x"}"#,
            r#"{"resourceType":4,"resourceName":"1","name":"own","value":"[hidden]"}"#,
        ),
        // Quotas are numbers, and no configs.
        (
            "AlterClientQuotasRequest",
            0,
            r#"{"entries":[{"entity":[],"ops":[{"key":"secret","value":1.5,"remove":true}]}],"validateOnly":true}"#,
            r#"{"entries":[{"entity":[],"ops":[{"key":"secret","value":1.5,"remove":true}]}],"validateOnly":true}"#,
        ),
    ] {
        assert_eq!(shown(name, version, text, &options), hidden, "{name}");
        assert_eq!(shown(name, version, text, &Options::java()), text, "{name}");
    }
}

#[test]
fn what_is_long_is_cut_and_says_by_how_much() {
    let metadata = r#"{"topics":[{"name":"aé"},{"name":"béé"},{"name":"c"}]}"#;
    let cut = Options::java().max_elements(2).max_string(3);
    assert_eq!(
        shown("MetadataRequest", 0, metadata, &cut),
        r#"{"topics":[{"name":"aé"},{"name":"bé…(2 more)"},"…(1 more)"]}"#
    );
    // Within a character.
    assert_eq!(
        shown("MetadataRequest", 0, metadata, &cut.max_string(2)),
        r#"{"topics":[{"name":"a…(2 more)"},{"name":"b…(4 more)"},"…(1 more)"]}"#
    );
    assert_eq!(
        shown("MetadataRequest", 0, metadata, &cut.max_elements(0)),
        r#"{"topics":["…(3 more)"]}"#
    );
    // Arrays in arrays that are left out, arrays of numbers, and what comes after them.
    let topics = r#"{"replicaId":-1,"topics":[{"name":"a","partitions":[{"partitionIndex":1,"timestamp":-1}]},{"name":"b","partitions":[{"partitionIndex":1,"timestamp":-1},{"partitionIndex":2,"timestamp":-1}]}]}"#;
    assert_eq!(
        shown(
            "ListOffsetsRequest",
            1,
            topics,
            &Options::java().max_elements(1)
        ),
        r#"{"replicaId":-1,"topics":[{"name":"a","partitions":[{"partitionIndex":1,"timestamp":-1}]},"…(1 more)"]}"#
    );
    let replicas = r#"{"transactionalId":"a","producerId":1,"producerEpoch":2,"topics":[{"name":"t","partitions":[1,2,3]}]}"#;
    assert_eq!(
        shown(
            "AddPartitionsToTxnRequest",
            0,
            &replicas
                .replace("transactionalId", "v3AndBelowTransactionalId")
                .replace("producer", "v3AndBelowProducer")
                .replace("\"topics\"", "\"v3AndBelowTopics\""),
            &Options::java().max_elements(2)
        ),
        r#"{"v3AndBelowTransactionalId":"a","v3AndBelowProducerId":1,"v3AndBelowProducerEpoch":2,"v3AndBelowTopics":[{"name":"t","partitions":[1,2,"…(1 more)"]}]}"#
    );
    let sasl = r#"{"authBytes":"AQIDBAU="}"#;
    for (most, expected) in [
        (5, "AQIDBAU="),
        (4, "AQIDBA==…(1 more)"),
        (3, "AQID…(2 more)"),
        (0, "…(5 more)"),
    ] {
        assert_eq!(
            shown(
                "SaslAuthenticateRequest",
                0,
                sasl,
                &Options::java().max_blob(most)
            ),
            format!(r#"{{"authBytes":"{expected}"}}"#)
        );
    }
}

#[test]
fn unknown_tagged_fields_and_places_are_shown_where_asked_for() {
    let text = r#"{"groupId":"a","generationId":1,"memberId":"b","groupInstanceId":null,"_unknownTaggedFields":[{"tag":7,"data":"AQI="},{"tag":9,"data":""}]}"#;
    let plain = r#"{"groupId":"a","generationId":1,"memberId":"b","groupInstanceId":null}"#;
    assert_eq!(shown("HeartbeatRequest", 4, text, &Options::java()), plain);
    let unknown = Options::java().unknown_tags();
    assert_eq!(shown("HeartbeatRequest", 4, text, &unknown), text);
    assert_eq!(
        shown("HeartbeatRequest", 4, text, &unknown.offsets()),
        r#"{"groupId":"a","groupId@":[0,2],"generationId":1,"generationId@":[2,6],"memberId":"b","memberId@":[6,8],"groupInstanceId":null,"groupInstanceId@":[8,9],"_unknownTaggedFields":[{"tag":7,"data":"AQI=","data@":[12,14]},{"tag":9,"data":"","data@":[16,16]}],"@":[0,16]}"#
    );
    assert_eq!(
        shown("HeartbeatRequest", 4, text, &unknown.pretty()),
        r#"{
  "groupId": "a",
  "generationId": 1,
  "memberId": "b",
  "groupInstanceId": null,
  "_unknownTaggedFields": [
    {
      "tag": 7,
      "data": "AQI="
    },
    {
      "tag": 9,
      "data": ""
    }
  ]
}"#
    );
    // A tagged field that is reported before the fields in front of it in the bytes has its own place.
    let fetch = r#"{"clusterId":"c","replicaId":-1,"maxWaitMs":1,"minBytes":1,"maxBytes":1,"isolationLevel":0,"sessionId":0,"sessionEpoch":-1,"topics":[],"forgottenTopicsData":[],"rackId":""}"#;
    let places = shown("FetchRequest", 12, fetch, &Options::java().offsets());
    assert!(
        places.starts_with(
            r#"{"clusterId":"c","clusterId@":[31,33],"replicaId":-1,"replicaId@":[0,4],"#
        ),
        "{places}"
    );
}

#[test]
fn records_are_shown_in_the_form_asked_for() {
    let text = |records: &str| {
        format!(
            r#"{{"transactionalId":null,"acks":1,"timeoutMs":1,"topicData":[{{"name":"a","partitionData":[{{"index":0,{records}}}]}}]}}"#
        )
    };
    let count = |records: &[u8], json: &mut dyn Write| write!(json, "[{}]", records.len());
    for (form, three, null) in [
        (RecordsForm::Empty, r#""records":"""#, r#""records":null"#),
        (
            RecordsForm::Size,
            r#""recordsSizeInBytes":3"#,
            r#""records":null"#,
        ),
        (
            RecordsForm::Base64,
            r#""records":"AQL/""#,
            r#""records":null"#,
        ),
        (
            RecordsForm::With(&count),
            r#""records":[3]"#,
            r#""records":null"#,
        ),
    ] {
        let options = Options::java().records(form);
        let of_three = shown("ProduceRequest", 3, &text(r#""records":"AQL/""#), &options);
        assert_eq!(of_three, text(three), "{form:?}");
        let of_null = shown("ProduceRequest", 3, &text(r#""records":null"#), &options);
        assert_eq!(of_null, text(null), "{form:?}");
    }
}

#[test]
fn what_could_drive_a_terminal_is_escaped_where_asked_for() {
    let text = r#"{"topics":[{"name":"\u001B[2J\n\"\\ü🚀"}]}"#;
    assert_eq!(shown("MetadataRequest", 0, text, &Options::java()), text);
    let escaped = Options::java().escape_controls();
    assert_eq!(shown("MetadataRequest", 0, text, &escaped), text);
    let raw = "{\"topics\":[{\"name\":\"\u{7f}\u{9b}2J\u{2028}\u{202e}\"}]}";
    assert_eq!(shown("MetadataRequest", 0, raw, &Options::java()), raw);
    assert_eq!(
        shown("MetadataRequest", 0, raw, &escaped),
        r#"{"topics":[{"name":"\u007F\u009B2J\u2028\u202E"}]}"#
    );
}

/// Takes so many bytes and then fails.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_is_an_error_and_bytes_that_are_no_message_write_nothing() {
    let schema = Schema::named("MetadataRequest").unwrap();
    let names = vec![r#"{"name":"topic"}"#; 1000].join(",");
    let text = format!(r#"{{"topics":[{names}]}}"#);
    let mut bytes = encode("MetadataRequest", 0, &text);
    let write = |bytes: &[u8], out: &mut dyn Write| {
        json::write(
            schema,
            Version(0),
            bytes,
            Limits::default(),
            &Options::java(),
            out,
        )
    };
    for room in [0, 1, 5_000, text.len() - 1] {
        let error = write(&bytes, &mut Full(room)).unwrap_err();
        assert!(
            matches!(&error, WriteError::Io(error) if error.kind() == io::ErrorKind::StorageFull),
            "{error}"
        );
    }
    write(&bytes, &mut Full(text.len())).unwrap();
    bytes.pop();
    let mut out = Vec::new();
    let error = write(&bytes, &mut out).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MetadataRequest v0: topics[999].name (byte 6999): unexpected end of input: needed 5 bytes, 4 remain"
    );
    assert!(out.is_empty());
}

#[test]
fn text_that_is_not_utf_8_is_shown_where_asked_for() {
    let schema = Schema::named("MetadataRequest").unwrap();
    let body = b"\0\0\0\x02\0\x04a\xff\xc3b\0\x01c";
    let show = |options| json::to_string(schema, Version(0), body, &options);
    let error = show(Options::java()).unwrap_err().to_string();
    assert_eq!(
        error,
        "MetadataRequest v0: topics[0].name (byte 6): string is not UTF-8 after 1 byte"
    );
    assert_eq!(
        show(Options::java().any_text()).unwrap(),
        "{\"topics\":[{\"name\":\"a\u{fffd}\u{fffd}b\"},{\"name\":\"c\"}]}"
    );
    assert_eq!(
        show(Options::java().any_text().max_string(2)).unwrap(),
        "{\"topics\":[{\"name\":\"a\u{fffd}…(2 more)\"},{\"name\":\"c\"}]}"
    );
    // Tagged fields in front of others are found behind such text.
    let schema = Schema::named("FetchRequest").unwrap();
    let fetch = r#"{"clusterId":"c","replicaId":-1,"maxWaitMs":1,"minBytes":1,"maxBytes":1,"isolationLevel":0,"sessionId":0,"sessionEpoch":-1,"topics":[],"forgottenTopicsData":[],"rackId":"r"}"#;
    let mut bytes = encode("FetchRequest", 12, fetch);
    *bytes.iter_mut().find(|byte| **byte == b'r').unwrap() = 0xff;
    let options = Options::java().any_text();
    assert_eq!(
        json::to_string(schema, Version(12), &bytes, &options).unwrap(),
        fetch.replace("\"r\"", "\"\u{fffd}\"")
    );
    // An error behind such text names its own field.
    let schema = Schema::named("MetadataRequest").unwrap();
    let error = json::to_string(schema, Version(0), b"\0\0\0\x02\0\x01\xff\0\x05a", &options);
    assert_eq!(
        error.unwrap_err().to_string(),
        "MetadataRequest v0: topics[1].name (byte 9): unexpected end of input: needed 5 bytes, 1 remains"
    );
    // A config with such a name may be any.
    let schema = Schema::named("ConfigRecord").unwrap();
    let record = r#"{"resourceType":2,"resourceName":"t","name":"n","value":"v"}"#;
    let mut bytes = encode("ConfigRecord", 0, record);
    *bytes.iter_mut().find(|byte| **byte == b'n').unwrap() = 0xff;
    assert_eq!(
        json::to_string(schema, Version(0), &bytes, &options.redacted()).unwrap(),
        record
            .replace("\"n\"", "\"\u{fffd}\"")
            .replace("\"v\"", "\"[hidden]\"")
    );
}

#[test]
fn text_that_is_not_utf_8_is_cut_between_characters() {
    let schema = Schema::named("MetadataRequest").unwrap();
    let umlauts = b"\0\0\0\x01\0\x05\xc3\xbc\xc3\xbc\xff";
    for (max, shown) in [
        (0, "…(5 more)"),
        (1, "…(5 more)"),
        (2, "ü…(3 more)"),
        (3, "ü…(3 more)"),
        (4, "üü…(1 more)"),
        (5, "üü\u{fffd}"),
    ] {
        let options = Options::java().any_text().max_string(max);
        assert_eq!(
            json::to_string(schema, Version(0), umlauts, &options).unwrap(),
            format!("{{\"topics\":[{{\"name\":\"{shown}\"}}]}}")
        );
    }
}

#[test]
fn synonyms_of_a_sensitive_config_are_hidden_even_if_its_value_is_not_there() {
    let response = |value: &str, is_sensitive: bool, synonym: &str| {
        format!(
            "{{\"throttleTimeMs\":0,\"results\":[{{\"errorCode\":0,\"errorMessage\":null,\"resourceType\":4,\
             \"resourceName\":\"1\",\"configs\":[{{\"name\":\"pin\",\"value\":{value},\"readOnly\":false,\
             \"configSource\":4,\"isSensitive\":{is_sensitive},\"synonyms\":[{{\"name\":\"pin\",\
             \"value\":\"{synonym}\",\"source\":4}}],\"configType\":9,\"documentation\":null}}]}}]}}"
        )
    };
    let options = Options::java().redacted();
    for version in [3, 4] {
        let hidden = shown(
            "DescribeConfigsResponse",
            version,
            &response("null", true, "1234"),
            &options,
        );
        assert_eq!(hidden, response("null", true, "[hidden]"));
        let plain = response("null", false, "1234");
        assert_eq!(
            shown("DescribeConfigsResponse", version, &plain, &options),
            plain
        );
    }
}
