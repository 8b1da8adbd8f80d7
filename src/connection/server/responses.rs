//! The requests that a server received, the events about them, and their responses: given in any order and written in
//! that of the requests.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{error, fmt};

use bytes::{Buf, Bytes};

use crate::connection::sasl::Token;
use crate::connection::transmit::{Fitting, Transmit, WriteProgress};
use crate::connection::{ApiLabel, CloseReport, Delivery, RequestId, Unfinished};
use crate::messages::RequestHeader;
use crate::request_frame::check_key;
use crate::wire::Segments;
use crate::{ApiKey, Decode, DecodeError, EncodeError, Request};

/// The requests whose responses are not written whole, in the order in which they arrived.
///
/// Invariant: each response that may be written has its frame, of which the transport was offered no more than there are. The
/// request behind them has no response. Ids ascend.
#[derive(Default)]
pub(super) struct Responses {
    writable: VecDeque<WritableResponse>,
    frames: VecDeque<Segments>,
    progress: WriteProgress,
    pending: VecDeque<PendingResponse>,
    /// The bytes of `frames` that the transport has not accepted. Frames may share memory: together they may have more bytes than
    /// a `usize` counts.
    writable_bytes: u64,
    /// The bytes of the responses that wait for others.
    waiting_bytes: u64,
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

    /// When the next response to write was given.
    pub(super) fn writable_since(&self) -> Option<Instant> {
        self.writable.front().map(|response| response.given)
    }

    /// What names a request that has no response yet.
    pub(super) fn unanswered(&self, id: RequestId) -> Result<ApiLabel, RespondError> {
        let pending = self.place(id).and_then(|place| self.pending.get(place));
        let found = pending.filter(|pending| pending.response.is_none());
        let found = found.ok_or(RespondError::NotWaiting { id })?;
        Ok(found.label)
    }

    /// The place of a request among those that are pending.
    fn place(&self, id: RequestId) -> Option<usize> {
        self.pending.binary_search_by_key(&id, |it| it.id).ok()
    }

    /// Gives a request its response.
    pub(super) fn respond(
        &mut self,
        now: Instant,
        id: RequestId,
        frame: Segments,
    ) -> Result<(), RespondError> {
        let place = self.place(id);
        let pending = place.and_then(|place| self.pending.get_mut(place));
        let found = pending.filter(|pending| pending.response.is_none());
        let found = found.ok_or(RespondError::NotWaiting { id })?;
        self.waiting_bytes += frame.remaining() as u64;
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
            let bytes = frame.remaining() as u64;
            self.waiting_bytes -= bytes;
            self.writable_bytes += bytes;
            self.frames.push_back(frame);
        }
        self.check();
        Ok(())
    }

    /// The bytes to write.
    pub(super) fn offer(&mut self) -> Option<Transmit<'_>> {
        let fitting = match usize::try_from(self.writable_bytes) {
            Ok(bytes) => Fitting {
                frames: self.frames.len(),
                bytes,
            },
            Err(_) => Fitting::of(self.frames.iter()),
        };
        self.progress.offer(fitting.frames);
        let frames = self.frames.range(..fitting.frames);
        (fitting.frames > 0).then(|| Transmit::of_responses(frames, fitting.bytes))
    }

    /// The transport accepted `bytes`: takes as many of them as the first response has. `None` if the transport was
    /// offered nothing more.
    pub(super) fn accept(
        &mut self,
        now: Instant,
        bytes: usize,
    ) -> Option<(usize, Option<ServerEvent>)> {
        let accepted = self.progress.accept(self.frames.front_mut()?, bytes)?;
        self.bytes_out += accepted.bytes as u64;
        self.writable_bytes -= accepted.bytes as u64;
        let event = accepted.is_whole.then(|| {
            self.frames.pop_front();
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
        let mut begun = self.progress.accepted();
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
        self.frames.clear();
        (self.writable_bytes, self.waiting_bytes) = (0, 0);
        self.progress = WriteProgress::default();
        self.check();
    }

    /// The number of requests.
    pub(super) fn len(&self) -> usize {
        self.writable.len() + self.pending.len()
    }

    /// The bytes of responses that the transport has not accepted, those that wait for others included.
    pub(super) fn unwritten_bytes(&self) -> usize {
        usize::try_from(self.writable_bytes + self.waiting_bytes).unwrap_or(usize::MAX)
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
            self.frames.len(),
            "each writable response has its frame"
        );
        debug_assert!(
            self.progress.offered() <= self.frames.len(),
            "offered what is there"
        );
        debug_assert!(
            self.writable_bytes > 0 || self.frames.is_empty(),
            "no frame is empty"
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
                    "a frame of {bytes} bytes is not a response: a correlation id takes 4"
                )
            }
        }
    }
}

impl error::Error for RespondError {}

/// An event of the accepting side. [`Closed`](Self::Closed) is the last event of a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client asked for the versions, and says what it is.
    Client {
        /// The name of its software; empty if it did not say.
        name: Box<str>,
        /// The version of its software.
        version: Box<str>,
    },
    /// A request arrived. It is to be [answered](super::ServerConnection::respond), if it expects that.
    Request(IncomingRequest),
    /// A bare SASL token arrived: see
    /// [`set_bare_tokens`](super::ServerConnection::set_bare_tokens).
    SaslToken(Token),
    /// The transport accepted the last byte of a response.
    Written {
        /// The request.
        id: RequestId,
        /// What names it.
        label: ApiLabel,
        /// The bytes of the response, its size included.
        bytes: usize,
        /// From the last byte of the request to the response being given.
        handled_in: Duration,
        /// From then to its last byte being accepted: what it waited for responses before it, and writing.
        written_in: Duration,
    },
    /// The connection is over. Requests that were handed out and not answered are in the report.
    Closed(Arc<CloseReport>),
}

/// A request of a client. It owns its bytes.
#[derive(Clone)]
pub struct IncomingRequest {
    pub(super) id: RequestId,
    pub(super) label: ApiLabel,
    pub(super) client_id: Option<Arc<str>>,
    pub(super) expects_response: bool,
    pub(super) frame: Bytes,
    pub(super) body: usize,
}

impl IncomingRequest {
    /// By what it is answered.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.id
    }

    /// Returns the label of the request for logs.
    #[must_use]
    pub const fn label(&self) -> ApiLabel {
        self.label
    }

    /// The client id that holds for the request: that of its header, or of an earlier one where headers may omit it.
    /// Bytes that are not UTF-8 are escaped in it, as in
    /// [`client_id_text`](crate::RequestParts::client_id_text).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Returns `true` if the client waits for a response. It does not for Produce with acks 0.
    #[must_use]
    pub const fn expects_response(&self) -> bool {
        self.expects_response
    }

    /// The whole frame, header and body, without its size: what a proxy
    /// [submits](crate::connection::Connection::submit_frame) to the broker behind it.
    #[must_use]
    pub const fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The header; its client id is `None` if that is not UTF-8. `None` if the request is forwarded, its API is unknown here, and it has no header of the
    /// version that was [expected](super::ServerOptions::with_header_versions).
    #[must_use]
    pub fn header(&self) -> Option<RequestHeader<'_>> {
        let split = RequestHeader::split_any_client_id(&self.frame, self.label.headers);
        split.ok().map(|parts| parts.header)
    }

    /// The bytes of the body; all that follows the correlation id if there is no [header](Self::header).
    #[must_use]
    pub fn body(&self) -> &[u8] {
        let body = self.frame.get(self.body..);
        body.expect("the body is the end of the frame")
    }

    /// The request as one of type `R`, borrowing the frame. Bytes after it are ignored, as Kafka's brokers do: old
    /// versions of librdkafka send four zeros after ApiVersions.
    ///
    /// # Errors
    ///
    /// [`OtherApi`](crate::DecodeErrorKind::OtherApi) if the request is not of `R`'s API, else as
    /// [`Decode::decode_prefix`].
    pub fn decode<'a, R: Request + Decode<'a>>(&'a self) -> Result<R, DecodeError> {
        self.decode_prefix().map(|(request, _)| request)
    }

    /// The request as one of type `R`, and the bytes after it, of which there are none in a request of today's
    /// clients.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_prefix<'a, R: Request + Decode<'a>>(
        &'a self,
    ) -> Result<(R, &'a [u8]), DecodeError> {
        check_key::<R>(self.label.api_key, self.label.version)?;
        let (headers, version) = (R::header_versions(self.label.version), self.label.version);
        if headers.request == self.label.headers.request {
            return R::decode_prefix(self.body(), version);
        }
        // The type knows the headers of its own API better than the options did.
        let parts = RequestHeader::split_any_client_id(&self.frame, headers)?;
        R::decode_prefix(parts.body, version)
    }
}

/// Without its bytes, in which there may be secrets.
impl fmt::Debug for IncomingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingRequest")
            .field("id", &self.id)
            .field("label", &self.label)
            .field("client_id", &self.client_id)
            .field("bytes", &self.frame.len())
            .finish_non_exhaustive()
    }
}
