//! A machine without I/O and the transport that it speaks over: the I/O of both sides of a connection.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use bytes::BytesMut;
use kafka_codec::connection::Transmit;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Sleep, sleep_until};

use crate::transport::Transport;

/// The reads of one turn, after which other tasks have theirs.
const TURN: usize = 32;
/// The room for the first read; machines make more for large frames.
const READ_BYTES: usize = 16 * 1024;

/// What the two sides of a connection have in common.
pub(crate) trait Machine {
    fn poll_transmit(&mut self) -> Option<Transmit<'_>>;
    fn handle_written(&mut self, now: Instant, bytes: usize);
    /// Returns `false` while no bytes are to be read, so that the peer waits.
    fn wants_bytes(&self) -> bool;
    fn handle_received(&mut self, now: Instant, buffer: &mut BytesMut);
    fn handle_end_of_stream(&mut self, now: Instant);
    fn handle_transport_error(&mut self, now: Instant, error: &io::Error);
    fn handle_timer(&mut self, now: Instant);
    fn next_deadline(&self) -> Option<Instant>;
}

/// A machine with its transport.
pub(crate) struct Link<M> {
    pub(crate) machine: M,
    transport: Box<dyn Transport>,
    buffer: BytesMut,
    /// TLS may hold written bytes back until it is flushed.
    is_flushed: bool,
    /// The deadline for which the task's timer is set.
    armed: Option<Instant>,
    /// The reads since that deadline was over.
    late_reads: usize,
    /// The waker of the task, once it had its first turn: others that write leave it behind where the transport is full.
    waker: Option<Waker>,
}

impl<M: Machine> Link<M> {
    pub(crate) fn new(machine: M, transport: Box<dyn Transport>) -> Self {
        Self {
            machine,
            transport,
            buffer: BytesMut::with_capacity(READ_BYTES),
            is_flushed: true,
            armed: None,
            late_reads: 0,
            waker: None,
        }
    }

    /// Writes what the transport takes at once. Called by whoever gave the machine something to write, so that no other task
    /// has to run for it. Wakes the task if that has to do the rest.
    pub(crate) fn push(&mut self) {
        let Some(waker) = self.waker.clone() else {
            // The task has its first turn ahead of it.
            return;
        };
        let _ = self.poll_write(&mut Context::from_waker(&waker));
        let is_sooner = match (self.machine.next_deadline(), self.armed) {
            (Some(wanted), Some(armed)) => wanted < armed,
            (wanted, None) => wanted.is_some(),
            (None, Some(_)) => false,
        };
        if is_sooner {
            waker.wake();
        }
    }

    /// Gives the task its next turn.
    pub(crate) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Writes until the transport is full or nothing is left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(mut transmit) = self.machine.poll_transmit() {
            let written = ready!(pin!(self.transport.write_buf(&mut transmit)).poll(cx));
            let now = now();
            match written {
                Ok(0) => self.fail_to_write(cx, &io::ErrorKind::WriteZero.into()),
                Ok(length) => {
                    self.is_flushed = false;
                    self.machine.handle_written(now, length);
                }
                Err(error) => self.fail_to_write(cx, &error),
            }
        }
        if !self.is_flushed {
            let flushed = ready!(Pin::new(&mut self.transport).poll_flush(cx));
            self.is_flushed = true;
            if let Err(error) = flushed {
                self.fail_to_write(cx, &error);
            }
        }
        Poll::Ready(())
    }

    /// The end, which the task sees to: reading may not fail.
    fn fail_to_write(&mut self, cx: &Context<'_>, error: &io::Error) {
        self.machine.handle_transport_error(now(), error);
        cx.waker().wake_by_ref();
    }

    /// A turn of the task: one thing that can be done now, or `Pending` when nothing can.
    fn poll_step(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Option<Sleep>>) -> Poll<()> {
        let _ = self.poll_write(cx);
        let wanted = self.machine.next_deadline();
        if self.armed != wanted {
            self.armed = wanted;
            self.late_reads = 0;
            timer.set(wanted.map(|at| sleep_until(at.into())));
        }
        let sleep = timer.as_mut().as_pin_mut();
        if sleep.is_some_and(|sleep| sleep.poll(cx).is_ready()) {
            // The task may be late: what has arrived meanwhile counts, unless there is no end to it.
            self.late_reads += 1;
            if self.late_reads <= TURN && self.poll_read(cx).is_ready() {
                return Poll::Ready(());
            }
            self.armed = None;
            timer.set(None);
            self.machine.handle_timer(now());
            return Poll::Ready(());
        }
        self.poll_read(cx)
    }

    /// Reads once, if the machine wants bytes.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.machine.wants_bytes() {
            return Poll::Pending;
        }
        if !self.buffer.is_empty() {
            // Bytes of requests that had to wait.
            self.machine.handle_received(now(), &mut self.buffer);
            return Poll::Ready(());
        }
        let read = ready!(pin!(self.transport.read_buf(&mut self.buffer)).poll(cx));
        let now = now();
        match read {
            Ok(0) => self.machine.handle_end_of_stream(now),
            Ok(_) => self.machine.handle_received(now, &mut self.buffer),
            Err(error) => self.machine.handle_transport_error(now, &error),
        }
        Poll::Ready(())
    }

    /// Says goodbye by TLS, and ends the stream.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }

    /// Gives up the transport and the buffer at the end of the connection, for the caller to drop outside of locks. Handles of
    /// the connection may live on.
    pub(crate) fn release(&mut self) -> impl Sized + use<M> {
        self.waker = None;
        let transport: Box<dyn Transport> = Box::new(tokio::io::empty());
        (
            std::mem::replace(&mut self.transport, transport),
            std::mem::take(&mut self.buffer),
        )
    }
}

/// What owns a link, and takes the events of its machine.
pub(crate) trait Owner<M> {
    fn link(&mut self) -> &mut Link<M>;
    /// Takes all events. Returns `true` when the connection is over.
    fn take_events(&mut self, cx: &mut Context<'_>) -> bool;
}

/// Gives a link as many steps as it can make now, up to a bound. Ready when the connection is over.
pub(crate) fn poll_turn<M: Machine>(
    owner: &mut impl Owner<M>,
    cx: &mut Context<'_>,
    mut timer: Pin<&mut Option<Sleep>>,
) -> Poll<()> {
    let waker = &mut owner.link().waker;
    if !waker
        .as_ref()
        .is_some_and(|waker| waker.will_wake(cx.waker()))
    {
        *waker = Some(cx.waker().clone());
    }
    for _ in 0..TURN {
        if owner.take_events(cx) {
            return Poll::Ready(());
        }
        if owner.link().poll_step(cx, timer.as_mut()).is_pending() {
            // A write or a deadline may have ended something.
            return match owner.take_events(cx) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            };
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// The time by tokio's clock, which tests may stop.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{duplex, join, repeat, sink};

    use super::*;

    /// A machine whose deadline is over until bytes arrive, or for ever.
    struct Late {
        deadline: Option<Instant>,
        can_wait: bool,
        reads: usize,
        has_timed_out: bool,
    }

    impl Late {
        fn link(can_wait: bool, transport: impl Transport) -> Link<Self> {
            let machine = Self {
                // Before the start of the runtime, whose timer is ready at once.
                deadline: now().checked_sub(Duration::from_secs(1)),
                can_wait,
                reads: 0,
                has_timed_out: false,
            };
            Link::new(machine, Box::new(transport))
        }
    }

    impl Machine for Late {
        fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
            None
        }

        fn handle_written(&mut self, _: Instant, _: usize) {}

        fn wants_bytes(&self) -> bool {
            true
        }

        fn handle_received(&mut self, now: Instant, buffer: &mut BytesMut) {
            buffer.clear();
            self.reads += 1;
            if self.can_wait {
                self.deadline = Some(now + Duration::from_secs(30));
            }
        }

        fn handle_end_of_stream(&mut self, _: Instant) {}

        fn handle_transport_error(&mut self, _: Instant, _: &io::Error) {}

        fn handle_timer(&mut self, now: Instant) {
            self.has_timed_out = self.deadline.is_some_and(|at| at <= now);
        }

        fn next_deadline(&self) -> Option<Instant> {
            self.deadline
        }
    }

    impl Owner<Late> for Link<Late> {
        fn link(&mut self) -> &mut Self {
            self
        }

        fn take_events(&mut self, _: &mut Context<'_>) -> bool {
            self.machine.has_timed_out
        }
    }

    #[tokio::test]
    async fn what_arrived_before_a_late_turn_is_read_before_the_deadline_counts() {
        let (mut near, far) = duplex(100);
        near.write_all(b"in time").await.unwrap();
        let mut link = Late::link(true, far);
        let mut timer = pin!(None);
        let turn = std::future::poll_fn(|cx| Poll::Ready(poll_turn(&mut link, cx, timer.as_mut())));
        assert!(turn.await.is_pending());
        assert_eq!((link.machine.reads, link.machine.has_timed_out), (1, false));
    }

    #[tokio::test]
    async fn a_peer_that_sends_without_an_end_does_not_put_off_a_deadline() {
        let mut link = Late::link(false, join(repeat(0), sink()));
        let mut timer = pin!(None);
        std::future::poll_fn(|cx| poll_turn(&mut link, cx, timer.as_mut())).await;
        assert!(link.machine.has_timed_out);
        assert_eq!(link.machine.reads, TURN);
    }
}
