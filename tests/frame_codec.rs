//! The codec for tokio-util returns the frames and errors of `FrameReader`.
#![cfg(test)]
#![cfg(all(feature = "tokio-util", feature = "messages"))]

#[path = "support/recorded.rs"]
mod recorded;

use std::error::Error;
use std::io;

use allocation_counter::measure;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use kafka_codec::frame::{
    FrameCodec, FrameCodecError, FrameError, FrameErrorKind, FrameReader, encode_request,
};
use kafka_codec::messages::{ProduceRequest, produce_request};
use kafka_codec::wire::{Blob, Limits, Segments, Writer};
use kafka_codec::{Message, Version};
use tokio::io::{AsyncWriteExt, duplex};
use tokio_util::codec::{Decoder, Encoder, Framed};

/// A Produce request with a blob that is shared, not copied.
fn produce(blob: &Bytes) -> ProduceRequest<'static> {
    let partition = produce_request::PartitionProduceData {
        records: Some(Blob::from(blob.clone())),
        ..Default::default()
    };
    let topic = produce_request::TopicProduceData {
        name: "orders".into(),
        partition_data: vec![partition],
        ..Default::default()
    };
    ProduceRequest {
        topic_data: vec![topic],
        ..Default::default()
    }
}

/// Real frames, an empty one, and one that fills any buffer.
fn frames() -> Vec<Bytes> {
    let recorded = recorded::recorded();
    let real = recorded.iter().take(200);
    let made = [Bytes::new(), Bytes::from(vec![7; 100_000])];
    real.map(|frame| Bytes::from(frame.bytes.clone()))
        .chain(made)
        .collect()
}

/// Writes frames without their sizes.
fn write(frames: &[Bytes]) -> BytesMut {
    let (mut codec, mut stream) = (FrameCodec::default(), BytesMut::new());
    for frame in frames {
        codec.encode(frame.clone(), &mut stream).unwrap();
    }
    stream
}

fn frame_error(error: FrameCodecError) -> FrameError {
    match error {
        FrameCodecError::Frame(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn written_frames_are_read_back_in_pieces_of_any_size_by_the_codec_and_the_reader() {
    let frames = frames();
    let stream = write(&frames);
    for piece in [1, 7, 8192, stream.len()] {
        let (mut codec, mut buffer) = (FrameCodec::default(), BytesMut::new());
        let (mut reader, mut split) = (FrameReader::default(), Vec::new());
        let mut read = Vec::new();
        for bytes in stream.chunks(piece) {
            buffer.extend_from_slice(bytes);
            while let Some(frame) = codec.decode(&mut buffer).unwrap() {
                read.push(frame);
            }
            let mut bytes = bytes;
            while let Some(frame) = reader.next_frame(&mut bytes).unwrap() {
                split.push(frame);
            }
        }
        assert!(read == frames && split == frames, "in pieces of {piece}");
        assert_eq!(codec.decode_eof(&mut buffer).unwrap(), None);
        assert_eq!(reader.check_end(), Ok(()));
    }
}

#[test]
fn what_was_encoded_is_written_as_it_is_with_its_shared_blobs() {
    let blob = Bytes::from(vec![9; 20_000]);
    let encode = || encode_request(Vec::new(), &produce(&blob), Version(9), 5, None).unwrap();
    let mut expected = encode();
    let (mut codec, mut stream) = (FrameCodec::default(), BytesMut::new());
    codec.encode(encode(), &mut stream).unwrap();
    codec.encode(encode(), &mut stream).unwrap();
    let expected = expected.copy_to_bytes(expected.remaining());
    assert_eq!(stream, [&expected[..], &expected].concat());
    assert_eq!(codec.decode(&mut stream).unwrap().unwrap(), expected[4..]);
}

#[test]
fn what_does_not_begin_with_its_size_is_not_written() {
    let mut half =
        encode_request(Vec::new(), &produce(&Bytes::new()), Version(9), 5, None).unwrap();
    half.advance(4);
    let body: Segments = {
        let mut writer = Writer::new();
        produce(&Bytes::new())
            .encode(&mut writer, Version(9))
            .unwrap();
        writer.finish()
    };
    for wrong in [half, body, Writer::new().finish()] {
        let (mut codec, mut stream) = (FrameCodec::default(), BytesMut::new());
        let bytes = wrong.remaining();
        let error = codec.encode(wrong, &mut stream).unwrap_err();
        assert!(
            matches!(error, FrameCodecError::NotAFrame { bytes: found } if found == bytes),
            "{error}"
        );
        assert!(stream.is_empty());
    }
}

#[test]
fn sizes_that_cannot_be_are_final_and_placed() {
    let limits = Limits::default().with_max_frame_bytes(100);
    for size in [-1, i32::MIN, 101, i32::MAX] {
        let (min, max) = (0, 100);
        let kind = FrameErrorKind::SizeOutOfRange { size, min, max };
        let mut codec = FrameCodec::new(limits);
        let mut stream = write(&[Bytes::from_static(b"one")]);
        stream.extend_from_slice(&size.to_be_bytes());
        assert_eq!(codec.decode(&mut stream).unwrap().unwrap(), b"one"[..]);
        for _ in 0..3 {
            let error = frame_error(codec.decode(&mut stream).unwrap_err());
            assert_eq!((error.kind(), error.offset()), (&kind, 7), "{error}");
            let at_end = frame_error(codec.decode_eof(&mut stream).unwrap_err());
            assert_eq!(at_end, error);
            stream.extend_from_slice(&[0; 200]);
        }
    }
}

#[test]
fn a_frame_above_the_limit_is_not_written_and_one_of_exactly_the_limit_is() {
    let mut codec = FrameCodec::new(Limits::default().with_max_frame_bytes(100));
    let mut stream = BytesMut::new();
    codec
        .encode(Bytes::from(vec![7; 100]), &mut stream)
        .unwrap();
    let error = codec.encode(Bytes::from(vec![7; 101]), &mut stream);
    assert_eq!(
        error.unwrap_err().to_string(),
        "frame size 101 cannot be written (maximum 100)"
    );
    let blob = Bytes::from(vec![9; 200]);
    let request = encode_request(Vec::new(), &produce(&blob), Version(9), 5, None).unwrap();
    assert!(matches!(
        codec.encode(request, &mut stream),
        Err(FrameCodecError::TooLarge {
            bytes: 201..,
            max: 100
        })
    ));
    assert_eq!(stream.len(), 104);
    assert_eq!(codec.decode_eof(&mut stream).unwrap().unwrap().len(), 100);
}

#[test]
fn an_announced_size_costs_nothing_until_its_bytes_arrive() {
    let announced: i32 = 100 * 1024 * 1024;
    let mut codec = FrameCodec::default();
    let mut arrived = 0;
    let used = measure(|| {
        let mut stream = BytesMut::from(&announced.to_be_bytes()[..]);
        for _ in 0..1000 {
            assert_eq!(codec.decode(&mut stream).unwrap(), None);
            stream.extend_from_slice(&[7; 10]);
            arrived += 10;
        }
    });
    // A buffer that doubles, and its old half while it moves.
    assert!(
        used.bytes_max <= 3 * arrived,
        "{} bytes for {arrived}",
        used.bytes_max
    );
}

#[test]
fn every_cut_of_a_stream_says_how_much_of_which_frame_arrived() {
    let frames = [Bytes::from_static(b"one"), Bytes::from(vec![7; 20])];
    let stream = write(&frames);
    for cut in 0..=stream.len() {
        let (mut codec, mut buffer) = (FrameCodec::default(), BytesMut::from(&stream[..cut]));
        let (mut reader, mut input) = (FrameReader::default(), &stream[..cut]);
        while reader.next_frame(&mut input).unwrap().is_some() {}
        let mut read = 0;
        let end = loop {
            match codec.decode_eof(&mut buffer) {
                Ok(Some(_)) => read += 1,
                Ok(None) => break Ok(()),
                Err(error) => break Err(frame_error(error)),
            }
        };
        let (whole, start) = match cut {
            0..7 => (0, 0),
            7..31 => (1, 7),
            _ => (2, 31),
        };
        let kind = match cut - start {
            0 => None,
            got @ 1..4 => Some(FrameErrorKind::EndInSize { got }),
            got => Some(FrameErrorKind::EndInFrame {
                got: got - 4,
                announced: frames[whole].len(),
            }),
        };
        assert_eq!(read, whole, "cut at {cut}");
        assert_eq!(reader.check_end(), end, "cut at {cut}");
        let end = end.err().map(|error| {
            assert_eq!(error.offset(), u64::try_from(start).unwrap());
            error.kind().clone()
        });
        assert_eq!(end, kind, "cut at {cut}");
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

#[test]
fn frames_go_through_a_framed_stream_both_ways() {
    run(async {
        // Smaller than most frames.
        let (client, broker) = duplex(64);
        let mut client = Framed::new(client, FrameCodec::default());
        let mut broker = Framed::new(broker, FrameCodec::default());
        let blob = Bytes::from(vec![9; 20_000]);
        let request = encode_request(Vec::new(), &produce(&blob), Version(9), 5, None).unwrap();
        let bytes = request.remaining();
        let (sent, received) =
            futures_util::future::join(client.send(request), broker.next()).await;
        sent.unwrap();
        let received = received.unwrap().unwrap();
        assert_eq!(received.len(), bytes - 4);
        let (sent, echoed) =
            futures_util::future::join(broker.send(received.clone()), client.next()).await;
        sent.unwrap();
        assert_eq!(echoed.unwrap().unwrap(), received);
        drop(client);
        assert!(broker.next().await.is_none());
    });
}

#[test]
fn a_framed_stream_that_is_cut_ends_with_where() {
    run(async {
        let (mut client, broker) = duplex(64);
        let mut broker = Framed::new(broker, FrameCodec::default());
        client
            .write_all(b"\0\0\0\x03one\0\0\0\x09seven")
            .await
            .unwrap();
        drop(client);
        assert_eq!(broker.next().await.unwrap().unwrap(), b"one"[..]);
        let end = broker.next().await.unwrap().unwrap_err();
        assert_eq!(
            end.to_string(),
            "frame at byte 7: stream ended after 5 of 9 bytes"
        );
        assert!(broker.next().await.is_none());
    });
}

#[test]
fn an_error_of_the_transport_is_kept_and_printed_once() {
    let error = FrameCodecError::from(io::Error::other("it broke"));
    assert_eq!(error.to_string(), "it broke");
    assert!(error.source().is_none());
    assert!(matches!(error, FrameCodecError::Io(_)));
}
