//! A parser in a process of its own: cases go in, verdicts come out. When it dies or falls silent, it is started again behind the case
//! that did it.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::{Case, Verdict};

/// Runs a command over cases `0..count` and calls `each` with every case and its verdict, in order.
///
/// # Errors
///
/// If the command cannot be started, ends before it answers its first case, or writes what is not a verdict.
pub fn run(
    command: &[String],
    count: u64,
    make: &(dyn Fn(u64) -> Case + Sync),
    timeout: Duration,
    each: &mut dyn FnMut(&Case, &Verdict),
) -> io::Result<()> {
    let mut next = 0;
    let mut deaths = 0;
    while next < count {
        let before = next;
        let death = one_process(command, next, count, make, timeout, &mut |case, verdict| {
            next = case.id + 1;
            each(case, verdict);
        })?;
        let Some(death) = death else { continue };
        if next == before {
            deaths += 1;
        } else {
            deaths = 0;
        }
        if deaths == DEATHS {
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
) -> io::Result<Option<String>> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (cases, answers) = (mpsc::sync_channel(WINDOW), lines_of(&mut child)?);
    let errors = errors_of(&mut child)?;
    let input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let died = thread::scope(|scope| {
        let (sender, made) = cases;
        scope.spawn(move || {
            let mut input = BufWriter::new(input);
            for id in start..count {
                let case = make(id);
                let is_written = serde_json::to_writer(&mut input, &case).is_ok()
                    && input.write_all(b"\n").is_ok()
                    // The process waits for what is in the buffer when the window is full.
                    && (id % FLUSH != 0 || input.flush().is_ok());
                if sender.send(case).is_err() || !is_written {
                    return;
                }
            }
        });
        let mut waiting = VecDeque::new();
        let death = loop {
            let line = match answers.recv_timeout(timeout) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = timeout.as_secs();
                    break Some(format!("no verdict in {seconds} seconds"));
                }
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            waiting.extend(made.try_iter());
            let case = match waiting.pop_front() {
                Some(case) => case,
                None => made.recv().map_err(io::Error::other)?,
            };
            let verdict: Verdict = serde_json::from_str(&line)?;
            if verdict.id != case.id {
                let text = format!("verdict {} where {} was due", verdict.id, case.id);
                return Err(io::Error::other(text));
            }
            each(&case, &verdict);
            if case.id + 1 == count {
                return Ok(None);
            }
        };
        // The writer ends when nobody reads.
        let _ = child.kill();
        drop(made);
        Ok(Some(death))
    })?;
    let status = child.wait()?;
    Ok(died.map(|death| {
        let said = errors.recv().unwrap_or_default();
        let how = death.unwrap_or_else(|| status.to_string());
        // What comes after the first line is a stack.
        let first = said.lines().find(|line| !line.trim().is_empty());
        format!("{how}: {}", first.unwrap_or_default())
    }))
}

fn lines_of(child: &mut Child) -> io::Result<Receiver<String>> {
    let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (sender, receiver) = mpsc::sync_channel(WINDOW);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// All that the process says on standard error, its end if that is long.
fn errors_of(child: &mut Child) -> io::Result<Receiver<String>> {
    let mut output = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            said.extend_from_slice(buffer.get(..count).unwrap_or_default());
            let excess = said.len().saturating_sub(1 << 16);
            said.drain(..excess);
        }
        let _ = sender.send(String::from_utf8_lossy(&said).into_owned());
    });
    Ok(receiver)
}

/// How many verdicts may be outstanding.
const WINDOW: usize = 256;

const FLUSH: u64 = 16;

/// How many processes in a row may die at their first case.
const DEATHS: u32 = 20;
