//! SCRAM-SHA-256 and SCRAM-SHA-512: both sides prove that they know the password. See RFC 5802 and KIP-84.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::{Mechanism, MechanismError, Reply, Secret, Token};

/// The mechanisms SCRAM-SHA-256 and SCRAM-SHA-512.
///
/// # Examples
///
/// ```
/// use kafka_codec::connection::sasl::{Mechanism, Scram};
///
/// # let random_bytes = || [7; 32];
/// let mechanism = Scram::sha_512("alice", "secret", random_bytes());
/// assert_eq!(mechanism.name(), "SCRAM-SHA-512");
/// ```
#[derive(Clone, Debug)]
pub struct Scram {
    hash: Hash,
    user: String,
    password: Secret,
    is_delegation_token: bool,
    seed: Secret32,
    /// How many exchanges have begun.
    count: u64,
    step: Step,
}

#[derive(Copy, Clone, Debug)]
enum Hash {
    Sha256,
    Sha512,
}

/// Bytes that do not print.
#[derive(Clone)]
struct Secret32([u8; 32]);

impl std::fmt::Debug for Secret32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Drop for Secret32 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Clone, Debug)]
enum Step {
    Idle,
    /// The first message was sent.
    First {
        bare: String,
        nonce: String,
    },
    /// The proof was sent; the broker has to prove itself with this.
    Final {
        server_signature: Vec<u8>,
    },
}

/// Fewer rounds make the password easy to find out.
const LEAST_ITERATIONS: u32 = 4096;
/// More rounds than this only burn time; brokers take at most 16384 when a password is set.
const MOST_ITERATIONS: u32 = 1_000_000;

impl Scram {
    /// SCRAM-SHA-256 as `user`; `seed` are random bytes, new ones for each connection.
    #[must_use]
    pub fn sha_256(user: impl Into<String>, password: impl Into<Secret>, seed: [u8; 32]) -> Self {
        Self::new(Hash::Sha256, user.into(), password.into(), seed)
    }

    /// SCRAM-SHA-512 as `user`; `seed` are random bytes, new ones for each connection.
    #[must_use]
    pub fn sha_512(user: impl Into<String>, password: impl Into<Secret>, seed: [u8; 32]) -> Self {
        Self::new(Hash::Sha512, user.into(), password.into(), seed)
    }

    fn new(hash: Hash, user: String, password: Secret, seed: [u8; 32]) -> Self {
        Self {
            hash,
            user,
            password,
            is_delegation_token: false,
            seed: Secret32(seed),
            count: 0,
            step: Step::Idle,
        }
    }

    /// Says that user and password are the id and HMAC of a delegation token. See KIP-48.
    #[must_use]
    pub fn with_delegation_token(mut self) -> Self {
        self.is_delegation_token = true;
        self
    }

    /// A nonce that is new for each exchange, and unknown without the seed.
    fn nonce(&mut self) -> String {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.0);
        hash.update(self.count.to_be_bytes());
        BASE64.encode(hash.finalize())
    }

    /// Checks what the broker said first, and makes the proof.
    fn prove(&mut self, bare: &str, nonce: &str, first: &str) -> Result<Token, MechanismError> {
        let mut parts = first.split(',');
        let mut part = |name| parts.next().and_then(|part| part.strip_prefix(name));
        let (Some(full_nonce), Some(salt), Some(iterations)) = (part("r="), part("s="), part("i="))
        else {
            return Err(MechanismError::new(
                "the broker's first message is not one of SCRAM",
            ));
        };
        if !full_nonce.starts_with(nonce) || full_nonce.len() == nonce.len() {
            return Err(MechanismError::new(
                "the broker did not extend the client's nonce",
            ));
        }
        let salt = BASE64
            .decode(salt)
            .map_err(|_| MechanismError::new("the broker's salt is not base64"))?;
        let iterations = iterations
            .parse()
            .ok()
            .filter(|iterations| (LEAST_ITERATIONS..=MOST_ITERATIONS).contains(iterations));
        let Some(iterations) = iterations else {
            return Err(MechanismError::new(format!(
                "the broker's iterations are not between {LEAST_ITERATIONS} and {MOST_ITERATIONS}"
            )));
        };
        // "biws" is the header `n,,` in base64.
        let without_proof = format!("c=biws,r={full_nonce}");
        let message = format!("{bare},{first},{without_proof}");
        let password = self.password.expose().as_bytes();
        let (proof, server_signature) = match self.hash {
            Hash::Sha256 => keys::<Hmac<Sha256>, Sha256>(password, &salt, iterations, &message),
            Hash::Sha512 => keys::<Hmac<Sha512>, Sha512>(password, &salt, iterations, &message),
        }?;
        self.step = Step::Final { server_signature };
        Ok(format!("{without_proof},p={}", BASE64.encode(&*proof))
            .into_bytes()
            .into())
    }
}

impl Mechanism for Scram {
    fn name(&self) -> &str {
        match self.hash {
            Hash::Sha256 => "SCRAM-SHA-256",
            Hash::Sha512 => "SCRAM-SHA-512",
        }
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        let nonce = self.nonce();
        // `=` and `,` have a meaning in messages.
        let user = self.user.replace('=', "=3D").replace(',', "=2C");
        let extension = if self.is_delegation_token {
            ",tokenauth=true"
        } else {
            ""
        };
        let bare = format!("n={user},r={nonce}{extension}");
        let token = format!("n,,{bare}").into_bytes();
        self.step = Step::First { bare, nonce };
        Ok(Reply::Send(token.into()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Reply, MechanismError> {
        let challenge = std::str::from_utf8(challenge)
            .map_err(|_| MechanismError::new("the broker's message is not UTF-8"))?;
        if let Some(error) = challenge.strip_prefix("e=") {
            let error: String = error.chars().take(256).collect();
            return Err(MechanismError::new(format!("the broker said: {error}")));
        }
        match std::mem::replace(&mut self.step, Step::Idle) {
            Step::Idle => Err(MechanismError::new(
                "a message of the broker that was not due",
            )),
            Step::First { bare, nonce } => self.prove(&bare, &nonce, challenge).map(Reply::Send),
            Step::Final { server_signature } => {
                let verifier = challenge
                    .strip_prefix("v=")
                    .and_then(|rest| rest.split(',').next());
                match verifier.and_then(|verifier| BASE64.decode(verifier).ok()) {
                    Some(theirs) if theirs == server_signature => Ok(Reply::Done),
                    _ => Err(MechanismError::new(
                        "the broker could not prove that it knows the password",
                    )),
                }
            }
        }
    }
}

/// The client's proof and the signature with which the broker has to answer it.
fn keys<M: Mac + KeyInit, D: Digest>(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    message: &str,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), MechanismError> {
    let mac = |key: &[u8], parts: &[&[u8]]| -> Result<Zeroizing<Vec<u8>>, MechanismError> {
        let mut mac = <M as KeyInit>::new_from_slice(key)
            .map_err(|_| MechanismError::new("the password cannot be a key"))?;
        for part in parts {
            mac.update(part);
        }
        Ok(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
    };
    let mut block = mac(password, &[salt, &1_u32.to_be_bytes()])?;
    let mut salted = block.clone();
    for _ in 1..iterations {
        block = mac(password, &[&block])?;
        xor(&mut salted, &block);
    }
    let mut proof = mac(&salted, &[b"Client Key"])?;
    let stored = Zeroizing::new(D::digest(&*proof).to_vec());
    let signature = mac(&stored, &[message.as_bytes()])?;
    xor(&mut proof, &signature);
    let server_key = mac(&salted, &[b"Server Key"])?;
    let server_signature = mac(&server_key, &[message.as_bytes()])?.to_vec();
    Ok((proof, server_signature))
}

fn xor(into: &mut [u8], from: &[u8]) {
    for (byte, other) in into.iter_mut().zip(from) {
        *byte ^= other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677, section 3. Its nonce is the client's own, so the first message is set by hand.
    #[test]
    fn the_exchange_of_rfc_7677_gives_its_proof() {
        let mut scram = Scram::sha_256("user", "pencil", [0; 32]);
        let nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
        scram.step = Step::First {
            bare: format!("n=user,r={nonce}"),
            nonce,
        };
        let first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let Reply::Send(token) = scram.respond(first).unwrap() else {
            panic!("a proof is due");
        };
        assert_eq!(
            std::str::from_utf8(token.expose()).unwrap(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        let last = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert!(matches!(scram.respond(last), Ok(Reply::Done)));
    }

    #[test]
    fn a_broker_that_does_not_know_the_password_is_found_out() {
        let mut scram = Scram::sha_512("user", "pencil", [1; 32]);
        scram.step = Step::Final {
            server_signature: vec![1, 2, 3],
        };
        let error = scram.respond(b"v=AAAA").unwrap_err();
        assert!(error.to_string().contains("could not prove"), "{error}");
    }

    #[test]
    fn few_iterations_a_foreign_nonce_and_errors_are_refused() {
        for (first, why) in [
            ("r=abcX,s=AAAA,i=100", "iterations"),
            ("r=xyz,s=AAAA,i=4096", "nonce"),
            ("r=abc,s=AAAA,i=4096", "nonce"),
            ("s=AAAA,i=4096", "not one of SCRAM"),
            ("r=abcX,s=?,i=4096", "base64"),
            ("e=unknown-user", "unknown-user"),
        ] {
            let mut scram = Scram::sha_256("u", "p", [2; 32]);
            scram.step = Step::First {
                bare: "n=u,r=abc".into(),
                nonce: "abc".into(),
            };
            let error = scram.respond(first.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{first}: {error}");
        }
    }

    #[test]
    fn nonces_are_never_used_twice() {
        let mut scram = Scram::sha_256("u", "p", [3; 32]);
        assert_ne!(scram.nonce(), scram.nonce());
    }
}
