//! Captured Kafka traffic, decoded: pcap and pcapng in, messages out; and log segments of brokers.
//!
//! ```text
//!  Input          unpacks gzip and zstd              input/
//!    ▼
//!  Packets        reads pcap and pcapng              input/
//!    ▼
//!  Segment        link layers, tunnels, IP           packet/
//!    ▼
//!  Connections    both ends of each                  connection/
//!    ▼
//!  Reassembly     bytes in order                     tcp/
//!    ▼
//!  Session        decrypted TLS                      tls/
//!    ▼
//!  Framer         frames, found again after losses   frames/
//!    ▼
//!  Dialogue       correlation, identity              connection/
//!    ▼
//!  Event, Sink    text or NDJSON                     output/
//! ```
//!
//! # Examples
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use std::path::Path;
//!
//! use kafka_capture::input::{Input, Packets};
//! use kafka_capture::output::{Filter, NdjsonSink, Writes};
//! use kafka_capture::Decoder;
//!
//! let input = Input::open(Path::new("broker.pcapng"), |bytes, _| bytes)?;
//! let mut sink = NdjsonSink::new(std::io::stdout(), Filter::default());
//! let mut decoder = Decoder::new(Vec::new());
//! Packets::new(input)?.for_each(
//!     |packet| {
//!         decoder.packet(&packet, &mut sink);
//!         ControlFlow::Continue(())
//!     },
//!     || {},
//! )?;
//! let counts = decoder.finish(&mut sink);
//! sink.flush();
//! eprintln!("{counts}");
//! # Ok::<(), kafka_capture::input::InputError>(())
//! ```
//!
//! Log segments of brokers are read in [`segment`].
//!
//! Decoding is streaming: what is in memory does not grow with the length of the capture. Captures are untrusted
//! input: no number in them sizes an allocation, and what a peer wrote does not get to the terminal as it is.
//!
//! # Features
//!
//! All are on by default. The cost is about the user CPU time that each adds to a release build on a busy machine with 2 cores,
//! where `command` alone takes 92 to 107 s, 20 s of it for this package. That of `top`, mostly of its dependencies, was not measured.
//!
//! | feature | what it adds | cost |
//! |---|---|---|
//! | `command` | the command `kafka-capture` | 92 to 107 s, with all that is not a feature |
//! | `analysis` | the modules `analysis` and `annotate`, and the subcommands that print them | 30 s |
//! | `progress` | a progress bar, where a terminal is there for it | 3 s |
//! | `report` | the page of HTML with all analyses | 77 s, with `analysis` |
//! | `tls` | decryption of TLS, see `docs/tls.md` | 25 s |
//! | `top` | the live view in a terminal | |
//! | `typed` | `message --ndjson` re-encodes with the typed structs of all messages, not by way of JSON | 40 s |
//! | `zstd` | libzstd decompresses records, six times as fast as ruzstd | 25 s |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "analysis")]
pub mod analysis;
#[cfg(feature = "analysis")]
pub mod annotate;
mod body;
mod connection;
mod counts;
mod decoder;
mod event;
mod frames;
mod gist;
mod identity;
pub mod input;
mod length;
pub mod output;
mod packet;
mod records;
#[cfg(feature = "report")]
pub mod report;
pub mod segment;
mod tcp;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;
#[cfg(feature = "top")]
pub mod top;
mod topic_names;

pub use counts::Counts;
pub use decoder::Decoder;
pub use event::{
    Connection, Direction, End, Ending, EndingKind, Event, EventKind, Gap, Life, Message, Preamble,
    Remark, Side, Tls, TlsOutcome, Truncation, Undecoded,
};
pub use identity::Identity;
pub use packet::is_known as is_known_link_type;
pub use records::RecordOptions;
#[cfg(feature = "tls")]
pub use tls::{KeyLogFault, KeyLogReport, Secrets};
pub use topic_names::{TopicNames, TopicsFileError};

/// The example of the guide runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/captures.md")]
struct Captures;
