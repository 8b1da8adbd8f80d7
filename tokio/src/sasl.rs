//! Credentials for SASL, of which each connection makes its own mechanism.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use kafka_codec::connection::sasl::{
    Mechanism, MechanismError, OauthBearer, Plain, Scram, Secret, Token,
};

/// Credentials that connections authenticate with. A clone shares them.
///
/// # Examples
///
/// ```
/// use kafka_codec_tokio::Sasl;
///
/// let password = Sasl::scram_sha_256("alice", "alice-secret");
/// let token = Sasl::oauth_bearer(|| async {
///     // Ask the identity provider, at the time when a broker wants the token.
///     Ok(String::from("eyJhbGciOi").into())
/// });
/// # let _ = (password, token);
/// ```
#[derive(Clone)]
pub struct Sasl(Kind);

#[derive(Clone)]
enum Kind {
    Made(Arc<dyn Fn() -> Box<dyn Mechanism> + Send + Sync>),
    Tokens(TokenSource),
}

type TokenFuture = Pin<Box<dyn Future<Output = Result<Secret, MechanismError>> + Send>>;
/// Gives a bearer token each time it is called.
pub(crate) type TokenSource = Arc<dyn Fn() -> TokenFuture + Send + Sync>;

impl Sasl {
    /// The mechanism PLAIN. The password goes over the wire as it is: use it inside TLS only.
    #[must_use]
    pub fn plain(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        let plain = Plain::new(user, password);
        Self::mechanism(move || Box::new(plain.clone()))
    }

    /// The mechanism SCRAM-SHA-256.
    #[must_use]
    pub fn scram_sha_256(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        let (user, password) = (user.into(), password.into());
        Self::mechanism(move || Box::new(Scram::sha_256(user.clone(), password.clone(), seed())))
    }

    /// The mechanism SCRAM-SHA-512.
    #[must_use]
    pub fn scram_sha_512(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        let (user, password) = (user.into(), password.into());
        Self::mechanism(move || Box::new(Scram::sha_512(user.clone(), password.clone(), seed())))
    }

    /// The mechanism OAUTHBEARER, with a token that `source` gives each time a connection authenticates, also when it does so
    /// again before its session ends.
    #[must_use]
    pub fn oauth_bearer<F>(source: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Secret, MechanismError>> + Send + 'static,
    {
        Self(Kind::Tokens(Arc::new(move || Box::pin(source()))))
    }

    /// Any other mechanism, made anew for each connection.
    #[must_use]
    pub fn mechanism(make: impl Fn() -> Box<dyn Mechanism> + Send + Sync + 'static) -> Self {
        Self(Kind::Made(Arc::new(make)))
    }

    pub(crate) fn make(&self) -> Box<dyn Mechanism> {
        match &self.0 {
            Kind::Made(make) => make(),
            Kind::Tokens(_) => Box::new(OauthBearer::asking()),
        }
    }

    pub(crate) fn tokens(&self) -> Option<TokenSource> {
        match &self.0 {
            Kind::Made(_) => None,
            Kind::Tokens(source) => Some(source.clone()),
        }
    }
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl").finish_non_exhaustive()
    }
}

/// A token of a source, as a connection takes it.
pub(crate) async fn bearer_token(source: TokenSource) -> Result<Token, MechanismError> {
    let token = source().await?;
    Ok(token.expose().as_bytes().to_vec().into())
}

/// A nonce's seed.
pub(crate) fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    // The same reason would keep TLS, hash maps and everything else from working.
    getrandom::fill(&mut seed).expect("the operating system has random numbers");
    seed
}
