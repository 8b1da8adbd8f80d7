//! Kafka connections, servers and clusters on tokio, with TLS by rustls, on top of the protocol in [`kafka_codec`].
//!
//! This crate is not a client: it has no accumulator, no consumer and no admin calls. It is what clients, proxies, test brokers
//! and tools are built on, and it provides:
//!
//! - every error says which request it hit, how far that had got, and what else was in flight ([`SendError`],
//!   [`ClusterError`], [`ProduceError`]);
//! - the whole life of a produce batch, all attempts included, is reported and traced ([`Cluster::produce`]);
//! - connections are open and probed before they are needed ([`Cluster::ensure_open`], [`Cluster::keep_open`]).
//!
//! ```text
//!  Cluster       routing and retries            Server
//!     │                                            │  accepts
//!  Connection    send(&request).await           Client, ServerRequest
//!     │                                            │  responses from any task
//!  link          one task each: bytes in, time, and late writes
//!     │                                            │
//!  connection::Connection           connection::server::ServerConnection
//! ```
//!
//! # Examples
//!
//! [The README](https://docs.rs/crate/kafka-codec-tokio/latest) lists topics, writes a record and reads it back, in 40 lines.
//! Any request of Kafka can be sent to whoever answers it:
//!
//! ```no_run
//! use kafka_codec::messages::DescribeGroupsRequest;
//! use kafka_codec_tokio::{Cluster, ClusterOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = Cluster::new(ClusterOptions::new(["localhost:9092"]));
//! let request = DescribeGroupsRequest::for_groups(["billing", "shipping"]);
//! let answer = cluster.send(&request).await?;
//! println!("{:?}", answer.decode()?.groups);
//! # Ok(())
//! # }
//! ```
//!
//! # Warm connections
//!
//! The first request on a new connection pays for TCP, TLS, ApiVersions and SASL: several round trips, and a key derivation
//! for SCRAM. A broker closes a connection that is idle for `connections.max.idle.ms`, 10 minutes by default; load balancers
//! often sooner. With [idle limits](ClusterOptions::with_idle_limits) connections are probed before that, and
//! [`keep_open`](Cluster::keep_open) opens what is missing.
//!
//! # Limits
//!
//! A connection limits its [requests](Options::with_max_requests) and [bytes](Options::with_max_bytes) in flight;
//! further callers wait. Opening has a [time limit](Options::with_connect_timeout), as has
//! [every phase after it](kafka_codec::connection::ConnectionOptions::with_initialization_timeout) and
//! [every request](kafka_codec::connection::ConnectionOptions::with_request_timeout). Large frames are not copied: blobs of
//! requests are written from where they are, and responses borrow the buffer that they were read into.
//!
//! A [`Cluster`] has a [deadline](ClusterOptions::with_deadline) for each request, and [another](ClusterOptions::with_produce_deadline)
//! for each batch, with all attempts and lookups. A [`Server`] limits the size of requests, unanswered requests and idle times of
//! each client ([`ServerOptions::with_machine`]), the [requests that wait to be taken](Client::next_request), and the
//! [bytes of responses](ServerOptions::with_max_response_bytes) that a client does not read. With
//! [SASL](ServerOptions::with_sasl), a client has one guess at its credentials on a connection.
//!
//! # Tracing
//!
//! Nothing has to be called: with a subscriber of `tracing`, events of connections and batches are logged, and these spans are
//! open while what they stand for is under way. Names of fields follow OpenTelemetry's conventions for messaging; a bridge such
//! as `tracing-opentelemetry` takes the name of a span from `otel.name`, and its kind and status from fields of that form.
//!
//! | span | kind | for | fields |
//! |---|---|---|---|
//! | `send` | producer | a batch, from the caller's hands to its end | `messaging.system`, `messaging.destination.name`, `messaging.destination.partition.id`, `messaging.batch.message_count`, `messaging.kafka.offset`, `kafka.produce.attempts`, `kafka.produce.persistence`, `error.type` |
//! | `attempt` | client | an attempt, inside `send` | `server.address`, `kafka.produce.attempt`, `kafka.produce.outcome`, `error.type` |
//! | `request` | client | any other request | `messaging.system`, `server.address`, `kafka.api`, `kafka.version`, `error.type` |
//!
//! Events of `tracing` beside these spans have a field `event`: `versions` are those of both sides, when a connection is ready
//! and when it is over; `client_closed` and `client_refused` say why a client of a [`Server`] is gone; those of the machine are
//! named by [`Event::trace`](kafka_codec::connection::Event::trace).
//!
//! # Types of other crates
//!
//! The public API has types of `tokio` (streams, addresses, and its runtime behind everything), of [`rustls`] and
//! [`Bytes`](bytes::Bytes), whose major versions belong to that of this crate, and else its own and those of [`kafka_codec`].
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `tls-ring` | yes | the cryptography ring for TLS; without it the program installs a provider of rustls |
//! | `webpki-roots` | yes | [`TlsOptions::with_webpki_roots`]: the certificate authorities that browsers trust |
//! | `native-roots` | no | [`TlsOptions::with_native_roots`]: the certificate authorities that the operating system trusts |
//! | `metrics` | no | [`Options::with_metrics`] and [`ServerOptions::with_metrics`]: events of all connections, counted with the facade `metrics` |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use bytes;
pub use tokio_rustls::rustls;

mod chance;
mod cluster;
mod connection;
mod link;
mod sasl;
mod server;
mod transport;

pub use cluster::{
    Answer, Attempt, AttemptError, Brokers, Cluster, ClusterError, ClusterOptions, Destination,
    EnsureReport, GivenUp, KeptOpen, Produce, ProduceError, ProduceTimeouts, Produced, Purpose,
    Reached, StuckPartition,
};
pub use connection::{ConnectError, Connection, Options, SendError, Setup, Timed};
pub use sasl::Sasl;
pub use server::{
    AcceptedToken, Client, Incoming, PasswordCheck, Server, ServerOptions, ServerRequest,
    ServerSasl,
};
pub use transport::{DialError, ServerTls, TlsError, TlsOptions, Transport};

/// The code of the README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
