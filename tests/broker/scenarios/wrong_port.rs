//! Clients that come to a port which is not for them.

use tokio_client::connect_tls;

use crate::support::{Link, hint, options, setup, socket};

#[tokio::test]
async fn a_client_with_tls_is_served_on_the_tls_port() {
    let authority = setup("authority");
    let stream = connect_tls(socket("tls").await, "localhost", Some(authority.as_ref())).await;
    let link = Link::over(stream.unwrap(), options("tls"), vec![], |_| {});
    link.ask().await.unwrap();
    link.close().await;
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
    let authority = setup("authority");
    let error = connect_tls(socket("plain").await, "localhost", Some(authority.as_ref())).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "TLS handshake: tls handshake eof"
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
    assert!(error.ends_with(": sent, no response: peer closed"), "{error}");
    assert_eq!(
        hint(&report).as_deref(),
        Some("probably the port expects SASL")
    );
}
