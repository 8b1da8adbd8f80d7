//! Rule 11: Produce with acks 0 is over when its last byte is accepted. And how many requests are in flight.

use kafka_codec::ApiKey;
use kafka_codec::connection::{Delivery, Event, Outcome, SubmitOptions};

use crate::driver::{Driver, options, produce, replay};

fn submit(driver: &mut Driver, acks: i16) {
    let options = SubmitOptions::default();
    driver
        .connection
        .submit_frame(driver.now, &produce(acks), options)
        .unwrap();
    driver.drain();
}

#[test]
fn rule_11_acks_0_is_over_with_its_last_byte() {
    replay(|driver| {
        driver.open_ready();
        submit(driver, 0);
        submit(driver, 1);
        let done = driver.completions();
        assert_eq!(done.len(), 1);
        assert!(matches!(done[0].outcome(), Outcome::Written));
        assert_eq!(done[0].delivery(), Delivery::SentNoResponse);
        assert_eq!(driver.connection.in_flight(), 1);
    });
}

#[test]
fn rule_11_acks_0_is_not_over_before() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.is_stuck = true;
    submit(&mut driver, 0);
    let length = 4 + produce(0).len();
    driver.write(length - 1);
    assert!(driver.completions().is_empty());
    driver.write(1);
    assert_eq!(driver.completions().len(), 1);
}

/// Scenario "probe on acks=0"; rule 1's class `Acks0Reply`.
#[test]
fn rule_11_an_answer_to_acks_0_is_passed_over_and_probes_stay_possible() {
    replay(|driver| {
        driver.open_ready();
        submit(driver, 0);
        let unanswered = driver.take();
        driver.connection.probe(driver.now).unwrap();
        driver.drain();
        let probe = driver.take();
        driver.forget();
        driver.answer_raw(&unanswered, b"not asked for");
        driver.answer(&probe, &crate::driver::all_versions());
        let events = driver.take_events();
        let [
            Event::UnexpectedResponse { label, .. },
            Event::Probed { .. },
        ] = &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!(label.correlation_id, unanswered.correlation_id);
    });
}

#[test]
fn rule_11_no_more_requests_are_in_flight_than_allowed() {
    replay(|driver| {
        driver.configure(options().with_max_in_flight(2), Vec::new());
        driver.open_ready();
        for _ in 0..4 {
            driver.submit(ApiKey::Metadata, 12);
        }
        assert_eq!(
            (driver.connection.in_flight(), driver.connection.waiting()),
            (2, 2)
        );
        let first = driver.take();
        driver.take();
        assert!(driver.wrote_nothing());
        driver.wait(30);
        driver.answer_raw(&first, b"\0\0\0\0");
        let third = driver.take();
        assert!(driver.wrote_nothing());
        let second = crate::driver::Written {
            correlation_id: third.correlation_id - 1,
            ..third.clone()
        };
        driver.answer_raw(&second, b"\0\0\0\0");
        driver.answer_raw(&third, b"\0\0\0\0");
        let done = driver.completions();
        assert_eq!(done[2].timings().waits.in_flight, crate::driver::ms(30));
    });
}

#[test]
fn rule_11_one_request_at_a_time_while_the_connection_begins() {
    let mut driver = Driver::once(options());
    driver.submit(ApiKey::Metadata, 12);
    driver.submit(ApiKey::Metadata, 12);
    driver.open();
    driver.take();
    assert!(driver.wrote_nothing());
    assert_eq!(
        (driver.connection.in_flight(), driver.connection.waiting()),
        (1, 2)
    );
}
