//! Secrets of TLS sessions: key logs, and the sessions that later connections resume. They are wiped when they
//! are dropped, and never shown.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::fs::File;
use std::hash::Hash;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Maximum number of sessions with secrets; the oldest are forgotten.
const MAX_SESSIONS: usize = 1 << 17;
/// Maximum number of sessions that may be resumed.
const MAX_RESUMABLE: usize = 1 << 14;
/// Maximum size of a line of a key log. The longest known has 226 bytes.
const MAX_LINE_BYTES: usize = 1024;
/// Maximum number of faulty lines that are described; the others are counted.
const MAX_FAULTS: usize = 20;

pub(super) const MASTER_BYTES: usize = 48;

/// A secret, wiped when it is dropped.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// Secrets of TLS sessions, out of key logs in the format of `SSLKEYLOGFILE`. Clones share them.
///
/// Its `Debug` shows the number of sessions, never a secret.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Store>>);

#[derive(Default)]
struct Store {
    sessions: Bounded<[u8; 32], Logged>,
    followed: Vec<Followed>,
    faults: u64,
}

/// A key log that is still being written.
struct Followed {
    file: File,
    /// The beginning of a line that is not whole yet.
    line: Zeroizing<Vec<u8>>,
}

/// What key logs hold of a session.
#[derive(Clone, Default)]
pub(super) struct Logged([Option<Secret>; LABELS.len()]);

/// The secrets that are used, in the order of [`LABELS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Master,
    ClientEarly,
    ClientHandshake,
    ServerHandshake,
    ClientTraffic,
    ServerTraffic,
}

/// See <https://datatracker.ietf.org/doc/draft-ietf-tls-keylogfile/>.
const LABELS: [&str; 6] = [
    "CLIENT_RANDOM",
    "CLIENT_EARLY_TRAFFIC_SECRET",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
];

impl Logged {
    pub(super) fn get(&self, label: Label) -> Option<&Secret> {
        self.0.get(label as usize)?.as_ref()
    }
}

/// The content of a key log, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyLogReport {
    /// Lines with a secret that decryption uses.
    pub secrets: usize,
    /// Lines with a label that decryption does not use.
    pub ignored: usize,
    /// Lines that are malformed, at most 20.
    pub faults: Vec<KeyLogFault>,
    /// Further malformed lines.
    pub more_faults: usize,
}

/// A malformed line of a key log. It does not hold the line, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyLogFault {
    /// The number of the line, from 1.
    pub line: usize,
    /// The fault.
    pub reason: &'static str,
}

impl fmt::Display for KeyLogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

impl Secrets {
    /// Adds the secrets of a key log. Lines with unknown labels are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_capture::Secrets;
    ///
    /// let secrets = Secrets::default();
    /// let (random, secret) = ("ab".repeat(32), "cd".repeat(48));
    /// let report = secrets.add(format!("# a comment\nCLIENT_RANDOM {random} {secret}\n").as_bytes());
    /// assert_eq!((report.secrets, report.faults.len()), (1, 0));
    ///
    /// let report = secrets.add(b"\nCLIENT_RANDOM abc def");
    /// assert_eq!(report.faults[0].to_string(), "line 2: client random is not 64 hexadecimal digits");
    /// ```
    #[allow(
        clippy::must_use_candidate,
        reason = "the report is for those who want it"
    )]
    pub fn add(&self, key_log: &[u8]) -> KeyLogReport {
        self.store().add(key_log)
    }

    /// Reads a key log.
    ///
    /// # Errors
    ///
    /// Those of opening and reading the file.
    pub fn read(&self, path: &Path) -> io::Result<KeyLogReport> {
        let mut key_log = Zeroizing::default();
        File::open(path)?.read_to_end(&mut key_log)?;
        Ok(self.add(&key_log))
    }

    /// Reads a key log, and goes on reading it while it is written: for live captures.
    ///
    /// # Errors
    ///
    /// Those of opening and reading the file.
    pub fn follow(&self, path: &Path) -> io::Result<KeyLogReport> {
        let mut followed = Followed {
            file: File::open(path)?,
            line: Zeroizing::default(),
        };
        let mut store = self.store();
        let report = followed.read(&mut store)?;
        store.followed.push(followed);
        Ok(report)
    }

    /// Returns `true` if more secrets may come.
    pub(super) fn is_growing(&self) -> bool {
        !self.store().followed.is_empty()
    }

    /// The secrets of the session with this client random.
    pub(super) fn find(&self, random: &[u8; 32]) -> Option<Logged> {
        let mut store = self.store();
        if let Some(logged) = store.sessions.get(random) {
            return Some(logged.clone());
        }
        for mut followed in std::mem::take(&mut store.followed) {
            // A log that cannot be read any more is not asked again.
            if followed.read(&mut store).is_ok() {
                store.followed.push(followed);
            }
        }
        store.sessions.get(random).cloned()
    }

    /// Sessions that were forgotten, and malformed lines.
    pub(super) fn counts(&self) -> (u64, u64) {
        let store = self.store();
        (store.sessions.forgotten, store.faults)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.store().sessions.len();
        f.debug_struct("Secrets")
            .field("sessions", &sessions)
            .finish_non_exhaustive()
    }
}

impl Store {
    fn add(&mut self, key_log: &[u8]) -> KeyLogReport {
        let mut report = KeyLogReport::default();
        for (index, line) in key_log.split(|byte| *byte == b'\n').enumerate() {
            match self.line(line) {
                Ok(Line::Secret) => report.secrets += 1,
                Ok(Line::Ignored) => report.ignored += 1,
                Ok(Line::Empty) => {}
                Err(_) if report.faults.len() == MAX_FAULTS => report.more_faults += 1,
                Err(reason) => report.faults.push(KeyLogFault {
                    line: index + 1,
                    reason,
                }),
            }
        }
        self.faults += crate::length::u64_of(report.faults.len() + report.more_faults);
        report
    }

    fn line(&mut self, line: &[u8]) -> Result<Line, &'static str> {
        let mut words = line
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let Some(label) = words.next() else {
            return Ok(Line::Empty);
        };
        if label.starts_with(b"#") {
            return Ok(Line::Empty);
        }
        let label = LABELS.iter().position(|known| known.as_bytes() == label);
        let Some(label) = label else {
            return Ok(Line::Ignored);
        };
        let random = words.next().and_then(hexadecimal);
        let random: [u8; 32] = random
            .and_then(|random| <[u8; 32]>::try_from(random.as_slice()).ok())
            .ok_or("client random is not 64 hexadecimal digits")?;
        let secret = words.next().and_then(hexadecimal);
        let is_master = label == Label::Master as usize;
        let secret = secret
            .filter(|secret| secret.len() == MASTER_BYTES || (secret.len() == 32 && !is_master))
            .ok_or(if is_master {
                "secret is not 96 hexadecimal digits"
            } else {
                "secret is not 64 or 96 hexadecimal digits"
            })?;
        if words.next().is_some() {
            return Err("there is more than label, client random and secret");
        }
        let session = self.sessions.entry(random);
        if let Some(place) = session.0.get_mut(label) {
            *place = Some(secret);
        }
        Ok(Line::Secret)
    }
}

enum Line {
    Secret,
    Ignored,
    Empty,
}

fn hexadecimal(digits: &[u8]) -> Option<Secret> {
    if !digits.len().is_multiple_of(2) || digits.len() > MAX_LINE_BYTES {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks_exact(2) {
        let mut byte = 0;
        for digit in pair {
            byte = byte << 4 | u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
        }
        bytes.push(byte);
    }
    Some(bytes)
}

impl Followed {
    fn read(&mut self, store: &mut Store) -> io::Result<KeyLogReport> {
        let mut text = std::mem::take(&mut self.line);
        self.file.read_to_end(&mut text)?;
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let (whole, rest) = text.split_at(whole);
        if rest.len() <= MAX_LINE_BYTES {
            self.line = Zeroizing::new(rest.to_vec());
        }
        Ok(store.add(whole))
    }
}

/// Master secrets of TLS 1.2 sessions, by session id and session ticket: who resumes one uses its master secret,
/// and some clients do not log it again.
#[derive(Default)]
pub(super) struct Resumable(Bounded<[u8; 32], Secret>);

impl Resumable {
    /// `handle`: a session id or ticket.
    pub(super) fn insert(&mut self, handle: &[u8], master: &Secret) {
        if !handle.is_empty() {
            *self.0.entry(Sha256::digest(handle).into()) = master.clone();
        }
    }

    /// Sessions that were forgotten, since there were too many.
    pub(super) const fn forgotten(&self) -> u64 {
        self.0.forgotten
    }

    pub(super) fn get(&self, handle: &[u8]) -> Option<Secret> {
        let key: [u8; 32] = Sha256::digest(handle).into();
        self.0.get(&key).cloned()
    }
}

trait Capacity {
    const MAX: usize;
}

impl Capacity for Logged {
    const MAX: usize = MAX_SESSIONS;
}

impl Capacity for Secret {
    const MAX: usize = MAX_RESUMABLE;
}

/// A map that forgets what was inserted first.
struct Bounded<K, V> {
    map: HashMap<K, V>,
    order: VecDeque<K>,
    forgotten: u64,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            order: VecDeque::new(),
            forgotten: 0,
        }
    }
}

impl<K: Copy + Eq + Hash, V: Default + Capacity> Bounded<K, V> {
    fn len(&self) -> usize {
        self.map.len()
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    fn entry(&mut self, key: K) -> &mut V {
        if !self.map.contains_key(&key) {
            if self.map.len() >= V::MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.map.remove(&oldest);
                self.forgotten += 1;
            }
            self.order.push_back(key);
        }
        self.map.entry(key).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

    #[test]
    fn debug_output_has_no_secret() {
        let secrets = Secrets::default();
        let secret = "c0ffee".repeat(16);
        let report = secrets.add(format!("CLIENT_RANDOM {RANDOM} {secret}").as_bytes());
        let shown = format!("{secrets:?} {report:?}");
        assert!(!shown.to_lowercase().contains("c0ffee"), "{shown}");
        assert_eq!(report.secrets, 1);
    }

    #[test]
    fn a_faulty_line_is_named_and_the_others_are_read() {
        let secrets = Secrets::default();
        let good = "5a".repeat(32);
        let text = format!(
            "# comment\r\n\r\nEXPORTER_SECRET x y\nCLIENT_TRAFFIC_SECRET_0 {RANDOM} {good}\r\n\
             SERVER_TRAFFIC_SECRET_0 {RANDOM} {good}0\nCLIENT_RANDOM {RANDOM} {good}\n\
             CLIENT_RANDOM zz {good}\nSERVER_TRAFFIC_SECRET_0 {RANDOM} {good} {good}"
        );
        let report = secrets.add(text.as_bytes());
        assert_eq!((report.secrets, report.ignored), (1, 1));
        let lines: Vec<_> = report.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [5, 6, 7, 8]);
        let random = hexadecimal(RANDOM.as_bytes()).unwrap();
        let logged = secrets.find(random.as_slice().try_into().unwrap()).unwrap();
        assert_eq!(logged.get(Label::ClientTraffic).unwrap().len(), 32);
        assert!(logged.get(Label::ServerTraffic).is_none());
    }

    #[test]
    fn sessions_are_forgotten_beyond_the_limit_and_counted() {
        let secrets = Secrets::default();
        let secret = "5a".repeat(32);
        for number in 0..MAX_SESSIONS + 3 {
            secrets.add(format!("CLIENT_TRAFFIC_SECRET_0 {number:064x} {secret}").as_bytes());
        }
        assert_eq!(secrets.counts(), (3, 0));
        assert!(secrets.find(&[0; 32]).is_none());
    }
}
