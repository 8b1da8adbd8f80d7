//! Decisions that follow from a seed.

use kafka_codec::schema::random::{Entropy, Seeded};

/// A source of decisions. Equal seeds decide equally on every platform.
#[derive(Clone, Debug)]
pub(crate) struct Chance(Seeded);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Seeded::new(seed))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.word()
    }

    /// A number below `end`, or 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % end).unwrap_or(0)
    }

    /// `true` once in `count` calls.
    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let index = self.below(from.len());
        from.get(index).copied()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let [byte, ..] = self.number().to_be_bytes();
        byte
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill(&mut bytes);
        bytes
    }

    /// The source itself, for the generators of kafka-codec.
    pub(crate) fn entropy(&mut self) -> &mut dyn Entropy {
        &mut self.0
    }
}
