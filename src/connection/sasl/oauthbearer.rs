//! OAUTHBEARER: a token of an identity provider. See RFC 7628 and KIP-255.

use std::collections::BTreeMap;

use super::{Mechanism, MechanismError, Reply, Secret};

/// The mechanism OAUTHBEARER. The token goes over the wire as it is, so use it inside TLS only.
///
/// A token expires; give the connection a new one with
/// [`replace_mechanism`](crate::connection::Connection::replace_mechanism) before it authenticates again.
///
/// # Examples
///
/// ```
/// use kafka_codec::connection::sasl::{Mechanism, OauthBearer, Reply};
///
/// let mut mechanism = OauthBearer::new("abc").with_extension("traceId", "7");
/// let Ok(Reply::Send(token)) = mechanism.start() else { panic!("a token is there") };
/// assert_eq!(token.expose(), b"n,,\x01auth=Bearer abc\x01traceId=7\x01\x01");
/// ```
#[derive(Clone, Debug)]
pub struct OauthBearer {
    token: Secret,
    authorization_id: String,
    extensions: BTreeMap<String, String>,
    /// What the broker said when it refused the token.
    refusal: Option<Box<str>>,
}

impl OauthBearer {
    /// Authenticates with `token`, in the form in which it goes after `Bearer`.
    #[must_use]
    pub fn new(token: impl Into<Secret>) -> Self {
        Self {
            token: token.into(),
            authorization_id: String::new(),
            extensions: BTreeMap::new(),
            refusal: None,
        }
    }

    /// Acts as another than the token says, if the broker allows it.
    #[must_use]
    pub fn with_authorization_id(mut self, id: impl Into<String>) -> Self {
        self.authorization_id = id.into();
        self
    }

    /// Adds an extension. See KIP-342.
    #[must_use]
    pub fn with_extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.insert(name.into(), value.into());
        self
    }

    fn check(&self) -> Result<(), MechanismError> {
        let token = self.token.expose();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MechanismError::new(
                "the token must be printable ASCII without blanks, and not empty",
            ));
        }
        for (name, value) in &self.extensions {
            let is_letters =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
            if !is_letters || name == "auth" {
                return Err(MechanismError::new(
                    "the name of an extension must be ASCII letters, and not `auth`",
                ));
            }
            let is_value = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
            if !value.bytes().all(is_value) {
                return Err(MechanismError::new(
                    "the value of an extension must be printable ASCII",
                ));
            }
        }
        Ok(())
    }
}

impl Mechanism for OauthBearer {
    fn name(&self) -> &str {
        "OAUTHBEARER"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        self.check()?;
        self.refusal = None;
        // `=` and `,` have a meaning in the header.
        let id = self
            .authorization_id
            .replace('=', "=3D")
            .replace(',', "=2C");
        let length: usize = self
            .extensions
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2)
            .sum();
        let mut token = Vec::with_capacity(32 + id.len() + self.token.expose().len() + length);
        token.extend_from_slice(b"n,");
        if !id.is_empty() {
            token.extend_from_slice(b"a=");
            token.extend_from_slice(id.as_bytes());
        }
        token.extend_from_slice(b",\x01auth=Bearer ");
        token.extend_from_slice(self.token.expose().as_bytes());
        for (name, value) in &self.extensions {
            token.push(1);
            token.extend_from_slice(name.as_bytes());
            token.push(b'=');
            token.extend_from_slice(value.as_bytes());
        }
        token.extend_from_slice(b"\x01\x01");
        Ok(Reply::Send(token.into()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Reply, MechanismError> {
        if let Some(refusal) = self.refusal.take() {
            return Err(MechanismError::new(refusal));
        }
        if challenge.is_empty() {
            return Ok(Reply::Done);
        }
        // The broker says why it refuses, and wants one more byte before it says so with an error.
        let why: String = String::from_utf8_lossy(challenge)
            .chars()
            .take(256)
            .collect();
        self.refusal = Some(format!("the token was refused: {why}").into());
        Ok(Reply::Send(vec![1].into()))
    }
}
