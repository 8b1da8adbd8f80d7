//! Capturing directly: `dumpcap` or `tcpdump` runs as a child, and what it writes is read as it comes.

use std::io::{self, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::exit::Failure;

/// How much of what a child says is kept.
const MAX_SAID_BYTES: u64 = 16 << 10;

/// The child that captures, to be ended by [`interrupt`].
static CAPTURING: Mutex<Option<Capturing>> = Mutex::new(None);

/// The child, and whether it is interrupted.
type Capturing = (Arc<Mutex<Child>>, Arc<AtomicBool>);

/// Ends the capture, as Ctrl-C does; nothing if there is none.
#[cfg(feature = "top")]
pub(super) fn interrupt() {
    let capturing = CAPTURING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((child, is_interrupted)) = &*capturing {
        is_interrupted.store(true, Ordering::Relaxed);
        kill(child);
    }
}

/// A child that captures.
pub(super) struct Live {
    tool: &'static str,
    interface: String,
    child: Arc<Mutex<Child>>,
    said: Option<JoinHandle<String>>,
    is_interrupted: Arc<AtomicBool>,
}

/// The programs that can capture, the preferred first, and their arguments.
const TOOLS: [(&str, &[&str]); 2] = [
    ("dumpcap", &["-q", "-P", "-w", "-", "-f"]),
    ("tcpdump", &["-U", "-w", "-"]),
];

impl Live {
    /// Begins to capture on an interface; of TCP to and from these ports, or of all TCP if there are none. Returns what
    /// the child writes, too.
    pub(super) fn begin(
        interface: &str,
        ports: &[u16],
    ) -> Result<(Self, Box<dyn Read + Send>), Failure> {
        let mut refused = Vec::new();
        for (tool, arguments) in TOOLS {
            match Self::run(tool, arguments, interface, ports) {
                Ok((live, first, bytes)) if !first.is_empty() => {
                    live.watch_interrupt()?;
                    return Ok((live, Box::new(io::Cursor::new(first).chain(bytes))));
                }
                Ok((mut live, ..)) => {
                    kill(&live.child);
                    refused.push(format!("{tool}: {}", refusal(tool, &live.last_words())));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => refused.push(format!("{tool}: {error}")),
            }
        }
        let why = if refused.is_empty() {
            "neither dumpcap nor tcpdump is there; install one of them".to_owned()
        } else {
            refused.join("; ")
        };
        let lower = why.to_lowercase();
        let is_right = ["permission", "permitted", "privilege"]
            .iter()
            .any(|word| lower.contains(word));
        let hint = if is_right {
            " (capturing needs rights: run as root, or give the program CAP_NET_RAW)"
        } else {
            ""
        };
        Err(Failure::State(
            format!("capturing on {interface}"),
            format!("{why}{hint}"),
        ))
    }

    /// The child, the first bytes that it writes, and the others; no bytes if it ends without any.
    fn run(
        tool: &'static str,
        arguments: &[&str],
        interface: &str,
        ports: &[u16],
    ) -> io::Result<(Self, Vec<u8>, impl Read + Send + use<>)> {
        let ports: Vec<_> = ports.iter().map(|port| format!("port {port}")).collect();
        let filter = match ports.as_slice() {
            [] => "tcp".to_owned(),
            ports => format!("tcp and ({})", ports.join(" or ")),
        };
        let mut child = Command::new(tool)
            .args(["-i", interface])
            .args(arguments)
            .arg(filter)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (bytes, said) = (child.stdout.take(), child.stderr.take());
        let mut bytes = bytes.ok_or(io::ErrorKind::BrokenPipe)?;
        let said = said.ok_or(io::ErrorKind::BrokenPipe)?;
        let live = Self {
            tool,
            interface: interface.to_owned(),
            child: Arc::new(Mutex::new(child)),
            said: Some(std::thread::spawn(|| listen(said))),
            is_interrupted: Arc::new(AtomicBool::new(false)),
        };
        // The header of the file comes at once, unless the child cannot capture.
        let mut first = vec![0; 4];
        let read = bytes.read(&mut first)?;
        first.truncate(read);
        Ok((live, first, bytes))
    }

    /// Ctrl-C ends the capture, and not this program.
    fn watch_interrupt(&self) -> Result<(), Failure> {
        let (child, is_interrupted) = (Arc::clone(&self.child), Arc::clone(&self.is_interrupted));
        let capturing = (Arc::clone(&child), Arc::clone(&is_interrupted));
        *CAPTURING.lock().unwrap_or_else(PoisonError::into_inner) = Some(capturing);
        let handler = move || {
            is_interrupted.store(true, Ordering::Relaxed);
            // The terminal interrupts the child as well, which says at its end what it could not capture.
            for _ in 0..20 {
                if has_ended(&child) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            kill(&child);
        };
        ctrlc::set_handler(handler).map_err(|error| {
            Failure::State(
                format!("capturing on {}", self.interface),
                error.to_string(),
            )
        })
    }

    /// Ends the capture. What went wrong, if it was not ended by the user. `is_read`: all that the child wrote was read.
    pub(super) fn end(mut self, is_read: bool) -> Option<Failure> {
        if !is_read {
            kill(&self.child);
        }
        let is_interrupted = self.is_interrupted.load(Ordering::Relaxed);
        let words = self.last_words();
        for line in words
            .lines()
            .filter(|line| line.trim_end().ends_with("dropped by kernel"))
        {
            if !line.trim_start().starts_with("0 ") {
                eprintln!("kafka-capture: {}: {}", self.tool, line.trim());
            }
        }
        let status = lock(&self.child).wait();
        match status {
            Ok(status) if status.success() || is_interrupted || !is_read => None,
            Ok(_) => Some(Failure::State(
                format!("capturing on {}", self.interface),
                format!("{}: {words}", self.tool),
            )),
            Err(error) => Some(Failure::State(self.interface.clone(), error.to_string())),
        }
    }

    /// Returns `true` if the user has ended it.
    pub(super) fn is_interrupted(&self) -> bool {
        self.is_interrupted.load(Ordering::Relaxed)
    }

    /// What the child said, once it is over.
    fn last_words(&mut self) -> String {
        let said = self.said.take().and_then(|said| said.join().ok());
        said.unwrap_or_default().trim().to_owned()
    }
}

/// What of a child's words says why it does not capture: its first line, and what is in parentheses behind. The rest is advice
/// for some system.
fn refusal(tool: &str, words: &str) -> String {
    let lines = words.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with("Capturing on"));
    let first = lines.next().unwrap_or_default();
    let prefix = first
        .strip_prefix(tool)
        .and_then(|rest| rest.strip_prefix(": "));
    let first = prefix.unwrap_or(first);
    match lines.next() {
        Some(reason) if reason.starts_with('(') => format!("{first} {reason}"),
        _ => first.to_owned(),
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

fn has_ended(child: &Mutex<Child>) -> bool {
    matches!(lock(child).try_wait(), Ok(Some(_)))
}

fn kill(child: &Mutex<Child>) {
    // If it has ended, there is nothing to be ended.
    let _ = lock(child).kill();
}

/// Reads to the end, and keeps the beginning.
fn listen(mut said: ChildStderr) -> String {
    let mut kept = Vec::new();
    // What cannot be read is not said.
    let _ = said.by_ref().take(MAX_SAID_BYTES).read_to_end(&mut kept);
    let _ = io::copy(&mut said, &mut io::sink());
    String::from_utf8_lossy(&kept).into_owned()
}
