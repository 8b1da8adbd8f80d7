//! Kafka connections on tokio, with TLS by rustls.
mod connection;
mod link;
mod sasl;
mod server;
mod transport;

pub use connection::{ConnectError, Connection, Options, SendError, Setup, Timed};
pub use sasl::Sasl;
pub use server::{Client, Incoming, PasswordCheck, Server, ServerOptions, ServerRequest};
pub use transport::{DialError, ServerTls, TlsError, TlsOptions, Transport};
