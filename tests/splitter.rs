//! Frames come out of a stream the same however it is cut into pieces, and the memory of the
//! splitter follows what arrived, not what was announced.
#![cfg(test)]

#[path = "support/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use allocation_counter::measure;
use bytes::Bytes;
use kafka_codec::frame::{FrameErrorKind, FrameSplitter};
use kafka_codec::wire::Limits;
use random::Random;

/// What each side of each recorded connection sent, from its first byte on.
fn streams() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames");
    let mut streams = BTreeMap::<_, Vec<u8>>::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "frames")
        {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<_> = line.split(' ').collect();
            let [connection, side, _, hex] = columns[..] else {
                panic!("no frame: {line}")
            };
            let digits = hex
                .as_bytes()
                .chunks(2)
                .map(|pair| str::from_utf8(pair).unwrap());
            let bytes = digits.map(|digits| u8::from_str_radix(digits, 16).unwrap());
            let key = (path.clone(), connection.to_owned(), side.to_owned());
            streams.entry(key).or_default().extend(bytes);
        }
    }
    streams.into_values().collect()
}

/// The frames of a stream that is there from end to end.
fn naive(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some((size, rest)) = stream.split_first_chunk() {
        let size = usize::try_from(i32::from_be_bytes(*size)).unwrap();
        let Some((frame, rest)) = rest.split_at_checked(size) else {
            break;
        };
        frames.push(frame);
        stream = rest;
    }
    frames
}

/// The frames that come out while the pieces go in, and how many bytes are left at the end.
fn split<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> (Vec<Bytes>, usize) {
    let (mut splitter, mut frames) = (FrameSplitter::default(), Vec::new());
    for piece in pieces {
        splitter.push(piece);
        while let Some(frame) = splitter.next_frame().unwrap() {
            frames.push(frame);
        }
    }
    (frames, splitter.buffered())
}

#[test]
fn whole_streams_and_streams_byte_by_byte_have_the_frames_of_the_naive_splitter() {
    let (mut frames, streams) = (0, streams());
    for stream in &streams {
        let expected = naive(stream);
        assert_eq!(split([&stream[..]]), (to_bytes(&expected), 0));
        assert_eq!(split(stream.chunks(1)), (to_bytes(&expected), 0));
        frames += expected.len();
    }
    println!("{frames} frames of {} streams", streams.len());
    assert!(frames > 1000, "{frames}");
}

#[test]
fn every_cut_in_two_gives_the_frames_of_the_naive_splitter() {
    for stream in streams() {
        // Ends inside of a frame, most of the time.
        let stream = &stream[..stream.len().min(1500)];
        let expected = naive(stream);
        let left = stream.len() - expected.iter().map(|frame| frame.len() + 4).sum::<usize>();
        let expected = to_bytes(&expected);
        for at in 0..=stream.len() {
            let (one, other) = stream.split_at(at);
            assert_eq!(split([one, other]), (expected.clone(), left), "cut at {at}");
        }
    }
}

#[test]
fn random_pieces_give_the_frames_of_the_naive_splitter() {
    for (index, stream) in streams().iter().enumerate() {
        let expected = to_bytes(&naive(stream));
        for longest in [7, 100, 5000] {
            let mut random = Random::of(&format!("{index} {longest}"));
            let (mut rest, mut pieces) = (&stream[..], Vec::new());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(random.below(longest + 1).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            assert_eq!(
                split(pieces),
                (expected.clone(), 0),
                "pieces up to {longest}"
            );
        }
    }
}

#[test]
fn an_announced_size_costs_nothing_until_its_bytes_arrive() {
    let announced: i32 = 100 * 1024 * 1024;
    let mut splitter = FrameSplitter::default();
    let mut arrived = 0;
    let used = measure(|| {
        splitter.push(&announced.to_be_bytes());
        assert_eq!(splitter.size(), Ok(usize::try_from(announced).ok()));
        for _ in 0..1000 {
            assert_eq!(splitter.next_frame(), Ok(None));
            splitter.push(&[7; 10]);
            arrived += 10;
        }
    });
    println!("{} bytes held for {arrived} that arrived", used.bytes_max);
    // A buffer that doubles, and its old half while it moves.
    assert!(
        used.bytes_max <= 3 * arrived,
        "{} bytes for {arrived}",
        used.bytes_max
    );
}

#[test]
fn a_stream_of_frames_that_are_let_go_of_costs_as_much_as_one() {
    let frame = [&100_i32.to_be_bytes()[..], &[7; 100]].concat();
    let used = measure(|| {
        let mut splitter = FrameSplitter::default();
        for _ in 0..10_000 {
            splitter.push(&frame);
            assert_eq!(splitter.next_frame().unwrap().unwrap().len(), 100);
        }
    });
    println!(
        "{} bytes held for a megabyte of small frames",
        used.bytes_max
    );
    assert!(used.bytes_max <= 4096, "{} bytes", used.bytes_max);
}

#[test]
fn a_size_that_cannot_be_is_final_and_placed() {
    let too_large = FrameErrorKind::TooLarge {
        size: 101,
        at_most: 100,
    };
    let negative = |size| FrameErrorKind::NegativeSize { size };
    for (size, kind) in [
        (-1, negative(-1)),
        (i32::MIN, negative(i32::MIN)),
        (101, too_large),
    ] {
        let mut splitter = FrameSplitter::new(Limits::default().with_max_frame_bytes(100));
        splitter.push(
            &[
                &[0, 0, 0, 3][..],
                b"one",
                &[0, 0, 0, 0],
                &size.to_be_bytes(),
            ]
            .concat(),
        );
        assert_eq!(splitter.next_frame().unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(splitter.next_frame().unwrap().as_deref(), Some(&b""[..]));
        for _ in 0..3 {
            let error = splitter.next_frame().unwrap_err();
            assert_eq!((error.kind(), error.offset()), (&kind, 11), "{error}");
            assert_eq!(splitter.size(), Err(error));
            splitter.push(&[0; 200]);
        }
    }
}

#[test]
fn a_frame_of_exactly_the_limit_is_no_error() {
    let mut splitter = FrameSplitter::new(Limits::default().with_max_frame_bytes(100));
    splitter.push(&100_i32.to_be_bytes());
    splitter.push(&[7; 100]);
    assert_eq!(
        splitter.next_frame().unwrap().as_deref(),
        Some(&[7; 100][..])
    );
    assert_eq!(
        (splitter.next_frame(), splitter.size()),
        (Ok(None), Ok(None))
    );
}

fn to_bytes(frames: &[&[u8]]) -> Vec<Bytes> {
    frames
        .iter()
        .map(|frame| Bytes::copy_from_slice(frame))
        .collect()
}
