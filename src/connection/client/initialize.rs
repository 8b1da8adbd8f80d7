//! The beginning of a connection up to SASL: the broker's versions.

use std::time::Instant;

use bytes::Bytes;

use crate::{ApiKey, ErrorCode, Message, Request, Version};

use super::completion::RawResponse;
use super::error::{ConnectionErrorKind, SubmitError};
use super::event::Event;
use super::fit::Choice;
use super::machine::Connection;
use super::negotiate::{Answer, read_answer};
use super::options::Negotiation;
use super::request::{Origin, Record, Step, SubmitOptions};
use super::submit::api_versions_request;
use crate::connection::hint::{Confidence, Hint, HintKind};
use crate::connection::report::{CloseReason, NegotiationFault};
use crate::connection::state::State;
use crate::connection::throttle::throttle_time;
use crate::connection::timing::{Timings, Waits};
use crate::connection::{Delivery, VersionError};
use crate::messages::ApiVersionsRequest;

impl Connection {
    /// The transport is open: begins with what the options say.
    pub(in crate::connection) fn begin(&mut self, now: Instant) {
        self.phase_deadline = now.checked_add(self.options.initialization_timeout);
        match self.options.negotiation.clone() {
            Negotiation::Assume(versions) => {
                self.versions = versions;
                self.versions_known(now);
            }
            Negotiation::AskIn(version) => {
                let known = ApiVersionsRequest::VERSIONS;
                self.ask_versions(now, version.clamp(known.min(), known.max()));
            }
            Negotiation::Ask => {
                let highest = ApiVersionsRequest::VERSIONS.max();
                let stable = ApiKey::ApiVersions.stable_versions();
                let allowed = self.options.allowed(ApiKey::ApiVersions);
                let most =
                    |range: Option<crate::VersionRange>| range.map_or(highest, |range| range.max());
                self.ask_versions(now, highest.min(most(stable)).min(most(allowed)));
            }
        }
    }

    fn ask_versions(&mut self, now: Instant, version: Version) {
        self.set_state(now, State::ApiVersions);
        self.asked_in = version;
        let (name, software) = self.software();
        self.send_step(
            now,
            &api_versions_request(&name, &software),
            version,
            Step::ApiVersions,
        );
    }

    /// Sends a request of the connection's own, before all that waits.
    pub(in crate::connection) fn send_step<R: Request>(
        &mut self,
        now: Instant,
        request: &R,
        version: Version,
        step: Step,
    ) {
        let options = SubmitOptions::default();
        match self.encode(
            now,
            request,
            Choice::Exactly(version),
            Origin::Session(step),
            options,
        ) {
            Ok(record) => self.send_first(now, record),
            Err(error) => {
                let error = match error {
                    SubmitError::Version(error) => error,
                    _ => VersionError::ApiUnknownToUs { key: R::KEY },
                };
                let fault = NegotiationFault::Version(error);
                self.close_because(now, CloseReason::Negotiation(fault));
            }
        }
    }

    pub(in crate::connection) fn send_first(&mut self, now: Instant, mut record: Box<Record>) {
        record.timings = Timings {
            admitted: Some(now),
            waits: Waits::default(),
            ..record.timings
        };
        self.outbound.insert(self.admitted, record);
        self.admitted += 1;
    }

    pub(in crate::connection) fn on_session_response(
        &mut self,
        now: Instant,
        step: Step,
        record: &Record,
        frame: &Bytes,
    ) {
        let answer = record.label.split_response(frame);
        match step {
            Step::ApiVersions => match answer {
                Ok(answer) => self.on_versions(now, record, answer.body, answer.version, frame),
                Err(error) => self.close_because(
                    now,
                    CloseReason::Negotiation(NegotiationFault::Undecodable(error)),
                ),
            },
            Step::SaslHandshake | Step::SaslAuthenticate | Step::SaslToken => match answer {
                Ok(answer) if step == Step::SaslHandshake => {
                    self.on_handshake(now, answer.version, answer.body);
                }
                Ok(answer) => self.on_authenticate(now, answer.version, answer.body),
                Err(error) => {
                    self.fail_authentication(
                        now,
                        crate::connection::AuthenticationFault::Undecodable(error),
                    );
                }
            },
        }
    }

    fn on_versions(
        &mut self,
        now: Instant,
        record: &Record,
        body: &[u8],
        version: Version,
        frame: &Bytes,
    ) {
        let sent = record.label.version;
        match read_answer(sent, body) {
            Ok(Answer::AskIn(lower)) => {
                let code = body.first_chunk().copied().unwrap_or_default();
                let error = ErrorCode(i16::from_be_bytes(code));
                let is_name = error == ErrorCode::INVALID_REQUEST;
                self.emit(Event::VersionsFallback {
                    from: sent,
                    to: lower,
                    error,
                    hint: is_name
                        .then(|| Hint::new(HintKind::SoftwareNameRefused, Confidence::Likely)),
                });
                self.ask_versions(now, lower);
            }
            Ok(Answer::Versions(versions)) => {
                self.versions = versions;
                self.emit(Event::VersionsNegotiated {
                    sent,
                    version,
                    response: RawResponse {
                        label: record.label,
                        version,
                        tag: 0,
                        arrived: now,
                        throttle: throttle_time(ApiKey::ApiVersions, version, body),
                        frame: frame.clone(),
                    },
                });
                self.versions_known(now);
            }
            Err(fault) => self.close_because(now, CloseReason::Negotiation(fault)),
        }
    }

    fn versions_known(&mut self, now: Instant) {
        match self.exchange {
            Some(_) => self.begin_sasl(now),
            None => self.ready(now),
        }
    }

    /// Requests can be sent. Those that were submitted with a version that the broker does not have are over.
    pub(in crate::connection) fn ready(&mut self, now: Instant) {
        let was_initial = self.state.is_initial();
        self.phase_deadline = None;
        if self.state != State::Draining {
            self.set_state(now, State::Ready);
        }
        if !was_initial {
            return;
        }
        self.emit(Event::Ready { took: self.took });
        let mut at = self.admitted;
        while let Some(record) = self.outbound.get(at) {
            let label = record.label;
            match self.check_version(label.api_key, label.version) {
                Ok(()) => at += 1,
                Err(error) => {
                    if let Some(record) = self.outbound.remove(at) {
                        let kind = ConnectionErrorKind::Version(error);
                        self.fail(record, kind, Delivery::NotSent);
                    }
                }
            }
        }
    }
}
