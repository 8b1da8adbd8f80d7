//! The page names nothing that is not there: names of code are compiled here, and files and tests exist; each trap has its tests.

use std::collections::BTreeSet;
use std::path::Path;

use kafka_codec::connection::sasl::{OauthBearer, Reply};
use kafka_codec::connection::{
    BlockedOn, Connection, ConnectionOptions, EncodedRequest, HintKind, IdlePolicy, Outcome,
    RawResponse, ReconnectAdvice, State, SubmitOptions, keep_alive_interval,
};
use kafka_codec::enumerations::ListOffsetsTimestamp;
use kafka_codec::messages::fetch_response::PartitionData;
use kafka_codec::messages::{
    ApiVersionsResponse, FetchRequest, MetadataRequest, ProduceResponse, RequestHeader,
};
use kafka_codec::records::{BatchBuilder, Entry, FetchedRecords, Record, RecordDecoder};
use kafka_codec::wire::{Limits, Uuid};
use kafka_codec::{
    ApiKey, ApiVersionsAnswer, DecodeErrorKind, ErrorCode, HeaderVersions, InvalidSoftware,
    Message, Request, VersionTable, correlation, frame, records,
};

/// A type that is named.
fn named<T>() {}

/// The names, each with something that compiles only if it is there.
macro_rules! names {
    ($($name:literal: $there:expr,)*) => {
        const NAMES: &[&str] = &[$($name),*];

        #[allow(dead_code, reason = "it is only compiled")]
        fn are_there() {
            $(let _ = $there;)*
        }
    };
}

names! {
    "ApiKey::listeners": ApiKey::listeners,
    "ApiKey::routing": ApiKey::routing,
    "ApiKey::stable_versions": ApiKey::stable_versions,
    "ApiVersionsAnswer": named::<ApiVersionsAnswer>,
    "ApiVersionsAnswer::decode": ApiVersionsAnswer::decode,
    "ApiVersionsResponse::versions_of": ApiVersionsResponse::versions_of,
    "BatchBuilder": named::<BatchBuilder>,
    "BlockedOn::Throttle": BlockedOn::Throttle,
    "Connection": named::<Connection>,
    "Connection::submit": Connection::submit::<MetadataRequest<'_>>,
    "Connection::throttled_until": Connection::throttled_until,
    "ConnectionOptions::with_renew_at_permille": ConnectionOptions::with_renew_at_permille,
    "DecodeErrorKind::TrailingBytes": |it: &DecodeErrorKind| matches!(it, DecodeErrorKind::TrailingBytes { .. }),
    "EncodedRequest::expects_response": EncodedRequest::expects_response,
    "Entry::Message": |it: &Entry<'_>| matches!(it, Entry::Message(_)),
    "Entry::Partial": |it: &Entry<'_>| matches!(it, Entry::Partial(_)),
    "Entry::is_control": |it: &Entry<'_>| it.is_control(),
    "Entry::next_offset": |it: &Entry<'_>| it.next_offset(),
    "ErrorCode::applied": ErrorCode::applied,
    "ErrorCode::is_retriable": ErrorCode::is_retriable,
    "ErrorCode::refreshes_metadata": ErrorCode::refreshes_metadata,
    "FetchedRecords": named::<FetchedRecords<'_>>,
    "FetchedRecords::next_offset": |it: &FetchedRecords<'_>| it.next_offset(),
    "FetchedRecords::read_committed": |bytes: &'static [u8]| {
        FetchedRecords::read_committed(bytes, 0, [] as [records::AbortedTransaction; 0])
    },
    "FrameReader": named::<frame::FrameReader>,
    "HeaderVersions": named::<HeaderVersions>,
    "HeaderVersions::of": HeaderVersions::of,
    "HintKind::CredentialsRefused": HintKind::CredentialsRefused,
    "IdlePolicy": named::<IdlePolicy>,
    "InvalidSoftware::check": InvalidSoftware::check,
    "Limits::with_decompression_ratio": Limits::with_decompression_ratio,
    "ListOffsetsTimestamp": named::<ListOffsetsTimestamp>,
    "Message::encode": <MetadataRequest<'_> as Message>::encode,
    "MetadataRequest::for_all_topics": MetadataRequest::for_all_topics,
    "OauthBearer": named::<OauthBearer>,
    "OauthBearer::asking": OauthBearer::asking,
    "Option": named::<Option<()>>,
    "Outcome::Written": |it: &Outcome| matches!(it, Outcome::Written),
    "RawResponse::error_codes": RawResponse::error_codes,
    "ReconnectAdvice::ApiVersions": ReconnectAdvice::ApiVersions,
    "ReconnectAdvice::Mechanism": ReconnectAdvice::Mechanism,
    "Record::timestamp": |it: &Record<'_>| it.timestamp,
    "RecordDecoder": named::<RecordDecoder>,
    "Reply::SendLast": Reply::SendLast,
    "Request::fits": <MetadataRequest<'_> as Request>::fits,
    "Request::server_wait": <MetadataRequest<'_> as Request>::server_wait,
    "RequestHeader::split": RequestHeader::split,
    "State::SaslTokens": State::SaslTokens,
    "SubmitOptions::with_server_wait": SubmitOptions::with_server_wait,
    "Uuid::is_zero": Uuid::is_zero,
    "VersionTable": named::<VersionTable>,
    "correlation::InFlightRequests": named::<correlation::InFlightRequests<()>>,
    "correlation::SaslTokens": named::<correlation::SaslTokens>,
    "current_leader": |it: PartitionData<'_>| it.current_leader.leader_id,
    "for_no_topics": MetadataRequest::for_no_topics,
    "frame::decode_response": frame::decode_response::<MetadataRequest<'_>>,
    "keep_alive_interval": keep_alive_interval([]),
    "node_endpoints": |it: ProduceResponse<'_>| it.node_endpoints.len(),
    "preferred_read_replica": |it: PartitionData<'_>| it.preferred_read_replica,
    "records::codec": named::<records::codec::CodecError>,
    "session_epoch": |it: FetchRequest<'_>| it.session_epoch,
    "unknown_tagged_fields": |it: FetchRequest<'_>| it.unknown_tagged_fields.is_empty(),
    "with_max_in_flight": ConnectionOptions::with_max_in_flight,
}

/// Examples that the page names.
const EXAMPLES: [&str; 1] = ["proxy_rewrite"];

fn page() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/traps.md");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

/// What the page says of a trap.
struct Trap<'p> {
    title: &'p str,
    here: &'p str,
    tests: &'p str,
}

fn traps(page: &str) -> Vec<Trap<'_>> {
    let rows = page.lines().filter(|line| line.starts_with("| **"));
    rows.map(|row| {
        let row = row.trim_matches(['|', ' ']);
        let [text, here, tests] = row.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("three columns: {row}");
        };
        let title = text.split("**").nth(1).unwrap();
        Trap { title, here, tests }
    })
    .collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_trap_names_code_that_is_there() {
    let (_, text) = page();
    let mut named = BTreeSet::new();
    let traps = traps(&text);
    for trap in &traps {
        assert!(!trap.here.is_empty(), "{}", trap.title);
        named.extend(quoted(trap.here));
    }
    let known: BTreeSet<&str> = NAMES.iter().copied().chain(EXAMPLES).collect();
    let missing: Vec<_> = named.difference(&known).collect();
    let unused: Vec<_> = known.difference(&named).collect();
    assert_eq!((missing, unused), (vec![], vec![]));
    assert!(traps.len() >= 50, "{}", traps.len());
}

/// The source of `target::module`, or of the target itself.
fn source(modules: &[&str]) -> String {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let path = tests.join(modules.join("/")).with_extension("rs");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the tests in a source.
fn tests(source: &str) -> Vec<&str> {
    let after = source.split("#[test]").skip(1);
    after
        .map(|rest| rest.split_once("fn ").unwrap().1.split('(').next().unwrap())
        .collect()
}

#[test]
fn every_trap_has_tests_that_exist_and_every_test_of_a_trap_is_on_the_page() {
    let (_, text) = page();
    let mut named = BTreeSet::new();
    for trap in traps(&text) {
        let mut count = 0;
        for path in quoted(trap.tests) {
            let parts: Vec<&str> = path.split("::").collect();
            let (name, modules) = parts.split_last().unwrap();
            let exists = tests(&source(modules)).contains(name);
            assert!(exists, "no test {path}, of \"{}\"", trap.title);
            assert!(named.insert(path), "{path} is of two traps");
            count += 1;
        }
        assert!(count > 0, "no test of \"{}\"", trap.title);
    }
    let root = source(&["traps", "main"]);
    let modules = root.lines().filter_map(|line| line.strip_prefix("mod "));
    for module in modules.map(|line| line.trim_end_matches(';')) {
        if module == "page" {
            continue;
        }
        for test in tests(&source(&["traps", module])) {
            let path = format!("traps::{module}::{test}");
            assert!(named.contains(&*path), "{path} is not on the page");
        }
    }
}

#[test]
fn every_file_that_the_page_links_to_exists() {
    let (path, text) = page();
    let folder = path.parent().unwrap();
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let mut count = 0;
    for link in links.filter(|link| !link.starts_with("http")) {
        assert!(folder.join(link).exists(), "{link}");
        count += 1;
    }
    assert!(count > 0);
    for example in EXAMPLES {
        let file = format!("../examples/{example}.rs");
        assert!(folder.join(file).exists(), "{example}");
    }
}
