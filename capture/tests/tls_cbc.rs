//! TLS 1.2 under suites with CBC, by OpenSSL: rustls does not have them. Skipped, with a message, where Python is missing.
#![cfg(test)]
#![cfg(feature = "tls")]

mod support;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::packets::{heartbeat, heartbeat_response};
use support::talk::{CLIENT_ID, decode, expected, messages, outcomes, segments};

/// AES with 128 and 256 bits, with each of the hashes that MACs are made of.
const SUITES: [&str; 4] = [
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
];
const COUNT: i32 = 30;

/// A session: which it is, what was sent by whom, and the key log.
struct Session {
    name: String,
    sent: Vec<(bool, Vec<u8>)>,
    log: String,
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = (0..hex.len()).step_by(2);
    let bytes = digits.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
    bytes.collect()
}

/// Every suite with the MAC last and first; `None` if there is no Python to make them. `test` names the folder.
fn sessions(test: &str) -> Option<Vec<Session>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let [certificate, key, log] = ["cert.pem", "key.pem", "keylog"].map(|name| folder.join(name));
    std::fs::write(&certificate, pem("CERTIFICATE", made.cert.der())).unwrap();
    let der = made.signing_key.serialize_der();
    std::fs::write(&key, pem("PRIVATE KEY", &der)).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/openssl.py");
    let started = Command::new("python3")
        .arg(script)
        .args([&certificate, &key, &log])
        .args(SUITES)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = started else {
        eprintln!("skipped: no python3 to make TLS sessions by OpenSSL");
        return None;
    };
    let mut said = String::new();
    for id in 0..COUNT {
        let group = usize::try_from(id).unwrap() * 7 % 90;
        writeln!(said, "C {}", hex(&heartbeat(id, CLIENT_ID, group))).unwrap();
        writeln!(said, "S {}", hex(&heartbeat_response(id, 0))).unwrap();
    }
    let mut input = python.stdin.take().unwrap();
    input.write_all(said.as_bytes()).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let mut sessions: Vec<Session> = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (kind, rest) = line.split_once(' ').unwrap();
        if kind == "T" {
            sessions.push(Session {
                name: rest.to_owned(),
                sent: Vec::new(),
                log: String::new(),
            });
            continue;
        }
        let session = sessions.last_mut().unwrap();
        match kind {
            "K" => session.log += &format!("{rest}\n"),
            side => session.sent.push((side == "C", bytes_of(rest))),
        }
    }
    assert_eq!(sessions.len(), 2 * SUITES.len());
    Some(sessions)
}

#[test]
fn suites_with_cbc_are_decrypted_with_the_mac_first_and_last() {
    for session in sessions("cbc-decrypted").into_iter().flatten() {
        for max_segment in [1, 37, 1460, 100_000] {
            let (found, counts) =
                decode(&segments(&session.sent, 40_000, max_segment), &session.log);
            let name = &session.name;
            assert_eq!(messages(&found), expected(COUNT), "{name}: {counts}");
            assert_eq!(outcomes(&found), ["decrypted"], "{name}");
            assert_eq!(
                (counts.gaps, counts.undecoded, counts.tls_decrypted),
                (0, 0, 1)
            );
        }
    }
}

#[test]
fn without_the_secrets_of_suites_with_cbc_or_with_others_the_fault_is_named() {
    for session in sessions("cbc-wrong").into_iter().flatten() {
        let sent = segments(&session.sent, 40_000, 1460);
        let (found, _) = decode(&sent, "");
        assert_eq!(outcomes(&found), ["not decrypted: no secrets for it"]);
        let (start, secret) = session.log.trim_end().rsplit_once(' ').unwrap();
        let other = if secret.starts_with('0') { '1' } else { '0' };
        let wrong = format!("{start} {other}{}\n", &secret[1..]);
        let (found, _) = decode(&sent, &wrong);
        let expected = "not decrypted: its records are not under the secrets given";
        assert_eq!(outcomes(&found), [expected], "{}", session.name);
        assert!(messages(&found).is_empty());
    }
}

#[test]
fn a_changed_byte_costs_its_record_and_no_others() {
    for session in sessions("cbc-changed").into_iter().flatten() {
        let handshake = session.sent.len() - 2 * usize::try_from(COUNT).unwrap();
        // In the version, the IV, the ciphertext, its last block and the last byte.
        let length = session.sent[handshake + 20].1.len();
        for at in [5, 20, 21, length - 40, length - 17, length - 1] {
            let mut all = segments(&session.sent, 40_000, 100_000);
            let mut data = all.iter_mut().filter(|sent| !sent.payload.is_empty());
            let record = data.nth(handshake + 20).unwrap();
            assert_eq!(record.payload.len(), length);
            record.payload[at] ^= 0x10;
            let (found, counts) = decode(&all, &session.log);
            let (found, expected) = (messages(&found), expected(COUNT));
            assert!(found.iter().all(|message| expected.contains(message)));
            let missing = expected.len() - found.len();
            assert!(
                (1..=4).contains(&missing),
                "{} {at}: {missing} {counts}",
                session.name
            );
            assert!(counts.gaps > 0, "{counts}");
        }
    }
}

#[test]
fn behind_lost_packets_suites_with_cbc_are_found_again() {
    for session in sessions("cbc-lost").into_iter().flatten() {
        let all = segments(&session.sent, 40_000, 64);
        let mut sent = all.clone();
        sent.drain(all.len() / 2..all.len() / 2 + 20);
        let (found, counts) = decode(&sent, &session.log);
        let (found, expected) = (messages(&found), expected(COUNT));
        assert!(found.iter().all(|message| expected.contains(message)));
        let share = found.len() * 100 / expected.len();
        assert!(share > 60, "{}: {share} %, {counts}", session.name);
    }
}
