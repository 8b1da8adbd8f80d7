//! Keys: the key schedules of TLS 1.2 and 1.3 (RFC 5246, 8446), and what opens the records under them.

use std::ops::Range;

use aes_gcm::aead::KeyInit;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha384};
use tls_parser::{TlsCipherEnc, TlsCipherEncMode, TlsCipherMac, TlsCipherSuite, TlsPRF};
use zeroize::Zeroizing;

use super::aead::{Aead, EXPLICIT_BYTES, IV_BYTES, NonceForm};
use super::cbc::{Cbc, MacKind};
use super::secrets::Secret;

pub(super) const HEADER_BYTES: usize = 5;

/// What a cipher suite encrypts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    cipher: CipherKind,
    hash: HashKind,
    /// Of suites with CBC.
    mac: Option<MacKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CipherKind {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    Aes128Cbc,
    Aes256Cbc,
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
            (TlsCipherEnc::Aes, TlsCipherEncMode::Cbc, 128) => CipherKind::Aes128Cbc,
            (TlsCipherEnc::Aes, TlsCipherEncMode::Cbc, 256) => CipherKind::Aes256Cbc,
            _ => return None,
        };
        let mac = match suite.mac {
            _ if !matches!(cipher, CipherKind::Aes128Cbc | CipherKind::Aes256Cbc) => None,
            TlsCipherMac::HmacSha1 => Some(MacKind::Sha1),
            TlsCipherMac::HmacSha256 => Some(MacKind::Sha256),
            TlsCipherMac::HmacSha384 => Some(MacKind::Sha384),
            _ => return None,
        };
        let hash = match suite.prf {
            TlsPRF::Sha384 => HashKind::Sha384,
            _ => HashKind::Sha256,
        };
        Some(Self { cipher, hash, mac })
    }

    const fn key_bytes(self) -> usize {
        match self.cipher {
            CipherKind::Aes128Gcm | CipherKind::Aes128Cbc => 16,
            CipherKind::Aes256Gcm | CipherKind::Aes256Cbc | CipherKind::ChaCha20Poly1305 => 32,
        }
    }

    const fn hash_bytes(self) -> usize {
        match self.hash {
            HashKind::Sha256 => 32,
            HashKind::Sha384 => 48,
        }
    }

    /// The openers of client and server in TLS 1.2.
    ///
    /// `is_mac_last`: suites with CBC encrypt first, then compute the MAC.
    pub(super) fn openers_12(
        self,
        master: &Secret,
        client_random: &[u8; 32],
        server_random: &[u8; 32],
        is_mac_last: bool,
    ) -> Option<(Opener, Opener)> {
        let mac = self.mac.map_or(0, MacKind::bytes);
        let key = self.key_bytes();
        let (iv, nonce) = match self.cipher {
            CipherKind::ChaCha20Poly1305 => (IV_BYTES, NonceForm::Sequence),
            // Every record has its own.
            CipherKind::Aes128Cbc | CipherKind::Aes256Cbc => (0, NonceForm::Explicit),
            _ => (IV_BYTES - EXPLICIT_BYTES, NonceForm::Explicit),
        };
        let mut block = Zeroizing::new(vec![0; 2 * (mac + key + iv)]);
        let seed = [&server_random[..], client_random].concat();
        match self.hash {
            HashKind::Sha256 => prf::<Hmac<Sha256>>(master, b"key expansion", &seed, &mut block),
            HashKind::Sha384 => prf::<Hmac<Sha384>>(master, b"key expansion", &seed, &mut block),
        }
        let (macs, rest) = block.split_at(2 * mac);
        let (keys, ivs) = rest.split_at(2 * key);
        let (client_mac, server_mac) = macs.split_at(mac);
        let (client_key, server_key) = keys.split_at(key);
        let (client_iv, server_iv) = ivs.split_at(iv);
        let opener = |mac: &[u8], key: &[u8], iv: &[u8]| match self.mac {
            Some(kind) => Cbc::new(self.cipher, key, kind, mac, is_mac_last)
                .map(|cbc| Opener::Cbc(Box::new(cbc))),
            None => Aead::new(self.cipher, key, iv, nonce).map(Opener::Aead),
        };
        Some((
            opener(client_mac, client_key, client_iv)?,
            opener(server_mac, server_key, server_iv)?,
        ))
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
        Aead::new(self.cipher, key, &iv, NonceForm::Inner).map(Opener::Aead)
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

/// Opens the records of one direction under one key.
pub(super) enum Opener {
    Aead(Aead),
    Cbc(Box<Cbc>),
}

/// The type and place of what was in a record.
pub(super) struct Opened {
    pub(super) content: u8,
    pub(super) plain: Range<usize>,
}

impl Opener {
    /// How many bytes a record has beside its plaintext, header included; about that many where padding varies.
    pub(super) const fn overhead(&self) -> usize {
        match self {
            Self::Aead(aead) => aead.overhead(),
            Self::Cbc(cbc) => cbc.overhead(),
        }
    }

    /// The sequence number that the explicit nonce of a record suggests.
    pub(super) fn suggested(&self, record: &[u8]) -> Option<u64> {
        match self {
            Self::Aead(aead) => aead.suggested(record),
            Self::Cbc(_) => None,
        }
    }

    /// Decrypts a record in place: header and ciphertext. A record that is not under this key and sequence number
    /// stays as it is.
    pub(super) fn open(&mut self, sequence: u64, record: &mut [u8]) -> Option<Opened> {
        match self {
            Self::Aead(aead) => aead.open(sequence, record),
            Self::Cbc(cbc) => cbc.open(sequence, record),
        }
    }
}

/// What is authenticated with a record of TLS 1.2: sequence number, type, version and a length.
pub(super) fn authenticated(
    sequence: u64,
    header: &[u8; HEADER_BYTES],
    length: usize,
) -> Option<[u8; 13]> {
    let [content, major, minor, ..] = *header;
    let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
    let mut bytes = [0; 13];
    let (number, rest) = bytes.split_first_chunk_mut::<8>()?;
    *number = sequence.to_be_bytes();
    rest.copy_from_slice(&[content, major, minor, high, low]);
    Some(bytes)
}
