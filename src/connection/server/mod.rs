//! The accepting side of a connection: requests in, responses out, in the order that the client expects.
//!
//! What the protocol asks of every broker is done here: frames and headers are read, ApiVersions is answered,
//! versions that are not served are refused, and responses, given in any order, are written in that of the requests. What
//! a broker does with a request is not: [`ServerEvent::Request`] hands it out. Test brokers and proxies are
//! made of this.
//!
//! # Examples
//!
//! ```
//! use std::time::Instant;
//! use bytes::Buf;
//! use kafka_codec::connection::VersionTable;
//! use kafka_codec::connection::server::{ServerConnection, ServerEvent, ServerOptions};
//! use kafka_codec::messages::{SaslHandshakeRequest, SaslHandshakeResponse};
//! use kafka_codec::{ApiKey, Version, VersionRange, frame};
//!
//! let served = [ApiKey::ApiVersions, ApiKey::SaslHandshake];
//! let served = served.map(|key| (key, key.stable_versions().expect("it has some")));
//! let options = ServerOptions::new("client 10.0.0.7:40312", VersionTable::new(served));
//! let now = Instant::now(); // the driver's clock
//! let mut server = ServerConnection::new(now, options);
//!
//! // Bytes of a client arrive.
//! let request = SaslHandshakeRequest { mechanism: "PLAIN".into(), ..Default::default() };
//! let frame = frame::encode_request(Vec::new(), &request, Version(1), 7, Some("me"))?;
//! server.handle_bytes(now, frame.chunk());
//!
//! // The request comes out, and is answered.
//! let Some(ServerEvent::Request(incoming)) = server.poll_event() else { panic!("one was sent") };
//! assert_eq!(incoming.label().to_string(), "SaslHandshake v1 (correlation 7)");
//! assert_eq!(incoming.decode::<SaslHandshakeRequest>()?.mechanism, "PLAIN");
//! server.respond(now, incoming.id(), &SaslHandshakeResponse::default())?;
//!
//! // Bytes for the client.
//! let bytes = server.poll_transmit().map_or(0, |transmit| transmit.remaining());
//! server.handle_written(now, bytes);
//! assert!(matches!(server.poll_event(), Some(ServerEvent::Written { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod event;
mod machine;
mod options;
mod responses;
mod serve;

pub use event::{IncomingRequest, ServerEvent};
pub use machine::ServerConnection;
pub use options::ServerOptions;
pub use responses::RespondError;
