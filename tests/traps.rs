//! The page of traps names nothing that is not there: each name in its tables is compiled here, and each file it links to exists.
#![cfg(test)]
#![cfg(all(
    feature = "messages",
    feature = "connection",
    feature = "records",
    feature = "sasl-oauthbearer"
))]

use std::collections::BTreeSet;
use std::path::Path;

use kafka_codec::connection::sasl::{OauthBearer, Reply};
use kafka_codec::connection::{
    BlockedOn, Connection, ConnectionOptions, EncodedRequest, HintKind, IdlePolicy, Outcome,
    RawResponse, ReconnectAdvice, State, SubmitOptions, keep_alive_interval,
};
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
    "ErrorCode::refreshes_metadata": ErrorCode::refreshes_metadata,
    "ErrorCode::remedy": ErrorCode::remedy,
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

#[test]
fn every_trap_names_code_that_is_there() {
    let (_, text) = page();
    let mut named = BTreeSet::new();
    let mut traps = 0;
    for row in text.lines().filter(|line| line.starts_with("| **")) {
        let row = row.trim_end().trim_end_matches('|').trim_end();
        let (_, here) = row.rsplit_once(" | ").unwrap();
        let names = here.split('`').skip(1).step_by(2);
        let count = named.len();
        named.extend(names.clone());
        let is_explained = names.count() > 0 || here.contains("](") || !here.is_empty();
        assert!(is_explained && count <= named.len(), "{row}");
        traps += 1;
    }
    let known: BTreeSet<&str> = NAMES.iter().copied().chain(EXAMPLES).collect();
    let missing: Vec<_> = named.difference(&known).collect();
    let unused: Vec<_> = known.difference(&named).collect();
    assert_eq!((missing, unused), (vec![], vec![]));
    assert!(traps >= 40, "{traps}");
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
