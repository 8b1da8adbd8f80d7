//! Keys and the records under them: the key schedules of TLS 1.2 and 1.3 (RFC 5246, 8446), and one record
//! opened in place.

use std::ops::Range;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha384};
use tls_parser::{TlsCipherEnc, TlsCipherEncMode, TlsCipherSuite, TlsPRF};
use zeroize::Zeroizing;

use super::secrets::Secret;

pub(super) const HEADER_BYTES: usize = 5;
const TAG_BYTES: usize = 16;
const IV_BYTES: usize = 12;
/// Of TLS 1.2 with GCM: the part of the nonce in front of each record.
const EXPLICIT_BYTES: usize = 8;

/// What a cipher suite encrypts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    cipher: CipherKind,
    hash: HashKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CipherKind {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HashKind {
    Sha256,
    Sha384,
}

impl Suite {
    /// The suite with this IANA number, if records under it can be decrypted.
    pub(super) fn of(number: u16) -> Option<Self> {
        let suite = TlsCipherSuite::from_id(number)?;
        let cipher = match (&suite.enc, &suite.enc_mode, suite.enc_size) {
            (TlsCipherEnc::Aes, TlsCipherEncMode::Gcm, 128) => CipherKind::Aes128Gcm,
            (TlsCipherEnc::Aes, TlsCipherEncMode::Gcm, 256) => CipherKind::Aes256Gcm,
            (TlsCipherEnc::Chacha20_Poly1305, ..) => CipherKind::ChaCha20Poly1305,
            _ => return None,
        };
        let hash = match suite.prf {
            TlsPRF::Sha384 => HashKind::Sha384,
            _ => HashKind::Sha256,
        };
        Some(Self { cipher, hash })
    }

    const fn key_bytes(self) -> usize {
        match self.cipher {
            CipherKind::Aes128Gcm => 16,
            CipherKind::Aes256Gcm | CipherKind::ChaCha20Poly1305 => 32,
        }
    }

    const fn hash_bytes(self) -> usize {
        match self.hash {
            HashKind::Sha256 => 32,
            HashKind::Sha384 => 48,
        }
    }

    /// The openers of client and server in TLS 1.2.
    pub(super) fn openers_12(
        self,
        master: &Secret,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> (Opener, Opener) {
        let (key, iv, nonce) = match self.cipher {
            CipherKind::ChaCha20Poly1305 => (32, IV_BYTES, NonceForm::Sequence),
            _ => (
                self.key_bytes(),
                IV_BYTES - EXPLICIT_BYTES,
                NonceForm::Explicit,
            ),
        };
        let mut block = Zeroizing::new(vec![0; 2 * (key + iv)]);
        let seed = [&server_random[..], client_random].concat();
        match self.hash {
            HashKind::Sha256 => prf::<Hmac<Sha256>>(master, b"key expansion", &seed, &mut block),
            HashKind::Sha384 => prf::<Hmac<Sha384>>(master, b"key expansion", &seed, &mut block),
        }
        let (keys, ivs) = block.split_at(2 * key);
        let (client_key, server_key) = keys.split_at(key);
        let (client_iv, server_iv) = ivs.split_at(iv);
        (
            Opener::new(self, client_key, client_iv, nonce),
            Opener::new(self, server_key, server_iv, nonce),
        )
    }

    /// The opener under a traffic secret of TLS 1.3; `None` if the secret has another length than the suite's.
    pub(super) fn opener_13(self, secret: &Secret) -> Option<Opener> {
        if secret.len() != self.hash_bytes() {
            return None;
        }
        let mut key = Zeroizing::new([0; 32]);
        let mut iv = [0; IV_BYTES];
        let (key, _) = key.split_at_mut(self.key_bytes());
        self.expand(secret, "key", key);
        self.expand(secret, "iv", &mut iv);
        Some(Opener::new(self, key, &iv, NonceForm::Inner))
    }

    /// The traffic secret after a KeyUpdate.
    pub(super) fn next_secret(self, secret: &Secret) -> Secret {
        let mut next = Zeroizing::new(vec![0; self.hash_bytes()]);
        self.expand(secret, "traffic upd", &mut next);
        next
    }

    /// HKDF-Expand-Label without context.
    fn expand(self, secret: &Secret, label: &str, out: &mut [u8]) {
        let length = u8::try_from(out.len()).expect("keys and hashes are short");
        let label_length = u8::try_from("tls13 ".len() + label.len()).expect("labels are short");
        let parts: [&[u8]; 4] = [
            &[0, length, label_length],
            b"tls13 ",
            label.as_bytes(),
            &[0],
        ];
        let fits = "the secret has the length of the hash, and a few bytes are asked for";
        match self.hash {
            HashKind::Sha256 => {
                let expand = Hkdf::<Sha256>::from_prk(secret).expect(fits);
                expand.expand_multi_info(&parts, out).expect(fits);
            }
            HashKind::Sha384 => {
                let expand = Hkdf::<Sha384>::from_prk(secret).expect(fits);
                expand.expand_multi_info(&parts, out).expect(fits);
            }
        }
    }
}

/// The pseudorandom function of TLS 1.2 (RFC 5246, section 5).
fn prf<M: Mac + KeyInit>(secret: &Secret, label: &[u8], seed: &[u8], out: &mut [u8]) {
    let mac = |parts: &[&[u8]]| {
        let mut mac = <M as KeyInit>::new_from_slice(secret).expect("keys have any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes()
    };
    let mut a = mac(&[label, seed]);
    for chunk in out.chunks_mut(a.len()) {
        let bytes = Zeroizing::new(mac(&[&a, label, seed]).to_vec());
        let (bytes, _) = bytes.split_at(chunk.len());
        chunk.copy_from_slice(bytes);
        a = mac(&[&a]);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NonceForm {
    /// TLS 1.2, GCM: four bytes of the key block, eight bytes in front of the record.
    Explicit,
    /// TLS 1.2, ChaCha20: the sequence number.
    Sequence,
    /// TLS 1.3: the sequence number; the type is the last byte of the plaintext.
    Inner,
}

/// Opens the records of one direction under one key.
pub(super) struct Opener {
    cipher: Cipher,
    iv: [u8; IV_BYTES],
    nonce: NonceForm,
    /// How far explicit nonces are from sequence numbers.
    offset: Option<u64>,
}

enum Cipher {
    Aes128Gcm(Box<Aes128Gcm>),
    Aes256Gcm(Box<Aes256Gcm>),
    ChaCha20Poly1305(ChaCha20Poly1305),
}

/// The type and place of what was in a record.
pub(super) struct Opened {
    pub(super) content: u8,
    pub(super) plain: Range<usize>,
}

impl Opener {
    fn new(suite: Suite, key: &[u8], iv: &[u8], nonce: NonceForm) -> Self {
        let fits = "the key has the length of the suite";
        let cipher = match suite.cipher {
            CipherKind::Aes128Gcm => {
                Cipher::Aes128Gcm(Box::new(Aes128Gcm::new_from_slice(key).expect(fits)))
            }
            CipherKind::Aes256Gcm => {
                Cipher::Aes256Gcm(Box::new(Aes256Gcm::new_from_slice(key).expect(fits)))
            }
            CipherKind::ChaCha20Poly1305 => {
                Cipher::ChaCha20Poly1305(ChaCha20Poly1305::new_from_slice(key).expect(fits))
            }
        };
        let mut whole = [0; IV_BYTES];
        let (start, _) = whole.split_at_mut(iv.len());
        start.copy_from_slice(iv);
        Self {
            cipher,
            iv: whole,
            nonce,
            offset: None,
        }
    }

    /// How many bytes a record has beside its plaintext, header included.
    pub(super) const fn overhead(&self) -> usize {
        HEADER_BYTES
            + TAG_BYTES
            + match self.nonce {
                NonceForm::Explicit => EXPLICIT_BYTES,
                NonceForm::Sequence => 0,
                NonceForm::Inner => 1,
            }
    }

    /// The sequence number that the explicit nonce of a record suggests.
    pub(super) fn suggested(&self, record: &[u8]) -> Option<u64> {
        let explicit = record.get(HEADER_BYTES..)?.first_chunk()?;
        Some(u64::from_be_bytes(*explicit).wrapping_sub(self.offset?))
    }

    /// Decrypts a record in place: header and ciphertext. A record that is not under this key and sequence number
    /// stays as it is.
    pub(super) fn open(&mut self, sequence: u64, record: &mut [u8]) -> Option<Opened> {
        let (header, body) = record.split_first_chunk_mut::<HEADER_BYTES>()?;
        let mut nonce = self.iv;
        let explicit = match self.nonce {
            NonceForm::Explicit => {
                let (explicit, _) = body.split_first_chunk::<EXPLICIT_BYTES>()?;
                let (_, end) = nonce.split_last_chunk_mut::<EXPLICIT_BYTES>()?;
                *end = *explicit;
                Some(u64::from_be_bytes(*explicit))
            }
            NonceForm::Sequence | NonceForm::Inner => {
                let (_, end) = nonce.split_last_chunk_mut::<EXPLICIT_BYTES>()?;
                *end = (u64::from_be_bytes(*end) ^ sequence).to_be_bytes();
                None
            }
        };
        let start = if explicit.is_some() {
            EXPLICIT_BYTES
        } else {
            0
        };
        let (sealed, tag) = body.split_at_mut_checked(body.len().checked_sub(TAG_BYTES)?)?;
        let sealed = sealed.get_mut(start..)?;
        let mut additional = [0; 13];
        let additional = if self.nonce == NonceForm::Inner {
            &header[..]
        } else {
            // Sequence number, type, version, and the length of the plaintext.
            let length = u16::try_from(sealed.len()).ok()?;
            let [content, major, minor, ..] = *header;
            let (number, rest) = additional.split_first_chunk_mut::<8>()?;
            *number = sequence.to_be_bytes();
            let [high, low] = length.to_be_bytes();
            rest.copy_from_slice(&[content, major, minor, high, low]);
            &additional[..]
        };
        self.cipher.open(&nonce, additional, sealed, tag).ok()?;
        self.offset = explicit.map(|explicit| explicit.wrapping_sub(sequence));
        let from = HEADER_BYTES + start;
        if self.nonce != NonceForm::Inner {
            let [content, ..] = *header;
            let plain = from..from + sealed.len();
            return Some(Opened { content, plain });
        }
        // Zeros behind the type are padding.
        let end = sealed.iter().rposition(|byte| *byte != 0)?;
        let content = *sealed.get(end)?;
        let plain = from..from + end;
        Some(Opened { content, plain })
    }
}

impl Cipher {
    fn open(
        &self,
        nonce: &[u8; IV_BYTES],
        additional: &[u8],
        sealed: &mut [u8],
        tag: &[u8],
    ) -> Result<(), ()> {
        let tag: &[u8; TAG_BYTES] = tag.try_into().map_err(drop)?;
        let (nonce, tag) = (nonce.into(), tag.into());
        let opened = match self {
            Self::Aes128Gcm(cipher) => {
                cipher.decrypt_inout_detached(nonce, additional, sealed.into(), tag)
            }
            Self::Aes256Gcm(cipher) => {
                cipher.decrypt_inout_detached(nonce, additional, sealed.into(), tag)
            }
            Self::ChaCha20Poly1305(cipher) => {
                cipher.decrypt_inout_detached(nonce, additional, sealed.into(), tag)
            }
        };
        opened.map_err(drop)
    }
}
