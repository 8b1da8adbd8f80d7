//! The source of randomness, which the caller provides. Equal entropy gives equal messages on every platform.

/// A source of bytes that decide what is made.
///
/// The same bytes make the same messages. There are two sources here: [`Seeded`], for tests, and a byte
/// slice, for fuzzers, which change it and watch what happens. Any other is a few lines:
///
/// ```
/// use kafka_codec::schema::random::Entropy;
///
/// struct Counter(u8);
///
/// impl Entropy for Counter {
///     fn fill(&mut self, bytes: &mut [u8]) {
///         for byte in bytes {
///             *byte = self.0;
///             self.0 = self.0.wrapping_add(1);
///         }
///     }
/// }
/// ```
pub trait Entropy {
    /// Overwrites `bytes` with the next bytes of the source.
    fn fill(&mut self, bytes: &mut [u8]);

    /// Returns the next eight bytes of the source as a number, the first byte as the highest.
    #[inline]
    fn word(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }
}

/// The bytes themselves from front to back, then zeros, of which only the smallest things are made.
impl Entropy for &[u8] {
    fn fill(&mut self, bytes: &mut [u8]) {
        let (now, later) = self.split_at(bytes.len().min(self.len()));
        let mut now = now.iter();
        bytes.fill_with(|| now.next().copied().unwrap_or(0));
        *self = later;
    }
}

impl<E: Entropy + ?Sized> Entropy for &mut E {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }

    #[inline]
    fn word(&mut self) -> u64 {
        (**self).word()
    }
}

/// Endless bytes that follow from a number, the same on every machine. No secret must depend on them.
///
/// The generator is SplitMix64. Bytes that are left over of a number are not used later.
#[derive(Clone, Debug)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// The source that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    #[inline]
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for Seeded {
    #[inline]
    fn fill(&mut self, bytes: &mut [u8]) {
        let mut words = bytes.chunks_exact_mut(8);
        for word in &mut words {
            word.copy_from_slice(&self.next().to_be_bytes());
        }
        let rest = words.into_remainder();
        if !rest.is_empty() {
            let word = self.next().to_be_bytes();
            rest.iter_mut().zip(word).for_each(|(to, from)| *to = from);
        }
    }

    #[inline]
    fn word(&mut self) -> u64 {
        self.next()
    }
}

/// Decisions made of entropy. Zeros decide for what is smallest.
pub(super) struct Dice<'e> {
    source: &'e mut dyn Entropy,
    /// A word of the source, of which `left` bits are unused, the high ones.
    ready: u64,
    left: u32,
}

impl<'e> Dice<'e> {
    pub(super) fn new(entropy: &'e mut dyn Entropy) -> Self {
        Self {
            source: entropy,
            ready: 0,
            left: 0,
        }
    }

    /// The next `count` bits, from 1 to 32. Bits of a word that are too few are skipped.
    #[inline]
    pub(super) fn bits(&mut self, count: u32) -> u64 {
        if self.left < count {
            (self.ready, self.left) = (self.source.word(), u64::BITS);
        }
        let bits = self.ready >> (u64::BITS - count);
        self.ready <<= count;
        self.left -= count;
        bits
    }

    /// A number below `end`; 0 if there is none. It costs no more bytes than `end` needs.
    #[inline]
    pub(super) fn below(&mut self, end: usize) -> usize {
        let limit = u64::try_from(end).unwrap_or(u64::MAX);
        // The product divided by all numbers there are is evenly spread, without a division.
        let number = match end {
            0 | 1 => return 0,
            2..=0x100 => (self.bits(8) * limit) >> 8,
            0x101..=0x1_0000 => (self.bits(16) * limit) >> 16,
            _ => self.word() % limit,
        };
        usize::try_from(number).expect("it is below a usize")
    }

    /// A number from `low` to `high`, both included, with preference for the two ends.
    pub(super) fn between(&mut self, low: usize, high: usize) -> usize {
        match self.below(3) {
            0 => low,
            1 => high,
            _ => low + self.below(high.saturating_sub(low).saturating_add(1)),
        }
    }

    /// One of `from`; `None` if it is empty.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = self.below(from.len());
        from.get(index).copied()
    }

    pub(super) fn pick_ref<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        let index = self.below(from.len());
        from.get(index)
    }

    #[inline]
    pub(super) fn byte(&mut self) -> u8 {
        u8::try_from(self.bits(8)).expect("eight bits")
    }

    /// The next eight bytes of the source.
    #[inline]
    pub(super) fn word(&mut self) -> u64 {
        self.source.word()
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.source.fill(&mut bytes);
        bytes
    }

    pub(super) fn vec(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        self.source.fill(bytes);
    }

    /// The source, for someone else's decisions.
    pub(super) fn entropy(&mut self) -> &mut dyn Entropy {
        self.source
    }
}
