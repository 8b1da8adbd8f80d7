//! The handshake of a TLS connection: what its messages say, and the keys that follow from it.

use tls_parser::{TlsAlertDescription, TlsCipherSuite};

use super::boundaries::content;
use super::hello::{ClientHello, Handshake, ServerHello, kind, ticket_12};
use super::keys::Suite;
use super::pair::{Pair, TLS_1_2, TLS_1_3};
use super::protection::{Epoch, Keys};
use super::secrets::{Label, Secret};
use super::{Onward, Shared, Way};
use crate::event::TlsOutcome;
use crate::tcp::Arrival;

/// How many records of unknown keys may stand in front of those that can be decrypted: early data, or a handshake
/// whose secrets were not logged.
const MAX_TOLERATED: u32 = 1024;
/// What the ServerHello says.
pub(super) struct Agreed {
    pub(super) version: u16,
    pub(super) suite: Option<Suite>,
    pub(super) server_random: [u8; 32],
    /// TLS 1.2: the MAC of a record is computed after encryption.
    is_mac_last: bool,
}

impl Pair {
    /// Why there are no keys.
    pub(super) fn why_not(&self) -> TlsOutcome {
        match &self.agreed {
            None => TlsOutcome::HandshakeNotCaptured,
            Some(agreed) if agreed.suite.is_none() => TlsOutcome::Unsupported,
            Some(_) => TlsOutcome::NoSecrets,
        }
    }

    pub(super) fn alert(&mut self, way: Way, body: &[u8], arrival: Arrival) {
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

    pub(super) fn handshake(
        &mut self,
        way: Way,
        bytes: &[u8],
        arrival: Arrival,
        onward: &mut impl Onward,
    ) {
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

    pub(super) fn label(&self, way: Way, is_application: bool) -> Label {
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
            is_mac_last: hello.is_mac_last,
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
    pub(super) fn find_secrets(&mut self, shared: &mut Shared) -> bool {
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
    pub(super) fn switch_12(&mut self, way: Way, shared: &mut Shared) -> bool {
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
        let is_mac_last = agreed.is_mac_last;
        let random = &agreed.server_random;
        let openers = suite.openers_12(master, &hello.random, random, is_mac_last);
        let Some((client, server)) = openers else {
            return false;
        };
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
pub(super) fn is_plain_handshake(record: &[u8]) -> bool {
    match record {
        [content::CHANGE_CIPHER_SPEC, _, _, 0, 1, 1] => true,
        [content::HANDSHAKE, _, _, _, _, kind, 0, ..] => {
            // The messages between the hellos and ChangeCipherSpec.
            matches!(kind, 4 | 11..=16 | 22)
        }
        _ => false,
    }
}
