//! Segments of a connection in any order, and packed files, damaged: the targets `streams` and `unpack` hold for noise and for frames.
#![cfg(test)]

#[path = "support/fuzz_streams.rs"]
mod fuzz_streams;
#[path = "support/packets.rs"]
#[allow(dead_code, reason = "each test uses its own part")]
mod packets;

use std::fs;
use std::path::Path;

/// A conversation as operations: requests, their responses, some of them late, lost or sent again.
fn conversation(preamble: u8, oddity: u8) -> Vec<u8> {
    let mut input = vec![preamble, 0];
    for id in 0..6 {
        let request = packets::heartbeat(id, "fuzz", 3);
        let response = packets::heartbeat_response(id, 0);
        for (what, bytes) in [(0_u8, request), (1, response)] {
            let kind = if id == 3 { oddity % 16 } else { 0 };
            input.extend([kind << 1 | what, u8::try_from(bytes.len()).unwrap()]);
            input.extend(bytes);
        }
    }
    input
}

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |end| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % end
    }
}

#[test]
fn a_conversation_is_read_behind_each_preamble() {
    for preamble in 0..7 {
        let counts = fuzz_streams::streams(&conversation(preamble, 0)).unwrap();
        // SOCKS waits for what a proxy answers.
        if !matches!(preamble, 3..=5) {
            assert_eq!(
                (counts.requests, counts.responses),
                (6, 6),
                "{preamble}: {counts}"
            );
        }
    }
}

#[test]
fn segments_in_any_order_are_counted() {
    let mut below = random(1);
    for preamble in 0..7 {
        for oddity in 0..16 {
            let input = conversation(preamble, oddity);
            fuzz_streams::streams(&input);
            for _ in 0..5 {
                let mut changed = input.clone();
                for _ in 0..=below(4) {
                    let at = below(changed.len());
                    changed[at] = u8::try_from(below(256)).unwrap();
                }
                fuzz_streams::streams(&changed);
            }
        }
    }
}

#[test]
fn packed_files_that_are_damaged_unpack_to_no_more_than_is_allowed() {
    let mut below = random(2);
    let mut byte = |end| u8::try_from(below(end)).unwrap();
    for _ in 0..100 {
        let length = usize::from(byte(200));
        let bytes: Vec<u8> = (0..length).map(|_| byte(3)).collect();
        let front = [byte(256), byte(256), byte(2) * byte(256)];
        fuzz_streams::unpack(&[&front[..], &bytes].concat());
    }
}

#[test]
#[ignore = "writes files into the folder that KAFKA_CODEC_CORPUS names: fuzz/run calls it"]
fn the_corpus_is_made_of_conversations() {
    let folder = std::env::var_os("KAFKA_CODEC_CORPUS").expect("KAFKA_CODEC_CORPUS names a folder");
    let write = |target: &str, name: String, bytes: &[u8]| {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };
    for preamble in 0..7 {
        for oddity in 0..16 {
            let name = format!("vector-{preamble}-{oddity}");
            write("streams", name, &conversation(preamble, oddity));
        }
    }
    for how in 0..16 {
        write(
            "unpack",
            format!("vector-{how}"),
            &[how * 16 + how % 4, 0, 0, 1, 2, 3, 1, 2, 3],
        );
    }
}
