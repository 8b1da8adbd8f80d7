//! The server's side of SCRAM, for brokers and proxies that authenticate clients themselves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{EagerHash, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::scram::{Hash, Keys, signature};
use super::{MechanismError, Secret, Token};

/// The keys that a server keeps in place of a user's password.
///
/// # Examples
///
/// ```
/// use kafka_codec::connection::sasl::{Mechanism, Reply, Scram, ScramCredential, ScramServer};
///
/// # let random_bytes = || [7; 32];
/// let kept = ScramCredential::sha_256("alice-secret", b"a salt of its own", 4096);
///
/// let mut client = Scram::sha_256("alice", "alice-secret", random_bytes());
/// let mut server = ScramServer::sha_256(random_bytes());
/// let Reply::Send(first) = client.start()? else { panic!("the client begins") };
/// assert_eq!(server.begin(first.expose())?, "alice");
/// let challenge = server.challenge(&kept)?;
/// let Reply::Send(proof) = client.respond(challenge.expose())? else { panic!("a proof is due") };
/// let signature = server.finish(proof.expose())?;
/// assert!(matches!(client.respond(signature.expose())?, Reply::Done));
/// # Ok::<(), kafka_codec::connection::sasl::MechanismError>(())
/// ```
#[derive(Clone)]
pub struct ScramCredential {
    hash: Hash,
    salt: Vec<u8>,
    iterations: u32,
    stored_key: Zeroizing<Vec<u8>>,
    server_key: Zeroizing<Vec<u8>>,
}

impl ScramCredential {
    /// Derives the keys of SCRAM-SHA-256 from a password. The salt must be random and the user's own; clients of Kafka refuse
    /// less than 4096 iterations.
    #[must_use]
    pub fn sha_256(password: impl Into<Secret>, salt: &[u8], iterations: u32) -> Self {
        Self::derive::<Sha256>(Hash::Sha256, &password.into(), salt, iterations)
    }

    /// Derives the keys of SCRAM-SHA-512 from a password, as [`sha_256`](Self::sha_256) does.
    #[must_use]
    pub fn sha_512(password: impl Into<Secret>, salt: &[u8], iterations: u32) -> Self {
        Self::derive::<Sha512>(Hash::Sha512, &password.into(), salt, iterations)
    }

    fn derive<D: EagerHash + Digest>(
        hash: Hash,
        password: &Secret,
        salt: &[u8],
        iterations: u32,
    ) -> Self {
        let keys = Keys::<D>::derive(password.expose().as_bytes(), salt, iterations);
        Self {
            hash,
            salt: salt.to_vec(),
            iterations,
            stored_key: Zeroizing::new(keys.stored_key()),
            server_key: Zeroizing::new(keys.server_key()),
        }
    }
}

/// Without the keys.
impl std::fmt::Debug for ScramCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScramCredential")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// The server's side of one exchange of SCRAM-SHA-256 or SCRAM-SHA-512: [`begin`](Self::begin) with the client's first
/// message, [`challenge`](Self::challenge) it with the credential of the user, and [`finish`](Self::finish) with its proof.
///
/// See [`ScramCredential`] for the whole exchange.
#[derive(Clone, Debug)]
pub struct ScramServer {
    hash: Hash,
    nonce: String,
    exchange: Exchange,
}

#[derive(Clone, Debug)]
enum Exchange {
    Idle,
    Begun {
        /// What precedes the client's first message: `n,,`, mostly.
        header: String,
        first_message_bare: String,
        nonce: String,
    },
    Challenged {
        header: String,
        /// The two first messages.
        messages: String,
        nonce: String,
        credential: Box<ScramCredential>,
    },
}

impl ScramServer {
    /// Creates the server's side of SCRAM-SHA-256. `seed` must be random bytes, new for each exchange.
    #[must_use]
    pub fn sha_256(seed: [u8; 32]) -> Self {
        Self::new(Hash::Sha256, seed)
    }

    /// Creates the server's side of SCRAM-SHA-512. `seed` must be random bytes, new for each exchange.
    #[must_use]
    pub fn sha_512(seed: [u8; 32]) -> Self {
        Self::new(Hash::Sha512, seed)
    }

    fn new(hash: Hash, seed: [u8; 32]) -> Self {
        Self {
            hash,
            nonce: BASE64.encode(seed),
            exchange: Exchange::Idle,
        }
    }

    /// Reads the client's first message, and returns the name of the user.
    ///
    /// # Errors
    ///
    /// [`MechanismError`] if it is not one of SCRAM, asks for channel binding, for another identity or for a delegation token.
    pub fn begin(&mut self, message: &[u8]) -> Result<String, MechanismError> {
        let refuse = || MechanismError::new("the client's first message is not one of SCRAM");
        let text = std::str::from_utf8(message).map_err(|_| refuse())?;
        let mut parts = text.splitn(3, ',');
        let (Some(binding), Some(identity), Some(bare)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(refuse());
        };
        if !matches!(binding, "n" | "y") {
            return Err(MechanismError::new("channel binding is not supported"));
        }
        let mut attributes = bare.split(',');
        let mut attribute = |name| attributes.next().and_then(|it| it.strip_prefix(name));
        let (Some(user), Some(nonce)) = (attribute("n="), attribute("r=")) else {
            return Err(refuse());
        };
        if attributes.any(|it| it == "tokenauth=true") {
            return Err(MechanismError::new("delegation tokens are not supported"));
        }
        if !(identity.is_empty() || identity.strip_prefix("a=") == Some(user)) {
            return Err(MechanismError::new("acting for others is not supported"));
        }
        let user = user.replace("=2C", ",").replace("=3D", "=");
        self.exchange = Exchange::Begun {
            header: format!("{binding},{identity},"),
            first_message_bare: bare.to_owned(),
            nonce: format!("{nonce}{}", self.nonce),
        };
        Ok(user)
    }

    /// Returns the server's first message, for the user that [`begin`](Self::begin) named.
    ///
    /// # Errors
    ///
    /// [`MechanismError`] if none began, or the credential is of another mechanism.
    pub fn challenge(&mut self, credential: &ScramCredential) -> Result<Token, MechanismError> {
        let Exchange::Begun {
            header,
            first_message_bare,
            nonce,
        } = std::mem::replace(&mut self.exchange, Exchange::Idle)
        else {
            return Err(MechanismError::new("no exchange has begun"));
        };
        if credential.hash != self.hash {
            return Err(MechanismError::new("the user has no credential for it"));
        }
        let (salt, iterations) = (BASE64.encode(&credential.salt), credential.iterations);
        let message = format!("r={nonce},s={salt},i={iterations}");
        self.exchange = Exchange::Challenged {
            header,
            messages: format!("{first_message_bare},{message}"),
            nonce,
            credential: Box::new(credential.clone()),
        };
        Ok(message.into_bytes().into())
    }

    /// Checks the client's proof in constant time, and returns the server's signature, with which the server proves itself.
    ///
    /// # Errors
    ///
    /// [`MechanismError`] if the client does not know the password.
    pub fn finish(&mut self, message: &[u8]) -> Result<Token, MechanismError> {
        let Exchange::Challenged {
            header,
            messages,
            nonce,
            credential,
        } = std::mem::replace(&mut self.exchange, Exchange::Idle)
        else {
            return Err(MechanismError::new("no client was challenged"));
        };
        let refuse = || MechanismError::new("the client's last message is not one of SCRAM");
        let text = std::str::from_utf8(message).map_err(|_| refuse())?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or_else(refuse)?;
        let proof = BASE64.decode(proof).map_err(|_| refuse())?;
        if without_proof != format!("c={},r={nonce}", BASE64.encode(header)) {
            return Err(refuse());
        }
        let messages = format!("{messages},{without_proof}");
        let signature = match self.hash {
            Hash::Sha256 => verify::<Sha256>(&credential, messages.as_bytes(), &proof),
            Hash::Sha512 => verify::<Sha512>(&credential, messages.as_bytes(), &proof),
        };
        let signature = signature
            .ok_or_else(|| MechanismError::new("the client does not know the password"))?;
        let message = format!("v={}", BASE64.encode(signature));
        Ok(message.into_bytes().into())
    }
}

/// The server's signature, if the proof is right.
fn verify<D: EagerHash + Digest>(
    credential: &ScramCredential,
    messages: &[u8],
    proof: &[u8],
) -> Option<Vec<u8>> {
    let mask = signature::<D>(&credential.stored_key, messages).finalize();
    let mask = mask.as_bytes();
    if proof.len() != mask.len() {
        return None;
    }
    let client_key = proof.iter().zip(mask).map(|(proof, mask)| proof ^ mask);
    let client_key = Zeroizing::new(client_key.collect::<Vec<u8>>());
    let hashed = D::digest(&*client_key);
    // Comparing MACs takes the same time wherever they differ.
    let expected = signature::<D>(&credential.server_key, &credential.stored_key).finalize();
    let found = signature::<D>(&credential.server_key, &hashed);
    found.verify_slice(expected.as_bytes()).ok()?;
    let signature = signature::<D>(&credential.server_key, messages).finalize();
    Some(signature.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::{Mechanism, Reply, Scram};
    use super::*;

    /// RFC 7677, section 3.
    #[test]
    fn the_exchange_of_rfc_7677_is_accepted_and_signed() {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let mut server = ScramServer::sha_256([0; 32]);
        server.nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".to_owned();
        let user = server.begin(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO").unwrap();
        assert_eq!(user, "user");
        let credential = ScramCredential::sha_256("pencil", &salt, 4096);
        let first = server.challenge(&credential).unwrap();
        assert_eq!(
            first.expose(),
            b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let last = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let signature = server.finish(last).unwrap();
        assert_eq!(
            signature.expose(),
            b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    fn exchange(client: &mut Scram, kept: &ScramCredential) -> Result<(), MechanismError> {
        let mut server = ScramServer::sha_512([9; 32]);
        let Reply::Send(first) = client.start()? else {
            panic!("the client begins");
        };
        assert_eq!(server.begin(first.expose())?, "a=b,c");
        let challenge = server.challenge(kept)?;
        let Reply::Send(mut proof) = client.respond(challenge.expose())? else {
            panic!("a proof is due");
        };
        let signature = server.finish(proof.expose())?;
        assert!(matches!(
            client.respond(signature.expose()),
            Ok(Reply::Done)
        ));
        // A proof is good for one exchange.
        proof = proof.expose().to_vec().into();
        assert!(server.finish(proof.expose()).is_err());
        Ok(())
    }

    #[test]
    fn a_client_with_the_password_is_accepted_and_one_without_is_not() {
        let kept = ScramCredential::sha_512("secret", b"salt", 4096);
        let client = |password: &str| Scram::sha_512("a=b,c", password.to_owned(), [7; 32]);
        exchange(&mut client("secret"), &kept).unwrap();
        let error = exchange(&mut client("guessed"), &kept).unwrap_err();
        assert_eq!(error.to_string(), "the client does not know the password");
        let other = ScramCredential::sha_256("secret", b"salt", 4096);
        let error = exchange(&mut client("secret"), &other).unwrap_err();
        assert_eq!(error.to_string(), "the user has no credential for it");
        assert!(!format!("{kept:?}").contains("115"), "{kept:?}");
    }

    #[test]
    fn malformed_messages_are_refused() {
        for first in [
            &b"\xff"[..],
            b"",
            b"n,,",
            b"n,,r=abc,n=user",
            b"p=tls-unique,,n=user,r=abc",
            b"n,a=other,n=user,r=abc",
            b"n,,n=user,r=abc,tokenauth=true",
        ] {
            assert!(ScramServer::sha_256([1; 32]).begin(first).is_err());
        }
        let kept = ScramCredential::sha_256("secret", b"salt", 4096);
        for last in [&b""[..], b"c=biws,r=abc,p=AAAA", b"c=biws,r=abc", b"\xff"] {
            let mut server = ScramServer::sha_256([1; 32]);
            assert!(server.finish(last).is_err());
            server.begin(b"n,,n=user,r=abc").unwrap();
            server.challenge(&kept).unwrap();
            assert!(server.finish(last).is_err());
        }
    }
}
