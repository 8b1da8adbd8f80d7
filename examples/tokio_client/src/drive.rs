//! The loop around a connection: what it wants written, read and waited for, done on a tokio stream.

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use kafka_codec::connection::{CloseReport, Completion, Connection, Event, RequestId, Transmit};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::client::{Answer, Command, SendError};

/// How long a connection that is drained waits for responses.
const DRAIN: Duration = Duration::from_secs(30);
/// How long the end of the stream may take to be sent.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// What the loop waits for.
enum Input {
    Read(io::Result<usize>),
    Written(io::Result<usize>),
    Flushed(io::Result<()>),
    Command(Option<Command>),
    Timer,
}

/// Drives a connection to its end.
pub(crate) async fn drive<T>(
    transport: T,
    mut connection: Connection,
    mut commands: mpsc::UnboundedReceiver<Command>,
    mut on_event: impl FnMut(&Event),
) -> Arc<CloseReport>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = tokio::io::split(transport);
    // The connection leaves room in it for the next read, of a large response that for all that is missing.
    let mut buffer = BytesMut::with_capacity(16 * 1024);
    let mut waiting = Waiting::default();
    let (mut has_clients, mut is_flushed) = (true, true);

    // 1. The transport is open.
    connection.handle_opened(now());
    loop {
        // 2. All events.
        while let Some(event) = connection.poll_event() {
            on_event(&event);
            match event {
                Event::Completed(completion) => waiting.complete(completion),
                // It cannot fail in a way that matters: if it does, the connection is about to close.
                Event::KeepAliveDue { .. } => drop(connection.probe(now())),
                Event::Closed(report) => {
                    // TLS says goodbye, if it still can.
                    let _ = timeout(SHUTDOWN, writer.shutdown()).await;
                    return report;
                }
                _ => {}
            }
        }

        // 3. and 4. Write, and wait for whatever comes first. Requests wait until versions can be chosen.
        let deadline = connection.next_deadline().map(Instant::from_std);
        let takes_commands = has_clients && !connection.state().is_initial();
        let mut transmit = connection.poll_transmit();
        let has_output = transmit.is_some() || !is_flushed;
        let input = tokio::select! {
            read = reader.read_buf(&mut buffer) => Input::Read(read),
            output = output(&mut writer, transmit.as_mut()), if has_output => output,
            command = commands.recv(), if takes_commands => Input::Command(command),
            () = until(deadline) => Input::Timer,
        };

        // 5. Say what happened.
        match input {
            Input::Read(Ok(0)) => connection.handle_end_of_stream(now()),
            Input::Read(Ok(_)) => connection.handle_received(now(), &mut buffer),
            Input::Written(Ok(length)) => {
                is_flushed = false;
                connection.handle_written(now(), length);
            }
            Input::Flushed(Ok(())) => is_flushed = true,
            Input::Read(Err(error)) | Input::Written(Err(error)) | Input::Flushed(Err(error)) => {
                connection.handle_transport_error(now(), &error)
            }
            Input::Command(Some(command)) => waiting.obey(command, &mut connection),
            Input::Command(None) => {
                has_clients = false;
                connection.drain(now(), DRAIN);
            }
            Input::Timer => connection.handle_timer(now()),
        }
    } // 6. Go to 2.
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// Writes, or if there is nothing to write, flushes what TLS may hold back. What was not done when this is dropped was not begun.
async fn output(
    writer: &mut (impl AsyncWrite + Unpin),
    transmit: Option<&mut Transmit<'_>>,
) -> Input {
    match transmit {
        None => Input::Flushed(writer.flush().await),
        Some(transmit) => Input::Written(match writer.write_buf(transmit).await {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            written => written,
        }),
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

/// Who waits for which response, by tag.
#[derive(Default)]
struct Waiting(HashMap<u64, (RequestId, oneshot::Sender<Answer>)>);

impl Waiting {
    fn obey(&mut self, command: Command, connection: &mut Connection) {
        match command {
            Command::Send {
                tag,
                submit,
                answer,
            } => match submit(connection, Instant::now()) {
                Ok(id) => drop(self.0.insert(tag, (id, answer))),
                // Whoever asked may have gone, here and below.
                Err(error) => drop(answer.send(Err(SendError::Submit(error)))),
            },
            Command::Cancel { tag } => {
                if let Some((id, _)) = self.0.get(&tag) {
                    connection.cancel(now(), *id);
                }
            }
            Command::Drain => connection.drain(now(), DRAIN),
        }
    }

    fn complete(&mut self, completion: Completion) {
        if let Some((_, answer)) = self.0.remove(&completion.tag()) {
            let response = completion.into_response().map_err(SendError::Failed);
            drop(answer.send(response));
        }
    }
}
