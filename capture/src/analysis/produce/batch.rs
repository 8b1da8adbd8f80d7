//! A batch of records, its attempts, and what became of them.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use kafka_codec::records::{Entries, Entry};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, Applied, ErrorCode};

use super::super::errors::error_name;
use crate::event::EndingKind;
use crate::topic_names::TopicNames;

/// What a batch is told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) topic: Topic,
    pub(super) partition: i32,
    pub(super) identity: Identity,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    Name(Arc<str>),
    Id(u128),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    Idempotent {
        producer_id: i64,
        epoch: i16,
        base_sequence: i32,
        records: i32,
    },
    Plain {
        client_id: Arc<str>,
        crc: u32,
    },
}

/// A batch that is followed.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) key: Key,
    pub(super) topic_id: Option<Uuid>,
    pub(super) producer: (i64, i16, i32),
    pub(super) records: i64,
    pub(super) client_id: Option<Arc<str>>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) left_out: u64,
    pub(super) in_flight: usize,
    /// When the latest of its attempts was sent.
    pub(super) latest: i64,
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) time: i64,
    pub(super) conn: Arc<str>,
    pub(super) broker: SocketAddr,
    pub(super) correlation_id: i32,
    pub(super) outcome: Outcome,
    pub(super) latency: Option<i64>,
    /// `true` if the answer came after the client had closed the connection.
    pub(super) is_late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    InFlight,
    Answered(ErrorCode),
    NotExpected,
    CutOff,
    Unanswered(Option<(bool, EndingKind)>),
    /// Packets of the broker are missing in the capture, perhaps those of the answer.
    NotCaptured,
}

impl Outcome {
    pub(super) fn text(self) -> Cow<'static, str> {
        let text = match self {
            Self::Answered(code) if code.is_none() => "NONE",
            Self::Answered(code) => return error_name(code.0).into(),
            Self::NotExpected => "no-response-expected",
            Self::CutOff => "answer cut off",
            Self::NotCaptured => "answer not captured",
            Self::InFlight | Self::Unanswered(None) => "unanswered: capture ended",
            Self::Unanswered(Some((by_client, kind))) => {
                let end = if by_client { "client" } else { "broker" };
                let kind = match kind {
                    EndingKind::Fin => "FIN",
                    EndingKind::Rst => "RST",
                };
                return format!("unanswered: {end} {kind}").into();
            }
        };
        text.into()
    }

    pub(super) const fn is_success(self) -> bool {
        matches!(
            self,
            Self::Answered(ErrorCode::NONE | ErrorCode::DUPLICATE_SEQUENCE_NUMBER)
        )
    }

    /// Returns `true` if the broker may have appended the batch.
    pub(super) fn may_be_applied(self) -> bool {
        match self {
            Self::Answered(code) => code.is_none() || code.applied(ApiKey::Produce) != Applied::No,
            _ => true,
        }
    }
}

impl Batch {
    /// The name of its topic, if it is known by now.
    pub(super) fn topic(&self, topics: &TopicNames) -> Option<Arc<str>> {
        match &self.key.topic {
            Topic::Name(name) => Some(Arc::clone(name)),
            Topic::Id(id) => topics.name(Uuid::from_u128(*id)).map(Arc::from),
        }
    }

    /// What became of the batch, and whether its producer knows or does not care.
    pub(super) fn outcome(&self) -> (Cow<'static, str>, bool) {
        let mut all = self.attempts.iter();
        if all.all(|each| each.outcome == Outcome::NotExpected) {
            return ("not-expected".into(), true);
        }
        let successes = || {
            self.attempts
                .iter()
                .filter(|each| each.outcome.is_success())
        };
        if successes().any(|each| !each.is_late) {
            return ("acked".into(), true);
        }
        if successes().next().is_some() {
            let text = "appended, but the answer came too late";
            return (text.into(), false);
        }
        match self.in_order().last().map(|each| each.outcome) {
            Some(Outcome::Answered(code)) => {
                (format!("failed: {}", error_name(code.0)).into(), false)
            }
            Some(outcome) => (format!("unknown: {}", outcome.text()).into(), false),
            None => unreachable!("a batch has an attempt"),
        }
    }

    /// The attempts by time. One on a connection that was believed to be Kafka's later is known later.
    pub(super) fn in_order(&self) -> Vec<&Attempt> {
        let mut attempts: Vec<_> = self.attempts.iter().collect();
        attempts.sort_by_key(|attempt| attempt.time);
        attempts
    }

    /// Returns `true` if nothing is awaited, and a success was reported to the producer.
    pub(super) fn is_settled(&self) -> bool {
        let mut attempts = self.attempts.iter();
        self.in_flight == 0 && attempts.any(|each| each.outcome.is_success())
    }

    /// Returns `true` if the log may have the records twice: only brokers that know the producer can tell.
    pub(super) fn may_be_twice(&self) -> bool {
        let (producer_id, ..) = self.producer;
        let applied = self.attempts.iter();
        let applied = applied.filter(|each| each.outcome.may_be_applied());
        producer_id < 0 && applied.count() > 1
    }
}

/// The batches in a `records` field: what they are told apart by, producer id, epoch and base sequence, and the
/// number of records. A message set of the formats before batches is one.
pub(super) fn batches(
    records: &[u8],
    client_id: &Arc<str>,
) -> Vec<(Identity, (i64, i16, i32), i64)> {
    let plain = |crc| Identity::Plain {
        client_id: Arc::clone(client_id),
        crc,
    };
    let mut found = Vec::new();
    let mut set: Option<(u32, i64)> = None;
    for entry in Entries::new(records).map_while(Result::ok) {
        match entry {
            Entry::Batch(batch) => {
                let header = batch.header();
                let identity = if header.producer_id < 0 {
                    plain(header.crc)
                } else {
                    Identity::Idempotent {
                        producer_id: header.producer_id,
                        epoch: header.producer_epoch,
                        base_sequence: header.base_sequence,
                        records: header.record_count,
                    }
                };
                let producer = (
                    header.producer_id,
                    header.producer_epoch,
                    header.base_sequence,
                );
                found.push((identity, producer, i64::from(header.record_count)));
            }
            Entry::Message(message) => {
                let (_, count) = set.get_or_insert_with(|| (message.crc(), 0));
                *count += 1;
            }
            _ => {}
        }
    }
    if let Some((crc, count)) = set {
        found.push((plain(crc), (-1, -1, -1), count));
    }
    found
}
