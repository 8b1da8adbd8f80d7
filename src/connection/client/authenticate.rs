//! SASL on the wire: the handshake, the tokens in SaslAuthenticate or bare, and the end of it.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use crate::wire::{Blob, Encoding, Writer};
use crate::{ApiKey, Decode, ErrorCode, Version};

use super::event::Event;
use super::machine::Connection;
use super::request::{ApiLabel, Origin, Step, SubmitOptions};
use crate::connection::report::{AuthenticationFault, CloseReason};
use crate::connection::sasl::{Exchange, Mechanism, MechanismError, Reply, Token};
use crate::connection::state::State;

impl Connection {
    /// Replaces the mechanism, with newer credentials: for the next time the connection authenticates, also if it is
    /// about to just now.
    pub fn replace_mechanism(&mut self, mechanism: Box<dyn Mechanism>) {
        match &mut self.exchange {
            Some(exchange) => exchange.replace(mechanism),
            None => self.exchange = Exchange::new(vec![mechanism]).map(Box::new),
        }
    }

    /// The token that [`Event::SaslTokenWanted`] asked for; `None` if there is nothing more to say.
    /// False if none was asked for.
    pub fn provide_sasl_token(&mut self, now: Instant, token: Option<Token>) -> bool {
        let Some(exchange) = self.exchange.as_mut().filter(|exchange| exchange.asks) else {
            return false;
        };
        exchange.asks = false;
        let reply = token.map_or(Reply::Done, Reply::Send);
        self.on_reply(now, Ok(reply), b"");
        self.pump(now);
        true
    }

    /// Begins to authenticate, for the first time or again.
    pub(in crate::connection) fn begin_sasl(&mut self, now: Instant) {
        let again = !self.state.is_initial();
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        exchange.begin(now);
        let mechanism = exchange.name();
        self.emit(Event::SaslStarted {
            mechanism: mechanism.clone(),
            again,
        });
        match self.choose_version(ApiKey::SaslHandshake) {
            Ok(version) => self.send_handshake(now, &mechanism, version),
            // A broker that does not list it takes tokens at once.
            Err(_) => self.agreed(now, Version(0)),
        }
    }

    fn send_handshake(&mut self, now: Instant, mechanism: &str, version: Version) {
        self.enter(now, State::SaslHandshake);
        let request = SaslHandshakeRequest {
            mechanism: mechanism.into(),
            ..Default::default()
        };
        self.send_step(now, &request, version, Step::SaslHandshake);
    }

    pub(in crate::connection) fn on_handshake(
        &mut self,
        now: Instant,
        version: Version,
        body: &[u8],
    ) {
        let response = match SaslHandshakeResponse::decode(body, version) {
            Ok(response) => response,
            Err(error) => {
                return self.fail_authentication(now, AuthenticationFault::Undecodable(error));
            }
        };
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let asked = exchange.name();
        match response.error_code {
            ErrorCode::NONE => self.agreed(now, version),
            ErrorCode::UNSUPPORTED_SASL_MECHANISM => {
                let offered = || response.mechanisms.iter().map(|name| &**name);
                if exchange.fall_back(offered()) {
                    let to = exchange.name();
                    self.emit(Event::SaslFallback {
                        from: asked,
                        to: to.clone(),
                    });
                    return self.send_handshake(now, &to, version);
                }
                let offered = offered().take(MOST_NAMED).map(Box::from).collect();
                let fault = AuthenticationFault::NoCommonMechanism { asked, offered };
                self.fail_authentication(now, fault);
            }
            code => self.fail_authentication(
                now,
                AuthenticationFault::Refused {
                    mechanism: asked,
                    code,
                    message: None,
                },
            ),
        }
    }

    /// The mechanism is agreed on. Version 0 of the handshake means bare tokens.
    fn agreed(&mut self, now: Instant, handshake: Version) {
        let wrapped_in = match handshake >= Version(1) {
            false => None,
            true => match self.choose_version(ApiKey::SaslAuthenticate) {
                Ok(version) => Some(version),
                Err(error) => {
                    return self.fail_authentication(now, AuthenticationFault::Version(error));
                }
            },
        };
        self.enter(
            now,
            match wrapped_in {
                Some(_) => State::SaslAuthenticate,
                None => State::SaslTokens,
            },
        );
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        exchange.wrapped_in = wrapped_in;
        let reply = exchange.mechanism().map(|mechanism| mechanism.start());
        self.on_reply(now, reply.unwrap_or(Ok(Reply::Done)), b"");
    }

    pub(in crate::connection) fn on_authenticate(
        &mut self,
        now: Instant,
        version: Version,
        body: &[u8],
    ) {
        let response = match SaslAuthenticateResponse::decode(body, version) {
            Ok(response) => response,
            Err(error) => {
                return self.fail_authentication(now, AuthenticationFault::Undecodable(error));
            }
        };
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        if !response.error_code.is_none() {
            let message = response.error_message.as_deref().map(|message| {
                let kept: String = message.chars().take(MOST_MESSAGE).collect();
                kept.into()
            });
            let fault = AuthenticationFault::Refused {
                mechanism: exchange.name(),
                code: response.error_code,
                message,
            };
            return self.fail_authentication(now, fault);
        }
        let milliseconds = u64::try_from(response.session_lifetime_ms).unwrap_or_default();
        exchange.session.lifetime = Some(Duration::from_millis(milliseconds).min(YEAR));
        let bytes = response.auth_bytes.as_slice();
        self.on_challenge(now, bytes);
    }

    /// A bare token arrived.
    pub(in crate::connection) fn on_token(&mut self, now: Instant, token: &[u8]) {
        let is_due = self
            .exchange
            .as_ref()
            .is_some_and(|exchange| exchange.rounds > 0 && !exchange.asks);
        match is_due {
            true => self.on_challenge(now, token),
            false => {
                let error = MechanismError::new("a token of the broker that was not due");
                self.fail_mechanism(now, error);
            }
        }
    }

    fn on_challenge(&mut self, now: Instant, challenge: &[u8]) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let is_last = exchange.is_last;
        let rounds = exchange.rounds;
        self.emit(Event::SaslStep {
            rounds,
            bytes: challenge.len(),
        });
        if is_last {
            return self.authenticated(now);
        }
        let mechanism = self
            .exchange
            .as_mut()
            .and_then(|exchange| exchange.mechanism());
        let reply = mechanism.map(|mechanism| mechanism.respond(challenge));
        self.on_reply(now, reply.unwrap_or(Ok(Reply::Done)), challenge);
    }

    fn on_reply(&mut self, now: Instant, reply: Result<Reply, MechanismError>, challenge: &[u8]) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        match reply {
            Ok(Reply::Done) => self.authenticated(now),
            Ok(Reply::Ask) => {
                exchange.asks = true;
                let challenge = Bytes::copy_from_slice(challenge);
                self.emit(Event::SaslTokenWanted { challenge });
            }
            Ok(Reply::Send(token)) => self.send_token(now, &token),
            Ok(Reply::SendLast(token)) => {
                exchange.is_last = true;
                self.send_token(now, &token);
            }
            Err(error) => self.fail_mechanism(now, error),
        }
    }

    fn send_token(&mut self, now: Instant, token: &Token) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        exchange.rounds += 1;
        if exchange.rounds > MOST_ROUNDS {
            let fault = AuthenticationFault::TooManyRounds {
                mechanism: exchange.name(),
                rounds: MOST_ROUNDS,
            };
            return self.fail_authentication(now, fault);
        }
        let wrapped_in = exchange.wrapped_in;
        // Large enough that it does not grow, which would leave a copy behind.
        let client_id = self.options.client_id.as_deref().unwrap_or_default().len();
        self.spare = Vec::with_capacity(64 + client_id + token.expose().len());
        if let Some(version) = wrapped_in {
            let request = SaslAuthenticateRequest {
                auth_bytes: Blob::Borrowed(token.expose()),
                ..Default::default()
            };
            return self.send_step(now, &request, version, Step::SaslAuthenticate);
        }
        let mut writer = Writer::with_buffer(std::mem::take(&mut self.spare));
        writer.blob(Encoding::Plain, &Blob::Borrowed(token.expose()), "token");
        if let Err(error) = writer.check() {
            let fault = AuthenticationFault::Mechanism {
                mechanism: exchange.name(),
                error: MechanismError::new(error.to_string()),
            };
            return self.fail_authentication(now, fault);
        }
        let label = ApiLabel::of_bare_token();
        let origin = Origin::Session(Step::SaslToken);
        let record = self.record(
            now,
            label,
            origin,
            writer.finish(),
            false,
            SubmitOptions::default(),
        );
        self.send_first(now, record);
    }

    /// A bare token was written. Nobody may answer the last one.
    pub(in crate::connection) fn on_token_written(&mut self, now: Instant) {
        if self.state == State::SaslTokens
            && self
                .exchange
                .as_ref()
                .is_some_and(|exchange| exchange.is_last)
        {
            self.authenticated(now);
        }
    }

    fn authenticated(&mut self, now: Instant) {
        let again = !self.state.is_initial();
        let permille = u32::from(self.options.renew_at_permille);
        let held = self.waiting();
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let lifetime = match exchange.wrapped_in {
            Some(_) => exchange.session.lifetime.unwrap_or_default(),
            None => Duration::ZERO,
        };
        exchange.finish(now, lifetime, lifetime / 1000 * permille);
        let event = Event::SaslSucceeded {
            mechanism: exchange.name(),
            rounds: exchange.rounds,
            took: exchange.started.take().map_or(Duration::ZERO, |started| {
                now.saturating_duration_since(started)
            }),
            lifetime: exchange.session.lifetime,
            renew_at: exchange.session.renew_at,
            again,
            held,
        };
        self.emit(event);
        self.ready(now);
    }

    fn fail_mechanism(&mut self, now: Instant, error: MechanismError) {
        let mechanism = self.exchange.as_ref().map(|exchange| exchange.name());
        let fault = AuthenticationFault::Mechanism {
            mechanism: mechanism.unwrap_or_default(),
            error,
        };
        self.fail_authentication(now, fault);
    }

    pub(in crate::connection) fn fail_authentication(
        &mut self,
        now: Instant,
        fault: AuthenticationFault,
    ) {
        self.close_because(now, CloseReason::Authentication(fault));
    }

    /// The state of a step, the first time; the next times requests of the caller are under way too.
    fn enter(&mut self, now: Instant, state: State) {
        if self.state.is_initial() {
            self.set_state(now, state);
        }
    }
}

/// The most tokens of one exchange. Kerberos takes 4.
const MOST_ROUNDS: u32 = 16;
/// The most mechanisms of a broker that are named in an error.
const MOST_NAMED: usize = 16;
/// The most characters that are kept of what a broker says.
const MOST_MESSAGE: usize = 512;
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
