//! Why a capture cannot be read, or not to its end.

use std::io;

use thiserror::Error;

/// What is wrong with a capture. What could be read before it was delivered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The operating system, or what unpacks the file, failed.
    #[error("{name}: {source}")]
    Io {
        /// The file.
        name: String,
        /// What failed.
        source: io::Error,
    },
    /// It begins like neither pcap nor pcapng.
    #[error("{name}: not a capture: it begins like neither pcap nor pcapng, also when unpacked")]
    NotACapture {
        /// The file.
        name: String,
    },
    /// It ends within a packet or a block.
    #[error("{name}: the capture is cut off: it ends within what follows packet {packets}")]
    CutOff {
        /// The file.
        name: String,
        /// How many packets were read.
        packets: u64,
    },
    /// A block cannot be what it says it is.
    #[error("{name}: the capture is damaged after packet {packets}")]
    Damaged {
        /// The file.
        name: String,
        /// How many packets were read.
        packets: u64,
    },
    /// No packet has a link type that is known here.
    #[error(
        "{name}: unknown link type {link_type}; known are Ethernet (1), Linux cooked (113, 276), \
         loopback (0, 108) and raw IP (12, 14, 101, 228, 229)"
    )]
    UnknownLinkType {
        /// The file.
        name: String,
        /// The number of the link type.
        link_type: i32,
    },
}
