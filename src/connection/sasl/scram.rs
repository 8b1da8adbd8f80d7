//! SCRAM-SHA-256 and SCRAM-SHA-512: client and broker prove to each other that they know the password.
//!
//! See RFC 5802, RFC 7677 and KIP-84.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::digest::CtOutput;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use pbkdf2::pbkdf2_hmac;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::{Mechanism, MechanismError, Reply, Secret, Token};

/// The mechanisms SCRAM-SHA-256 and SCRAM-SHA-512.
///
/// The broker chooses the number of iterations with which the keys are derived from the password, and the derivation runs
/// inside of the connection. Counts below 4096 are refused, as by the Java client: they make the password easy to guess.
/// Counts above [`DEFAULT_MAX_ITERATIONS`](Self::DEFAULT_MAX_ITERATIONS) are refused unless
/// [`with_max_iterations`](Self::with_max_iterations) allows them.
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
    max_iterations: u32,
    seed: Seed,
    /// The number of exchanges that have begun.
    count: u64,
    exchange: Exchange,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha512,
}

/// The random bytes that nonces are made of. They are not printed.
#[derive(Clone)]
struct Seed(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// The progress of an exchange.
#[derive(Clone, Debug)]
enum Exchange {
    Idle,
    /// The client's first message was sent.
    Started {
        first_message_bare: String,
        nonce: String,
    },
    /// The client's proof was sent. The broker has to answer with its signature.
    ProofSent(Box<ServerSignature>),
}

/// The broker's signature as it has to be. It prints no keys.
#[derive(Clone, Debug)]
enum ServerSignature {
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl ServerSignature {
    /// Compares in constant time.
    fn is(self, signature: &[u8]) -> bool {
        match self {
            Self::Sha256(expected) => expected.verify_slice(signature).is_ok(),
            Self::Sha512(expected) => expected.verify_slice(signature).is_ok(),
        }
    }
}

/// The minimum of RFC 7677, of Kafka's brokers when a password is set, and of the Java client.
const MIN_ITERATIONS: u32 = 4096;

impl Scram {
    /// The maximum iteration count by default: 16384, the highest with which a Kafka broker stores a password (KIP-554).
    ///
    /// The limit bounds the time for which a hostile broker can keep the caller's thread busy. At the limit, deriving the keys
    /// took 2.1 ms with SHA-256 and 20 ms with SHA-512, measured on a server's x86-64 CPU with instructions for SHA-256.
    pub const DEFAULT_MAX_ITERATIONS: u32 = 16384;

    /// Creates SCRAM-SHA-256 for `user`. `seed` must be random bytes, new for each connection.
    #[must_use]
    pub fn sha_256(user: impl Into<String>, password: impl Into<Secret>, seed: [u8; 32]) -> Self {
        Self::new(Hash::Sha256, user.into(), password.into(), seed)
    }

    /// Creates SCRAM-SHA-512 for `user`. `seed` must be random bytes, new for each connection.
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
            max_iterations: Self::DEFAULT_MAX_ITERATIONS,
            seed: Seed(Zeroizing::new(seed)),
            count: 0,
            exchange: Exchange::Idle,
        }
    }

    /// Treats user and password as the id and HMAC of a delegation token. See KIP-48.
    #[must_use]
    pub fn with_delegation_token(mut self) -> Self {
        self.is_delegation_token = true;
        self
    }

    /// Sets the maximum iteration count that the broker may ask for. A maximum below 4096 counts as 4096.
    ///
    /// Brokers that are not Kafka's, and Kafka's before 2.7, store passwords with more iterations than
    /// [`DEFAULT_MAX_ITERATIONS`](Self::DEFAULT_MAX_ITERATIONS) when they are asked to.
    #[must_use]
    pub fn with_max_iterations(mut self, max_iterations: u32) -> Self {
        self.max_iterations = max_iterations.max(MIN_ITERATIONS);
        self
    }

    /// Returns a nonce that is new for each exchange and cannot be guessed without the seed.
    fn nonce(&mut self) -> String {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(*self.seed.0);
        hash.update(self.count.to_be_bytes());
        BASE64.encode(hash.finalize())
    }

    /// Checks the broker's first message and answers it with the client's proof.
    fn prove(
        &mut self,
        client_first_bare: &str,
        nonce: &str,
        server_first: &str,
    ) -> Result<Token, MechanismError> {
        let mut parts = server_first.split(',');
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
        let iterations = self.check_iterations(iterations)?;
        // "biws" is the header `n,,` in base64.
        let without_proof = format!("c=biws,r={full_nonce}");
        let auth_message = format!("{client_first_bare},{server_first},{without_proof}");
        let auth_message = auth_message.as_bytes();
        let password = self.password.expose().as_bytes();
        let (proof, server_signature) = match self.hash {
            Hash::Sha256 => {
                let keys = Keys::<Sha256>::derive(password, &salt, iterations);
                let signature = keys.server_signature(auth_message);
                (keys.proof(auth_message), ServerSignature::Sha256(signature))
            }
            Hash::Sha512 => {
                let keys = Keys::<Sha512>::derive(password, &salt, iterations);
                let signature = keys.server_signature(auth_message);
                (keys.proof(auth_message), ServerSignature::Sha512(signature))
            }
        };
        self.exchange = Exchange::ProofSent(Box::new(server_signature));
        Ok(format!("{without_proof},p={}", BASE64.encode(proof))
            .into_bytes()
            .into())
    }

    fn check_iterations(&self, iterations: &str) -> Result<u32, MechanismError> {
        let max = self.max_iterations;
        let iterations: u64 = iterations
            .parse()
            .map_err(|_| MechanismError::new("the broker's iteration count is not a number"))?;
        u32::try_from(iterations)
            .ok()
            .filter(|iterations| (MIN_ITERATIONS..=max).contains(iterations))
            .ok_or_else(|| {
                MechanismError::new(format!(
                    "the broker asks for {iterations} iterations (expected {MIN_ITERATIONS} to {max})"
                ))
            })
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
        let first_message_bare = format!("n={user},r={nonce}{extension}");
        let token = format!("n,,{first_message_bare}").into_bytes();
        self.exchange = Exchange::Started {
            first_message_bare,
            nonce,
        };
        Ok(Reply::Send(token.into()))
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Reply, MechanismError> {
        let challenge = std::str::from_utf8(challenge)
            .map_err(|_| MechanismError::new("the broker's message is not UTF-8"))?;
        if let Some(error) = challenge.strip_prefix("e=") {
            let error: String = error.chars().take(256).collect();
            return Err(MechanismError::new(format!("the broker said: {error}")));
        }
        match std::mem::replace(&mut self.exchange, Exchange::Idle) {
            Exchange::Idle => Err(MechanismError::new(
                "the broker sent a message that was not due",
            )),
            Exchange::Started {
                first_message_bare,
                nonce,
            } => self
                .prove(&first_message_bare, &nonce, challenge)
                .map(Reply::Send),
            Exchange::ProofSent(expected) => {
                let signature = challenge
                    .strip_prefix("v=")
                    .and_then(|rest| rest.split(',').next())
                    .and_then(|signature| BASE64.decode(signature).ok());
                match signature {
                    Some(signature) if expected.is(&signature) => Ok(Reply::Done),
                    _ => Err(MechanismError::new(
                        "the broker could not prove that it knows the password",
                    )),
                }
            }
        }
    }
}

/// The keys derived from a password as RFC 5802, section 3, says, wiped when they are dropped.
pub(super) struct Keys<D: EagerHash> {
    client_key: CtOutput<Hmac<D>>,
    server_key: CtOutput<Hmac<D>>,
}

impl<D: EagerHash + Digest> Keys<D> {
    /// Derives the keys with PBKDF2.
    pub(super) fn derive(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let mut salted_password = Zeroizing::new(vec![0; <D as Digest>::output_size()]);
        pbkdf2_hmac::<D>(password, salt, iterations, &mut salted_password);
        Self {
            client_key: signature::<D>(&salted_password, b"Client Key").finalize(),
            server_key: signature::<D>(&salted_password, b"Server Key").finalize(),
        }
    }

    /// Returns the client's proof: the client key, masked by a signature that the broker can compute too.
    fn proof(&self, auth_message: &[u8]) -> Vec<u8> {
        let client_key = self.client_key.as_bytes();
        let stored_key = Zeroizing::new(self.stored_key());
        let mask = signature::<D>(&stored_key, auth_message).finalize();
        let bytes = client_key.iter().zip(mask.as_bytes());
        bytes.map(|(key, mask)| key ^ mask).collect()
    }

    /// Returns the hash of the client key, which a server keeps.
    pub(super) fn stored_key(&self) -> Vec<u8> {
        let hashed = CtOutput::<D>::new(D::digest(self.client_key.as_bytes()));
        hashed.as_bytes().to_vec()
    }

    /// Returns the key of the server's signatures.
    pub(super) fn server_key(&self) -> Vec<u8> {
        self.server_key.as_bytes().to_vec()
    }

    /// Returns the MAC that verifies the broker's signature in constant time.
    fn server_signature(&self, auth_message: &[u8]) -> Hmac<D> {
        signature::<D>(self.server_key.as_bytes(), auth_message)
    }
}

pub(super) fn signature<D: EagerHash>(key: &[u8], message: &[u8]) -> Hmac<D> {
    Hmac::new_from_slice(key)
        .expect("HMAC takes keys of any length")
        .chain_update(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts the client behind its first message, with a nonce of the caller's choice.
    fn started(mut scram: Scram, nonce: &str) -> Scram {
        scram.exchange = Exchange::Started {
            first_message_bare: format!("n={},r={nonce}", scram.user),
            nonce: nonce.to_owned(),
        };
        scram
    }

    /// RFC 7677, section 3: the broker's first message.
    const SERVER_FIRST: &[u8] =
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn proves(scram: Scram, proof: &str, server_signature: &str) {
        let mut scram = started(scram, "rOprNGfwEbeRWgbNEkqO");
        let Reply::Send(token) = scram.respond(SERVER_FIRST).unwrap() else {
            panic!("a proof is due");
        };
        assert_eq!(
            std::str::from_utf8(token.expose()).unwrap(),
            format!("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p={proof}")
        );
        let mut deceived = scram.clone();
        let last = format!("v={server_signature}");
        assert!(matches!(scram.respond(last.as_bytes()), Ok(Reply::Done)));

        let mut wrong = BASE64.decode(server_signature).unwrap();
        *wrong.last_mut().unwrap() ^= 1;
        let last = format!("v={}", BASE64.encode(wrong));
        let error = deceived.respond(last.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("could not prove"), "{error}");
    }

    #[test]
    fn the_exchange_of_rfc_7677_gives_its_proof_and_takes_its_signature() {
        proves(
            Scram::sha_256("user", "pencil", [0; 32]),
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        );
    }

    /// No RFC has an example with SHA-512. These are from Python's hashlib and hmac.
    #[test]
    fn the_same_exchange_with_sha_512_gives_the_proof_that_python_computes() {
        proves(
            Scram::sha_512("user", "pencil", [0; 32]),
            "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
            "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
        );
    }

    /// RFC 5802, section 5. Kafka has no mechanism with SHA-1, but the computations are the same.
    #[test]
    fn the_exchange_of_rfc_5802_gives_its_proof_and_signature() {
        let auth_message = b"n=user,r=fyko+d2lbbFgONRv9qkxdawL,\
            r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,\
            c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
        let salt = BASE64.decode("QSXCR+Q6sek8bf92").unwrap();
        let keys = Keys::<sha1::Sha1>::derive(b"pencil", &salt, 4096);
        let proof = BASE64.encode(keys.proof(auth_message));
        assert_eq!(proof, "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        let signature = BASE64.decode("rmF9pqV8S7suAoZWja4dJRkFsKQ=").unwrap();
        let expected = keys.server_signature(auth_message);
        assert!(expected.verify_slice(&signature).is_ok());
    }

    #[test]
    fn a_signature_of_another_length_is_refused() {
        for signature in ["v=AAAA", "v=", "v", "v=?", ""] {
            let mut scram = started(Scram::sha_256("u", "p", [1; 32]), "abc");
            scram.respond(b"r=abcX,s=AAAA,i=4096").unwrap();
            let error = scram.respond(signature.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("could not prove"), "{error}");
        }
    }

    #[test]
    fn a_foreign_nonce_malformed_messages_and_errors_are_refused() {
        for (first, why) in [
            ("r=xyz,s=AAAA,i=4096", "nonce"),
            ("r=abc,s=AAAA,i=4096", "nonce"),
            ("s=AAAA,i=4096", "not one of SCRAM"),
            ("r=abcX,s=?,i=4096", "base64"),
            ("r=abcX,s=AAAA,i=many", "not a number"),
            ("e=unknown-user", "unknown-user"),
        ] {
            let mut scram = started(Scram::sha_256("u", "p", [2; 32]), "abc");
            let error = scram.respond(first.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{first}: {error}");
        }
    }

    #[test]
    fn iteration_counts_outside_of_the_limits_are_refused() {
        let respond = |scram: Scram, iterations: u64| {
            let first = format!("r=abcX,s=AAAA,i={iterations}");
            started(scram, "abc").respond(first.as_bytes()).map(drop)
        };
        let scram = Scram::sha_256("u", "p", [2; 32]);
        for refused in [0, 1, 4095, 16385, u64::from(u32::MAX) + 4097] {
            let error = respond(scram.clone(), refused).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("the broker asks for {refused} iterations (expected 4096 to 16384)")
            );
        }
        for accepted in [4096, 16384] {
            assert_eq!(respond(scram.clone(), accepted), Ok(()));
        }
        let patient = scram.clone().with_max_iterations(20_000);
        assert_eq!(respond(patient.clone(), 20_000), Ok(()));
        assert!(respond(patient, 20_001).is_err());
        assert_eq!(respond(scram.with_max_iterations(1), 4096), Ok(()));
    }

    #[test]
    fn iterations_allocate_nothing() {
        let allocations = |iterations: u32| {
            let mut scram = started(Scram::sha_512("u", "p", [2; 32]), "abc");
            let first = format!("r=abcX,s=AAAA,i={iterations}");
            allocation_counter::measure(|| drop(scram.respond(first.as_bytes()).unwrap()))
                .count_total
        };
        assert_eq!(allocations(4096), allocations(8192));
        assert!(allocations(4096) < 20, "{}", allocations(4096));
    }

    #[test]
    fn debug_output_holds_no_secrets() {
        let mut scram = started(Scram::sha_256("u", "pencil", [2; 32]), "abc");
        let started = format!("{scram:?}");
        scram.respond(b"r=abcX,s=AAAA,i=4096").unwrap();
        for text in [started, format!("{scram:?}")] {
            assert!(!text.contains("pencil"), "{text}");
            assert!(!text.contains("2, 2"), "{text}");
        }
    }

    #[test]
    fn nonces_are_never_used_twice() {
        let mut scram = Scram::sha_256("u", "p", [3; 32]);
        assert_ne!(scram.nonce(), scram.nonce());
    }
}
