//! What the adapters of Rust crates share: cases are read from standard input, verdicts written to standard output, a line each.
//! Panics are caught, and the memory is counted that a case takes.

mod memory;

use std::cell::RefCell;
use std::io::{BufRead as _, Write as _};
use std::panic::{self, AssertUnwindSafe};

use serde::{Deserialize, Serialize};

/// A message to read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    pub id: u64,
    /// Kafka's name, such as `FetchRequest`.
    pub message: String,
    pub api_key: i16,
    pub version: i16,
    hex: String,
}

impl Case {
    pub fn is_request(&self) -> bool {
        self.message.ends_with("Request")
    }
}

/// What the parser made of a case.
pub enum Outcome {
    /// It read the message, and this is what it writes of it.
    Accepted(Vec<u8>),
    Refused(String),
    /// It does not have the message or the version.
    Unsupported,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    id: u64,
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unsupported: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    panicked: bool,
    /// The most bytes that were allocated at a time.
    memory: usize,
}

/// Answers every case of standard input by what `parse` makes of it.
pub fn run(parse: impl Fn(&Case, &[u8]) -> Outcome) {
    thread_local! {
        static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
    }
    panic::set_hook(Box::new(|info| {
        PANIC.with(|text| *text.borrow_mut() = info.to_string().replace('\n', ": "));
    }));
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input can be read");
        let case: Case = serde_json::from_str(&line).expect("a line is a case");
        let body = from_hex(&case.hex);
        memory::start();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| parse(&case, &body)));
        let memory = memory::peak();
        let verdict = Verdict {
            id: case.id,
            memory,
            ..Verdict::default()
        };
        let verdict = match outcome {
            Ok(Outcome::Accepted(bytes)) => Verdict {
                accepted: true,
                hex: Some(to_hex(&bytes)),
                ..verdict
            },
            Ok(Outcome::Refused(error)) => Verdict {
                error: Some(error),
                ..verdict
            },
            Ok(Outcome::Unsupported) => Verdict {
                unsupported: true,
                ..verdict
            },
            Err(_) => {
                let text = PANIC.with(|text| text.borrow().clone());
                Verdict {
                    panicked: true,
                    error: Some(text),
                    ..verdict
                }
            }
        };
        let mut text = serde_json::to_vec(&verdict).expect("verdicts are JSON");
        text.push(b'\n');
        // Line by line: what a case does to this process must not lose the verdicts before it.
        out.write_all(&text)
            .expect("standard output can be written");
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits
        .map(|pair| byte(pair).expect("cases have hexadecimal digits"))
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)].into());
        text.push(DIGITS[usize::from(byte & 15)].into());
    }
    text
}
