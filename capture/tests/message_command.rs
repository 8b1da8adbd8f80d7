//! `kafka-capture message` turns messages into Kafka's JSON and back, one by one or as a service.
#![cfg(test)]

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use support::command;

/// What the command says to `input`: its exit code, output and errors.
fn run(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    command::texts("message", arguments, input)
}

/// The vectors that Kafka's Java code made, as lines, where the messages have the fields that they have here.
fn vectors() -> Vec<(Value, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut found = Vec::new();
    for release in ["3.9.2", "4.4.0"] {
        let file = File::open(folder.join(format!("{release}.jsonl.gz"))).unwrap();
        for text in BufReader::new(GzDecoder::new(file))
            .lines()
            .map(Result::unwrap)
        {
            let line: Value = serde_json::from_str(&text).unwrap();
            let name = line["name"].as_str().unwrap_or_default();
            // Those of which 4.4.0 changed names, layout or number without a new version, and one the
            // versions of which were two types of record.
            let is_other = release == "3.9.2"
                && [
                    "ListClientMetricsResourcesResponse",
                    "OffsetCommitKey",
                    "ShareGroupPartitionMetadataKey",
                    "ShareGroupPartitionMetadataValue",
                ]
                .contains(&name);
            if line["kind"] == "message" && !is_other {
                let (_, json) = text.split_once(",\"json\":").unwrap();
                let json = json.strip_suffix('}').unwrap().to_owned();
                found.push((line, json));
            }
        }
    }
    found
}

/// A line about the message of a vector.
fn about(vector: &Value) -> Value {
    let name = vector["name"].as_str().unwrap();
    let version = &vector["version"];
    match vector["type"].as_str().unwrap() {
        kind @ ("request" | "response") => {
            let api = name
                .strip_suffix("Request")
                .or_else(|| name.strip_suffix("Response"));
            json!({ "kind": kind, "api": api, "version": version })
        }
        "header" => json!({ "kind": "header", "name": name, "version": version }),
        _ => json!({ "kind": "data", "name": name, "version": version }),
    }
}

#[test]
fn the_service_answers_every_message_with_javas_json_and_its_bytes() {
    let vectors = vectors();
    let mut lines = String::new();
    for (vector, _) in &vectors {
        let mut line = about(vector);
        line["hex"] = vector["hex"].clone();
        lines.push_str(&format!("{line}\n"));
    }
    let (code, answers, errors) = run(&["--ndjson"], lines.as_bytes());
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(answers.lines().count(), vectors.len());
    for ((vector, json), answer) in vectors.iter().zip(answers.lines()) {
        let hex = vector["hex"].as_str().unwrap();
        assert_eq!(
            answer,
            format!("{{\"json\":{json},\"reencoded\":\"{hex}\"}}"),
            "{vector}"
        );
    }
    assert!(vectors.len() > 8_500, "{}", vectors.len());
}

#[test]
fn the_service_answers_json_with_bytes_that_have_that_json() {
    let vectors = vectors();
    let mut lines = String::new();
    for (vector, json) in &vectors {
        let line = about(vector).to_string();
        lines.push_str(&format!(
            "{},\"json\":{json}}}\n",
            line.strip_suffix('}').unwrap()
        ));
    }
    let (code, answers, errors) = run(&["--ndjson"], lines.as_bytes());
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert_eq!(answers.lines().count(), vectors.len());
    let mut same = 0;
    for ((vector, _), answer) in vectors.iter().zip(answers.lines()) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert!(answer["hex"].is_string(), "{vector}\n{answer}");
        same += usize::from(answer["hex"] == vector["hex"]);
    }
    // The others have records, unknown tagged fields or several NaNs, which Java's JSON has not.
    assert!(same > 5_000, "{same} of {}", vectors.len());
}

#[test]
fn what_is_wrong_with_a_line_is_its_answer_and_the_next_line_is_answered() {
    let good = r#"{"kind":"request","api":"Heartbeat","version":0,"hex":"00016100000001000162"}"#;
    let answer = r#"{"json":{"groupId":"a","generationId":1,"memberId":"b"},"reencoded":"00016100000001000162"}"#;
    for (line, error) in [
        ("", "the line is not a JSON object"),
        ("nonsense \u{1b}[2J", "the line is not a JSON object"),
        ("[1]", "the line is not a JSON object"),
        (r#"{"api":"Heartbeat"}"#, "`kind` is missing"),
        (r#"{"kind":7}"#, "`kind` is not a string"),
        (
            r#"{"kind":"query"}"#,
            "`kind` is \"query\", expected request, response, header or data",
        ),
        (
            r#"{"kind":"request","version":0,"hex":""}"#,
            "`api` is missing",
        ),
        (
            r#"{"kind":"request","api":"Hartbeat","version":0,"hex":""}"#,
            "unknown API `Hartbeat`: did you mean `Heartbeat`?",
        ),
        (
            r#"{"kind":"data","name":"RequestHeaders","version":0,"hex":""}"#,
            "unknown message `RequestHeaders`: did you mean `RequestHeader`?",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","hex":""}"#,
            "`version` is missing",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","version":"0","hex":""}"#,
            "`version` is not an int16",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","version":99,"hex":""}"#,
            "HeartbeatRequest v99: (byte 0): version 99 is not supported, only 0-4",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","version":0}"#,
            "`hex` or `json` is missing",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","version":0,"hex":"","json":{}}"#,
            "`hex` and `json` are both there",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","version":0,"hex":"0"}"#,
            "hex: expected two hexadecimal digits a byte, but their number is odd",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","version":0,"hex":"00"}"#,
            "HeartbeatRequest v0: group_id (byte 0): unexpected end of input: needed 2 bytes, 1 remains",
        ),
        (
            r#"{"kind":"request","api":"Heartbeat","version":0,"json":{"groupId":7}}"#,
            "HeartbeatRequest v0: line 1, column 12: groupId: expected a string, found a number",
        ),
    ] {
        let (code, answers, errors) = run(&["--ndjson"], format!("{line}\n{good}").as_bytes());
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{line}");
        let answers: Vec<_> = answers.lines().collect();
        assert_eq!(answers.len(), 2, "{line}: {answers:?}");
        let said: Value = serde_json::from_str(answers[0]).unwrap();
        let said = said["error"].as_str().unwrap();
        assert!(said.starts_with(error), "{line}: {said}");
        assert_eq!(answers[1], answer, "{line}");
    }
    let (code, answers, _) = run(&["--ndjson"], b"\xff\xfe\n");
    assert_eq!(code, Some(0));
    assert!(
        answers.starts_with(r#"{"error":"the line is not UTF-8"#),
        "{answers}"
    );
}

#[test]
fn the_service_answers_before_the_next_line_comes() {
    let mut child = command::start("message", &["--ndjson"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let line = r#"{"kind":"header","name":"ResponseHeader","version":0,"hex":"00000007"}"#;
        writeln!(stdin, "{line}").unwrap();
        assert_eq!(
            answers.next().unwrap().unwrap(),
            r#"{"json":{"correlationId":7},"reencoded":"00000007"}"#
        );
    }
    drop(stdin);
    assert!(answers.next().is_none());
    assert!(child.wait().unwrap().success());
}

const REQUEST: &str = "000c0000000000070002 6d65 00016100000001000162\n";
const BOTH: &str = r#"{"header":{"requestApiKey":12,"requestApiVersion":0,"correlationId":7,"clientId":"me"},"body":{"groupId":"a","generationId":1,"memberId":"b"}}"#;
const BODY: &str = r#"{"groupId":"a","generationId":1,"memberId":"b"}"#;

#[test]
fn one_message_is_json_or_bytes() {
    let heartbeat = ["--api", "heartbeat", "--version", "0", "--request"];
    let with = |more: &[&'static str]| [&heartbeat, more].concat();
    let raw = [0x4c, 0, 0, 1];
    let metadata = "{\"epoch\":0}\n";
    for (arguments, input, expected) in [
        (with(&[]), "00016100000001000162", format!("{BODY}\n")),
        (with(&["--from", "base64"]), "AAFh\nAAAAAQABYg", format!("{BODY}\n")),
        (with(&["--encode"]), BODY, "00016100000001000162\n".to_owned()),
        (with(&["--header"]), REQUEST, format!("{BOTH}\n")),
        (vec!["--request", "--header"], REQUEST, format!("{BOTH}\n")),
        (with(&["--header", "--encode"]), BOTH, REQUEST.replace(' ', "")),
        (
            vec!["--api", "12", "--version", "0", "--response", "--header"],
            "000000070010",
            "{\"header\":{\"correlationId\":7},\"body\":{\"errorCode\":16}}\n".to_owned(),
        ),
        (
            vec!["--name", "ConsumerGroupMetadataValue", "--version", "0"],
            "0000000000",
            metadata.to_owned(),
        ),
        (
            vec!["--api", "Heartbeat", "--version", "4", "--request", "--all"],
            "0261 00000001 0262 00 01 07 01ff",
            "{\"groupId\":\"a\",\"generationId\":1,\"memberId\":\"b\",\"groupInstanceId\":null,\"_unknownTaggedFields\":[{\"tag\":7,\"data\":\"/w==\"}]}\n".to_owned(),
        ),
        (
            vec!["--api", "SaslAuthenticate", "--version", "0", "--request", "--redact", "--pretty"],
            "0000000401020304",
            "{\n  \"authBytes\": \"[hidden]\"\n}\n".to_owned(),
        ),
    ] {
        let (code, out, errors) = run(&arguments, input.as_bytes());
        assert_eq!((code, out.as_str(), errors.as_str()), (Some(0), expected.as_str(), ""), "{arguments:?}");
    }
    let arguments = [
        "--name",
        "DefaultPrincipalData",
        "--version",
        "0",
        "--from",
        "raw",
    ];
    let (code, _, errors) = run(&arguments, &raw);
    assert_eq!(code, Some(7), "{errors}");
}

#[test]
fn pretty_json_with_a_header_is_indented_throughout() {
    let (_, out, _) = run(&["--request", "--header", "--pretty"], REQUEST.as_bytes());
    let expected: Value = serde_json::from_str(BOTH).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), expected);
    assert!(
        out.starts_with("{\n  \"header\": {\n    \"requestApiKey\": 12,\n"),
        "{out}"
    );
    assert!(
        out.ends_with("\n    \"memberId\": \"b\"\n  }\n}\n"),
        "{out}"
    );
}
