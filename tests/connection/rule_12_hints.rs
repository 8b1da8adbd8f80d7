//! Rule 12, what may be behind an end of the stream: a guess beside the error, where a broker has no way to say more.

use kafka_codec::ApiKey;
use kafka_codec::connection::sasl::{Mechanism, Plain};
use kafka_codec::connection::{Negotiation, SubmitOptions, VersionTable};
use kafka_codec::messages::SaslHandshakeResponse;

use crate::driver::{Driver, options, range, replay, request, sized};

/// Up to the token, which is bare.
fn send_bare_token(driver: &mut Driver) {
    let apis = [
        (ApiKey::SaslHandshake, range(0, 0)),
        (ApiKey::Fetch, range(0, 16)),
    ];
    let table = Negotiation::Assume(VersionTable::new(apis));
    let plain: Vec<Box<dyn Mechanism>> = vec![Box::new(Plain::new("alice", "secret"))];
    driver.configure(options().with_negotiation(table), plain);
    driver.open();
    let asked = driver.take();
    driver.answer(&asked, &SaslHandshakeResponse::default());
    assert_eq!(driver.take_frame(), b"\0alice\0secret");
}

fn hint(driver: &mut Driver) -> Option<String> {
    driver.closed().hint.map(|hint| hint.to_string())
}

#[test]
fn rule_12_a_broker_that_ends_the_stream_after_a_bare_token_refuses_the_credentials() {
    for end in [Driver::end_of_stream, Driver::reset] {
        replay(|driver| {
            send_bare_token(driver);
            end(driver);
            let expected = "probably the broker refuses the credentials";
            assert_eq!(hint(driver).as_deref(), Some(expected));
        });
    }
}

/// So Apache Kafka does, whose `connections.max.reauth.ms` a client with bare tokens does not learn.
#[test]
fn rule_12_a_broker_that_cuts_off_a_client_with_bare_tokens_may_have_ended_the_session() {
    replay(|driver| {
        send_bare_token(driver);
        driver.receive(&sized(b""));
        driver.submit(ApiKey::Fetch, 16);
        let fetch = driver.take();
        driver.answer_raw(&fetch, &[0; 32]);
        driver.submit(ApiKey::Fetch, 16);
        driver.end_of_stream();
        assert_eq!(
            hint(driver).as_deref(),
            Some("possibly the session was over")
        );
    });
    let mut driver = Driver::once(options());
    send_bare_token(&mut driver);
    driver.receive(&sized(b""));
    driver.end_of_stream();
    assert_eq!(hint(&mut driver), None, "nothing was asked");
}

#[test]
fn rule_12_a_large_request_that_is_cut_off_is_rather_too_large_than_without_sasl() {
    let cut_off = |bytes: usize, is_written: bool| {
        let mut driver = Driver::once(options());
        driver.open_ready();
        driver.is_stuck = !is_written;
        let frame = request(ApiKey::Produce, 9, &vec![1; bytes]);
        let connection = &mut driver.connection;
        connection
            .submit_frame(driver.now, &frame, SubmitOptions::default())
            .unwrap();
        if is_written {
            driver.drain();
        } else {
            driver.write(1000);
        }
        driver.end_of_stream();
        hint(&mut driver)
    };
    let too_large = Some("possibly a request is larger than the broker takes".to_owned());
    assert_eq!(cut_off(2_000_000, true), too_large);
    assert_eq!(cut_off(2_000_000, false), too_large);
    let sasl = Some("probably the port expects SASL".to_owned());
    assert_eq!(cut_off(1_000_000, true), sasl);
    assert_eq!(cut_off(1_000_000, false), None);
}
