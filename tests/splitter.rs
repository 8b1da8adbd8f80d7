//! A `FrameReader` returns the same frames and errors for any split of a stream into pieces and any form of input, and its
//! memory follows what arrived, not what was announced.
#![cfg(test)]

#[path = "support/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use allocation_counter::measure;
use bytes::{Bytes, BytesMut};
use kafka_codec::frame::{
    ForeignProtocol, FrameError, FrameErrorKind, FrameReader, StreamPosition,
};
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

/// The forms in which a reader is given the bytes of a stream.
#[derive(Copy, Clone, Debug)]
enum Form {
    /// Slices.
    Slice,
    /// A buffer of its own for each piece, with no room.
    Buffers,
    /// The room that the reader made, like a transport that reads as much as fits.
    Room,
    /// In turns.
    Mixed,
}

const FORMS: [Form; 4] = [Form::Slice, Form::Buffers, Form::Room, Form::Mixed];

/// All that a stream amounts to.
#[derive(Debug, PartialEq)]
struct Outcome {
    frames: Vec<Bytes>,
    /// The error of reading, or else of the end of the stream.
    error: Option<FrameError>,
    position: StreamPosition,
    offset: u64,
    first_bytes: Vec<u8>,
}

/// A reader, and the buffer of a transport.
struct Stream {
    reader: FrameReader,
    buffer: BytesMut,
    frames: Vec<Bytes>,
}

impl Stream {
    fn new(reader: FrameReader) -> Self {
        Self {
            reader,
            buffer: BytesMut::new(),
            frames: Vec::new(),
        }
    }

    fn push(&mut self, mut piece: &[u8], form: Form) -> Result<(), FrameError> {
        match form {
            Form::Slice => {
                while let Some(frame) = self.reader.next_frame(&mut piece)? {
                    self.frames.push(frame);
                }
                assert!(piece.is_empty());
            }
            Form::Buffers => self.push_buffer(&mut BytesMut::from(piece))?,
            Form::Room => {
                let mut buffer = std::mem::take(&mut self.buffer);
                while !piece.is_empty() {
                    if buffer.capacity() == 0 {
                        buffer.reserve(100);
                    }
                    let (read, rest) = piece.split_at(buffer.capacity().min(piece.len()));
                    buffer.extend_from_slice(read);
                    piece = rest;
                    self.push_buffer(&mut buffer)?;
                }
                self.buffer = buffer;
            }
            Form::Mixed => {
                let form = FORMS[(piece.len() + self.frames.len()) % 3];
                self.push(piece, form)?;
            }
        }
        Ok(())
    }

    fn push_buffer(&mut self, buffer: &mut BytesMut) -> Result<(), FrameError> {
        while let Some(frame) = self.reader.next_frame_in(buffer)? {
            self.frames.push(frame);
        }
        assert!(buffer.is_empty());
        let room = match self.reader.position() {
            StreamPosition::BetweenFrames => 4096,
            _ => 1,
        };
        assert!(buffer.capacity() >= room);
        Ok(())
    }

    fn finish(self, error: Option<FrameError>) -> Outcome {
        let end = self.reader.check_end().err();
        assert!(error.is_none() || error == end, "{error:?}, then {end:?}");
        Outcome {
            frames: self.frames,
            error: end,
            position: self.reader.position(),
            offset: self.reader.offset(),
            first_bytes: self.reader.first_bytes().to_vec(),
        }
    }
}

fn outcome_of<'p>(
    reader: FrameReader,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    form: Form,
) -> Outcome {
    let mut stream = Stream::new(reader);
    for piece in pieces {
        if let Err(error) = stream.push(piece, form) {
            // Final, whatever follows.
            assert_eq!(stream.push(b"more of it", form), Err(error.clone()));
            return stream.finish(Some(error));
        }
    }
    stream.finish(None)
}

/// The frames of pieces, and the number of bytes after the last one.
fn split<'p>(pieces: impl IntoIterator<Item = &'p [u8]>, form: Form) -> (Vec<Bytes>, usize) {
    let outcome = outcome_of(FrameReader::default(), pieces, form);
    let left = match outcome.position {
        StreamPosition::BetweenFrames => 0,
        StreamPosition::InSize { got } => got,
        StreamPosition::InFrame { got, .. } => 4 + got,
        other => panic!("{other}"),
    };
    (outcome.frames, left)
}

#[test]
fn whole_streams_and_streams_byte_by_byte_have_the_frames_of_the_naive_splitter() {
    let (mut frames, streams) = (0, streams());
    for stream in &streams {
        let expected = naive(stream);
        for form in FORMS {
            assert_eq!(split([&stream[..]], form), (to_bytes(&expected), 0));
            assert_eq!(split(stream.chunks(1), form), (to_bytes(&expected), 0));
        }
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
            for form in FORMS {
                let found = split([one, other], form);
                assert_eq!(found, (expected.clone(), left), "cut at {at}, {form:?}");
            }
        }
    }
}

#[test]
fn random_pieces_give_the_frames_of_the_naive_splitter() {
    let mut streams = streams();
    streams.push(large_and_small());
    for (index, stream) in streams.iter().enumerate() {
        let expected = to_bytes(&naive(stream));
        for longest in [7, 100, 5000, 70_000] {
            if longest < 5000 && stream.len() > 1_000_000 {
                continue;
            }
            let mut random = Random::of(&format!("{index} {longest}"));
            let (mut rest, mut pieces) = (&stream[..], Vec::new());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(random.below(longest + 1).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            for form in FORMS {
                let found = split(pieces.iter().copied(), form);
                assert!(
                    found == (expected.clone(), 0),
                    "stream {index} in pieces up to {longest}, {form:?}"
                );
            }
        }
    }
}

/// Frames of sizes around those at which the reader changes what it does with them.
fn large_and_small() -> Vec<u8> {
    const KIB: usize = 1024;
    let sizes = [0, 1, 16 * KIB - 5, 16 * KIB - 4, 16 * KIB, 64 * KIB, 3];
    let more = [300 * KIB, 5, 5000 * KIB, 64 * KIB - 4, 40 * KIB, 40 * KIB];
    let mut stream = Vec::new();
    for (number, size) in (1..).zip(sizes.into_iter().chain(more)) {
        stream.extend(i32::try_from(size).unwrap().to_be_bytes());
        stream.extend((0..size).map(|at| u8::try_from(at % 251).unwrap() ^ number));
    }
    stream
}

#[test]
fn streams_that_are_not_kafka_end_in_the_same_error_at_every_split() {
    let frame = b"\0\0\0\x09two words";
    let limits = Limits::default().with_max_frame_bytes(1 << 30);
    let foreign = FrameErrorKind::ForeignProtocol;
    let alert = ForeignProtocol::TlsAlert {
        level: Some(2),
        description: Some(40),
    };
    let out_of_range = |size| FrameErrorKind::SizeOutOfRange {
        size,
        min: 4,
        max: 1 << 30,
    };
    for (stream, kind) in [
        (&b"\x15\x03\x03\0\x02\x02\x28"[..], Some(foreign(alert))),
        (
            b"HTTP/1.1 400 Bad Request\r\n",
            Some(foreign(ForeignProtocol::Http1)),
        ),
        (b"HTTP", Some(foreign(ForeignProtocol::Http1))),
        (
            b"SSH-2.0-OpenSSH_9.6\r\n",
            Some(foreign(ForeignProtocol::Ssh)),
        ),
        (
            b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\0\xff\xff",
            Some(foreign(ForeignProtocol::Http2)),
        ),
        // An empty SETTINGS frame.
        (
            b"\0\0\0\x04\0\0\0\0\0\0\0\x04\x08\0\0\0\0\0",
            Some(foreign(ForeignProtocol::Http2)),
        ),
        (b"\0\0\0\x03abc", Some(out_of_range(3))),
        (b"\xff\xff\xff\xff\0\0", Some(out_of_range(-1))),
        (b"\x7f\xff\xff\xff\0\0", Some(out_of_range(i32::MAX))),
        (b"\0\0", Some(FrameErrorKind::EndInSize { got: 2 })),
        (
            b"\0\0\0\x07four",
            Some(FrameErrorKind::EndInFrame {
                got: 4,
                announced: 7,
            }),
        ),
        (frame, None),
    ] {
        for is_first in [true, false] {
            let stream = match is_first {
                true => stream.to_vec(),
                false => [&frame[..], stream].concat(),
            };
            let reader = || {
                let mut reader = FrameReader::new(limits).with_sniffing(true);
                reader.set_allowed_sizes(4..=1 << 30);
                reader
            };
            let whole = outcome_of(reader(), [&stream[..]], Form::Slice);
            if is_first {
                let error = whole.error.as_ref();
                assert_eq!(error.map(FrameError::kind), kind.as_ref(), "{stream:?}");
            }
            for form in FORMS {
                let bytes = outcome_of(reader(), stream.chunks(1), form);
                assert_eq!(bytes, whole, "{stream:?} byte by byte, {form:?}");
                for at in 0..=stream.len() {
                    let (one, other) = stream.split_at(at);
                    let found = outcome_of(reader(), [one, other], form);
                    assert_eq!(found, whole, "{stream:?} cut at {at}, {form:?}");
                }
            }
        }
    }
}

#[test]
fn an_announced_size_reserves_no_more_than_what_arrived_justifies() {
    for form in FORMS {
        let limits = Limits::UNLIMITED;
        let (mut arrived, mut most) = (0_u64, 0);
        let used = measure(|| {
            let mut stream = Stream::new(FrameReader::new(limits));
            stream.push(&i32::MAX.to_be_bytes(), form).unwrap();
            arrived += 4;
            for _ in 0..6_000 {
                stream.push(&[7; 10], form).unwrap();
                arrived += 10;
                let allowed = if arrived < 16 * 1024 {
                    16 * 1024
                } else {
                    64 * 1024
                };
                let held = stream.reader.memory();
                assert!(held <= allowed, "{held} bytes for {arrived}, {form:?}");
                most = most.max(held);
            }
            assert_eq!(stream.frames, Vec::<Bytes>::new());
        });
        println!(
            "{form:?}: {most} bytes reserved and at most {} allocated for {arrived}",
            used.bytes_max
        );
        // The 64 KiB that are reserved, the 16 KiB before them while they move, and a read of the transport.
        assert!(used.bytes_max <= 97 * 1024, "{}", used.bytes_max);
    }
}

#[test]
fn a_stream_of_frames_that_are_dropped_costs_as_much_as_one() {
    let frame = [&100_i32.to_be_bytes()[..], &[7; 100]].concat();
    for (form, most) in [(Form::Slice, 4096), (Form::Room, 20 * 1024)] {
        let used = measure(|| {
            let mut stream = Stream::new(FrameReader::default());
            for _ in 0..10_000 {
                stream.push(&frame, form).unwrap();
                assert_eq!(stream.frames.pop().unwrap().len(), 100);
                assert_eq!(stream.reader.memory(), 0);
            }
        });
        println!("{form:?}: {} bytes for a megabyte", used.bytes_max);
        assert!(used.bytes_max <= most, "{} bytes, {form:?}", used.bytes_max);
    }
}

#[test]
fn a_small_frame_keeps_only_its_own_bytes() {
    let small = [&100_i32.to_be_bytes()[..], &[7; 100]].concat();
    let large = [&100_000_i32.to_be_bytes()[..], &[7; 100_000]].concat();
    let stream = [&small[..], &large, &small].concat();
    for form in FORMS {
        let mut kept = Vec::with_capacity(8);
        let used = measure(|| {
            let mut reading = Stream::new(FrameReader::default());
            for piece in stream.chunks(64 * 1024) {
                reading.push(piece, form).unwrap();
            }
            let frames = reading.frames.drain(..);
            kept.extend(frames.filter(|frame| frame.len() == 100));
        });
        assert_eq!(kept.len(), 2);
        // One of them may have its size with it.
        let held = used.bytes_current;
        assert!((200..=208).contains(&held), "{held} bytes, {form:?}");
    }
}

#[test]
fn a_size_out_of_range_is_final_and_reported_with_its_offset() {
    for size in [-1, i32::MIN, 101] {
        let (min, max) = (0, 100);
        let kind = FrameErrorKind::SizeOutOfRange { size, min, max };
        let mut reader = FrameReader::new(Limits::default().with_max_frame_bytes(100));
        let stream = [
            &[0, 0, 0, 3][..],
            b"one",
            &[0, 0, 0, 0],
            &size.to_be_bytes(),
        ]
        .concat();
        let mut input = &stream[..];
        let mut next = |input: &mut &[u8]| reader.next_frame(input);
        assert_eq!(next(&mut input).unwrap().as_deref(), Some(&b"one"[..]));
        assert_eq!(next(&mut input).unwrap().as_deref(), Some(&b""[..]));
        for _ in 0..3 {
            let error = next(&mut input).unwrap_err();
            assert_eq!((error.kind(), error.offset()), (&kind, 11), "{error}");
            input = &[0; 200];
        }
    }
}

#[test]
fn a_frame_of_exactly_the_limit_is_no_error() {
    let mut reader = FrameReader::new(Limits::default().with_max_frame_bytes(100));
    let stream = [&100_i32.to_be_bytes()[..], &[7; 100]].concat();
    let mut input = &stream[..];
    let frame = reader.next_frame(&mut input).unwrap();
    assert_eq!(frame.as_deref(), Some(&[7; 100][..]));
    assert_eq!(reader.next_frame(&mut input), Ok(None));
    assert_eq!((reader.frames(), reader.offset()), (1, 104));
}

#[test]
fn allowed_sizes_change_between_frames_and_inside_of_one() {
    let mut reader = FrameReader::default();
    reader.set_allowed_sizes(4..=8);
    assert_eq!(reader.next_frame(&mut &b"\0\0\0\x05ha"[..]), Ok(None));
    reader.set_allowed_sizes(0..=6);
    let mut input = &b"lf.\0\0\0\0\0\0\0\x05four"[..];
    let frame = reader.next_frame(&mut input).unwrap();
    assert_eq!(frame.as_deref(), Some(&b"half."[..]));
    assert_eq!(reader.next_frame(&mut input), Ok(Some(Bytes::new())));
    assert_eq!(reader.next_frame(&mut input), Ok(None));

    reader.set_allowed_sizes(0..=4);
    let error = reader.next_frame(&mut &b"."[..]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "frame at byte 13: frame size 5 is invalid (maximum 4)"
    );
    assert_eq!(reader.check_end(), Err(error));
    reader.set_allowed_sizes(5..=5);
    let frame = reader.next_frame(&mut &b"."[..]).unwrap();
    assert_eq!(frame.as_deref(), Some(&b"four."[..]));
}

fn to_bytes(frames: &[&[u8]]) -> Vec<Bytes> {
    frames
        .iter()
        .map(|frame| Bytes::copy_from_slice(frame))
        .collect()
}
