//! What the fuzz target `tls` does, shared by `fuzz/` and `tls_mutations.rs`: packets of real TLS sessions are lost,
//! repeated, reordered and damaged. What is found must be what was said: records are authenticated.
#![allow(dead_code, reason = "each uses its own part")]

use std::ops::ControlFlow;
use std::sync::OnceLock;

use kafka_capture::input::{Input, Packets};
use kafka_capture::output::Sink;
use kafka_capture::{Counts, Decoder, Event, EventKind};

use super::packets::{Conversation, capture, heartbeat, heartbeat_response};
use super::tls::{Ends, Special, suites};

const CLIENT_ID: &str = "client-7";
const MESSAGES: i32 = 12;

/// A session: what was sent, and the key log.
struct Recorded {
    sent: Vec<(bool, Vec<u8>)>,
    log: String,
}

/// A session of each suite, made once.
fn recorded() -> &'static [Recorded] {
    static RECORDED: OnceLock<Vec<Recorded>> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let all = suites().into_iter().map(|suite| {
            let ends = Ends::new(suite, Special::default());
            let mut talk = ends.connect();
            for id in 0..MESSAGES {
                if suite.tls13().is_some() && id % 5 == 3 {
                    talk.update_keys(id == 3);
                }
                talk.say(
                    true,
                    &heartbeat(id, CLIENT_ID, 7 * usize::try_from(id).unwrap() % 90),
                );
                talk.say(false, &heartbeat_response(id, 0));
            }
            talk.close();
            Recorded {
                sent: talk.sent,
                log: ends.log.text(),
            }
        });
        all.collect()
    })
}

/// Messages that were found whole: correlation id, and size.
#[derive(Default)]
pub(crate) struct Whole(pub(crate) Vec<(i32, u64)>);

impl Sink for Whole {
    fn event(&mut self, event: &Event<'_>) {
        if let EventKind::Message(message) = &event.kind
            && message.truncation.is_none()
        {
            self.0.push((message.correlation_id, message.bytes));
        }
    }
}

/// The first byte chooses the session, the second the size of segments, the third what is logged. Each three bytes
/// after them are something that happens to a packet.
pub(crate) fn tls(input: &[u8]) -> Option<(Whole, Counts)> {
    let ([suite, size, log, rest @ ..], recorded) = (input, recorded()) else {
        return None;
    };
    let session = &recorded[usize::from(*suite) % recorded.len()];
    let size = [1000, 37, 100_000, 200, 5][usize::from(*size) % 5];
    let mut conversation = Conversation::new(40_000);
    for (from_client, bytes) in &session.sent {
        conversation.send(*from_client, bytes, size);
    }
    conversation.close();
    let mut sent = conversation.sent;
    for happening in rest.chunks_exact(3).take(64) {
        let at = usize::from(u16::from_be_bytes([happening[1], happening[2]]));
        let (what, index) = (happening[0], at % sent.len());
        match what % 6 {
            0 => drop(sent.remove(index)),
            1 if index + 1 < sent.len() => sent.swap(index, index + 1),
            2 => {
                let again = sent[index].clone();
                sent.insert(index, again);
            }
            3 | 4 => {
                let payload = &mut sent[index].payload;
                let place = usize::from(what) * 31 + at / 7;
                if !payload.is_empty() {
                    let place = place
                        % payload
                            .len()
                            .min(if what % 6 == 3 { 6 } else { usize::MAX });
                    payload[place] ^= 1 << (at % 8);
                }
            }
            _ => {
                let kept = sent[index].payload.len() / 2;
                sent[index].payload.truncate(kept);
            }
        }
        if sent.is_empty() {
            return None;
        }
    }
    let key_log: String = match log % 4 {
        0 | 1 => session.log.clone(),
        2 => {
            let lines = session
                .log
                .lines()
                .filter(|line| !line.contains("HANDSHAKE"));
            lines.flat_map(|line| [line, "\n"]).collect()
        }
        _ => String::new(),
    };
    let mut decoder = Decoder::new(Vec::new());
    decoder.secrets().add(key_log.as_bytes());
    let mut whole = Whole::default();
    let bytes = std::io::Cursor::new(capture(&sent));
    let input = Input::new("fuzz".to_owned(), Box::new(bytes)).ok()?;
    let read = Packets::new(input).and_then(|mut packets| {
        packets.for_each(
            |packet| {
                decoder.packet(&packet, &mut whole);
                ControlFlow::Continue(())
            },
            || {},
        )
    });
    assert!(read.is_ok(), "the file is whole");
    let counts = decoder.finish(&mut whole);
    for (id, bytes) in &whole.0 {
        let request = heartbeat(*id, CLIENT_ID, 7 * usize::try_from(*id).unwrap_or(0) % 90);
        let is_said = (0..MESSAGES).contains(id)
            && [
                request.len() as u64,
                heartbeat_response(*id, 0).len() as u64,
            ]
            .contains(bytes);
        assert!(is_said, "never said: {id}, {bytes} bytes");
    }
    Some((whole, counts))
}
