//! Responses, given in any order and written in that of the requests.

use std::collections::VecDeque;
use std::time::Instant;
use std::{error, fmt};

use bytes::Buf;

use crate::connection::transmit::{Outbox, Transmit};
use crate::connection::{ApiLabel, Delivery, RequestId, Unfinished};
use crate::wire::Segments;
use crate::{ApiKey, EncodeError};

use super::event::ServerEvent;

/// The requests whose responses are not written whole, in the order in which they arrived.
///
/// Invariant: each response that may be written has its frame in the outbox, and the request behind them has no response.
#[derive(Default)]
pub(super) struct Responses {
    writable: VecDeque<WritableResponse>,
    outbox: Outbox,
    pending: VecDeque<PendingResponse>,
    /// The number of requests so far.
    requests: u64,
    /// The number of responses that were written whole.
    written: u64,
    bytes_out: u64,
}

/// A request that has no response yet, or one that waits for those before it.
struct PendingResponse {
    id: RequestId,
    label: ApiLabel,
    arrived: Instant,
    response: Option<(Instant, Segments)>,
}

/// A response that may be written.
struct WritableResponse {
    id: RequestId,
    label: ApiLabel,
    arrived: Instant,
    given: Instant,
    frame_bytes: usize,
}

impl Responses {
    /// The id of a request that arrived, and a place for its response, if there will be one.
    pub(super) fn request(
        &mut self,
        now: Instant,
        label: ApiLabel,
        expects_response: bool,
    ) -> RequestId {
        let id = RequestId(self.requests);
        self.requests += 1;
        if expects_response {
            self.pending.push_back(PendingResponse {
                id,
                label,
                arrived: now,
                response: None,
            });
        }
        id
    }

    /// What names a request that has no response yet.
    pub(super) fn unanswered(&self, id: RequestId) -> Result<ApiLabel, RespondError> {
        let mut pending = self.pending.iter();
        let found = pending.find(|pending| pending.id == id && pending.response.is_none());
        let found = found.ok_or(RespondError::NotWaiting { id })?;
        Ok(found.label)
    }

    /// Gives a request its response.
    pub(super) fn respond(
        &mut self,
        now: Instant,
        id: RequestId,
        frame: Segments,
    ) -> Result<(), RespondError> {
        let mut pending = self.pending.iter_mut();
        let found = pending.find(|pending| pending.id == id && pending.response.is_none());
        let found = found.ok_or(RespondError::NotWaiting { id })?;
        found.response = Some((now, frame));
        while let Some((given, frame)) = self.pending.front_mut().and_then(|it| it.response.take())
        {
            let first = self.pending.pop_front().expect("it had the response");
            self.writable.push_back(WritableResponse {
                id: first.id,
                label: first.label,
                arrived: first.arrived,
                given,
                frame_bytes: frame.remaining(),
            });
            self.outbox.push(frame);
        }
        self.check();
        Ok(())
    }

    /// The bytes to write.
    pub(super) fn offer(&mut self) -> Option<Transmit<'_>> {
        self.outbox.offer()
    }

    /// The transport accepted `bytes`: takes as many of them as the first response has. `None` if the transport was
    /// offered nothing more.
    pub(super) fn accept(
        &mut self,
        now: Instant,
        bytes: usize,
    ) -> Option<(usize, Option<ServerEvent>)> {
        let accepted = self.outbox.accept(bytes)?;
        self.bytes_out += accepted.bytes as u64;
        let event = accepted.whole.map(|_| {
            let response = self.writable.pop_front().expect("it had a frame");
            self.written += 1;
            ServerEvent::Written {
                id: response.id,
                label: response.label,
                bytes: response.frame_bytes,
                handled_in: response.given.saturating_duration_since(response.arrived),
                written_in: now.saturating_duration_since(response.given),
            }
        });
        self.check();
        Some((accepted.bytes, event))
    }

    /// The requests, as they stand in the report of a connection that closes.
    pub(super) fn unfinished(&self, now: Instant) -> Vec<Unfinished> {
        let unfinished = |id, label, arrived, delivery| Unfinished {
            id: Some(id),
            label,
            tag: 0,
            age: now.saturating_duration_since(arrived),
            delivery,
        };
        let mut begun = self.outbox.accepted();
        let writable = self.writable.iter().map(move |response| {
            let delivery = match std::mem::take(&mut begun) {
                0 => Delivery::NotSent,
                bytes => Delivery::PartiallySent {
                    bytes,
                    total: response.frame_bytes,
                },
            };
            unfinished(response.id, response.label, response.arrived, delivery)
        });
        let pending = self.pending.iter().map(|pending| {
            unfinished(
                pending.id,
                pending.label,
                pending.arrived,
                Delivery::NotSent,
            )
        });
        writable.chain(pending).collect()
    }

    /// The connection is over.
    pub(super) fn clear(&mut self) {
        self.writable.clear();
        self.pending.clear();
        self.outbox.take();
        self.check();
    }

    /// The number of requests.
    pub(super) fn len(&self) -> usize {
        self.writable.len() + self.pending.len()
    }

    /// The bytes of responses that the transport has not accepted, those that wait for others included.
    pub(super) fn unwritten_bytes(&self) -> usize {
        let pending = self.pending.iter().filter_map(|it| it.response.as_ref());
        let waiting: usize = pending.map(|(_, frame)| frame.remaining()).sum();
        self.outbox.remaining() + waiting
    }

    /// The number of responses that were written whole.
    pub(super) const fn written(&self) -> u64 {
        self.written
    }

    /// The number of bytes that the transport accepted.
    pub(super) const fn bytes_out(&self) -> u64 {
        self.bytes_out
    }

    fn check(&self) {
        debug_assert_eq!(
            self.writable.len(),
            self.outbox.len(),
            "each writable response has its frame"
        );
        let first = self.pending.front();
        debug_assert!(
            first.is_none_or(|pending| pending.response.is_none()),
            "the first response that is given may be written"
        );
    }
}

/// Why a response was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RespondError {
    /// The connection is over.
    Closed,
    /// No such request waits for a response: it was answered, or expects none.
    NotWaiting {
        /// Which one.
        id: RequestId,
    },
    /// The response is one of another API.
    OtherApi {
        /// The API of the request.
        asked: ApiKey,
        /// The API of the response.
        given: ApiKey,
    },
    /// The response cannot be encoded in the version of the request.
    Encode(EncodeError),
    /// A frame without a correlation id.
    NotAResponse {
        /// How many bytes it has.
        bytes: usize,
    },
}

impl fmt::Display for RespondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closed"),
            Self::NotWaiting { id } => write!(
                f,
                "request {id} does not wait for a response: it was answered already, or expects none"
            ),
            Self::OtherApi { asked, given } => {
                write!(f, "a response of {given} to a request of {asked}")
            }
            Self::Encode(error) => error.fmt(f),
            Self::NotAResponse { bytes } => {
                write!(
                    f,
                    "a frame of {bytes} bytes is no response: a correlation id takes 4"
                )
            }
        }
    }
}

impl error::Error for RespondError {}
