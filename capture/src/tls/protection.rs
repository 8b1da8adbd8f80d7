//! One direction of a TLS connection: its keys, and finding the sequence number again after records were lost.

use std::collections::VecDeque;

use super::boundaries::Boundaries;
use super::hello::Messages;
use super::keys::{Opened, Opener, Suite};
use super::pair::Held;
use super::secrets::Secret;
use crate::frames::Truncation;
use crate::length::u64_of;
use crate::tcp::{Arrival, Piece};

/// The largest record that there is, header included, and one that is small.
const LARGEST_RECORD: u64 = 5 + (1 << 14) + 2048;
const SMALL_RECORD: u64 = 5 + 17;
/// How many sequence numbers are tried for a record, and how much is decrypted for trials in a direction.
const MAX_TRIALS: u64 = 4096;
const MAX_TRIAL_BYTES: u64 = 256 << 20;
/// How much is decrypted for trials in all directions, beyond what the bytes of each allow.
const MAX_ALL_TRIAL_BYTES: u64 = 1 << 30;
/// How much may be decrypted for trials in a direction for each of its bytes.
const TRIAL_BYTES_PER_BYTE: u64 = 16;
/// How far an explicit nonce may be ahead of what is expected.
const MAX_AHEAD: u64 = 1 << 40;
/// How many KeyUpdates may be lost in one hole.
const MAX_LOST_UPDATES: u64 = 3;
/// The plaintext of a KeyUpdate, and of Finished in TLS 1.2.
const KEY_UPDATE_BYTES: u64 = 5;
const FINISHED_12_BYTES: u64 = 16;

/// One direction.
pub(super) struct Half {
    pub(super) boundaries: Boundaries,
    pub(super) messages: Messages,
    pub(super) keys: Option<Keys>,
    pub(super) held: VecDeque<Held>,
    held_bytes: usize,
    /// What was lost since a record was decrypted last.
    pub(super) loss: Loss,
    /// Undecryptable records in a row.
    pub(super) failures: u32,
    /// How many records may be undecryptable before the first that is not.
    pub(super) tolerated: u32,
    /// `true` if plaintext was handed on.
    pub(super) has_begun: bool,
    /// How much may still be decrypted for trials.
    trial_bytes: u64,
    /// How much of that its bytes allow.
    earned_trial_bytes: u64,
}

/// How much may still be decrypted for trials in all directions, beyond what their bytes allow.
pub(crate) struct SharedTrials(u64);

impl Default for SharedTrials {
    fn default() -> Self {
        Self(MAX_ALL_TRIAL_BYTES)
    }
}

impl Default for Half {
    fn default() -> Self {
        Self {
            boundaries: Boundaries::default(),
            messages: Messages::default(),
            keys: None,
            held: VecDeque::new(),
            held_bytes: 0,
            loss: Loss::default(),
            failures: 0,
            tolerated: 0,
            has_begun: false,
            trial_bytes: MAX_TRIAL_BYTES,
            earned_trial_bytes: 0,
        }
    }
}

/// Records that were lost, or of which parts were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loss {
    /// Their size, headers included.
    bytes: u64,
    /// How many are known to be among them.
    records: u64,
    /// Bytes in which boundaries are not known.
    unknown: u64,
    truncation: Option<Truncation>,
    pub(super) arrival: Arrival,
}

impl Loss {
    /// So many bytes in so many records; of bytes in which boundaries are not known, in 0.
    pub(super) const fn new(
        bytes: u64,
        records: u64,
        truncation: Truncation,
        arrival: Arrival,
    ) -> Self {
        Self {
            bytes,
            records,
            unknown: if records == 0 { bytes } else { 0 },
            truncation: Some(truncation),
            arrival,
        }
    }

    pub(super) const fn is_some(&self) -> bool {
        self.truncation.is_some()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.records += other.records;
        self.unknown += other.unknown;
        self.truncation = other.truncation.or(self.truncation);
        self.arrival = other.arrival;
    }

    fn piece(&self, plain: u64) -> Option<Piece<'static>> {
        match self.truncation? {
            _ if plain == 0 => None,
            Truncation::NotKept => Some(Piece::NotKept(plain, self.arrival)),
            _ => Some(Piece::Lost(plain, self.arrival)),
        }
    }
}

/// The keys of one direction.
pub(super) struct Keys {
    opener: Opener,
    pub(super) sequence: u64,
    epoch: Epoch,
}

/// What keys are for.
#[derive(Clone)]
pub(super) enum Epoch {
    /// TLS 1.2, all.
    Whole,
    /// TLS 1.3: data before the handshake is through.
    Early,
    /// TLS 1.3: the encrypted part of the handshake.
    Handshake,
    /// TLS 1.3: data, under this secret.
    Application(Secret),
}

impl Keys {
    pub(super) const fn new_12(opener: Opener) -> Self {
        Self {
            opener,
            sequence: 0,
            epoch: Epoch::Whole,
        }
    }

    pub(super) fn new_13(
        suite: Suite,
        secret: &Secret,
        epoch: impl FnOnce(Secret) -> Epoch,
    ) -> Option<Self> {
        Some(Self {
            opener: suite.opener_13(secret)?,
            sequence: 0,
            epoch: epoch(secret.clone()),
        })
    }

    /// The keys that follow: those of the handshake, of data, and of data after a KeyUpdate.
    pub(super) fn next(
        &self,
        suite: Suite,
        handshake: Option<&Secret>,
        application: Option<&Secret>,
    ) -> Option<Self> {
        match (&self.epoch, handshake) {
            (Epoch::Whole, _) => None,
            (Epoch::Early, Some(secret)) => Self::new_13(suite, secret, |_| Epoch::Handshake),
            (Epoch::Early | Epoch::Handshake, _) => {
                Self::new_13(suite, application?, Epoch::Application)
            }
            (Epoch::Application(secret), _) => {
                Self::new_13(suite, &suite.next_secret(secret), Epoch::Application)
            }
        }
    }

    const fn is_data(&self) -> bool {
        matches!(self.epoch, Epoch::Whole | Epoch::Application(_))
    }
}

impl Half {
    pub(super) fn buffered(&self) -> usize {
        self.boundaries.buffered() + self.messages.buffered() + self.held_bytes
    }

    /// So many bytes were captured of this direction.
    pub(super) fn passed(&mut self, bytes: usize) {
        let earned = u64_of(bytes).saturating_mul(TRIAL_BYTES_PER_BYTE);
        self.earned_trial_bytes = self.earned_trial_bytes.saturating_add(earned);
    }

    pub(super) fn trials_left(&self, shared: &SharedTrials) -> u64 {
        let allowed = self.earned_trial_bytes.saturating_add(shared.0);
        self.trial_bytes.min(allowed)
    }

    /// Opens the next record, or one behind what was lost. Also the plaintext that was lost before it.
    ///
    /// `secrets`: those of the handshake and of data.
    pub(super) fn open(
        &mut self,
        suite: Suite,
        secrets: [Option<&Secret>; 2],
        record: &mut [u8],
        searched: Option<Loss>,
        shared: &mut SharedTrials,
    ) -> Option<(Opened, Option<Piece<'static>>)> {
        let mut bytes_left = self.trials_left(shared);
        let before = bytes_left;
        let opened = self.find(suite, secrets, record, searched, &mut bytes_left);
        let tried = before - bytes_left;
        self.trial_bytes -= tried;
        let earned = tried.min(self.earned_trial_bytes);
        self.earned_trial_bytes -= earned;
        shared.0 = shared.0.saturating_sub(tried - earned);
        opened
    }

    /// See [`Self::open`]. `bytes_left`: how much may be decrypted for trials.
    fn find(
        &mut self,
        suite: Suite,
        [handshake, application]: [Option<&Secret>; 2],
        record: &mut [u8],
        searched: Option<Loss>,
        bytes_left: &mut u64,
    ) -> Option<(Opened, Option<Piece<'static>>)> {
        let keys = self.keys.as_mut()?;
        let mut loss = self.loss;
        if let Some(searched) = &searched {
            loss.add(searched);
        }
        // Where everything is known, there is but one number.
        let likely = keys.sequence + loss.records;
        if searched.is_none()
            && let Some(opened) = keys.opener.open(likely, record)
        {
            keys.sequence = likely + 1;
            let piece = self.settle(&loss, likely + 1 - loss.records, loss.records, 0);
            return Some((opened, piece));
        }
        // Records before the first under these keys may be among what was lost.
        let is_first = keys.sequence == 0;
        let first = match is_first {
            true => 0,
            false => loss.records + loss.unknown / LARGEST_RECORD,
        };
        let last = loss.records + loss.unknown / SMALL_RECORD;
        let size = u64_of(record.len());
        let mut attempt = |opener: &mut Opener, record: &mut [u8], sequence| {
            *bytes_left = bytes_left.saturating_sub(size);
            (*bytes_left > 0)
                .then(|| opener.open(sequence, record))
                .flatten()
        };
        let suggested = keys.opener.suggested(record);
        let expected = keys.sequence..keys.sequence.saturating_add(MAX_AHEAD);
        let suggested = suggested.filter(|sequence| expected.contains(sequence));
        let numbers = suggested
            .into_iter()
            .chain((first..=last.min(first + MAX_TRIALS)).map(|skipped| keys.sequence + skipped));
        let mut found = None;
        for sequence in numbers {
            if let Some(opened) = attempt(&mut keys.opener, record, sequence) {
                found = Some((opened, sequence));
                break;
            }
        }
        if let Some((opened, sequence)) = found {
            let before = keys.sequence;
            keys.sequence = sequence + 1;
            let piece = self.settle(&loss, before, sequence.saturating_sub(before), 0);
            // Behind a lost handshake and Finished, no data was lost.
            let piece = piece.filter(|_| !is_first || sequence > 1);
            return Some((opened, piece));
        }
        // Keys may have changed in what was lost, or without the message that announces it.
        let was_data = keys.is_data();
        let mut next = keys.next(suite, handshake, application);
        for updates in 1..=MAX_LOST_UPDATES {
            let Some(mut candidate) = next else { break };
            for sequence in 0..=last.min(MAX_TRIALS) {
                if let Some(opened) = attempt(&mut candidate.opener, record, sequence) {
                    candidate.sequence = sequence + 1;
                    self.keys = Some(candidate);
                    // How many records were lost is known only if all boundaries were.
                    let records = loss.records + loss.unknown / LARGEST_RECORD;
                    let piece = if was_data {
                        self.settle(&loss, 1, records.max(1), updates)
                    } else {
                        self.settle(&loss, 1, sequence, 0).filter(|_| sequence > 0)
                    };
                    self.loss = Loss::default();
                    return Some((opened, piece));
                }
            }
            next = candidate.next(suite, handshake, application);
        }
        None
    }

    /// The plaintext of `records` lost records, the first of which had the number `before`.
    fn settle(
        &mut self,
        loss: &Loss,
        before: u64,
        records: u64,
        updates: u64,
    ) -> Option<Piece<'static>> {
        self.loss = Loss::default();
        self.tolerated = 0;
        let keys = self.keys.as_ref()?;
        if !loss.is_some() || !keys.is_data() {
            return None;
        }
        let overhead = u64_of(keys.opener.overhead());
        let is_finished_lost = matches!(keys.epoch, Epoch::Whole) && before == 0 && records > 0;
        let other = updates * KEY_UPDATE_BYTES + u64::from(is_finished_lost) * FINISHED_12_BYTES;
        loss.piece(loss.bytes.saturating_sub(records * overhead + other))
    }

    /// The stream is over: the plaintext that was lost at its end.
    pub(super) fn unreported_loss(&mut self) -> Option<Piece<'static>> {
        let loss = self.loss;
        let records = loss.records + loss.unknown.div_ceil(LARGEST_RECORD);
        self.settle(&loss, 1, records, 0)
    }
}

impl Half {
    /// Takes the first of what waits.
    pub(super) fn take_held(&mut self) -> Option<Held> {
        let held = self.held.pop_front();
        if let Some(Held::Record(record, _)) = &held {
            self.held_bytes -= record.len();
        }
        if self.held.is_empty() {
            self.held = VecDeque::new();
        }
        held
    }

    /// Keeps what must wait. Returns how many bytes wait now.
    pub(super) fn hold(&mut self, held: Held) -> usize {
        if let Held::Record(record, _) = &held {
            self.held_bytes += record.len();
        }
        self.held.push_back(held);
        self.held_bytes + self.held.len() * 64
    }
}

#[cfg(test)]
mod tests {
    use aes_gcm::Aes128Gcm;
    use aes_gcm::aead::{AeadInOut, KeyInit};

    use super::super::aead::{Aead, NonceForm};
    use super::super::keys::{CipherKind, HEADER_BYTES, authenticated};
    use super::*;

    const KEY: [u8; 16] = [7; 16];
    const SALT: [u8; 4] = [9; 4];

    fn half() -> Half {
        let aead = Aead::new(CipherKind::Aes128Gcm, &KEY, &SALT, NonceForm::Explicit);
        Half {
            keys: Some(Keys::new_12(Opener::Aead(aead.unwrap()))),
            ..Half::default()
        }
    }

    /// A record of TLS 1.2 whose explicit nonce is its sequence number.
    fn record(sequence: u64) -> Vec<u8> {
        let mut plain = *b"plain";
        let nonce = [&SALT[..], &sequence.to_be_bytes()].concat();
        let nonce: [u8; 12] = nonce.try_into().unwrap();
        let header: [u8; HEADER_BYTES] = [23, 3, 3, 0, 29];
        let additional = authenticated(sequence, &header, plain.len()).unwrap();
        let tag = Aes128Gcm::new(&KEY.into())
            .encrypt_inout_detached(&nonce.into(), &additional, (&mut plain[..]).into())
            .unwrap();
        [&header[..], &sequence.to_be_bytes(), &plain, &tag].concat()
    }

    fn open(half: &mut Half, record: &mut [u8], shared: &mut SharedTrials) -> bool {
        let suite = Suite::of(0xc02b).unwrap();
        half.open(suite, [None, None], record, None, shared)
            .is_some()
    }

    fn lost(bytes: u64) -> Loss {
        Loss::new(bytes, 0, Truncation::Lost, Arrival::default())
    }

    #[test]
    fn explicit_nonces_find_the_place_behind_a_loss_but_not_at_the_end_of_all_numbers() {
        let (mut half, mut shared) = (half(), SharedTrials::default());
        assert!(open(&mut half, &mut record(0), &mut shared));
        half.loss.add(&lost(1_000_000));
        assert!(open(&mut half, &mut record(30_000), &mut shared));
        for sequence in [u64::MAX, u64::MAX - 1, 1 << 63] {
            half.loss.add(&lost(100));
            assert!(!open(&mut half, &mut record(sequence), &mut shared));
        }
        assert!(open(&mut half, &mut record(30_001), &mut shared));
    }

    #[test]
    fn trials_of_all_connections_together_are_bounded_but_for_what_their_bytes_allow() {
        let mut shared = SharedTrials(50_000);
        let mut foreign = record(77);
        *foreign.last_mut().unwrap() ^= 1;
        for _ in 0..20 {
            let mut half = half();
            half.loss.add(&lost(1_000_000));
            assert!(!open(&mut half, &mut foreign.clone(), &mut shared));
        }
        assert_eq!(shared.0, 0);
        let mut late = half();
        late.loss.add(&lost(22 * 20));
        assert_eq!(late.trials_left(&shared), 0);
        late.passed(100);
        assert_eq!(late.trials_left(&shared), 1600);
        assert!(open(&mut late, &mut record(15), &mut shared));
        assert!(late.trials_left(&shared) < 1600);
    }
}
