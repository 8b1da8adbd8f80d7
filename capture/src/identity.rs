//! Who the client of a connection is: its software and its SASL user.

use std::sync::Arc;

use kafka_codec::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_codec::{ApiKey, Decode};

use crate::event::Message;

/// The client of a connection, as far as its requests so far have told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub(crate) client_id: Option<Arc<str>>,
    pub(crate) software: Option<(Arc<str>, Arc<str>)>,
    pub(crate) mechanism: Option<Arc<str>>,
    pub(crate) user: Option<Arc<str>>,
}

impl Identity {
    /// Returns the client id that requests named last.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Returns name and version of the client's software, which ApiVersions names from version 3 on.
    #[must_use]
    pub fn software(&self) -> Option<(&str, &str)> {
        let (name, version) = self.software.as_ref()?;
        Some((name, version))
    }

    /// Returns the SASL mechanism.
    #[must_use]
    pub fn mechanism(&self) -> Option<&str> {
        self.mechanism.as_deref()
    }

    /// Returns the SASL user. Only PLAIN and SCRAM name one in the clear.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Becomes equal to what is known of the same client by now.
    #[cfg(feature = "analysis")]
    pub(crate) fn follow(&mut self, now: &Self) {
        if self != now {
            self.clone_from(now);
        }
    }

    /// Learns from a SASL token without a header.
    pub(crate) fn learn_token(&mut self, token: &[u8]) {
        if let Some(user) = user(self.mechanism.as_deref(), token) {
            self.user = Some(Arc::from(user));
        }
    }

    /// Learns from a request.
    pub(crate) fn learn(&mut self, request: &Message<'_>) {
        if let Some(client_id) = request.client_id.filter(|id| !id.is_empty())
            && self.client_id.as_deref() != Some(client_id)
        {
            self.client_id = Some(Arc::from(client_id));
        }
        match request.api_key {
            ApiKey::ApiVersions => {
                if let Some(body) = body::<ApiVersionsRequest<'_>>(request)
                    && !body.client_software_name.is_empty()
                {
                    self.software = Some((
                        Arc::from(&*body.client_software_name),
                        Arc::from(&*body.client_software_version),
                    ));
                }
            }
            ApiKey::SaslHandshake => {
                if let Ok((body, _)) =
                    SaslHandshakeRequest::decode_prefix(request.body, request.version)
                {
                    self.mechanism = Some(Arc::from(&*body.mechanism));
                }
            }
            ApiKey::SaslAuthenticate => {
                if let Some(body) = body::<SaslAuthenticateRequest<'_>>(request)
                    && let Some(user) = user(self.mechanism.as_deref(), &body.auth_bytes)
                {
                    self.user = Some(Arc::from(user));
                }
            }
            _ => {}
        }
    }
}

/// The body of a request that was captured whole. Bytes after it do not matter to brokers.
fn body<'a, M: Decode<'a>>(message: &Message<'a>) -> Option<M> {
    if message.truncation.is_some() {
        return None;
    }
    let decoded = M::decode_prefix(message.body, message.version);
    decoded.ok().map(|(body, _)| body)
}

/// The user that the client's first token names. Only PLAIN and SCRAM name one in the clear.
fn user<'t>(mechanism: Option<&str>, token: &'t [u8]) -> Option<&'t str> {
    let name = if mechanism.is_none_or(|mechanism| mechanism == "PLAIN") {
        // The identity to act as, the user and the password. Tokens of other mechanisms are not text.
        let mut parts = std::str::from_utf8(token).ok()?.split('\0');
        let (_, user, _password) = (parts.next()?, parts.next()?, parts.next()?);
        match parts.next() {
            None => user.as_bytes(),
            Some(_) => return None,
        }
    } else if mechanism.is_some_and(|mechanism| mechanism.starts_with("SCRAM")) {
        let rest = token.strip_prefix(b"n,")?;
        let (_, first) = rest.split_at(rest.iter().position(|byte| *byte == b',')? + 1);
        first
            .split(|byte| *byte == b',')
            .next()?
            .strip_prefix(b"n=")?
    } else {
        return None;
    };
    std::str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_plain_and_scram_is_known_and_nothing_else_of_the_token() {
        assert_eq!(user(Some("PLAIN"), b"\0alice\0secret"), Some("alice"));
        assert_eq!(user(Some("PLAIN"), b"bob\0alice\0secret"), Some("alice"));
        assert_eq!(user(Some("SCRAM-SHA-256"), b"n,,n=bob,r=abc"), Some("bob"));
        assert_eq!(user(Some("SCRAM-SHA-256"), b"c=biws,r=abc,p=def"), None);
        assert_eq!(user(Some("OAUTHBEARER"), b"n,,\x01auth=x"), None);
        let wrapped = b"\x05\x04\x05\xff\0\x0c\0\0\0\0\0\0\x01\x02\x03\x04qqqq";
        assert_eq!(user(None, wrapped), None);
        assert_eq!(user(None, b"\0alice\0secret"), Some("alice"));
    }
}
