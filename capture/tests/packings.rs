//! Packed captures and segments: damaged ones, what stands behind the data, and packings that are not supported.
#![cfg(test)]

mod support;

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use support::command::texts;
use support::packets::capture;
use support::talk::one_by_one;

/// A capture of so many requests and responses.
fn plain(exchanges: i32) -> Vec<u8> {
    capture(&one_by_one(40_000, exchanges, 1000).sent)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// The exit code, the number of messages and the errors of `decode`.
fn decoded(input: &[u8]) -> (Option<i32>, usize, String) {
    let (code, output, errors) = texts("decode", &["-"], input);
    (code, output.lines().count(), errors)
}

#[test]
fn zeros_behind_packed_data_are_padding() {
    for packed in [gzip(&plain(3)), zstd(&plain(3))] {
        for zeros in [1, 3, 100_000] {
            let padded = [&packed[..], &vec![0; zeros]].concat();
            let (code, messages, errors) = decoded(&padded);
            assert_eq!((code, messages), (Some(0), 6), "{errors}");
        }
    }
}

#[test]
fn bytes_behind_packed_data_are_counted() {
    for (packed, name) in [(gzip(&plain(3)), "gzip"), (zstd(&plain(3)), "zstd")] {
        for (garbage, says) in [
            (&b"x"[..], "1 byte behind the end of the"),
            (b"\0\0x", "3 bytes behind the end of the"),
            (&[b'g'; 70_000], "70000 bytes behind the end of the"),
        ] {
            let (code, messages, errors) = decoded(&[&packed, garbage].concat());
            assert_eq!((code, messages), (Some(4), 6), "{errors}");
            assert!(errors.contains(says), "{errors}");
            assert!(errors.contains(&format!("not {name}\n")), "{errors}");
            assert!(
                errors.contains("kafka-capture: standard input: "),
                "{errors}"
            );
            assert!(!errors.contains("cut off"), "{errors}");
        }
    }
}

#[test]
fn of_damaged_packed_data_what_comes_before_the_damage_is_decoded() {
    let plain = plain(4000);
    for (mut packed, name) in [(gzip(&plain), "gzip"), (zstd(&plain), "zstd")] {
        let at = packed.len() * 3 / 4;
        packed[at..at + 200].fill(0xff);
        let (code, messages, errors) = decoded(&packed);
        assert_eq!(code, Some(4), "{errors}");
        let says = format!("kafka-capture: standard input: the {name} data are damaged\n");
        assert!(errors.contains(&says), "{errors}");
        assert!(messages > 2000, "{name}: {messages}");
        assert!(!errors.contains("Error"), "{errors}");
    }
}

#[test]
fn packed_data_with_a_wrong_checksum_are_damaged() {
    for (mut packed, from_end) in [(gzip(&plain(3)), 5), (zstd(&plain(3)), 1)] {
        let at = packed.len() - from_end;
        packed[at] ^= 1;
        let (code, messages, errors) = decoded(&packed);
        assert_eq!((code, messages), (Some(4), 6), "{errors}");
        assert!(errors.contains("data are damaged\n"), "{errors}");
    }
}

#[test]
fn packed_data_that_are_cut_off_are_decoded_up_to_there() {
    let plain = plain(4000);
    for packed in [gzip(&plain), zstd(&plain)] {
        let (code, messages, errors) = decoded(&packed[..packed.len() * 3 / 4]);
        assert_eq!(code, Some(4), "{errors}");
        assert!(errors.contains("cut off"), "{errors}");
        assert!(messages > 2000, "{messages}");
    }
}

#[test]
fn skippable_frames_of_zstd_are_passed_over() {
    let frame = |kind: u8, content: &[u8]| {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        [&[kind, 0x2a, 0x4d, 0x18][..], &length, content].concat()
    };
    let (one, two) = (frame(0x50, b"hello"), frame(0x5f, &[7; 100_000]));
    let packed = zstd(&plain(3));
    for file in [
        [&one[..], &packed].concat(),
        [&one[..], &two, &packed, &one].concat(),
        [&packed[..], &two].concat(),
    ] {
        let (code, messages, errors) = decoded(&file);
        assert_eq!((code, messages), (Some(0), 6), "{errors}");
    }
    let cut = [&packed[..], &two[..50]].concat();
    assert_eq!(decoded(&cut).0, Some(4));
}

#[test]
fn a_zstd_window_that_is_too_large_is_answered_with_the_way_out() {
    // The header alone: a window of 2 GiB, as --long=31 makes.
    let (code, _, errors) = decoded(b"\x28\xb5\x2f\xfd\x04\xa8\x01\0\0");
    assert_eq!(code, Some(1), "{errors}");
    let says = "unpack it first: zstd -dc --long=31 FILE | kafka-capture decode -\n";
    assert!(errors.contains(says), "{errors}");
    assert!(
        errors.contains("the zstd window of 2147483648 bytes is too large"),
        "{errors}"
    );
}

#[test]
fn packings_that_are_not_supported_are_named_with_the_way_out() {
    let mut tar = vec![b'x'; 600];
    tar[257..262].copy_from_slice(b"ustar");
    let lzma = b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x01";
    let files: [(&[u8], &str, &str); 11] = [
        (b"\xfd7zXZ\0\0\x04abcdef", "xz", "xz -dc"),
        (b"BZh91AY&SYabcdef", "bzip2", "bzip2 -dc"),
        (b"\x04\x22\x4d\x18\x64\x40abcdef", "lz4", "lz4 -dc"),
        (lzma, "lzma", "xz -dc"),
        (b"PK\x03\x04\x14\0abcdef", "zip", "unzip -p"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "7z", "7z x -so"),
        (b"\x1f\x9d\x90abcdef", "compress (.Z)", "gzip -dc"),
        (b"LZIP\x01\x0cabcdef", "lzip", "lzip -dc"),
        (&tar, "tar", "tar -xOf"),
        (&gzip(&gzip(&plain(3))), "gzip, twice", "gzip -dc"),
        (&gzip(&tar), "tar", "tar -xOf"),
    ];
    let folder =
        std::env::temp_dir().join(format!("kafka-capture-packings-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for (bytes, packing, way) in files {
        let file = folder.join("it's.pcap");
        fs::write(&file, bytes).unwrap();
        let name = file.display().to_string();
        for subcommand in ["decode", "summary", "segment"] {
            let (code, _, errors) = texts(subcommand, &[&name], b"");
            assert_eq!(code, Some(3), "{errors}");
            let quoted = name.replace('\'', r"'\''");
            let reader = if subcommand == "segment" {
                "segment"
            } else {
                "decode"
            };
            let says = format!(
                "kafka-capture: {name}: packed with {packing}, which is not supported; \
                 unpack it first: {way} '{quoted}' | kafka-capture {reader} -\n"
            );
            assert!(errors.starts_with(&says), "{says}{errors}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    // A file that is not packed is not called unpacked.
    let (_, _, errors) = decoded(b"hello, this is not a capture");
    assert!(errors.contains("neither pcap nor pcapng\n"), "{errors}");
    let (_, _, errors) = decoded(&gzip(b"hello, this is not a capture"));
    assert!(
        errors.contains("neither pcap nor pcapng, also when unpacked\n"),
        "{errors}"
    );
}

#[test]
fn packed_segments_that_are_damaged_or_cut_off_have_the_exit_code_of_damage() {
    let name = "tests/segments/seg-0/00000000000000000000.log";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let plain = fs::read(path).unwrap();
    for packed in [gzip(&plain), zstd(&plain)] {
        let cut = packed[..packed.len() - 20].to_vec();
        let mut damaged = packed.clone();
        let at = packed.len() / 2;
        damaged[at..at + 100].fill(0xff);
        let trailing = [&packed[..], b"garbage"].concat();
        for (file, says) in [
            (cut, "data are cut off"),
            (damaged, "data are damaged"),
            (trailing, "7 bytes behind the end"),
        ] {
            let (code, output, errors) = texts("segment", &["-"], &file);
            assert_eq!(code, Some(4), "{errors}");
            assert!(errors.contains(says), "{says}: {errors}");
            // Batches that were shown are counted.
            let lines = output.lines().filter(|line| line.starts_with("baseOffset"));
            let batches = format!("{} batch", lines.count());
            assert!(errors.contains(&batches), "{batches}: {errors}");
        }
    }
}
