//! A request on its way through a connection.

use std::time::{Duration, Instant};

use crate::ApiKey;
use crate::connection::{ApiLabel, RequestId, Timings};

use super::completion::Outcome;

/// A request from being submitted to being completed. Its bytes stand beside it until they are written.
///
/// It moves from the [send queue](super::send_queue::SendQueue) to the [requests in flight](super::in_flight::InFlight) and
/// from there into a [`Completion`](super::completion::Completion).
#[derive(Clone, Debug)]
pub(in crate::connection) struct PendingRequest {
    pub(super) id: RequestId,
    pub(super) label: ApiLabel,
    pub(super) origin: Origin,
    pub(super) tag: u64,
    pub(super) attempt: u32,
    pub(super) expects_response: bool,
    /// The deadline that the caller named.
    pub(super) deadline: Option<Instant>,
    pub(super) timeout: Duration,
    /// The bytes of its frame, the size included.
    pub(super) frame_bytes: usize,
    pub(super) timings: Timings,
    /// By how much throttling had extended deadlines when it was written.
    pub(super) extended_before: Duration,
    /// How it ended, once it is over.
    pub(super) outcome: Option<Outcome>,
}

/// Who waits for the response.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The caller.
    Caller,
    /// The caller, who wants to know whether the connection is alive.
    Probe,
    /// The [session](super::session::Session).
    Setup,
    /// The session. It is a bare SASL token, which has no header and no correlation id.
    SaslToken,
    /// Nobody: the caller gave up while it was being written, and the rest of it must follow.
    Nobody,
}

impl PendingRequest {
    /// Room for a request, before there is one.
    pub(super) fn empty(now: Instant) -> Self {
        Self {
            id: RequestId(0),
            label: ApiLabel::of_bare_token(),
            origin: Origin::Nobody,
            tag: 0,
            attempt: 0,
            expects_response: false,
            deadline: None,
            timeout: Duration::ZERO,
            frame_bytes: 0,
            timings: Timings::at(now),
            extended_before: Duration::ZERO,
            outcome: None,
        }
    }

    /// Whether no event speaks of it.
    pub(super) const fn is_internal(&self) -> bool {
        matches!(
            self.origin,
            Origin::Setup | Origin::SaslToken | Origin::Nobody
        )
    }

    /// Whether there are credentials in its bytes.
    pub(super) fn is_secret(&self) -> bool {
        match self.origin {
            Origin::SaslToken => true,
            Origin::Setup => self.label.api_key == ApiKey::SaslAuthenticate,
            Origin::Caller | Origin::Probe | Origin::Nobody => false,
        }
    }
}
