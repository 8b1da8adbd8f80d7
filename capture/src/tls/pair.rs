//! Both directions of a TLS connection: its handshake, the keys that follow from it, and the plaintext.

use super::boundaries::{Boundaries, Item, content};
use super::handshake::{Agreed, is_plain_handshake};
use super::hello::ClientHello;
use super::keys::{HEADER_BYTES, Opened};
use super::protection::{Half, Loss};
use super::secrets::{Logged, Secret};
use super::{Onward, Shared, Way};
use crate::event::{Tls, TlsOutcome};
use crate::length::u64_of;
use crate::tcp::{Arrival, Piece};

pub(super) const TLS_1_2: u16 = 0x0303;
pub(super) const TLS_1_3: u16 = 0x0304;
/// How much waits for the other direction, or for secrets that are still being logged.
const MAX_HELD_BYTES: usize = 256 << 10;
/// How many records in a row may be undecryptable.
const MAX_FAILURES: u32 = 16;
/// Buffers that are kept for records to come.
const MAX_POOLED: usize = 64;

/// A TLS connection.
pub(super) struct Pair {
    halves: [Half; 2],
    pub(super) client: Option<Way>,
    pub(super) hello: Option<ClientHello>,
    pub(super) agreed: Option<Agreed>,
    pub(super) logged: Option<Logged>,
    /// The master secret of TLS 1.2.
    pub(super) master: Option<Secret>,
    pub(super) shown: Tls,
    events: Vec<(Tls, Way, Arrival)>,
    pub(super) outcome: Option<TlsOutcome>,
    /// `true` if something of it was or will be handed on.
    has_plain: bool,
    pub(super) is_over: bool,
}

/// What waits until it can be decrypted.
pub(super) enum Held {
    Record(Vec<u8>, Arrival),
    Cut(Loss),
}

impl Pair {
    pub(super) fn new() -> Self {
        Self {
            halves: [Half::default(), Half::default()],
            client: None,
            hello: None,
            agreed: None,
            logged: None,
            master: None,
            shown: Tls::default(),
            events: Vec::new(),
            outcome: None,
            has_plain: false,
            is_over: false,
        }
    }

    /// A client that does not speak TLS was answered with an alert.
    pub(super) fn plaintext_client(way: Way, arrival: Arrival) -> Self {
        let mut pair = Self::new();
        pair.has_plain = true;
        pair.fail(TlsOutcome::PlaintextClient, way, arrival);
        pair
    }

    /// Ends what waits for secrets or for the other direction.
    pub(super) fn shed(&mut self, arrival: Arrival) {
        let is_held = |way: &Way| {
            !self
                .halves
                .get(*way as usize)
                .is_none_or(|half| half.held.is_empty())
        };
        if let Some(way) = [Way::Low, Way::High].into_iter().find(is_held) {
            self.fail(self.why_not(), way, arrival);
            self.forget();
        }
    }

    pub(super) fn buffered(&self) -> usize {
        self.halves.iter().map(Half::buffered).sum()
    }

    /// What became of it, if that is known.
    pub(super) const fn outcome(&self) -> Option<TlsOutcome> {
        self.outcome
    }

    /// Returns `true` if nothing was and will be decrypted.
    pub(super) const fn is_opaque(&self) -> bool {
        self.is_over && !self.has_plain
    }

    /// What is to be reported, the first first.
    pub(super) fn take_events(&mut self) -> Vec<(Tls, Way, Arrival)> {
        std::mem::take(&mut self.events)
    }

    pub(super) const fn client(&self) -> Option<Way> {
        self.client
    }

    pub(super) fn half(&mut self, way: Way) -> &mut Half {
        let [low, high] = &mut self.halves;
        match way {
            Way::Low => low,
            Way::High => high,
        }
    }

    /// Takes the next piece of one direction.
    pub(super) fn push(&mut self, way: Way, piece: Piece<'_>, onward: &mut impl Onward) {
        if self.is_over {
            return;
        }
        let mut boundaries = std::mem::take(&mut self.half(way).boundaries);
        boundaries.use_buffer(&mut onward.shared().pool);
        match piece {
            Piece::Bytes(mut bytes, arrival) => {
                self.half(way).passed(bytes.len());
                self.records(way, &mut boundaries, &mut bytes, arrival, onward);
            }
            lost => {
                if let Some(item) = boundaries.lost(lost) {
                    self.item(way, item, onward);
                }
            }
        }
        boundaries.release_buffer(&mut onward.shared().pool, MAX_POOLED);
        self.half(way).boundaries = boundaries;
        if self.is_over {
            self.forget();
        }
    }

    fn records(
        &mut self,
        way: Way,
        boundaries: &mut Boundaries,
        bytes: &mut &[u8],
        arrival: Arrival,
        onward: &mut impl Onward,
    ) {
        while let Some(item) = boundaries.next(bytes, arrival) {
            let is_candidate = matches!(item, Item::Candidate { .. });
            let is_record = self.item(way, item, onward);
            if self.is_over {
                return;
            }
            match (is_candidate, is_record) {
                (false, _) => {}
                (true, true) => boundaries.accept(),
                (true, false) => boundaries.reject(),
            }
        }
    }

    /// Goes on with what waited in one direction, if the other one or a key log has brought what it waited for.
    pub(super) fn resume(&mut self, way: Way, onward: &mut impl Onward) {
        while let Some(held) = self.half(way).held.front() {
            let content = match held {
                Held::Record(record, _) => record.first().copied().unwrap_or_default(),
                Held::Cut(_) => 0,
            };
            if self.is_over || self.must_wait(way, content, onward.shared()) {
                return;
            }
            match self.half(way).take_held() {
                Some(Held::Record(mut record, arrival)) => {
                    self.record(way, &mut record, arrival, onward);
                }
                Some(Held::Cut(loss)) => self.cut(way, loss),
                None => return,
            }
        }
    }

    /// The stream of one direction is over.
    pub(super) fn finish(&mut self, way: Way, arrival: Arrival, onward: &mut impl Onward) {
        self.resume(way, onward);
        if let Some(piece) = self.half(way).unreported_loss() {
            onward.piece(piece);
        }
        if Some(way) == self.client || self.outcome.is_some() {
            return;
        }
        let outcome = match (&self.hello, &self.agreed) {
            (None, None) => TlsOutcome::HandshakeNotCaptured,
            (_, None) => TlsOutcome::Unanswered,
            _ if self.halves.iter().all(|half| half.keys.is_some()) => TlsOutcome::Decrypted,
            _ if self.halves.iter().any(|half| !half.held.is_empty()) => TlsOutcome::NoSecrets,
            _ => TlsOutcome::Incomplete,
        };
        self.report(outcome, self.client.unwrap_or(way), arrival);
    }

    /// Ends what cannot be decrypted.
    pub(super) fn fail(&mut self, outcome: TlsOutcome, way: Way, arrival: Arrival) {
        self.is_over = true;
        self.report(outcome, way, arrival);
    }

    fn forget(&mut self) {
        self.halves = [Half::default(), Half::default()];
        self.logged = None;
        self.master = None;
        self.hello = None;
    }

    pub(super) fn report(&mut self, outcome: TlsOutcome, way: Way, arrival: Arrival) {
        if self.outcome == Some(outcome) {
            return;
        }
        self.outcome = Some(outcome);
        self.shown.outcome = outcome;
        self.events.push((self.shown.clone(), way, arrival));
    }

    /// Takes what comes next in one direction. Of a candidate: whether it is a record.
    fn item(&mut self, way: Way, item: Item<'_>, onward: &mut impl Onward) -> bool {
        match item {
            Item::Record(record, arrival) => {
                let content = record.first().copied().unwrap_or_default();
                let waits = !self.half(way).held.is_empty()
                    || self.must_wait(way, content, onward.shared());
                if waits {
                    self.hold(way, Held::Record(record.to_vec(), arrival), arrival);
                } else {
                    self.record(way, record, arrival, onward);
                }
                true
            }
            Item::Cut {
                head,
                bytes,
                truncation,
                arrival,
            } => {
                let loss = Loss::new(bytes, 1, truncation, arrival);
                if self.half(way).held.is_empty() {
                    // The hello may be in what there is of it.
                    if self.half(way).keys.is_none()
                        && let [content::HANDSHAKE, _, _, _, _, messages @ ..] = &head[..]
                    {
                        self.handshake(way, messages, arrival, onward);
                    }
                    self.cut(way, loss);
                } else {
                    self.hold(way, Held::Cut(loss), arrival);
                }
                true
            }
            Item::Candidate {
                record,
                lost,
                truncation,
                arrival,
            } => {
                let is_switching = self.half(way).keys.is_none();
                if is_switching {
                    if self.agreed.is_some() && is_plain_handshake(record) {
                        self.record(way, record, arrival, onward);
                        return true;
                    }
                    // A ChangeCipherSpec may be among what was lost.
                    let is_12 = self.is_version(TLS_1_2) && self.switch_12(way, onward.shared());
                    if !is_12 {
                        self.fail(TlsOutcome::HandshakeLost, way, arrival);
                        return false;
                    }
                }
                let loss = Loss::new(lost, 0, truncation, arrival);
                let is_record = self.decrypt(way, record, arrival, Some(loss), onward);
                if is_switching && !is_record {
                    self.half(way).keys = None;
                }
                is_record
            }
        }
    }

    fn hold(&mut self, way: Way, held: Held, arrival: Arrival) {
        if self.half(way).hold(held) > MAX_HELD_BYTES {
            let outcome = if self.agreed.is_some() {
                TlsOutcome::NoSecrets
            } else {
                TlsOutcome::HandshakeLost
            };
            self.fail(outcome, way, arrival);
        }
    }

    /// Returns `true` if a record of this type needs what is not known yet.
    fn must_wait(&mut self, way: Way, content: u8, shared: &mut Shared) -> bool {
        if self.half(way).keys.is_some() {
            return false;
        }
        match (content, &self.agreed) {
            (content::DATA, None) => true,
            (content::CHANGE_CIPHER_SPEC, None) => {
                self.client == Some(way) && !self.shown.is_retried
            }
            (content::CHANGE_CIPHER_SPEC, Some(_)) if self.is_version(TLS_1_3) => false,
            (content::DATA | content::CHANGE_CIPHER_SPEC, Some(_)) => {
                !self.find_secrets(shared) && shared.secrets.is_growing()
            }
            _ => false,
        }
    }

    pub(super) fn is_version(&self, version: u16) -> bool {
        self.agreed
            .as_ref()
            .is_some_and(|agreed| agreed.version == version)
    }

    /// Takes note of a record that is not whole.
    fn cut(&mut self, way: Way, loss: Loss) {
        let arrival = loss.arrival;
        let is_agreed = self.agreed.is_some();
        let half = self.half(way);
        half.messages.reset();
        half.loss.add(&loss);
        if half.keys.is_none() && !is_agreed {
            self.fail(TlsOutcome::HandshakeLost, way, arrival);
        }
    }

    fn record(&mut self, way: Way, record: &mut [u8], arrival: Arrival, onward: &mut impl Onward) {
        let Some((header, body)) = record.split_first_chunk::<HEADER_BYTES>() else {
            return;
        };
        let [content, ..] = *header;
        let has_keys = self.half(way).keys.is_some();
        let is_13 = self.is_version(TLS_1_3);
        match content {
            // In TLS 1.3 what is encrypted has one type; this one is for middleboxes.
            content::CHANGE_CIPHER_SPEC if is_13 || self.agreed.is_none() => {}
            content::HANDSHAKE if !has_keys || is_13 => self.handshake(way, body, arrival, onward),
            content::ALERT if !has_keys || (is_13 && body.len() == 2) => {
                self.alert(way, body, arrival);
            }
            content::CHANGE_CIPHER_SPEC if !has_keys => {
                if self.switch_12(way, onward.shared()) {
                    // What was lost before was not under these keys.
                    self.half(way).loss = Loss::default();
                } else {
                    let outcome = self.why_not();
                    self.fail(outcome, way, arrival);
                }
            }
            content::DATA if !has_keys => {
                let was_cut = self.half(way).loss.is_some();
                let is_lost = was_cut && self.is_version(TLS_1_2);
                if is_lost && self.switch_12(way, onward.shared()) {
                    self.decrypt(way, record, arrival, None, onward);
                } else {
                    let outcome = self.why_not();
                    self.fail(outcome, way, arrival);
                }
            }
            _ => {
                self.decrypt(way, record, arrival, None, onward);
            }
        }
    }

    /// Decrypts a record and hands its content on. Whether it is one; `searched`: what was passed over to find it.
    fn decrypt(
        &mut self,
        way: Way,
        record: &mut [u8],
        arrival: Arrival,
        searched: Option<Loss>,
        onward: &mut impl Onward,
    ) -> bool {
        let Some(suite) = self.agreed.as_ref().and_then(|agreed| agreed.suite) else {
            return false;
        };
        let label = self.label(way, true);
        let application = self
            .logged
            .as_ref()
            .and_then(|logged| logged.get(label))
            .cloned();
        let handshake = self.label(way, false);
        let handshake = self
            .logged
            .as_ref()
            .and_then(|logged| logged.get(handshake))
            .cloned();
        let half = self.half(way);
        let is_candidate = searched.is_some();
        let opened = half.open(
            suite,
            [handshake.as_ref(), application.as_ref()],
            record,
            searched,
            &mut onward.shared().trials,
        );
        let Some((opened, lost)) = opened else {
            if is_candidate {
                if half.trials_left(&onward.shared().trials) == 0 {
                    self.fail(TlsOutcome::Lost, way, arrival);
                }
                return false;
            }
            self.undecryptable(way, record.len(), arrival, onward.shared());
            return false;
        };
        half.failures = 0;
        if let Some(piece) = lost {
            half.has_begun = true;
            onward.piece(piece);
        }
        self.content(way, &opened, record, arrival, onward);
        true
    }

    fn undecryptable(&mut self, way: Way, bytes: usize, arrival: Arrival, shared: &Shared) {
        let half = self.half(way);
        if half.tolerated > 0 {
            half.tolerated -= 1;
            return;
        }
        half.failures += 1;
        let never = half.keys.as_ref().is_some_and(|keys| keys.sequence == 0);
        let loss = Loss::new(u64_of(bytes), 1, crate::frames::Truncation::Lost, arrival);
        half.loss.add(&loss);
        if half.failures > MAX_FAILURES || half.trials_left(&shared.trials) == 0 {
            let outcome = if never {
                TlsOutcome::WrongSecrets
            } else {
                TlsOutcome::Lost
            };
            self.fail(outcome, way, arrival);
        }
    }

    /// Takes what was in an encrypted record.
    fn content(
        &mut self,
        way: Way,
        opened: &Opened,
        record: &[u8],
        arrival: Arrival,
        onward: &mut impl Onward,
    ) {
        let plain = record.get(opened.plain.clone()).unwrap_or_default();
        match opened.content {
            content::DATA if !plain.is_empty() => {
                self.has_plain = true;
                self.report(TlsOutcome::Decrypted, way, arrival);
                if !std::mem::replace(&mut self.half(way).has_begun, true) {
                    onward.begin();
                }
                onward.piece(Piece::Bytes(plain, arrival));
            }
            content::HANDSHAKE => self.handshake(way, plain, arrival, onward),
            content::ALERT => self.alert(way, plain, arrival),
            _ => {}
        }
    }
}
