//! Rule 3, of requests with fields that newer versions no longer have: they are sent in the highest version that holds
//! everything that they say.

use kafka_codec::connection::{
    ConnectionOptions, EncodedRequest, Negotiation, SubmitError, SubmitOptions, VersionTable,
};
use kafka_codec::messages::delete_topics_request::DeleteTopicState;
use kafka_codec::messages::fetch_request::{FetchTopic, ForgottenTopic};
use kafka_codec::messages::offset_commit_request::OffsetCommitRequestTopic;
use kafka_codec::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_codec::messages::produce_request::TopicProduceData;
use kafka_codec::messages::txn_offset_commit_request::TxnOffsetCommitRequestTopic;
use kafka_codec::messages::{
    DeleteTopicsRequest, FetchRequest, FindCoordinatorRequest, OffsetCommitRequest,
    OffsetFetchRequest, ProduceRequest, TxnOffsetCommitRequest,
};
use kafka_codec::wire::Uuid;
use kafka_codec::{ApiKey, EncodeErrorKind, Message, Request, Version, VersionRange};

use crate::driver::{Driver, options, range};

const ID: Uuid = Uuid::from_bytes([7; 16]);

/// A broker that has every stable version of every API.
fn all_stable() -> VersionTable {
    let apis = ApiKey::ALL.iter().copied();
    VersionTable::new(apis.filter_map(|key| Some((key, key.stable_versions()?))))
}

/// A connection to such a broker.
fn newest() -> ConnectionOptions {
    options().with_negotiation(Negotiation::Assume(all_stable()))
}

/// The version in which a request is sent.
fn sent<R: Request>(
    options: ConnectionOptions,
    request: &R,
    submit: SubmitOptions,
) -> Result<i16, SubmitError> {
    let mut driver = Driver::once(options);
    driver.open();
    driver.connection.submit(driver.now, request, submit)?;
    driver.drain();
    let written = driver.take();
    assert_eq!(written.key, R::KEY);
    Ok(written.version.0)
}

/// The same, checked to be the version in which the request is encoded elsewhere.
fn chosen<R: Request>(request: &R) -> i16 {
    let chosen = sent(newest(), request, SubmitOptions::default()).unwrap();
    let versions = all_stable().versions_of::<R>(None).unwrap();
    let elsewhere = EncodedRequest::in_highest_of(request, versions).unwrap();
    assert_eq!(elsewhere.version(), Version(chosen));
    chosen
}

/// Checks in which version a request is sent that names a topic by its name, by its id, by both, or by neither.
fn by_name_or_id<R: Request>(request: impl Fn(&'static str, Uuid) -> R, named: i16, newest: i16) {
    assert_eq!(chosen(&request("t", Uuid::ZERO)), named);
    assert_eq!(chosen(&request("", ID)), newest);
    assert_eq!(chosen(&request("t", ID)), newest);
    assert_eq!(chosen(&request("", Uuid::ZERO)), newest);

    let error = request("t", Uuid::ZERO)
        .encode_to_vec(Version(newest))
        .unwrap_err();
    let EncodeErrorKind::NotInVersion { versions } = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(versions.max(), Version(named), "{error}");
    let error = request("", ID).encode_to_vec(Version(named)).unwrap_err();
    let EncodeErrorKind::NotInVersion { versions } = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(versions.min(), Version(named + 1), "{error}");
}

#[test]
fn rule_3_topics_to_delete_are_named_in_a_version_with_names() {
    let names = DeleteTopicsRequest {
        topic_names: vec!["t".into()],
        ..Default::default()
    };
    assert_eq!(chosen(&names), 5);
    let topics = DeleteTopicsRequest {
        topics: vec![DeleteTopicState {
            name: Some("t".into()),
            ..Default::default()
        }],
        ..Default::default()
    };
    assert_eq!(chosen(&topics), 6);
    assert_eq!(chosen(&DeleteTopicsRequest::default()), 6);
    let both = DeleteTopicsRequest {
        topic_names: vec!["t".into()],
        ..topics
    };
    assert_eq!(chosen(&both), 6);
}

#[test]
fn rule_3_produce_names_topics_in_a_version_with_names() {
    let request = |name: &'static str, topic_id| ProduceRequest {
        topic_data: vec![TopicProduceData {
            name: name.into(),
            topic_id,
            ..Default::default()
        }],
        ..Default::default()
    };
    by_name_or_id(request, 12, 13);
}

#[test]
fn rule_3_fetch_names_topics_in_a_version_with_names() {
    let newest = FetchRequest::VERSIONS.max().0;
    let request = |name: &'static str, topic_id| FetchRequest {
        topics: vec![FetchTopic {
            topic: name.into(),
            topic_id,
            ..Default::default()
        }],
        ..Default::default()
    };
    by_name_or_id(request, 12, newest);
    let request = |name: &'static str, topic_id| FetchRequest {
        forgotten_topics_data: vec![ForgottenTopic {
            topic: name.into(),
            topic_id,
            ..Default::default()
        }],
        ..Default::default()
    };
    by_name_or_id(request, 12, newest);
}

#[test]
fn rule_3_committed_offsets_name_topics_in_a_version_with_names() {
    let request = |name: &'static str, topic_id| OffsetCommitRequest {
        topics: vec![OffsetCommitRequestTopic {
            name: name.into(),
            topic_id,
            ..Default::default()
        }],
        ..Default::default()
    };
    by_name_or_id(request, 9, 10);
    let request = |name: &'static str, topic_id| TxnOffsetCommitRequest {
        topics: vec![TxnOffsetCommitRequestTopic {
            name: name.into(),
            topic_id,
            ..Default::default()
        }],
        ..Default::default()
    };
    by_name_or_id(request, 5, 6);
}

#[test]
fn rule_3_fetched_offsets_name_topics_in_a_version_with_names() {
    let request = |name: &'static str, topic_id| OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            topics: Some(vec![OffsetFetchRequestTopics {
                name: name.into(),
                topic_id,
                ..Default::default()
            }]),
            ..Default::default()
        }],
        ..Default::default()
    };
    by_name_or_id(request, 9, 10);
}

#[test]
fn rule_3_what_a_replaced_field_says_is_sent_in_a_version_that_has_it() {
    let coordinator = FindCoordinatorRequest {
        key: "group".into(),
        ..Default::default()
    };
    assert_eq!(chosen(&coordinator), 3);
    assert_eq!(chosen(&FindCoordinatorRequest::for_group("group")), 6);
    let retention = OffsetCommitRequest {
        retention_time_ms: 60_000,
        ..Default::default()
    };
    assert_eq!(chosen(&retention), 4);
}

/// One topic by name and another by id, which no version holds.
fn mixed() -> FetchRequest<'static> {
    let named = FetchTopic {
        topic: "t".into(),
        ..Default::default()
    };
    let identified = FetchTopic {
        topic_id: ID,
        ..Default::default()
    };
    FetchRequest {
        topics: vec![identified, named],
        ..Default::default()
    }
}

#[test]
fn rule_3_a_request_that_no_version_holds_is_refused_with_the_field_and_its_versions() {
    let none = SubmitOptions::default();
    let error = sent(newest(), &mixed(), none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "FetchRequest v18: topics[1].topic: set, but only versions 0-12 have this field, and both sides have 0-18"
    );
    let SubmitError::DoesNotFit { versions, error } = error else {
        panic!("{error}");
    };
    assert_eq!(Some(versions), ApiKey::Fetch.stable_versions());
    assert_eq!(error.path(), Some("topics[1].topic"));

    let request = DeleteTopicsRequest {
        topic_names: vec!["t".into()],
        ..Default::default()
    };
    let table = VersionTable::new([(ApiKey::DeleteTopics, range(6, 6))]);
    let without_names = options().with_negotiation(Negotiation::Assume(table));
    let error = sent(without_names, &request, none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "DeleteTopicsRequest v6: topic_names: set, but only versions 0-5 have this field, and both sides have 6"
    );
    let error = sent(newest(), &request, none.with_versions(range(6, 9))).unwrap_err();
    assert!(
        matches!(error, SubmitError::DoesNotFit { versions, .. } if versions == range(6, 6)),
        "{error}"
    );
}

#[test]
fn rule_3_a_named_version_loses_nothing_that_identifies() {
    let request = DeleteTopicsRequest {
        topic_names: vec!["t".into()],
        ..Default::default()
    };
    let in_version = |version| SubmitOptions::default().with_version(Version(version));
    assert_eq!(sent(newest(), &request, in_version(1)), Ok(1));
    let error = sent(newest(), &request, in_version(6)).unwrap_err();
    assert!(matches!(error, SubmitError::Encode(_)), "{error}");
    let retention = OffsetCommitRequest {
        retention_time_ms: 60_000,
        ..Default::default()
    };
    assert_eq!(sent(newest(), &retention, in_version(9)), Ok(9));
}

#[test]
fn rule_3_a_field_that_begins_later_is_refused_as_before() {
    use kafka_codec::messages::HeartbeatRequest;

    let table = VersionTable::new([(ApiKey::Heartbeat, range(0, 2))]);
    let old = options().with_negotiation(Negotiation::Assume(table));
    let request = HeartbeatRequest {
        group_instance_id: Some("i".into()),
        ..Default::default()
    };
    let error = sent(old, &request, SubmitOptions::default()).unwrap_err();
    let SubmitError::DoesNotFit { versions, error } = error else {
        panic!("{error}");
    };
    assert_eq!(versions, range(0, 2));
    let has = VersionRange::new(3, 4).unwrap();
    assert_eq!(
        error.kind(),
        &EncodeErrorKind::NotInVersion { versions: has }
    );
}
