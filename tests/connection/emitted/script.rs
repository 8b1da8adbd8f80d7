//! A connection that has something to count everywhere.

use kafka_codec::connection::sasl::Plain;
use kafka_codec::connection::{
    DecodedResponse, Event, OnTimeout, Outcome, SubmitOptions, TimeoutFrom,
};
use kafka_codec::messages::{ApiVersionsRequest, SaslAuthenticateResponse, SaslHandshakeResponse};
use kafka_codec::{ApiKey, ErrorCode};

use crate::driver::{Driver, ms, options, request, response};

/// A connection to which nearly everything happens: answers, throttling, requests that are given up, answers that come late or to
/// requests that have none, probes, and an end in the middle of a response.
pub(super) fn eventful() -> Vec<Event> {
    let options = options()
        .with_request_timeout(ms(1_000), TimeoutFrom::Submitted)
        .with_on_timeout(OnTimeout::Abandon);
    let mut driver = Driver::once(options.clone());
    driver.configure(options, vec![Box::new(Plain::new("alice", "secret"))]);
    let authenticate = |driver: &mut Driver| {
        let asked = driver.take();
        driver.wait(2);
        driver.answer(&asked, &SaslHandshakeResponse::default());
        let asked = driver.take();
        driver.wait(3);
        let answer = SaslAuthenticateResponse {
            session_lifetime_ms: 10_000,
            ..Default::default()
        };
        driver.answer(&asked, &answer);
    };
    driver.open();
    driver.wait(1);
    driver.answer_versions();
    authenticate(&mut driver);

    driver.submit(ApiKey::Metadata, 12);
    let metadata = driver.take();
    driver.wait(5);
    let frame = response(&metadata, &250_i32.to_be_bytes());
    driver.receive(&frame[..10]);
    driver.wait(3);
    driver.receive(&frame[10..]);
    driver.submit(ApiKey::ApiVersions, 3);
    driver.wait(250);
    let versions = driver.take();
    driver.answer_raw(&versions, b"\0\0\x05\0");
    let response_of = |event: &Event| match event {
        Event::Completed(done) => match done.outcome() {
            Outcome::Response(response) => Some(response.clone()),
            _ => None,
        },
        _ => None,
    };
    let bad = driver.events.iter().rev().find_map(response_of).unwrap();
    let codes = [7, 12_345, 7].map(ErrorCode);
    let which = DecodedResponse::from(&bad).with_error_codes(codes);
    let typed = bad.into_typed::<ApiVersionsRequest<'_>>().unwrap();
    let result = typed.decode().map(|_| ());
    driver.connection.handle_decoded(driver.now, &which, result);

    let late = driver.submit(ApiKey::Heartbeat, 4);
    let heartbeat = driver.take();
    driver.connection.cancel(driver.now, late);
    driver.answer_raw(&heartbeat, &[0; 8]);
    driver.submit(ApiKey::ListOffsets, 7);
    let slow = driver.take();
    driver.wait(1_000);
    driver.answer_raw(&slow, &[0; 8]);

    driver.connection.probe(driver.now).unwrap();
    driver.drain();
    driver.wait(4);
    driver.answer_versions();
    driver.wait(9_000);
    authenticate(&mut driver);

    let frame = request(ApiKey::Produce, 9, b"\0\0\0\0\0\0\0\0");
    driver
        .connection
        .submit_frame(driver.now, &frame, SubmitOptions::default())
        .unwrap();
    driver.drain();
    let produce = driver.take();
    driver.answer_raw(&produce, b"\0\0\0\0");
    driver.submit(ApiKey::Fetch, 16);
    let fetch = driver.take();
    driver.connection.probe(driver.now).unwrap();
    driver.drain();
    driver.is_stuck = true;
    driver.submit(ApiKey::OffsetFetch, 3);
    driver.write(7);
    driver.receive(&response(&fetch, &[0; 96])[..54]);
    driver.end_of_stream();
    driver.events.into()
}
