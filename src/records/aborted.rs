//! The aborted transactions of a Fetch response, and which of them are open at a place of the log.

use std::cmp::Reverse;
use std::collections::HashSet;

/// A transaction that was aborted, as a Fetch response lists it for a partition.
///
/// Converts from the struct of the same name in [`FetchResponse`](crate::messages::FetchResponse).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct AbortedTransaction {
    /// The producer of the transaction.
    pub producer_id: i64,
    /// The first offset of the transaction, which may be below the fetched range.
    pub first_offset: i64,
}

#[cfg(feature = "messages")]
impl From<&crate::messages::fetch_response::AbortedTransaction<'_>> for AbortedTransaction {
    fn from(transaction: &crate::messages::fetch_response::AbortedTransaction<'_>) -> Self {
        Self {
            producer_id: transaction.producer_id,
            first_offset: transaction.first_offset,
        }
    }
}

/// The producers whose transaction is aborted, while batches are read in the order of their offsets.
#[derive(Debug)]
pub(super) struct AbortedProducers {
    /// The transactions that begin later in the log, by descending first offset.
    upcoming: Vec<AbortedTransaction>,
    /// The producers whose transaction has begun and not ended.
    open: HashSet<i64>,
}

impl AbortedProducers {
    pub(super) fn new(mut transactions: Vec<AbortedTransaction>) -> Self {
        transactions.sort_unstable_by_key(|transaction| Reverse(transaction.first_offset));
        Self {
            upcoming: transactions,
            open: HashSet::new(),
        }
    }

    /// Begins the transactions whose first offset is `last_offset` or below.
    pub(super) fn begin_up_to(&mut self, last_offset: i64) {
        while let Some(transaction) = self.upcoming.last().copied() {
            if transaction.first_offset > last_offset {
                break;
            }
            self.open.insert(transaction.producer_id);
            self.upcoming.pop();
        }
    }

    /// Ends the transaction of `producer_id`, whose abort marker was read.
    pub(super) fn end(&mut self, producer_id: i64) {
        self.open.remove(&producer_id);
    }

    pub(super) fn contains(&self, producer_id: i64) -> bool {
        self.open.contains(&producer_id)
    }
}
