//! Records of TLS 1.2 under suites with CBC: the MAC is computed first and encrypted (RFC 5246, section 6.2.3.2), or last
//! and follows in the clear (RFC 7366).

use aes_gcm::aead::KeyInit;
use aes_gcm::aes::{Aes128, Aes256};
use cbc::Decryptor;
use cbc::cipher::array::Array;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, BlockSizeUser, InnerIvInit, consts::U16};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384};

use super::keys::{CipherKind, HEADER_BYTES, Opened, authenticated};

const BLOCK_BYTES: usize = 16;
/// Padding has 1 to 16 bytes, unless someone hides lengths.
const MEAN_PADDING_BYTES: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MacKind {
    Sha1,
    Sha256,
    Sha384,
}

impl MacKind {
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// Opens the records of one direction under one key.
pub(super) struct Cbc {
    cipher: Cipher,
    mac: MacKey,
    is_mac_last: bool,
    /// A record whose MAC is yet to be verified.
    scratch: Vec<u8>,
}

enum Cipher {
    Aes128(Box<Aes128>),
    Aes256(Box<Aes256>),
}

enum MacKey {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

impl Cbc {
    /// `None`: the cipher is not used with CBC, or a key has another length.
    pub(super) fn new(
        cipher: CipherKind,
        key: &[u8],
        mac: MacKind,
        mac_key: &[u8],
        is_mac_last: bool,
    ) -> Option<Self> {
        let cipher = match cipher {
            CipherKind::Aes128Cbc => Cipher::Aes128(Box::new(Aes128::new_from_slice(key).ok()?)),
            CipherKind::Aes256Cbc => Cipher::Aes256(Box::new(Aes256::new_from_slice(key).ok()?)),
            _ => return None,
        };
        let mac = match mac {
            MacKind::Sha1 => MacKey::Sha1(Hmac::new_from_slice(mac_key).ok()?),
            MacKind::Sha256 => MacKey::Sha256(Hmac::new_from_slice(mac_key).ok()?),
            MacKind::Sha384 => MacKey::Sha384(Hmac::new_from_slice(mac_key).ok()?),
        };
        Some(Self {
            cipher,
            mac,
            is_mac_last,
            scratch: Vec::new(),
        })
    }

    /// About how many bytes a record has beside its plaintext.
    pub(super) const fn overhead(&self) -> usize {
        HEADER_BYTES + BLOCK_BYTES + self.mac.kind().bytes() + MEAN_PADDING_BYTES
    }

    /// See [`super::keys::Opener::open`].
    pub(super) fn open(&mut self, sequence: u64, record: &mut [u8]) -> Option<Opened> {
        let (header, body) = record.split_first_chunk_mut::<HEADER_BYTES>()?;
        let [content, ..] = *header;
        let mac_bytes = self.mac.kind().bytes();
        let mut sealed = body;
        if self.is_mac_last {
            let (before, mac) =
                sealed.split_at_mut_checked(sealed.len().checked_sub(mac_bytes)?)?;
            let additional = authenticated(sequence, header, before.len())?;
            self.mac.verify(&[&additional, before], mac)?;
            sealed = before;
        }
        let (iv, sealed) = sealed.split_first_chunk_mut::<BLOCK_BYTES>()?;
        self.scratch.clear();
        self.scratch.extend_from_slice(sealed);
        match &self.cipher {
            Cipher::Aes128(cipher) => decrypt(cipher.as_ref(), iv, &mut self.scratch)?,
            Cipher::Aes256(cipher) => decrypt(cipher.as_ref(), iv, &mut self.scratch)?,
        }
        let mut plain = without_padding(&self.scratch)?;
        if !self.is_mac_last {
            let (before, mac) = plain.split_at_checked(plain.len().checked_sub(mac_bytes)?)?;
            let additional = authenticated(sequence, header, before.len())?;
            self.mac.verify(&[&additional, before], mac)?;
            plain = before;
        }
        sealed.get_mut(..plain.len())?.copy_from_slice(plain);
        let from = HEADER_BYTES + BLOCK_BYTES;
        let plain = from..from + plain.len();
        Some(Opened { content, plain })
    }
}

fn decrypt<C>(cipher: &C, iv: &[u8; BLOCK_BYTES], bytes: &mut [u8]) -> Option<()>
where
    C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
{
    let (blocks, rest) = Array::slice_as_chunks_mut(bytes);
    Decryptor::inner_iv_init(cipher, iv.into()).decrypt_blocks(blocks);
    rest.is_empty().then_some(())
}

/// The last byte says how many others precede it that are equal to it.
fn without_padding(plain: &[u8]) -> Option<&[u8]> {
    let length = usize::from(*plain.last()?) + 1;
    let (plain, padding) = plain.split_at_checked(plain.len().checked_sub(length)?)?;
    let is_padding = padding.iter().all(|byte| usize::from(*byte) + 1 == length);
    is_padding.then_some(plain)
}

impl MacKey {
    const fn kind(&self) -> MacKind {
        match self {
            Self::Sha1(_) => MacKind::Sha1,
            Self::Sha256(_) => MacKind::Sha256,
            Self::Sha384(_) => MacKind::Sha384,
        }
    }

    fn verify(&self, parts: &[&[u8]], expected: &[u8]) -> Option<()> {
        match self {
            Self::Sha1(mac) => verify(mac.clone(), parts, expected),
            Self::Sha256(mac) => verify(mac.clone(), parts, expected),
            Self::Sha384(mac) => verify(mac.clone(), parts, expected),
        }
    }
}

fn verify(mut mac: impl Mac, parts: &[&[u8]], expected: &[u8]) -> Option<()> {
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(expected).ok()
}
