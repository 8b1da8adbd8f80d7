//! A proxy made of both sides of a connection: what a client asks goes to the broker as it is, and what the broker answers goes
//! back. It counts, and notes what should not happen.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_codec::ApiKey;
use kafka_codec::connection::server::{
    IncomingRequest, ServerConnection, ServerEvent, ServerOptions,
};
use kafka_codec::connection::{
    CloseReason, CloseReport, Completion, Connection, ConnectionOptions, Event, Negotiation,
    RequestId, StreamPosition, SubmitOptions, Transmit, VersionTable,
};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

/// What the proxy has seen.
#[derive(Default, Debug)]
pub(crate) struct Counts {
    pub(crate) connections: usize,
    /// Requests by API.
    pub(crate) requests: BTreeMap<ApiKey, usize>,
    /// Requests that have no response.
    pub(crate) silent: usize,
    pub(crate) answered: usize,
    /// What clients say of their software, if the proxy answers that.
    pub(crate) software: Vec<String>,
    /// What should not have happened.
    pub(crate) faults: Vec<String>,
}

/// Who answers when a client asks for the versions.
#[derive(Clone)]
pub(crate) enum Versions {
    /// The broker.
    OfTheBroker,
    /// The proxy, with these.
    Own(VersionTable),
}

/// Serves whoever connects, until the runtime ends.
pub(crate) async fn start(listen: &str, target: String, versions: Versions) -> Arc<Mutex<Counts>> {
    let counts = Arc::new(Mutex::new(Counts::default()));
    let seen = counts.clone();
    let listener = TcpListener::bind(listen).await.unwrap();
    tokio::spawn(async move {
        loop {
            let (client, address) = listener.accept().await.unwrap();
            counts.lock().unwrap().connections += 1;
            let broker = TcpStream::connect(&target).await.unwrap();
            client.set_nodelay(true).unwrap();
            broker.set_nodelay(true).unwrap();
            let proxied = Proxied::new(&address.to_string(), &versions, counts.clone());
            tokio::spawn(proxied.run(client, broker));
        }
    });
    seen
}

/// A client's connection and the one to the broker for it.
struct Proxied {
    server: ServerConnection,
    connection: Connection,
    /// Requests at the broker, by tag.
    waiting: HashMap<u64, RequestId>,
    next_tag: u64,
    /// What the client has sent and the server does not take yet.
    held: Vec<u8>,
    /// The client is gone, and the broker.
    ended: (bool, bool),
    counts: Arc<Mutex<Counts>>,
}

/// What happened to one of the sockets.
enum Input {
    FromClient(io::Result<usize>),
    ToClient(io::Result<usize>),
    FromBroker(io::Result<usize>),
    ToBroker(io::Result<usize>),
    Timer,
}

/// How long the broker may take for the requests of a client that is gone.
const DRAIN: Duration = Duration::from_secs(10);

impl Proxied {
    fn new(client: &str, versions: &Versions, counts: Arc<Mutex<Counts>>) -> Self {
        let (forwards, served, ask) = match versions {
            // The first bytes of the client are the first that the broker sees, so any API in any version passes.
            Versions::OfTheBroker => {
                let unknown = VersionTable::default();
                (true, unknown.clone(), Negotiation::Assume(unknown))
            }
            Versions::Own(table) => (false, table.clone(), Negotiation::Ask),
        };
        let server = ServerOptions::new(client, served).with_forwarding(forwards);
        let broker = ConnectionOptions::new(format!("broker for {client}"))
            .with_negotiation(ask)
            .with_max_in_flight(100);
        Self {
            // Few, so that clients with more in flight are made to wait.
            server: ServerConnection::new(now(), server.with_max_in_flight(3)),
            connection: Connection::new(now(), broker),
            waiting: HashMap::new(),
            next_tag: 0,
            held: Vec::new(),
            ended: (false, false),
            counts,
        }
    }

    /// Passes bytes until both sides are over.
    async fn run(mut self, mut client: TcpStream, mut broker: TcpStream) {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_broker, mut to_broker) = broker.split();
        let (mut asked, mut answered) = (vec![0; 8192], vec![0; 8192]);
        self.connection.handle_opened(now());
        loop {
            while self.take_events() {}
            let deadlines = [self.server.next_deadline(), self.connection.next_deadline()];
            let deadline = deadlines.into_iter().flatten().min().map(Instant::from_std);
            let reads = self.held.is_empty() && self.server.wants_bytes();
            let mut answers = self.server.poll_transmit();
            if self.ended == (true, true) || (self.ended.1 && answers.is_none()) {
                return;
            }
            let mut requests = self.connection.poll_transmit();
            let (has_answers, has_requests) = (answers.is_some(), requests.is_some());
            let input = tokio::select! {
                read = from_client.read(&mut asked), if reads => Input::FromClient(read),
                read = from_broker.read(&mut answered), if !self.ended.1 => Input::FromBroker(read),
                written = write(&mut to_client, answers.as_mut()), if has_answers => Input::ToClient(written),
                written = write(&mut to_broker, requests.as_mut()), if has_requests => Input::ToBroker(written),
                () = until(deadline) => Input::Timer,
            };
            match input {
                Input::FromClient(Ok(0)) => self.server.handle_end_of_stream(now()),
                Input::FromClient(Ok(length)) => self.held.extend_from_slice(&asked[..length]),
                Input::ToClient(Ok(length)) => self.server.handle_written(now(), length),
                Input::FromBroker(Ok(0)) => self.connection.handle_end_of_stream(now()),
                Input::FromBroker(Ok(length)) => {
                    self.connection.handle_bytes(now(), &answered[..length]);
                }
                Input::ToBroker(Ok(length)) => self.connection.handle_written(now(), length),
                Input::FromClient(Err(error)) | Input::ToClient(Err(error)) => {
                    self.server.handle_transport_error(now(), &error);
                }
                Input::FromBroker(Err(error)) | Input::ToBroker(Err(error)) => {
                    self.connection.handle_transport_error(now(), &error);
                }
                Input::Timer => {
                    self.server.handle_timer(now());
                    self.connection.handle_timer(now());
                }
            }
        }
    }

    /// Takes the events of both sides, and bytes that were waiting; true if there were any.
    fn take_events(&mut self) -> bool {
        let mut any = false;
        if !self.held.is_empty() && self.server.wants_bytes() {
            let taken = self.server.handle_bytes(now(), &self.held);
            self.held.drain(..taken);
            any = true;
        }
        while let Some(event) = self.server.poll_event() {
            any = true;
            self.on_server_event(event);
        }
        while let Some(event) = self.connection.poll_event() {
            any = true;
            match event {
                Event::Completed(completion) => self.answer(completion),
                Event::Closed(report) => {
                    self.ended.1 = true;
                    self.note_end(&report);
                }
                Event::LateResponse { .. } | Event::UnexpectedResponse { .. } => {
                    self.fault(format!("{event:?}"));
                }
                _ => {}
            }
        }
        any
    }

    fn on_server_event(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Client { name, version } => {
                let software = format!("{name} {version}");
                self.counts.lock().unwrap().software.push(software);
            }
            ServerEvent::Request(request) => self.ask(&request),
            ServerEvent::Closed(report) => {
                self.ended.0 = true;
                self.connection.drain(now(), DRAIN);
                self.note_end(&report);
            }
            _ => {}
        }
    }

    fn ask(&mut self, request: &IncomingRequest) {
        let key = request.label().api_key;
        *self.counts.lock().unwrap().requests.entry(key).or_default() += 1;
        self.next_tag += 1;
        match request.expects_response() {
            true => drop(self.waiting.insert(self.next_tag, request.id())),
            false => self.counts.lock().unwrap().silent += 1,
        }
        let options = SubmitOptions::default().with_tag(self.next_tag);
        let submitted = self
            .connection
            .submit_frame(now(), request.frame(), options);
        if let (Err(error), false) = (submitted, self.ended.1) {
            self.fault(format!("{}: {error}", request.label()));
        }
    }

    fn answer(&mut self, completion: Completion) {
        let (label, tag) = (completion.label(), completion.tag());
        let waits = self.waiting.remove(&tag);
        match (completion.into_response(), waits) {
            (Ok(Some(response)), Some(id)) => {
                let given = self.server.respond_frame(now(), id, response.frame());
                match given {
                    Ok(()) => self.counts.lock().unwrap().answered += 1,
                    Err(_) if self.ended.0 => {}
                    Err(error) => self.fault(format!("{label}: {error}")),
                }
            }
            (Ok(None), None) => {}
            // The end of the connection says why.
            (Err(error), _) if error.is_closed() || self.ended.0 => {}
            (result, _) => self.fault(format!("{label}: {result:?}")),
        }
    }

    /// Clients and brokers close connections between frames, and brokers those of clients that they do not believe.
    fn note_end(&self, report: &CloseReport) {
        let between = StreamPosition::BetweenFrames;
        let is_usual = match &report.reason {
            CloseReason::Local => true,
            CloseReason::RemoteEof(at) | CloseReason::RemoteReset(at) => *at == between,
            _ => false,
        };
        if !is_usual {
            self.fault(report.to_string());
        }
    }

    fn fault(&self, what: String) {
        self.counts.lock().unwrap().faults.push(what);
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

async fn write<W: AsyncWrite + Unpin>(
    writer: &mut W,
    transmit: Option<&mut Transmit<'_>>,
) -> io::Result<usize> {
    match transmit {
        Some(transmit) => writer.write_buf(transmit).await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
