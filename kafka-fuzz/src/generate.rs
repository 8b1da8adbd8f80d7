//! Random messages of one target or of any, valid or malformed, by seed.

use std::fmt;
use std::sync::OnceLock;

use kafka_codec::schema::random::{
    self, Entropy, Expectation, Frame, Mutated, Mutation, Mutator, Options, Seeded,
};

use crate::records;
use crate::{Direction, Target};

/// What is generated of a message.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// The body alone.
    #[default]
    Body,
    /// A whole frame: size, header and body.
    Frame,
}

/// Generates messages of a list of targets. The same seed makes the same bytes on every platform.
///
/// # Examples
///
/// See the [crate](crate).
#[derive(Clone, Debug)]
pub struct Generator {
    targets: Vec<Target>,
    /// Generators of the bodies of the targets, made when they are needed.
    bodies: Vec<OnceLock<random::Generator>>,
    unit: Unit,
    options: Options,
    has_record_batches: bool,
    malformed: Malformed,
}

#[derive(Copy, Clone, Debug)]
enum Malformed {
    No,
    Any,
    Only(Mutation),
}

impl Generator {
    /// Generates valid bodies of one target.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self::of_many(vec![target])
    }

    /// Generates valid bodies of some of these targets, chosen by the seed. All targets if `targets` is empty.
    #[must_use]
    pub fn of_many(mut targets: Vec<Target>) -> Self {
        if targets.is_empty() {
            targets = Target::all().collect();
        }
        Self {
            bodies: vec![OnceLock::new(); targets.len()],
            targets,
            unit: Unit::Body,
            options: Options::default().with_max_records_bytes(1024),
            has_record_batches: true,
            malformed: Malformed::No,
        }
    }

    /// The same with bodies or with frames.
    #[must_use]
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// The same with messages of other sizes.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self.bodies.fill(OnceLock::new());
        self
    }

    /// The same with random bytes in fields that hold record batches, instead of valid batches.
    #[must_use]
    pub fn without_record_batches(mut self) -> Self {
        self.has_record_batches = false;
        self.bodies.fill(OnceLock::new());
        self
    }

    /// The same with one mutation in each message.
    #[must_use]
    pub const fn malformed(mut self) -> Self {
        self.malformed = Malformed::Any;
        self
    }

    /// The same with this mutation in each message to which it applies. Others are valid and have no label.
    #[must_use]
    pub const fn malformed_by(mut self, mutation: Mutation) -> Self {
        self.malformed = Malformed::Only(mutation);
        self
    }

    /// Generates the message of a seed.
    #[must_use]
    pub fn generate(&self, seed: u64) -> Generated {
        let mut entropy = Seeded::new(seed);
        let (target, bodies) = self.target(&mut entropy);
        let (bytes, mutated) = match self.unit {
            Unit::Body => self.body(target, bodies, &mut entropy),
            Unit::Frame => self.frame(target, &mut entropy),
        };
        let (bytes, label) = match mutated {
            Some(mutated) => {
                let label = Label::new(&mutated);
                (mutated.into_bytes(), Some(label))
            }
            None => (bytes, None),
        };
        Generated {
            target,
            seed,
            bytes,
            label,
        }
    }

    fn target(&self, entropy: &mut Seeded) -> (Target, &OnceLock<random::Generator>) {
        let index = match self.targets.as_slice() {
            [_] => 0,
            targets => below(targets.len(), entropy),
        };
        let target = self.targets.get(index).copied();
        let found = target.zip(self.bodies.get(index));
        found.expect("there is at least one target")
    }

    fn body(
        &self,
        target: Target,
        bodies: &OnceLock<random::Generator>,
        entropy: &mut Seeded,
    ) -> (Vec<u8>, Option<Mutated>) {
        let (schema, version) = (target.schema(), target.version());
        let generator = bodies.get_or_init(|| {
            let generator = random::Generator::new(schema, version, &self.options_of(target));
            generator.expect("targets have versions that exist")
        });
        let bytes = generator.generate(entropy);
        let mutator = || Mutator::new(schema, version, &bytes).expect("random messages are valid");
        let mutated = match self.malformed {
            Malformed::No => None,
            Malformed::Any => mutator().any(entropy),
            Malformed::Only(mutation) => mutator().apply(mutation, entropy),
        };
        (bytes, mutated)
    }

    fn frame(&self, target: Target, entropy: &mut Seeded) -> (Vec<u8>, Option<Mutated>) {
        let options = self.options_of(target);
        let frame = Frame::request(target.api_key(), target.version(), &options, entropy);
        let mut frame = frame.expect("targets have versions that exist");
        if target.direction() == Direction::Response {
            frame = frame.response(&options, entropy);
        }
        let mutated = match self.malformed {
            Malformed::No => None,
            Malformed::Any => Some(frame.randomly_mutated(entropy)),
            Malformed::Only(mutation) => frame.mutated(mutation, entropy),
        };
        (frame.to_bytes(), mutated)
    }

    fn options_of(&self, target: Target) -> Options {
        if self.has_record_batches {
            self.options
                .with_records(records::make_records(records::magic_of(target)))
        } else {
            self.options
        }
    }
}

/// Returns `true` if a mutation is of the size or the header of a frame, so that it never applies to a body.
#[must_use]
pub const fn is_of_frames(mutation: Mutation) -> bool {
    use Mutation::{FrameSize, UnknownApi, UnknownVersion};
    matches!(mutation, FrameSize | UnknownApi | UnknownVersion)
}

/// A number below `end`, which is above 0 and far below 2^32.
fn below(end: usize, entropy: &mut impl Entropy) -> usize {
    let end = u64::try_from(end).unwrap_or(u64::MAX);
    usize::try_from((entropy.word() >> 32).saturating_mul(end) >> 32).unwrap_or(0)
}

/// A generated message.
#[derive(Clone, Debug)]
pub struct Generated {
    target: Target,
    seed: u64,
    bytes: Vec<u8>,
    label: Option<Label>,
}

impl Generated {
    /// The API, version and direction.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// The seed that makes it again.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The label of a malformed message; `None` for a valid one.
    #[must_use]
    pub const fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }
}

/// What is wrong with a malformed message, and what a reader must make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    mutation: Mutation,
    path: String,
    offset: usize,
    text: String,
}

impl Label {
    pub(crate) fn new(mutated: &Mutated) -> Self {
        Self {
            mutation: mutated.mutation(),
            path: mutated.path().to_owned(),
            offset: mutated.offset(),
            text: mutated.to_string(),
        }
    }

    /// The mutation.
    #[must_use]
    pub const fn mutation(&self) -> Mutation {
        self.mutation
    }

    /// The required reaction of a reader.
    #[must_use]
    pub const fn expectation(&self) -> Expectation {
        self.mutation.expectation()
    }

    /// The path of the mutated field, such as `topics[0].name`; empty for the message itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The offset of the first mutated byte.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

/// As `FetchRequest v12: topics[0].partitions (byte 12): count above what is left, to be refused`.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
