//! What the transport tells a connection: open, bytes, end, failure. Time alone is in `timers.rs`.

use std::io;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use crate::pairing::Answered;
use crate::{DecodeError, ErrorCode};

use super::completion::RawResponse;
use super::event::Event;
use super::machine::Connection;
use super::request::{Origin, Record};
use crate::connection::receive::{Received, SIZE_BYTES, StreamPosition};
use crate::connection::report::CloseReason;
use crate::connection::sniff::ForeignProtocol;
use crate::connection::state::State;

impl Connection {
    /// The transport is open, TLS included.
    pub fn handle_opened(&mut self, now: Instant) {
        if self.state == State::Connecting {
            (self.last_in, self.last_out) = (now, now);
            self.begin(now);
            self.pump(now);
        }
    }

    /// Bytes arrived, in pieces of any size.
    pub fn handle_bytes(&mut self, now: Instant, mut bytes: &[u8]) {
        if self.state == State::Closed || bytes.is_empty() {
            return;
        }
        self.last_in = now;
        self.keep_alive_told = false;
        while !bytes.is_empty() && self.state != State::Closed {
            self.frame_started.get_or_insert(now);
            let (least, most) = (self.least_frame(), self.most_frame());
            let before = bytes.len();
            let received = self.receiver.receive(&mut bytes, least..=most);
            self.bytes_in += u64::try_from(before - bytes.len()).unwrap_or(u64::MAX);
            match received {
                Received::Nothing => {}
                Received::Frame(frame) => {
                    let started = self.frame_started.take().unwrap_or(now);
                    self.on_frame(now, started, frame);
                }
                Received::Foreign(protocol) => self.close_foreign(now, protocol),
                Received::BadSize(announced) => {
                    let first_bytes = self.receiver.first_bytes().into();
                    let reason = CloseReason::BadFrameSize {
                        announced,
                        at_least: least,
                        at_most: most,
                        first_bytes,
                    };
                    self.close_because(now, reason);
                }
            }
            // After each frame, so that it does not matter how many arrive at once.
            self.pump(now);
        }
    }

    /// The peer ended the stream.
    pub fn handle_end_of_stream(&mut self, now: Instant) {
        self.handle_end(now, CloseReason::RemoteEof);
    }

    /// The transport failed.
    pub fn handle_transport_error(&mut self, now: Instant, error: &io::Error) {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.handle_end(now, CloseReason::RemoteEof),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                self.handle_end(now, CloseReason::RemoteReset);
            }
            _ => {
                let error = error.to_string().into();
                self.handle_end(now, |at| CloseReason::Transport { error, at });
            }
        }
    }

    /// The caller decoded a response, or could not. It only shows in events; the connection goes on.
    pub fn handle_decoded(
        &mut self,
        now: Instant,
        response: &DecodedResponse,
        result: Result<(), DecodeError>,
    ) {
        if self.state != State::Closed {
            self.emit(Event::Decoded {
                label: response.label,
                tag: response.tag,
                result,
                error_codes: response.error_codes.clone(),
                after: now.saturating_duration_since(response.arrived),
            });
        }
    }

    fn handle_end(&mut self, now: Instant, reason: impl FnOnce(StreamPosition) -> CloseReason) {
        if self.state == State::Closed {
            return;
        }
        if let Some(protocol) = self.receiver.foreign_at_end() {
            return self.close_foreign(now, protocol);
        }
        let at = self.receiver.position();
        let idle = now.saturating_duration_since(self.quiet_since());
        let reason = reason(at);
        let is_end = matches!(
            reason,
            CloseReason::RemoteEof(_) | CloseReason::RemoteReset(_)
        );
        let was_quiet = self.state == State::Ready
            && self.is_idle()
            && at == StreamPosition::BetweenFrames
            && idle >= IDLE_FROM;
        self.close_because(
            now,
            match is_end && was_quiet {
                true => CloseReason::IdleRemoteLikely { idle },
                false => reason,
            },
        );
    }

    fn close_foreign(&mut self, now: Instant, protocol: ForeignProtocol) {
        let first_bytes = self.receiver.first_bytes().into();
        let reason = CloseReason::Foreign {
            protocol,
            first_bytes,
        };
        self.close_because(now, reason);
    }

    /// The least size of the next frame: bare tokens may be empty, all else has a correlation id.
    fn least_frame(&self) -> usize {
        match self.state {
            State::SaslTokens => 0,
            _ => SIZE_BYTES,
        }
    }

    /// The most: until the caller's own requests are answered, little.
    fn most_frame(&self) -> usize {
        match self.state.is_initial() {
            true => self.options.max_frame_bytes.min(MOST_INITIAL),
            false => self.options.max_frame_bytes,
        }
    }

    /// A whole frame arrived.
    fn on_frame(&mut self, now: Instant, started: Instant, frame: Bytes) {
        if self.state == State::SaslTokens {
            return self.on_token(now, &frame);
        }
        let correlation_id = (&frame[..]).try_get_i32().unwrap_or_default();
        let bytes = SIZE_BYTES + frame.len();
        match self.in_flight.answered_by(correlation_id) {
            Ok(Answered::InOrder(request)) => {
                let mut record = request.note;
                record.timings.became_head = self.head_since;
                record.timings.response_started = Some(started);
                record.timings.responded = Some(now);
                self.head_answered(now);
                self.on_response(now, record, frame);
            }
            Ok(Answered::Late(request)) => {
                self.abandoned = self.abandoned.saturating_sub(1);
                self.head_answered(now);
                let label = request.with_note(());
                self.emit(Event::LateResponse { label, bytes });
            }
            Ok(Answered::NotAwaited(label)) => {
                self.emit(Event::UnexpectedResponse { label, bytes });
            }
            Err(mismatch) => {
                let end = frame.len().min(ForeignProtocol::LOOKED_AT);
                let first_bytes = frame.get(..end).unwrap_or_default().into();
                let reason = CloseReason::Desynchronized {
                    mismatch,
                    first_bytes,
                };
                self.close_because(now, reason);
            }
        }
    }

    /// The next request is due.
    fn head_answered(&mut self, now: Instant) {
        self.head_since = self.in_flight.due().map(|_| now);
    }

    fn on_response(&mut self, now: Instant, record: Box<Record>, frame: Bytes) {
        match record.origin {
            Origin::Session(step) => self.on_session_response(now, step, &record, &frame),
            Origin::Caller | Origin::Probe | Origin::Nobody => self.responded(now, record, frame),
        }
    }
}

/// Which response was decoded, to be kept while the response itself is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedResponse {
    label: crate::connection::ApiLabel,
    tag: u64,
    arrived: Instant,
    error_codes: Box<[ErrorCode]>,
}

impl DecodedResponse {
    /// The error codes that are in it, so that they show in events and metrics too. By default none.
    #[must_use]
    pub fn with_error_codes(mut self, codes: impl IntoIterator<Item = ErrorCode>) -> Self {
        self.error_codes = codes.into_iter().collect();
        self
    }
}

impl From<&RawResponse> for DecodedResponse {
    fn from(response: &RawResponse) -> Self {
        Self {
            label: response.label(),
            tag: response.tag(),
            arrived: response.arrived(),
            error_codes: Box::default(),
        }
    }
}

/// A peer that closes after less was not bored: as librdkafka sees it.
const IDLE_FROM: Duration = Duration::from_secs(60);

/// The most bytes of a frame before the connection is ready.
const MOST_INITIAL: usize = 1024 * 1024;
