//! What a connection allocates and holds.

use std::time::Instant;

use allocation_counter::measure;
use bytes::Buf;
use kafka_codec::connection::{Connection, Event, IdlePolicy, SubmitOptions};
use kafka_codec::messages::{ApiVersionsRequest, ApiVersionsResponse};
use kafka_codec::{Decode, Version, frame};

use crate::driver::{all_versions, ms, options};

/// A connection that is ready.
fn ready(now: Instant) -> Connection {
    let mut connection =
        Connection::new(now, options().with_idle(IdlePolicy::KeepAlive(ms(1_000))));
    connection.handle_opened(now);
    let bytes = connection.poll_transmit().unwrap().remaining();
    connection.handle_written(now, bytes);
    let mut answer = frame::encode_response(Vec::new(), &all_versions(), Version(5), 1).unwrap();
    connection.handle_bytes(now, &answer.copy_to_bytes(answer.remaining()));
    while connection.poll_event().is_some() {}
    connection
}

/// Sends ApiVersions v3 and takes its answer, to the typed response.
fn round_trip(connection: &mut Connection, now: Instant, answer: &mut [u8]) -> usize {
    let request = ApiVersionsRequest::default();
    let version = SubmitOptions::default().with_version(Version(3));
    connection.submit(now, &request, version).unwrap();
    let transmit = connection.poll_transmit().unwrap();
    let bytes = transmit.remaining();
    answer[4..8].copy_from_slice(&transmit.chunk()[8..12]);
    connection.handle_written(now, bytes);
    connection.handle_bytes(now, answer);
    let Some(Event::Completed(done)) = connection.poll_event() else {
        panic!("it was answered");
    };
    let response = done.into_response().unwrap().unwrap();
    let frame = response.into_typed::<ApiVersionsRequest<'_>>().unwrap();
    frame.decode().unwrap().api_keys.len()
}

fn answer() -> Vec<u8> {
    let mut answer = frame::encode_response(Vec::new(), &all_versions(), Version(3), 0).unwrap();
    answer.copy_to_bytes(answer.remaining()).to_vec()
}

#[test]
fn an_idle_connection_holds_less_than_4_kib() {
    let now = Instant::now();
    let mut connection = None;
    let held = measure(|| connection = Some(ready(now)));
    let mut connection = connection.unwrap();
    let inline = i64::try_from(size_of::<Connection>()).unwrap();
    println!(
        "ready: {} bytes, {inline} of them in place",
        held.bytes_current + inline
    );
    assert!(
        held.bytes_current + inline < 4096,
        "{} + {inline}",
        held.bytes_current
    );

    // And no more after it has been busy.
    let mut answer = answer();
    let busy = measure(|| {
        for _ in 0..100 {
            round_trip(&mut connection, now, &mut answer);
        }
    });
    let total = held.bytes_current + busy.bytes_current + inline;
    println!("after 100 requests: {total} bytes");
    assert!(total < 4096, "{total} bytes after it was busy");
}

#[test]
fn what_a_burst_took_is_given_back() {
    let now = Instant::now();
    let mut connection = None;
    let held = measure(|| {
        let mut burst = ready(now);
        let version = SubmitOptions::default().with_version(Version(3));
        let ids: Vec<_> = (0..2_000)
            .map(|_| {
                burst
                    .submit(now, &ApiVersionsRequest::default(), version)
                    .unwrap()
            })
            .collect();
        // Five were admitted, and none was offered.
        assert!(ids.into_iter().all(|id| burst.cancel(now, id)));
        let mut cancelled = 0;
        while let Some(event) = burst.poll_event() {
            cancelled += usize::from(matches!(event, Event::Completed(_)));
        }
        assert_eq!((cancelled, burst.is_idle()), (2_000, true));
        connection = Some(burst);
    });
    let total = held.bytes_current + i64::try_from(size_of::<Connection>()).unwrap();
    println!(
        "after a burst of 2000 requests: {total} bytes; an event has {}",
        size_of::<Event>()
    );
    assert!(total < 4096, "{total} bytes");
}

#[test]
fn a_small_request_takes_one_allocation_besides_the_messages_own() {
    let now = Instant::now();
    let mut connection = ready(now);
    let mut answer = answer();
    round_trip(&mut connection, now, &mut answer);
    // The array of APIs is the message's own.
    let body = answer[8..].to_vec();
    let own = measure(|| drop(ApiVersionsResponse::decode(&body, Version(3)).unwrap())).count_total;
    assert_eq!(own, 1);
    let all = measure(|| assert!(round_trip(&mut connection, now, &mut answer) > 10)).count_total;
    println!("{all} allocations, {own} of them the message's own");
    assert!(
        all - own <= 1,
        "{all} allocations, {own} of them the message's own"
    );
}

#[test]
fn what_is_in_flight_is_bounded_by_what_was_asked() {
    let now = Instant::now();
    let mut connection = ready(now);
    let held = measure(|| {
        for _ in 0..1_000 {
            let version = SubmitOptions::default().with_version(Version(3));
            connection
                .submit(now, &ApiVersionsRequest::default(), version)
                .unwrap();
        }
    });
    println!(
        "{} bytes for each of 1000 requests that wait",
        held.bytes_current / 1_000
    );
    assert!(
        held.bytes_current < 1_000 * 600,
        "{} bytes",
        held.bytes_current
    );
}
