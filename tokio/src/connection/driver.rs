//! The state of a connection that its handles and its task share: the machine, its transport, and who waits for what.
//!
//! Callers write their request at once if the transport takes it, so that the task only wakes for what arrives and for time.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use kafka_codec::connection::sasl::{MechanismError, Token};
use kafka_codec::connection::{
    CloseReport, Completion, Connection, ConnectionOptions, Event, Initialization, RawResponse,
    RequestId, State, SubmitError, Timings, Transmit, VersionTable,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use super::error::SendError;
use super::options::{Observer, Options};
use crate::link::{Link, Machine, Owner, now, poll_turn};
use crate::sasl::{TokenSource, bearer_token};
use crate::transport::Transport;

/// The time that a connection whose last handle was dropped waits for responses.
const DRAIN: Duration = Duration::from_secs(30);
/// The time that the end of the stream may take to be sent.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// What came of a request: the response, unless it has none, and its timings.
pub(super) type Answer = Result<(Option<RawResponse>, Timings), SendError>;

/// A SASL token that is being asked for.
type TokenFuture = Pin<Box<dyn Future<Output = Result<Token, MechanismError>> + Send>>;

/// A connection, as its handles and its task see it.
pub(super) struct Shared {
    client: Mutex<Client>,
    /// The requests and the bytes that may still be submitted.
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    max_bytes: usize,
    progress: Arc<Progress>,
}

/// What happened to a connection once: it became ready, it ended.
#[derive(Default)]
pub(super) struct Progress {
    ready: OnceLock<(VersionTable, Initialization)>,
    end: OnceLock<Arc<CloseReport>>,
    /// Notified of both.
    changed: Notify,
}

/// All that is behind the lock.
struct Client {
    link: Link<Connection>,
    waiting: HashMap<u64, Waiting>,
    next_tag: u64,
    observers: Vec<Observer>,
    tokens: Option<TokenSource>,
    /// The SASL token that is being asked for.
    token: Option<TokenFuture>,
    progress: Arc<Progress>,
}

/// A caller that waits.
struct Waiting {
    id: RequestId,
    answer: oneshot::Sender<Answer>,
    _permits: Permits,
}

/// The share of the limits that a request has until it is over.
pub(super) struct Permits {
    _request: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

impl Shared {
    pub(super) fn new(
        connection: Connection,
        transport: Box<dyn Transport>,
        options: &Options,
    ) -> Arc<Self> {
        let max_bytes = options.max_bytes.min(Semaphore::MAX_PERMITS);
        let max_requests = options.max_requests.min(Semaphore::MAX_PERMITS);
        let progress = Arc::new(Progress::default());
        Arc::new(Self {
            client: Mutex::new(Client {
                link: Link::new(connection, transport),
                waiting: HashMap::new(),
                next_tag: 0,
                observers: options.observers.clone(),
                tokens: options.sasl.iter().find_map(|sasl| sasl.tokens()),
                token: None,
                progress: progress.clone(),
            }),
            requests: Arc::new(Semaphore::new(max_requests)),
            bytes: Arc::new(Semaphore::new(max_bytes)),
            max_bytes,
            progress,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Client> {
        // After a panic the task ends the connection.
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ready(&self) -> Option<&(VersionTable, Initialization)> {
        self.progress.ready.get()
    }

    pub(super) fn end(&self) -> Option<&Arc<CloseReport>> {
        self.progress.end.get()
    }

    /// Waits until `question` has an answer, which it has at the latest when the connection is over.
    pub(super) async fn wait_for<T>(&self, question: impl Fn(&Self) -> Option<T>) -> T {
        loop {
            let mut changed = pin!(self.progress.changed.notified());
            changed.as_mut().enable();
            match question(self) {
                Some(answer) => return answer,
                None => changed.await,
            }
        }
    }

    /// Waits for a share of the limits.
    pub(super) async fn permits(&self, bytes: usize) -> Permits {
        let bytes = u32::try_from(bytes.clamp(1, self.max_bytes)).unwrap_or(u32::MAX);
        let request = self.requests.clone().acquire_owned().await;
        let bytes = self.bytes.clone().acquire_many_owned(bytes).await;
        Permits {
            _request: request.expect("the semaphore is never closed"),
            _bytes: bytes.expect("the semaphore is never closed"),
        }
    }

    /// Submits a request under a tag and writes it, as far as the transport takes it.
    pub(super) fn submit(
        &self,
        submit: impl FnOnce(&mut Connection, u64) -> Result<RequestId, SubmitError>,
        permits: Permits,
    ) -> Result<(u64, oneshot::Receiver<Answer>), SendError> {
        let (answer, answered) = oneshot::channel();
        let client = &mut *self.lock();
        let tag = client.next_tag;
        let submitted = submit(&mut client.link.machine, tag);
        let id = match submitted {
            Ok(id) => id,
            Err(error @ SubmitError::Closed { .. }) => {
                // The end may be among the events that nobody has taken yet.
                client.push();
                return Err(match self.end() {
                    Some(report) => SendError::Closed(report.clone()),
                    None => SendError::Submit(error),
                });
            }
            Err(error) => return Err(SendError::Submit(error)),
        };
        client.next_tag += 1;
        let waiting = Waiting {
            id,
            answer,
            _permits: permits,
        };
        client.waiting.insert(tag, waiting);
        client.push();
        Ok((tag, answered))
    }

    /// Cancels a request nobody waits for.
    pub(super) fn cancel(&self, tag: u64) {
        let client = &mut *self.lock();
        if let Some(id) = client.waiting.get(&tag).map(|waiting| waiting.id) {
            client.link.machine.cancel(now(), id);
            client.push();
        }
    }

    /// Calls the machine, and sees to what follows from it.
    pub(super) fn command(&self, call: impl FnOnce(&mut Connection)) {
        let client = &mut *self.lock();
        call(&mut client.link.machine);
        client.push();
        client.link.wake();
    }

    /// Closes the connection when the responses to what was sent have arrived.
    pub(super) fn drain(&self) {
        self.command(|connection| connection.drain(now(), DRAIN));
    }

    /// Asks the machine.
    pub(super) fn look<T>(&self, question: impl FnOnce(&Connection) -> T) -> T {
        question(&self.lock().link.machine)
    }

    /// The task of a connection: runs until it is over.
    pub(super) fn drive(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        // Made before the first turn, which there is none of if the runtime is ending.
        let end = EndOnDrop(self);
        async move {
            let shared = &*end.0;
            shared.command(|connection| connection.handle_opened(now()));
            let mut timer = pin!(None);
            std::future::poll_fn(|cx| poll_turn(&mut *shared.lock(), cx, timer.as_mut())).await;
            let shutdown = std::future::poll_fn(|cx| shared.lock().link.poll_shutdown(cx));
            // The peer may be gone already.
            let _ = tokio::time::timeout(SHUTDOWN, shutdown).await;
        }
    }
}

/// The end of the task, also by a panic or the end of its runtime: the connection is over, and its transport released.
struct EndOnDrop(Arc<Shared>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        let mut client = self.0.lock();
        if self.0.end().is_none() {
            client.end_now();
        }
        let left = (client.token.take(), client.link.release());
        // Streams and futures are user-defined: they are dropped without the lock.
        drop(client);
        drop(left);
    }
}

/// Traces the versions that both sides have, when a connection is ready and when it is over.
fn trace_versions(when: &'static str, broker: &str, served: &VersionTable) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let mut versions = String::new();
    for (key, range) in served.iter() {
        let ours = key.stable_versions();
        if let Some(common) = ours.and_then(|ours| ours.intersect(range)) {
            let separator = if versions.is_empty() { "" } else { ", " };
            // Writing into memory does not fail.
            let _ = write!(versions, "{separator}{key} {common}");
        }
    }
    tracing::debug!(
        event = "versions",
        when,
        broker,
        versions,
        "{broker}: {when}, with {versions}"
    );
}

impl Client {
    /// Ends the connection, as its task is gone.
    fn end_now(&mut self) {
        let error = io::Error::other("the task of the connection is gone");
        self.observers.clear();
        let broker = self.link.machine.broker().clone();
        // After a panic in the machine, it may panic again.
        let ended = catch_unwind(AssertUnwindSafe(|| {
            self.link.machine.handle_transport_error(now(), &error);
            self.drain_events()
        }));
        if !matches!(ended, Ok(true)) {
            let options = ConnectionOptions::new(broker);
            self.link.machine = Connection::with_sasl(now(), options, Vec::new());
            self.link.machine.handle_opened(now());
            self.link.machine.handle_transport_error(now(), &error);
            self.drain_events();
        }
        // Whoever still waits would wait for ever.
        self.waiting.clear();
    }

    /// After something was given to the machine, by others than the task: its events, its bytes, its deadline.
    fn push(&mut self) {
        self.link.push();
        // The task sees to the token of a mechanism and to the end.
        if self.drain_events() || self.token.is_some() {
            self.link.wake();
        }
    }

    /// Takes all events. Returns `true` when the connection is over.
    fn drain_events(&mut self) -> bool {
        while let Some(event) = self.link.machine.poll_event() {
            let broker = self.link.machine.broker();
            for observe in &self.observers {
                let observed = catch_unwind(AssertUnwindSafe(|| observe(broker, &event)));
                if observed.is_err() {
                    tracing::error!("{broker}: an observer of the connection panicked");
                }
            }
            event.trace(broker);
            match event {
                Event::Completed(completion) => self.complete(completion),
                Event::Ready { took } => {
                    let versions = self.link.machine.versions().clone();
                    trace_versions("ready", broker, &versions);
                    // A connection becomes ready once.
                    let _ = self.progress.ready.set((versions, took));
                    self.progress.changed.notify_waiters();
                }
                // If it cannot be probed, it is about to be closed.
                Event::KeepAliveDue { .. } => drop(self.link.machine.probe(now())),
                Event::SaslTokenWanted { .. } => {
                    let source = self.tokens.clone();
                    self.token = source.map(|source| Box::pin(bearer_token(source)) as _);
                }
                Event::Closed(report) => {
                    if let Some((versions, _)) = self.progress.ready.get() {
                        trace_versions("closed", broker, versions);
                    }
                    // It ends once.
                    let _ = self.progress.end.set(report);
                    self.progress.changed.notify_waiters();
                }
                _ => {}
            }
        }
        self.progress.end.get().is_some()
    }

    fn complete(&mut self, completion: Completion) {
        let Some(waiting) = self.waiting.remove(&completion.tag()) else {
            return;
        };
        let timings = *completion.timings();
        let answer = completion
            .into_response()
            .map(|response| (response, timings))
            .map_err(SendError::Failed);
        // The caller may have gone.
        drop(waiting.answer.send(answer));
    }

    /// Goes on with the token that is being asked for.
    fn poll_token(&mut self, cx: &mut Context<'_>) {
        let Some(token) = &mut self.token else {
            return;
        };
        let Poll::Ready(token) = token.as_mut().poll(cx) else {
            return;
        };
        self.token = None;
        let machine = &mut self.link.machine;
        match token {
            Ok(token) => {
                machine.provide_sasl_token(now(), Some(token));
            }
            // The session goes on; the token is asked for again at its end.
            Err(error) if machine.state() == State::Ready => {
                let broker = machine.broker();
                tracing::warn!("{broker}: SASL token for an early renewal: {error}");
                machine.provide_sasl_token(now(), None);
            }
            // It does not authenticate any more.
            Err(_) if machine.state() == State::Draining => {}
            Err(error) => {
                let error = io::Error::other(format!("SASL token: {error}"));
                machine.handle_transport_error(now(), &error);
            }
        }
    }
}

impl Owner<Connection> for Client {
    fn link(&mut self) -> &mut Link<Connection> {
        &mut self.link
    }

    fn take_events(&mut self, cx: &mut Context<'_>) -> bool {
        let is_over = self.drain_events();
        if self.token.is_some() {
            self.poll_token(cx);
            return self.drain_events();
        }
        is_over
    }
}

impl Machine for Connection {
    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.poll_transmit()
    }

    fn handle_written(&mut self, now: Instant, bytes: usize) {
        self.handle_written(now, bytes);
    }

    fn wants_bytes(&self) -> bool {
        true
    }

    fn handle_received(&mut self, now: Instant, buffer: &mut BytesMut) {
        self.handle_received(now, buffer);
    }

    fn handle_end_of_stream(&mut self, now: Instant) {
        self.handle_end_of_stream(now);
    }

    fn handle_transport_error(&mut self, now: Instant, error: &io::Error) {
        self.handle_transport_error(now, error);
    }

    fn handle_timer(&mut self, now: Instant) {
        self.handle_timer(now);
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.next_deadline()
    }
}
