//! The state of a client's connection that its handles and its task share.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Context;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use kafka_codec::connection::server::{
    IncomingRequest, RespondError, ServerConnection, ServerEvent,
};
use kafka_codec::connection::{CloseReport, Transmit};
use tokio::sync::Notify;

use super::login::Login;
#[cfg(feature = "metrics")]
use super::metrics::ListenerMetrics;
use super::options::ServerOptions;
use crate::link::{Link, Machine, Owner, now, poll_turn};
use crate::transport::Transport;

/// The time that the end of the stream may take to be sent.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// A client's connection, as its handles and its task see it.
pub(super) struct Shared {
    served: Mutex<Served>,
    /// Notified when a request arrives, and at the end.
    arrived: Notify,
    /// Set when the connection is over.
    end: OnceLock<Arc<CloseReport>>,
}

/// All that is behind the lock.
struct Served {
    link: Link<Bounded>,
    login: Login,
    /// The handles are gone: nobody will answer.
    is_released: bool,
    #[cfg(feature = "metrics")]
    metrics: Option<ListenerMetrics>,
}

/// The requests without a response that may wait to be taken. The machine bounds the others, as they are unanswered.
const MAX_SILENT: usize = 100;

/// The machine and the requests that nobody has taken, which reads no more while too many bytes wait to be written, or too
/// many requests to be taken.
struct Bounded {
    machine: ServerConnection,
    max_response_bytes: usize,
    requests: VecDeque<IncomingRequest>,
    /// The number of requests without a response among them, and their bytes.
    silent: usize,
    silent_bytes: usize,
    max_silent_bytes: usize,
    /// The last value that was given to [`ServerConnection::set_reading`].
    reads: bool,
}

impl Bounded {
    const fn is_full(&self) -> bool {
        self.silent >= MAX_SILENT || self.silent_bytes >= self.max_silent_bytes
    }

    fn push(&mut self, request: IncomingRequest) {
        if !request.expects_response() {
            self.silent += 1;
            self.silent_bytes += request.frame().len();
        }
        self.requests.push_back(request);
    }

    fn pop(&mut self) -> Option<IncomingRequest> {
        let request = self.requests.pop_front()?;
        if !request.expects_response() {
            self.silent -= 1;
            self.silent_bytes -= request.frame().len();
        }
        self.note_reading();
        Some(request)
    }

    /// Returns `true` if there is room for what the machine would make of more bytes.
    fn has_room(&self) -> bool {
        self.machine.unwritten_bytes() < self.max_response_bytes && !self.is_full()
    }

    /// Tells the machine whether it is given what the client sends. Called whenever that may have changed.
    fn note_reading(&mut self) {
        let reads = self.has_room();
        if reads != self.reads {
            self.reads = reads;
            self.machine.set_reading(now(), reads);
        }
    }
}

impl Shared {
    pub(super) fn new(
        mut machine: ServerConnection,
        transport: Box<dyn Transport>,
        options: &ServerOptions,
    ) -> Arc<Self> {
        let login = Login::new(options.sasl.clone(), options.max_frame_bytes());
        machine.set_max_frame_bytes(login.max_frame_bytes());
        let bounded = Bounded {
            machine,
            max_response_bytes: options.max_response_bytes,
            requests: VecDeque::new(),
            silent: 0,
            silent_bytes: 0,
            max_silent_bytes: options.max_frame_bytes().max(1),
            reads: true,
        };
        Arc::new(Self {
            served: Mutex::new(Served {
                link: Link::new(bounded, transport),
                login,
                is_released: false,
                #[cfg(feature = "metrics")]
                metrics: options.metrics.clone().inspect(ListenerMetrics::opened),
            }),
            arrived: Notify::new(),
            end: OnceLock::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look<T>(&self, question: impl FnOnce(&ServerConnection) -> T) -> T {
        question(&self.lock().link.machine.machine)
    }

    pub(super) fn user(&self) -> Option<Arc<str>> {
        self.lock().login.user()
    }

    pub(super) async fn next_request(&self) -> Option<IncomingRequest> {
        loop {
            let mut arrived = pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if let Some(request) = self.take_request() {
                return Some(request);
            }
            if self.end.get().is_some() {
                return None;
            }
            arrived.await;
        }
    }

    fn take_request(&self) -> Option<IncomingRequest> {
        let served = &mut *self.lock();
        let wanted_bytes = served.link.machine.wants_bytes();
        let request = served.link.machine.pop()?;
        // Reading goes on where it had stopped.
        if !wanted_bytes {
            served.link.wake();
        }
        Some(request)
    }

    pub(super) async fn closed(&self) -> Arc<CloseReport> {
        loop {
            let mut changed = pin!(self.arrived.notified());
            changed.as_mut().enable();
            match self.end.get() {
                Some(report) => return report.clone(),
                None => changed.await,
            }
        }
    }

    /// Gives the machine a response, and writes what the transport takes at once.
    pub(super) fn respond(
        &self,
        respond: impl FnOnce(&mut ServerConnection) -> Result<(), RespondError>,
    ) -> Result<(), RespondError> {
        let served = &mut *self.lock();
        let wanted_bytes = served.link.machine.wants_bytes();
        let result = respond(&mut served.link.machine.machine);
        served.link.machine.note_reading();
        served.link.push();
        // Reading goes on where it had stopped.
        if !wanted_bytes {
            served.link.wake();
        }
        result
    }

    pub(super) fn command(&self, call: impl FnOnce(&mut ServerConnection)) {
        let served = &mut *self.lock();
        call(&mut served.link.machine.machine);
        served.link.wake();
    }

    /// The handles are gone: what is answered is written, and then the connection is closed.
    pub(super) fn release(&self) {
        let served = &mut *self.lock();
        served.is_released = true;
        served.link.wake();
    }

    /// The task of a connection: runs until it is over.
    pub(super) fn drive(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        // Made before the first turn, which there is none of if the runtime is ending.
        let end = EndOnDrop(self);
        async move {
            let shared = &*end.0;
            let mut timer = pin!(None);
            std::future::poll_fn(|cx| {
                let served = &mut *shared.lock();
                let mut owner = Turn { served, shared };
                poll_turn(&mut owner, cx, timer.as_mut())
            })
            .await;
            let shutdown = std::future::poll_fn(|cx| shared.lock().link.poll_shutdown(cx));
            // The peer may be gone already.
            let _ = tokio::time::timeout(SHUTDOWN, shutdown).await;
        }
    }

    /// Ends the connection, as its task is gone.
    fn end_now(&self, served: &mut Served) {
        let error = io::Error::other("the task of the connection is gone");
        let machine = &mut served.link.machine.machine;
        machine.handle_transport_error(now(), &error);
        while let Some(event) = machine.poll_event() {
            #[cfg(feature = "metrics")]
            if let Some(metrics) = &served.metrics {
                metrics.observe(&event);
            }
            if let ServerEvent::Closed(report) = event {
                trace_closed(&report);
                // It ends once.
                let _ = self.end.set(report);
            }
        }
        self.arrived.notify_waiters();
    }
}

/// The end of the task, also by a panic or the end of its runtime: the connection is over, and its transport released.
struct EndOnDrop(Arc<Shared>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        let mut served = self.0.lock();
        if self.0.end.get().is_none() {
            self.0.end_now(&mut served);
        }
        let released = served.link.release();
        // Streams are user-defined: they are dropped without the lock.
        drop(served);
        drop(released);
    }
}

/// Traces why a client is gone: a warning if its bytes made no sense.
fn trace_closed(report: &CloseReport) {
    let (event, reason) = ("client_closed", report.reason.name());
    match report.reason.io_kind() {
        io::ErrorKind::InvalidData => tracing::warn!(event, reason, "{report}"),
        _ => tracing::debug!(event, reason, "{report}"),
    }
}

/// A turn of the task.
struct Turn<'a> {
    served: &'a mut Served,
    shared: &'a Shared,
}

impl Owner<Bounded> for Turn<'_> {
    fn link(&mut self) -> &mut Link<Bounded> {
        &mut self.served.link
    }

    fn take_events(&mut self, _cx: &mut Context<'_>) -> bool {
        let served = &mut *self.served;
        let mut has_news = false;
        while let Some(event) = served.link.machine.machine.poll_event() {
            #[cfg(feature = "metrics")]
            if let Some(metrics) = &served.metrics {
                metrics.observe(&event);
            }
            match event {
                ServerEvent::Request(request) => {
                    let machine = &mut served.link.machine.machine;
                    if let Some(request) = served.login.pass(machine, request) {
                        served.link.machine.push(request);
                        has_news = true;
                    }
                }
                ServerEvent::Closed(report) => {
                    trace_closed(&report);
                    // It ends once.
                    let _ = self.shared.end.set(report);
                    has_news = true;
                }
                // A bare token can only follow a handshake that is not agreed to here.
                _ => {}
            }
        }
        // Requests have to be taken, and responses of the machine and the login are to be written.
        served.link.machine.note_reading();
        let machine = &mut served.link.machine.machine;
        let is_done = served.is_released || served.login.is_refused();
        if is_done && !machine.is_closed() && machine.poll_transmit().is_none() {
            machine.close(now());
            return self.take_events(_cx);
        }
        if has_news {
            self.shared.arrived.notify_waiters();
        }
        self.shared.end.get().is_some()
    }
}

impl Machine for Bounded {
    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.machine.poll_transmit()
    }

    fn handle_written(&mut self, now: Instant, bytes: usize) {
        self.machine.handle_written(now, bytes);
        self.note_reading();
    }

    fn wants_bytes(&self) -> bool {
        self.machine.wants_bytes() && self.has_room()
    }

    fn handle_received(&mut self, now: Instant, buffer: &mut BytesMut) {
        self.machine.handle_received(now, buffer);
    }

    fn handle_end_of_stream(&mut self, now: Instant) {
        self.machine.handle_end_of_stream(now);
    }

    fn handle_transport_error(&mut self, now: Instant, error: &io::Error) {
        self.machine.handle_transport_error(now, error);
    }

    fn handle_timer(&mut self, now: Instant) {
        self.machine.handle_timer(now);
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.machine.next_deadline()
    }
}
