//! Clients that come to a port which is not for them.

use kafka_codec_tokio::{ConnectError, Connection, Options, TlsOptions};

use crate::support::{Link, hint, setup};

fn tls() -> Options {
    let pem = std::fs::read_to_string(setup("authority")).unwrap();
    let tls = TlsOptions::with_authorities_pem(&pem).unwrap();
    Options::default().with_tls(tls.with_server_name("localhost"))
}

#[tokio::test]
async fn a_client_with_tls_is_served_on_the_tls_port() {
    let connection = Connection::connect(&setup("tls"), &tls()).await.unwrap();
    let answer = connection.send(&crate::support::nothing()).await.unwrap();
    assert!(answer.decode().unwrap().cluster_id.is_some());
    assert!(connection.ready().await.unwrap().tls.is_some());
    connection.drain().await;
}

#[tokio::test]
async fn a_client_without_tls_learns_that_the_port_expects_it() {
    let report = Link::open("tls").await.end().await;
    let line = report.to_string();
    assert!(line.starts_with("broker 1 (tls): ApiVersions v"), "{line}");
    let reason =
        ": peer does not speak Kafka: its first bytes are a TLS alert (internal_error, number 80)";
    assert!(line.ends_with(reason), "{line}");
    assert_eq!(hint(&report).as_deref(), Some("the port expects TLS"));
}

#[tokio::test]
async fn a_client_with_tls_fails_in_the_handshake_where_the_port_has_none() {
    let address = setup("plain");
    let error = Connection::connect(&address, &tls()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Dial { .. }));
    assert_eq!(
        error.to_string(),
        format!("{address}: connecting: TLS handshake: tls handshake eof")
    );
}

#[tokio::test]
async fn a_client_without_sasl_learns_that_the_port_expects_it() {
    let mut link = Link::open("sasl").await;
    let error = link.ask().await.unwrap_err();
    let report = link.ended(5).await;
    let line = report.to_string();
    assert!(line.starts_with("broker 1 (sasl): Metadata v"), "{line}");
    assert!(line.ends_with(": peer closed between frames"), "{line}");
    let error = error.to_string();
    assert!(
        error.ends_with(": sent, no response: peer closed"),
        "{error}"
    );
    assert_eq!(
        hint(&report).as_deref(),
        Some("probably the port expects SASL")
    );
}
