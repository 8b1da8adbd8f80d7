//! Rule 2: correlation ids are positive, wrap, pass over those in flight, and leave a range to SASL.

use kafka_codec::ApiKey;

use crate::driver::{Driver, options};

#[test]
fn rule_2_ids_begin_where_asked_and_wrap_to_positive() {
    let first = i32::MAX - 1;
    let options = options()
        .with_first_correlation_id(first)
        .with_reserved_sasl_ids(false);
    let mut driver = Driver::once(options);
    driver.open_ready();
    let mut ids = Vec::new();
    for _ in 0..3 {
        driver.submit(ApiKey::Metadata, 12);
        ids.push(driver.take().correlation_id);
    }
    assert_eq!(ids, [i32::MAX, 1, 2]);
}

#[test]
fn rule_2_an_id_in_flight_is_passed_over() {
    let options = options()
        .with_first_correlation_id(1)
        .with_reserved_sasl_ids(false);
    let mut driver = Driver::once(options);
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    assert_eq!(driver.take().correlation_id, 2);
    assert_eq!(driver.connection.in_flight(), 1);
    // The unit test of the ids wraps them; here the id of a request in flight is seen to count.
    let labels: Vec<_> = driver.connection.labels_in_flight().collect();
    assert_eq!(labels[0].to_string(), "Fetch v16 (correlation 2)");
}

#[test]
fn rule_2_ids_below_one_are_not_used() {
    let mut driver = Driver::once(options().with_first_correlation_id(-5));
    driver.open();
    assert_eq!(driver.take().correlation_id, 1);
}
