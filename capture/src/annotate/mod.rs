//! A capture again, with comments on its packets that Wireshark shows: what each message is, and what ended each connection.
//!
//! The capture is read twice. [`Comments`] are made of its events; then [`Comments::write`] copies it as pcapng, with them.

mod pcapng;
mod spool;

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;

use self::pcapng::Writer;
use self::spool::Spool;
use crate::analysis::Connections;
use crate::event::{End, Event};
use crate::input::{InputError, Packets};
use crate::output::{Filter, Passed, Selector, Sink, describe};

/// Maximum number of comments on one packet. Offloading merges segments, so one can complete many messages.
const MAX_COMMENTS: usize = 64;
/// Maximum size of a comment in bytes.
const MAX_COMMENT_BYTES: usize = 4096;

/// Comments on the packets of a capture.
#[derive(Debug)]
pub struct Comments {
    selector: Selector,
    connections: Connections,
    spool: Spool,
}

impl Comments {
    /// Begins. The texts are kept in `spool`, an empty file that can be read and written: of each comment 16 bytes are in
    /// memory.
    #[must_use]
    pub fn new(filter: Filter, spool: File) -> Self {
        Self {
            selector: Selector::new(filter),
            connections: Connections::new(),
            spool: Spool::new(spool),
        }
    }

    /// Takes note of the time of a packet.
    pub fn packet(&mut self, time: i64) {
        self.connections.packet(time);
    }

    /// Returns how much of the capture has passed the filter so far.
    #[must_use]
    pub const fn passed(&self) -> &Passed {
        self.selector.passed()
    }

    /// Copies a capture as pcapng, with the comments. Returns how many were written.
    ///
    /// Blocks of a pcapng stay as they are but for the comments. A pcap's clock keeps its resolution.
    ///
    /// # Errors
    ///
    /// [`AnnotateError`]. What is before damage of the capture is written.
    pub fn write(self, capture: &mut Packets, to: impl Write) -> Result<u64, AnnotateError> {
        let mut spool = self.spool;
        for connection in self.connections.finish().connections() {
            if let Some(packet) = connection.ending_packet() {
                let (cause, because) = (connection.cause().name(), connection.because());
                spool.push(packet, &format!("connection ended, {cause}: {because}"));
            }
        }
        let mut spool = spool.into_reader()?;
        let mut writer = Writer::new(to);
        let (mut packets, mut written) = (0, 0);
        let mut failure = None;
        let read = capture.for_each_block(|block| {
            let mut comments = Vec::new();
            if pcapng::is_packet(&block) {
                packets += 1;
                match spool.comments(packets) {
                    Ok(all) => comments = all,
                    Err(error) => failure = Some(error),
                }
            }
            written += comments.len() as u64;
            if let Err(error) = writer.block(&block, &comments) {
                failure = Some(error);
            }
            if failure.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if let Some(error) = failure {
            return Err(AnnotateError::Output(error));
        }
        writer.flush()?;
        read?;
        Ok(written)
    }
}

impl Sink for Comments {
    fn event(&mut self, event: &Event<'_>) {
        if self.selector.admits(event) {
            self.connections.event(event);
            let (text, has_error) = describe(event);
            if has_error || !self.selector.filter().errors {
                self.selector.count(event);
                self.spool.push(event.packet, &text);
            }
        } else if self.selector.filter().admits_connection(event.connection) {
            self.connections.hidden(event);
        }
    }

    fn earlier(&mut self, event: &Event<'_>) {
        if self.selector.admits(event) {
            self.connections.earlier(event);
        } else if self.selector.filter().admits_connection(event.connection) {
            self.connections.hidden(event);
        }
    }

    fn end(&mut self, end: &End<'_>) {
        if self.selector.filter().admits_connection(end.connection) {
            self.connections.end(end);
        }
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        if self.selector.filter().admits_connection(end.connection) {
            self.connections.ended_earlier(end);
        }
    }
}

/// Why a capture could not be copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotateError {
    /// The capture cannot be read to its end.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Writing failed.
    #[error(transparent)]
    Output(#[from] io::Error),
}
