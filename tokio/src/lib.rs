//! Kafka connections on tokio, with TLS by rustls.
mod cluster;
mod connection;
mod link;
mod sasl;
mod server;
mod transport;

pub use cluster::{
    Attempt, AttemptError, Brokers, Cluster, ClusterError, ClusterOptions, Destination,
    EnsureReport, GivenUp, KeptOpen, Produce, ProduceError, Produced, Purpose, Reached,
    StuckPartition,
};
pub use connection::{ConnectError, Connection, Options, SendError, Setup, Timed};
pub use sasl::Sasl;
pub use server::{Client, Incoming, PasswordCheck, Server, ServerOptions, ServerRequest};
pub use transport::{DialError, ServerTls, TlsError, TlsOptions, Transport};
