//! The events of `tracing` about connections: their versions when they open and close, and why clients of a server are gone.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use kafka_codec::messages::HeartbeatRequest;
use kafka_codec_tokio::{Client, Connection};
use tokio::io::{AsyncWriteExt, duplex};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use support::{BROKER, echo, everything, heartbeat, options};

/// The fields of each event, by name.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<BTreeMap<&'static str, String>>>>);

impl Events {
    /// Takes all events of this thread from now on.
    fn subscribe(&self) -> DefaultGuard {
        let subscriber = tracing_subscriber::registry().with(self.clone());
        tracing::subscriber::set_default(subscriber)
    }

    /// The events of this name.
    fn named(&self, name: &str) -> Vec<BTreeMap<&'static str, String>> {
        let events = self.0.lock().unwrap();
        let is_it = |event: &&BTreeMap<_, String>| event.get("event").is_some_and(|it| it == name);
        events.iter().filter(is_it).cloned().collect()
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl<S: tracing::Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

#[tokio::test]
async fn the_versions_of_both_sides_are_logged_when_a_connection_opens_and_closes() {
    let events = Events::default();
    let _subscribed = events.subscribe();
    let (near, far) = duplex(4096);
    tokio::spawn(async move {
        let client = Client::over("client", far, &everything());
        while let Some(request) = client.next_request().await {
            let decoded = request.decode::<HeartbeatRequest<'_>>().unwrap();
            request.respond(&echo(&decoded)).unwrap();
        }
    });
    let connection = Connection::over(BROKER, near, &options()).await.unwrap();
    let opened = events.named("versions");
    assert_eq!(opened.len(), 1, "{opened:?}");
    assert_eq!(opened[0]["when"], "ready");
    connection.send(&heartbeat(1)).await.unwrap();
    connection.close().await;
    let both = events.named("versions");
    let when: Vec<_> = both.iter().map(|event| &*event["when"]).collect();
    assert_eq!(when, ["ready", "closed"]);
    for event in both {
        assert_eq!(event["broker"], BROKER);
        let versions = &event["versions"];
        assert!(versions.contains(", Heartbeat 0-4, "), "{versions}");
        assert!(versions.contains("ApiVersions 0-5"), "{versions}");
        let line = &event["message"];
        let begin = format!("{BROKER}: {}, with ", event["when"]);
        assert!(
            line.starts_with(&begin) && line.ends_with(versions),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_end_of_a_client_is_logged_with_its_reason() {
    let events = Events::default();
    let _subscribed = events.subscribe();
    let (mut near, far) = duplex(4096);
    let client = Client::over("client 10.0.0.7:4711", far, &everything());
    near.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    client.closed().await;
    let closed = events.named("client_closed");
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert_eq!(closed[0]["reason"], "foreign");
    assert_eq!(
        closed[0]["message"],
        "client 10.0.0.7:4711: peer does not speak Kafka: its first bytes are HTTP/1"
    );

    let (near, far) = duplex(4096);
    let demanding = everything().with_password_check(|_, _| false);
    let client = Client::over("client 10.0.0.8:4711", far, &demanding);
    let connection = Connection::over(BROKER, near, &options()).await.unwrap();
    connection.send(&heartbeat(1)).await.unwrap_err();
    client.closed().await;
    let refused = events.named("client_refused");
    assert_eq!(
        refused[0]["message"],
        "client 10.0.0.8:4711: Heartbeat v4 (correlation 2) before it has authenticated"
    );
}
