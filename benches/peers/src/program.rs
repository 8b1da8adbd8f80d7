//! A program of the table of peers: started, told what to do, and its CPU time as the system counts it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// A running program. Dropping it ends it, as its standard input ends.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    clock: ClockId,
}

impl Program {
    /// Starts a command of the shell.
    ///
    /// # Panics
    ///
    /// If there is no shell.
    pub fn start(command: &str) -> Self {
        let mut child = Command::new("sh")
            // The program takes the shell's place, and with it the number of its process.
            .args(["-c", &format!("exec {command}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let id = i32::try_from(child.id()).expect("the number of a process");
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().expect("it is piped")),
            clock: clock_getcpuclockid(Pid::from_raw(id)).expect("a process of ours"),
            child,
        }
    }

    /// Sends a line and returns the answer; absent if the program ended.
    pub fn ask(&mut self, line: &str) -> Option<String> {
        writeln!(self.stdin.as_mut()?, "{line}").ok()?;
        let mut answer = String::new();
        let read = self.stdout.read_line(&mut answer).ok()?;
        (read > 0).then(|| answer.trim_end().to_owned())
    }

    /// Microseconds of CPU time that the program takes, all of its threads together, to do something this often.
    ///
    /// # Panics
    ///
    /// If it ends.
    pub fn time(&mut self, work: &str, times: u32) -> f64 {
        let before = self.cpu();
        let answer = self.ask(&format!("{work} {times}"));
        assert_eq!(answer.as_deref(), Some("done"), "{work} {times}");
        self.cpu() - before
    }

    fn cpu(&self) -> f64 {
        let time = self.clock.now().expect("it runs");
        time.tv_sec() as f64 * 1e6 + time.tv_nsec() as f64 / 1e3
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // Whatever it ended with, it is gone.
        let _ = self.child.wait();
    }
}
