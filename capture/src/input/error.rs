//! Errors of reading captures.

use std::io;

use super::packing::file_argument;
use super::unpack::{PackingFault, fault_of};

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
    #[error(
        "{name}: not a capture: it begins like neither pcap nor pcapng{}",
        if *is_unpacked { ", also when unpacked" } else { "" }
    )]
    NotACapture {
        /// The file.
        name: String,
        /// `true` if the file was unpacked to tell.
        is_unpacked: bool,
    },
    /// The file has a packing that is not supported.
    #[error(
        "{name}: packed with {packing}, which is not supported; unpack it first: {command} {}",
        file_argument(name)
    )]
    Packed {
        /// The file.
        name: String,
        /// The name of the packing, such as *xz*.
        packing: &'static str,
        /// The command that writes the unpacked file to its standard output, without the name of the file.
        command: &'static str,
    },
    /// The file is packed, and cannot be unpacked to its end.
    #[error("{name}: {}", fault.describe(packing, name))]
    Packing {
        /// The file.
        name: String,
        /// The name of the packing, *gzip* or *zstd*.
        packing: &'static str,
        /// The reason.
        fault: PackingFault,
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

impl InputError {
    /// The error of reading the file `name`.
    pub(super) fn of_reading(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match fault_of(&source) {
            Some((fault, packing)) => Self::Packing {
                name,
                packing,
                fault,
            },
            None => Self::Io { name, source },
        }
    }

    /// Returns `true` if the message ends with a command that unpacks the file to its standard output.
    #[must_use]
    pub const fn ends_with_command(&self) -> bool {
        matches!(
            self,
            Self::Packed { .. }
                | Self::Packing {
                    fault: PackingFault::Window(_) | PackingFault::Dictionary,
                    ..
                }
        )
    }
}
