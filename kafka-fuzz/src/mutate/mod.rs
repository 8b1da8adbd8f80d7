//! Structure-aware mutation: an input is read by its schema, changed in one place, and written again, with every length, count, size
//! and checksum that follows from the change.
//!
//! ```text
//!  input ─► Shape ───► Tree ────► Change at a Site ───► bytes ───► Mutant
//!           shape.rs   tree.rs    change.rs, sites.rs   write.rs   mutant.rs
//!                         │                               ▲
//!                         └─ random::Mutator (malformed) ─┘
//! ```
//!
//! Most mutants are *consistent*: valid messages, so that they reach the code behind the parser. The others have one
//! labeled defect. An input that cannot be read, such as a malformed mutant of before, has its bytes changed, or is
//! replaced by a new message. Where the prefix names the API, a few of the other inputs are replaced too: from an empty
//! corpus a fuzzer would stay with the messages that it found first.
//!
//! # Examples
//!
//! ```
//! use kafka_codec::{ApiKey, Version};
//! use kafka_fuzz::mutate::{self, Shape};
//! use kafka_fuzz::{Direction, Generator, Target};
//!
//! let target = Target::new(ApiKey::Metadata, Version(12), Direction::Request)?;
//! let input = Generator::new(target).generate(1);
//! let mutant = mutate::mutate(input.bytes(), &Shape::body(target), 7, 4096);
//! assert!(mutant.bytes().len() <= 4096);
//! println!("{mutant}");
//! # Ok::<(), kafka_fuzz::UnknownTarget>(())
//! ```

mod chance;
mod change;
mod mutant;
mod records;
mod shape;
mod sites;
mod tree;
mod values;
mod write;

pub use crate::corpus::Prefix;
pub use change::Change;
pub use mutant::{Deed, Mutant};
pub use records::repair_records;
pub use shape::{InvalidShape, Shape};

use kafka_codec::ApiKey;
use kafka_codec::schema::random::{self, Mutation, Mutator, Options};

use crate::{Direction, Target};
use chance::Chance;
use shape::Parts;
use tree::Tree;

/// Mutates an input once. The mutant has at most `max_len` bytes, and follows from the arguments alone. If the shape names
/// no API, one mutant in sixteen is a new message of any API instead.
///
/// # Examples
///
/// See the [module](self).
#[must_use]
pub fn mutate(input: &[u8], shape: &Shape, seed: u64, max_len: usize) -> Mutant {
    mutate_with(input, None, shape, seed, max_len)
}

/// Puts a part of `other` into an input, in the place of a part with the same schema. If the two share none, as inputs of different
/// APIs, or if that changes nothing, the input is mutated otherwise.
#[must_use]
pub fn cross_over(input: &[u8], other: &[u8], shape: &Shape, seed: u64, max_len: usize) -> Mutant {
    mutate_with(input, Some(other), shape, seed, max_len)
}

/// Applies one change to an input; `None` if the input is not valid, if the change does not apply to it, or if there is no room.
#[must_use]
pub fn change(
    input: &[u8],
    change: Change,
    shape: &Shape,
    seed: u64,
    max_len: usize,
) -> Option<Mutant> {
    let parts = shape.split(input)?;
    let body = Tree::read(parts.target.schema(), parts.target.version(), parts.body).ok()?;
    let attempt = Attempt {
        shape,
        parts: &parts,
        donor: None,
    };
    let mutant = attempt.changed(&body, change, &mut Chance::new(seed))?;
    (mutant.bytes.len() <= max_len).then_some(mutant)
}

/// Makes a malformed mutant of an input; `None` if the input is not valid, if the mutation does not apply to it, or if there is no room.
#[must_use]
pub fn malform(
    input: &[u8],
    mutation: Mutation,
    shape: &Shape,
    seed: u64,
    max_len: usize,
) -> Option<Mutant> {
    let parts = shape.split(input)?;
    let attempt = Attempt {
        shape,
        parts: &parts,
        donor: None,
    };
    let mutant = attempt.malformed(Some(mutation), &mut Chance::new(seed))?;
    (mutant.bytes.len() <= max_len).then_some(mutant)
}

/// Generates a valid message of a shape, with what stands in front of it. It follows from the arguments alone; if not even the smallest
/// message has room, its end is cut off.
#[must_use]
pub fn generate(shape: &Shape, seed: u64, max_len: usize) -> Mutant {
    generated(None, shape, max_len, &mut Chance::new(seed))
}

fn mutate_with(
    input: &[u8],
    other: Option<&[u8]>,
    shape: &Shape,
    seed: u64,
    max_len: usize,
) -> Mutant {
    let mut chance = Chance::new(seed);
    if other.is_none() && shape.target().is_none() && chance.one_in(NEW_MESSAGE) {
        return generated(None, shape, max_len, &mut chance);
    }
    let parts = shape.split(input);
    let mutant = parts.as_ref().and_then(|parts| {
        // Fields of other messages fit nowhere.
        let schema = parts.target.schema();
        let donor = other
            .and_then(|other| shape.split(other))
            .filter(|other| std::ptr::eq(other.target.schema(), schema))
            .and_then(|other| Tree::read(schema, other.target.version(), other.body).ok());
        let attempt = Attempt {
            shape,
            parts,
            donor: donor.as_ref(),
        };
        attempt.any(input, max_len, &mut chance)
    });
    mutant.unwrap_or_else(|| {
        let target = parts.map(|parts| parts.target);
        generated(target, shape, max_len, &mut chance)
    })
}

/// An input that was taken apart.
struct Attempt<'a> {
    shape: &'a Shape,
    parts: &'a Parts<'a>,
    donor: Option<&'a Tree>,
}

impl Attempt<'_> {
    /// A mutant that differs from the input and has room; `None` if none was found.
    fn any(&self, input: &[u8], max_len: usize, chance: &mut Chance) -> Option<Mutant> {
        let target = self.parts.target;
        let body = Tree::read(target.schema(), target.version(), self.parts.body);
        for attempt in 0..ATTEMPTS {
            let is_spliced = self.donor.is_some() && attempt < SPLICES;
            let mutant = match &body {
                Ok(body) if is_spliced => self.changed(body, Change::Splice, chance),
                Ok(_) if chance.one_in(5) => self.malformed(None, chance),
                Ok(_) if self.shape.has_header() && chance.one_in(10) => self.header(chance),
                Ok(body) => {
                    let change = chance.pick(Change::ALL)?;
                    self.changed(body, change, chance)
                }
                Err(_) if chance.one_in(4) => return None,
                Err(error) => Some(self.bytes(error.offset(), chance)),
            };
            if let Some(mutant) =
                mutant.filter(|mutant| mutant.bytes.len() <= max_len && mutant.bytes != input)
            {
                return Some(mutant);
            }
        }
        // Cutting makes room.
        body.ok()
            .and_then(|body| self.changed(&body, Change::Cut, chance))
            .filter(|mutant| mutant.bytes.len() <= max_len && mutant.bytes != input)
    }

    fn changed(&self, body: &Tree, change: Change, chance: &mut Chance) -> Option<Mutant> {
        let mut tree = body.clone();
        let path = change::apply(&mut tree, change, self.donor, chance)?;
        let Parts { target, header, .. } = self.parts;
        let target = Target::new(target.api_key(), tree.version, target.direction()).ok()?;
        // Nothing in front of the body could tell of the other version.
        if change == Change::OtherVersion && !self.can_change_version() {
            return None;
        }
        let (bytes, _) = self.shape.join(target, header.as_ref(), &tree.to_bytes());
        Some(Mutant {
            bytes,
            target,
            deed: Deed::Changed(change),
            in_header: false,
            path,
            offset: None,
        })
    }

    fn can_change_version(&self) -> bool {
        self.shape.target().is_none()
    }

    fn header(&self, chance: &mut Chance) -> Option<Mutant> {
        let Parts {
            target,
            header,
            body,
        } = self.parts;
        let mut header = header.clone()?;
        let change = chance.pick(&[
            Change::Value,
            Change::Length,
            Change::Null,
            Change::UnknownTag,
        ])?;
        let path = change::apply(&mut header, change, None, chance)?;
        let (bytes, _) = self.shape.join(*target, Some(&header), body);
        Some(Mutant {
            bytes,
            target: *target,
            deed: Deed::Changed(change),
            in_header: true,
            path,
            offset: None,
        })
    }

    /// A malformed body; what stands in front of it is right.
    fn malformed(&self, mutation: Option<Mutation>, chance: &mut Chance) -> Option<Mutant> {
        let Parts {
            target,
            header,
            body,
        } = self.parts;
        let mutator = Mutator::new(target.schema(), target.version(), body).ok()?;
        let mutated = match mutation {
            Some(mutation) => mutator.apply(mutation, chance.entropy()),
            None => mutator.any(chance.entropy()),
        };
        let mutated = mutated?;
        let (path, offset) = (mutated.path().to_owned(), mutated.offset());
        let deed = Deed::Malformed(mutated.mutation());
        let (bytes, before) = self.shape.join(*target, header.as_ref(), mutated.bytes());
        Some(Mutant {
            bytes,
            target: *target,
            deed,
            in_header: false,
            path,
            offset: Some(before + offset),
        })
    }

    /// Changes bytes of a body that is not valid, half of the time where it stops to be.
    fn bytes(&self, fault: usize, chance: &mut Chance) -> Mutant {
        let Parts {
            target,
            header,
            body,
        } = self.parts;
        let near = fault.min(body.len());
        let start = if chance.one_in(2) {
            near.saturating_sub(chance.below(8))
        } else {
            chance.below(body.len() + 1)
        };
        let (front, back) = body.split_at_checked(start).unwrap_or((body, &[]));
        let (some, rest) = back.split_at_checked(16).unwrap_or((back, &[]));
        let body = [front, &values::blob(some, chance), rest].concat();
        let (bytes, before) = self.shape.join(*target, header.as_ref(), &body);
        Mutant {
            bytes,
            target: *target,
            deed: Deed::Bytes,
            in_header: false,
            path: String::new(),
            offset: Some(before + start),
        }
    }
}

/// A message that has room, of this target, else of that of the shape, else of any; if there is no room, the end of one is cut off.
fn generated(target: Option<Target>, shape: &Shape, max_len: usize, chance: &mut Chance) -> Mutant {
    let target = target.or_else(|| shape.target());
    let target = target.unwrap_or_else(|| some_target(shape.direction(), chance));
    let (header, version) = (shape.header(target), target.version());
    let (_, before) = shape.join(target, header.as_ref(), &[]);
    let room = max_len.saturating_sub(before);
    let options = Options::default()
        .with_max_bytes(room.min(MAX_GENERATED))
        .with_max_blob_bytes(512)
        .with_records(crate::make_records(crate::records::magic_of(target)));
    let body = random::message(target.schema(), version, &options, chance.entropy());
    let body = body.expect("targets have versions that exist");
    let (mut bytes, _) = shape.join(target, header.as_ref(), &body);
    let deed = if bytes.len() > max_len {
        bytes.truncate(max_len);
        Deed::CutOff
    } else {
        Deed::Generated
    };
    Mutant {
        bytes,
        target,
        deed,
        in_header: false,
        path: String::new(),
        offset: None,
    }
}

/// Any version of any API: each API as often as any other, however many versions it has.
fn some_target(direction: Direction, chance: &mut Chance) -> Target {
    let target = chance.pick(ApiKey::ALL).and_then(|key| {
        let targets = Target::of_api(key).filter(|target| target.direction() == direction);
        chance.pick(&targets.collect::<Vec<_>>())
    });
    target.expect("there are targets of both directions")
}

/// One in so many mutants is a new message, where it may be one of any API.
const NEW_MESSAGE: usize = 16;

/// How many mutations are tried until one applies and has room.
const ATTEMPTS: usize = 16;

/// How many of them put a part of the other input in. What these inputs share may be equal in both, or have no room.
const SPLICES: usize = 4;

/// How large a message is that replaces an input.
const MAX_GENERATED: usize = 1024;
