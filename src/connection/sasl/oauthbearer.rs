//! OAUTHBEARER: a token of an identity provider. See RFC 7628 and KIP-255.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Mechanism, MechanismError, Reply, Secret, Token};

/// The mechanism OAUTHBEARER. The token goes over the wire as it is, so use it inside TLS only.
///
/// A token expires, so a long-lived connection needs another one each time it authenticates. There are three ways:
///
/// | constructor | the token |
/// |---|---|
/// | [`new`](Self::new) | one token; [`replace_mechanism`](crate::connection::Connection::replace_mechanism) brings the next |
/// | [`asking`](Self::asking) | asked for by an event, and provided when the caller has it |
/// | [`from_fn`](Self::from_fn) | returned by a function when it is needed, at once |
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
    source: TokenSource,
    authorization_id: String,
    extensions: BTreeMap<String, String>,
    /// What the broker said when it refused the token.
    refusal: Option<Box<str>>,
}

/// Where tokens come from.
#[derive(Clone)]
enum TokenSource {
    /// The same each time.
    Fixed(Secret),
    /// The caller is asked; the token for the next time, if it is there already.
    Caller(Option<Secret>),
    Function(TokenFunction),
}

type TokenFunction = Arc<dyn Fn() -> Result<Secret, MechanismError> + Send + Sync>;

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(token) => f.debug_tuple("Fixed").field(token).finish(),
            Self::Caller(token) => f.debug_tuple("Caller").field(token).finish(),
            Self::Function(_) => f.write_str("Function(..)"),
        }
    }
}

impl OauthBearer {
    /// Authenticates with `token`, in the form in which it goes after `Bearer`.
    #[must_use]
    pub fn new(token: impl Into<Secret>) -> Self {
        Self::of(TokenSource::Fixed(token.into()))
    }

    /// Asks the caller for a token each time that one is needed, with the event
    /// [`SaslTokenWanted`](crate::connection::Event::SaslTokenWanted). The caller answers with
    /// [`provide_sasl_token`](crate::connection::Connection::provide_sasl_token), at once or later, in the form in which the
    /// token goes after `Bearer`.
    ///
    /// The first time, the event comes when the broker has accepted the mechanism. Before the connection authenticates
    /// again, it comes [early](crate::connection::ConnectionOptions::with_renew_at_permille), and requests are sent until
    /// the token is there. If it is not there when the session is over, the event comes once more and requests wait, at most
    /// for the [initialization timeout](crate::connection::ConnectionOptions::with_initialization_timeout).
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::connection::sasl::{OauthBearer, Token};
    /// use kafka_codec::connection::{Connection, ConnectionOptions, Event};
    ///
    /// /// Asks the identity provider.
    /// fn new_token() -> String {
    ///     String::from("eyJhbGciOiJub25lIn0")
    /// }
    ///
    /// # let now = std::time::Instant::now();
    /// let options = ConnectionOptions::new("broker 1");
    /// let mut connection = Connection::with_sasl(now, options, vec![Box::new(OauthBearer::asking())]);
    /// // In the loop that drives it:
    /// while let Some(event) = connection.poll_event() {
    ///     if let Event::SaslTokenWanted { .. } = event {
    ///         connection.provide_sasl_token(now, Some(Token::from(new_token())));
    ///     }
    /// }
    /// ```
    #[must_use]
    pub const fn asking() -> Self {
        Self::of(TokenSource::Caller(None))
    }

    /// Calls `token` each time that a token is needed, on the thread that drives the connection. For tokens that are at hand,
    /// such as in a cache that another task renews.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use kafka_codec::connection::sasl::{Mechanism, MechanismError, OauthBearer, Reply};
    ///
    /// let cache = Arc::new(Mutex::new(None::<String>));
    /// let mut mechanism = OauthBearer::from_fn({
    ///     let cache = cache.clone();
    ///     move || match &*cache.lock().unwrap() {
    ///         Some(token) => Ok(token.clone().into()),
    ///         None => Err(MechanismError::new("no token has been issued yet")),
    ///     }
    /// });
    /// assert!(mechanism.start().is_err());
    /// *cache.lock().unwrap() = Some("abc".into());
    /// assert!(matches!(mechanism.start(), Ok(Reply::Send(_))));
    /// ```
    #[must_use]
    pub fn from_fn(
        token: impl Fn() -> Result<Secret, MechanismError> + Send + Sync + 'static,
    ) -> Self {
        Self::of(TokenSource::Function(Arc::new(token)))
    }

    const fn of(source: TokenSource) -> Self {
        Self {
            source,
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

    fn check(&self, token: &Secret) -> Result<(), MechanismError> {
        let token = token.expose();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MechanismError::new(NOT_ASCII));
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

    /// The first token of the client, with `bearer` in it.
    fn frame(&mut self, bearer: &Secret) -> Result<Reply, MechanismError> {
        self.check(bearer)?;
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
        let mut token = Vec::with_capacity(32 + id.len() + bearer.expose().len() + length);
        token.extend_from_slice(b"n,");
        if !id.is_empty() {
            token.extend_from_slice(b"a=");
            token.extend_from_slice(id.as_bytes());
        }
        token.extend_from_slice(b",\x01auth=Bearer ");
        token.extend_from_slice(bearer.expose().as_bytes());
        for (name, value) in &self.extensions {
            token.push(1);
            token.extend_from_slice(name.as_bytes());
            token.push(b'=');
            token.extend_from_slice(value.as_bytes());
        }
        token.extend_from_slice(b"\x01\x01");
        Ok(Reply::Send(token.into()))
    }
}

impl Mechanism for OauthBearer {
    fn name(&self) -> &str {
        "OAUTHBEARER"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        let bearer = match &mut self.source {
            TokenSource::Fixed(token) => token.clone(),
            TokenSource::Caller(prepared) => match prepared.take() {
                Some(token) => token,
                None => return Ok(Reply::Ask),
            },
            TokenSource::Function(token) => token()?,
        };
        self.frame(&bearer)
    }

    fn provide(&mut self, token: Option<Token>) -> Result<Reply, MechanismError> {
        let Some(token) = token else {
            return Err(MechanismError::new("the caller has no token"));
        };
        let Some(bearer) = token.into_secret() else {
            return Err(MechanismError::new(NOT_ASCII));
        };
        self.frame(&bearer)
    }

    fn needs_token(&self) -> bool {
        matches!(self.source, TokenSource::Caller(None))
    }

    fn prepare(&mut self, token: Token) {
        // What is not text is refused when it is used.
        let secret = token.into_secret().unwrap_or_else(|| "".into());
        self.source = TokenSource::Caller(Some(secret));
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Reply, MechanismError> {
        if let Some(refusal) = self.refusal.take() {
            return Err(MechanismError::new(refusal));
        }
        if challenge.is_empty() {
            return Ok(Reply::Done);
        }
        // The broker says why it refuses, and wants one more byte before it sends the error.
        let why: String = String::from_utf8_lossy(challenge)
            .chars()
            .take(256)
            .collect();
        self.refusal = Some(format!("the token was refused: {why}").into());
        Ok(Reply::Send(vec![1].into()))
    }
}

const NOT_ASCII: &str = "the token must be printable ASCII without blanks, and not empty";
