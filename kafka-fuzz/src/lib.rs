//! Generators, corpora, dictionaries and a mutator for fuzzing parsers of the Kafka protocol in any language.
//!
//! ```text
//!  Target: API, version, ─┬─► Generator ─► Generated: bytes, and the label
//!          direction      │   generate.rs             of a malformed message
//!                         └─► Corpus: files of seeds and a manifest
//!                             corpus/
//!
//!  bytes, Shape, seed ─► mutate ─► Mutant: bytes, what was changed,
//!                        mutate/           what a reader must make of it
//! ```
//!
//! Everything follows from numbers: the same seed makes the same bytes on every platform.
//!
//! # Examples
//!
//! ```
//! use kafka_fuzz::{Direction, Generator, Target};
//! use kafka_codec::{ApiKey, Version};
//!
//! let target = Target::new(ApiKey::Metadata, Version(12), Direction::Request)?;
//! let generator = Generator::new(target);
//! let request = generator.generate(7);
//! assert_eq!(request.bytes(), generator.generate(7).bytes());
//!
//! let malformed = generator.malformed().generate(7);
//! println!("{}", malformed.label().expect("malformed messages are labeled"));
//! # Ok::<(), kafka_fuzz::UnknownTarget>(())
//! ```

pub mod corpus;
mod dictionary;
mod generate;
pub mod judge;
pub mod mutate;
mod records;
mod target;

pub use dictionary::{Token, dictionary, dictionary_file};
pub use generate::{Generated, Generator, Label, Unit, is_of_frames};
pub use records::{MAGICS, make_records};
pub use target::{Direction, Target, UnknownTarget};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
