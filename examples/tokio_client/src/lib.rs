//! A Kafka client on tokio: one task drives one [`Connection`](kafka_codec::connection::Connection) over any stream, and
//! [`Client`] hands requests to it.
//!
//! ```text
//!  your tasks ── Client::send ──► commands ──► drive ◄──► Connection        bytes and times in,
//!       ▲                                       │  ▲                        bytes and events out
//!       └──── ResponseFrame or error ◄──────────┘  ▼
//!                                           TcpStream, or TLS over it
//! ```
//!
//! The library of the connection does no I/O; this is all the I/O there is.

mod client;
mod drive;
mod tls;

pub use client::{Client, SendError};
pub use tls::{TlsError, connect as connect_tls};
