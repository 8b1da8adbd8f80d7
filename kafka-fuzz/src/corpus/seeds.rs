//! The seeds of one target: its shapes, each tag, records of every magic and codec, random and malformed messages.

use std::fmt;

use kafka_codec::records::Compression;
use kafka_codec::schema::random::{Frame, Mutation, Mutator, Options, Seeded};

use super::Prefix;
use super::shape::{self, Path, Shape};
use crate::generate::{Label, is_of_frames};
use crate::{Direction, Generator, MAGICS, Target, Unit, records};

/// What is inside of a seed. Its text is part of the name of the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Case {
    /// Zeros, empty strings and arrays, no null.
    Empty,
    /// The default of each field.
    Default,
    /// Null wherever it is allowed; arrays that cannot be null have one element.
    Null,
    /// Null in everything that is not an array or a struct. These are there, arrays with one element.
    NullInside,
    /// Every field set, arrays with two elements.
    Full,
    /// One tagged field set, by its path; everything else at its default.
    Tag(String),
    /// One records field set to a batch of this magic and codec, by its path.
    Records(String, i8, Compression),
    /// The random message with this number.
    Random(u64),
    /// A malformed message: this mutation of another seed, with a number.
    Malformed(Mutation, u64),
    /// A message of a capture, with its number.
    Captured(u64),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Default => f.write_str("default"),
            Self::Null => f.write_str("null"),
            Self::NullInside => f.write_str("null-inside"),
            Self::Full => f.write_str("full"),
            Self::Tag(path) => write!(f, "tag-{path}"),
            Self::Records(path, magic, codec) => write!(f, "records-{path}-magic{magic}-{codec}"),
            Self::Random(number) => write!(f, "random-{number}"),
            Self::Malformed(mutation, number) => write!(f, "malformed-{mutation:?}-{number}"),
            Self::Captured(number) => write!(f, "captured-{number}"),
        }
    }
}

/// A seed: the bytes of a message, without prefix, and what they are.
#[derive(Clone, Debug)]
pub struct Seed {
    pub(super) target: Target,
    pub(super) case: Case,
    /// With header and size, if the header is malformed.
    pub(super) bytes: Vec<u8>,
    pub(super) label: Option<Label>,
    /// The case that was mutated.
    pub(super) original: Option<Case>,
    pub(super) unit: Unit,
}

impl Seed {
    pub(super) const fn new(target: Target, case: Case, bytes: Vec<u8>) -> Self {
        Self {
            target,
            case,
            bytes,
            label: None,
            original: None,
            unit: Unit::Body,
        }
    }

    /// The API, version and direction.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// What is inside.
    #[must_use]
    pub const fn case(&self) -> &Case {
        &self.case
    }

    /// The bytes: of the body, or of a [frame](Self::unit) whose size or header is malformed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the bytes are of.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// The label of a malformed message; `None` for a valid one.
    #[must_use]
    pub const fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }

    /// The seed that was mutated, of a malformed message.
    #[must_use]
    pub const fn original(&self) -> Option<&Case> {
        self.original.as_ref()
    }
}

/// How many seeds there are of what.
#[derive(Copy, Clone, Debug)]
pub(super) struct Counts {
    pub(super) seed: u64,
    pub(super) random: u64,
    pub(super) malformed: u64,
    pub(super) prefix: Prefix,
}

/// All seeds of a target.
pub(super) fn of(target: Target, counts: Counts) -> Vec<Seed> {
    let (schema, version) = (target.schema(), target.version());
    let batch = records::batch(records::magic_of(target), Compression::None, 1);
    let batch = batch.unwrap_or_default();
    let shaped = |case, shape: Shape<'_>| {
        Seed::new(target, case, shape::write(schema, version, shape, &batch))
    };
    let mut seeds = vec![
        shaped(Case::Default, Shape::Default),
        shaped(Case::Full, Shape::Full),
        shaped(Case::Empty, Shape::Empty),
        shaped(Case::Null, Shape::Null),
        shaped(Case::NullInside, Shape::NullInside),
    ];
    for path in shape::tagged(schema, version) {
        seeds.push(shaped(Case::Tag(name(&path)), Shape::Only(&path)));
    }
    for path in shape::records(schema, version) {
        for (magic, codec) in formats() {
            if let Some(batch) = records::batch(magic, codec, 3) {
                let bytes = shape::write(schema, version, Shape::Only(&path), &batch);
                seeds.push(Seed::new(
                    target,
                    Case::Records(name(&path), magic, codec),
                    bytes,
                ));
            }
        }
    }
    let generator = Generator::new(target);
    let random = (0..counts.random).map(|number| {
        let generated = generator.generate(mixed(counts.seed, target, number));
        Seed::new(target, Case::Random(number), generated.into_bytes())
    });
    seeds.extend(random);
    let malformed = malformed(target, counts, &seeds);
    seeds.extend(malformed);
    seeds
}

fn formats() -> impl Iterator<Item = (i8, Compression)> {
    let magics = MAGICS.into_iter();
    magics.flat_map(|magic| Compression::ALL.map(|codec| (magic, codec)))
}

/// Mutates valid seeds in every way that applies to one of them: the full one first, then the random ones.
fn malformed(target: Target, counts: Counts, valid: &[Seed]) -> Vec<Seed> {
    let is_mutated = |seed: &&Seed| {
        matches!(
            seed.case,
            Case::Full | Case::Random(_) | Case::NullInside | Case::Records(..)
        )
    };
    let mutators = valid.iter().filter(is_mutated).filter_map(|seed| {
        let mutator = Mutator::new(target.schema(), target.version(), &seed.bytes).ok()?;
        Some((&seed.case, mutator))
    });
    let mutators: Vec<_> = mutators.collect();
    let mut seeds = Vec::new();
    for mutation in Mutation::ALL.iter().copied() {
        let entropy = |number| Seeded::new(mixed(!counts.seed, target, number));
        if is_of_frames(mutation) {
            seeds.extend((0..counts.malformed).filter_map(|number| {
                around(
                    target,
                    mutation,
                    number,
                    counts.prefix,
                    &mut entropy(number),
                )
            }));
            continue;
        }
        let mut originals = mutators.iter().cycle();
        for number in 0..counts.malformed {
            let mut entropy = entropy(number);
            // Each original once, from the one behind that of the number before.
            let mut once = originals.by_ref().take(mutators.len());
            let found = once.find_map(|(original, mutator)| {
                Some((*original, mutator.apply(mutation, &mut entropy)?))
            });
            let Some((original, mutated)) = found else {
                continue;
            };
            let label = Some(Label::new(&mutated));
            let case = Case::Malformed(mutation, number);
            seeds.push(Seed {
                label,
                original: Some(original.clone()),
                ..Seed::new(target, case, mutated.into_bytes())
            });
        }
    }
    seeds
}

/// A frame with a wrong size, API or version, where the prefix has these.
fn around(
    target: Target,
    mutation: Mutation,
    number: u64,
    prefix: Prefix,
    entropy: &mut Seeded,
) -> Option<Seed> {
    let is_there = match prefix {
        Prefix::SizeAndHeader => true,
        Prefix::Header => mutation != Mutation::FrameSize,
        _ => false,
    };
    let frame = is_there.then(|| {
        let options = Options::default();
        let frame = Frame::request(target.api_key(), target.version(), &options, entropy)?;
        Some(match target.direction() {
            Direction::Request => frame,
            Direction::Response => frame.response(&options, entropy),
        })
    })??;
    let mutated = frame.mutated(mutation, entropy)?;
    let label = Some(Label::new(&mutated));
    let case = Case::Malformed(mutation, number);
    Some(Seed {
        label,
        unit: Unit::Frame,
        ..Seed::new(target, case, mutated.into_bytes())
    })
}

/// The name of a path, such as `responses.partitions.divergingEpoch`.
fn name(path: &Path) -> String {
    let names: Vec<_> = path.iter().map(|field| field.name()).collect();
    names.join(".")
}

/// A seed of its own for each target and number.
fn mixed(seed: u64, target: Target, number: u64) -> u64 {
    let key = u64::from(target.api_key().number().unsigned_abs());
    let version = u64::from(target.version().0.unsigned_abs());
    let direction = match target.direction() {
        Direction::Request => 0,
        Direction::Response => 1,
    };
    let parts = [key, version, direction, number];
    parts.into_iter().fold(seed, |mixed, part| {
        let mixed = (mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    })
}
