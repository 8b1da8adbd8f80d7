//! What the fuzz targets do, shared by `fuzz/` and `fuzz_corpus.rs`: the first byte of the input
//! chooses the message, the second its version, the rest is the body.
#![allow(dead_code, reason = "each target uses its own part")]

use std::sync::OnceLock;

use kafka_codec::Version;

use super::registry::{RegisteredMessage, registry};

/// A request is refused with an error that places itself, or round-trips.
pub(crate) fn requests(input: &[u8]) {
    check(messages("Request"), input);
}

/// A response is refused with an error that places itself, or round-trips.
pub(crate) fn responses(input: &[u8]) {
    check(messages("Response"), input);
}

/// The input that makes `body` the body of the request or response called `name`.
pub(crate) fn input(name: &str, version: Version, body: &[u8]) -> Option<Vec<u8>> {
    let side = SIDES.into_iter().find(|side| name.ends_with(side))?;
    let index = messages(side).iter().position(|entry| entry.name == name)?;
    let version = version.0 - messages(side)[index].versions.min().0;
    let choice = [u8::try_from(index).ok()?, u8::try_from(version).ok()?];
    Some([&choice, body].concat())
}

/// The message that the first two bytes of an input choose, and its version.
pub(crate) fn chosen(side: &str, input: &[u8]) -> Option<(&'static str, Version)> {
    let [choice, version, ..] = input else {
        return None;
    };
    let messages = messages(side);
    let entry = messages[usize::from(*choice) % messages.len()];
    let versions: Vec<_> = entry.versions.iter().collect();
    Some((entry.name, versions[usize::from(*version) % versions.len()]))
}

/// How the names of messages end.
const SIDES: [&str; 2] = ["Request", "Response"];

/// The messages of one side, in the order of their names.
fn messages(side: &str) -> &'static [RegisteredMessage] {
    static MESSAGES: OnceLock<[Vec<RegisteredMessage>; 2]> = OnceLock::new();
    let of = |side| {
        registry()
            .into_values()
            .filter(|entry| entry.name.ends_with(side))
            .collect()
    };
    let [requests, responses] = MESSAGES.get_or_init(|| SIDES.map(of));
    if side == SIDES[0] {
        requests
    } else {
        responses
    }
}

fn check(messages: &[RegisteredMessage], input: &[u8]) {
    let [choice, version, body @ ..] = input else {
        return;
    };
    let entry = messages[usize::from(*choice) % messages.len()];
    let versions: Vec<_> = entry.versions.iter().collect();
    let version = versions[usize::from(*version) % versions.len()];
    if let Err(error) = (entry.round_trip)(body, version) {
        assert_eq!(
            (error.message(), error.version()),
            (Some(entry.name), Some(version))
        );
        assert!(
            error.offset() <= body.len(),
            "{error}, of {} bytes",
            body.len()
        );
    }
}
