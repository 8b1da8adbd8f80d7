//! A small batch that claims to be large, or is: an error, and no more memory than the cap and what
//! the codec works with. Memory is what the allocator was asked for, and for the C library also how
//! much larger the process became.

use std::process::Command;
use std::{env, fs};

use allocation_counter::measure;
use kafka_codec::records::codec::CodecErrorKind;
use kafka_codec::records::{Compression, Entries, RecordDecoder, RecordsErrorKind};
use kafka_codec::wire::Limits;

use crate::support::compressions;
use crate::support::raw::{RawBatch, compress, record};

/// What a bomb may make.
const CAP: usize = 4 << 20;

fn limits() -> Limits {
    Limits::default().with_max_decompressed_bytes(CAP)
}

/// What each codec may hold besides what it makes; growing moves what was made so far.
fn working_set(compression: Compression) -> usize {
    match compression {
        Compression::Gzip => CAP / 2 + 64 * 1024,
        Compression::Lz4 | Compression::Snappy => CAP / 2 + 4096,
        // In front of a fault, libzstd keeps a window as well: as much of it as came out.
        _ => 2 << 20,
    }
}

#[test]
fn what_decompresses_to_too_much_is_an_error_within_the_memory_allowed() {
    for compression in compressions() {
        for bomb in bombs(compression) {
            let mut text = String::new();
            let used = measure(|| text = explode(compression, &bomb));
            let peak = usize::try_from(used.bytes_max).unwrap();
            println!("{compression}: {} bytes, held {peak}: {text}", bomb.len());
            let allowed = CAP + working_set(compression) + bomb.len();
            assert!(peak <= allowed, "{compression}: {peak} bytes of {allowed}");
        }
    }
}

/// What a C library takes is seen from outside alone, and in a process that does nothing else.
#[test]
fn a_bomb_makes_the_process_no_larger_than_allowed() {
    for compression in compressions() {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "bombs::alone", "--nocapture"])
            .env("KAFKA_CODEC_BOMB", compression.name())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        let grown = text.lines().filter(|line| line.contains("grew by"));
        grown.for_each(|line| println!("{line}"));
    }
}

#[test]
#[ignore = "is started by the test above"]
fn alone() {
    let compression: Compression = env::var("KAFKA_CODEC_BOMB").unwrap().parse().unwrap();
    for bomb in bombs(compression) {
        // Forgets the peak so far.
        if fs::write("/proc/self/clear_refs", "5").is_err() {
            return;
        }
        let before = resident();
        explode(compression, &bomb);
        let grown = resident() - before;
        println!("{compression}: {} bytes, grew by {grown}", bomb.len());
        // `explode` copies the bomb twice; the rest is code that is loaded as it runs.
        let allowed = CAP + working_set(compression) + 2 * bomb.len() + (1 << 20);
        assert!(
            grown <= allowed,
            "{compression}: {grown} bytes of {allowed}"
        );
    }
}

/// Reads a batch with this body, which is an error: what it says.
fn explode(compression: Compression, bomb: &[u8]) -> String {
    let batch = RawBatch {
        attributes: u16::from(compression.id()),
        count: i32::MAX,
        body: bomb.to_vec(),
    };
    let bytes = batch.bytes();
    drop(batch);
    let mut decoder = RecordDecoder::new(limits());
    let entry = Entries::new(&bytes).next().unwrap().unwrap();
    let error = match entry.records(&mut decoder) {
        Ok(records) => records.last().unwrap().unwrap_err(),
        Err(error) => error,
    };
    let RecordsErrorKind::Decompression(codec) = error.kind() else {
        panic!("{compression}: {error}");
    };
    let limit = CAP;
    assert_eq!(codec.kind(), &CodecErrorKind::OutputTooLarge { limit });
    error.to_string()
}

/// Each compressed input that makes, or claims to make, far more than the cap.
fn bombs(compression: Compression) -> Vec<Vec<u8>> {
    let zeros = vec![0; CAP + (1 << 20)];
    if compression == Compression::None {
        return vec![];
    }
    let mut bombs = vec![compress(&zeros, compression, 2)];
    match compression {
        Compression::Snappy => {
            // Claims 1 GiB.
            let mut block = vec![0x80, 0x80, 0x80, 0x80, 0x04];
            block.extend([0; 1000]);
            bombs.push(block.clone());
            let mut container = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01".to_vec();
            container.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
            container.extend(block);
            bombs.push(container);
        }
        Compression::Lz4 => {
            // A frame of blocks of 4 MiB: 255 bytes for each one.
            let mut block = vec![0x1f, 0, 1, 0];
            block.extend([0xff; 16_000]);
            block.extend([0, 0x50, 0, 0, 0, 0, 0]);
            let mut frame = vec![4, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73];
            for _ in 0..3 {
                frame.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
                frame.extend(&block);
            }
            frame.extend([0; 4]);
            bombs.push(frame);
        }
        Compression::Zstd => {
            // Claims 1 GiB in one segment; and blocks of 128 KiB of the same byte, which are 4 bytes.
            bombs.push(
                [
                    &[0x28, 0xb5, 0x2f, 0xfd, 0xa0][..],
                    &(1_u32 << 30).to_le_bytes(),
                    &[1, 0, 0],
                ]
                .concat(),
            );
            let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
            for _ in 0..250 {
                frame.extend([0x02, 0, 0x10, 0]);
            }
            frame.extend([1, 0, 0]);
            bombs.push(frame);
        }
        _ => {}
    }
    bombs
}

#[test]
fn a_ratio_above_the_limit_is_an_error() {
    for compression in compressions() {
        if compression == Compression::None {
            continue;
        }
        let body = record(0, &vec![7; 60_000]);
        let batch = RawBatch {
            count: 1,
            body,
            ..RawBatch::of(0)
        }
        .compressed(compression);
        let read = |limits| {
            let mut decoder = RecordDecoder::new(limits);
            let (records, error) = crate::support::read_with(&batch, &mut decoder);
            (records.len(), error.is_some())
        };
        assert_eq!(read(Limits::default()), (1, false), "{compression}");
        assert_eq!(
            read(Limits::default().with_decompression_ratio(0, 2)),
            (0, true),
            "{compression}"
        );
        // No byte too many, and no byte too few.
        let size = RawBatch {
            count: 1,
            body: record(0, &vec![7; 60_000]),
            ..RawBatch::of(0)
        }
        .body
        .len();
        assert_eq!(
            read(Limits::default().with_max_decompressed_bytes(size)),
            (1, false),
            "{compression}"
        );
        assert_eq!(
            read(Limits::default().with_max_decompressed_bytes(size - 1)),
            (0, true),
            "{compression}"
        );
    }
}

#[test]
fn a_zstd_window_above_the_limit_is_an_error() {
    if !compressions().contains(&Compression::Zstd) {
        return;
    }
    // A window of 256 MiB, and one block of a byte.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 9, 0, 0, 7];
    let batch = RawBatch {
        attributes: 4,
        count: 1,
        body: frame.to_vec(),
    }
    .bytes();
    let error = crate::support::read(&batch).1.unwrap();
    let RecordsErrorKind::Decompression(codec) = error.kind() else {
        panic!("{error}");
    };
    let kind = CodecErrorKind::WindowTooLarge {
        window: 256 << 20,
        limit: 128 << 20,
    };
    assert_eq!(codec.kind(), &kind);
}

/// How many bytes of the process were in memory at most.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kib.unwrap() * 1024
}
