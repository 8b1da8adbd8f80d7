//! Batches as they are written, and what all of them come to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::Time;

/// A batch and its attempts, as they are written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchReport {
    pub(crate) topic: Option<String>,
    pub(crate) topic_id: Option<String>,
    pub(crate) partition: i32,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
    pub(crate) records: i64,
    pub(crate) client_id: Option<String>,
    pub(crate) attempts: Vec<AttemptReport>,
    /// Attempts that were left out, since there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) attempts_left_out: u64,
    #[serde(rename = "final")]
    pub(crate) outcome: String,
    pub(crate) may_be_twice: bool,
    #[serde(skip)]
    pub(crate) is_settled: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttemptReport {
    pub(crate) ts: Time,
    pub(crate) conn: String,
    pub(crate) broker: String,
    pub(crate) correlation_id: i32,
    pub(crate) outcome: String,
    pub(crate) latency_us: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl BatchReport {
    /// Returns the name of the topic, or its id.
    #[cfg(feature = "report")]
    pub(crate) fn topic(&self) -> &str {
        let name = self.topic.as_deref().or(self.topic_id.as_deref());
        name.unwrap_or("unknown topic")
    }

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
    pub(crate) batches: u64,
    pub(crate) attempts: u64,
    pub(crate) batches_retried: u64,
    pub(crate) retries: u64,
    pub(crate) most_attempts: u64,
    pub(crate) may_be_twice: u64,
    pub(crate) by_final_outcome: BTreeMap<String, u64>,
    pub(crate) by_attempt_outcome: BTreeMap<String, u64>,
    /// The outcomes that were followed by another attempt.
    pub(crate) retries_by_cause: BTreeMap<String, u64>,
    pub(crate) partitions: Vec<PartitionReport>,
    /// Batches of partitions that are not listed, since there are too many.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) other_partitions: u64,
    /// Retransmissions of TCP on connections with Produce requests, which are not retries.
    pub(crate) tcp_retransmissions: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartitionReport {
    pub(crate) topic: Option<String>,
    pub(crate) partition: i32,
    pub(crate) batches: u64,
    pub(crate) attempts: u64,
    pub(crate) timeouts: u64,
    pub(crate) stuck: u64,
    /// From the first attempt of a stuck or timed-out batch to the last attempt of any.
    pub(crate) age_us: Option<i64>,
    #[serde(skip)]
    pub(crate) since: Option<i64>,
}
