//! Brokers that metadata names and that cannot be connected to: what cannot pass fails at once, what can is tried again.
#![cfg(test)]

mod support;
#[path = "support/toy_cluster.rs"]
mod toy_cluster;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kafka_codec::messages::{HeartbeatRequest, ListGroupsRequest};
use kafka_codec_tokio::{
    Cluster, ClusterError, ClusterOptions, Destination, GivenUp, Options, Produce, ServerTls,
    TlsOptions,
};
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use support::everything;
use toy_cluster::ToyCluster;

/// What takes longer than this is not reported at once.
const SOON: Duration = Duration::from_secs(10);

/// No host has this name, nor can one be asked for.
const IMPOSSIBLE: &str = "b1\0example.com";

fn batch() -> Produce {
    Produce::new("orders", 0, Bytes::from_static(b"a batch"))
}

/// A failure that is reported at once, with the cause.
fn assert_fatal(error: &ClusterError, why: &str) {
    assert_eq!(error.end, GivenUp::Fatal, "{error}");
    assert!(error.to_string().contains(why), "{error}");
}

/// Whatever only broker 1 can answer fails at once.
async fn assert_unreachable(cluster: &Cluster, why: &str) {
    let produced = timeout(SOON, cluster.produce(batch())).await.unwrap();
    let error = produced.unwrap_err();
    assert!(error.to_string().contains(why), "{error}");
    assert!(error.attempts.is_empty(), "{error}");
    for destination in [
        Destination::Broker(1),
        Destination::Controller,
        Destination::Leader("orders".into(), 0),
    ] {
        let request = HeartbeatRequest::default();
        let sent = timeout(SOON, cluster.send_to(destination, &request));
        assert_fatal(&sent.await.unwrap().unwrap_err(), why);
    }
    let request = ListGroupsRequest::default();
    let listed = timeout(SOON, cluster.send(&request));
    assert_fatal(&listed.await.unwrap().unwrap_err(), why);
    // Any other may be asked.
    cluster.refresh([]).await.unwrap();
}

/// A certificate for `localhost`, and TLS of clients that trust it.
fn certificate() -> (ServerTls, TlsOptions) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    (
        ServerTls::from_pem(&pem, &key).unwrap(),
        TlsOptions::with_authorities_pem(&pem).unwrap(),
    )
}

fn port(toy: &ToyCluster) -> u16 {
    toy.shared.lock().unwrap().ports[&1]
}

#[tokio::test]
async fn a_broker_whose_certificate_is_for_another_host_than_metadata_names_fails_at_once() {
    let (server_tls, client_tls) = certificate();
    let toy = ToyCluster::start_with(1, everything().with_tls(server_tls)).await;
    let server = format!("localhost:{}", port(&toy));
    let options = Options::default().with_tls(client_tls);
    let cluster = Cluster::new(ClusterOptions::new([server]).with_connections(options));
    assert_unreachable(&cluster, "not valid for name").await;
}

#[tokio::test]
async fn a_broker_with_a_host_or_port_that_cannot_exist_fails_at_once() {
    let toy = ToyCluster::start(1).await;
    toy.shared.lock().unwrap().hosts = [(1, IMPOSSIBLE)].into();
    assert_unreachable(&toy.cluster(), "TCP: ").await;
}

#[tokio::test]
async fn a_broker_that_moved_from_where_it_could_not_be_reached_is_found() {
    let toy = ToyCluster::start(1).await;
    toy.shared.lock().unwrap().hosts = [(1, IMPOSSIBLE)].into();
    let cluster = toy.cluster();
    cluster.refresh(["orders"]).await.unwrap();
    toy.shared.lock().unwrap().hosts.clear();
    cluster.produce(batch()).await.unwrap();
}

#[tokio::test]
async fn a_broker_whose_port_refuses_is_tried_again() {
    let mut toy = ToyCluster::start(2).await;
    let options = toy.options().with_deadline(Duration::from_millis(1500));
    let cluster = Cluster::new(options);
    cluster.refresh(["orders"]).await.unwrap();
    toy.stop(1).await;
    let request = HeartbeatRequest::default();
    let sent = cluster.send_to(Destination::Broker(1), &request).await;
    let error = sent.unwrap_err();
    assert!(matches!(error.end, GivenUp::Deadline(_)), "{error}");
    assert!(error.attempts.len() > 2, "{error}");
}

#[tokio::test]
async fn a_server_that_refuses_the_clients_certificate_fails_at_once() {
    let broker = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(other.cert.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(trusted)).build();
    let chain = vec![CertificateDer::from(broker.cert.der().to_vec())];
    let key = PrivateKeyDer::from_pem_slice(broker.signing_key.serialize_pem().as_bytes()).unwrap();
    let (authority, pem) = (broker.cert.pem(), broker.cert.pem());
    let shown = broker.signing_key.serialize_pem();
    for (versions, client, why) in [
        // The client has finished its handshake by then.
        (
            &tokio_rustls::rustls::version::TLS13,
            TlsOptions::with_authorities_pem(&authority).unwrap(),
            "CertificateRequired",
        ),
        (
            &tokio_rustls::rustls::version::TLS12,
            TlsOptions::with_client_certificate_pem(&authority, &pem, &shown).unwrap(),
            "fatal alert",
        ),
    ] {
        let config = ServerConfig::builder_with_protocol_versions(&[versions])
            .with_client_cert_verifier(verifier.clone().unwrap())
            .with_single_cert(chain.clone(), key.clone_key())
            .unwrap();
        let tls = ServerTls::with_config(Arc::new(config));
        let toy = ToyCluster::start_with(1, everything().with_tls(tls)).await;
        let options = Options::default().with_tls(client);
        let server = format!("localhost:{}", port(&toy));
        let options = ClusterOptions::new([server]).with_connections(options);
        let cluster = Cluster::new(options.with_deadline(SOON));
        assert_fatal(&cluster.refresh([]).await.unwrap_err(), why);
    }
}
