//! TLS and SASL together.

use std::time::Duration;

use kafka_codec::messages::MetadataRequest;
use kafka_codec_tokio::{Brokers, Cluster, ClusterOptions, Connection, Options, Purpose, Reached};
use kafka_codec_tokio::{Sasl, TlsOptions};

use crate::sasl::unsigned_token;
use crate::support::{setup, within};

/// Options that trust the broker's authority.
fn tls() -> Options {
    let authority = std::fs::read_to_string(setup("authority")).unwrap();
    // Metadata has the address by number, which the certificate is not for.
    let tls = TlsOptions::with_authorities_pem(&authority)
        .unwrap()
        .with_server_name("localhost");
    Options::default().with_tls(tls)
}

async fn connect(options: Options) -> Result<Connection, String> {
    let address = setup("secure");
    within(20, Connection::connect(&address, &options))
        .await
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn every_mechanism_works_inside_of_tls_and_again_before_the_session_ends() {
    for sasl in [
        Sasl::plain("alice", "alice-secret"),
        Sasl::scram_sha_256("carol", "carol-secret"),
        Sasl::scram_sha_512("carol", "carol-secret"),
        Sasl::oauth_bearer(|| async { Ok(unsigned_token().into()) }),
    ] {
        let connection = connect(tls().with_sasl(sasl)).await.unwrap();
        let setup = connection.ready().await.unwrap();
        assert!(setup.tls.is_some_and(|tls| !tls.is_zero()), "{setup}");
        let text = setup.to_string();
        for phase in [
            "TCP ",
            "TLS ",
            "ApiVersions ",
            "SaslHandshake ",
            "SaslAuthenticate ",
        ] {
            assert!(text.contains(phase), "{text}");
        }
        let begun = std::time::Instant::now();
        // Sessions last 3 s.
        while begun.elapsed() < Duration::from_millis(3500) {
            let response = connection.send(&MetadataRequest::for_no_topics()).await;
            assert!(response.unwrap().decode().unwrap().cluster_id.is_some());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        connection.drain().await;
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_phase() {
    let error = connect(tls().with_sasl(Sasl::plain("alice", "guessed"))).await;
    let error = error.unwrap_err();
    assert!(error.contains("SASL_AUTHENTICATION_FAILED"), "{error}");
    // The broker closes without a word when SASL is due and something else comes.
    let connection = connect(tls()).await.unwrap();
    let error = connection.send(&MetadataRequest::for_no_topics()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("Metadata v"), "{error}");
    assert!(error.contains("sent, no response"), "{error}");
    let sasl = Sasl::plain("alice", "alice-secret");
    let error = connect(Options::default().with_sasl(sasl))
        .await
        .unwrap_err();
    assert!(error.contains("the port expects TLS"), "{error}");
}

#[tokio::test]
async fn a_cluster_learns_addresses_of_the_same_listener_and_keeps_connections_warm() {
    let options = tls().with_sasl(Sasl::scram_sha_256("carol", "carol-secret"));
    let options = ClusterOptions::new([setup("secure")]).with_connections(options);
    let cluster = Cluster::new(options);
    let reached = async |cluster: &Cluster| {
        let report = cluster.ensure_open(&Brokers::All, Purpose::Produce).await;
        report.unwrap().reached.remove(&1).unwrap()
    };
    let cold = reached(&cluster).await;
    assert!(matches!(cold, Reached::Opened(_)), "{cold}");
    let warm = reached(&cluster).await;
    assert!(matches!(warm, Reached::Probed(_)), "{warm}");
}
