//! A JSON object that is written member by member.

use std::fmt::Display;
use std::io::Write as _;

use crate::output::escape;

/// An open object at the end of some text.
pub(crate) struct Object<'t> {
    to: &'t mut Vec<u8>,
    is_empty: bool,
}

impl<'t> Object<'t> {
    pub(crate) fn open(to: &'t mut Vec<u8>) -> Self {
        to.push(b'{');
        Self { to, is_empty: true }
    }

    pub(crate) fn close(self) {
        self.to.push(b'}');
    }

    /// A number or a truth value.
    pub(crate) fn plain(&mut self, name: &str, value: impl Display) {
        write!(self.key(name), "{value}").expect("writing to memory does not fail");
    }

    pub(crate) fn string(&mut self, name: &str, value: &str) {
        escape::json(self.key(name), value);
    }

    /// A value that is JSON already.
    pub(crate) fn json(&mut self, name: &str, value: &str) {
        self.key(name).extend_from_slice(value.as_bytes());
    }

    /// The text, behind a key that the value of is written next.
    pub(crate) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_empty) {
            self.to.push(b',');
        }
        // Names are our own: there is nothing to escape in them.
        self.to.push(b'"');
        self.to.extend_from_slice(name.as_bytes());
        self.to.extend_from_slice(b"\":");
        self.to
    }
}
