//! Writes a message by its plan: every field of the version, within the budget. What can be left out is
//! where it is at its default, so that the bytes are those that an encoder writes too.

use super::chance::{Chance, UpTo, pick};
use super::lengths::{put_blob_length, put_string_length, put_varint, widen};
use super::min_sizes::{MAX_SIZE_BYTES, varint_size};
use super::plan::{ElementKind, Kind, Marker, Plan, Step, Struct};
use super::values::{Fixed, Interest, Width};
use super::{Entropy, Options, texts};
use crate::schema::{DefaultValue, Schema};
use crate::wire::{Encoding, Writer};
use crate::{EncodeError, Version};

/// Bytes of a valid message: any that `options` allow, in canonical form.
///
/// Canonical means that an encoder writes the same bytes for what they decode to: the shortest form of every
/// number, tags in ascending order, no tagged field that is at its default. A [`Generator`] makes many messages
/// faster, and the same ones.
///
/// # Errors
///
/// [`UnsupportedVersion`](crate::EncodeErrorKind::UnsupportedVersion).
///
/// # Examples
///
/// ```
/// use kafka_codec::schema::random::{self, Options, Seeded};
/// use kafka_codec::schema::Schema;
/// use kafka_codec::{Version, wire::Limits};
///
/// let schema = Schema::named("ApiVersionsResponse")?;
/// let bytes = random::message(schema, Version(4), &Options::default(), &mut Seeded::new(1))?;
/// kafka_codec::schema::visit(schema, Version(4), &bytes, Limits::default(), &mut ())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn message(
    schema: &'static Schema,
    version: Version,
    options: &Options,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, EncodeError> {
    let generator = Generator::new(schema, version, options)?;
    Ok(generator.generate(entropy))
}

/// Generates many messages of one kind and version: the tables are read once for all of them.
///
/// # Examples
///
/// ```
/// use kafka_codec::Version;
/// use kafka_codec::schema::Schema;
/// use kafka_codec::schema::random::{self, Generator, Options, Seeded};
///
/// let (schema, options) = (Schema::named("FetchRequest")?, Options::default());
/// let generator = Generator::new(schema, Version(12), &options)?;
/// let mut bytes = Vec::new();
/// for seed in 0..10 {
///     bytes.clear();
///     generator.generate_into(&mut Seeded::new(seed), &mut bytes);
///     assert_eq!(bytes, random::message(schema, Version(12), &options, &mut Seeded::new(seed))?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    options: Options,
    plan: Plan,
    defaults: Chance,
    elements: UpTo,
    string: UpTo,
    blob: UpTo,
    records: UpTo,
    unknown_tags: UpTo,
}

impl Generator {
    /// A generator of `schema` in `version`.
    ///
    /// # Errors
    ///
    /// [`UnsupportedVersion`](crate::EncodeErrorKind::UnsupportedVersion).
    pub fn new(
        schema: &'static Schema,
        version: Version,
        options: &Options,
    ) -> Result<Self, EncodeError> {
        // Refuses a version that does not exist.
        Writer::new().message(schema.name(), schema.versions(), version, |_| {})?;
        Ok(Self {
            options: *options,
            plan: Plan::new(schema, version, options),
            defaults: Chance::of_percent(options.default_percent()),
            elements: UpTo::new(options.max_elements()),
            string: UpTo::new(options.max_string_bytes()),
            blob: UpTo::new(options.max_blob_bytes()),
            records: UpTo::new(options.max_records_bytes()),
            unknown_tags: UpTo::new(options.max_unknown_tags()),
        })
    }

    /// Generates a message: the one that [`message`] makes of the same entropy.
    #[must_use]
    pub fn generate<E: Entropy + ?Sized>(&self, entropy: &mut E) -> Vec<u8> {
        let least = self.plan.root().min_size;
        let mut out = Vec::with_capacity(least + TYPICAL.min(self.options.max_bytes()));
        self.generate_into(entropy, &mut out);
        out
    }

    /// Appends a message to `out`.
    pub fn generate_into<E: Entropy + ?Sized>(&self, entropy: &mut E, out: &mut Vec<u8>) {
        let root = self.plan.root();
        let mut generation = Generation {
            generator: self,
            entropy,
            spare: self.options.max_bytes().saturating_sub(root.min_size),
            out: std::mem::take(out),
        };
        generation.structure::<false>(root);
        *out = generation.out;
    }
}

/// A message that is being generated.
///
/// Methods that append a value return whether it is at its default if they are `TAGGED`, inside of a tagged field, and `false` elsewhere, where nobody asks.
/// What is decided of a field follows from one word, each decision from bits of its own.
struct Generation<'g, 'e, E: Entropy + ?Sized> {
    generator: &'g Generator,
    entropy: &'e mut E,
    /// The number of bytes left above the minimum size of all that is still to come.
    spare: usize,
    out: Vec<u8>,
}

impl<'g, E: Entropy + ?Sized> Generation<'g, '_, E> {
    fn structure<const TAGGED: bool>(&mut self, of: &'g Struct) -> bool {
        let plan = &self.generator.plan;
        let mut is_default = true;
        for step in plan.mandatory(of) {
            is_default &= self.field::<TAGGED>(step);
        }
        if plan.is_flexible {
            is_default &= self.tags(of);
        }
        TAGGED && is_default
    }

    #[inline]
    fn field<const TAGGED: bool>(&mut self, step: &'g Step) -> bool {
        match step.kind {
            Kind::Fixed(width) => self.fixed::<TAGGED>(step, width),
            Kind::String => self.string::<TAGGED>(step),
            Kind::Bytes => {
                let length = self.content(step, step.nulls);
                TAGGED && is_default_length(step, length)
            }
            Kind::Records => {
                let length = self.batches(step, step.nulls);
                TAGGED && is_default_length(step, length)
            }
            Kind::Struct(index) => self.optional_struct::<TAGGED>(step, index),
            Kind::Array(element) => self.array::<TAGGED>(step, element),
        }
    }

    fn optional_struct<const TAGGED: bool>(&mut self, step: &'g Step, index: u32) -> bool {
        let is_null = step.nulls.holds(self.entropy.word()) || !self.spend(step.min_size);
        match step.marker {
            Marker::None => {}
            Marker::Mandatory => self.out.push(if is_null { 0xff } else { 1 }),
            Marker::Tagged => self.out.push((!is_null).into()),
        }
        if is_null {
            return TAGGED && step.default_value() == DefaultValue::Null;
        }
        let is_default = self.structure::<TAGGED>(self.generator.plan.structure(index));
        is_default && step.default_value() == DefaultValue::Zero
    }

    fn array<const TAGGED: bool>(&mut self, step: &'g Step, element: ElementKind) -> bool {
        let random = self.entropy.word();
        if step.nulls.holds(random) {
            put_blob_length(&mut self.out, step.encoding, None);
            return TAGGED && step.default_value() == DefaultValue::Null;
        }
        let count = if step.empty.holds(random >> 8) {
            0
        } else {
            let wanted = self.generator.elements.choose(random >> 16);
            self.affordable(wanted, step.min_size, step.encoding)
        };
        put_blob_length(&mut self.out, step.encoding, Some(count));
        match element {
            ElementKind::Struct(index) => {
                let of = self.generator.plan.structure(index);
                for _ in 0..count {
                    self.structure::<false>(of);
                }
            }
            ElementKind::Fixed(width) => {
                for _ in 0..count {
                    self.value(step, width, Chance::NEVER);
                }
            }
            ElementKind::String => {
                for _ in 0..count {
                    self.text(step, Chance::NEVER);
                }
            }
            ElementKind::Bytes => {
                for _ in 0..count {
                    self.content(step, Chance::NEVER);
                }
            }
            ElementKind::Records => {
                for _ in 0..count {
                    self.batches(step, Chance::NEVER);
                }
            }
        }
        TAGGED && count == 0 && step.default_value() == DefaultValue::Zero
    }

    #[inline(always)]
    fn fixed<const TAGGED: bool>(&mut self, step: &Step, width: Width) -> bool {
        let start = self.out.len();
        self.value(step, width, self.generator.defaults);
        TAGGED && {
            let value = self.out.get(start..).unwrap_or_default();
            Fixed::default_of(step.field).is_equal(value, width)
        }
    }

    /// Appends a value of fixed width, at its default so often.
    #[inline(always)]
    fn value(&mut self, step: &Step, width: Width, defaults: Chance) {
        let random = self.entropy.word();
        let is_default = defaults.holds(random >> 40);
        match width {
            Width::Bool => {
                let value = if is_default {
                    step.default >> 56 != 0
                } else {
                    random & 1 != 0
                };
                self.out.push(value.into());
            }
            Width::Short { size, unused } => {
                let mut value = Interest::of(random >> 32).number(random, unused);
                if let Some(names) = step.names {
                    // Half of them have names, where there are names.
                    let named = pick(names.numbers(), random >> 48);
                    if let Some((number, _)) = named.filter(|_| random >> 38 & 1 == 0) {
                        value = u64::from_ne_bytes(number.to_ne_bytes()) << unused;
                    }
                }
                if is_default {
                    value = step.default;
                }
                // Eight bytes always, as that is one instruction, and then as many as there are.
                let end = self.out.len() + usize::from(size);
                self.out.extend_from_slice(&value.to_be_bytes());
                self.out.truncate(end);
            }
            Width::Long { .. } => {
                let mut value = Interest::of(random >> 32).number(self.entropy.word(), 0);
                if is_default {
                    value = step.default;
                }
                self.out.extend_from_slice(&value.to_be_bytes());
            }
            Width::Uuid => {
                let interest = Interest::of(random >> 32);
                let mut high = interest.high_half(self.entropy.word());
                let mut low = interest.low_half(self.entropy.word());
                if is_default {
                    (high, low) = Fixed::default_of(step.field).halves();
                }
                self.out.extend_from_slice(&high.to_be_bytes());
                self.out.extend_from_slice(&low.to_be_bytes());
            }
        }
    }

    #[inline]
    fn string<const TAGGED: bool>(&mut self, step: &Step) -> bool {
        match self.text(step, step.nulls) {
            None => TAGGED && step.default_value() == DefaultValue::Null,
            Some(written) if TAGGED => {
                let text = self.out.get(self.out.len() - written..);
                match step.default_value() {
                    DefaultValue::Text(default) => text == Some(default.as_bytes()),
                    DefaultValue::Zero => written == 0,
                    _ => false,
                }
            }
            Some(_) => false,
        }
    }

    /// Appends a string, so often null. Returns its length.
    #[inline]
    fn text(&mut self, step: &Step, nulls: Chance) -> Option<usize> {
        let random = self.entropy.word();
        if nulls.holds(random) {
            put_string_length(&mut self.out, step.encoding, None);
            return None;
        }
        let wanted = self.generator.string.choose(random >> 8);
        let length = self.affordable(wanted, 1, step.encoding);
        if let Some(names) = step.names {
            if let Some(known) = texts::known(names.texts(), length, self.entropy.word()) {
                put_string_length(&mut self.out, step.encoding, Some(known.len()));
                self.out.extend_from_slice(known.as_bytes());
                return Some(known.len());
            }
        }
        put_string_length(&mut self.out, step.encoding, Some(length));
        texts::text(random >> 40, length, &mut self.out);
        Some(length)
    }

    /// Appends bytes, so often null. Returns their length.
    fn content(&mut self, step: &Step, nulls: Chance) -> Option<usize> {
        let length = self.blob_length(step, nulls, self.generator.blob)?;
        put_blob_length(&mut self.out, step.encoding, Some(length));
        self.random_bytes(length);
        Some(length)
    }

    /// Appends records, so often null. Returns their length.
    fn batches(&mut self, step: &Step, nulls: Chance) -> Option<usize> {
        let length = self.blob_length(step, nulls, self.generator.records)?;
        let Some(make) = self.generator.options.records else {
            put_blob_length(&mut self.out, step.encoding, Some(length));
            self.random_bytes(length);
            return Some(length);
        };
        let mut made = Vec::with_capacity(length);
        make(&mut &mut *self.entropy, length, &mut made);
        if made.len() > length {
            made.clear();
        }
        put_blob_length(&mut self.out, step.encoding, Some(made.len()));
        self.out.extend_from_slice(&made);
        Some(made.len())
    }

    /// A length of bytes that is paid; appends null instead so often.
    fn blob_length(&mut self, step: &Step, nulls: Chance, lengths: UpTo) -> Option<usize> {
        let random = self.entropy.word();
        if nulls.holds(random) {
            put_blob_length(&mut self.out, step.encoding, None);
            return None;
        }
        Some(self.affordable(lengths.choose(random >> 8), 1, step.encoding))
    }

    #[inline]
    fn random_bytes(&mut self, count: usize) {
        let (start, end) = (self.out.len(), self.out.len() + count);
        if count <= MANY {
            while self.out.len() < end {
                self.out
                    .extend_from_slice(&self.entropy.word().to_be_bytes());
            }
            self.out.truncate(end);
        } else {
            self.out.resize(end, 0);
            let bytes = self.out.get_mut(start..);
            self.entropy.fill(bytes.unwrap_or_default());
        }
    }

    /// Appends the tagged fields of a struct, by tag, and the unknown ones among them.
    fn tags(&mut self, of: &'g Struct) -> bool {
        let mut unknown = self.unknown_tags(of);
        let start = self.out.len();
        self.out.push(0);
        let mut count = 0;
        for step in self.generator.plan.tagged(of) {
            count += self.unknown_below(step.tag.into(), &mut unknown);
            count += u8::from(self.tagged_field(step));
        }
        count += self.unknown_below(Unknown::NONE, &mut unknown);
        if count > 0 {
            if let Some(byte) = self.out.get_mut(start) {
                *byte = count;
            }
        }
        count == 0
    }

    /// Appends a tagged field, unless it is left out, and returns whether it is there.
    fn tagged_field(&mut self, step: &'g Step) -> bool {
        let (before, start) = (self.spare, self.out.len());
        if self.generator.defaults.holds(self.entropy.word())
            || !self.spend(index(step.tagged_size))
        {
            return false;
        }
        put_varint(&mut self.out, step.tag.into());
        let size_at = self.out.len();
        self.out.push(0);
        if self.field::<true>(step) {
            self.spare = before;
            self.out.truncate(start);
            return false;
        }
        let size = self.out.len() - size_at - 1;
        widen(&mut self.out, size_at, size);
        self.spare += MAX_SIZE_BYTES - varint_size(size);
        true
    }

    /// Chooses the unknown tags of a struct.
    #[inline]
    fn unknown_tags(&mut self, of: &Struct) -> Unknown {
        let random = self.entropy.word();
        let mut unknown = Unknown {
            next: Unknown::NONE,
            later: Vec::new(),
        };
        // Eight bits are enough for numbers up to 64.
        match self.generator.unknown_tags.choose(random << 24) {
            0 => {}
            1 => {
                if let Some(tag) = self.unknown_tag(of, &[], random >> 8) {
                    unknown.next = tag;
                }
            }
            count => {
                for _ in 0..count {
                    let random = self.entropy.word();
                    let tag = self.unknown_tag(of, &unknown.later, random);
                    unknown.later.extend(tag);
                }
                unknown.later.sort_unstable_by(|one, other| other.cmp(one));
                unknown.take();
            }
        }
        unknown
    }

    /// A tag that is neither known nor among `others`, paid; `None` if there is none. By 39 bits.
    #[inline]
    fn unknown_tag(&mut self, of: &Struct, others: &[u32], random: u64) -> Option<u32> {
        let tag = (random >> 8) & 0x7fff_ffff;
        let tag = match ((random & 0xff) * 3) >> 8 {
            0 => tag & 0xff,
            1 => tag & 0xffff,
            // Java cannot write the largest again.
            _ => tag.min(0x7fff_fffe),
        };
        let tag = u32::try_from(tag).ok()?;
        let is_taken = others.contains(&tag) || of.schema.tagged(tag).is_some();
        (!is_taken && self.spend(varint_size(index(tag)) + 1)).then_some(tag)
    }

    /// Appends the unknown tagged fields that come before `tag`, and returns their number.
    #[inline(always)]
    fn unknown_below(&mut self, tag: u32, unknown: &mut Unknown) -> u8 {
        let mut count = 0;
        while unknown.next < tag {
            self.unknown_field(unknown.take());
            count += 1;
        }
        count
    }

    #[inline(never)]
    fn unknown_field(&mut self, tag: u32) {
        let wanted = self.generator.blob.choose(self.entropy.word());
        // The length is written as it is, but paid as if it was one more.
        let length = self.affordable(wanted, 1, Encoding::Compact);
        put_varint(&mut self.out, index(tag));
        put_varint(&mut self.out, length);
        self.random_bytes(length);
    }

    /// A number of elements up to `wanted` that can be paid for, paid.
    #[inline(always)]
    fn affordable(&mut self, wanted: usize, element: usize, e: Encoding) -> usize {
        let price = wanted
            .saturating_mul(element)
            .saturating_add(prefix(wanted, e));
        match self.spare.checked_sub(price) {
            Some(left) => {
                self.spare = left;
                wanted
            }
            None => self.all_that_is_affordable(element, e),
        }
    }

    /// As many elements as can be paid for, paid.
    #[cold]
    fn all_that_is_affordable(&mut self, element: usize, e: Encoding) -> usize {
        let mut count = self.spare / element.max(1);
        let price = |count: usize| count * element + prefix(count, e);
        while price(count) > self.spare {
            count -= 1;
        }
        self.spare -= price(count);
        count
    }

    /// Returns `true` if `bytes` more can be paid for; then they are.
    #[inline]
    fn spend(&mut self, bytes: usize) -> bool {
        match self.spare.checked_sub(bytes) {
            Some(left) => {
                self.spare = left;
                true
            }
            None => false,
        }
    }
}

/// The unknown tags of a struct that are still to come, the next one and the later ones.
struct Unknown {
    next: u32,
    /// In descending order.
    later: Vec<u32>,
}

impl Unknown {
    /// More than any tag.
    const NONE: u32 = u32::MAX;

    /// Returns the next one and goes on to that after it.
    #[inline]
    fn take(&mut self) -> u32 {
        let next = self.later.pop().unwrap_or(Self::NONE);
        std::mem::replace(&mut self.next, next)
    }
}

/// Returns `true` if bytes of this length, or null, are the default of their field.
fn is_default_length(step: &Step, length: Option<usize>) -> bool {
    match length {
        None => step.default_value() == DefaultValue::Null,
        Some(length) => length == 0 && step.default_value() == DefaultValue::Zero,
    }
}

/// By how much the length in front of `count` bytes or elements is longer than in front of none.
#[inline]
fn prefix(count: usize, e: Encoding) -> usize {
    match e {
        Encoding::Classic => 0,
        Encoding::Compact if count < 0x7f => 0,
        Encoding::Compact => varint_size(count.saturating_add(1)) - 1,
    }
}

#[inline]
fn index(tag: u32) -> usize {
    usize::try_from(tag).unwrap_or(usize::MAX)
}

/// The size of most messages, for which room is made at once.
const TYPICAL: usize = 512;

/// The longest random bytes that are made word by word.
const MANY: usize = 64;
