//! What the broker says of its versions.

use kafka_codec::connection::{Event, Negotiation, VersionTable};
use kafka_codec::messages::{ApiVersionsRequest, ApiVersionsResponse, MetadataRequest};
use kafka_codec::{ApiKey, Decode, Message, Version, VersionRange};

use crate::support::{Link, collect, options, socket};

/// The events of a connection while it gets ready, and the versions of the broker.
async fn negotiate(listener: &str) -> (Vec<String>, VersionTable) {
    let (tables, on_event) = collect(|event| match event {
        Event::VersionsNegotiated { response, .. } => {
            let body = response.body().unwrap();
            let answer = ApiVersionsResponse::decode(body, response.version()).unwrap();
            let apis = answer.api_keys.iter().filter_map(|api| {
                let versions = VersionRange::new(api.min_version, api.max_version)?;
                Some((ApiKey::from_number(api.api_key), versions))
            });
            Some(VersionTable::new(apis))
        }
        _ => None,
    });
    let link = Link::over(socket(listener).await, options(listener), vec![], on_event);
    link.ask().await.unwrap();
    let lines = link.lines();
    link.close().await;
    let table = tables.lock().unwrap().pop().unwrap();
    (lines, table)
}

#[tokio::test]
async fn the_versions_of_the_broker_are_learned_and_its_release_is_guessed() {
    let (lines, table) = negotiate("plain").await;
    let newest = ApiVersionsRequest::VERSIONS.max();
    let asked = format!("versions: asked in v{newest}, answered in v{newest}");
    assert_eq!(lines, [asked, "ready".into()]);
    assert_eq!(table.guess_release(), Some("4.4"));
    let newest = MetadataRequest::VERSIONS.max();
    assert_eq!(table.get(ApiKey::Metadata).unwrap().max(), newest);
}

#[tokio::test]
async fn an_older_broker_is_asked_again_in_the_version_that_it_names() {
    let (lines, table) = negotiate("older").await;
    let expected = [
        "UNSUPPORTED_VERSION (35): v4 instead of v5",
        "versions: asked in v4, answered in v4",
        "ready",
    ];
    assert_eq!(lines, expected);
    assert_eq!(table.guess_release(), Some("3.9"));
}

#[tokio::test]
async fn the_broker_answers_in_every_version_it_may_be_asked_in() {
    for version in ApiVersionsRequest::VERSIONS.iter() {
        let options = options("plain").with_negotiation(Negotiation::AskIn(version));
        let link = Link::with("plain", options, vec![]).await;
        link.ask().await.unwrap();
        let line = format!("versions: asked in v{version}, answered in v{version}");
        assert_eq!(link.lines()[0], line);
        link.close().await;
    }
}

#[tokio::test]
async fn a_question_in_a_version_that_is_not_known_here_is_asked_in_the_highest_that_is() {
    let options = options("plain").with_negotiation(Negotiation::AskIn(Version(99)));
    let link = Link::with("plain", options, vec![]).await;
    link.ask().await.unwrap();
    let newest = ApiVersionsRequest::VERSIONS.max();
    let line = format!("versions: asked in v{newest}, answered in v{newest}");
    assert_eq!(link.lines()[0], line);
    link.close().await;
}
