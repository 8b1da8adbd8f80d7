//! Throughput of TLS: a capture of large requests decoded, against bare decryption of the same records.
//!
//! ```text
//! cargo bench -p kafka-capture --bench tls
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the sessions are made by the support of the tests"
)]

#[path = "../tests/support/packets.rs"]
#[allow(dead_code, reason = "only a part of it is used")]
mod packets;
#[path = "../tests/support/tls.rs"]
#[allow(dead_code, reason = "only a part of it is used")]
mod tls;

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;
use kafka_capture::input::{Input, Packets};
use kafka_capture::output::Sink;
use kafka_capture::{Decoder, Event, EventKind};
use packets::{Conversation, capture};
use tls::{Ends, Special, suites};

const REQUESTS: i32 = 100;
const REQUEST_BYTES: usize = 1 << 20;
const RUNS: usize = 5;

/// Counts the bytes of messages.
struct Bytes(u64);

impl Sink for Bytes {
    fn event(&mut self, event: &Event<'_>) {
        if let EventKind::Message(message) = &event.kind {
            self.0 += message.bytes;
        }
    }
}

/// A Produce request in version 3 with acks 0 and zeros for records.
fn produce(id: i32) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 3];
    bytes.extend(id.to_be_bytes());
    bytes.extend([0, 2, b'm', b'e', 0xff, 0xff, 0, 0, 0, 0, 0, 1]);
    bytes.extend([0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0]);
    bytes.extend(u32::try_from(REQUEST_BYTES).unwrap().to_be_bytes());
    bytes.resize(bytes.len() + REQUEST_BYTES, 0);
    packets::frame(&bytes)
}

fn fastest(mut run: impl FnMut()) -> Duration {
    let timed = (0..RUNS).map(|_| {
        let begin = Instant::now();
        run();
        begin.elapsed()
    });
    timed.min().unwrap()
}

fn bare<C: AeadInOut + KeyInit>(record: usize, records: usize) -> Duration {
    let cipher = C::new_from_slice(&vec![7; C::key_size()]).unwrap();
    let nonce = Default::default();
    let mut sealed = vec![1; record];
    let tag = cipher
        .encrypt_inout_detached(&nonce, b"", sealed.as_mut_slice().into())
        .unwrap();
    let mut buffer = sealed.clone();
    fastest(|| {
        for _ in 0..records {
            buffer.copy_from_slice(&sealed);
            let opened =
                cipher.decrypt_inout_detached(&nonce, b"", buffer.as_mut_slice().into(), &tag);
            opened.unwrap();
            black_box(&buffer);
        }
    })
}

fn main() {
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        for id in 0..REQUESTS {
            talk.say(true, &produce(id));
        }
        let ciphertext: usize = talk.sent.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut conversation = Conversation::new(40_000);
        for (from_client, bytes) in &talk.sent {
            conversation.send(*from_client, bytes, 32_000);
        }
        let file = capture(&conversation.sent);
        let log = ends.log.text();
        let decoded = fastest(|| {
            let input = Input::new(
                "bench".to_owned(),
                Box::new(std::io::Cursor::new(file.clone())),
            );
            let mut decoder = Decoder::new(vec![packets::BROKER_PORT]);
            decoder.secrets().add(log.as_bytes());
            let mut bytes = Bytes(0);
            let mut packets = Packets::new(input.unwrap()).unwrap();
            let read = packets.for_each(
                |packet| {
                    decoder.packet(&packet, &mut bytes);
                    ControlFlow::Continue(())
                },
                || {},
            );
            read.unwrap();
            let counts = decoder.finish(&mut bytes);
            assert_eq!(
                counts.requests,
                u64::try_from(REQUESTS).unwrap(),
                "{counts}"
            );
            assert!(bytes.0 > u64::try_from(REQUESTS).unwrap() << 20);
        });
        let name = format!("{:?}", suite.suite());
        let (record, records) = (1 << 14, ciphertext >> 14);
        let alone = if name.contains("AES_128") {
            bare::<Aes128Gcm>(record, records)
        } else if name.contains("AES_256") {
            bare::<Aes256Gcm>(record, records)
        } else {
            bare::<ChaCha20Poly1305>(record, records)
        };
        let rate = |time: Duration| ciphertext as f64 / 1e6 / time.as_secs_f64();
        println!(
            "{name}: decoded {:.0} MB/s, bare decryption {:.0} MB/s, {:.0} %",
            rate(decoded),
            rate(alone),
            100.0 * alone.as_secs_f64() / decoded.as_secs_f64()
        );
    }
}
