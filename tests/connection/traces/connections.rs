//! Events about connections themselves, from the beginning to the end.

use kafka_codec::ApiKey;
use kafka_codec::connection::sasl::Plain;
use kafka_codec::messages::{SaslAuthenticateResponse, SaslHandshakeResponse};

use super::{Flag, Number, Printed, Traced, fields, one, text, trace};
use crate::driver::{Driver, options, response};

#[test]
fn requests_that_fail_at_the_end_say_why_and_how_far_and_the_end_names_the_one_that_was_due() {
    let mut driver = Driver::once(options().with_max_in_flight(1));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.submit(ApiKey::Produce, 9);
    let fetch = driver.take();
    driver.receive(&response(&fetch, &[0; 96])[..54]);
    driver.wait(20);
    driver.end_of_stream();
    let report = driver.closed();
    let traced = trace(&mut driver);

    let failed: Vec<_> = traced
        .iter()
        .filter(|each| each.fields["event"] == text("completed"))
        .map(|each| ["api", "outcome", "delivery"].map(|field| each.fields[field].clone()))
        .collect();
    assert_eq!(
        failed,
        [
            ["Fetch", "remote_eof", "response_partial"].map(text),
            ["Produce", "remote_eof", "not_sent"].map(text),
        ]
    );
    let is_produce = |each: &&Traced| each.fields.get("api") == Some(&text("Produce"));
    let produce = traced.iter().find(is_produce).unwrap();
    assert!(
        !produce.fields.contains_key("queue_us"),
        "it did not get there"
    );
    assert_eq!(
        produce.message,
        "broker 1 (b1:9092): Produce v9 (correlation 3): not sent: \
         peer closed after 50 of 101 bytes (Fetch v16 (correlation 2) was due)"
    );

    let (message, found) = one(&traced, "closed");
    assert_eq!(message, report.to_string());
    let expected = fields(
        "closed",
        [
            ("api", text("Fetch")),
            ("api_version", Number(16)),
            ("correlation_id", Number(2)),
            ("state", text("closed")),
            ("previous_state", text("ready")),
            ("previous_state_us", Number(20_000)),
            ("idle_us", Number(20_000)),
            ("age_us", Number(20_000)),
            ("reason", text("remote_eof")),
            ("hint", Printed("probably the port expects SASL".to_owned())),
            ("fingerprint", Number(report.fingerprint().into())),
            ("in_flight", Number(1)),
            ("not_sent", Number(1)),
            ("responses", Number(0)),
            ("bytes_out", Number(report.bytes_out.into())),
            ("bytes_in", Number(report.bytes_in.into())),
        ],
    );
    assert_eq!(found, expected);
    assert_eq!(traced.last().unwrap().fields, expected, "it is the last");
}

#[test]
fn the_beginning_is_told_step_by_step_and_without_secrets() {
    let mut driver = Driver::once(options());
    driver.configure(options(), vec![Box::new(Plain::new("alice", "swordfish"))]);
    driver.submit(ApiKey::Fetch, 16);
    driver.open();
    driver.wait(1);
    driver.answer_versions();
    let asked = driver.take();
    driver.wait(2);
    driver.answer(&asked, &SaslHandshakeResponse::default());
    let asked = driver.take();
    driver.wait(3);
    let answer = SaslAuthenticateResponse {
        session_lifetime_ms: 60_000,
        ..Default::default()
    };
    driver.answer(&asked, &answer);
    let traced = trace(&mut driver);
    assert_eq!(
        one(&traced, "sasl_started").1,
        fields(
            "sasl_started",
            [("mechanism", text("PLAIN")), ("again", Flag(false))]
        )
    );
    assert_eq!(
        one(&traced, "versions_negotiated").1["response_version"],
        Number(5)
    );
    let (message, found) = one(&traced, "sasl_step");
    assert_eq!(
        message,
        "broker 1 (b1:9092): broker answered SASL token 1 with 0 bytes"
    );
    let expected = fields(
        "sasl_step",
        [("rounds", Number(1)), ("bytes_in", Number(0))],
    );
    assert_eq!(found, expected);
    let (message, found) = one(&traced, "sasl_succeeded");
    assert_eq!(
        message,
        "broker 1 (b1:9092): authenticated with PLAIN after 5 ms"
    );
    let expected = fields(
        "sasl_succeeded",
        [
            ("mechanism", text("PLAIN")),
            ("rounds", Number(1)),
            ("again", Flag(false)),
            ("took_us", Number(5_000)),
            ("lifetime_us", Number(60_000_000)),
            ("waiting", Number(1)),
        ],
    );
    assert_eq!(found, expected);
    let (message, found) = one(&traced, "ready");
    assert_eq!(message, "broker 1 (b1:9092): ready after 6 ms");
    let expected = fields(
        "ready",
        [
            ("api_versions_us", Number(1_000)),
            ("sasl_handshake_us", Number(2_000)),
            ("sasl_authenticate_us", Number(3_000)),
        ],
    );
    assert_eq!(found, expected);
    let states: Vec<_> = traced
        .iter()
        .filter(|each| each.fields["event"] == text("state_changed"))
        .map(|each| each.fields["state"].clone())
        .collect();
    let names = [
        "api_versions",
        "sasl_handshake",
        "sasl_authenticate",
        "ready",
    ];
    assert_eq!(states, names.map(text));
    assert!(!format!("{traced:?}").contains("swordfish"));
}

#[test]
fn a_hint_stands_beside_the_message() {
    let mut driver = Driver::once(options());
    driver.open();
    driver.end_of_stream();
    let (message, found) = one(&trace(&mut driver), "closed");
    assert_eq!(
        found["hint"],
        Printed("probably the port expects TLS".to_owned())
    );
    assert!(!message.contains("TLS"));
}
