//! Mutates a valid message in one place. `sites` finds the places, `edit` corrects the sizes around the edited bytes.

use std::ops::Range;

use super::edit::{self, Edit, overlong, varint};
use super::entropy::Dice;
use super::mutation::{Mutated, Mutation};
use super::sites::{Length, LengthOf, Sites, StepIndex, TagIndex};
use super::{Entropy, tags};
use crate::schema::Schema;
use crate::wire::Encoding;
use crate::{DecodeError, Version};

/// Mutates a valid message, random or recorded.
///
/// # Examples
///
/// ```
/// use kafka_codec::schema::Schema;
/// use kafka_codec::schema::random::{Mutation, Mutator, Seeded, Expectation};
/// use kafka_codec::{ApiKey, Version};
///
/// let schema = Schema::of_request(ApiKey::SaslHandshake).expect("known");
/// let mutator = Mutator::new(schema, Version(0), b"\0\x05PLAIN")?;
/// let mutated = mutator.apply(Mutation::UnexpectedNull, &mut &[0_u8][..]).expect("a string");
/// assert_eq!(mutated.bytes(), b"\xff\xffPLAIN");
/// assert_eq!(mutated.expectation(), Expectation::Refuse);
/// assert_eq!(
///     mutated.to_string(),
///     "SaslHandshakeRequest v0: mechanism (byte 0): null where it is not allowed, to be refused",
/// );
/// // There are no tagged fields in this version.
/// assert_eq!(mutator.apply(Mutation::DuplicateTag, &mut Seeded::new(1)), None);
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Mutator<'a> {
    schema: &'static Schema,
    pub(super) version: Version,
    pub(super) bytes: &'a [u8],
    pub(super) sites: Sites,
    /// The number of bytes after the message that belong to something else.
    followed_by: usize,
}

/// The edits of one mutation.
pub(super) struct Patch {
    pub(super) edits: Vec<Edit>,
    /// The tagged field in whose value the edits are.
    pub(super) tag: TagIndex,
    pub(super) path: String,
    /// The mutated bytes, as offsets after the edits and before sizes were corrected.
    pub(super) at: Range<usize>,
}

impl<'a> Mutator<'a> {
    /// Creates the mutator of the message in `bytes`.
    ///
    /// # Errors
    ///
    /// As [`visit`](crate::schema::visit), with no limits: only valid messages can be mutated.
    pub fn new(
        schema: &'static Schema,
        version: Version,
        bytes: &'a [u8],
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            schema,
            version,
            bytes,
            sites: Sites::of(schema, version, bytes)?,
            followed_by: 0,
        })
    }

    /// The same for a message that other bytes follow, so that it cannot end too early or too late.
    pub(super) fn followed_by(self, bytes: usize) -> Self {
        Self {
            followed_by: bytes,
            ..self
        }
    }

    /// Returns the message with a random mutation, or `None` if it is a header to which none applies.
    pub fn any(&self, entropy: &mut dyn Entropy) -> Option<Mutated> {
        let mut dice = Dice::new(entropy);
        let mut kinds = Mutation::ALL.to_vec();
        while !kinds.is_empty() {
            let kind = kinds.swap_remove(dice.below(kinds.len()));
            if let Some(mutated) = self.apply(kind, dice.entropy()) {
                return Some(mutated);
            }
        }
        None
    }

    /// Returns the message with this mutation, or `None` if it does not apply.
    pub fn apply(&self, mutation: Mutation, entropy: &mut dyn Entropy) -> Option<Mutated> {
        let patch = self.patch(mutation, &mut Dice::new(entropy))?;
        let (bytes, moved) = edit::apply(self.bytes, &self.sites, patch.edits, patch.tag);
        Some(Mutated {
            bytes,
            mutation,
            message: self.schema.name(),
            version: self.version,
            path: patch.path,
            start: patch.at.start.saturating_add_signed(moved),
            end: patch.at.end.saturating_add_signed(moved),
        })
    }

    fn patch(&self, mutation: Mutation, dice: &mut Dice<'_>) -> Option<Patch> {
        match mutation {
            Mutation::Truncation => self.truncated(dice),
            Mutation::TrailingBytes => self.trailing(dice),
            Mutation::InflatedLength => self.inflated(dice, |of| !matches!(of, LengthOf::Array(_))),
            Mutation::InflatedCount => self.inflated(dice, |of| matches!(of, LengthOf::Array(_))),
            Mutation::OverlongVarint => self.overlong(dice),
            Mutation::EndlessVarint => self.endless(dice),
            Mutation::InvalidUtf8 => self.invalid_utf8(dice),
            Mutation::LongString => {
                let is_compact =
                    |length: &Length| length.of == LengthOf::String && length.e.is_compact();
                let length = self.length(dice, |length| !length.is_null && is_compact(length))?;
                let bytes = LONGEST_STRING + 1 + dice.below(1000);
                let count = varint(u32::try_from(bytes).ok()?.checked_add(1)?);
                let text = [count, vec![b'a'; bytes]].concat();
                Some(self.instead(length, length.value.clone(), text))
            }
            Mutation::UnexpectedNull => {
                let length = self.length(dice, |length| !length.is_nullable)?;
                let null = length.number(-1)?;
                Some(self.instead(length, length.bytes.clone(), null))
            }
            Mutation::NegativeLength => {
                let length = self.length(dice, |length| !length.is_nullable)?;
                let negative = length.negative(dice)?;
                Some(self.instead(length, length.bytes.clone(), negative))
            }
            Mutation::OddNull => {
                let length = self.length(dice, |length| length.is_null)?;
                let negative = length.negative(dice)?;
                Some(self.instead(length, length.bytes.clone(), negative))
            }
            Mutation::OddMarker => self.odd_marker(dice),
            Mutation::OddBool => self.odd_bool(dice),
            Mutation::InflatedTagCount => tags::inflated_count(self, dice),
            Mutation::InflatedTagSize => tags::inflated_size(self, dice),
            Mutation::WrongTagSize => tags::wrong_size(self, dice),
            Mutation::DuplicateTag => tags::duplicate(self, dice),
            Mutation::TagOfOtherVersion => tags::of_other_version(self, dice),
            Mutation::TagsOutOfOrder => tags::out_of_order(self, dice),
            Mutation::DefaultTag => tags::at_default(self, dice),
            // Of frames.
            Mutation::FrameSize | Mutation::UnknownApi | Mutation::UnknownVersion => None,
        }
    }

    fn truncated(&self, dice: &mut Dice<'_>) -> Option<Patch> {
        let length = self.bytes.len();
        let at = (self.followed_by == 0 && length > 0).then(|| dice.below(length))?;
        Some(Patch {
            edits: vec![Edit::new(at..length, [])],
            tag: None,
            path: self.sites.path(self.sites.at(at)),
            at: at..at,
        })
    }

    fn trailing(&self, dice: &mut Dice<'_>) -> Option<Patch> {
        let length = self.bytes.len();
        let count = (self.followed_by == 0).then(|| 1 + dice.below(8))?;
        Some(Patch {
            edits: vec![Edit::new(length..length, dice.vec(count))],
            tag: None,
            path: String::new(),
            at: length..length + count,
        })
    }

    fn inflated(&self, dice: &mut Dice<'_>, is_of: fn(LengthOf) -> bool) -> Option<Patch> {
        let too_much = |length: &Length| {
            let size = if let LengthOf::Array(size) = length.of {
                size
            } else {
                1
            };
            self.after(length.bytes.end) / size.max(1) + 1
        };
        let length = self.length(dice, |length| {
            is_of(length.of) && !length.is_null && too_much(length) <= length.max()
        })?;
        let number = dice.between(too_much(length), length.max());
        let number = length.number(i32::try_from(number).ok()?)?;
        Some(self.instead(length, length.bytes.clone(), number))
    }

    fn overlong(&self, dice: &mut Dice<'_>) -> Option<Patch> {
        let mut varints = self.varints();
        varints.retain(|(bytes, ..)| bytes.len() < VARINT_BYTES);
        let (bytes, step, tag) = dice.pick_ref(&varints)?;
        let more = 1 + dice.below(VARINT_BYTES - bytes.len());
        let longer = overlong(self.bytes.get(bytes.clone())?, more);
        Some(self.at(*step, *tag, bytes.clone(), longer))
    }

    fn endless(&self, dice: &mut Dice<'_>) -> Option<Patch> {
        let varints = self.varints();
        let (bytes, step, tag) = dice.pick_ref(&varints)?;
        let endless = dice.bytes::<VARINT_BYTES>().map(|byte| byte | 0x80);
        Some(self.at(*step, *tag, bytes.clone(), endless))
    }

    /// All variable-length integers, and in which tagged field they are.
    fn varints(&self) -> Vec<(Range<usize>, StepIndex, TagIndex)> {
        let Sites {
            lengths,
            sections,
            tags,
            ..
        } = &self.sites;
        let lengths = lengths.iter().filter(|length| length.e.is_compact());
        let lengths = lengths.map(|length| (length.bytes.clone(), length.step, length.tag));
        let counts = sections
            .iter()
            .map(|section| (section.count.clone(), section.step, section.tag));
        let numbers = tags
            .iter()
            .map(|tagged| (tagged.number.clone(), tagged.step, tagged.tag));
        let sizes = tags
            .iter()
            .map(|tagged| (tagged.size.clone(), tagged.step, tagged.tag));
        lengths.chain(counts).chain(numbers).chain(sizes).collect()
    }

    fn invalid_utf8(&self, dice: &mut Dice<'_>) -> Option<Patch> {
        let content = |length: &Length| length.bytes.end..length.value.end;
        let length = self.length(dice, |length| {
            length.of == LengthOf::String && !content(length).is_empty()
        })?;
        let content = content(length);
        let mut sequences = NOT_UTF8.to_vec();
        sequences.retain(|sequence| sequence.len() <= content.len());
        let sequence = dice.pick(&sequences)?;
        let start = content.start + dice.below(content.len() - sequence.len() + 1);
        let mut patch = self.instead(length, start..start + sequence.len(), sequence);
        patch.at = length.value.clone();
        Some(patch)
    }

    fn odd_marker(&self, dice: &mut Dice<'_>) -> Option<Patch> {
        let marker = dice.pick_ref(&self.sites.markers)?;
        let odd = match self.bytes.get(marker.at)? {
            0x80.. => dice.pick(&[0x80, 0xfe])?,
            _ => dice.pick(&[0, 2, 0x7f])?,
        };
        Some(self.at(marker.step, None, marker.at..marker.at + 1, [odd]))
    }

    fn odd_bool(&self, dice: &mut Dice<'_>) -> Option<Patch> {
        let bools = self.sites.bools.iter();
        let set: Vec<_> = bools
            .filter(|bool| self.bytes.get(bool.at) == Some(&1))
            .collect();
        let bool = dice.pick(&set)?;
        let odd = dice.pick(&[0xff, 2, 0x80])?;
        Some(self.at(bool.step, None, bool.at..bool.at + 1, [odd]))
    }

    /// One of the lengths that `is_fit`.
    fn length(&self, dice: &mut Dice<'_>, is_fit: impl Fn(&Length) -> bool) -> Option<&Length> {
        let lengths = self.sites.lengths.iter();
        let fit: Vec<_> = lengths.filter(|length| is_fit(length)).collect();
        dice.pick(&fit)
    }

    /// What comes of putting `with` in place of some bytes of a value.
    fn instead(&self, length: &Length, bytes: Range<usize>, with: impl Into<Vec<u8>>) -> Patch {
        self.at(length.step, length.tag, bytes, with)
    }

    fn at(
        &self,
        step: StepIndex,
        tag: TagIndex,
        bytes: Range<usize>,
        with: impl Into<Vec<u8>>,
    ) -> Patch {
        let with = with.into();
        Patch {
            path: self.sites.path(step),
            at: bytes.start..bytes.start + with.len(),
            edits: vec![Edit::new(bytes, with)],
            tag,
        }
    }

    /// How many bytes come after the one at `offset` or at it.
    pub(super) fn after(&self, offset: usize) -> usize {
        self.bytes.len().saturating_sub(offset) + self.followed_by
    }
}

impl Length {
    /// The maximum that the length field can hold.
    fn max(&self) -> usize {
        match (self.of, self.e) {
            (LengthOf::String, Encoding::Classic) => LONGEST_STRING,
            _ => 0x7fff_fffe,
        }
    }

    /// The bytes that say `number`; `None` if it cannot.
    fn number(&self, number: i32) -> Option<Vec<u8>> {
        Some(match (self.of, self.e) {
            (_, Encoding::Compact) => {
                varint(u32::from_ne_bytes(number.wrapping_add(1).to_ne_bytes()))
            }
            (LengthOf::String, Encoding::Classic) => {
                i16::try_from(number).ok()?.to_be_bytes().to_vec()
            }
            (_, Encoding::Classic) => number.to_be_bytes().to_vec(),
        })
    }

    /// The bytes that say some number below -1.
    fn negative(&self, dice: &mut Dice<'_>) -> Option<Vec<u8>> {
        let min = match (self.of, self.e) {
            (LengthOf::String, Encoding::Classic) => i16::MIN.into(),
            _ => i32::MIN,
        };
        let some = -3 - i32::from(dice.byte());
        self.number(dice.pick(&[-2, min, some])?)
    }
}

const LONGEST_STRING: usize = 0x7fff;

const VARINT_BYTES: usize = 5;

/// Bytes that are not UTF-8 wherever they stand: what never occurs, an overlong NUL, a surrogate,
/// what lies above the last code point.
const NOT_UTF8: [&[u8]; 4] = [
    &[0xff],
    &[0xc0, 0x80],
    &[0xed, 0xa0, 0x80],
    &[0xf4, 0x90, 0x80, 0x80],
];
