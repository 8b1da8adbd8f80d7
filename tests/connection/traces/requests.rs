//! Events about requests.

use allocation_counter::measure;
use kafka_codec::connection::{DecodedResponse, SubmitOptions, TimeoutFrom};
use kafka_codec::messages::ApiVersionsRequest;
use kafka_codec::{ApiKey, ErrorCode};
use tracing::Level;

use super::{Flag, Number, Printed, fields, one, text, trace};
use crate::driver::{BROKER, Driver, ms, options, response};

#[test]
fn a_completed_request_has_its_names_its_stages_and_its_bytes() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    let tagged = SubmitOptions::default().with_tag(7).with_attempt(2);
    driver.submit_with(ApiKey::Metadata, 12, tagged);
    let asked = driver.take();
    driver.wait(5);
    let frame = response(&asked, &[0; 20]);
    driver.receive(&frame[..10]);
    driver.wait(3);
    driver.receive(&frame[10..]);
    let traced = trace(&mut driver);
    let (message, found) = one(&traced, "completed");
    assert_eq!(
        message,
        "broker 1 (b1:9092): Metadata v12 (correlation 2): responded after 8 ms"
    );
    let expected = fields(
        "completed",
        [
            ("api", text("Metadata")),
            ("api_version", Number(12)),
            ("correlation_id", Number(2)),
            ("tag", Number(7)),
            ("attempt", Number(2)),
            ("outcome", text("responded")),
            ("delivery", text("responded")),
            ("bytes_out", Number(26)),
            ("bytes_in", Number(29)),
            ("queue_us", Number(0)),
            ("write_us", Number(0)),
            ("head_of_line_us", Number(0)),
            ("ttfb_us", Number(5_000)),
            ("transfer_us", Number(3_000)),
            ("total_us", Number(8_000)),
        ],
    );
    assert_eq!(found, expected);
}

#[test]
fn a_request_whose_time_ran_out_says_so_whatever_became_of_its_connection() {
    let mut driver = Driver::once(options().with_request_timeout(ms(100), TimeoutFrom::Submitted));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.submit(ApiKey::Metadata, 12);
    driver.wait(100);
    let traced = trace(&mut driver);
    let completed = traced
        .iter()
        .filter(|each| each.fields["event"] == text("completed"));
    let outcomes: Vec<_> = completed
        .map(|each| ["api", "outcome", "timed_out"].map(|field| each.fields.get(field).cloned()))
        .collect();
    let timeout = Some(text("timeout"));
    assert_eq!(
        outcomes,
        [
            [Some(text("Fetch")), timeout.clone(), Some(Flag(true))],
            [Some(text("Metadata")), timeout, None],
        ]
    );
    assert_eq!(traced.last().unwrap().level, Level::WARN);
}

#[test]
fn a_blocked_request_says_on_what_and_for_how_long() {
    let mut driver = Driver::once(options().with_max_in_flight(1).with_progress_events(true));
    driver.open_ready();
    driver.submit(ApiKey::Fetch, 16);
    driver.submit(ApiKey::Metadata, 12);
    let fetch = driver.take();
    driver.wait(30);
    driver.answer_raw(&fetch, b"\0\0\0\0");
    let metadata = driver.take();
    driver.answer_raw(&metadata, b"\0\0\0\0");
    let traced = trace(&mut driver);
    let (message, found) = one(&traced, "blocked");
    assert_eq!(
        message,
        "broker 1 (b1:9092): Metadata v12 (correlation 3): blocked on in flight"
    );
    assert_eq!(found["blocked_on"], text("in_flight"));
    let (message, found) = one(&traced, "admitted");
    assert_eq!(
        message,
        "broker 1 (b1:9092): Metadata v12 (correlation 3): admitted after 30 ms"
    );
    let expected = fields(
        "admitted",
        [
            ("api", text("Metadata")),
            ("api_version", Number(12)),
            ("correlation_id", Number(3)),
            ("in_flight_wait_us", Number(30_000)),
        ],
    );
    assert_eq!(found, expected);
    let completed = traced
        .iter()
        .rev()
        .find(|each| each.fields["event"] == text("completed"));
    let completed = &completed.unwrap().fields;
    assert_eq!(
        (&completed["queue_us"], &completed["in_flight_wait_us"]),
        (&Number(30_000), &Number(30_000))
    );
}

#[test]
fn throttling_says_who_and_for_how_long() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Metadata, 12);
    let asked = driver.take();
    driver.answer_raw(&asked, &250_i32.to_be_bytes());
    let traced = trace(&mut driver);
    let (message, found) = one(&traced, "throttled");
    assert_eq!(
        message,
        "broker 1 (b1:9092): Metadata v12 (correlation 2): throttled for 250 ms"
    );
    let expected = fields(
        "throttled",
        [
            ("api", text("Metadata")),
            ("api_version", Number(12)),
            ("correlation_id", Number(2)),
            ("throttle_us", Number(250_000)),
        ],
    );
    assert_eq!(found, expected);
    assert_eq!(one(&traced, "completed").1["throttle_us"], Number(250_000));
}

#[test]
fn decoding_says_how_it_went_and_how_long_it_took() {
    for (body, outcome, expected, line) in [
        (
            &b"\0\0\x01\0\0\0\0\0"[..],
            "decoded",
            Level::DEBUG,
            "decoded after 3000 us",
        ),
        (
            b"\0\0\x05\0",
            "failed",
            Level::ERROR,
            "ApiVersionsResponse v3: ",
        ),
    ] {
        let mut driver = Driver::once(options());
        driver.open_ready();
        driver.submit_with(ApiKey::ApiVersions, 3, SubmitOptions::default().with_tag(7));
        let asked = driver.take();
        driver.answer_raw(&asked, body);
        let done = driver.completions().remove(0);
        let response = done.into_response().unwrap().unwrap();
        let codes = [ErrorCode::NONE, ErrorCode::REQUEST_TIMED_OUT];
        let which = DecodedResponse::from(&response).with_error_codes(codes);
        let typed = response.into_typed::<ApiVersionsRequest<'_>>().unwrap();
        let result = typed.decode().map(|_| ());
        driver.now += ms(3);
        driver.connection.handle_decoded(driver.now, &which, result);
        driver.drain();
        let traced = trace(&mut driver);
        let (message, found) = one(&traced, "decoded");
        let start = format!("{BROKER}: ApiVersions v3 (correlation 2): {line}");
        assert!(message.starts_with(&start), "{message}");
        assert_eq!(traced[0].level, expected);
        let expected = fields(
            "decoded",
            [
                ("api", text("ApiVersions")),
                ("api_version", Number(3)),
                ("correlation_id", Number(2)),
                ("tag", Number(7)),
                ("outcome", text(outcome)),
                ("decode_us", Number(3_000)),
                (
                    "error_codes",
                    Printed("NONE (0), REQUEST_TIMED_OUT (7)".to_owned()),
                ),
            ],
        );
        assert_eq!(found, expected);
    }
}

#[test]
fn an_api_that_nobody_knows_has_its_number_in_its_name() {
    let mut driver = Driver::once(options());
    driver.submit(ApiKey::from_number(999), 0);
    driver.close();
    let (_, found) = one(&trace(&mut driver), "completed");
    assert_eq!(found["api"], text("unknown API 999"));
}

#[test]
fn probes_say_how_they_went() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.connection.probe(driver.now).unwrap();
    driver.drain();
    driver.wait(4);
    driver.answer_versions();
    let (_, answered) = one(&trace(&mut driver), "probed");
    assert_eq!(
        ["outcome", "round_trip_us", "error_code"].map(|field| answered[field].clone()),
        [text("answered"), Number(4_000), Number(0)]
    );
    driver.connection.probe(driver.now).unwrap();
    driver.drain();
    driver.end_of_stream();
    let traced = trace(&mut driver);
    let (_, failed) = one(&traced, "probed");
    assert_eq!(
        (failed["outcome"].clone(), failed["delivery"].clone()),
        (text("failed"), text("sent_no_response"))
    );
}

#[test]
fn an_event_that_nobody_listens_to_costs_no_memory() {
    let mut driver = Driver::once(options());
    driver.open_ready();
    driver.submit(ApiKey::Metadata, 12);
    let asked = driver.take();
    driver.answer_raw(&asked, &[0; 20]);
    driver.submit(ApiKey::Fetch, 16);
    driver.end_of_stream();
    let used = measure(|| driver.events.iter().for_each(|event| event.trace(BROKER)));
    assert_eq!((driver.events.len(), used.count_total), (4, 0));
}
