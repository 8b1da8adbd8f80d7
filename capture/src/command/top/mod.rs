//! `kafka-capture top`: what happens just now, in a terminal.
//!
//! Captures are decoded in a thread of its own, which waits for the screen no longer than it takes to copy what is shown.

mod draw;
mod feed;
mod state;
mod text;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use clap::Args;
use crossterm::event::{self, Event, KeyEventKind};
use kafka_capture::Counts;
use ratatui::DefaultTerminal;

use self::feed::{Feed, Shared};
use self::state::{Screen, Status};
use super::decode::has_colours;
use super::exit::{CODES, Failure, Faults};
use super::input::InputOptions;
use super::live;
use super::progress::Progress;

/// How often the screen is drawn anew when nobody presses a key.
const REDRAW: Duration = Duration::from_millis(200);
/// For how long the screen waits for the first packet, and the end for the last.
const PATIENCE: Duration = Duration::from_millis(500);

/// Show what happens just now: rates, latencies and errors by API, client, topic and broker, and what just went wrong
///
/// A live capture is shown as it comes, a file at the speed that it was captured with. Press ? for the keys.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(super) struct Top {
    #[command(flatten)]
    input: InputOptions,

    /// Show files so many times as fast as they were captured; 0: as fast as they can be read
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    speed: f64,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture top --interface eth0
  tcpdump -i any -U -w - tcp port 9092 | kafka-capture top -
  ssh broker tcpdump -i any -U -w - tcp port 9092 |
    kafka-capture top --client-id billing -
  kafka-capture top --speed 10 broker.pcapng";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.0..=1e6).contains(&factor) => Ok(factor),
        _ => Err("expected a number from 0 to 1000000".to_owned()),
    }
}

/// What is left when decoding is over.
struct Ended {
    counts: Counts,
    failures: Vec<Failure>,
}

impl Top {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let mut faults = Faults::new(&progress);
        if !io::stdout().is_terminal() {
            let why = "the standard output is not a terminal; summary and decode write to files";
            faults.add(Failure::State("top".to_owned(), why.to_owned()));
            return faults.code();
        }
        let shared = Arc::new(Shared::default());
        let name = self.input.name();
        // What is read from a pipe comes at its own speed.
        let speed = self.input.are_files().then_some(self.speed);
        let is_live = speed.is_none();
        let (to, from) = mpsc::channel();
        let decoding = Arc::clone(&shared);
        std::thread::spawn(move || {
            let ended = decode(&self.input, speed, &decoding);
            decoding.has_ended.store(true, Ordering::Release);
            // Nobody listens if the user has left.
            let _ = to.send((ended, self.input));
        });
        // What is wrong with the command line is said before the screen is taken.
        let begun = Instant::now();
        while !shared.has_begun() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        let shown = if shared.has_ended() && shared.is_empty() {
            Ok(())
        } else {
            show(&shared, Screen::new(name, is_live, has_colours()))
        };
        let was_over = shared.has_ended();
        shared.is_done.store(true, Ordering::Release);
        live::interrupt();
        if let Err(error) = shown {
            faults.add(Failure::Output(error));
        }
        // What is not read to its end by then may wait for packets that never come.
        let Ok((ended, input)) = from.recv_timeout(PATIENCE) else {
            return faults.code();
        };
        for failure in ended.failures {
            faults.add(failure);
        }
        if was_over {
            input.expect_kafka(&ended.counts, &mut faults);
        }
        faults.end(&ended.counts)
    }
}

fn decode(input: &InputOptions, speed: Option<f64>, shared: &Arc<Shared>) -> Ended {
    let progress = Progress::hidden();
    let mut faults = Faults::silent(&progress);
    let mut feed = Feed::new(Arc::clone(shared), input.filter(false), speed);
    let (counts, _) = input.decode(&progress, &mut faults, &mut feed);
    Ended {
        counts,
        failures: faults.into_kept(),
    }
}

/// Shows the screen until the user leaves.
fn show(shared: &Shared, mut screen: Screen) -> io::Result<()> {
    let terminate = shared.watch_signals()?;
    let mut terminal = ratatui::try_init()?;
    let shown = run(&mut terminal, shared, &mut screen, &terminate);
    ratatui::try_restore()?;
    shown
}

fn run(
    terminal: &mut DefaultTerminal,
    shared: &Shared,
    screen: &mut Screen,
    terminate: &std::sync::atomic::AtomicBool,
) -> io::Result<()> {
    loop {
        if !screen.is_paused() {
            let (view, window) = screen.wanted();
            let status = if shared.has_ended() {
                Status::Ended
            } else {
                Status::Running
            };
            screen.update(shared.snapshot(view, window), status);
        }
        terminal.draw(|frame| draw::screen(frame, screen))?;
        let next = Instant::now() + REDRAW;
        loop {
            let wait = next.saturating_duration_since(Instant::now());
            if terminate.load(Ordering::Relaxed) {
                return Ok(());
            }
            if !event::poll(wait)? {
                break;
            }
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if screen.key(key).is_break() {
                        return Ok(());
                    }
                    break;
                }
                Event::Resize(..) => break,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
