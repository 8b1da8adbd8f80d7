//! Brokers in this process for the tests, and certificates for them.
#![allow(dead_code, reason = "each test uses a part of it")]

use kafka_codec::ApiKey;
use kafka_codec::messages::{HeartbeatRequest, HeartbeatResponse};
use kafka_codec_tokio::{Options, ServerOptions, ServerTls, TlsOptions};

/// The name of the connections.
pub(crate) const BROKER: &str = "broker 1 (b1:9092)";

pub(crate) fn options() -> Options {
    Options::default()
}

/// Serves every API in its stable versions.
pub(crate) fn everything() -> ServerOptions {
    ServerOptions::of_apis(ApiKey::ALL.iter().copied())
}

pub(crate) fn heartbeat(generation: i32) -> HeartbeatRequest<'static> {
    HeartbeatRequest {
        generation_id: generation,
        ..Default::default()
    }
}

/// A response that has the number of its request in it.
pub(crate) fn echo(request: &HeartbeatRequest<'_>) -> HeartbeatResponse<'static> {
    HeartbeatResponse {
        error_code: kafka_codec::ErrorCode(i16::try_from(request.generation_id).unwrap()),
        ..Default::default()
    }
}

/// TLS of a broker on `localhost`, and that of clients that trust it.
pub(crate) fn tls() -> (ServerTls, TlsOptions) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    (
        ServerTls::from_pem(&pem, &key).unwrap(),
        TlsOptions::with_authorities_pem(&pem)
            .unwrap()
            .with_server_name("localhost"),
    )
}
