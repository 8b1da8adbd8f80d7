//! A request from being submitted to being completed.

use std::time::{Duration, Instant};

use crate::ApiKey;
use crate::connection::{ApiLabel, RequestId, Timings};
use crate::wire::Segments;

use super::completion::{Outcome, RequestSummary};

/// A request from being submitted to being completed.
///
/// It moves from the [queue](super::request_queue::RequestQueue) to the [events](super::event::EventQueue), where a
/// [`Completion`](super::completion::Completion) is made of it.
#[derive(Debug)]
pub(in crate::connection) struct PendingRequest {
    pub(super) summary: RequestSummary,
    /// The bytes of the request that the transport has not accepted.
    pub(super) frame: Segments,
    pub(super) origin: Origin,
    pub(super) expects_response: bool,
    /// The deadline that the caller named.
    pub(super) deadline: Option<Instant>,
    pub(super) timeout: Duration,
    /// By how much throttling had extended deadlines when its timeout began, or when it was submitted.
    pub(super) extended_before: Duration,
    /// The end of it, once it is over.
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
    /// Nobody: the request was given up when the transport had been offered it, and keeps its place.
    Nobody,
}

impl PendingRequest {
    /// Room for a request, before there is one.
    pub(super) fn empty(now: Instant) -> Self {
        Self {
            summary: RequestSummary {
                id: RequestId(0),
                label: ApiLabel::of_bare_token(),
                tag: 0,
                attempt: 0,
                frame_bytes: 0,
                timings: Timings::at(now),
            },
            frame: Segments::default(),
            origin: Origin::Nobody,
            expects_response: false,
            deadline: None,
            timeout: Duration::ZERO,
            extended_before: Duration::ZERO,
            outcome: None,
        }
    }

    pub(super) const fn label(&self) -> ApiLabel {
        self.summary.label
    }

    pub(super) const fn timings(&self) -> &Timings {
        &self.summary.timings
    }

    pub(in crate::connection) const fn frame(&self) -> &Segments {
        &self.frame
    }

    /// Takes the request out of its place, in which nobody's is left.
    pub(super) fn abandon(&mut self) -> Box<Self> {
        let origin = std::mem::replace(&mut self.origin, Origin::Nobody);
        Box::new(Self {
            summary: self.summary,
            frame: Segments::default(),
            origin,
            outcome: None,
            ..*self
        })
    }

    /// Returns `true` if no event speaks of it.
    pub(super) const fn is_internal(&self) -> bool {
        matches!(
            self.origin,
            Origin::Setup | Origin::SaslToken | Origin::Nobody
        )
    }

    /// Returns `true` if there are credentials in its bytes.
    #[inline]
    pub(super) fn is_secret(&self) -> bool {
        match self.origin {
            Origin::SaslToken => true,
            Origin::Setup => self.summary.label.api_key == ApiKey::SaslAuthenticate,
            Origin::Caller | Origin::Probe | Origin::Nobody => false,
        }
    }
}
