//! What real clients and a real broker said to each other goes through both sides of the machine: every response
//! comes out with the request that it answers, under its name, with the time it took.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use bytes::{Buf, Bytes};
use kafka_codec::connection::server::{ServerConnection, ServerEvent, ServerOptions};
use kafka_codec::connection::{
    Connection, Event, Negotiation, Outcome, SubmitOptions, VersionTable,
};

use crate::driver::{ms, options, sized};
use crate::recorded::{Recorded, recorded};

/// The frames by file and connection, in order.
fn connections() -> BTreeMap<(String, usize), Vec<Recorded>> {
    let mut connections = BTreeMap::new();
    for frame in recorded() {
        let key = (frame.file.clone(), frame.connection);
        connections.entry(key).or_insert_with(Vec::new).push(frame);
    }
    connections
}

fn number(tag: u64) -> usize {
    usize::try_from(tag).unwrap()
}

#[test]
fn responses_come_out_with_their_requests_names_and_times() {
    let (mut answered, mut unanswered) = (0, 0);
    for ((file, connection), frames) in connections() {
        let now = Instant::now();
        let none = Negotiation::Assume(VersionTable::default());
        let options = options().with_negotiation(none).with_max_in_flight(1000);
        let mut client = Connection::new(now, options);
        client.handle_opened(now);
        // Ours by the recorded correlation id.
        let mut ids = HashMap::new();
        let by_number: HashMap<usize, &Recorded> =
            frames.iter().map(|frame| (frame.number, frame)).collect();
        for frame in &frames {
            let now = now + ms(frame.at);
            if frame.is_request {
                let options = SubmitOptions::default().with_tag(frame.number.try_into().unwrap());
                let bytes = Bytes::from(frame.bytes.clone());
                client.submit_frame(now, &bytes, options).unwrap();
                let mut transmit = client.poll_transmit().unwrap();
                let written = transmit.copy_to_bytes(transmit.remaining());
                client.handle_written(now, written.len());
                ids.insert(frame.correlation_id, written[8..12].to_vec());
                assert_eq!(written[12..], frame.bytes[8..], "only the id changes");
            } else {
                let mut bytes = frame.bytes.clone();
                bytes[..4].copy_from_slice(&ids[&frame.correlation_id]);
                sized(&bytes)
                    .chunks(13)
                    .for_each(|piece| client.handle_bytes(now, piece));
            }
            while let Some(event) = client.poll_event() {
                let Event::Completed(done) = event else {
                    assert!(
                        !matches!(event, Event::Closed(_)),
                        "{file} {connection}: {event:?}"
                    );
                    continue;
                };
                let request = by_number[&number(done.tag())];
                let label = done.label();
                assert_eq!(
                    (label.api_key, label.version),
                    (request.key, request.version)
                );
                let Outcome::Response(response) = done.outcome() else {
                    assert_eq!(request.paired, None, "{file} {}: acks 0", request.number);
                    unanswered += 1;
                    continue;
                };
                assert_eq!(
                    request.paired,
                    Some(frame.number),
                    "{file} {}",
                    request.number
                );
                assert_eq!(response.frame()[4..], frame.bytes[4..]);
                let total = done.timings().total().unwrap();
                assert_eq!(
                    total,
                    ms(frame.at - request.at),
                    "{file} {}",
                    request.number
                );
                answered += 1;
            }
        }
        client.close(now);
        while let Some(event) = client.poll_event() {
            if let Event::Completed(done) = event {
                assert_eq!(by_number[&number(done.tag())].paired, None, "{done:?}");
                unanswered += 1;
            }
        }
    }
    println!("{answered} answered, {unanswered} not");
    assert!(answered > 500 && unanswered > 0);
}

#[test]
fn a_server_hands_out_the_requests_and_writes_the_responses_as_they_were() {
    for ((file, connection), frames) in connections() {
        let now = Instant::now();
        let options = ServerOptions::new("client", VersionTable::default()).with_forwarding(true);
        let mut server = ServerConnection::new(now, options.with_max_in_flight(1000));
        let mut ids = HashMap::new();
        for frame in &frames {
            if frame.is_request {
                let bytes = sized(&frame.bytes);
                assert_eq!(server.handle_bytes(now, &bytes), bytes.len());
                let Some(ServerEvent::Request(request)) = server.poll_event() else {
                    panic!("{file} {connection}: no request");
                };
                assert_eq!(request.label().api_key, frame.key);
                assert_eq!(request.label().version, frame.version);
                assert_eq!(request.label().correlation_id, frame.correlation_id);
                assert_eq!(request.client_id().unwrap_or("null"), frame.client_id);
                ids.insert(frame.number, request.id());
            } else {
                let id = ids[&frame.paired.unwrap()];
                let bytes = Bytes::from(frame.bytes.clone());
                server.respond_frame(now, id, &bytes).unwrap();
                let mut transmit = server.poll_transmit().unwrap();
                let written = transmit.copy_to_bytes(transmit.remaining());
                assert_eq!(written, sized(&frame.bytes), "{file} {}", frame.number);
                server.handle_written(now, written.len());
                assert!(matches!(
                    server.poll_event(),
                    Some(ServerEvent::Written { .. })
                ));
            }
        }
    }
}
