//! `annotate`: the copy has all of the capture, and comments on the packets that complete messages and end connections.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kafka_capture::input::{Input, Packets};
use support::captures::captures;
use support::command;
use support::packets::{Conversation, capture, heartbeat, heartbeat_response};

/// Comments by the number of their packet.
type Comments = BTreeMap<u64, Vec<String>>;

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn annotate(from: &Path, arguments: &[&str]) -> (Option<i32>, Vec<u8>, String) {
    let to = scratch(&format!(
        "{}.annotated",
        from.file_name().unwrap().to_str().unwrap()
    ));
    let files = ["-o", to.to_str().unwrap(), from.to_str().unwrap()];
    let (code, out, errors) = command::texts("annotate", &[&files, arguments].concat(), &[]);
    assert_eq!(out, "");
    (code, std::fs::read(&to).unwrap_or_default(), errors)
}

/// A capture written to a file of this name.
fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A pcapng, read by the rules of the format alone.
struct Blocks<'a> {
    rest: &'a [u8],
    is_big: bool,
}

impl<'a> Blocks<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            is_big: false,
        }
    }

    fn u16(&self, bytes: &[u8]) -> u16 {
        let bytes = bytes[..2].try_into().unwrap();
        if self.is_big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    fn u32(&self, bytes: &[u8]) -> u32 {
        let bytes = bytes[..4].try_into().unwrap();
        if self.is_big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }

    /// The type and the body of the next block.
    fn next(&mut self) -> Option<(u32, &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        if self.rest.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            self.is_big = self.rest[8] == 0x1a;
        }
        let length = usize::try_from(self.u32(&self.rest[4..])).unwrap();
        assert_eq!(length % 4, 0);
        let (block, rest) = self.rest.split_at(length);
        self.rest = rest;
        assert_eq!(
            block[4..8],
            block[length - 4..],
            "both lengths are the same"
        );
        Some((self.u32(block), &block[8..length - 4]))
    }

    /// A packet without its comments, and these.
    fn without_comments(&self, body: &[u8]) -> (Vec<u8>, Vec<String>) {
        let captured = usize::try_from(self.u32(&body[12..])).unwrap();
        let (head, mut options) = body.split_at(20 + captured.next_multiple_of(4));
        let (mut others, mut comments) = (Vec::new(), Vec::new());
        while !options.is_empty() {
            let (code, length) = (self.u16(options), usize::from(self.u16(&options[2..])));
            let (option, rest) = options.split_at(4 + length.next_multiple_of(4));
            match code {
                0 => assert!(rest.is_empty(), "the end is the last option"),
                1 => comments.push(String::from_utf8(option[4..4 + length].to_vec()).unwrap()),
                _ => others.extend_from_slice(option),
            }
            options = rest;
        }
        ([head, &others].concat(), comments)
    }
}

/// The comments of a pcapng.
fn comments(bytes: &[u8]) -> Comments {
    let (mut blocks, mut found, mut packet) = (Blocks::new(bytes), Comments::new(), 0);
    while let Some((kind, body)) = blocks.next() {
        if kind == 6 {
            packet += 1;
            let (_, comments) = blocks.without_comments(body);
            if !comments.is_empty() {
                found.insert(packet, comments);
            }
        }
    }
    found
}

/// Time, link type, length and bytes of all packets.
fn packets(bytes: Vec<u8>) -> Vec<(i64, i32, u32, Vec<u8>)> {
    let input = Input::new("test".to_owned(), Box::new(std::io::Cursor::new(bytes))).unwrap();
    let mut found = Vec::new();
    let read = Packets::new(input).unwrap().for_each(
        |packet| {
            found.push((
                packet.time,
                packet.link_type,
                packet.length,
                packet.bytes.to_vec(),
            ));
            ControlFlow::Continue(())
        },
        || {},
    );
    read.unwrap();
    found
}

/// A heartbeat that fails, on a connection that the client closes.
fn conversation() -> Conversation {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(3, "bad \u{1b}[2J", 4), 1000);
    conversation.send(false, &heartbeat_response(3, 27), 1000);
    conversation.close();
    conversation
}

#[test]
fn every_frame_of_captures_has_a_comment_on_its_last_packet_and_no_packet_changes() {
    for captured in captures() {
        let [file] = captured.files.as_slice() else {
            continue;
        };
        let key_log = captured.beside("keylog");
        let key_log = key_log
            .exists()
            .then(|| key_log.to_str().unwrap().to_owned());
        let arguments: Vec<_> = key_log.iter().flat_map(|file| ["--keylog", file]).collect();
        let (code, bytes, errors) = annotate(file, &arguments);
        assert_eq!(code, Some(0), "{errors}");
        let before = packets(support::captures::unpacked(file));
        assert_eq!(packets(bytes.clone()), before, "{}", captured.name());
        let found = comments(&bytes);
        let frames = captured.listed(|frame| {
            let is_header = frame["whole"] == "1" && frame["version"] != "-";
            let last: u64 = frame["last_packet"].parse().unwrap();
            let is_known = frame["api"].parse::<i16>().is_err();
            let api = if is_known { frame["api"] } else { "unknown" };
            let version = frame["version"];
            let (kind, id) = (frame["kind"], frame["correlation_id"]);
            let text = format!("{api} v{version} {kind} #{id} ");
            is_header.then_some((last, text))
        });
        let frames: Vec<_> = frames.into_iter().flatten().collect();
        assert!(!frames.is_empty());
        let has_comment = |(packet, text): &&(u64, String)| {
            let comments = found.get(packet).map_or(&[][..], Vec::as_slice);
            comments
                .iter()
                .any(|comment| comment.starts_with(text.as_str()))
        };
        let missing: Vec<_> = frames.iter().filter(|frame| !has_comment(frame)).collect();
        assert_eq!(missing, [] as [&(u64, String); 0], "{}", captured.name());
    }
}

#[test]
fn a_pcapng_keeps_all_blocks_and_options() {
    let sent = conversation().sent;
    let packets: Vec<_> = sent.iter().map(support::packets::Sent::ipv4).collect();
    for is_big in [false, true] {
        let original = odd_pcapng(&packets, is_big);
        let path = written(&format!("odd-{is_big}.pcapng"), &original);
        let (code, copy, errors) = annotate(&path, &[]);
        assert_eq!(code, Some(0), "{errors}");
        let (mut before, mut after) = (Blocks::new(&original), Blocks::new(&copy));
        let mut count = 0;
        while let Some((kind, body)) = before.next() {
            let (copied_kind, copied) = after.next().unwrap();
            assert_eq!(copied_kind, kind);
            match kind {
                2 | 6 => {
                    let (copied, comments) = after.without_comments(copied);
                    let (body, own) = before.without_comments(body);
                    assert_eq!(copied, body);
                    assert!(comments.ends_with(&own), "{comments:?}");
                    count += comments.len() - own.len();
                }
                // A section gets longer than it says.
                0x0a0d_0d0a => {
                    assert_eq!(copied[8..16], [0xff; 8]);
                    assert_eq!(copied[16..], body[16..]);
                }
                _ => assert_eq!(copied, body, "block {kind:x}"),
            }
        }
        assert!(after.next().is_none());
        assert_eq!(count, 3, "two messages and the end");
    }
}

/// A pcapng with secrets, names, statistics, blocks that nobody knows, obsolete packets, a comment that was there, and a clock of
/// nanoseconds.
fn odd_pcapng(packets: &[Vec<u8>], is_big: bool) -> Vec<u8> {
    let u16 = |value: u16| {
        if is_big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let u32 = |value: u32| {
        if is_big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let mut bytes = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let length = u32(u32::try_from(body.len() + 12).unwrap());
        bytes.extend([&u32(kind), &length, body, &length].concat());
    };
    let section = [
        &u32(0x1a2b_3c4d)[..],
        &u16(1),
        &u16(0),
        &[0, 0, 0, 0, 0, 0, 16, 0],
    ]
    .concat();
    block(0x0a0d_0d0a, &section);
    let option = |code: u16, value: &[u8]| {
        let mut option = [u16(code), u16(u16::try_from(value.len()).unwrap())].concat();
        option.extend_from_slice(value);
        option.resize(option.len().next_multiple_of(4), 0);
        option
    };
    let end = [0; 4];
    let interface = [
        &u16(101)[..],
        &[0; 2],
        &u32(0),
        &option(2, b"eth0"),
        &option(9, &[9]),
        &end,
    ];
    block(1, &interface.concat());
    block(1, &[&u16(101)[..], &[0; 2], &u32(0)].concat());
    let secrets = b"# nothing in it\n";
    block(10, &[&u32(0x544c_534b)[..], &u32(16), secrets].concat());
    block(4, &[0, 0, 0, 0]);
    block(0x0bad, &u32(32473));
    for (number, packet) in (0_u32..).zip(packets) {
        let length = u32(u32::try_from(packet.len()).unwrap());
        let mut body = [
            &[0; 4][..],
            &u32(400_000),
            &u32(number * 1000),
            &length,
            &length,
        ]
        .concat();
        body.extend_from_slice(packet);
        body.resize(body.len().next_multiple_of(4), 0);
        if number % 2 == 0 {
            body.extend([option(1, b"there before"), option(2, &[1, 0, 0, 0])].concat());
            body.extend(end);
        }
        block(if number % 3 == 2 { 2 } else { 6 }, &body);
    }
    block(5, &[0; 12]);
    bytes
}

#[test]
fn text_of_peers_is_escaped_and_causes_stand_on_the_packet_that_ends_a_connection() {
    let path = written("escaped.pcap", &capture(&conversation().sent));
    let (_, bytes, errors) = annotate(&path, &[]);
    let found = comments(&bytes);
    let text: Vec<_> = found.values().flatten().map(String::as_str).collect();
    assert_eq!(text.len(), 3, "{text:?}");
    assert!(
        text[0].starts_with("Heartbeat v0 request #3 bad \\u{1b}[2J"),
        "{text:?}"
    );
    assert!(text[1].contains("REBALANCE_IN_PROGRESS"), "{text:?}");
    assert!(
        text[2].starts_with("connection ended, client-close: "),
        "{text:?}"
    );
    assert!(errors.starts_with("3 comments\n"), "{errors}");
}

#[test]
fn errors_alone_get_comments_where_that_is_asked_for() {
    let path = written("errors.pcap", &capture(&conversation().sent));
    let (_, bytes, _) = annotate(&path, &["--errors"]);
    let text: Vec<_> = comments(&bytes).into_values().flatten().collect();
    assert_eq!(text.len(), 2, "{text:?}");
    assert!(text[0].contains("response"), "{text:?}");
}

#[test]
fn a_packet_with_many_messages_gets_some_comments_and_the_number_of_the_others() {
    let mut conversation = Conversation::new(40_000);
    let frames: Vec<_> = (0..200).flat_map(|id| heartbeat(id, "many", 4)).collect();
    conversation.send(true, &frames, 60_000);
    let path = written("many.pcap", &capture(&conversation.sent));
    let (code, bytes, errors) = annotate(&path, &[]);
    assert_eq!(code, Some(0), "{errors}");
    let found: Vec<_> = comments(&bytes).into_values().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].len(), 65);
    assert_eq!(found[0][64], "and 136 more");
}

#[test]
fn what_is_before_damage_is_copied() {
    let mut bytes = capture(&conversation().sent);
    bytes.truncate(bytes.len() - 5);
    let whole = packets(capture(&conversation().sent));
    let path = written("damaged.pcap", &bytes);
    let (code, copy, errors) = annotate(&path, &[]);
    assert_eq!(code, Some(4), "{errors}");
    assert_eq!(packets(copy), whole[..whole.len() - 1]);
}

#[test]
fn a_capture_that_can_be_read_once_only_or_would_be_overwritten_is_refused() {
    let bytes = capture(&conversation().sent);
    let (code, _, errors) = command::texts("annotate", &["-", "-o", "-"], &bytes);
    assert_eq!(code, Some(1));
    assert!(errors.contains("read twice"), "{errors}");
    let path = written("itself.pcap", &bytes);
    let name = path.to_str().unwrap();
    let (code, _, errors) = command::texts("annotate", &[name, "-o", name], &[]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("the output is an input, too"), "{errors}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}
