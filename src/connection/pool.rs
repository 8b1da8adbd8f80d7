//! Sees to it that connections to a set of brokers are open and alive: what is missing is opened, what is open is probed, and
//! who cannot be reached is reported. It holds no connections and opens none; the caller does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::CloseReport;
use super::ConnectionError;
use super::{Event, ProbeOutcome};

/// Which of the caller's connections are open, by broker id, and who waits for them to be.
///
/// # Examples
///
/// ```
/// # use std::time::Instant;
/// # use kafka_codec::connection::{Connection, ConnectionOptions, Negotiation, VersionTable};
/// use kafka_codec::connection::{Pool, PoolEvent};
///
/// let mut pool = Pool::default();
/// let ticket = pool.ensure_open([1]);
/// // The caller opens the connection that is missing ..
/// assert!(matches!(pool.poll_event(), Some(PoolEvent::Open(1))));
/// # let now = Instant::now();
/// # let versions = Negotiation::Assume(VersionTable::default());
/// # let options = ConnectionOptions::new("broker 1").with_negotiation(versions);
/// # let mut connection = Connection::new(now, options);
/// # connection.handle_opened(now);
/// // .. and shows the pool what it says.
/// while let Some(event) = connection.poll_event() {
///     pool.observe(1, &event);
/// }
/// let Some(PoolEvent::Ensured(report)) = pool.poll_event() else { panic!("it is open") };
/// assert_eq!((report.ticket, report.reached), (ticket, vec![1]));
/// assert!(report.unreachable.is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Pool {
    brokers: BTreeMap<i32, Link>,
    wanted: Vec<Wanted>,
    next_ticket: u64,
    events: VecDeque<PoolEvent>,
}

/// A call of [`Pool::ensure_open`].
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What the caller has to do, or wanted to know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PoolEvent {
    /// Open a connection to this broker.
    Open(i32),
    /// [Probe](super::Connection::probe) the connection to this broker.
    Probe(i32),
    /// All that was asked for is known.
    Ensured(EnsureReport),
}

/// Which brokers could be reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnsureReport {
    /// Who asked.
    pub ticket: Ticket,
    /// The brokers whose connections are open and answer.
    pub reached: Vec<i32>,
    /// The others, and why.
    pub unreachable: Vec<(i32, Unreachable)>,
}

/// Why a broker could not be reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Unreachable {
    /// The transport could not be opened.
    Dial(Box<str>),
    /// The connection was closed before it was ready.
    Closed(Arc<CloseReport>),
    /// The probe failed, and the connection is still there.
    Probe(ConnectionError),
}

/// The connection to a broker.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Link {
    Opening,
    /// It is ready, and may be probed just now.
    Open {
        is_probed: bool,
    },
}

#[derive(Debug)]
struct Wanted {
    report: EnsureReport,
    missing: Vec<Missing>,
}

/// A broker of which someone waits to hear.
#[derive(Copy, Clone, Debug)]
struct Missing {
    broker: i32,
    /// The connection broke when it was probed, and is opened anew: once.
    is_second_try: bool,
}

impl Pool {
    /// Wants the connections to these brokers open and alive. [`PoolEvent::Ensured`] says how it went, once, with
    /// what this returns.
    pub fn ensure_open(&mut self, brokers: impl IntoIterator<Item = i32>) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let mut missing: Vec<Missing> = Vec::new();
        for broker in brokers {
            if missing.iter().any(|each| each.broker == broker) {
                continue;
            }
            missing.push(Missing {
                broker,
                is_second_try: false,
            });
            match self.brokers.get_mut(&broker) {
                None => self.open(broker),
                Some(Link::Open { is_probed }) if !*is_probed => {
                    *is_probed = true;
                    self.events.push_back(PoolEvent::Probe(broker));
                }
                // It is on its way already.
                Some(Link::Opening | Link::Open { .. }) => {}
            }
        }
        let report = EnsureReport {
            ticket,
            reached: Vec::new(),
            unreachable: Vec::new(),
        };
        self.wanted.push(Wanted { report, missing });
        self.report();
        ticket
    }

    /// Takes an event of the connection to a broker into account.
    pub fn observe(&mut self, broker: i32, event: &Event) {
        match event {
            Event::Ready { .. } => {
                self.brokers.insert(broker, Link::Open { is_probed: false });
                self.resolve(broker, None);
            }
            Event::Probed { outcome, .. } => {
                if let Some(Link::Open { is_probed }) = self.brokers.get_mut(&broker) {
                    *is_probed = false;
                }
                match outcome {
                    ProbeOutcome::Answered { .. } => self.resolve(broker, None),
                    // If the connection is closed, that is said next.
                    ProbeOutcome::Failed(error) if error.is_closed() => {}
                    ProbeOutcome::Failed(error) => {
                        self.resolve(broker, Some(&Unreachable::Probe(error.clone())));
                    }
                }
            }
            Event::Closed(report) => {
                let was = self.brokers.remove(&broker);
                if matches!(was, Some(Link::Open { .. })) && self.tries_again(broker) {
                    return self.open(broker);
                }
                self.resolve(broker, Some(&Unreachable::Closed(report.clone())));
            }
            _ => {}
        }
    }

    /// The transport to a broker could not be opened.
    pub fn dial_failed(&mut self, broker: i32, why: impl Into<Box<str>>) {
        self.brokers.remove(&broker);
        self.resolve(broker, Some(&Unreachable::Dial(why.into())));
    }

    /// Whether the connection to a broker is open, as far as is known.
    #[must_use]
    pub fn is_open(&self, broker: i32) -> bool {
        matches!(self.brokers.get(&broker), Some(Link::Open { .. }))
    }

    /// The next event. Call it until there is none, after every call that changes something.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<PoolEvent> {
        self.events.pop_front()
    }

    fn open(&mut self, broker: i32) {
        self.brokers.insert(broker, Link::Opening);
        self.events.push_back(PoolEvent::Open(broker));
    }

    /// Whether someone waits for a broker whose connection was open, and turned out to be dead.
    fn tries_again(&mut self, broker: i32) -> bool {
        let missing = self
            .wanted
            .iter_mut()
            .flat_map(|wanted| &mut wanted.missing);
        let mut tries = false;
        for each in missing.filter(|each| each.broker == broker && !each.is_second_try) {
            each.is_second_try = true;
            tries = true;
        }
        tries
    }

    /// What became of a broker is known: all who wait for it are told.
    fn resolve(&mut self, broker: i32, problem: Option<&Unreachable>) {
        for wanted in &mut self.wanted {
            let before = wanted.missing.len();
            wanted.missing.retain(|each| each.broker != broker);
            if wanted.missing.len() == before {
                continue;
            }
            match problem {
                None => wanted.report.reached.push(broker),
                Some(problem) => wanted.report.unreachable.push((broker, problem.clone())),
            }
        }
        self.report();
    }

    /// Tells who waits for nobody any more.
    fn report(&mut self) {
        let mut still = Vec::new();
        for wanted in self.wanted.drain(..) {
            match wanted.missing.is_empty() {
                true => self.events.push_back(PoolEvent::Ensured(wanted.report)),
                false => still.push(wanted),
            }
        }
        self.wanted = still;
    }
}
