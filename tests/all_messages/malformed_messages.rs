//! Mutated messages and frames are what their labels say: refused where they are malformed, or the original message still.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use kafka_codec::frame::FrameReader;
use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::schema::random::{
    Expectation, Frame, Mutated, Mutation, Mutator, Options, Seeded,
};
use kafka_codec::schema::{self, Schema};
use kafka_codec::wire::Limits;
use kafka_codec::{AnyRequest, AnyResponse, ApiKey, DecodeError, HeaderVersions, Version};

use crate::random_messages::{make, pairs, seeds};
use crate::registry::{self, RegisteredMessage};
use crate::vectors::hex;

/// Only of frames.
const AROUND: [Mutation; 3] = [
    Mutation::FrameSize,
    Mutation::UnknownApi,
    Mutation::UnknownVersion,
];

#[test]
fn decoding_makes_of_malformed_messages_what_their_labels_say() {
    let registry = registry::registry();
    let mut counts = BTreeMap::<Mutation, usize>::new();
    for (schema, version) in pairs() {
        let entry = registry[schema.name()];
        for seed in 0..seeds(4) {
            let message = make(schema, version, &Options::default(), seed);
            let mutator = Mutator::new(schema, version, &message).unwrap();
            let mut entropy = Seeded::new(seed);
            for kind in Mutation::ALL {
                let Some(mutated) = mutator.apply(*kind, &mut entropy) else {
                    continue;
                };
                assert_eq!(mutated.mutation(), *kind);
                check(entry, schema, &message, &mutated, version);
                *counts.entry(*kind).or_default() += 1;
            }
            let any = mutator
                .any(&mut entropy)
                .expect("bytes can follow every message");
            check(entry, schema, &message, &any, version);
        }
    }
    println!("{counts:?}");
    for kind in Mutation::ALL {
        let count = counts.get(kind).copied().unwrap_or(0);
        assert_eq!(count == 0, AROUND.contains(kind), "{kind:?}: {count}");
    }
}

fn check(
    entry: RegisteredMessage,
    schema: &'static Schema,
    original: &[u8],
    mutated: &Mutated,
    version: Version,
) {
    let place = || format!("{mutated}\nof {original:02x?}\nis {:02x?}", mutated.bytes());
    let bytes = mutated.bytes();
    let typed = (entry.decode_within)(bytes, version, Limits::UNLIMITED);
    let walked = schema::visit(schema, version, bytes, Limits::UNLIMITED, &mut ()).map(drop);
    assert_eq!(typed, walked, "{}", place());
    match (typed, mutated.expectation()) {
        (Ok(()), Expectation::Accept) => {
            assert_ne!(bytes, original, "{}", place());
            let (left, again) = (entry.recode)(bytes, version).unwrap();
            assert_eq!(
                (left, again.unwrap()),
                (0, original.to_vec()),
                "{}",
                place()
            );
        }
        (Err(error), Expectation::Refuse | Expectation::KafkaAccepts) => {
            assert!(
                mutated.blamed().contains(&error.offset()),
                "{error}\n{}",
                place()
            );
            check_path(mutated, &error);
        }
        (result, _) => panic!("{result:?}: {}", place()),
    }
}

/// The error names the field that the label names.
fn check_path(mutated: &Mutated, error: &DecodeError) {
    let (path, named) = (mutated.path(), error.path().unwrap_or_default());
    match mutated.mutation() {
        // An earlier count may not fit either; what follows the message is in no field.
        Mutation::Truncation | Mutation::TrailingBytes => {}
        Mutation::InflatedTagCount
        | Mutation::InflatedTagSize
        | Mutation::DuplicateTag
        | Mutation::EndlessVarint => {
            assert!(is_in_struct_of(named, path), "{error}: {mutated}");
        }
        _ => assert_eq!(named, path, "{error}: {mutated}"),
    }
}

/// Returns `true` if `named` is `path` or stands for the tagged fields of the struct that `path` is or is in.
fn is_in_struct_of(named: &str, path: &str) -> bool {
    let parent = |path: &str| {
        path.rsplit_once('.')
            .map_or(String::new(), |(of, _)| of.to_owned())
    };
    let tags = named.strip_suffix("unknown_tagged_fields");
    let of_tags = tags.map(|of| of.strip_suffix('.').unwrap_or(of).to_owned());
    named == path || of_tags.is_some_and(|of| of == path || of == parent(path))
}

#[test]
#[ignore = "writes the file that KAFKA_CODEC_MALFORMED names: tests/oracle/malformed-messages/run calls it"]
fn malformed_messages_are_written_for_java() {
    let path = env::var_os("KAFKA_CODEC_MALFORMED").expect("KAFKA_CODEC_MALFORMED names a file");
    let mut out = BufWriter::new(File::create(path).unwrap());
    let options = Options::default().with_max_bytes(300);
    for (schema, version) in pairs() {
        for seed in 0..seeds(20) {
            let message = make(schema, version, &options, seed);
            let mutator = Mutator::new(schema, version, &message).unwrap();
            let whole = hex(&message);
            let mut write = |expectation: Expectation, what: &str, bytes: &[u8]| {
                let (name, bytes) = (schema.name(), hex(bytes));
                writeln!(
                    out,
                    "{name}\t{version}\t{expectation:?}\t{what}\t{whole}\t{bytes}"
                )
                .unwrap();
            };
            write(Expectation::Accept, "nothing", &message);
            for kind in Mutation::ALL {
                if let Some(mutated) = mutator.apply(*kind, &mut Seeded::new(seed)) {
                    write(mutated.expectation(), &format!("{kind:?}"), mutated.bytes());
                }
            }
        }
    }
    out.flush().unwrap();
}

#[test]
fn the_same_entropy_breaks_the_same() {
    for (schema, version) in pairs() {
        let message = make(schema, version, &Options::default(), 5);
        let mutator = Mutator::new(schema, version, &message).unwrap();
        let mutated = mutator.any(&mut Seeded::new(9));
        assert_eq!(mutated, mutator.any(&mut Seeded::new(9)));
    }
}

#[test]
fn what_is_broken_already_is_refused() {
    let schema = Schema::named("HeartbeatRequest").unwrap();
    assert!(Mutator::new(schema, Version(0), b"\0\x01a").is_err());
    assert!(Mutator::new(schema, Version(99), b"").is_err());
}

#[test]
fn frames_are_read_as_what_they_were_made_as() {
    let (options, mut entropy) = (Options::default(), Seeded::new(1));
    for (schema, version) in pairs() {
        let Some(key) = schema
            .api_key()
            .filter(|_| schema.name().ends_with("Request"))
        else {
            continue;
        };
        let request = Frame::request(key.into(), version, &options, &mut entropy).unwrap();
        read_request(&request.to_bytes()).unwrap();
        let response = request.response(&options, &mut entropy);
        assert_eq!(response.correlation_id(), request.correlation_id());
        read_response(&response, &response.to_bytes()).unwrap();
    }
    let frames = (0..20_000).map(|seed| Frame::any_request(&options, &mut Seeded::new(seed)));
    let kinds: std::collections::BTreeSet<_> = frames
        .map(|frame| (frame.api_key(), frame.version()))
        .collect();
    let requests = pairs().filter(|(schema, _)| schema.kind() == schema::Kind::Request);
    assert_eq!(
        kinds.len(),
        requests.count(),
        "every request in every version is made"
    );
}

#[test]
fn an_api_or_version_that_is_not_known_has_no_frame() {
    let (options, mut entropy) = (Options::default(), Seeded::new(1));
    assert!(Frame::request(9999.into(), Version(0), &options, &mut entropy).is_none());
    assert!(Frame::request(1.into(), Version(99), &options, &mut entropy).is_none());
}

#[test]
fn reading_makes_of_broken_frames_what_their_labels_say() {
    let options = Options::default().with_max_bytes(300);
    let mut counts = BTreeMap::<(Mutation, &str), usize>::new();
    for seed in 0..6_000 {
        let mut entropy = Seeded::new(seed);
        let request = Frame::any_request(&options, &mut entropy);
        let response = request.response(&options, &mut entropy);
        let mutated = request.randomly_mutated(&mut entropy);
        check_frame(&mutated, read_request(mutated.bytes()), &request.to_bytes());
        let mutated_response = response.randomly_mutated(&mut entropy);
        let read = read_response(&response, mutated_response.bytes());
        check_frame(&mutated_response, read, &response.to_bytes());
        for mutated in [mutated, mutated_response] {
            let part = if mutated.message().ends_with("Header") {
                "header"
            } else {
                "body"
            };
            *counts.entry((mutated.mutation(), part)).or_default() += 1;
        }
    }
    println!("{counts:?}");
    for kind in Mutation::ALL {
        let part = if AROUND.contains(kind) {
            "header"
        } else {
            "body"
        };
        assert!(
            counts.contains_key(&(*kind, part)),
            "{kind:?} in the {part}"
        );
    }
    let in_header = |kind: &Mutation| counts.contains_key(&(*kind, "header"));
    assert!(in_header(&Mutation::InflatedLength) && in_header(&Mutation::EndlessVarint));
}

#[test]
fn each_way_of_breaking_a_frame_can_be_asked_for() {
    let options = Options::default();
    let mut missing = Mutation::ALL.to_vec();
    for seed in 0..500 {
        let mut entropy = Seeded::new(seed);
        let request = Frame::any_request(&options, &mut entropy);
        missing.retain(|kind| request.mutated(*kind, &mut entropy).is_none());
    }
    assert_eq!(missing, []);
}

fn check_frame(mutated: &Mutated, read: Result<Vec<u8>, FaultyByte>, original: &[u8]) {
    let place = || format!("{mutated}\nof {original:02x?}\nis {:02x?}", mutated.bytes());
    match (read, mutated.expectation()) {
        (Ok(again), Expectation::Accept) => assert_eq!(again, original, "{}", place()),
        (Err(FaultyByte(offset)), Expectation::Refuse | Expectation::KafkaAccepts) => {
            assert!(
                mutated.blamed().contains(&offset),
                "byte {offset}: {}",
                place()
            );
        }
        (result, _) => panic!("{result:?}: {}", place()),
    }
}

/// Where in the frame something was wrong.
#[derive(Debug)]
struct FaultyByte(usize);

/// What header and body are read as, written as a frame again.
fn read_request(bytes: &[u8]) -> Result<Vec<u8>, FaultyByte> {
    let frame = split(bytes)?;
    if let Some(key) = frame.first_chunk() {
        let key = ApiKey::from_number(i16::from_be_bytes(*key));
        if matches!(key, ApiKey::Unknown(_)) {
            // What no broker serves is refused by its key, whatever header and body follow.
            return Err(FaultyByte(4));
        }
    }
    let (header, body) = RequestHeader::split(&frame).map_err(at(4))?;
    let (key, version) = (header.api_key(), header.version());
    let start = bytes.len() - body.len();
    let known = key
        .versions()
        .is_some_and(|versions| versions.contains(version));
    let request = AnyRequest::decode_with(key, version, body, Limits::UNLIMITED)
        .map_err(at(if known { start } else { 6 }))?;
    let mut writer = kafka_codec::wire::Writer::new();
    let header_version = HeaderVersions::of(key, version).request;
    kafka_codec::Message::encode(&header, &mut writer, header_version).unwrap();
    request.encode(&mut writer, version).unwrap();
    Ok(framed(writer.into_vec()))
}

fn read_response(as_made: &Frame, bytes: &[u8]) -> Result<Vec<u8>, FaultyByte> {
    let (key, version) = (as_made.api_key(), as_made.version());
    let frame = split(bytes)?;
    let (header, body) =
        ResponseHeader::split(&frame, HeaderVersions::of(key, version)).map_err(at(4))?;
    let start = bytes.len() - body.len();
    let response =
        AnyResponse::decode_with(key, version, body, Limits::UNLIMITED).map_err(at(start))?;
    let mut writer = kafka_codec::wire::Writer::new();
    let header_version = HeaderVersions::of(key, version).response;
    kafka_codec::Message::encode(&header, &mut writer, header_version).unwrap();
    response.encode(&mut writer, version).unwrap();
    Ok(framed(writer.into_vec()))
}

/// The one frame that `bytes` are.
fn split(mut bytes: &[u8]) -> Result<bytes::Bytes, FaultyByte> {
    match FrameReader::default().next_frame(&mut bytes) {
        Ok(Some(frame)) if bytes.is_empty() => Ok(frame),
        // There are bytes that the size leaves out or that it waits for.
        Ok(_) | Err(_) => Err(FaultyByte(0)),
    }
}

fn at(start: usize) -> impl Fn(DecodeError) -> FaultyByte {
    move |error| FaultyByte(start + error.offset())
}

fn framed(body: Vec<u8>) -> Vec<u8> {
    let size = u32::try_from(body.len()).unwrap();
    [&size.to_be_bytes()[..], &body].concat()
}
