//! The process of an adapter: a thread for each of its pipes, and its end.
//!
//! No thread is waited for: a pipe ends when everything that inherited it has closed it, which the process does not decide alone.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A running process. It is killed when it is dropped, on Unix with all of its group, also if this program is killed.
pub(super) struct Process {
    child: Child,
    guard: Option<Child>,
    /// Whether its end was seen. Its number may then be that of another process.
    has_ended: bool,
    lines: Receiver<Vec<u8>>,
    errors: Errors,
}

impl Process {
    /// Starts a command. Its input is what is sent, and ends when nobody can send any more. Sending never blocks.
    pub(super) fn start(command: &[String]) -> io::Result<(Self, Sender<Vec<u8>>)> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        lead_a_group(&mut command);
        let mut child = command.spawn()?;
        let guard = guard_of(child.id());
        let stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let process = Self {
            child,
            guard,
            has_ended: false,
            lines: lines_of(stdout),
            errors: Errors::of(stderr),
        };
        Ok((process, written_to(stdin)))
    }

    /// The next line of its output, with the line feed unless the output ends without one.
    pub(super) fn line(&self, timeout: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        self.lines.recv_timeout(timeout)
    }

    /// Waits for the process to end by itself. After `limit` it is killed; then `None`.
    pub(super) fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().ok()? {
                self.has_ended = true;
                self.kill_group();
                return Some(status);
            }
            if start.elapsed() >= limit {
                self.kill();
                return None;
            }
            thread::sleep(PAUSE);
        }
    }

    pub(super) fn kill(&mut self) {
        if !self.has_ended {
            self.kill_group();
            let _ = self.child.kill();
            let _ = self.child.wait();
            self.has_ended = true;
        }
    }

    fn kill_group(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }

    /// The first line on standard error of a process that has ended. The lines behind it are a stack.
    pub(super) fn first_error(&self) -> String {
        self.errors.first_line()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Scripts start other processes. To kill them too they have to be in a group.
#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
const fn lead_a_group(_: &mut Command) {}

/// Starts what kills a group when its input ends: when this program wants it, or has ended itself.
#[cfg(unix)]
fn guard_of(leader: u32) -> Option<Child> {
    // Every shell has `kill`; a program of that name is not everywhere.
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("read -r _; kill -s KILL -- -{leader}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    lead_a_group(&mut command);
    command.spawn().ok()
}

#[cfg(not(unix))]
const fn guard_of(_: u32) -> Option<Child> {
    None
}

fn written_to(mut input: ChildStdin) -> Sender<Vec<u8>> {
    let (sender, lines) = mpsc::channel::<Vec<u8>>();
    thread::spawn(move || {
        while let Ok(mut text) = lines.recv() {
            text.extend(lines.try_iter().flatten());
            if input.write_all(&text).is_err() {
                return;
            }
        }
    });
    sender
}

fn lines_of(output: ChildStdout) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(WAITING_LINES);
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while let Ok(1..) = (&mut output).take(MAX_LINE).read_until(b'\n', &mut line) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    receiver
}

/// What a process has said on standard error, the end of it if that is long.
struct Errors {
    said: Arc<Mutex<Vec<u8>>>,
    /// Disconnected at the end of standard error.
    end: Receiver<()>,
}

impl Errors {
    fn of(mut output: ChildStderr) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let (sender, end) = mpsc::channel();
        let shared = Arc::clone(&said);
        thread::spawn(move || {
            let _sender = sender;
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let mut said = shared.lock().unwrap_or_else(PoisonError::into_inner);
                said.extend_from_slice(buffer.get(..count).unwrap_or_default());
                let excess = said.len().saturating_sub(KEPT);
                said.drain(..excess);
            }
        });
        Self { said, end }
    }

    fn first_line(&self) -> String {
        // Something else may keep standard error open.
        let _ = self.end.recv_timeout(GRACE);
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(&said);
        let first = said.lines().find(|line| !line.trim().is_empty());
        first.unwrap_or_default().to_owned()
    }
}

/// How many bytes are read as one line; the rest is the next one.
const MAX_LINE: u64 = 64 << 20;

/// How many lines of output are read ahead.
const WAITING_LINES: usize = 256;

/// How many bytes of standard error are kept.
const KEPT: usize = 1 << 16;

/// How long the rest of standard error may take to arrive.
const GRACE: Duration = Duration::from_secs(1);

/// How long to sleep before looking again whether a process has ended.
const PAUSE: Duration = Duration::from_millis(2);
