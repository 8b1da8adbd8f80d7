//! The beginning of a connection up to being ready, and authenticating again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::connection::bodies::throttle_time;
use crate::connection::sasl::{
    Authenticated, Exchange, Mechanism, MechanismError, NextToken, Token, TokenCarrier,
};
use crate::connection::{
    ApiLabel, AuthenticationFault, CloseReason, Confidence, Hint, HintKind, NegotiationFault,
    State, VersionError, VersionTable,
};
use crate::messages::{ApiVersionsRequest, SaslAuthenticateResponse, SaslHandshakeResponse};
use crate::{ApiKey, ApiVersionsAnswer, Decode, ErrorCode, Message, Version, VersionRange};

use super::completion::RawResponse;
use super::completion::SubmitError;
use super::encode::{Choice, SetupRequest, common_versions};
use super::event::Event;
use super::options::{ConnectionOptions, Negotiation, ReauthenticationMode, SubmitOptions};
use super::phase::Phase;

/// What is agreed with the broker, in the [phase](Phase) that the connection is in: versions, and who the client is.
///
/// It decides what comes next, and returns [actions](Action), which the connection takes after every call.
///
/// Invariant: an exchange is under way in the states of SASL, and else only while the connection reauthenticates, or drains
/// after that.
#[derive(Debug)]
pub(super) struct Session {
    options: Arc<ConnectionOptions>,
    phase: Phase,
    versions: VersionTable,
    /// The version of ApiVersions that was sent last.
    asked_in: Version,
    exchange: Option<Box<Exchange>>,
    actions: VecDeque<Action>,
}

/// What the session wants of the connection.
#[derive(Debug)]
pub(super) enum Action {
    /// Tell the caller.
    Emit(Box<Event>),
    /// Send this, before all that waits.
    Send(SetupRequest),
    /// Tell the caller that the client is authenticated.
    Authenticated {
        with: Authenticated,
        /// `true` if it was before.
        again: bool,
    },
    /// The versions of the broker are known: requests in others are over.
    CheckVersions,
    /// Close the connection.
    Close(CloseReason),
}

impl Session {
    pub(super) fn new(
        now: Instant,
        options: Arc<ConnectionOptions>,
        mechanisms: Vec<Box<dyn Mechanism>>,
    ) -> Self {
        Self {
            phase: Phase::new(now, options.initialization_timeout),
            versions: VersionTable::default(),
            asked_in: Version(0),
            exchange: Exchange::new(mechanisms).map(Box::new),
            actions: VecDeque::new(),
            options,
        }
    }

    /// The next action. Taken until there is none, after every call that changes something.
    pub(super) fn next_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front();
        if action.is_none() {
            self.actions = VecDeque::new();
            self.check();
        }
        action
    }

    /// The transport is open: begins with what the options say.
    pub(super) fn opened(&mut self, now: Instant) {
        self.restart_deadline(now);
        if let Err(error) = self.options.check() {
            return self.close_negotiation(NegotiationFault::Software(error));
        }
        match &self.options.negotiation {
            Negotiation::Assume(versions) => {
                self.versions = versions.clone();
                self.versions_known(now);
            }
            Negotiation::AskIn(version) => {
                let known = ApiVersionsRequest::VERSIONS;
                self.ask_versions(now, (*version).clamp(known.min(), known.max()));
            }
            Negotiation::Ask => {
                let stable = ApiKey::ApiVersions.stable_versions();
                let allowed = self.options.allowed(ApiKey::ApiVersions);
                let highest = [Some(ApiVersionsRequest::VERSIONS), stable, allowed];
                let highest = highest.into_iter().flatten().map(|range| range.max());
                self.ask_versions(now, highest.min().expect("one is there"));
            }
        }
    }

    fn ask_versions(&mut self, now: Instant, version: Version) {
        self.enter(now, State::ApiVersions);
        self.asked_in = version;
        self.send(SetupRequest::ApiVersions(version));
    }

    /// The broker answered a request of the session.
    pub(super) fn on_response(&mut self, now: Instant, request: ApiLabel, frame: &Bytes) {
        let answer = request.split_response(frame);
        match (request.api_key, answer) {
            (ApiKey::ApiVersions, Ok(answer)) => {
                let response = RawResponse {
                    label: request,
                    version: answer.version,
                    tag: 0,
                    arrived: now,
                    throttle: throttle_time(request.api_key, answer.version, answer.body),
                    frame: frame.clone(),
                };
                self.on_versions(now, request.version, answer.body, response);
            }
            (ApiKey::ApiVersions, Err(error)) => {
                self.close_negotiation(NegotiationFault::Undecodable(error));
            }
            (_, Err(error)) => self.fail(AuthenticationFault::Undecodable(error)),
            (ApiKey::SaslHandshake, Ok(answer)) => {
                match SaslHandshakeResponse::decode_prefix(answer.body, answer.version) {
                    Ok((response, _)) => self.on_handshake(now, answer.version, &response),
                    Err(error) => self.fail(AuthenticationFault::Undecodable(error)),
                }
            }
            (key, Ok(answer)) => {
                debug_assert_eq!(key, ApiKey::SaslAuthenticate, "no other API is used");
                match SaslAuthenticateResponse::decode_prefix(answer.body, answer.version) {
                    Ok((response, _)) => self.on_authenticate(now, &response),
                    Err(error) => self.fail(AuthenticationFault::Undecodable(error)),
                }
            }
        }
    }

    fn on_versions(&mut self, now: Instant, sent: Version, body: &[u8], response: RawResponse) {
        match ApiVersionsAnswer::decode(body, sent) {
            Ok(ApiVersionsAnswer::AskIn { version, error }) => {
                let is_name = error == ErrorCode::INVALID_REQUEST;
                self.emit(Event::VersionsFallback {
                    from: sent,
                    to: version,
                    error,
                    hint: is_name
                        .then(|| Hint::new(HintKind::SoftwareNameRefused, Confidence::Likely)),
                });
                self.ask_versions(now, version);
            }
            Ok(ApiVersionsAnswer::Known(versions)) => {
                self.versions = versions;
                let version = response.version();
                self.emit(Event::VersionsNegotiated {
                    sent,
                    version,
                    response,
                });
                self.versions_known(now);
            }
            Err(fault) => self.close_negotiation(fault),
        }
    }

    fn versions_known(&mut self, now: Instant) {
        match self.exchange {
            Some(_) => self.begin_sasl(now),
            None => self.ready(now),
        }
    }

    /// Requests can be sent.
    fn ready(&mut self, now: Instant) {
        let was_initial = self.state().is_initial();
        self.phase.end_deadline();
        if self.state() != State::Draining {
            self.enter(now, State::Ready);
        }
        if was_initial {
            let took = self.phase.took();
            self.emit(Event::Ready { took });
            self.actions.push_back(Action::CheckVersions);
        }
    }

    /// Reauthenticates, when the time has come or what was under way is over.
    #[inline]
    pub(super) fn renew_if_due(&mut self, now: Instant, is_busy: bool) {
        let state = self.state();
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        match state {
            State::Ready if exchange.renew_at().is_some_and(|at| at <= now) => {
                // Requests go on until the token is there.
                if !exchange.is_expired(now) && exchange.asks_early() {
                    let mechanism = exchange.upcoming_name();
                    let challenge = Bytes::new();
                    return self.emit(Event::SaslTokenWanted {
                        mechanism,
                        challenge,
                    });
                }
                self.enter(now, State::Reauthenticating);
                self.restart_deadline(now);
            }
            State::Reauthenticating if !exchange.has_begun() => {}
            _ => return,
        }
        // What was admitted goes first; with `Drain` its responses do too.
        let waits = self.options.reauthentication == ReauthenticationMode::Drain;
        if !(waits && is_busy) {
            self.begin_sasl(now);
        }
    }

    fn begin_sasl(&mut self, now: Instant) {
        let again = !self.state().is_initial();
        let exchange = self.exchange();
        exchange.begin(now);
        let mechanism = exchange.name();
        self.emit(Event::SaslStarted { mechanism, again });
        let key = ApiKey::SaslHandshake;
        let allows_0 = || {
            let allowed = self.options.allowed(key);
            allowed.is_none_or(|versions| versions.contains(Version(0)))
        };
        match self.choose_version(key) {
            Ok(version) => self.send_handshake(now, version),
            // A broker that does not list it takes tokens at once, as after version 0.
            Err(VersionError::ApiUnknownToBroker { .. }) if !again && allows_0() => {
                self.agreed(now, Version(0));
            }
            Err(error) => self.fail(AuthenticationFault::Version(error)),
        }
    }

    fn send_handshake(&mut self, now: Instant, version: Version) {
        self.enter_initial(now, State::SaslHandshake);
        let mechanism = self.exchange().name();
        self.send(SetupRequest::SaslHandshake { mechanism, version });
    }

    fn on_handshake(
        &mut self,
        now: Instant,
        version: Version,
        response: &SaslHandshakeResponse<'_>,
    ) {
        let exchange = self.exchange();
        let asked = exchange.name();
        match response.error_code {
            ErrorCode::NONE => self.agreed(now, version),
            ErrorCode::UNSUPPORTED_SASL_MECHANISM => {
                let offered = response.mechanisms.iter().map(|name| &**name);
                if exchange.fall_back(offered.clone()) {
                    let (from, to) = (asked, exchange.name());
                    self.emit(Event::SaslFallback { from, to });
                    return self.send_handshake(now, version);
                }
                let offered = offered.take(MAX_NAMED).map(Box::from).collect();
                self.fail(AuthenticationFault::NoCommonMechanism { asked, offered });
            }
            code => self.fail(AuthenticationFault::Refused {
                mechanism: asked,
                code,
                message: None,
            }),
        }
    }

    /// The mechanism is agreed on. Tokens are bare after version 0 of the handshake, and where the broker does not list
    /// SaslAuthenticate. They come before all requests, so not when the connection reauthenticates.
    fn agreed(&mut self, now: Instant, handshake: Version) {
        let key = ApiKey::SaslAuthenticate;
        let unlisted = VersionError::ApiUnknownToBroker { key };
        let version = match handshake {
            Version(0) => Err(unlisted),
            _ => self.choose_version(key),
        };
        let carrier = match version {
            Ok(version) => TokenCarrier::SaslAuthenticate(version),
            Err(error) if error == unlisted && self.state().is_initial() => TokenCarrier::Bare,
            Err(error) => return self.fail(AuthenticationFault::Version(error)),
        };
        self.enter_initial(
            now,
            match carrier {
                TokenCarrier::SaslAuthenticate(_) => State::SaslAuthenticate,
                TokenCarrier::Bare => State::SaslTokens,
            },
        );
        let next = self.exchange().start(carrier);
        self.follow(now, next, b"");
    }

    fn on_authenticate(&mut self, now: Instant, response: &SaslAuthenticateResponse<'_>) {
        let exchange = self.exchange();
        if !response.error_code.is_none() {
            let message = response.error_message.as_deref().map(|message| {
                let kept: String = message.chars().take(MAX_MESSAGE).collect();
                kept.into()
            });
            let fault = AuthenticationFault::Refused {
                mechanism: exchange.name(),
                code: response.error_code,
                message,
            };
            return self.fail(fault);
        }
        // As in Kafka's own client, a negative one does not count.
        let lifetime = u64::try_from(response.session_lifetime_ms).unwrap_or(0);
        exchange.set_lifetime(Duration::from_millis(lifetime));
        self.on_challenge(now, response.auth_bytes.as_slice());
    }

    /// A bare token arrived.
    pub(super) fn on_token(&mut self, now: Instant, token: &[u8]) {
        let exchange = self.exchange();
        match exchange.expects_token() {
            true => self.on_challenge(now, token),
            false => {
                let error = MechanismError::new("a token of the broker that was not due");
                let fault = exchange.fault(error);
                self.fail(fault);
            }
        }
    }

    /// A bare token was written. Nobody may answer the last one.
    pub(super) fn token_written(&mut self, now: Instant) {
        if self.state() == State::SaslTokens && self.exchange().is_last() {
            self.authenticated(now);
        }
    }

    fn on_challenge(&mut self, now: Instant, challenge: &[u8]) {
        let rounds = self.exchange().rounds();
        self.emit(Event::SaslStep {
            rounds,
            bytes: challenge.len(),
        });
        let next = self.exchange().respond(challenge);
        self.follow(now, next, challenge);
    }

    /// The caller's token, or nothing more to say. False if none was asked for.
    pub(super) fn provide_token(&mut self, now: Instant, token: Option<Token>) -> bool {
        let Some(exchange) = &mut self.exchange else {
            return false;
        };
        if exchange.was_asked_early() {
            exchange.prepare(now, token);
            return true;
        }
        let Some(next) = exchange.provide(token) else {
            return false;
        };
        self.follow(now, next, b"");
        true
    }

    fn follow(
        &mut self,
        now: Instant,
        next: Result<NextToken, AuthenticationFault>,
        challenge: &[u8],
    ) {
        match next {
            Ok(NextToken::Nothing) => self.authenticated(now),
            Ok(NextToken::OfCaller) => {
                let mechanism = self.exchange().name();
                let challenge = Bytes::copy_from_slice(challenge);
                self.emit(Event::SaslTokenWanted {
                    mechanism,
                    challenge,
                });
            }
            Ok(NextToken::Send(token)) => {
                let carrier = self.exchange().carrier();
                self.send(match carrier {
                    TokenCarrier::SaslAuthenticate(version) => {
                        SetupRequest::SaslAuthenticate { token, version }
                    }
                    TokenCarrier::Bare => SetupRequest::SaslToken(token),
                });
            }
            Err(fault) => self.fail(fault),
        }
    }

    fn authenticated(&mut self, now: Instant) {
        let again = !self.state().is_initial();
        let permille = self.options.renew_at_permille;
        let with = self.exchange().finish(now, permille);
        self.actions
            .push_back(Action::Authenticated { with, again });
        self.ready(now);
    }

    /// Replaces the mechanism, for the next time.
    pub(super) fn replace_mechanism(&mut self, mechanism: Box<dyn Mechanism>) {
        match &mut self.exchange {
            Some(exchange) => exchange.replace(mechanism),
            None => self.exchange = Exchange::new(vec![mechanism]).map(Box::new),
        }
    }

    /// The connection takes no more requests.
    pub(super) fn drain(&mut self, now: Instant) {
        self.phase.end_deadline();
        self.enter(now, State::Draining);
    }

    /// The connection is over.
    pub(super) fn close(&mut self, now: Instant) {
        self.enter(now, State::Closed);
        self.phase.end_deadline();
        self.exchange = None;
    }

    /// The broker names its versions again. Returns whether they are others than before.
    pub(super) fn set_versions(&mut self, versions: VersionTable) -> bool {
        std::mem::replace(&mut self.versions, versions) != self.versions
    }

    /// The version in which a request of `key` is sent.
    pub(super) fn choose_version(&self, key: ApiKey) -> Result<Version, VersionError> {
        self.versions
            .choose(key, key.stable_versions(), self.options.allowed(key))
    }

    /// The versions in which a request of the caller may be sent, of those that this side has.
    #[inline]
    pub(super) fn choice_of(
        &self,
        key: ApiKey,
        ours: Option<VersionRange>,
        options: &SubmitOptions,
    ) -> Result<Choice, SubmitError> {
        if let Some(version) = options.version {
            self.check_version(key, version)?;
            return Ok(Choice::Exactly(version));
        }
        if self.versions.is_empty() {
            return Err(SubmitError::NotReady {
                state: self.state(),
            });
        }
        let allowed = self.options.allowed(key);
        let versions = common_versions(&self.versions, key, ours, allowed, options.versions)?;
        Ok(Choice::HighestOf(versions))
    }

    /// Whether the broker has a version, as far as is known. Before the connection is ready nothing is said against
    /// one: it is looked at again then.
    pub(super) fn check_version(&self, key: ApiKey, version: Version) -> Result<(), VersionError> {
        match self.state().is_initial() || self.versions.is_empty() {
            true => Ok(()),
            false => self.versions.check(key, version),
        }
    }

    /// The state of the connection, and its times.
    #[inline]
    pub(super) const fn phase(&self) -> &Phase {
        &self.phase
    }

    #[inline]
    const fn state(&self) -> State {
        self.phase.state()
    }

    pub(super) const fn versions(&self) -> &VersionTable {
        &self.versions
    }

    /// The version of ApiVersions that was sent last; 0 if none was.
    pub(super) const fn asked_in(&self) -> Version {
        self.asked_in
    }

    /// The exchange of SASL tokens, if the client authenticates.
    #[inline]
    pub(super) fn sasl(&self) -> Option<&Exchange> {
        self.exchange.as_deref()
    }

    /// When to authenticate again, if the connection can.
    #[inline]
    pub(super) fn renew_at(&self) -> Option<Instant> {
        match self.state() {
            State::Ready => self.exchange.as_ref()?.renew_at(),
            _ => None,
        }
    }

    fn exchange(&mut self) -> &mut Exchange {
        let exchange = self.exchange.as_deref_mut();
        exchange.expect("SASL is under way only with a mechanism")
    }

    fn emit(&mut self, event: Event) {
        self.actions.push_back(Action::Emit(Box::new(event)));
    }

    fn send(&mut self, request: SetupRequest) {
        self.actions.push_back(Action::Send(request));
    }

    fn fail(&mut self, fault: AuthenticationFault) {
        self.actions
            .push_back(Action::Close(CloseReason::Authentication(fault)));
    }

    fn close_negotiation(&mut self, fault: NegotiationFault) {
        self.actions
            .push_back(Action::Close(CloseReason::Negotiation(fault)));
    }

    /// A request in front of those of the session is over. The time for authenticating again begins when the broker can
    /// answer: not before throttling is over.
    #[cold]
    pub(super) fn request_left(&mut self, now: Instant, throttled_until: Option<Instant>) {
        if self.state() == State::Reauthenticating {
            self.restart_deadline(throttled_until.map_or(now, |until| until.max(now)));
        }
    }

    fn restart_deadline(&mut self, now: Instant) {
        let timeout = self.options.initialization_timeout;
        self.phase.restart_deadline(now, timeout);
    }

    /// Enters a state, if the connection is not ready yet: authenticating again is one state.
    fn enter_initial(&mut self, now: Instant, state: State) {
        if self.state().is_initial() {
            self.enter(now, state);
        }
    }

    fn enter(&mut self, now: Instant, to: State) {
        if let Some(event) = self.phase.enter(now, to) {
            self.emit(event);
        }
    }

    fn check(&self) {
        let has_begun = self.sasl().is_some_and(Exchange::has_begun);
        let state = self.state();
        match state {
            State::SaslHandshake | State::SaslAuthenticate | State::SaslTokens => {
                debug_assert!(has_begun, "{state}: an exchange is under way");
            }
            State::Reauthenticating | State::Draining => {}
            _ => debug_assert!(!has_begun, "{state}: no exchange is under way"),
        }
        self.phase.check();
    }
}

/// The maximum number of mechanisms of a broker that are named in an error.
const MAX_NAMED: usize = 16;
/// The maximum number of characters that are kept of what a broker says.
const MAX_MESSAGE: usize = 512;
