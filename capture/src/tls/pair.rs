//! Both directions of a TLS connection: its handshake, the keys that follow from it, and the plaintext.

use std::collections::VecDeque;

use tls_parser::{TlsAlertDescription, TlsCipherSuite};

use super::boundaries::{Boundaries, Item, content};
use super::hello::{ClientHello, Handshake, ServerHello, kind, ticket_12};
use super::keys::{HEADER_BYTES, Opened, Suite};
use super::protection::{Epoch, Half, Keys, Loss};
use super::secrets::{Label, Logged, Secret};
use super::{Onward, Shared, Way};
use crate::event::{Tls, TlsOutcome};
use crate::length::u64_of;
use crate::tcp::{Arrival, Piece};

const TLS_1_2: u16 = 0x0303;
const TLS_1_3: u16 = 0x0304;
/// How much waits for the other direction, or for secrets that are still being logged.
const MAX_HELD_BYTES: usize = 256 << 10;
/// How many records in a row may be undecryptable.
const MAX_FAILURES: u32 = 16;
/// How many records of unknown keys may stand in front of those that can be decrypted: early data, or a handshake
/// whose secrets were not logged.
const MAX_TOLERATED: u32 = 1024;
/// Buffers that are kept for records to come.
const MAX_POOLED: usize = 64;

/// A TLS connection.
pub(super) struct Pair {
    halves: [Half; 2],
    client: Option<Way>,
    hello: Option<ClientHello>,
    agreed: Option<Agreed>,
    logged: Option<Logged>,
    /// The master secret of TLS 1.2.
    master: Option<Secret>,
    shown: Tls,
    events: Vec<(Tls, Way, Arrival)>,
    outcome: Option<TlsOutcome>,
    /// `true` if something of it was or will be handed on.
    has_plain: bool,
    is_over: bool,
}

/// What the ServerHello says.
struct Agreed {
    version: u16,
    suite: Option<Suite>,
    server_random: [u8; 32],
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

    fn half(&mut self, way: Way) -> &mut Half {
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
        if let Some(piece) = self.half(way).unreported_loss(arrival) {
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

    fn report(&mut self, outcome: TlsOutcome, way: Way, arrival: Arrival) {
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

    fn is_version(&self, version: u16) -> bool {
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

    /// Why there are no keys.
    fn why_not(&self) -> TlsOutcome {
        match &self.agreed {
            None => TlsOutcome::HandshakeNotCaptured,
            Some(agreed) if agreed.suite.is_none() => TlsOutcome::Unsupported,
            Some(_) => TlsOutcome::NoSecrets,
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
        );
        let Some((opened, lost)) = opened else {
            if is_candidate {
                if half.trials_left() == 0 {
                    self.fail(TlsOutcome::Lost, way, arrival);
                }
                return false;
            }
            self.undecryptable(way, record.len(), arrival);
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

    fn undecryptable(&mut self, way: Way, bytes: usize, arrival: Arrival) {
        let half = self.half(way);
        if half.tolerated > 0 {
            half.tolerated -= 1;
            return;
        }
        half.failures += 1;
        let never = half.keys.as_ref().is_some_and(|keys| keys.sequence == 0);
        let loss = Loss::new(u64_of(bytes), 1, crate::frames::Truncation::Lost, arrival);
        half.loss.add(&loss);
        if half.failures > MAX_FAILURES || half.trials_left() == 0 {
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

    fn alert(&mut self, way: Way, body: &[u8], arrival: Arrival) {
        let [_level, description] = *body else {
            return;
        };
        let is_closing = matches!(
            TlsAlertDescription(description),
            TlsAlertDescription::CloseNotify | TlsAlertDescription::UserCancelled
        );
        if is_closing {
            return;
        }
        self.shown.alert = Some(super::alert_name(description));
        match self.outcome {
            // What was decrypted stays so; the alert is one more thing to be reported.
            Some(outcome) => {
                self.outcome = None;
                self.report(outcome, way, arrival);
            }
            None => self.report(TlsOutcome::Refused, way, arrival),
        }
    }

    fn handshake(&mut self, way: Way, bytes: &[u8], arrival: Arrival, onward: &mut impl Onward) {
        let mut messages = std::mem::take(&mut self.half(way).messages);
        let mut rest = bytes;
        while let Some(message) = messages.next(&mut rest) {
            self.message(way, &message, arrival, onward);
            if self.is_over {
                return;
            }
        }
        self.half(way).messages = messages;
    }

    fn message(
        &mut self,
        way: Way,
        message: &Handshake<'_>,
        arrival: Arrival,
        onward: &mut impl Onward,
    ) {
        match message.kind {
            kind::CLIENT_HELLO if self.half(way).keys.is_some() && self.is_version(TLS_1_2) => {
                self.fail(TlsOutcome::Renegotiation, way, arrival);
            }
            kind::CLIENT_HELLO if self.agreed.is_none() => match ClientHello::parse(message.body) {
                Some(hello) => {
                    self.client = Some(way);
                    onward.is_client();
                    self.shown.server_name.clone_from(&hello.server_name);
                    self.shown.has_early_data |= hello.has_early_data;
                    self.hello = Some(hello);
                }
                None => self.fail(TlsOutcome::Malformed, way, arrival),
            },
            kind::SERVER_HELLO if self.agreed.is_none() => match ServerHello::parse(message.body) {
                Some(hello) => self.agree(way, &hello, arrival, onward.shared()),
                None => self.fail(TlsOutcome::Malformed, way, arrival),
            },
            kind::NEW_SESSION_TICKET if self.is_version(TLS_1_2) => {
                if let (Some(ticket), Some(master)) = (ticket_12(message.body), &self.master) {
                    onward.shared().resumable.insert(ticket, master);
                }
            }
            // An empty list of certificates has 3 bytes, 4 in TLS 1.3.
            kind::CERTIFICATE if self.client == Some(way) && message.size > 4 => {
                self.shown.has_client_certificate = true;
            }
            kind::END_OF_EARLY_DATA | kind::FINISHED | kind::KEY_UPDATE
                if self.is_version(TLS_1_3) =>
            {
                self.next_keys(way);
            }
            _ => {}
        }
    }

    /// The keys of the next epoch of TLS 1.3 in one direction, if they are known.
    fn next_keys(&mut self, way: Way) {
        let Some(suite) = self.agreed.as_ref().and_then(|agreed| agreed.suite) else {
            return;
        };
        let secrets = [false, true].map(|is_application| {
            let label = self.label(way, is_application);
            let secret = self.logged.as_ref().and_then(|logged| logged.get(label));
            secret.cloned()
        });
        let half = self.half(way);
        let [handshake, application] = secrets.each_ref().map(Option::as_ref);
        let next = half
            .keys
            .as_ref()
            .and_then(|keys| keys.next(suite, handshake, application));
        if let Some(next) = next {
            half.keys = Some(next);
        }
    }

    fn label(&self, way: Way, is_application: bool) -> Label {
        match (self.client == Some(way), is_application) {
            (true, false) => Label::ClientHandshake,
            (false, false) => Label::ServerHandshake,
            (true, true) => Label::ClientTraffic,
            (false, true) => Label::ServerTraffic,
        }
    }

    fn agree(&mut self, way: Way, hello: &ServerHello, arrival: Arrival, shared: &mut Shared) {
        if hello.is_retry {
            self.shown.is_retried = true;
            return;
        }
        if self.client.is_none() {
            self.client = Some(way.other());
        }
        let suite = TlsCipherSuite::from_id(hello.suite);
        self.shown.version = Some(super::version_name(hello.version));
        self.shown.cipher_suite = Some(suite.map_or_else(
            || format!("cipher suite {:#06x}", hello.suite),
            |suite| suite.name.to_owned(),
        ));
        let is_known = matches!(hello.version, TLS_1_2 | TLS_1_3);
        let suite = Suite::of(hello.suite).filter(|_| is_known);
        self.agreed = Some(Agreed {
            version: hello.version,
            suite,
            server_random: hello.random,
        });
        let Some(client_hello) = &self.hello else {
            self.fail(TlsOutcome::HandshakeLost, way, arrival);
            return;
        };
        self.shown.is_resumed = match hello.version {
            TLS_1_3 => hello.has_psk,
            _ => !hello.session_id.is_empty() && hello.session_id == client_hello.session_id,
        };
        let is_resumed = self.shown.is_resumed;
        if self.find_secrets(shared)
            && !is_resumed
            && let Some(master) = &self.master
        {
            shared.resumable.insert(&hello.session_id, master);
        }
        // It is as large as the server likes, and not needed again unless secrets are still to come.
        if let Some(hello) = &mut self.hello
            && !shared.secrets.is_growing()
        {
            hello.ticket = Vec::new();
        }
    }

    /// Looks for the secrets of the session. In TLS 1.3 both directions get their keys from them.
    fn find_secrets(&mut self, shared: &mut Shared) -> bool {
        if self.master.is_some() || self.logged.is_some() {
            return true;
        }
        let (Some(hello), Some(agreed)) = (&self.hello, &self.agreed) else {
            return false;
        };
        let logged = shared.secrets.find(&hello.random);
        if agreed.version == TLS_1_2 {
            let master = logged
                .as_ref()
                .and_then(|logged| logged.get(Label::Master))
                .cloned();
            // Who resumes a session may not log its secret again.
            let resumed = || {
                let handles = [&hello.ticket, &hello.session_id].into_iter();
                let mut handles = handles.filter(|handle| !handle.is_empty());
                handles.find_map(|handle| shared.resumable.get(handle))
            };
            self.master = match master {
                None if self.shown.is_resumed => resumed(),
                master => master,
            };
            return self.master.is_some();
        }
        let Some(logged) = logged else {
            return false;
        };
        let Some(suite) = agreed.suite.filter(|_| agreed.version == TLS_1_3) else {
            return false;
        };
        let has_early_data = hello.has_early_data;
        let keys = |label: Label, epoch: fn(Secret) -> Epoch| {
            let secret = logged.get(label)?;
            Keys::new_13(suite, secret, epoch)
        };
        let application = |label| keys(label, Epoch::Application);
        let mut server = keys(Label::ServerHandshake, |_| Epoch::Handshake);
        let mut client = keys(Label::ClientHandshake, |_| Epoch::Handshake);
        let (mut server_tolerated, mut client_tolerated) = (0, 0);
        if server.is_none() {
            server = application(Label::ServerTraffic);
            server_tolerated = MAX_TOLERATED;
        }
        if client.is_none() {
            client = application(Label::ClientTraffic);
            client_tolerated = MAX_TOLERATED;
        }
        if has_early_data {
            client_tolerated = MAX_TOLERATED;
            client = keys(Label::ClientEarly, |_| Epoch::Early).or(client);
        }
        if server.is_none() || client.is_none() {
            return false;
        }
        self.logged = Some(logged);
        let client_way = self.client.unwrap_or(Way::Low);
        let half = self.half(client_way);
        (half.keys, half.tolerated) = (client, client_tolerated);
        let half = self.half(client_way.other());
        (half.keys, half.tolerated) = (server, server_tolerated);
        true
    }

    /// TLS 1.2: from here on, one direction is encrypted. Whether its keys are known.
    fn switch_12(&mut self, way: Way, shared: &mut Shared) -> bool {
        if !self.find_secrets(shared) {
            return false;
        }
        let (Some(master), Some(hello), Some(agreed)) = (&self.master, &self.hello, &self.agreed)
        else {
            return false;
        };
        let Some(suite) = agreed.suite else {
            return false;
        };
        let (client, server) = suite.openers_12(master, &hello.random, &agreed.server_random);
        let opener = if self.client == Some(way) {
            client
        } else {
            server
        };
        let half = self.half(way);
        half.messages.reset();
        half.keys = Some(Keys::new_12(opener));
        true
    }
}

/// Returns `true` if a record looks like one of the handshake of TLS 1.2 in the clear, or ends that part.
fn is_plain_handshake(record: &[u8]) -> bool {
    match record {
        [content::CHANGE_CIPHER_SPEC, _, _, 0, 1, 1] => true,
        [content::HANDSHAKE, _, _, _, _, kind, 0, ..] => {
            // The messages between the hellos and ChangeCipherSpec.
            matches!(kind, 4 | 11..=16 | 22)
        }
        _ => false,
    }
}

impl Half {
    fn take_held(&mut self) -> Option<Held> {
        let held = self.held.pop_front();
        if let Some(Held::Record(record, _)) = &held {
            self.held_bytes -= record.len();
        }
        if self.held.is_empty() {
            self.held = VecDeque::new();
        }
        held
    }

    /// How many bytes wait now.
    fn hold(&mut self, held: Held) -> usize {
        if let Held::Record(record, _) = &held {
            self.held_bytes += record.len();
        }
        self.held.push_back(held);
        self.held_bytes + self.held.len() * 64
    }
}
