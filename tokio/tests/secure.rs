//! TLS: SASL inside of it, certificates of clients, and the roots of the operating system.
#![cfg(test)]

mod support;

#[cfg(feature = "native-roots")]
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kafka_codec::messages::HeartbeatRequest;
use kafka_codec_tokio::{
    AcceptedToken, Connection, Sasl, Server, ServerOptions, ServerSasl, ServerTls, TlsOptions,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use support::{BROKER, echo, everything, heartbeat, options, tls};

/// A server that answers heartbeats, and its address. Clients whose handshake fails are gone.
async fn serve(options: ServerOptions) -> String {
    let server = Server::bind("127.0.0.1:0", options).await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok(incoming) = server.incoming().await {
            tokio::spawn(async move {
                let Ok(client) = incoming.start().await else {
                    return;
                };
                while let Some(request) = client.next_request().await {
                    let decoded = request.decode::<HeartbeatRequest<'_>>().unwrap();
                    request.respond(&echo(&decoded)).unwrap();
                }
            });
        }
    });
    format!("localhost:{}", address.port())
}

async fn ask(connection: &Connection, number: i32) {
    let frame = connection.send(&heartbeat(number)).await.unwrap();
    assert_eq!(i32::from(frame.decode().unwrap().error_code.0), number);
}

#[tokio::test]
async fn a_token_authenticates_inside_of_tls_and_again_before_its_session_ends() {
    let sasl = ServerSasl::default().with_oauth_bearer(|token| {
        let carol = AcceptedToken::new("carol").with_lifetime(Duration::from_millis(1300));
        token.starts_with("token.").then_some(carol)
    });
    let (server_tls, client_tls) = tls();
    let address = serve(everything().with_tls(server_tls).with_sasl(sasl)).await;
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    let bearer = Sasl::oauth_bearer(move || {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { Ok(format!("token.{number}").into()) }
    });
    let secure = options().with_tls(client_tls.clone()).with_sasl(bearer);
    let connection = Connection::connect(&address, &secure).await.unwrap();
    let phases = connection.ready().await.unwrap();
    assert!(phases.tls.is_some_and(|took| !took.is_zero()), "{phases}");
    let text = phases.to_string();
    for phase in ["TCP ", "TLS ", "SaslHandshake ", "SaslAuthenticate "] {
        assert!(text.contains(phase), "{text}");
    }
    for number in 0..8 {
        ask(&connection, number).await;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let asked = asked.load(std::sync::atomic::Ordering::SeqCst);
    assert!(asked >= 2, "a token for each login, {asked}");

    let stale = Sasl::oauth_bearer(|| async { Ok(String::from("stale").into()) });
    let secure = options().with_tls(client_tls).with_sasl(stale);
    let error = Connection::connect_as(BROKER, &address, &secure).await;
    let line = error.unwrap_err().to_string();
    assert!(
        line.starts_with("broker 1 (b1:9092): authenticating"),
        "{line}"
    );
    assert!(line.contains("OAUTHBEARER"), "{line}");
    assert!(line.contains("SASL_AUTHENTICATION_FAILED"), "{line}");
    assert!(!line.contains("stale"), "the token is a secret: {line}");
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_of_its_clients_gets_it() {
    let broker = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let alice = rcgen::generate_simple_self_signed(["alice".to_owned()]).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(alice.cert.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(trusted))
        .build()
        .unwrap();
    let chain = vec![CertificateDer::from(broker.cert.der().to_vec())];
    let key = PrivateKeyDer::from_pem_slice(broker.signing_key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap();
    let wants = everything().with_tls(ServerTls::with_config(Arc::new(config)));
    let address = serve(wants).await;
    let (authority, pem) = (broker.cert.pem(), alice.cert.pem());
    let key = alice.signing_key.serialize_pem();
    let shown = TlsOptions::with_client_certificate_pem(&authority, &pem, &key).unwrap();
    let connection = Connection::connect(&address, &options().with_tls(shown)).await;
    ask(&connection.unwrap(), 5).await;

    let nothing = TlsOptions::with_authorities_pem(&authority).unwrap();
    let refused = Connection::connect(&address, &options().with_tls(nothing)).await;
    let line = refused.unwrap_err().to_string();
    assert!(line.contains("CertificateRequired"), "{line}");
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_an_unknown_authority_is_refused() {
    let (server_tls, client_tls) = tls();
    let address = serve(everything().with_tls(server_tls)).await;
    let other = options().with_tls(client_tls.with_server_name("elsewhere"));
    let line = Connection::connect_as(BROKER, &address, &other).await;
    let line = line.unwrap_err().to_string();
    assert!(
        line.starts_with("broker 1 (b1:9092): connecting: TLS handshake: "),
        "{line}"
    );
    assert!(line.contains("not valid for name"), "{line}");
    let (_, unknown) = tls();
    let line = Connection::connect(&address, &options().with_tls(unknown)).await;
    let line = line.unwrap_err().to_string();
    assert!(line.contains("invalid peer certificate"), "{line}");
}

/// The variable with the address for the program of the next test, which runs it.
#[cfg(feature = "native-roots")]
const ADDRESS: &str = "KAFKA_CODEC_TEST_ADDRESS";

/// The operating system's roots are those of a file that the environment names, and the environment is that of a process.
#[cfg(feature = "native-roots")]
#[tokio::test]
async fn the_roots_of_the_operating_system_are_trusted() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let address = serve(everything().with_tls(ServerTls::from_pem(&pem, &key).unwrap())).await;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = std::env::temp_dir().join(format!("kafka-codec-roots-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text, expected) in [
        ("right.pem", pem, "connected"),
        ("wrong.pem", other.cert.pem(), "invalid peer certificate"),
        (
            "empty.pem",
            String::new(),
            "trusts no certificate authority",
        ),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        let mut program = Command::new(std::env::current_exe().unwrap());
        program
            .args(["--exact", "connects_with_the_roots_of_the_operating_system"])
            .args(["--ignored", "--nocapture"])
            .env(ADDRESS, &address)
            .env("SSL_CERT_FILE", &file)
            .env_remove("SSL_CERT_DIR");
        let output = tokio::task::spawn_blocking(move || program.output());
        let output = output.await.unwrap().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(expected), "{name}: {printed}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(feature = "native-roots")]
#[tokio::test]
#[ignore = "run by another test, in an environment of its own"]
async fn connects_with_the_roots_of_the_operating_system() {
    let address = std::env::var(ADDRESS).unwrap();
    let roots = match TlsOptions::with_native_roots() {
        Ok(roots) => roots,
        Err(error) => return println!("{error}"),
    };
    match Connection::connect(&address, &options().with_tls(roots)).await {
        Ok(connection) => {
            ask(&connection, 3).await;
            println!("connected");
        }
        Err(error) => println!("{error}"),
    }
}
