//! Who the client of a connection is: its software and its SASL user.

use std::sync::Arc;

use kafka_codec::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_codec::{ApiKey, Decode};

use super::body;
use crate::event::Message;

/// A client, as far as its requests have told.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub(super) client_id: Option<Arc<str>>,
    pub(super) software: Option<(Arc<str>, Arc<str>)>,
    pub(super) mechanism: Option<Arc<str>>,
    pub(super) user: Option<Arc<str>>,
}

impl Identity {
    /// Learns from a request.
    pub(super) fn learn(&mut self, request: &Message<'_>) {
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

/// The user that the client's first token names. Only PLAIN and SCRAM name one in the clear.
fn user<'t>(mechanism: Option<&str>, token: &'t [u8]) -> Option<&'t str> {
    let name = if mechanism.is_none_or(|mechanism| mechanism == "PLAIN") {
        // The identity to act as, the user and the password.
        let mut parts = token.split(|byte| *byte == 0);
        let (_, user, _password) = (parts.next()?, parts.next()?, parts.next()?);
        user
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
    }
}
