//! Captures of several files: rotated ones are read one after the other, those of two taps are merged.
#![cfg(test)]

mod support;

use std::path::PathBuf;

use support::command::texts;
use support::packets::{Sent, capture};
use support::talk::one_by_one;

/// What the command says of captures of these packets: the exit code, the messages and the counts.
fn decoded(name: &str, files: &[Vec<Sent>]) -> (Option<i32>, String, String) {
    let files = files.iter().enumerate().map(|(i, sent)| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{i}.pcap"));
        std::fs::write(&path, capture(sent)).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let files: Vec<_> = files.collect();
    let arguments: Vec<_> = files.iter().map(String::as_str).collect();
    let decoded = texts("decode", &arguments, b"");
    for file in files {
        std::fs::remove_file(file).unwrap();
    }
    decoded
}

fn talk() -> Vec<Sent> {
    let mut sent = one_by_one(40_000, 20, 9).sent;
    let other = one_by_one(40_001, 20, 1000).sent;
    sent.extend(other.into_iter().map(|sent| Sent {
        time: sent.time + 50,
        ..sent
    }));
    sent.sort_by_key(|sent| sent.time);
    sent
}

#[test]
fn the_files_of_two_taps_are_merged_by_the_times_of_their_packets() {
    let sent = talk();
    let whole = decoded("one-tap", std::slice::from_ref(&sent));
    let (client, broker): (Vec<_>, Vec<_>) = sent.into_iter().partition(|sent| sent.from_client);
    assert_eq!(whole.0, Some(0));
    assert!(whole.2.contains("40 requests, 40 responses"), "{}", whole.2);
    assert_eq!(decoded("taps", &[client.clone(), broker.clone()]), whole);
    assert_eq!(decoded("taps-turned", &[broker, client]), whole);
}

#[test]
fn rotated_files_are_read_one_after_the_other_and_frames_go_on_in_the_next() {
    let sent = talk();
    let whole = decoded("one-file", std::slice::from_ref(&sent));
    for length in [1, 7, 50] {
        let mut files: Vec<_> = sent.chunks(length).map(<[Sent]>::to_vec).collect();
        assert_eq!(decoded("rotated", &files), whole, "files of {length}");
        files.reverse();
        assert_eq!(
            decoded("rotated-turned", &files),
            whole,
            "files of {length}"
        );
    }
}

#[test]
fn a_damaged_time_does_not_hold_up_the_packets_behind_it() {
    let sent = talk();
    let (before, after) = sent.split_at(sent.len() / 2);
    let paths = ["damaged-time.pcap", "behind-damaged-time.pcap"]
        .map(|name| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name));
    let mut file = capture(before);
    // The seconds of the 21st packet.
    let at = (0..20).fold(24, |at, _| {
        let length: [u8; 4] = file[at + 8..at + 12].try_into().unwrap();
        at + 16 + usize::try_from(u32::from_le_bytes(length)).unwrap()
    });
    file[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    std::fs::write(&paths[0], file).unwrap();
    std::fs::write(&paths[1], capture(after)).unwrap();
    let arguments: Vec<_> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    let (code, _, counts) = texts("decode", &arguments, b"");
    assert_eq!(code, Some(0));
    assert!(counts.contains("40 requests, 40 responses"), "{counts}");
    assert!(!counts.contains("gap"), "{counts}");
}

#[test]
fn more_taps_than_files_may_be_open_at_once_are_read() {
    // Packets that come too late because of it are waited for.
    let sent = talk();
    let files: Vec<Vec<_>> = (0..40)
        .map(|i| sent.iter().skip(i).step_by(40).cloned().collect())
        .collect();
    let (code, _, counts) = decoded("many", &files);
    assert_eq!(code, Some(0), "{counts}");
    let packets = format!("{} packets", sent.len());
    assert!(counts.contains(&packets), "{counts}");
}

#[test]
fn a_file_that_cannot_be_read_is_reported_and_the_others_are_merged() {
    let (client, broker): (Vec<_>, Vec<_>) = talk().into_iter().partition(|sent| sent.from_client);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let files =
        ["with-client.pcap", "with-broker.pcap", "damaged.pcap"].map(|name| folder.join(name));
    std::fs::write(&files[0], capture(&client)).unwrap();
    std::fs::write(&files[1], capture(&broker)).unwrap();
    std::fs::write(&files[2], b"not a capture at all, of any kind").unwrap();
    let arguments: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let (code, _, errors) = texts("decode", &arguments, b"");
    assert_ne!(code, Some(0));
    assert!(errors.contains("damaged.pcap"), "{errors}");
    assert!(errors.contains("40 requests, 40 responses"), "{errors}");
}
