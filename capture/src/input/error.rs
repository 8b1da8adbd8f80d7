//! Errors of reading captures.

use std::io;

use thiserror::Error;

/// An error of reading a capture. The packets before it were delivered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputError {
    /// Reading or decompressing the file failed.
    #[error("{name}: {source}")]
    Io {
        /// The file.
        name: String,
        /// The cause.
        source: io::Error,
    },
    /// The file is neither pcap nor pcapng.
    #[error("{name}: not a capture: it begins like neither pcap nor pcapng, also when unpacked")]
    NotACapture {
        /// The file.
        name: String,
    },
    /// There is nothing in the file.
    #[error("{name}: not a capture: it is empty")]
    Empty {
        /// The file.
        name: String,
    },
    /// The capture ends within a packet or a block.
    #[error("{name}: the capture is cut off: it ends within what follows packet {packets}")]
    CutOff {
        /// The file.
        name: String,
        /// The number of packets read.
        packets: u64,
    },
    /// A block is malformed.
    #[error("{name}: the capture is damaged after packet {packets}")]
    Damaged {
        /// The file.
        name: String,
        /// The number of packets read.
        packets: u64,
    },
    /// Packets name an interface that the capture does not describe. All others were delivered.
    #[error(
        "{name}: the capture is damaged: packets that name an interface without a description: {packets} \
         (the first names interface {interface})"
    )]
    UndescribedInterface {
        /// The file.
        name: String,
        /// The number of such packets.
        packets: u64,
        /// The interface that the first of them names.
        interface: u32,
    },
    /// No packet has a supported link type.
    #[error(
        "{name}: unknown link type {link_type}; known are {}",
        crate::packet::known_links()
    )]
    UnknownLinkType {
        /// The file.
        name: String,
        /// The number of the link type.
        link_type: i32,
    },
}
