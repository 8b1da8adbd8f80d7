//! Lines that are written once they are whole. The first failure is kept, and ends the writing.

use std::io::{self, Write};

const BUFFER_BYTES: usize = 64 << 10;

/// Collects a line at a time and writes many at once.
pub struct Lines<W> {
    to: W,
    buffer: Vec<u8>,
    /// Where in `buffer` the line begins that is being written.
    start: usize,
    failure: Option<io::Error>,
}

impl<W: Write> Lines<W> {
    /// Lines that go to `to`.
    pub fn new(to: W) -> Self {
        Self {
            to,
            buffer: Vec::with_capacity(BUFFER_BYTES * 2),
            start: 0,
            failure: None,
        }
    }

    /// The line that is being written, at the end of what waits to be written.
    pub(crate) const fn line(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Ends the line.
    pub(crate) fn end(&mut self) {
        self.buffer.push(b'\n');
        self.start = self.buffer.len();
        if self.start >= BUFFER_BYTES {
            self.write();
        }
    }

    /// Takes the line back.
    pub(crate) fn discard(&mut self) {
        self.buffer.truncate(self.start);
    }

    pub(crate) fn flush(&mut self) {
        self.write();
        if self.failure.is_none() {
            self.failure = self.to.flush().err();
        }
    }

    pub(crate) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    pub(crate) const fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    fn write(&mut self) {
        if self.failure.is_none() {
            self.failure = self.to.write_all(&self.buffer).err();
        }
        self.buffer.clear();
        self.start = 0;
        // A single line can be as long as the largest message.
        self.buffer.shrink_to(BUFFER_BYTES * 16);
    }
}
