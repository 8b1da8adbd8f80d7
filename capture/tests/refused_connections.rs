//! Connections that a broker refuses to go on with, by what the client asked for and how it logged in.
#![cfg(test)]

mod support;

use serde_json::Value;
use support::command;
use support::packets::{ACK, Conversation, FIN, RST, Sent, capture, frame};

const SECOND: u32 = 1_000_000;
const ILLEGAL_SASL_STATE: i16 = 34;
const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
const SASL_AUTHENTICATION_FAILED: i16 = 58;

/// A request with the client id `c`, in a header that is not flexible.
fn request(api: i16, version: i16, id: i32, body: &[u8]) -> Vec<u8> {
    let mut bytes = [api.to_be_bytes(), version.to_be_bytes()].concat();
    bytes.extend(id.to_be_bytes());
    bytes.extend([0, 1, b'c']);
    bytes.extend(body);
    frame(&bytes)
}

fn response(id: i32, body: &[u8]) -> Vec<u8> {
    frame(&[&id.to_be_bytes()[..], body].concat())
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn token(token: &[u8]) -> Vec<u8> {
    [&u32::try_from(token.len()).unwrap().to_be_bytes(), token].concat()
}

/// ApiVersions in version 0, and the APIs that this broker serves: key and versions.
fn api_versions(conversation: &mut Conversation, id: i32) {
    conversation.send(true, &request(18, 0, id, &[]), 1000);
    let served = [
        (0, 0, 13),
        (3, 0, 13),
        (11, 2, 9),
        (17, 0, 1),
        (18, 0, 4),
        (36, 0, 2),
    ];
    let mut body = vec![0, 0, 0, 0, 0, u8::try_from(served.len()).unwrap()];
    for (key, min, max) in served {
        body.extend([0, key, 0, min, 0, max]);
    }
    conversation.send(false, &response(id, &body), 1000);
}

/// A client on the way to log in, that has told the broker its mechanism and was answered with this error.
fn handshake(version: i16, mechanism: &str, error: i16) -> Conversation {
    let mut conversation = Conversation::new(40_000);
    api_versions(&mut conversation, 0);
    conversation.send(true, &request(17, version, 1, &text(mechanism)), 1000);
    let body = [&error.to_be_bytes()[..], &[0, 0, 0, 1], &text("PLAIN")].concat();
    conversation.send(false, &response(1, &body), 1000);
    conversation
}

/// The same with its token, in a SaslAuthenticate that was answered with this error and lifetime of the session.
fn authenticate(error: i16, lifetime_ms: i64) -> Conversation {
    let mut conversation = handshake(1, "PLAIN", 0);
    conversation.send(true, &request(36, 1, 2, &token(b"\0alice\0secret")), 1000);
    let mut body = error.to_be_bytes().to_vec();
    body.extend([0xff, 0xff, 0, 0, 0, 0]);
    body.extend(lifetime_ms.to_be_bytes());
    conversation.send(false, &response(2, &body), 1000);
    conversation
}

fn metadata(conversation: &mut Conversation, id: i32) {
    conversation.send(true, &request(3, 1, id, &[0, 0, 0, 0]), 1000);
    conversation.send(false, &response(id, &[0; 12]), 1000);
}

/// Another client of the broker, that has told which APIs it serves.
fn other() -> Vec<Sent> {
    let mut conversation = Conversation::new(50_000);
    api_versions(&mut conversation, 0);
    for id in 1..12 {
        conversation.wait(SECOND);
        metadata(&mut conversation, id);
    }
    conversation.sent
}

#[track_caller]
fn check(mut conversation: Conversation, by_client: bool, cause: &str) -> Value {
    conversation.push(by_client, FIN | ACK, &[]);
    check_ended(&conversation, cause)
}

#[track_caller]
fn check_ended(conversation: &Conversation, cause: &str) -> Value {
    let mut all = [&conversation.sent[..], &other()].concat();
    all.sort_by_key(|each| each.time);
    let arguments = ["--format", "ndjson", "-"];
    let (_, output, errors) = command::texts("connections", &arguments, &capture(&all));
    let mut lines = output
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = lines
        .find(|line| line["conn"].as_str().unwrap().contains(":40000 ->"))
        .unwrap_or_else(|| panic!("{errors}"));
    assert_eq!(found["cause"], cause, "{found}");
    found
}

#[test]
fn requests_of_any_size_above_what_was_answered_may_be_too_large() {
    // All of it is sent before the broker closes.
    let mut whole = Conversation::new(40_000);
    metadata(&mut whole, 1);
    let topic = text(&"t".repeat(20_000));
    let body = [&[0, 0, 0, 1][..], &topic].concat();
    whole.send(true, &request(3, 1, 2, &body), 1400);
    check(whole, false, "request-too-large");
    // The size alone is sent, which is one that no broker takes.
    let mut size = Conversation::new(40_000);
    metadata(&mut size, 1);
    size.push(true, ACK, &i32::MAX.to_be_bytes());
    check(size, false, "request-too-large");
    // A request as small as others is not too large, whatever came of it.
    let mut small = Conversation::new(40_000);
    metadata(&mut small, 1);
    small.send(true, &request(3, 1, 2, &[0, 0, 0, 0]), 1000);
    small.push(false, RST | ACK, &[]);
    check_ended(&small, "broker-reset");
}

#[test]
fn versions_that_the_broker_did_not_offer_are_unsupported() {
    for (api, version, body) in [
        // Its header is flexible, and this one is not.
        (3, 50, &[][..]),
        (11, 1, &[0, 1, b'g']),
        (5, 3, &[]),
        (999, 0, &[]),
        // Brokers name it, since there are clients that ask for nothing else, and refuse it.
        (0, 2, &[0, 1, 0, 0, 3, 0xe8, 0, 0, 0, 0]),
    ] {
        let mut conversation = Conversation::new(40_000);
        metadata(&mut conversation, 1);
        conversation.send(true, &request(api, version, 2, body), 1000);
        check(conversation, false, "unsupported-version");
    }
    // Also where the first request shows no other sign of Kafka.
    let mut first = Conversation::new(40_000);
    first.send(true, &request(3, 77, 1, &[]), 1000);
    check(first, false, "unsupported-version");
}

#[test]
fn requests_that_cannot_be_read_are_malformed() {
    for bytes in [
        &[0, 0, 0, 0][..],
        &[0xff; 4],
        &[0, 0, 0, 7, 0, 3, 0, 1, 0, 0, 0],
        &request(3, 1, 2, &[0x7f, 0, 0, 0]),
        &request(11, 5, 2, &[0xff, 0xff]),
    ] {
        let mut conversation = Conversation::new(40_000);
        metadata(&mut conversation, 1);
        conversation.push(true, ACK, bytes);
        check(conversation, false, "malformed-request");
    }
}

#[test]
fn authentication_fails_by_an_error_by_silence_and_by_not_trying() {
    let found = check(
        authenticate(SASL_AUTHENTICATION_FAILED, 0),
        false,
        "auth-failed",
    );
    assert_eq!(found["user"], "alice");
    // Tokens without a header are refused by closing.
    let mut bare = handshake(0, "PLAIN", 0);
    bare.send(true, &token(b"\0alice\0secret"), 1000);
    let found = check(bare, false, "auth-failed");
    assert_eq!(found["user"], "alice");
    let mut no_login = handshake(1, "PLAIN", 0);
    no_login.send(true, &request(3, 1, 2, &[0, 0, 0, 0]), 1000);
    check(no_login, false, "auth-failed");
    // The broker answers it with an error, and closes.
    let mut answered = handshake(1, "PLAIN", 0);
    metadata(&mut answered, 2);
    check(answered, false, "auth-failed");
    // A client that has logged in and leaves is a client that leaves.
    let mut logged_in = authenticate(0, 0);
    metadata(&mut logged_in, 3);
    check(logged_in, true, "client-close");
    let mut bare = handshake(0, "PLAIN", 0);
    bare.send(true, &token(b"\0alice\0secret"), 1000);
    bare.send(false, &token(b""), 1000);
    metadata(&mut bare, 3);
    check(bare, true, "client-close");
}

#[test]
fn a_mechanism_is_refused_by_the_broker_or_the_client_wants_none_of_the_list() {
    let refused = || handshake(1, "GSSAPI", UNSUPPORTED_SASL_MECHANISM);
    let found = check(refused(), false, "mechanism-refused");
    assert!(found["because"].as_str().unwrap().contains("GSSAPI"));
    assert!(found["because"].as_str().unwrap().contains("PLAIN"));
    check(refused(), true, "mechanism-refused");
    check(handshake(1, "PLAIN", 0), true, "mechanism-refused");
}

#[test]
fn a_listener_without_sasl_does_not_make_others_fail_to_log_in() {
    let refused = handshake(1, "PLAIN", ILLEGAL_SASL_STATE);
    let mut killed = Conversation::new(40_001);
    killed.wait(SECOND);
    metadata(&mut killed, 1);
    killed.send(true, &request(3, 1, 2, &[0, 0, 0, 0]), 1000);
    killed.push(false, RST | ACK, &[]);
    let mut all = [&refused.sent[..], &killed.sent, &other()].concat();
    all.sort_by_key(|each| each.time);
    let (_, output, _) =
        command::texts("connections", &["--format", "ndjson", "-"], &capture(&all));
    let line = output.lines().find(|line| line.contains(":40001 ->"));
    let found: Value = serde_json::from_str(line.unwrap()).unwrap();
    assert_eq!(found["cause"], "broker-reset", "{found}");
}

#[test]
fn a_session_expires_when_its_lifetime_is_over_and_the_client_asks_on() {
    let mut expired = authenticate(0, 3000);
    expired.wait(SECOND);
    metadata(&mut expired, 3);
    expired.wait(3 * SECOND);
    expired.send(true, &request(3, 1, 4, &[0, 0, 0, 0]), 1000);
    check(expired, false, "session-expired");
    // Within the lifetime it is something else, and so it is where nothing was asked.
    let mut early = authenticate(0, 3000);
    early.wait(SECOND);
    early.send(true, &request(3, 1, 4, &[0, 0, 0, 0]), 1000);
    check(early, false, "broker-reset");
    let mut idle = authenticate(0, 3000);
    idle.wait(7 * SECOND);
    check(idle, false, "idle-broker");
}

#[test]
fn what_a_client_sends_after_the_broker_has_closed_is_not_refused() {
    let mut large = text(&"t".repeat(20_000));
    large.splice(0..0, [0, 0, 0, 1]);
    let begun = || {
        let mut conversation = Conversation::new(40_000);
        api_versions(&mut conversation, 0);
        metadata(&mut conversation, 1);
        conversation
    };
    for (mut conversation, bytes) in [
        (begun(), request(3, 1, 2, &large)),
        (begun(), request(3, 50, 2, &[])),
        (begun(), request(3, 1, 2, &[0x7f, 0, 0, 0])),
        (handshake(1, "PLAIN", 0), request(3, 1, 2, &[0, 0, 0, 0])),
        (handshake(0, "PLAIN", 0), token(b"\0alice\0secret")),
        (authenticate(0, 3000), request(3, 1, 4, &[0, 0, 0, 0])),
    ] {
        conversation.wait(6 * SECOND);
        conversation.push(false, FIN | ACK, &[]);
        conversation.wait(SECOND / 2);
        conversation.send(true, &bytes, 1400);
        conversation.push(false, RST, &[]);
        check_ended(&conversation, "idle-broker");
    }
}

#[test]
fn a_client_that_leaves_at_once_has_not_waited() {
    for (wait, cause) in [
        (SECOND / 20, "client-close"),
        (SECOND / 2, "client-timeout"),
    ] {
        let mut conversation = Conversation::new(40_000);
        metadata(&mut conversation, 1);
        conversation.send(true, &request(3, 1, 2, &[0, 0, 0, 0]), 1000);
        conversation.wait(wait);
        check(conversation, true, cause);
    }
}

#[test]
fn a_broker_that_closes_after_acks_0_says_so() {
    let mut conversation = Conversation::new(40_000);
    metadata(&mut conversation, 1);
    let body = [0xff, 0xff, 0, 0, 0, 0, 3, 0xe8, 0, 0, 0, 0];
    conversation.send(true, &request(0, 3, 2, &body), 1000);
    let found = check(conversation, false, "broker-reset");
    assert!(
        found["because"].as_str().unwrap().contains("acks 0"),
        "{found}"
    );
    // Sent when the broker had closed, it is not the reason.
    let mut later = Conversation::new(40_000);
    metadata(&mut later, 1);
    later.push(false, FIN | ACK, &[]);
    later.send(true, &request(0, 3, 2, &body), 1000);
    let found = check_ended(&later, "broker-reset");
    assert!(
        !found["because"].as_str().unwrap().contains("acks 0"),
        "{found}"
    );
}
