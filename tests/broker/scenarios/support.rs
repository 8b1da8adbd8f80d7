//! Connections to the brokers that `run` has started, and what was seen on them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_codec::connection::sasl::Mechanism;
use kafka_codec::connection::{
    CloseReport, Completion, ConnectionOptions, Event, Hint, State, Timings,
};
use kafka_codec::messages::MetadataRequest;
use kafka_codec::{ApiKey, Request, ResponseFrame};
use kafka_codec_tokio::{Connection, Options, Sasl, SendError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Held by scenarios that stop the second broker of the cluster, or need it.
pub(crate) static FOLLOWER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The second broker of the cluster, hanging until this is dropped.
pub(crate) struct Hanging;

impl Hanging {
    pub(crate) fn now() -> Self {
        let process = signal("-STOP");
        let hanging = Self;
        // It hangs when all its threads do.
        let is_stopped = |task: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            let state = stat.rsplit_once(") ");
            state.is_none_or(|(_, rest)| rest.starts_with('T'))
        };
        let tasks = || std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
        while !tasks().map(Result::unwrap).all(is_stopped) {
            std::thread::sleep(Duration::from_millis(5));
        }
        hanging
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        signal("-CONT");
    }
}

fn signal(name: &str) -> String {
    let process = setup("follower_process");
    let status = std::process::Command::new("kill")
        .args([name, &process])
        .status();
    assert!(status.unwrap().success());
    process
}

/// The value of `name` in the file that `run` has written.
pub(crate) fn setup(name: &str) -> String {
    let file = std::env::var("KAFKA_BROKERS")
        .expect("these tests want brokers: start them by tests/broker/run");
    let lines = std::fs::read_to_string(&file).expect("tests/broker/run has written it");
    let mut values = lines.lines().filter_map(|line| line.split_once(' '));
    let (_, value) = values
        .find(|(key, _)| *key == name)
        .unwrap_or_else(|| panic!("{file} has no `{name}`"));
    value.to_owned()
}

/// The options of a connection that is called after its listener.
pub(crate) fn options(listener: &str) -> ConnectionOptions {
    ConnectionOptions::new(format!("broker 1 ({listener})")).with_client_id("scenario")
}

/// A socket to a listener.
pub(crate) async fn socket(listener: &str) -> TcpStream {
    let socket = TcpStream::connect(setup(listener)).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// A connection that is driven, what was seen of it, and its end.
pub(crate) struct Link {
    pub(crate) client: Connection,
    driver: JoinHandle<Arc<CloseReport>>,
    seen: Arc<Mutex<Seen>>,
}

/// Events that scenarios ask about, in order.
#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    completed: Vec<Done>,
}

/// A request that is over.
#[derive(Clone)]
pub(crate) struct Done {
    pub(crate) key: ApiKey,
    pub(crate) timings: Timings,
    /// Its response, or why there is none.
    pub(crate) outcome: String,
}

impl Link {
    /// To a listener without TLS.
    pub(crate) async fn open(listener: &str) -> Self {
        Self::with(listener, options(listener), Vec::new()).await
    }

    pub(crate) async fn with(
        listener: &str,
        options: ConnectionOptions,
        mechanisms: Vec<Box<dyn Mechanism>>,
    ) -> Self {
        Self::over(socket(listener).await, options, mechanisms, |_| {})
    }

    /// Over a transport that is open; `on_event` sees every event.
    pub(crate) fn over<T>(
        transport: T,
        options: ConnectionOptions,
        mechanisms: Vec<Box<dyn Mechanism>>,
        on_event: impl FnMut(&Event) + Send + 'static,
    ) -> Self
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let noted = seen.clone();
        let on_event = Mutex::new(on_event);
        let name = options.broker().clone();
        let mut options = Options::default()
            .with_connection(options)
            .with_max_requests(10_000)
            .with_observer(move |_, event| {
                (on_event.lock().unwrap())(event);
                noted.lock().unwrap().note(event);
            });
        for mechanism in mechanisms {
            // There is one connection.
            let mechanism = Mutex::new(Some(mechanism));
            let make = move || mechanism.lock().unwrap().take().unwrap();
            options = options.with_sasl(Sasl::mechanism(make));
        }
        let client = Connection::spawn(name, transport, &options);
        let driver = tokio::spawn(client.closed());
        Self {
            client,
            driver,
            seen,
        }
    }

    /// Sends a request and waits for its response.
    pub(crate) async fn send<R: Request + Send + 'static>(
        &self,
        request: R,
    ) -> Result<ResponseFrame<R>, SendError> {
        self.client.send(&request).await
    }

    /// Asks something small, which the broker has to answer.
    pub(crate) async fn ask(&self) -> Result<(), SendError> {
        let answer = self.send(nothing()).await?;
        assert!(answer.decode().unwrap().cluster_id.is_some());
        Ok(())
    }

    /// The events but for those of requests that were answered, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().lines.clone()
    }

    /// The requests that are over.
    pub(crate) fn completed(&self) -> Vec<Done> {
        self.seen.lock().unwrap().completed.clone()
    }

    /// Waits until the connection is over, which must be soon.
    pub(crate) async fn end(self) -> Arc<CloseReport> {
        // It ends before, if the broker does not want it; the report says why.
        let _ = within(20, self.client.ready()).await;
        drop(self.client);
        within(20, self.driver).await.unwrap()
    }

    /// Waits until the peer ends the connection; requests may be sent meanwhile.
    pub(crate) async fn ended(&mut self, seconds: u64) -> Arc<CloseReport> {
        within(seconds, &mut self.driver).await.unwrap()
    }

    /// Closes it, which must go well.
    pub(crate) async fn close(self) {
        let report = self.end().await;
        let lines = report.to_string();
        assert!(
            lines.ends_with(": draining: closed by this side"),
            "{lines}"
        );
        assert_eq!(report.state, State::Draining);
    }
}

impl Seen {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Completed(completion) => self.completed.push(Done::of(completion)),
            Event::StateChanged { .. } | Event::Closed(_) => {}
            Event::VersionsNegotiated { sent, version, .. } => {
                let line = format!("versions: asked in v{sent}, answered in v{version}");
                self.lines.push(line);
            }
            Event::VersionsFallback {
                from, to, error, ..
            } => {
                self.lines
                    .push(format!("{error}: v{to} instead of v{from}"));
            }
            Event::Ready { .. } => self.lines.push("ready".into()),
            Event::SaslStarted { mechanism, again } => {
                let again = if *again { " again" } else { "" };
                self.lines.push(format!("{mechanism} begins{again}"));
            }
            Event::SaslSucceeded {
                mechanism, rounds, ..
            } => {
                let line = format!("{mechanism} succeeded after {rounds} tokens");
                self.lines.push(line);
            }
            Event::SaslStep { .. } => {}
            Event::SaslFallback { from, to } => self.lines.push(format!("{to} instead of {from}")),
            Event::LateResponse { label, .. } => self.lines.push(format!("late: {label}")),
            Event::Throttled { label, until, .. } => {
                let held = if until.is_some() { "held" } else { "not held" };
                self.lines.push(format!("throttled by {label}: {held}"));
            }
            other => self.lines.push(format!("{other:?}")),
        }
    }
}

impl Done {
    fn of(completion: &Completion) -> Self {
        use kafka_codec::connection::Outcome;
        Self {
            key: completion.label().api_key,
            timings: *completion.timings(),
            outcome: match completion.outcome() {
                Outcome::Failed(error) => error.to_string(),
                Outcome::Written => "written".into(),
                _ => "answered".into(),
            },
        }
    }
}

/// Asks for no topic.
pub(crate) fn nothing() -> MetadataRequest<'static> {
    MetadataRequest {
        topics: Some(Vec::new()),
        ..Default::default()
    }
}

/// What is behind the end, if anything is guessed.
pub(crate) fn hint(report: &CloseReport) -> Option<String> {
    report.hint.as_ref().map(Hint::to_string)
}

/// Waits for something that must happen within so many seconds.
pub(crate) async fn within<T>(seconds: u64, what: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(seconds);
    let result = tokio::time::timeout(limit, what).await;
    result.unwrap_or_else(|_| panic!("nothing happened for {seconds} s"))
}

/// Collects what `pick` makes of events.
pub(crate) fn collect<T: Send + 'static>(
    mut pick: impl FnMut(&Event) -> Option<T> + Send + 'static,
) -> (Arc<Mutex<Vec<T>>>, impl FnMut(&Event) + Send + 'static) {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let into = collected.clone();
    let on_event = move |event: &Event| into.lock().unwrap().extend(pick(event));
    (collected, on_event)
}
