//! Drives a connection through a script, and the same script again with the bytes in other pieces and another form.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::Instant;

use bytes::{Buf, BytesMut};
use kafka_codec::connection::sasl::Mechanism;
use kafka_codec::connection::{
    CloseReport, Completion, Connection, ConnectionOptions, Event, Outcome, RequestId,
    SubmitOptions,
};
use kafka_codec::{ApiKey, Response, frame};

pub(crate) use crate::peer::{Written, all_versions, ms, produce, range, request, response, sized};

/// The name of the broker in all scripts.
pub(crate) const BROKER: &str = "broker 1 (b1:9092)";

/// The body of submitted frames: no time to wait, and acks that want a response.
pub(crate) const BODY: &[u8] = &[0xff; 4];

/// The pieces in which bytes arrive and are written.
#[derive(Copy, Clone, Debug)]
enum Pieces {
    Whole,
    Bytes,
    /// Cut once.
    At(usize),
}

/// Runs a script with the bytes in all kinds of pieces, in slices and in buffers; the events must be the same.
pub(crate) fn replay(script: impl Fn(&mut Driver)) {
    let run = |pieces, in_buffers| {
        let mut driver = Driver::new(pieces);
        driver.in_buffers = in_buffers;
        script(&mut driver);
        driver.drain();
        (driver.log, driver.longest)
    };
    let (whole, longest) = run(Pieces::Whole, false);
    assert_eq!(run(Pieces::Whole, true).0, whole, "in a buffer");
    for in_buffers in [false, true] {
        let log = run(Pieces::Bytes, in_buffers).0;
        assert_eq!(log, whole, "byte by byte, in buffers: {in_buffers}");
    }
    for at in 1..longest {
        let in_buffers = at % 2 == 0;
        let log = run(Pieces::At(at), in_buffers).0;
        assert_eq!(log, whole, "cut at {at}, in buffers: {in_buffers}");
    }
}

/// A connection, what it wrote, what it told, and the time.
pub(crate) struct Driver {
    pub(crate) connection: Connection,
    pub(crate) now: Instant,
    pieces: Pieces,
    /// `true` if bytes arrive in the buffer of a transport, not in slices.
    in_buffers: bool,
    buffer: BytesMut,
    /// What the connection wrote and the script has not read.
    pub(crate) written: VecDeque<u8>,
    /// The transport takes nothing.
    pub(crate) is_stuck: bool,
    pub(crate) events: VecDeque<Event>,
    /// All events as text.
    log: Vec<String>,
    /// The most bytes that arrived at once.
    longest: usize,
}

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

pub(crate) fn options() -> ConnectionOptions {
    ConnectionOptions::new(BROKER).with_client_id("test")
}

impl Driver {
    fn new(pieces: Pieces) -> Self {
        let now = start();
        Self {
            connection: Connection::new(now, options()),
            now,
            pieces,
            in_buffers: false,
            buffer: BytesMut::new(),
            written: VecDeque::new(),
            is_stuck: false,
            events: VecDeque::new(),
            log: Vec::new(),
            longest: 0,
        }
    }

    /// A driver outside of [`replay`].
    pub(crate) fn once(options: ConnectionOptions) -> Self {
        let mut driver = Self::new(Pieces::Whole);
        driver.configure(options, Vec::new());
        driver
    }

    /// Begins with other options.
    pub(crate) fn configure(
        &mut self,
        options: ConnectionOptions,
        mechanisms: Vec<Box<dyn Mechanism>>,
    ) {
        self.connection = Connection::with_sasl(self.now, options, mechanisms);
    }

    /// The transport is open.
    pub(crate) fn open(&mut self) {
        self.connection.handle_opened(self.now);
        self.drain();
    }

    /// Opens the transport and answers ApiVersions with all versions.
    pub(crate) fn open_ready(&mut self) {
        self.open();
        self.answer_versions();
        assert_eq!(self.connection.state().to_string(), "ready");
        self.forget();
    }

    pub(crate) fn answer_versions(&mut self) {
        let asked = self.take();
        assert_eq!(asked.key, ApiKey::ApiVersions);
        self.answer(&asked, &all_versions());
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, milliseconds: u64) {
        self.now += ms(milliseconds);
        let due = self.connection.next_deadline();
        let before = self.events.len();
        self.connection.handle_timer(self.now);
        let next = self.connection.next_deadline();
        assert!(next.is_none_or(|at| at > self.now), "the timer fires again");
        self.drain();
        let was_due = due.is_some_and(|at| at <= self.now);
        assert!(was_due || self.events.len() == before, "nobody was to wake");
    }

    /// Bytes arrive.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.longest = self.longest.max(bytes.len());
        let pieces: Vec<&[u8]> = match self.pieces {
            Pieces::Whole => vec![bytes],
            Pieces::Bytes => bytes.chunks(1).collect(),
            Pieces::At(at) => {
                let (one, two) = bytes.split_at(at.min(bytes.len()));
                vec![one, two]
            }
        };
        for piece in pieces {
            if self.in_buffers {
                self.buffer.extend_from_slice(piece);
                self.connection.handle_received(self.now, &mut self.buffer);
                assert!(self.buffer.is_empty(), "all of it is taken");
            } else {
                self.connection.handle_bytes(self.now, piece);
            }
        }
        self.drain();
    }

    /// The broker answers.
    pub(crate) fn answer<R: Response>(&mut self, written: &Written, message: &R) {
        let mut frame =
            frame::encode_response(Vec::new(), message, written.version, written.correlation_id)
                .unwrap();
        let bytes = frame.copy_to_bytes(frame.remaining());
        self.receive(&bytes);
    }

    /// The broker answers with a body of these bytes.
    pub(crate) fn answer_raw(&mut self, written: &Written, body: &[u8]) {
        self.receive(&response(written, body));
    }

    pub(crate) fn end_of_stream(&mut self) {
        self.connection.handle_end_of_stream(self.now);
        self.drain();
    }

    pub(crate) fn reset(&mut self) {
        let error = std::io::ErrorKind::ConnectionReset.into();
        self.connection.handle_transport_error(self.now, &error);
        self.drain();
    }

    /// Submits a frame, tagged with its key.
    pub(crate) fn submit(&mut self, key: ApiKey, version: i16) -> RequestId {
        self.submit_with(key, version, SubmitOptions::default())
    }

    pub(crate) fn submit_with(
        &mut self,
        key: ApiKey,
        version: i16,
        options: SubmitOptions,
    ) -> RequestId {
        let frame = request(key, version, BODY);
        let id = self
            .connection
            .submit_frame(self.now, &frame, options)
            .unwrap();
        self.drain();
        id
    }

    /// Closes the connection from this side.
    pub(crate) fn close(&mut self) {
        self.connection.close(self.now);
        self.drain();
    }

    /// Writes what there is to write, and takes the events.
    pub(crate) fn drain(&mut self) {
        while !self.is_stuck {
            let Some(mut transmit) = self.connection.poll_transmit() else {
                break;
            };
            let piece = match self.pieces {
                Pieces::Whole => transmit.remaining(),
                Pieces::Bytes => 1,
                Pieces::At(at) => at.min(transmit.remaining()),
            };
            self.written.extend(transmit.copy_to_bytes(piece));
            self.connection.handle_written(self.now, piece);
        }
        while let Some(event) = self.connection.poll_event() {
            self.note(event);
        }
    }

    /// Keeps an event, and as text with the bytes that it does not print.
    fn note(&mut self, event: Event) {
        let mut text = format!("{event:?}");
        if let Event::Completed(done) = &event {
            if let Outcome::Response(response) = done.outcome() {
                text += &format!(" {:?}", response.frame());
            }
        }
        self.log.push(text);
        self.events.push_back(event);
    }

    /// Lets the transport take some bytes.
    pub(crate) fn write(&mut self, bytes: usize) {
        let mut transmit = self.connection.poll_transmit().unwrap();
        self.written.extend(transmit.copy_to_bytes(bytes));
        self.connection.handle_written(self.now, bytes);
        while let Some(event) = self.connection.poll_event() {
            self.note(event);
        }
    }

    /// The bytes of the next frame that the connection wrote, without its size.
    pub(crate) fn take_frame(&mut self) -> Vec<u8> {
        let size: Vec<u8> = self.written.drain(..4).collect();
        let size = u32::from_be_bytes(size.try_into().unwrap());
        self.written
            .drain(..usize::try_from(size).unwrap())
            .collect()
    }

    /// The next request that the connection wrote.
    pub(crate) fn take(&mut self) -> Written {
        let frame = self.take_frame();
        Written::read(&frame).unwrap()
    }

    pub(crate) fn wrote_nothing(&self) -> bool {
        self.written.is_empty()
    }

    /// Passes over the events so far.
    pub(crate) fn forget(&mut self) {
        self.events.clear();
    }

    /// The events so far, without the changes of state.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        let events = self.events.drain(..);
        events
            .filter(|event| !matches!(event, Event::StateChanged { .. }))
            .collect()
    }

    /// The requests that were completed so far; other events are dropped.
    pub(crate) fn completions(&mut self) -> Vec<Completion> {
        let events = self.events.drain(..);
        events
            .filter_map(|event| match event {
                Event::Completed(completion) => Some(completion),
                _ => None,
            })
            .collect()
    }

    /// The end of the connection, which must have come; the events before it are kept.
    pub(crate) fn closed(&mut self) -> std::sync::Arc<CloseReport> {
        match self.events.back() {
            Some(Event::Closed(report)) => report.clone(),
            other => panic!("not closed, but {other:?}"),
        }
    }

    /// How the connection ended, as a line.
    pub(crate) fn close_line(&mut self) -> String {
        self.closed().to_string()
    }
}

/// The one completion, which failed.
pub(crate) fn error_of(completion: Completion) -> String {
    completion.into_response().unwrap_err().to_string()
}
