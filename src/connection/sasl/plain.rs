//! PLAIN: user name and password in one token. See RFC 4616.

use super::{Mechanism, MechanismError, Reply, Secret};

/// The mechanism PLAIN. The password goes over the wire as it is, so use it inside TLS only.
#[derive(Clone, Debug)]
pub struct Plain {
    user: String,
    password: Secret,
}

impl Plain {
    /// Authenticates as `user`.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
        }
    }
}

impl Mechanism for Plain {
    fn name(&self) -> &str {
        "PLAIN"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        let (user, password) = (self.user.as_bytes(), self.password.expose().as_bytes());
        if user.is_empty() || password.is_empty() {
            return Err(MechanismError::new(
                "user name and password must not be empty",
            ));
        }
        if user.contains(&0) || password.contains(&0) {
            return Err(MechanismError::new(
                "user name and password must not have a NUL character",
            ));
        }
        let mut token = Vec::with_capacity(2 + user.len() + password.len());
        token.push(0);
        token.extend_from_slice(user);
        token.push(0);
        token.extend_from_slice(password);
        Ok(Reply::Send(token.into()))
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Reply, MechanismError> {
        // What a broker says to it has no meaning: it would have refused otherwise.
        Ok(Reply::Done)
    }
}
