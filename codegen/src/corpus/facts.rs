//! What the files of facts have in common: enums that mirror the library's, and names of things in definitions.

use crate::fault::Faults;
use crate::json::{Document, Findings, Object};
use crate::source::Span;

/// Defines an enum whose variants are those of an enum of the library.
macro_rules! mirror {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the library's enum documents its variants")]
        pub enum $enum { $($variant,)* }

        impl $enum {
            const ALL: &'static [(&'static str, Self)] = &[$(($name, Self::$variant),)*];

            /// The variant of the library's enum.
            pub const fn variant(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }
        }
    };
}

pub(super) use mirror;

/// Reads a file of facts: what `read` makes of it, which is nothing only where it found a fault.
pub(super) fn parse<T>(
    file: &str,
    text: &str,
    read: impl FnOnce(&Document, &mut Findings) -> Option<T>,
) -> Result<T, Faults> {
    let document = Document::parse(file, text)?;
    let mut found = Findings::default();
    let read = read(&document, &mut found);
    let faults = found.into_faults(document.source(), None);
    match read {
        Some(read) => faults.or(read),
        None => Err(faults),
    }
}

/// The name of something in the definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// The place of the name in the file of facts.
    pub(crate) at: Span,
}

impl Object<'_> {
    /// One of the names, which must be there.
    pub(super) fn required<T: Copy>(
        &self,
        what: &str,
        key: &'static str,
        all: &[(&'static str, T)],
        found: &mut Findings,
    ) -> Option<T> {
        match self.value(key) {
            Some(value) => self.one_of(key, value, all, found),
            None => {
                self.missing(what, key, format!("add `\"{key}\"`"), found);
                None
            }
        }
    }

    /// A list of names with their places.
    pub(super) fn names(&self, key: &'static str, found: &mut Findings) -> Vec<Name> {
        // What is not a text is a fault, after which nothing is looked at.
        let texts = self.texts(key, found).into_iter();
        let places = self.list(key).map(|value| value.span());
        texts
            .zip(places)
            .map(|(text, at)| Name { text, at })
            .collect()
    }
}

/// Returns `true` if it can be the name of a constant in Rust.
pub(super) fn is_constant(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
