//! A mechanism whose tokens the caller makes.

use super::{Mechanism, MechanismError, Reply};

/// Asks the caller for every token, so that they can be made elsewhere and take their time.
///
/// After each [`Event::SaslTokenWanted`](crate::connection::Event::SaslTokenWanted) comes
/// [`Connection::provide_sasl_token`](crate::connection::Connection::provide_sasl_token).
#[derive(Clone, Debug)]
pub struct External {
    name: String,
}

impl External {
    /// The mechanism of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl Mechanism for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        Ok(Reply::Ask)
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Reply, MechanismError> {
        Ok(Reply::Ask)
    }
}
