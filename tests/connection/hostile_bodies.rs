//! Bodies of a hostile broker, in the messages that the connection itself decodes.

use kafka_codec::ApiKey;
use kafka_codec::connection::{CloseReason, NegotiationFault};

use crate::driver::{Driver, options};

/// What negotiating says to a body.
fn fault_of(body: &[u8]) -> String {
    let mut driver = Driver::once(options());
    driver.open();
    let first = driver.take();
    assert_eq!(first.key, ApiKey::ApiVersions);
    driver.answer_raw(&first, body);
    match &driver.closed().reason {
        CloseReason::Negotiation(fault @ NegotiationFault::Undecodable(_)) => fault.to_string(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_count_of_tags_beyond_all_bounds_is_an_error() {
    // No error, no APIs, no throttling, 2^32-1 tags.
    let error = fault_of(b"\0\0\x01\0\0\0\0\xff\xff\xff\xff\x0f");
    assert!(error.contains("count 4294967295"), "{error}");
}

#[test]
fn an_array_as_long_as_the_bytes_left_is_an_error() {
    let mut body = b"\0\0\x81\x08".to_vec();
    body.extend([0; 1024]);
    let error = fault_of(&body);
    assert!(error.contains("count 1024"), "{error}");
}

/// Every prefix of a body and every byte changed: an answer or an error, never a panic, and always an end.
#[test]
fn bodies_that_are_cut_or_changed_are_answers_or_errors() {
    use kafka_codec::Message;
    let body = crate::driver::all_versions()
        .encode_to_vec(kafka_codec::Version(5))
        .unwrap();
    let play = |body: &[u8]| {
        let mut driver = Driver::once(options());
        driver.open();
        let first = driver.take();
        driver.answer_raw(&first, body);
        let state = driver.connection.state().to_string();
        // Whatever it said, it is ready, closed, or asked again.
        assert!(
            ["ready", "closed", "negotiating versions"].contains(&&*state),
            "{state}"
        );
    };
    for end in 0..body.len() {
        play(&body[..end]);
    }
    for at in 0..body.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = body.clone();
            changed[at] = value;
            play(&changed);
        }
    }
}
