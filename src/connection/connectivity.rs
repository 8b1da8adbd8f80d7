//! The connectivity of a set of brokers: which connections are open, which are asked for or probed, and which brokers cannot be
//! reached. The caller holds the connections and opens them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{CloseReason, CloseReport, ConnectionError, Event, ProbeOutcome};

/// Tracks which of the caller's connections are open, by broker id, and asks the caller to open and probe them on demand.
///
/// The connections themselves stay with the caller, who passes the events of each to [`observe`](Self::observe) and acts on the
/// events that [`poll_event`](Self::poll_event) returns.
///
/// # Examples
///
/// ```
/// # use std::time::Instant;
/// # use kafka_codec::connection::{Connection, ConnectionOptions, Negotiation, VersionTable};
/// use kafka_codec::connection::{Connectivity, ConnectivityEvent};
///
/// let mut connectivity = Connectivity::default();
/// let ticket = connectivity.ensure_open([1]);
/// // The caller opens the missing connection ..
/// assert!(matches!(connectivity.poll_event(), Some(ConnectivityEvent::Open(1))));
/// # let now = Instant::now();
/// # let versions = Negotiation::Assume(VersionTable::default());
/// # let options = ConnectionOptions::new("broker 1").with_negotiation(versions);
/// # let mut connection = Connection::new(now, options);
/// # connection.handle_opened(now);
/// // .. and passes its events on.
/// while let Some(event) = connection.poll_event() {
///     connectivity.observe(1, &event);
/// }
/// let Some(ConnectivityEvent::Ensured(report)) = connectivity.poll_event() else { panic!("broker 1 is open") };
/// assert_eq!((report.ticket, report.reached), (ticket, vec![1]));
/// assert!(report.unreachable.is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Connectivity {
    /// The connections that exist. A broker without one is not in it.
    connections: BTreeMap<i32, Progress>,
    calls: Vec<Call>,
    next_ticket: u64,
    events: VecDeque<ConnectivityEvent>,
}

/// The identity of a call of [`Connectivity::ensure_open`].
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What the caller should do, or the result of [`Connectivity::ensure_open`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectivityEvent {
    /// The caller should open a connection to this broker.
    Open(i32),
    /// The caller should [probe](super::Connection::probe) its connection to this broker.
    Probe(i32),
    /// The outcome of every broker in a call is known.
    Ensured(EnsureReport),
}

/// The result of [`Connectivity::ensure_open`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnsureReport {
    /// The call.
    pub ticket: Ticket,
    /// The brokers whose connections are open and answer.
    pub reached: Vec<i32>,
    /// The other brokers, each with the reason.
    pub unreachable: Vec<(i32, Unreachable)>,
}

/// Why a broker could not be reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Unreachable {
    /// The transport could not be opened.
    Dial(Box<str>),
    /// The connection was closed before it was ready or answered a probe.
    Closed(Arc<CloseReport>),
    /// The probe failed, and the connection still exists.
    Probe(ConnectionError),
    /// The caller [retired](Connectivity::retire) the broker.
    Retired,
}

/// The progress of a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Progress {
    /// The caller was asked to open it.
    Opening,
    Ready {
        /// The caller was asked to probe it and no outcome is known.
        is_probed: bool,
    },
}

/// A call of `ensure_open` that is not answered.
#[derive(Debug)]
struct Call {
    report: EnsureReport,
    pending: Vec<PendingBroker>,
}

/// A broker whose outcome a call waits for.
#[derive(Copy, Clone, Debug)]
struct PendingBroker {
    broker: i32,
    /// The connection was lost while it was probed and is being opened again, which happens once.
    is_second_try: bool,
}

impl Connectivity {
    /// Asks for open connections that answer to these brokers.
    ///
    /// Missing connections are to be opened, open ones to be probed. A connection that is lost while it is probed is to be opened
    /// again, once, unless the caller closed it. The result is reported once, by [`ConnectivityEvent::Ensured`] with the returned
    /// ticket.
    pub fn ensure_open(&mut self, brokers: impl IntoIterator<Item = i32>) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let mut pending: Vec<PendingBroker> = Vec::new();
        for broker in brokers {
            if pending.iter().any(|each| each.broker == broker) {
                continue;
            }
            pending.push(PendingBroker {
                broker,
                is_second_try: false,
            });
            match self.connections.get_mut(&broker) {
                None => self.open(broker),
                Some(Progress::Ready { is_probed }) if !*is_probed => {
                    *is_probed = true;
                    self.events.push_back(ConnectivityEvent::Probe(broker));
                }
                // Another call has asked already.
                Some(Progress::Opening | Progress::Ready { .. }) => {}
            }
        }
        let report = EnsureReport {
            ticket,
            reached: Vec::new(),
            unreachable: Vec::new(),
        };
        self.calls.push(Call { report, pending });
        self.report();
        ticket
    }

    /// Takes an event of the connection to a broker into account.
    pub fn observe(&mut self, broker: i32, event: &Event) {
        match event {
            Event::Ready { .. } => {
                let ready = Progress::Ready { is_probed: false };
                self.connections.insert(broker, ready);
                self.resolve(broker, None);
            }
            Event::Probed { outcome, .. } => {
                if let Some(Progress::Ready { is_probed }) = self.connections.get_mut(&broker) {
                    *is_probed = false;
                }
                match outcome {
                    ProbeOutcome::Answered { .. } => self.resolve(broker, None),
                    // The event that the connection is closed follows.
                    ProbeOutcome::Failed(error) if error.is_closed() => {}
                    ProbeOutcome::Failed(error) => {
                        self.resolve(broker, Some(&Unreachable::Probe(error.clone())));
                    }
                }
            }
            Event::Closed(report) => {
                let was_ready = matches!(self.forget(broker), Some(Progress::Ready { .. }));
                let is_deliberate = matches!(
                    report.reason,
                    CloseReason::Local | CloseReason::BrokerRetired
                );
                if was_ready && !is_deliberate && self.tries_again(broker) {
                    return self.open(broker);
                }
                self.resolve(broker, Some(&Unreachable::Closed(report.clone())));
            }
            _ => {}
        }
    }

    /// Reports that the transport to a broker could not be opened.
    pub fn dial_failed(&mut self, broker: i32, why: impl Into<Box<str>>) {
        self.forget(broker);
        self.resolve(broker, Some(&Unreachable::Dial(why.into())));
    }

    /// Gives a broker up, as one that is no longer part of the cluster.
    ///
    /// Calls that wait for it report [`Unreachable::Retired`]. No connection to it is asked for until
    /// [`ensure_open`](Self::ensure_open) names it again. The caller closes its connection, if it has one, with
    /// [`Connection::retire`](super::Connection::retire); retiring the connection first gives the broker up too.
    pub fn retire(&mut self, broker: i32) {
        self.forget(broker);
        self.resolve(broker, Some(&Unreachable::Retired));
    }

    /// Returns `true` if the connection to a broker is open, according to the events observed so far.
    #[must_use]
    pub fn is_open(&self, broker: i32) -> bool {
        matches!(self.connections.get(&broker), Some(Progress::Ready { .. }))
    }

    /// Returns the next event. Call it until it returns `None`, after every other call.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ConnectivityEvent> {
        self.events.pop_front()
    }

    fn open(&mut self, broker: i32) {
        self.connections.insert(broker, Progress::Opening);
        self.events.push_back(ConnectivityEvent::Open(broker));
    }

    /// Removes the connection to a broker, and what the caller was asked to do about it and has not seen.
    fn forget(&mut self, broker: i32) -> Option<Progress> {
        self.events.retain(|event| match event {
            ConnectivityEvent::Open(about) | ConnectivityEvent::Probe(about) => *about != broker,
            ConnectivityEvent::Ensured(_) => true,
        });
        self.connections.remove(&broker)
    }

    /// Returns `true` if a call waits for a broker whose connection was lost for the first time.
    fn tries_again(&mut self, broker: i32) -> bool {
        let pending = self.calls.iter_mut().flat_map(|call| &mut call.pending);
        let mut tries = false;
        for each in pending.filter(|each| each.broker == broker && !each.is_second_try) {
            each.is_second_try = true;
            tries = true;
        }
        tries
    }

    /// Gives the outcome of a broker to all calls that wait for it.
    fn resolve(&mut self, broker: i32, problem: Option<&Unreachable>) {
        for call in &mut self.calls {
            let before = call.pending.len();
            call.pending.retain(|each| each.broker != broker);
            if call.pending.len() == before {
                continue;
            }
            match problem {
                None => call.report.reached.push(broker),
                Some(problem) => call.report.unreachable.push((broker, problem.clone())),
            }
        }
        self.report();
    }

    /// Reports the calls that wait for no broker any more.
    fn report(&mut self) {
        let mut unanswered = Vec::new();
        for call in self.calls.drain(..) {
            match call.pending.is_empty() {
                true => self
                    .events
                    .push_back(ConnectivityEvent::Ensured(call.report)),
                false => unanswered.push(call),
            }
        }
        self.calls = unanswered;
    }
}
