//! A batch, from the hands of the caller to the log: every attempt is reported, traced and judged.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use kafka_codec::connection::SubmitOptions;
use kafka_codec::messages::ProduceRequest;
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::produce::{AttemptOutcome, AttemptReport, BatchInfo, BatchReport, Persistence};
use kafka_codec::wire::Blob;
use kafka_codec::{ErrorCode, ResponseFrame};
use tokio::time::{Instant, sleep};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::attempts::{Unreachable, advice, is_not_taken, later};
use super::batch::Produce;
use super::batches::{ProduceTimeouts, StuckPartition, Tracked};
use super::slot::backoff;
use super::{AttemptError, Cluster, Destination, Purpose};
use crate::connection::SendError;

/// A batch that is in the log, or was written with `acks` 0.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Produced {
    /// The offset of its first record; -1 if the broker did not say, as for `acks` 0 and duplicates.
    pub base_offset: i64,
    /// Every attempt, the successful one last.
    pub attempts: Vec<AttemptReport>,
    /// The batch as a whole: its times and whether it is in the log.
    pub report: BatchReport,
}

/// A batch that was given up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProduceError {
    /// Every attempt.
    pub attempts: Vec<AttemptReport>,
    /// The batch as a whole: its times, and whether it may be in the log all the same.
    pub report: BatchReport,
    /// How the last attempt failed, with the request and the connection.
    pub last: AttemptError,
}

impl fmt::Display for ProduceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report)?;
        let BatchInfo {
            records,
            compressed_bytes,
            codec,
            ..
        } = &*self.report.batch;
        write!(f, " ({records} records, {compressed_bytes} bytes")?;
        if let Some(codec) = codec {
            write!(f, ", {codec}")?;
        }
        f.write_str(")")?;
        match &self.last {
            // The report has it.
            AttemptError::Code(_) => Ok(()),
            last => write!(f, ": {last}"),
        }
    }
}

impl Error for ProduceError {}

/// How one attempt ended.
struct Tried {
    /// `None` if nothing could be sent.
    outcome: Option<AttemptOutcome>,
    /// The error that is behind the outcome.
    error: Option<AttemptError>,
    /// The broker named another leader, which is known now.
    is_elsewhere: bool,
}

impl Tried {
    const fn not_sent(error: AttemptError) -> Self {
        Self {
            outcome: None,
            error: Some(error),
            is_elsewhere: false,
        }
    }
}

impl Cluster {
    /// Produces a batch: to the leader of its partition, and again after failures as long as that is safe and the deadline is
    /// not over. The life of the batch begins here.
    ///
    /// A `tracing` span `send TOPIC` stays open as long as the batch is under way, with a span `attempt` in it for each
    /// attempt. Batches of one partition are not ordered among themselves: a caller that needs their order produces one at a
    /// time, or gives them sequences.
    ///
    /// # Errors
    ///
    /// [`ProduceError`] has each attempt and whether the batch [may be in the log](BatchReport::persistence).
    pub async fn produce(&self, batch: Produce) -> Result<Produced, ProduceError> {
        let span = tracing::info_span!(
            "send",
            otel.name = format!("send {}", batch.topic),
            otel.kind = "producer",
            otel.status_code = Empty,
            error.r#type = Empty,
            messaging.system = "kafka",
            messaging.operation.name = "send",
            messaging.operation.r#type = "send",
            messaging.destination.name = &*batch.topic,
            messaging.destination.partition.id = batch.info.partition,
            messaging.batch.message_count = batch.info.records,
            messaging.message.body.size = batch.info.compressed_bytes,
            messaging.kafka.offset = Empty,
            kafka.produce.attempts = Empty,
            kafka.produce.persistence = Empty,
        );
        self.produce_in(&span, batch).instrument(span.clone()).await
    }

    async fn produce_in(&self, span: &Span, batch: Produce) -> Result<Produced, ProduceError> {
        let tracked = self.0.batches.begin(batch.info.clone());
        let deadline = later(Instant::now(), self.0.options.produce_deadline);
        let mut unreachable = Unreachable::default();
        let mut failures = 0;
        let mut is_at_once = false;
        let last = loop {
            let attempt =
                self.produce_once(&tracked, &batch, deadline, failures + 1, &mut unreachable);
            let Tried {
                outcome,
                error,
                is_elsewhere,
            } = attempt.await;
            let is_done = outcome.is_some_and(|outcome| match outcome {
                AttemptOutcome::Written => true,
                outcome => outcome.persistence() == Persistence::Yes,
            });
            if is_done {
                break Ok(outcome);
            }
            // Without an outcome nothing was sent.
            let is_final = outcome.is_some_and(|outcome| outcome.is_final());
            let may_be_there =
                outcome.is_some_and(|outcome| outcome.persistence() != Persistence::No);
            let is_risky = may_be_there && !batch.is_idempotent() && !batch.may_repeat;
            let pause = backoff(
                failures,
                self.0.options.min_backoff,
                self.0.options.max_backoff,
            );
            let is_over = later(Instant::now(), pause) >= deadline;
            let is_hopeless = is_fatal(&error) || unreachable.is_final(&self.0.options);
            if is_final || is_risky || is_over || is_hopeless {
                break Err(error);
            }
            failures += 1;
            // A leader that the broker named is asked at once, unless that broker names another in turn.
            is_at_once = is_elsewhere && !is_at_once;
            if !is_at_once {
                sleep(pause).await;
            }
        };
        let (attempts, report) = tracked.finish();
        span.record("kafka.produce.attempts", report.attempts);
        span.record("kafka.produce.persistence", report.persistence.name());
        match last {
            Ok(outcome) => {
                let base_offset = match outcome {
                    Some(AttemptOutcome::Acked { base_offset, .. }) => base_offset,
                    _ => -1,
                };
                span.record("messaging.kafka.offset", base_offset);
                span.record("otel.status_code", "OK");
                Ok(Produced {
                    base_offset,
                    attempts,
                    report,
                })
            }
            Err(error) => {
                let last = error.unwrap_or_else(|| {
                    AttemptError::NoDestination("the response does not mention the batch".into())
                });
                span.record("otel.status_code", "ERROR");
                span.record("error.type", error_type(&last));
                Err(ProduceError {
                    attempts,
                    report,
                    last,
                })
            }
        }
    }

    /// One attempt.
    async fn produce_once(
        &self,
        tracked: &Tracked<'_>,
        batch: &Produce,
        deadline: Instant,
        number: u32,
        unreachable: &mut Unreachable,
    ) -> Tried {
        let destination = destination(batch);
        // Who leads can be asked of several brokers within the deadline.
        let soon = deadline.min(later(Instant::now(), self.0.options.deadline));
        let broker = match self.resolve(&destination, soon).await {
            Ok(broker) => broker,
            Err((broker, error)) => {
                unreachable.push(broker, &error);
                return Tried::not_sent(error);
            }
        };
        let connection = match self.connection_by(broker, Purpose::Produce, deadline).await {
            Ok(connection) => connection,
            Err(error) => {
                unreachable.push_sole(number, &error);
                self.learn(&destination.unit(), &error);
                return Tried::not_sent(error);
            }
        };
        let name = connection.broker();
        let span = tracing::info_span!(
            "attempt",
            otel.name = format!("attempt {number}"),
            otel.kind = "client",
            otel.status_code = Empty,
            error.r#type = Empty,
            messaging.system = "kafka",
            messaging.destination.name = &*batch.topic,
            messaging.destination.partition.id = batch.info.partition,
            server.address = &*name,
            kafka.produce.attempt = number,
            kafka.produce.outcome = Empty,
        );
        let request = self.request(batch);
        let options = SubmitOptions::default()
            .with_attempt(number)
            .with_deadline(deadline.into_std());
        let submitted = async {
            let encoded = connection.encode(&request, options)?;
            connection.submit(&encoded, options).await
        };
        let submitted = match submitted.instrument(span.clone()).await {
            // Other errors than the end of the connection are of this side: the broker was not tried.
            Err(error) if !error.is_closed() => {
                let error = AttemptError::Send(error);
                span.record("error.type", error_type(&error));
                span.record("otel.status_code", "ERROR");
                return Tried::not_sent(error);
            }
            submitted => submitted,
        };
        tracked.attempt(&name);
        let sent = async { submitted?.answer().await };
        let mut is_elsewhere = false;
        let (outcome, error, timings) = match sent.instrument(span.clone()).await {
            Ok((None, timings)) => (AttemptOutcome::Written, None, Some(timings)),
            Ok((Some(response), timings)) => {
                let (outcome, error) = match connection.typed(response) {
                    Ok(frame) => {
                        let (outcome, error, moved) = self.judge(batch, broker, &frame);
                        is_elsewhere = moved;
                        (outcome, error)
                    }
                    Err(error) => (AttemptOutcome::Omitted, Some(AttemptError::Send(error))),
                };
                (outcome, error, Some(timings))
            }
            Err(error) => {
                let outcome = match &error {
                    SendError::Failed(failed) | SendError::ProduceFailed(failed, _) => {
                        AttemptOutcome::of_error(failed)
                    }
                    other => AttemptOutcome::Transport {
                        delivery: other.delivery(),
                    },
                };
                (outcome, Some(AttemptError::Send(error)), None)
            }
        };
        tracked.attempt_ended(outcome, timings);
        span.record("kafka.produce.outcome", outcome.name());
        match &error {
            None => span.record("otel.status_code", "OK"),
            Some(error) => {
                // Forgets the leader, unless the broker has named another.
                if !is_elsewhere {
                    self.learn(&destination.unit(), error);
                }
                span.record("error.type", error_type(error));
                span.record("otel.status_code", "ERROR")
            }
        };
        Tried {
            outcome: Some(outcome),
            error,
            is_elsewhere,
        }
    }

    fn request<'a>(&self, batch: &'a Produce) -> ProduceRequest<'a> {
        ProduceRequest {
            transactional_id: batch.transactional_id.as_deref().map(Into::into),
            acks: batch.acks,
            timeout_ms: i32::try_from(batch.timeout.as_millis()).unwrap_or(i32::MAX),
            topic_data: vec![TopicProduceData {
                name: (*batch.topic).into(),
                // Without an id the request goes out in a version that has names.
                topic_id: self.view().topic_id(&batch.topic).unwrap_or_default(),
                partition_data: vec![PartitionProduceData {
                    index: batch.info.partition,
                    records: Some(Blob::Shared(batch.records.clone())),
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    /// What the response of the broker `asked` says of the batch, and whether the batch belongs to another broker that is known.
    fn judge(
        &self,
        batch: &Produce,
        asked: i32,
        frame: &ResponseFrame<ProduceRequest<'static>>,
    ) -> (AttemptOutcome, Option<AttemptError>, bool) {
        let response = match frame.decode() {
            Ok(response) => response,
            // The broker has carried it out, one way or the other.
            Err(error) => {
                let error = AttemptError::Decode(error);
                return (AttemptOutcome::Omitted, Some(error), false);
            }
        };
        let is_elsewhere = self.view().take_moved(asked, &response);
        let mut partitions = response
            .responses
            .iter()
            .flat_map(|it| &it.partition_responses);
        let Some(partition) = partitions.find(|it| it.index == batch.info.partition) else {
            return (AttemptOutcome::Omitted, None, false);
        };
        let code = partition.error_code;
        if code.is_none() {
            let outcome = AttemptOutcome::Acked {
                base_offset: partition.base_offset,
                append_time_ms: partition.log_append_time_ms,
                log_start_offset: partition.log_start_offset,
            };
            return (outcome, None, false);
        }
        let leader = partition.current_leader.leader_id;
        let outcome = match AttemptOutcome::of_code(code) {
            AttemptOutcome::Moved { code, .. } => AttemptOutcome::Moved {
                code,
                leader: (leader >= 0).then_some(leader),
            },
            outcome => outcome,
        };
        (outcome, Some(AttemptError::Code(code)), is_elsewhere)
    }

    /// The partitions whose oldest batch is at least `min_age` old and has at least `min_timeouts` attempts in a row that timed
    /// out, the oldest first: what a caller may divert to other partitions, or shed.
    #[must_use]
    pub fn stuck(&self, min_age: Duration, min_timeouts: u32) -> Vec<StuckPartition> {
        self.0.batches.stuck(min_age, min_timeouts)
    }

    /// The times that brokers took to answer the attempts so far, and the request timeout that follows from it; `None` before the
    /// first answer.
    #[must_use]
    pub fn produce_timeouts(&self) -> Option<ProduceTimeouts> {
        self.0.batches.timeouts()
    }
}

fn destination(batch: &Produce) -> Destination {
    Destination::Leader(batch.topic.clone(), batch.info.partition)
}

/// Returns `true` if another attempt would fail in the same way, as far as the outcome does not state it.
fn is_fatal(error: &Option<AttemptError>) -> bool {
    match error {
        Some(AttemptError::Send(error @ (SendError::Submit(_) | SendError::NoResponse))) => {
            !is_not_taken(error)
        }
        Some(error @ (AttemptError::Connect(_) | AttemptError::LookUp { .. })) => {
            advice(kafka_codec::ApiKey::Produce, error).is_err()
        }
        _ => false,
    }
}

/// The kind of an error, of which there are few: for `error.type`.
fn error_type(error: &AttemptError) -> String {
    match error {
        AttemptError::Code(code) | AttemptError::LookUp { code, .. } => {
            ErrorCode::name(*code).map_or_else(|| code.0.to_string(), Into::into)
        }
        AttemptError::Connect(_) => "connect".into(),
        AttemptError::Send(error) => error.name().into(),
        AttemptError::Decode(_) => "decode".into(),
        AttemptError::NoDestination(_) => "no_leader".into(),
    }
}
