//! The client's computations of RFC 5802, section 3.

use hmac::digest::CtOutput;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use pbkdf2::pbkdf2_hmac;
use sha2::Digest;
use zeroize::Zeroizing;

/// The keys derived from a password, wiped when they are dropped.
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
    pub(super) fn proof(&self, auth_message: &[u8]) -> Vec<u8> {
        let client_key = self.client_key.as_bytes();
        let stored_key = CtOutput::<D>::new(D::digest(client_key));
        let mask = signature::<D>(stored_key.as_bytes(), auth_message).finalize();
        let bytes = client_key.iter().zip(mask.as_bytes());
        bytes.map(|(key, mask)| key ^ mask).collect()
    }

    /// Returns the MAC that verifies the broker's signature in constant time.
    pub(super) fn server_signature(&self, auth_message: &[u8]) -> Hmac<D> {
        signature::<D>(self.server_key.as_bytes(), auth_message)
    }
}

fn signature<D: EagerHash>(key: &[u8], message: &[u8]) -> Hmac<D> {
    Hmac::new_from_slice(key)
        .expect("HMAC takes keys of any length")
        .chain_update(message)
}
