//! What ended a connection, of connections that are made to end so.
#![cfg(test)]

mod support;

use serde_json::Value;
use support::command;
use support::packets::{
    ACK, BROKER_PORT, Conversation, FIN, RST, SYN, Sent, capture, frame, heartbeat,
    heartbeat_response,
};

const SECOND: u32 = 1_000_000;

/// A client that is believed to speak Kafka, and goes on to the end.
fn other() -> Conversation {
    let mut conversation = talk(50_000, "other");
    for id in 1..20 {
        conversation.wait(SECOND);
        conversation.send(true, &heartbeat(id, "other", 3), 1000);
        conversation.send(false, &heartbeat_response(id, 0), 1000);
    }
    conversation
}

/// A connection with a request and its answer.
fn talk(port: u16, client_id: &str) -> Conversation {
    let mut conversation = Conversation::new(port);
    conversation.send(true, &heartbeat(0, client_id, 3), 1000);
    conversation.send(false, &heartbeat_response(0, 0), 1000);
    conversation
}

/// A Fetch request in version 4 that may wait for so many milliseconds.
fn fetch(id: i32, max_wait: i32) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0, 4];
    bytes.extend(id.to_be_bytes());
    bytes.extend([0, 1, b'c', 0xff, 0xff, 0xff, 0xff]);
    bytes.extend(max_wait.to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    frame(&bytes)
}

/// Its response, without records.
fn fetch_response(id: i32) -> Vec<u8> {
    frame(&[&id.to_be_bytes()[..], &[0; 8]].concat())
}

fn connection(sent: &[Sent]) -> Value {
    let mut all = [sent, &other().sent].concat();
    all.sort_by_key(|each| each.time);
    let arguments = ["--format", "ndjson", "-"];
    let (code, output, errors) = command::texts("connections", &arguments, &capture(&all));
    assert_eq!(code, Some(0), "{errors}");
    let lines: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let port = format!(":{} ->", sent[0].client_port);
    let mut lines = lines.into_iter();
    lines
        .find(|line| line["conn"].as_str().unwrap().contains(&port))
        .unwrap()
}

#[track_caller]
fn check(conversation: Conversation, cause: &str, ended_by: Option<&str>) -> Value {
    let found = connection(&conversation.sent);
    assert_eq!(found["cause"], cause, "{found}");
    assert_eq!(found["endedBy"].as_str(), ended_by, "{found}");
    found
}

#[test]
fn a_refused_connection_has_no_cause() {
    let mut conversation = Conversation::new(40_000);
    conversation.sent.truncate(1);
    conversation.push(false, RST | ACK, &[]);
    check(conversation, "none", Some("broker RST"));
}

#[test]
fn first_bytes_tell_other_protocols() {
    let mut conversation = Conversation::new(40_000);
    conversation.push(
        true,
        ACK,
        &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 7, 7, 7, 7],
    );
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "tls-to-plaintext", Some("broker FIN"));
    let mut conversation = Conversation::new(40_000);
    conversation.push(true, ACK, b"GET / HTTP/1.1\r\nHost: kafka\r\n\r\n");
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "foreign-protocol", Some("broker FIN"));
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &frame(&[0, 18, 0, 0, 0, 0, 0, 1, 0, 1, b'c']), 1000);
    conversation.send(false, &[0x15, 3, 3, 0, 2, 2, 80], 1000);
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "plaintext-to-tls", Some("broker FIN"));
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &frame(&[0, 18, 0, 0, 0, 0, 0, 1, 0, 1, b'c']), 1000);
    conversation.send(false, b"HTTP/1.1 400 Bad Request\r\n\r\n", 1000);
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "foreign-protocol", Some("broker FIN"));
}

#[test]
fn a_broker_that_closes_after_a_request_cannot_take_it() {
    let mut conversation = talk(40_000, "c");
    conversation.push(
        true,
        ACK,
        &[&[0, 9, 0, 0, 0, 0, 0, 7][..], &[1; 500]].concat(),
    );
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "request-too-large", Some("broker FIN"));
    let mut conversation = talk(40_000, "c");
    conversation.push(true, ACK, &[0xff, 0xff, 0xff, 0xfb]);
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "malformed-request", Some("broker FIN"));
    // A few bytes that decode are not enough to believe that a connection is Kafka's.
    let mut conversation = talk(40_000, "c");
    for id in 2..9 {
        conversation.send(true, &heartbeat(id, "c", 30), 1000);
        conversation.send(false, &heartbeat_response(id, 0), 1000);
    }
    let mut malformed = heartbeat(9, "c", 3);
    let group = malformed.len() - 12;
    malformed[group] = 0x7f;
    conversation.send(true, &malformed, 1000);
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "malformed-request", Some("broker FIN"));
    let mut conversation = talk(40_000, "c");
    let mut request = heartbeat(1, "c", 3);
    request[7] = 99;
    conversation.send(true, &request, 1000);
    conversation.push(false, RST | ACK, &[]);
    check(conversation, "unsupported-version", Some("broker RST"));
}

#[test]
fn an_end_within_a_frame_of_the_one_who_ends_is_a_cut() {
    let request = heartbeat(1, "c", 30);
    let mut conversation = talk(40_000, "c");
    conversation.push(true, ACK, &request[..20]);
    conversation.push(true, FIN | ACK, &[]);
    check(conversation, "cut-mid-frame", Some("client FIN"));
    let mut conversation = talk(40_000, "c");
    conversation.send(true, &request, 1000);
    conversation.push(false, ACK, &heartbeat_response(1, 0)[..9]);
    conversation.push(false, RST | ACK, &[]);
    check(conversation, "cut-mid-frame", Some("broker RST"));
    // A client that closes while a response arrives does so by itself.
    let mut conversation = talk(40_000, "c");
    conversation.send(true, &fetch(1, 5000), 1000);
    conversation.push(false, ACK, &heartbeat_response(1, 0)[..9]);
    conversation.push(true, RST | ACK, &[]);
    check(conversation, "client-reset", Some("client RST"));
}

#[test]
fn data_that_is_never_acknowledged_is_silence() {
    let mut conversation = talk(40_000, "c");
    conversation.wait(SECOND);
    conversation.send(true, &heartbeat(1, "c", 3), 1000);
    let request = conversation.sent.last().unwrap().clone();
    for turn in 1..4 {
        let mut again = request.clone();
        again.time += turn * SECOND;
        conversation.sent.push(again);
    }
    let found = check(conversation, "silent", None);
    assert_eq!(found["retransmissions"], 3);
    assert_eq!(found["unanswered"][0]["api"], "Heartbeat");
}

#[test]
fn silence_after_the_broker_has_closed_is_not_the_cause() {
    let mut conversation = talk(40_000, "c");
    conversation.wait(6 * SECOND);
    conversation.push(false, FIN | ACK, &[]);
    conversation.wait(SECOND);
    conversation.send(true, &heartbeat(1, "c", 3), 1000);
    let request = conversation.sent.last().unwrap().clone();
    for turn in 1..4 {
        let mut again = request.clone();
        again.time += turn * SECOND;
        conversation.sent.push(again);
    }
    check(conversation, "idle-broker", Some("broker FIN"));
}

#[test]
fn a_broker_that_closes_is_reset_or_idle() {
    let mut conversation = talk(40_000, "c");
    conversation.send(true, &fetch(1, 5000), 1000);
    conversation.wait(SECOND / 2);
    conversation.push(false, FIN | ACK, &[]);
    let found = check(conversation, "broker-reset", Some("broker FIN"));
    assert_eq!(found["unanswered"][0]["api"], "Fetch");
    assert_eq!(found["unanswered"][0]["ageUs"], 500_100);
    let mut conversation = talk(40_000, "c");
    conversation.wait(6 * SECOND);
    conversation.push(false, FIN | ACK, &[]);
    check(conversation, "idle-broker", Some("broker FIN"));
    let mut conversation = talk(40_000, "c");
    conversation.wait(6 * SECOND);
    conversation.push(false, RST | ACK, &[]);
    check(conversation, "broker-reset", Some("broker RST"));
}

#[test]
fn a_connection_is_not_idle_when_the_broker_breaks_others_off_with_it() {
    let idle = || {
        let mut conversation = talk(40_000, "c");
        conversation.wait(6 * SECOND);
        conversation
    };
    for (apart, cause) in [(1000, "broker-reset"), (SECOND, "idle-broker")] {
        let mut quiet = idle();
        let mut busy = talk(40_001, "d");
        busy.wait(6 * SECOND - 1000);
        busy.send(true, &fetch(1, 5000), 1000);
        busy.push(false, FIN | ACK, &[]);
        quiet.wait(apart);
        quiet.push(false, FIN | ACK, &[]);
        quiet.sent.extend(busy.sent);
        check(quiet, cause, Some("broker FIN"));
    }
}

#[test]
fn a_broker_that_refuses_a_request_of_one_client_does_not_break_off_others() {
    let mut quiet = talk(40_000, "c");
    quiet.wait(6 * SECOND);
    let mut refused = talk(40_001, "d");
    refused.wait(6 * SECOND - 1000);
    let mut request = heartbeat(1, "d", 3);
    request[7] = 99;
    refused.send(true, &request, 1000);
    refused.push(false, RST | ACK, &[]);
    quiet.push(false, FIN | ACK, &[]);
    quiet.sent.extend(refused.sent);
    check(quiet, "idle-broker", Some("broker FIN"));
}

#[test]
fn a_request_that_was_sent_after_the_end_is_not_the_reason_for_it() {
    let pooled = |port| {
        let mut conversation = talk(port, "c");
        conversation.wait(6 * SECOND);
        conversation.push(false, FIN | ACK, &[]);
        conversation
    };
    let mut used = pooled(40_000);
    used.wait(SECOND / 2);
    used.send(true, &heartbeat(1, "c", 3), 1000);
    used.push(false, RST, &[]);
    // An idle connection that the broker closes with it.
    used.sent.extend(pooled(40_001).sent);
    let found = check(used, "idle-broker", Some("broker FIN"));
    let evidence = found["because"].as_str().unwrap();
    assert!(
        evidence.ends_with("nothing in flight; 1 request was sent after that"),
        "{evidence}"
    );
}

#[test]
fn a_broker_that_leaves_the_first_api_versions_may_be_too_old() {
    let asked = || {
        let mut conversation = Conversation::new(40_000);
        conversation.send(true, &frame(&[0, 18, 0, 0, 0, 0, 0, 0, 0, 1, b'c']), 1000);
        conversation.wait(2 * SECOND);
        conversation
    };
    let ends = [
        (false, FIN, "broker-reset", "broker FIN"),
        (false, RST, "broker-reset", "broker RST"),
        (true, FIN, "client-timeout", "client FIN"),
    ];
    for (by_client, flags, cause, by) in ends {
        let mut conversation = asked();
        conversation.push(by_client, flags | ACK, &[]);
        let found = check(conversation, cause, Some(by));
        let evidence = found["because"].as_str().unwrap();
        let hint = "; brokers before 0.10 do not know ApiVersions";
        assert!(evidence.ends_with(hint), "{evidence}");
    }
    let mut later = talk(40_000, "c");
    later.send(true, &frame(&[0, 18, 0, 0, 0, 0, 0, 1, 0, 1, b'c']), 1000);
    later.push(false, FIN | ACK, &[]);
    // The broker answers another client what no broker before 0.10 knows.
    let mut of_new = asked();
    of_new.push(false, FIN | ACK, &[]);
    let mut another = talk(40_001, "d");
    another.send(true, &fetch(1, 0), 1000);
    another.send(false, &fetch_response(1), 1000);
    of_new.sent.extend(another.sent);
    for conversation in [later, of_new] {
        let found = check(conversation, "broker-reset", Some("broker FIN"));
        let evidence = found["because"].as_str().unwrap();
        assert!(!evidence.contains("0.10"), "{evidence}");
    }
}

#[test]
fn a_client_that_closes_has_waited_too_long_unless_the_broker_may_hold_the_request() {
    let mut conversation = talk(40_000, "c");
    conversation.send(true, &heartbeat(1, "c", 3), 1000);
    conversation.wait(2 * SECOND);
    conversation.push(true, FIN | ACK, &[]);
    conversation.wait(2 * SECOND);
    conversation.send(false, &heartbeat_response(1, 0), 1000);
    let found = check(conversation, "client-timeout", Some("client FIN"));
    assert_eq!(found["unanswered"], Value::Array(Vec::new()));
    let mut held = talk(40_000, "c");
    held.send(true, &fetch(1, 5000), 1000);
    held.wait(2 * SECOND);
    held.push(true, FIN | ACK, &[]);
    check(held, "client-close", Some("client FIN"));
    let mut overdue = talk(40_000, "c");
    overdue.send(true, &fetch(1, 500), 1000);
    overdue.wait(2 * SECOND);
    overdue.push(true, FIN | ACK, &[]);
    check(overdue, "client-timeout", Some("client FIN"));
}

#[test]
fn a_client_that_resets_is_gone() {
    let mut conversation = talk(40_000, "c");
    conversation.push(true, RST | ACK, &[]);
    check(conversation, "client-reset", Some("client RST"));
    let mut conversation = talk(40_000, "c");
    conversation.send(true, &fetch(1, 5000), 1000);
    conversation.push(true, FIN | ACK, &[]);
    conversation.wait(SECOND);
    conversation.send(false, &fetch_response(1), 1000);
    conversation.push(true, RST, &[]);
    check(conversation, "client-reset", Some("client FIN"));
}

#[test]
fn a_client_closes_idle_connections_one_by_one_and_all_when_it_ends() {
    let idle = |port, client_id| {
        let mut conversation = talk(port, client_id);
        conversation.wait(4 * SECOND);
        conversation.close();
        conversation
    };
    check(idle(40_000, "c"), "idle-client", Some("client FIN"));
    let both = [idle(40_000, "c").sent, idle(40_001, "c").sent].concat();
    assert_eq!(connection(&both)["cause"], "client-close");
    let mut conversation = talk(40_000, "c");
    conversation.close();
    check(conversation, "client-close", Some("client FIN"));
    check(talk(40_000, "c"), "still-open", None);
}

#[test]
fn connections_to_other_addresses_are_not_listed() {
    let mut foreign = Conversation::new(40_000);
    foreign.push(true, ACK, b"GET / HTTP/1.1\r\n\r\n");
    foreign.close();
    let (code, output, _) = command::texts(
        "connections",
        &["--format", "ndjson", "-"],
        &capture(&foreign.sent),
    );
    assert_eq!(code, Some(6));
    assert_eq!(output, "");
    assert!(foreign.sent[0].flags & SYN > 0 && BROKER_PORT > 0);
}
