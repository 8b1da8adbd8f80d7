//! The login of a client, before which it may not send requests: the exchange of SASL on a connection, by whatever mechanisms are offered.

use std::sync::Arc;
use std::time::Instant;

use kafka_codec::connection::server::{IncomingRequest, RespondError, ServerConnection};
use kafka_codec::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_codec::wire::Blob;
use kafka_codec::{ApiKey, ErrorCode};

use super::sasl::{Exchange, ServerSasl, Step};
use crate::link::now;

/// Maximum size in bytes of a request before the client has authenticated, as of Kafka's `sasl.server.max.receive.size`.
const MAX_BYTES_BEFORE: usize = 512 * 1024;

/// Whether a client may send requests.
pub(super) struct Login {
    sasl: Option<ServerSasl>,
    /// Maximum size of a request once it may.
    max_frame_bytes: usize,
    /// The exchange that was agreed on, until it is over.
    exchange: Option<Exchange>,
    user: Option<Arc<str>>,
    /// The end of the session.
    expires: Option<Instant>,
    /// The credentials were refused: nothing follows the response with that error.
    is_refused: bool,
}

impl Login {
    pub(super) const fn new(sasl: Option<ServerSasl>, max_frame_bytes: usize) -> Self {
        Self {
            sasl,
            max_frame_bytes,
            exchange: None,
            user: None,
            expires: None,
            is_refused: false,
        }
    }

    /// The maximum size of the requests that follow.
    pub(super) fn max_frame_bytes(&self) -> usize {
        match self.sasl.is_some() && self.user.is_none() {
            true => self.max_frame_bytes.min(MAX_BYTES_BEFORE),
            false => self.max_frame_bytes,
        }
    }

    pub(super) fn user(&self) -> Option<Arc<str>> {
        self.user.clone()
    }

    /// Returns `true` if the connection ends when all responses are written, as brokers end it: a client does not guess
    /// credentials again and again.
    pub(super) const fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Returns `true` if the client has authenticated, and its session is not over.
    fn may_send(&self) -> bool {
        self.user.is_some() && self.expires.is_none_or(|end| now() < end)
    }

    /// Returns a request that is for the owner. Those of the login are answered here; any other before it, or after the end of
    /// the session, ends the connection, as brokers do. ApiVersions arrives here only if it is forwarded.
    pub(super) fn pass(
        &mut self,
        machine: &mut ServerConnection,
        request: IncomingRequest,
    ) -> Option<IncomingRequest> {
        let Some(sasl) = self.sasl.clone() else {
            return Some(request);
        };
        if self.is_refused {
            return None;
        }
        let is_answered = match request.label().api_key {
            ApiKey::SaslHandshake => self.agree(&sasl, machine, &request),
            ApiKey::SaslAuthenticate if self.exchange.is_some() => {
                self.authenticate(machine, &request)
            }
            // Without a handshake before it, it begins no exchange. It is not for the owner, as it may have a password in it.
            ApiKey::SaslAuthenticate if self.may_send() => {
                let response = SaslAuthenticateResponse {
                    error_code: ErrorCode::ILLEGAL_SASL_STATE,
                    error_message: Some(
                        "SaslAuthenticate request received after successful authentication".into(),
                    ),
                    ..Default::default()
                };
                machine.respond(now(), request.id(), &response)
            }
            // It is forwarded: else it would be answered already, before a login or not.
            ApiKey::ApiVersions => return Some(request),
            _ if self.may_send() => return Some(request),
            _ => {
                let (client, request) = (machine.name(), request.label());
                let why = match self.user {
                    Some(_) => "after the end of its session",
                    None => "before it has authenticated",
                };
                tracing::warn!(event = "client_refused", "{client}: {request} {why}");
                machine.close(now());
                return None;
            }
        };
        if is_answered.is_err() {
            machine.close(now());
        }
        None
    }

    fn agree(
        &mut self,
        sasl: &ServerSasl,
        machine: &mut ServerConnection,
        request: &IncomingRequest,
    ) -> Result<(), RespondError> {
        let asked = request.decode::<SaslHandshakeRequest<'_>>();
        // In version 0 tokens would be bare.
        let asked = asked.ok().filter(|_| request.label().version.0 >= 1);
        self.exchange = asked.and_then(|asked| sasl.begin(&asked.mechanism));
        let error_code = match self.exchange {
            Some(_) => ErrorCode::NONE,
            None => ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        };
        let response = SaslHandshakeResponse {
            error_code,
            mechanisms: sasl.mechanisms().into_iter().map(Into::into).collect(),
            ..Default::default()
        };
        machine.respond(now(), request.id(), &response)
    }

    fn authenticate(
        &mut self,
        machine: &mut ServerConnection,
        request: &IncomingRequest,
    ) -> Result<(), RespondError> {
        let asked = request.decode::<SaslAuthenticateRequest<'_>>();
        let token = asked.as_ref().map_or(&[][..], |asked| &asked.auth_bytes);
        let Some(exchange) = &mut self.exchange else {
            return Ok(());
        };
        let response = match exchange.step(token) {
            Step::Challenge(token) => SaslAuthenticateResponse {
                auth_bytes: Blob::from(token),
                ..Default::default()
            },
            Step::Accept {
                user,
                token,
                lifetime,
            } if self.user.as_ref().is_none_or(|before| *before == user) => {
                self.exchange = None;
                self.user = Some(user);
                self.expires = lifetime.and_then(|lifetime| now().checked_add(lifetime));
                let lifetime = lifetime.unwrap_or_default().as_millis();
                SaslAuthenticateResponse {
                    auth_bytes: Blob::from(token),
                    session_lifetime_ms: i64::try_from(lifetime).unwrap_or(i64::MAX),
                    ..Default::default()
                }
            }
            Step::Accept { .. } => self.refuse("Cannot change principals during re-authentication"),
            Step::Refuse(why) => self.refuse(why),
        };
        machine.set_max_frame_bytes(self.max_frame_bytes());
        machine.respond(now(), request.id(), &response)
    }

    /// The client is nobody, and has to begin anew on another connection.
    fn refuse(&mut self, why: &'static str) -> SaslAuthenticateResponse<'static> {
        self.exchange = None;
        self.user = None;
        self.is_refused = true;
        SaslAuthenticateResponse {
            error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
            error_message: Some(why.into()),
            ..Default::default()
        }
    }
}
