//! From the decoder to the screen: what both share, and the speed of files.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kafka_capture::analysis::Filtered;
use kafka_capture::output::{Filter, Sink};
use kafka_capture::top::{Snapshot, Top, View};
use kafka_capture::{End, Event};

use crate::command::input::Target;

/// How long the feed sleeps at most before it looks whether the user has left.
const NAP: Duration = Duration::from_millis(50);

/// What the decoder's thread and the screen share.
#[derive(Default)]
pub(super) struct Shared {
    top: Mutex<Top>,
    clock: Mutex<Clock>,
    /// The user has left.
    pub(super) is_done: AtomicBool,
    /// All is decoded.
    pub(super) has_ended: AtomicBool,
}

/// How the time of the capture goes on between packets.
#[derive(Clone, Copy, Default)]
struct Clock {
    /// When the last packet came, and how fast time goes; none if it goes with the packets.
    last: Option<(Instant, f64)>,
}

impl Shared {
    fn top(&self) -> MutexGuard<'_, Top> {
        self.top.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_begun(&self) -> bool {
        self.has_ended() || !self.is_empty()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Whether there was no packet.
    pub(super) fn is_empty(&self) -> bool {
        self.top().now().is_none()
    }

    /// What is to be seen now.
    pub(super) fn snapshot(&self, view: View, window: Option<u8>) -> Snapshot {
        let clock = *self.clock();
        let mut top = self.top();
        let mut now = top.now().unwrap_or_default();
        if let (Some((last, speed)), false) = (clock.last, self.has_ended()) {
            let gone = last.elapsed().mul_f64(speed);
            let gone = i64::try_from(gone.as_nanos()).unwrap_or(i64::MAX);
            now = now.saturating_add(gone);
        }
        top.check(now);
        top.snapshot(view, window, now)
    }

    /// Whether the program is asked to end: the terminal has to be given back before it does.
    pub(super) fn watch_signals(&self) -> io::Result<Arc<AtomicBool>> {
        let asked = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(asked)
    }
}

/// What is decoded goes here.
pub(super) struct Feed {
    shared: Arc<Shared>,
    sink: Filtered<Locked>,
    pace: Pace,
}

/// How fast packets are handed on.
enum Pace {
    /// As they come; time goes on while none comes.
    Live,
    /// As fast as they can be read.
    Free,
    /// So many times as fast as they were captured, since that moment and time.
    Timed(f64, Option<(Instant, i64)>),
}

struct Locked(Arc<Shared>);

impl Sink for Locked {
    fn event(&mut self, event: &Event<'_>) {
        self.0.top().event(event);
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.0.top().hidden(event);
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.0.top().earlier(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.0.top().end(end);
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        self.0.top().ended_earlier(end);
    }
}

impl Feed {
    /// `speed`: that of a file; `None` if packets come as they are captured.
    pub(super) fn new(shared: Arc<Shared>, filter: Filter, speed: Option<f64>) -> Self {
        let pace = match speed {
            None => Pace::Live,
            Some(speed) if speed > 0.0 => Pace::Timed(speed, None),
            Some(_) => Pace::Free,
        };
        Self {
            sink: Filtered::new(Locked(Arc::clone(&shared)), filter),
            shared,
            pace,
        }
    }

    fn is_done(&self) -> bool {
        self.shared.is_done.load(Ordering::Acquire)
    }

    /// Waits until a packet of this time is due.
    fn wait(&mut self, time: i64) {
        let Pace::Timed(speed, begun) = &mut self.pace else {
            return;
        };
        let (start, first) = *begun.get_or_insert_with(|| (Instant::now(), time));
        let offset = u64::try_from(time.saturating_sub(first)).unwrap_or(0);
        let due = Duration::from_nanos(offset).div_f64(*speed);
        while !self.is_done() {
            let rest = due.saturating_sub(start.elapsed());
            if rest.is_zero() {
                break;
            }
            std::thread::sleep(rest.min(NAP));
        }
    }
}

impl Sink for Feed {
    fn event(&mut self, event: &Event<'_>) {
        self.sink.event(event);
    }

    fn hidden(&mut self, event: &Event<'_>) {
        self.sink.hidden(event);
    }

    fn earlier(&mut self, event: &Event<'_>) {
        self.sink.earlier(event);
    }

    fn end(&mut self, end: &End<'_>) {
        self.sink.end(end);
    }

    fn ended_earlier(&mut self, end: &End<'_>) {
        self.sink.ended_earlier(end);
    }
}

impl Target for Feed {
    fn packet(&mut self, time: i64) {
        self.wait(time);
        let speed = match &self.pace {
            Pace::Live => Some(1.0),
            Pace::Timed(speed, _) => Some(*speed),
            Pace::Free => None,
        };
        self.shared.clock().last = speed.map(|speed| (Instant::now(), speed));
        self.shared.top().packet(time);
    }

    fn is_done(&self) -> bool {
        self.is_done()
    }
}
