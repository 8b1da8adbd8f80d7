//! Batches as they are written, and what all of them come to.

use std::collections::BTreeMap;

use serde::Serialize;

/// A batch and its attempts, as they are written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchReport {
    pub(super) topic: Option<String>,
    pub(super) topic_id: Option<String>,
    pub(super) partition: i32,
    pub(super) producer_id: i64,
    pub(super) producer_epoch: i16,
    pub(super) base_sequence: i32,
    pub(super) records: i64,
    pub(super) client_id: Option<String>,
    pub(super) attempts: Vec<AttemptReport>,
    /// Attempts that were left out, since there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) attempts_left_out: u64,
    #[serde(rename = "final")]
    pub(super) outcome: String,
    pub(super) may_be_twice: bool,
    #[serde(skip)]
    pub(super) is_settled: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttemptReport {
    pub(super) ts: String,
    pub(super) conn: String,
    pub(super) broker: String,
    pub(super) correlation_id: i32,
    pub(super) outcome: String,
    pub(super) latency_us: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl BatchReport {
    /// Returns how often the batch was sent.
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.attempts.len() as u64 + self.attempts_left_out
    }

    /// Returns `true` if the batch was sent more than once.
    #[must_use]
    pub const fn is_retried(&self) -> bool {
        self.attempts() > 1
    }

    /// Returns `true` if the producer was never told that the batch was appended, though it waited for that.
    #[must_use]
    pub const fn is_stuck(&self) -> bool {
        !self.is_settled
    }
}

/// The totals over all batches.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProduceTotals {
    pub(super) batches: u64,
    pub(super) attempts: u64,
    pub(super) batches_retried: u64,
    pub(super) retries: u64,
    pub(super) most_attempts: u64,
    pub(super) may_be_twice: u64,
    pub(super) by_final_outcome: BTreeMap<String, u64>,
    pub(super) by_attempt_outcome: BTreeMap<String, u64>,
    /// The outcomes that were followed by another attempt.
    pub(super) retries_by_cause: BTreeMap<String, u64>,
    pub(super) partitions: Vec<PartitionReport>,
    /// Batches of partitions that are not listed, since there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) other_partitions: u64,
    /// Retransmissions of TCP on connections with Produce requests, which are not retries.
    pub(super) tcp_retransmissions: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartitionReport {
    pub(super) topic: Option<String>,
    pub(super) partition: i32,
    pub(super) batches: u64,
    pub(super) attempts: u64,
    pub(super) timeouts: u64,
    pub(super) stuck: u64,
    /// From the first attempt of a stuck or timed-out batch to the last attempt of any.
    pub(super) age_us: Option<i64>,
    #[serde(skip)]
    pub(super) since: Option<i64>,
}
