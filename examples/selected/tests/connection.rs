//! An API of a fork goes through both sides of a connection as Kafka's own do, whatever its headers are.

use std::time::Instant;

use bytes::Buf;
use kafka_codec::connection::server::{ServerConnection, ServerEvent, ServerOptions};
use kafka_codec::connection::{
    Connection, ConnectionOptions, Event, Negotiation, Outcome, SubmitOptions, VersionTable,
};
use kafka_codec::{ApiKey, HeaderVersions, Request, Version, VersionRange};
use selected::fork::greet_response::Greeting;
use selected::fork::{GreetRequest, GreetResponse};

fn header_versions(key: ApiKey, version: Version) -> HeaderVersions {
    match key {
        GreetRequest::KEY => GreetRequest::header_versions(version),
        _ => HeaderVersions::of(key, version),
    }
}

/// Submits a request in a version, and answers it on the other side.
fn greet(options: ServerOptions, version: Version) {
    let now = Instant::now();
    let table = VersionTable::new([(GreetRequest::KEY, VersionRange::new(0, 1).unwrap())]);
    let client = ConnectionOptions::new("broker")
        .with_client_id("me")
        .with_negotiation(Negotiation::Assume(table));
    let mut client = Connection::new(now, client);
    let mut server = ServerConnection::new(now, options);
    client.handle_opened(now);
    let request = GreetRequest {
        name: "world".into(),
        ..Default::default()
    };
    let options = SubmitOptions::default().with_version(version);
    client.submit(now, &request, options).unwrap();

    let mut transmit = client.poll_transmit().unwrap();
    let bytes = transmit.copy_to_bytes(transmit.remaining());
    client.handle_written(now, bytes.len());
    assert_eq!(server.handle_bytes(now, &bytes), bytes.len());
    let Some(ServerEvent::Request(incoming)) = server.poll_event() else {
        panic!("the request arrived");
    };
    assert_eq!(incoming.client_id(), Some("me"));
    assert_eq!(incoming.label().version, version);
    assert_eq!(incoming.decode::<GreetRequest<'_>>().unwrap(), request);
    let response = GreetResponse {
        greetings: vec![Greeting {
            text: "hello".into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    server.respond(now, incoming.id(), &response).unwrap();

    let mut transmit = server.poll_transmit().unwrap();
    let bytes = transmit.copy_to_bytes(transmit.remaining());
    server.handle_written(now, bytes.len());
    client.handle_bytes(now, &bytes);
    let completion = std::iter::from_fn(|| client.poll_event()).find_map(|event| match event {
        Event::Completed(completion) => Some(completion),
        _ => None,
    });
    let completion = completion.unwrap();
    let Outcome::Response(raw) = completion.outcome() else {
        panic!("the response arrived");
    };
    let typed = raw.clone().into_typed::<GreetRequest<'_>>().unwrap();
    assert_eq!(typed.decode().unwrap(), response);
    assert_eq!(raw.body().unwrap(), typed.body());
}

#[test]
fn both_sides_read_the_headers_that_the_definition_says() {
    for version in [0, 1] {
        let served = VersionTable::new([(GreetRequest::KEY, VersionRange::new(0, 1).unwrap())]);
        let options = ServerOptions::new("client", served).with_header_versions(header_versions);
        greet(options, Version(version));
    }
}

#[test]
fn a_typed_request_is_decoded_though_the_options_do_not_know_its_headers() {
    for version in [0, 1] {
        let served = VersionTable::new([(GreetRequest::KEY, VersionRange::new(0, 1).unwrap())]);
        greet(ServerOptions::new("client", served), Version(version));
    }
}
