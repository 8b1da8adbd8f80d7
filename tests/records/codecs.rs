//! What Kafka takes of each container, and what it does not.

#[cfg(any(
    feature = "gzip",
    feature = "snappy",
    feature = "lz4",
    feature = "zstd"
))]
use kafka_codec::records::codec::{Bounds, Codec, CodecErrorKind};
#[cfg(any(
    feature = "gzip",
    feature = "snappy",
    feature = "lz4",
    feature = "zstd"
))]
use kafka_codec::wire::Limits;

#[cfg(any(
    feature = "gzip",
    feature = "snappy",
    feature = "lz4",
    feature = "zstd"
))]
fn decompress(codec: &mut dyn Codec, input: &[u8], magic: i8) -> (Vec<u8>, Option<CodecErrorKind>) {
    let mut output = Vec::new();
    let bounds = Bounds::new(Limits::default(), input.len(), magic);
    let error = codec.decompress(input, &mut output, &bounds).err();
    (output, error.map(|error| error.kind().clone()))
}

#[cfg(feature = "gzip")]
#[test]
fn gzip_members_are_read_through_at_every_level() {
    use kafka_codec::records::codec::Gzip;
    let mut all = Vec::new();
    for level in [-1, 1, 6, 9] {
        let mut codec = Gzip::with_level(level).unwrap();
        codec.compress(b"one member; ", &mut all, 2).unwrap();
        codec.compress(b"and one; ", &mut all, 2).unwrap();
    }
    let expected = b"one member; and one; ".repeat(4);
    assert_eq!(
        decompress(&mut Gzip::default(), &all, 2),
        (expected.clone(), None)
    );
    // The checksum of the last member.
    let at = all.len() - 5;
    all[at] ^= 1;
    assert_eq!(
        decompress(&mut Gzip::default(), &all, 2),
        (expected, Some(CodecErrorKind::Checksum))
    );
    let text = Gzip::with_level(10).unwrap_err().to_string();
    assert_eq!(text, "level 10 of gzip: use 1 to 9");
}

#[cfg(feature = "snappy")]
#[test]
fn snappy_is_read_bare_and_in_containers_that_follow_one_another() {
    use kafka_codec::records::codec::Snappy;
    let mut codec = Snappy::default();
    let mut container = Vec::new();
    codec.compress(b"abc", &mut container, 2).unwrap();
    assert_eq!(
        decompress(&mut codec, &container[20..], 2),
        (b"abc".to_vec(), None),
        "the block"
    );
    let mut twice = container.repeat(2);
    assert_eq!(
        decompress(&mut codec, &twice, 2),
        (b"abcabc".to_vec(), None)
    );
    // Some of a length at the end; a container of nothing; a block that is cut off.
    twice.extend([0, 0, 1]);
    assert_eq!(
        decompress(&mut codec, &twice, 2),
        (b"abcabc".to_vec(), None)
    );
    assert_eq!(decompress(&mut codec, &container[..16], 2), (vec![], None));
    let cut = &container[..container.len() - 1];
    assert_eq!(
        decompress(&mut codec, cut, 2),
        (vec![], Some(CodecErrorKind::UnexpectedEnd))
    );
}

#[cfg(feature = "lz4")]
#[test]
fn lz4_frames_are_read_with_the_flags_that_kafka_takes() {
    use kafka_codec::records::codec::Lz4;
    use twox_hash::XxHash32;
    let frame = |flags: u8, block: u8, size: &[u8], rest: &[u8]| {
        let header = [&[flags, block], size].concat();
        let checksum = XxHash32::oneshot(0, &header).to_le_bytes()[1];
        [&[4, 0x22, 0x4d, 0x18][..], &header, &[checksum], rest].concat()
    };
    let mut stored = vec![3, 0, 0, 0x80];
    stored.extend(b"abc");
    let end = [0; 4];
    let read = |bytes: &[u8]| decompress(&mut Lz4::default(), bytes, 2);
    let abc = (b"abc".to_vec(), None);

    assert_eq!(
        read(&frame(0x60, 0x40, &[], &[&stored[..], &end].concat())),
        abc
    );
    assert_eq!(
        read(&frame(0x68, 0x70, &[9; 8], &[&stored[..], &end].concat())),
        abc,
        "content size"
    );
    let checksum = XxHash32::oneshot(0, b"abc").to_le_bytes();
    let checked = [&stored[..], &checksum, &end].concat();
    assert_eq!(
        read(&frame(0x70, 0x40, &[], &checked)),
        abc,
        "block checksum"
    );
    let wrong = [&stored[..], &[1; 4], &end].concat();
    assert_eq!(
        read(&frame(0x70, 0x40, &[], &wrong)).1,
        Some(CodecErrorKind::Checksum)
    );
    let content = [&stored[..], &end, &[1; 4]].concat();
    assert_eq!(
        read(&frame(0x64, 0x40, &[], &content)),
        abc,
        "content checksum is not looked at"
    );
    assert_eq!(
        read(&frame(0x64, 0x40, &[], &content[..content.len() - 1])).1,
        Some(CodecErrorKind::UnexpectedEnd),
    );
    let whole = frame(0x60, 0x40, &[], &[&stored[..], &end].concat());
    assert_eq!(
        read(&whole.repeat(2)),
        abc,
        "a second frame is not looked at"
    );

    let refused = |flags, block| {
        read(&frame(flags, block, &[], &[&stored[..], &end].concat()))
            .1
            .unwrap()
    };
    assert!(
        matches!(refused(0x40, 0x40), CodecErrorKind::NotAllowed(_)),
        "linked blocks"
    );
    assert!(
        matches!(refused(0x61, 0x40), CodecErrorKind::NotAllowed(_)),
        "a dictionary"
    );
    assert!(
        matches!(refused(0xa0, 0x40), CodecErrorKind::Malformed(_)),
        "version 2"
    );
    assert!(
        matches!(refused(0x62, 0x40), CodecErrorKind::Malformed(_)),
        "a reserved bit"
    );
    assert!(
        matches!(refused(0x60, 0x30), CodecErrorKind::Malformed(_)),
        "a block size"
    );
    assert_eq!(
        Lz4::with_level(0).unwrap_err().to_string(),
        "level 0 of lz4: use 1 to 17"
    );
}

#[cfg(feature = "zstd")]
#[test]
fn zstd_frames_are_read_through_at_every_level() {
    use kafka_codec::records::codec::Zstd;
    let mut all = Vec::new();
    for level in [-131_072, -5, 1, 3, 19, 22] {
        let mut codec = Zstd::with_level(level).unwrap();
        codec
            .compress(&b"a frame; ".repeat(100), &mut all, 2)
            .unwrap();
        // A frame to be skipped.
        all.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    }
    let expected = b"a frame; ".repeat(600);
    assert_eq!(
        decompress(&mut Zstd::default(), &all, 2),
        (expected.clone(), None)
    );
    all.extend(b"junk");
    let (output, error) = decompress(&mut Zstd::default(), &all, 2);
    assert_eq!(output, expected);
    assert!(
        matches!(error, Some(CodecErrorKind::Malformed(_))),
        "{error:?}"
    );
    assert!(Zstd::with_level(23).is_err());
}
