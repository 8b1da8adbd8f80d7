//! Breaks a valid message in one place. Where there is what, is found by `sites`; what the sizes around it
//! become, by `edit`.

use std::ops::Range;

use super::breakage::{Breakage, Broken};
use super::edit::{self, Edit, overlong, varint};
use super::entropy::Dice;
use super::sites::{Length, Of, Sites, Step, TagIndex};
use super::{Entropy, tags};
use crate::schema::Schema;
use crate::wire::Encoding;
use crate::{DecodeError, Version};

/// Breaks a message, which may be random or one that was recorded.
///
/// # Examples
///
/// ```
/// use kafka_codec::schema::Schema;
/// use kafka_codec::schema::random::{Breakage, Breaker, Seeded, Verdict};
/// use kafka_codec::{ApiKey, Version};
///
/// let schema = Schema::of_request(ApiKey::SaslHandshake).expect("known");
/// let breaker = Breaker::new(schema, Version(0), b"\0\x05PLAIN")?;
/// let broken = breaker.apply(Breakage::UnexpectedNull, &mut &[0_u8][..]).expect("a string");
/// assert_eq!(broken.bytes(), b"\xff\xffPLAIN");
/// assert_eq!(broken.verdict(), Verdict::Refuse);
/// assert_eq!(
///     broken.to_string(),
///     "SaslHandshakeRequest v0: mechanism (byte 0): null where there is none, to be refused",
/// );
/// // There are no tagged fields in this version.
/// assert_eq!(breaker.apply(Breakage::DuplicateTag, &mut Seeded::new(1)), None);
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Breaker<'a> {
    schema: &'static Schema,
    pub(super) version: Version,
    pub(super) bytes: &'a [u8],
    pub(super) sites: Sites,
    /// How many bytes come after the message that belong to something else.
    followed_by: usize,
}

/// What is done to a message.
pub(super) struct Wound {
    pub(super) edits: Vec<Edit>,
    /// In the value of which tagged field.
    pub(super) tag: TagIndex,
    pub(super) path: String,
    /// What is broken, in the bytes as they are when only the edits were made.
    pub(super) at: Range<usize>,
}

impl<'a> Breaker<'a> {
    /// For the message that `bytes` are.
    ///
    /// # Errors
    ///
    /// As [`visit`](crate::schema::visit), with no limits: what is broken already cannot be broken.
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

    /// The message broken in some way; `None` only if it is a header in which there is nothing to break.
    pub fn any(&self, entropy: &mut dyn Entropy) -> Option<Broken> {
        let mut dice = Dice::new(entropy);
        let mut kinds = Breakage::ALL.to_vec();
        while !kinds.is_empty() {
            let kind = kinds.swap_remove(dice.below(kinds.len()));
            if let Some(broken) = self.apply(kind, dice.entropy()) {
                return Some(broken);
            }
        }
        None
    }

    /// The message broken in this way; `None` if nothing in it can be.
    pub fn apply(&self, breakage: Breakage, entropy: &mut dyn Entropy) -> Option<Broken> {
        let wound = self.wound(breakage, &mut Dice::new(entropy))?;
        let (bytes, moved) = edit::apply(self.bytes, &self.sites, wound.edits, wound.tag);
        let broken = Broken {
            bytes,
            breakage,
            message: self.schema.name(),
            version: self.version,
            path: wound.path,
            start: wound.at.start,
            end: wound.at.end,
        };
        Some(broken.moved(moved))
    }

    fn wound(&self, breakage: Breakage, dice: &mut Dice<'_>) -> Option<Wound> {
        match breakage {
            Breakage::Cut => self.cut(dice),
            Breakage::TrailingBytes => self.trailing(dice),
            Breakage::InflatedLength => self.inflated(dice, |of| !matches!(of, Of::Array(_))),
            Breakage::InflatedCount => self.inflated(dice, |of| matches!(of, Of::Array(_))),
            Breakage::OverlongVarint => self.overlong(dice),
            Breakage::EndlessVarint => self.endless(dice),
            Breakage::InvalidUtf8 => self.invalid_utf8(dice),
            Breakage::LongString => {
                let is_compact = |length: &Length| length.of == Of::String && length.e.is_compact();
                let length = self.length(dice, |length| !length.is_null && is_compact(length))?;
                let bytes = LONGEST_STRING + 1 + dice.below(1000);
                let count = varint(u32::try_from(bytes).ok()?.checked_add(1)?);
                let text = [count, vec![b'a'; bytes]].concat();
                Some(self.instead(length, length.value.clone(), text))
            }
            Breakage::UnexpectedNull => {
                let length = self.length(dice, |length| !length.is_nullable)?;
                let null = length.number(-1)?;
                Some(self.instead(length, length.bytes.clone(), null))
            }
            Breakage::NegativeLength => {
                let length = self.length(dice, |length| !length.is_nullable)?;
                let negative = length.negative(dice)?;
                Some(self.instead(length, length.bytes.clone(), negative))
            }
            Breakage::OddNull => {
                let length = self.length(dice, |length| length.is_null)?;
                let negative = length.negative(dice)?;
                Some(self.instead(length, length.bytes.clone(), negative))
            }
            Breakage::OddMarker => self.odd_marker(dice),
            Breakage::OddBool => self.odd_bool(dice),
            Breakage::InflatedTagCount => tags::inflated_count(self, dice),
            Breakage::InflatedTagSize => tags::inflated_size(self, dice),
            Breakage::WrongTagSize => tags::wrong_size(self, dice),
            Breakage::DuplicateTag => tags::duplicate(self, dice),
            Breakage::TagOfOtherVersion => tags::of_other_version(self, dice),
            Breakage::TagsOutOfOrder => tags::out_of_order(self, dice),
            Breakage::DefaultTag => tags::at_default(self, dice),
            // Of frames.
            Breakage::FrameSize | Breakage::UnknownApi | Breakage::UnknownVersion => None,
        }
    }

    fn cut(&self, dice: &mut Dice<'_>) -> Option<Wound> {
        let length = self.bytes.len();
        let at = (self.followed_by == 0 && length > 0).then(|| dice.below(length))?;
        Some(Wound {
            edits: vec![Edit::new(at..length, [])],
            tag: None,
            path: self.sites.path(self.sites.at(at)),
            at: at..at,
        })
    }

    fn trailing(&self, dice: &mut Dice<'_>) -> Option<Wound> {
        let length = self.bytes.len();
        let count = (self.followed_by == 0).then(|| 1 + dice.below(8))?;
        Some(Wound {
            edits: vec![Edit::new(length..length, dice.vec(count))],
            tag: None,
            path: String::new(),
            at: length..length + count,
        })
    }

    fn inflated(&self, dice: &mut Dice<'_>, is_of: fn(Of) -> bool) -> Option<Wound> {
        let too_much = |length: &Length| {
            let size = if let Of::Array(size) = length.of {
                size
            } else {
                1
            };
            self.after(length.bytes.end) / size.max(1) + 1
        };
        let length = self.length(dice, |length| {
            is_of(length.of) && !length.is_null && too_much(length) <= length.most()
        })?;
        let number = dice.between(too_much(length), length.most());
        let number = length.number(i32::try_from(number).ok()?)?;
        Some(self.instead(length, length.bytes.clone(), number))
    }

    fn overlong(&self, dice: &mut Dice<'_>) -> Option<Wound> {
        let mut varints = self.varints();
        varints.retain(|(bytes, ..)| bytes.len() < VARINT_BYTES);
        let (bytes, step, tag) = dice.pick_ref(&varints)?;
        let more = 1 + dice.below(VARINT_BYTES - bytes.len());
        let longer = overlong(self.bytes.get(bytes.clone())?, more);
        Some(self.at(*step, *tag, bytes.clone(), longer))
    }

    fn endless(&self, dice: &mut Dice<'_>) -> Option<Wound> {
        let varints = self.varints();
        let (bytes, step, tag) = dice.pick_ref(&varints)?;
        let endless = dice.bytes::<VARINT_BYTES>().map(|byte| byte | 0x80);
        Some(self.at(*step, *tag, bytes.clone(), endless))
    }

    /// All variable-length integers, and in which tagged field they are.
    fn varints(&self) -> Vec<(Range<usize>, Step, TagIndex)> {
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

    fn invalid_utf8(&self, dice: &mut Dice<'_>) -> Option<Wound> {
        let content = |length: &Length| length.bytes.end..length.value.end;
        let length = self.length(dice, |length| {
            length.of == Of::String && !content(length).is_empty()
        })?;
        let content = content(length);
        let mut sequences = NOT_UTF8.to_vec();
        sequences.retain(|sequence| sequence.len() <= content.len());
        let sequence = dice.pick(&sequences)?;
        let start = content.start + dice.below(content.len() - sequence.len() + 1);
        let mut wound = self.instead(length, start..start + sequence.len(), sequence);
        wound.at = length.value.clone();
        Some(wound)
    }

    fn odd_marker(&self, dice: &mut Dice<'_>) -> Option<Wound> {
        let marker = dice.pick_ref(&self.sites.markers)?;
        let odd = match self.bytes.get(marker.at)? {
            0x80.. => dice.pick(&[0x80, 0xfe])?,
            _ => dice.pick(&[0, 2, 0x7f])?,
        };
        Some(self.at(marker.step, None, marker.at..marker.at + 1, [odd]))
    }

    fn odd_bool(&self, dice: &mut Dice<'_>) -> Option<Wound> {
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
    fn instead(&self, length: &Length, bytes: Range<usize>, with: impl Into<Vec<u8>>) -> Wound {
        self.at(length.step, length.tag, bytes, with)
    }

    fn at(
        &self,
        step: Step,
        tag: TagIndex,
        bytes: Range<usize>,
        with: impl Into<Vec<u8>>,
    ) -> Wound {
        let with = with.into();
        Wound {
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
    /// The most that it can say.
    fn most(&self) -> usize {
        match (self.of, self.e) {
            (Of::String, Encoding::Plain) => LONGEST_STRING,
            _ => 0x7fff_fffe,
        }
    }

    /// The bytes that say `number`; `None` if it cannot.
    fn number(&self, number: i32) -> Option<Vec<u8>> {
        Some(match (self.of, self.e) {
            (_, Encoding::Compact) => {
                varint(u32::from_ne_bytes(number.wrapping_add(1).to_ne_bytes()))
            }
            (Of::String, Encoding::Plain) => i16::try_from(number).ok()?.to_be_bytes().to_vec(),
            (_, Encoding::Plain) => number.to_be_bytes().to_vec(),
        })
    }

    /// The bytes that say some number below -1.
    fn negative(&self, dice: &mut Dice<'_>) -> Option<Vec<u8>> {
        let least = match (self.of, self.e) {
            (Of::String, Encoding::Plain) => i16::MIN.into(),
            _ => i32::MIN,
        };
        let some = -3 - i32::from(dice.byte());
        self.number(dice.pick(&[-2, least, some])?)
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
