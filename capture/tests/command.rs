//! The command as its users meet it: output, filters, exit codes, and what is said when something is wrong.
#![cfg(test)]

mod support;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::command;
use support::packets::{Conversation, Sent, capture, heartbeat, heartbeat_response, pcap};

/// Runs `kafka-capture decode` with a capture as its standard input.
fn decode(input: &[u8], arguments: &[&str]) -> Output {
    command::output("decode", &[arguments, &["-"]].concat(), input)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn objects(input: &[u8], arguments: &[&str]) -> Vec<Value> {
    let output = decode(input, &[&["--format", "ndjson"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Two clients, of which one gets an error.
fn two_clients() -> Vec<Sent> {
    let mut sent = Vec::new();
    for (port, client_id, error) in [(40_000, "good", 0), (40_001, "bad \u{1b}[2J", 27)] {
        let mut conversation = Conversation::new(port);
        conversation.send(true, &heartbeat(3, client_id, 4), 1000);
        conversation.send(false, &heartbeat_response(3, error), 1000);
        conversation.close();
        sent.extend(conversation.sent);
    }
    sent
}

fn shipped() -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "tests",
        "captures",
        "clients.pcap",
    ]
    .iter()
    .collect()
}

#[test]
fn ndjson_has_an_object_for_each_message() {
    let found = objects(&capture(&two_clients()), &[]);
    assert_eq!(found.len(), 4);
    let expected = serde_json::json!({
        "ts": "1970-01-01T00:16:40.001500000Z",
        "conn": "10.0.0.1:40000 -> 10.0.0.2:19092",
        "kind": "response",
        "apiKey": 12,
        "api": "Heartbeat",
        "version": 0,
        "correlationId": 3,
        "clientId": "good",
        "bytes": 10,
        "latencyUs": 100,
        "body": {"errorCode": 0},
    });
    assert_eq!(found[1], expected);
    assert_eq!(found[2]["kind"], "request");
    assert_eq!(found[2]["clientId"], "bad \u{1b}[2J");
    assert_eq!(found[2]["body"]["groupId"], "gggg");
    assert_eq!(found[2].get("latencyUs"), None);
}

#[test]
fn text_is_a_line_a_message_and_fields_below_it_if_wanted() {
    let file = capture(&two_clients());
    let output = decode(&file, &[]);
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 4);
    assert_eq!(
        text.lines().nth(1).unwrap(),
        "1970-01-01T00:16:40.001500Z 10.0.0.1:40000 <- 10.0.0.2:19092 \
         Heartbeat v0 response #3 good 10 bytes 0.100 ms"
    );
    let errors = text.lines().nth(3).unwrap();
    assert!(errors.ends_with("REBALANCE_IN_PROGRESS (27)"), "{errors}");
    let verbose = stdout(&decode(&file, &["-v"]));
    assert!(
        verbose.contains("\n      \"groupId\": \"gggg\""),
        "{verbose}"
    );
}

#[test]
fn what_a_peer_wrote_neither_drives_the_terminal_nor_breaks_a_line() {
    for arguments in [&["-v"][..], &["--format", "ndjson"]] {
        let output = decode(&capture(&two_clients()), arguments);
        let is_harmless = |byte: &u8| *byte == b'\n' || *byte >= b' ';
        assert!(output.stdout.iter().all(is_harmless), "{}", stdout(&output));
        assert!(stdout(&output).contains("1b"));
    }
}

#[test]
fn filters_admit_what_they_say() {
    let file = capture(&two_clients());
    let count = |arguments: &[&str]| objects(&file, arguments).len();
    assert_eq!(count(&["--api", "heartbeat"]), 4);
    assert_eq!(count(&["--api", "12,Fetch"]), 4);
    assert_eq!(count(&["--api", "Fetch"]), 0);
    assert_eq!(count(&["--client-id", "good"]), 2);
    assert_eq!(count(&["--client-id", "good", "--client-id", "other"]), 2);
    assert_eq!(count(&["--conn", "10.0.0.1:40001"]), 2);
    assert_eq!(count(&["--conn", "40001"]), 2);
    assert_eq!(count(&["--conn", "10.0.0.1"]), 4);
    assert_eq!(count(&["--conn", "10.0.0.1:40001 -> 10.0.0.2:19092"]), 2);
    assert_eq!(count(&["--conn", "10.0.0.3"]), 0);
    assert_eq!(count(&["--errors"]), 1);
    assert_eq!(count(&["--errors", "--client-id", "good"]), 0);
    assert_eq!(count(&["--port", "19092"]), 4);
}

#[test]
fn the_last_line_counts_everything_and_with_filters_what_is_shown() {
    let cases = [
        (&[][..], ""),
        (&["--client-id", "good"], "; shown: 2 of 4"),
        (&["--errors"], "; shown: 1 of 4"),
        (&["--from", "0s"], "; shown: 4 of 4"),
    ];
    for (arguments, shown) in cases {
        for format in ["text", "ndjson"] {
            let arguments = [arguments, &["--format", format]].concat();
            let output = decode(&capture(&two_clients()), &arguments);
            let expected =
                format!("16 packets, 2 Kafka connections: 2 requests, 2 responses{shown}");
            assert_eq!(stderr(&output).lines().last(), Some(&*expected));
        }
    }
}

#[test]
fn filters_that_admit_all_show_all_messages() {
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .args(["decode", "--from", "0s"])
        .arg(shipped())
        .output()
        .unwrap();
    let text = stderr(&output);
    let (_, shown) = text.trim_end().split_once("; shown: ").unwrap();
    let (shown, of) = shown.split_once(" of ").unwrap();
    assert_eq!(shown, of, "{text}");
}

#[test]
fn filters_that_nothing_passes_are_reported_with_what_the_capture_has() {
    let file = capture(&two_clients());
    let cases = [
        ("decode", &["--api", "Fetch"][..], ""),
        ("decode", &["--from", "1h"], ""),
        (
            "decode",
            &["--client-id", "nobody"],
            "; client ids in the capture: good, bad \\u{1b}[2J",
        ),
        (
            "groups",
            &["--group", "nope"],
            "; groups in the capture: gggg",
        ),
        ("report", &["--api", "Fetch", "-o", "/dev/null"], ""),
        (
            "summary",
            &["--client-id", "nobody", "--topic", "nope"],
            "; client ids in the capture: good, bad \\u{1b}[2J",
        ),
    ];
    for (subcommand, arguments, there_are) in cases {
        let output = command::output(subcommand, &[arguments, &["-"]].concat(), &file);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stderr(&output);
        let counts = text.lines().next().unwrap();
        assert!(counts.starts_with("16 packets, "), "{text}");
        let is_counted = counts.ends_with("; shown: 0 of 4");
        assert_eq!(is_counted, subcommand == "decode", "{text}");
        let expected = format!("kafka-capture: no message passes the filters{there_are}");
        assert_eq!(text.lines().last(), Some(&*expected));
    }
}

#[test]
fn filters_that_nothing_passes_are_reported_with_five_values_at_most() {
    let mut sent = Vec::new();
    for (port, client_id) in (40_000..).zip(["a", "b", "c", "d", "e", "f", "g"]) {
        let mut conversation = Conversation::new(port);
        conversation.send(true, &heartbeat(3, client_id, 4), 1000);
        conversation.send(false, &heartbeat_response(3, 0), 1000);
        conversation.close();
        sent.extend(conversation.sent);
    }
    let text = stderr(&decode(&capture(&sent), &["--client-id", "nobody"]));
    assert!(
        text.ends_with("; client ids in the capture: a, b, c, d, e, ..\n"),
        "{text}"
    );
}

#[test]
fn each_kind_of_bad_input_has_a_sentence_and_an_exit_code_of_its_own() {
    let good = capture(&two_clients());
    let no_kafka = pcap(101, &[], 0);
    let unknown = pcap(147, &[(1, vec![0; 60])], 60);
    let cases: [(&[u8], &[&str], i32, &str); 7] = [
        (b"hello, this is not a capture", &[], 3, "not a capture"),
        (b"", &[], 3, "not a capture"),
        (&good[..good.len() - 5], &[], 4, "cut off"),
        (&unknown, &[], 5, "unknown link type 147"),
        (&no_kafka, &[], 6, "nothing of Kafka"),
        (&good, &["--port", "9"], 6, "no connection to the ports"),
        (&good, &["--api", "Fech"], 2, "Fetch"),
    ];
    for (input, arguments, code, says) in cases {
        let output = decode(input, arguments);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(
            stderr(&output).contains(says),
            "{says}: {}",
            stderr(&output)
        );
    }
    // Code 5 means that nothing of the capture can be read. A single such packet is counted.
    let mut mixed = support::packets::pcapng(147, &[(1, vec![0; 60])], false, 6);
    let conversation = two_clients();
    let packets = conversation
        .iter()
        .map(|sent| (sent.time.into(), sent.ipv4()));
    let packets: Vec<_> = packets.collect();
    mixed.extend(support::packets::pcapng(101, &packets, false, 6));
    let output = decode(&mixed, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains(", 1 packet of an unknown link type"),
        "{}",
        stderr(&output)
    );
    // What could be read before is kept.
    assert_eq!(
        stdout(&decode(&good[..good.len() - 5], &[]))
            .lines()
            .count(),
        4
    );
    let absent = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .args(["decode", "there-is-no-such-file"])
        .output()
        .unwrap();
    assert_eq!(absent.status.code(), Some(1));
    assert!(stderr(&absent).contains("there-is-no-such-file"));
}

#[test]
fn packets_cut_by_the_snap_length_are_named_where_nothing_of_kafka_is_found() {
    let sent = two_clients();
    // The header of IP and TCP, without what follows.
    let cut = support::packets::capture_kept(&sent, 40);
    for arguments in [&[][..], &["--port", "19092"]] {
        let output = decode(&cut, arguments);
        assert_eq!(output.status.code(), Some(6));
        let says = format!(
            "4 of {} packets were cut by the snap length; capture them whole, as tcpdump -s 0 does",
            sent.len()
        );
        assert!(
            stderr(&output).contains(&says),
            "{says}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_few_packets_that_were_cut_do_not_hide_the_other_reasons() {
    let mut conversation = Conversation::new(40_000);
    for _ in 0..30 {
        conversation.send(true, b"hello", 1000);
    }
    let packets: Vec<_> = conversation.sent.iter().map(Sent::ipv4).collect();
    let mut file = pcap(101, &[], 0);
    for (index, packet) in packets.iter().enumerate() {
        let kept = if index == 20 { 40 } else { packet.len() };
        file.extend(&pcap(101, &[(0, packet.clone())], kept)[24..]);
    }
    let errors = stderr(&decode(&file, &[]));
    assert!(errors.contains("--keylog"), "{errors}");
    assert!(
        errors.contains("; 1 of 33 packets was cut by the snap length"),
        "{errors}"
    );
}

#[test]
fn one_of_a_kind_is_not_counted_in_the_plural() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(1, "a", 4), 1000);
    conversation.send(false, &heartbeat_response(1, 0), 1000);
    conversation.close();
    let output = command::output("summary", &["-"], &capture(&conversation.sent));
    let text = stdout(&output);
    let says = "packets, 1 connection, 1 request, 1 response, 0 without response expected";
    assert!(text.contains(says), "{text}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .arg("decode")
        .arg(shipped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn several_files_are_one_capture() {
    let whole = two_clients();
    let directory = std::env::temp_dir().join(format!("kafka-capture-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    // The second file begins within the first connection.
    let files = [&whole[..4], &whole[4..]].map(capture);
    let paths = ["1.pcap", "2.pcap"].map(|name| directory.join(name));
    for (path, file) in paths.iter().zip(files) {
        std::fs::write(path, file).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .arg("decode")
        .args(&paths)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(stdout(&output).lines().count(), 4, "{}", stderr(&output));
}

#[test]
fn all_bodies_of_the_shipped_capture_are_decoded_and_its_secrets_are_not_shown() {
    let file = std::fs::read(shipped()).unwrap();
    let found = objects(&file, &[]);
    assert!(found.len() > 100);
    for object in &found {
        let is_whole = object.get("body").is_some() && object.get("error").is_none();
        assert!(is_whole, "{object}");
    }
    let is_token =
        |object: &&Value| object["api"] == "SaslAuthenticate" && object["kind"] == "request";
    let tokens: Vec<_> = found.iter().filter(is_token).collect();
    assert!(!tokens.is_empty());
    assert!(
        tokens
            .iter()
            .all(|token| token["body"]["authBytes"] == "[hidden]")
    );
    let failed = objects(&file, &["--errors", "--api", "CreateTopics"]);
    assert_eq!(failed.len(), 1);
}

#[test]
fn completions_of_every_shell_name_the_subcommands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = command::output("completions", &[shell], b"");
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let text = stdout(&output);
        for subcommand in ["decode", "segment", "summary", "connections"] {
            assert!(text.contains(subcommand), "{shell}: {subcommand}");
        }
    }
}

/// The help of a subcommand, or of the command, in a terminal of any width.
fn help(subcommand: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-capture"))
        .args(subcommand)
        .arg("--help")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{subcommand:?}");
    stdout(&output)
}

#[test]
fn examples_in_help_are_not_wrapped_in_a_terminal_of_80_columns() {
    let whole = help(&[]);
    let names = whole.split_once("Commands:\n").unwrap().1.lines();
    let names: Vec<&str> = names
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !["", "help"].contains(name))
        .collect();
    assert!(names.len() > 9, "{names:?}");
    for name in names.iter().map(|name| vec![*name]).chain([vec![]]) {
        let text = help(&name);
        let examples = text.split_once("Examples:\n");
        let (_, examples) = examples.unwrap_or_else(|| panic!("{name:?} has no examples"));
        let mut is_continued = false;
        for line in examples.lines().take_while(|line| !line.is_empty()) {
            assert!(line.chars().count() <= 78, "{name:?}: {line}");
            // What is wrapped in spite of that begins with neither.
            let is_whole = line.starts_with("    ") == is_continued && line.starts_with("  ");
            assert!(is_whole, "{name:?}: {line}");
            is_continued = line.ends_with(['|', '\\']);
        }
    }
}

#[test]
fn the_help_of_the_command_answers_questions() {
    let text = help(&[]);
    for question in ["report -o", "summary", "connections", "groups"] {
        let example = format!("\n  kafka-capture {question} ");
        assert!(text.contains(&example), "{question}: {text}");
    }
}
