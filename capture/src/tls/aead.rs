//! Records under suites with authenticated encryption: AES-GCM and CHACHA20-POLY1305, one record opened in place.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;

use super::keys::{CipherKind, HEADER_BYTES, Opened, authenticated};

const TAG_BYTES: usize = 16;
pub(super) const IV_BYTES: usize = 12;
/// Of TLS 1.2 with GCM: the part of the nonce in front of each record.
pub(super) const EXPLICIT_BYTES: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonceForm {
    /// TLS 1.2, GCM: four bytes of the key block, eight bytes in front of the record.
    Explicit,
    /// TLS 1.2, ChaCha20: the sequence number.
    Sequence,
    /// TLS 1.3: the sequence number; the type is the last byte of the plaintext.
    Inner,
}

/// Opens the records of one direction under one key.
pub(super) struct Aead {
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

impl Aead {
    /// `None`: the cipher is not one of authenticated encryption, or the key has another length.
    pub(super) fn new(kind: CipherKind, key: &[u8], iv: &[u8], nonce: NonceForm) -> Option<Self> {
        let cipher = match kind {
            CipherKind::Aes128Gcm => {
                Cipher::Aes128Gcm(Box::new(Aes128Gcm::new_from_slice(key).ok()?))
            }
            CipherKind::Aes256Gcm => {
                Cipher::Aes256Gcm(Box::new(Aes256Gcm::new_from_slice(key).ok()?))
            }
            CipherKind::ChaCha20Poly1305 => {
                Cipher::ChaCha20Poly1305(ChaCha20Poly1305::new_from_slice(key).ok()?)
            }
            CipherKind::Aes128Cbc | CipherKind::Aes256Cbc => return None,
        };
        let mut whole = [0; IV_BYTES];
        whole.get_mut(..iv.len())?.copy_from_slice(iv);
        Some(Self {
            cipher,
            iv: whole,
            nonce,
            offset: None,
        })
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
        let of_12;
        let additional = if self.nonce == NonceForm::Inner {
            &header[..]
        } else {
            of_12 = authenticated(sequence, header, sealed.len())?;
            &of_12[..]
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
