//! What the caller wants of a connection: requests sent, probed or cancelled, and an end. Those that come encoded are in
//! `submit_encoded.rs`.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Buf;

use crate::messages::ApiVersionsRequest;
use crate::wire::{Segments, Writer};
use crate::{ApiKey, Request, Version};

use super::error::{ConnectionErrorKind, SubmitError};
use super::fit::{self, Choice};
use super::machine::Connection;
use super::request::{ApiLabel, Origin, Record, RequestId, Step, SubmitOptions};
use crate::connection::delivery::Delivery;
use crate::connection::peek;
use crate::connection::receive::SIZE_BYTES;
use crate::connection::report::CloseReason;
use crate::connection::state::State;
use crate::connection::timing::Timings;
use crate::connection::versions::VersionError;

impl Connection {
    /// Sends a request, in the highest version that both sides and the caller have and that
    /// [fits](Request::fits) it, unless the options name a version.
    ///
    /// A request that names topics is sent in the highest version that has names, one with their ids in a version with
    /// ids.
    ///
    /// It is encoded at once. [`Event::Completed`](crate::connection::Event::Completed) says how it went, once.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing was kept of the request then.
    pub fn submit<R: Request>(
        &mut self,
        now: Instant,
        request: &R,
        options: SubmitOptions,
    ) -> Result<RequestId, SubmitError> {
        self.check_open()?;
        let choice = self.choice_for::<R>(options)?;
        let record = self.encode(now, request, choice, Origin::Caller, options)?;
        Ok(self.take_in(now, record))
    }

    /// Asks the broker for its versions, to see whether it still answers. The answer is
    /// [`Event::Probed`](crate::connection::Event::Probed).
    ///
    /// It waits its turn like any request.
    ///
    /// # Errors
    ///
    /// [`SubmitError`], also if the broker is too old to be asked.
    pub fn probe(&mut self, now: Instant) -> Result<RequestId, SubmitError> {
        self.check_open()?;
        if self.state.is_initial() {
            return Err(SubmitError::NotReady { state: self.state });
        }
        let version = match self.asked_in {
            Version(0) => self.choose_version(ApiKey::ApiVersions)?,
            negotiated => negotiated,
        };
        let (name, software) = self.software();
        let request = api_versions_request(&name, &software);
        let options = SubmitOptions::default();
        let choice = Choice::Exactly(version);
        let record = self.encode(now, &request, choice, Origin::Probe, options)?;
        Ok(self.take_in(now, record))
    }

    /// Gives up a request. What was not offered to the transport is not sent; else its response is
    /// dropped when it comes. False if the request is over already.
    pub fn cancel(&mut self, now: Instant, id: RequestId) -> bool {
        self.gates.totals(now);
        let found = self.give_up(|record| record.id == id, ConnectionErrorKind::Cancelled);
        self.pump(now);
        found
    }

    /// Closes the connection at once. Every request is completed.
    pub fn close(&mut self, now: Instant) {
        self.close_because(now, CloseReason::Local);
    }

    /// Closes the connection at once, as its broker is no longer one of the cluster.
    pub fn retire(&mut self, now: Instant) {
        self.close_because(now, CloseReason::BrokerRetired);
    }

    /// Closes the connection when the responses to all requests that were sent have arrived, at most
    /// `at_most` from now. Requests that wait are completed as not sent, so that they can be sent elsewhere.
    pub fn drain(&mut self, now: Instant, at_most: Duration) {
        match self.state {
            State::Draining | State::Closed => return,
            State::Ready | State::Reauthenticating => {}
            _ => return self.close_because(now, CloseReason::Local),
        }
        self.gates.totals(now);
        self.drain_deadline = now.checked_add(at_most);
        self.phase_deadline = None;
        self.set_state(now, State::Draining);
        while self.outbound.len() > self.admitted {
            if let Some(record) = self.outbound.remove(self.admitted) {
                self.fail(record, ConnectionErrorKind::Draining, Delivery::NotSent);
            }
        }
        self.pump(now);
    }

    pub(in crate::connection) fn check_open(&self) -> Result<(), SubmitError> {
        match self.state {
            state @ (State::Draining | State::Closed) => Err(SubmitError::Closed { state }),
            _ if self.waiting() >= self.options.max_waiting => Err(SubmitError::QueueFull {
                waiting: self.waiting(),
            }),
            _ => Ok(()),
        }
    }

    fn choice_for<R: Request>(&self, options: SubmitOptions) -> Result<Choice, SubmitError> {
        if let Some(version) = options.version {
            self.check_version(R::KEY, version)?;
            return Ok(Choice::Exactly(version));
        }
        if self.versions.is_empty() {
            return Err(SubmitError::NotReady { state: self.state });
        }
        // APIs of someone's own have no stable versions here, but those that the type has.
        let stable = R::KEY.stable_versions().unwrap_or(R::VERSIONS);
        let allowed = self.options.allowed(R::KEY);
        let caller = match (options.versions, allowed) {
            (Some(one), Some(other)) => match one.intersect(other) {
                Some(both) => Some(both),
                None => {
                    let key = R::KEY;
                    let broker = self.versions.get(key);
                    let broker = broker.ok_or(VersionError::ApiUnknownToBroker { key })?;
                    let (ours, caller) = (other, Some(one));
                    return Err(VersionError::NoCommonVersion {
                        key,
                        ours,
                        broker,
                        caller,
                    }
                    .into());
                }
            },
            (one, other) => one.or(other),
        };
        let ours = R::VERSIONS.intersect(stable);
        let versions = self.versions.common(R::KEY, ours, caller)?;
        Ok(Choice::HighestOf(versions))
    }

    /// Whether the broker has a version, as far as is known. Before the connection is ready nothing is said against one:
    /// it is looked at again then.
    pub(in crate::connection) fn check_version(
        &self,
        key: ApiKey,
        version: Version,
    ) -> Result<(), VersionError> {
        if self.state.is_initial() {
            return Ok(());
        }
        match self.versions.get(key) {
            Some(broker) if broker.contains(version) => Ok(()),
            Some(broker) => Err(VersionError::NoCommonVersion {
                key,
                ours: crate::VersionRange::only(version.0),
                broker,
                caller: None,
            }),
            None if self.versions.is_empty() => Ok(()),
            None => Err(VersionError::ApiUnknownToBroker { key }),
        }
    }

    pub(in crate::connection) fn software(&self) -> (std::sync::Arc<str>, std::sync::Arc<str>) {
        let options = &self.options;
        (
            options.software_name.clone(),
            options.software_version.clone(),
        )
    }

    pub(in crate::connection) fn encode<R: Request>(
        &mut self,
        now: Instant,
        request: &R,
        choice: Choice,
        origin: Origin,
        options: SubmitOptions,
    ) -> Result<Box<Record>, SubmitError> {
        let is_sasl = matches!(origin, Origin::Session(step) if step != Step::ApiVersions);
        let correlation_id = self.next_correlation_id(is_sasl);
        let mut writer = Writer::with_buffer(std::mem::take(&mut self.spare));
        let client_id = self.options.client_id.as_deref();
        let version = fit::write(&mut writer, request, choice, correlation_id, client_id)?;
        let segments = writer.finish();
        let headers = R::header_versions(version);
        let label = ApiLabel::new(R::KEY, version, headers, correlation_id, ());
        let encoded = || segments.chunk().get(SIZE_BYTES..).unwrap_or_default();
        let expects_response = peek::expects_response(R::KEY, version, headers, encoded);
        let options = options.or_server_wait(|| request.server_wait(version));
        Ok(self.record(now, label, origin, segments, expects_response, options))
    }

    pub(in crate::connection) fn record(
        &mut self,
        now: Instant,
        label: ApiLabel,
        origin: Origin,
        frame: Segments,
        expects_response: bool,
        options: SubmitOptions,
    ) -> Box<Record> {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        Box::new(Record {
            id,
            label,
            origin,
            tag: options.tag,
            attempt: options.attempt,
            expects_response,
            deadline: options.deadline,
            timeout: options
                .timeout
                .unwrap_or(self.options.request_timeout)
                .saturating_add(options.server_wait.unwrap_or_default()),
            frame_bytes: frame.remaining(),
            frame: Some(frame),
            accepted: 0,
            timings: Timings::at(now),
            extended_before: self.extended,
        })
    }
}

pub(in crate::connection) fn api_versions_request<'a>(
    name: &'a str,
    version: &'a str,
) -> ApiVersionsRequest<'a> {
    ApiVersionsRequest {
        client_software_name: Cow::Borrowed(name),
        client_software_version: Cow::Borrowed(version),
        ..Default::default()
    }
}
