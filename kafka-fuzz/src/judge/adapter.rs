//! A parser in a process of its own: cases go in, verdicts come out. When it dies or falls silent, it is started again behind the case
//! that did it.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::process::Process;
use super::{Case, Verdict};

/// Runs a command over cases `0..count` and calls `each` with every case and its verdict, in order.
///
/// A process that gives no verdict in `timeout` is killed, and so is one that has answered all cases and does not end in that time.
///
/// # Errors
///
/// If the command cannot be started, if it ends before its first verdict twenty times, if twenty processes in a row give no verdict
/// in `timeout`, or if it writes what is not the verdict that was due. `each` was called with the verdicts before that.
pub fn run(
    command: &[String],
    count: u64,
    make: &(dyn Fn(u64) -> Case + Sync),
    timeout: Duration,
    each: &mut dyn FnMut(&Case, &Verdict),
) -> io::Result<()> {
    let mut next = 0;
    let (mut deaths, mut silences) = (0, 0);
    let mut has_answered = false;
    while next < count {
        let death = one_process(command, next, count, make, timeout, &mut |case, verdict| {
            next = case.id + 1;
            (has_answered, silences) = (true, 0);
            each(case, verdict);
        })?;
        let Some((how, death)) = death else { continue };
        // An adapter that has answered works: what it dies of is in the cases. Waiting for each would take days.
        deaths += u32::from(!has_answered);
        silences += u32::from(matches!(how, End::Silence));
        if deaths == DEATHS || silences == DEATHS {
            return Err(io::Error::other(format!(
                "the command does not answer: {death}"
            )));
        }
        let case = make(next);
        let verdict = Verdict {
            id: next,
            died: true,
            error: Some(death),
            ..Verdict::default()
        };
        each(&case, &verdict);
        next += 1;
    }
    Ok(())
}

/// Runs one process until it has answered all or dies; then how it died.
fn one_process(
    command: &[String],
    start: u64,
    count: u64,
    make: &(dyn Fn(u64) -> Case + Sync),
    timeout: Duration,
    each: &mut dyn FnMut(&Case, &Verdict),
) -> io::Result<Option<(End, String)>> {
    let (mut process, input) = Process::start(command)?;
    let (sender, made) = mpsc::sync_channel(WINDOW);
    let end = thread::scope(|scope| {
        // This thread ends when `made` is dropped, whatever the process does with its input.
        scope.spawn(move || {
            for id in start..count {
                let case = make(id);
                let Ok(mut line) = serde_json::to_vec(&case) else {
                    return;
                };
                line.push(b'\n');
                // A process that has closed its input may still answer.
                let _ = input.send(line);
                if sender.send(case).is_err() {
                    return;
                }
            }
        });
        verdicts(&process, made, count, timeout, each)
    })?;
    let text = match end {
        End::AllAnswered => {
            process.wait(timeout);
            return Ok(None);
        }
        End::Silence => {
            process.kill();
            format!("no verdict in {} seconds", timeout.as_secs())
        }
        End::OutputEnded => match process.wait(timeout) {
            Some(status) => status.to_string(),
            None => "its output ended before the process".to_owned(),
        },
    };
    let error = process.first_error();
    let text = match error.as_str() {
        "" => text,
        error => format!("{text}: {error}"),
    };
    Ok(Some((end, text)))
}

/// Why a process gives no more verdicts.
enum End {
    /// The last case was answered.
    AllAnswered,
    /// No verdict came in time.
    Silence,
    /// The output of the process ended.
    OutputEnded,
}

/// Reads the verdicts of a process about the cases that are `made` for it.
fn verdicts(
    process: &Process,
    made: Receiver<Case>,
    count: u64,
    timeout: Duration,
    each: &mut dyn FnMut(&Case, &Verdict),
) -> io::Result<End> {
    let mut number = 0_u64;
    loop {
        let line = match process.line(timeout) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Ok(End::Silence),
            Err(RecvTimeoutError::Disconnected) => return Ok(End::OutputEnded),
        };
        number += 1;
        let text = String::from_utf8_lossy(&line);
        let verdict: Verdict = match serde_json::from_str(&text) {
            Ok(verdict) => verdict,
            // A process that dies while it writes.
            Err(_) if !line.ends_with(b"\n") => return Ok(End::OutputEnded),
            Err(_) => {
                let shown: String = text.trim_end().chars().take(SHOWN).collect();
                return Err(io::Error::other(format!(
                    "line {number} of the adapter's output is not a verdict: `{shown}`"
                )));
            }
        };
        let case = made.recv().map_err(io::Error::other)?;
        if verdict.id != case.id {
            return Err(io::Error::other(format!(
                "line {number} of the adapter's output is verdict {} (expected {})",
                verdict.id, case.id
            )));
        }
        each(&case, &verdict);
        if case.id + 1 == count {
            return Ok(End::AllAnswered);
        }
    }
}

/// How many verdicts may be outstanding.
const WINDOW: usize = 256;

/// How many processes may die while there was no verdict at all.
const DEATHS: u32 = 20;

/// How many characters of a wrong line are in the error.
const SHOWN: usize = 200;
