//! TLS between TCP and frames: records are decrypted where their secrets are known, and connections are named by
//! their handshake where not. What is not TLS passes unchanged.
//!
//! ```text
//!            ┌─────────────────── session.rs ───────────────────┐
//!  Piece ──► │ TLS? ── no ────────────────────────────────────► │ ──► Piece
//!  tcp/      │   └─ yes ─► boundaries.rs ─► pair.rs ─────────►  │     frames/
//!            │             records        │  ▲   protection.rs  │
//!            │                            ▼  │ keys of an epoch │
//!            │                 handshake.rs ─► hello.rs, keys.rs│
//!            │                                 aead.rs, cbc.rs  │
//!            └───────────────────────▲──────────────────────────┘
//!                               secrets.rs
//! ```
//!
//! The first to arrive of a record's bytes are kept until it is whole: all bytes of its plaintext belong to the
//! packet that completed it. Cryptography is that of the RustCrypto crates, the wire format that of `tls-parser`.

mod aead;
mod boundaries;
mod cbc;
mod handshake;
mod hello;
mod keys;
mod pair;
mod protection;
mod secrets;
mod session;

pub use secrets::{KeyLogFault, KeyLogReport, Secrets};
pub(crate) use session::Session;

use secrets::Resumable;
use tls_parser::TlsAlertDescription;

use crate::tcp::Piece;

/// One direction of a connection, by the end that sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Low,
    High,
}

impl Way {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// What all TLS connections share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) secrets: Secrets,
    resumable: Resumable,
    trials: protection::SharedTrials,
    /// Buffers for records.
    pool: Vec<Vec<u8>>,
}

impl Shared {
    /// Sessions whose secrets were forgotten, and malformed lines of key logs.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let (forgotten, faults) = self.secrets.counts();
        (forgotten + self.resumable.forgotten(), faults)
    }
}

/// What comes after TLS in one direction.
pub(crate) trait Onward {
    fn shared(&mut self) -> &mut Shared;

    /// The end that sends in this direction opened the connection.
    fn is_client(&mut self);

    /// The next piece is the first of the plaintext.
    fn begin(&mut self);

    fn piece(&mut self, piece: Piece<'_>);
}

/// The name of an alert as in RFC 8446, such as `unknown_ca`.
fn alert_name(description: u8) -> String {
    let name = TlsAlertDescription(description).to_string();
    if !name.chars().all(char::is_alphanumeric) {
        return format!("alert {description}");
    }
    let mut words = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301 => "TLS 1.0".to_owned(),
        0x0302 => "TLS 1.1".to_owned(),
        0x0303 => "TLS 1.2".to_owned(),
        0x0304 => "TLS 1.3".to_owned(),
        other => format!("TLS version {other:#06x}"),
    }
}
