//! What the tasks of a program hold: requests go in, responses come out. Bytes are not known here.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use kafka_codec::connection::{
    CloseReport, Connection, ConnectionError, Event, RawResponse, RequestId, ResponseTypeError,
    SubmitError, SubmitOptions,
};
use kafka_codec::{Request, ResponseFrame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::drive::drive;

/// A connection to a broker, for any number of tasks. It is closed when the last clone of this is dropped and all responses
/// have come.
#[derive(Clone)]
pub struct Client {
    commands: mpsc::UnboundedSender<Command>,
    next_tag: Arc<AtomicU64>,
    end: Arc<OnceLock<Arc<CloseReport>>>,
}

/// What comes back for a request.
pub(crate) type Answer = Result<Option<RawResponse>, SendError>;

/// Submits a request: which type it is of is only known to who sends it.
pub(crate) type Submit =
    Box<dyn FnOnce(&mut Connection, Instant) -> Result<RequestId, SubmitError> + Send>;

/// What the tasks want of the connection.
pub(crate) enum Command {
    Send {
        tag: u64,
        submit: Submit,
        answer: oneshot::Sender<Answer>,
    },
    /// Nobody waits for the response any more.
    Cancel { tag: u64 },
    /// Close when the responses have come.
    Drain,
}

impl Client {
    /// Drives `connection` over `transport` on a task of its own, which ends with the connection. `on_event` sees every
    /// event, for logs and metrics.
    pub fn spawn<T>(
        transport: T,
        connection: Connection,
        on_event: impl FnMut(&Event) + Send + 'static,
    ) -> (Self, JoinHandle<Arc<CloseReport>>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (commands, received) = mpsc::unbounded_channel();
        let end = Arc::new(OnceLock::new());
        let client = Self {
            commands,
            next_tag: Arc::default(),
            end: end.clone(),
        };
        let driver = tokio::spawn(async move {
            let report = drive(transport, connection, received, on_event).await;
            end.get_or_init(|| report).clone()
        });
        (client, driver)
    }

    /// Sends a request and waits for the response, which is decoded where it is used. If this future is dropped, the request
    /// is cancelled.
    ///
    /// # Errors
    ///
    /// [`SendError`].
    pub async fn send<R>(
        &self,
        request: R,
        options: SubmitOptions,
    ) -> Result<ResponseFrame<R>, SendError>
    where
        R: Request + Send + 'static,
    {
        let tag = self.next_tag.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let options = options.with_tag(tag);
        let command = Command::Send {
            tag,
            submit: Box::new(move |connection, now| {
                connection.submit(now.into_std(), &request, options)
            }),
            answer,
        };
        self.commands.send(command).map_err(|_| self.ended())?;
        let mut dropped = CancelOnDrop {
            client: self,
            tag: Some(tag),
        };
        let response = answered.await.map_err(|_| self.ended());
        dropped.tag = None;
        let response = response??.ok_or(SendError::NoResponse)?;
        response.into_typed().map_err(SendError::Response)
    }

    /// Closes the connection when the responses to all requests so far have come.
    pub fn drain(&self) {
        // If it is over already, there is nothing to do.
        let _ = self.commands.send(Command::Drain);
    }

    fn ended(&self) -> SendError {
        SendError::Ended(self.end.get().cloned())
    }
}

/// Tells the connection that nobody waits any more, unless somebody got the answer.
struct CancelOnDrop<'a> {
    client: &'a Client,
    tag: Option<u64>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(tag) = self.tag {
            let _ = self.client.commands.send(Command::Cancel { tag });
        }
    }
}

/// Why there is no response.
#[derive(Debug)]
pub enum SendError {
    /// The request was not accepted.
    Submit(SubmitError),
    /// It failed, and says how far it had got.
    Failed(ConnectionError),
    /// The connection was over before.
    Ended(Option<Arc<CloseReport>>),
    /// The request has none: Produce with acks 0. It was written.
    NoResponse,
    /// The response is not the one to the request.
    Response(ResponseTypeError),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submit(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
            Self::Ended(Some(report)) => write!(f, "the connection was over before: {report}"),
            Self::Ended(None) => f.write_str("the connection was over before"),
            Self::NoResponse => f.write_str("the request was written, and has no response"),
            Self::Response(error) => error.fmt(f),
        }
    }
}

impl Error for SendError {}
