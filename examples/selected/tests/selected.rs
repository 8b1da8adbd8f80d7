//! What is generated is what was selected, and behaves as Kafka's messages do.

use std::time::Duration;

use bytes::Bytes;
use kafka_codec::messages::ApiVersionsRequest;
use kafka_codec::{
    ApiKey, Decode, DecodeErrorKind, ErrorCode, HeaderVersions, Message, Request, Response,
    ResponseFrame, UnselectedResponse, Version, VersionRange,
};
use selected::fork::{GreetRequest, GreetResponse};
use selected::kafka::produce_request::{PartitionProduceData, TopicProduceData};
use selected::kafka::{
    ConsumerProtocolSubscription, FetchRequest, FetchResponse, FindCoordinatorRequest,
    HeartbeatRequest, ProduceRequest,
};

#[test]
fn a_message_has_the_selected_versions_and_refuses_the_others() {
    assert_eq!(VersionRange::new(4, 17), Some(FetchRequest::VERSIONS));
    assert_eq!(VersionRange::new(4, 17), Some(FetchResponse::VERSIONS));
    assert_eq!(ProduceRequest::VERSIONS.min(), Version(9));
    let error = FetchRequest::decode(&[], Version(3)).unwrap_err();
    let DecodeErrorKind::UnsupportedVersion { supported, .. } = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(*supported, FetchRequest::VERSIONS);
}

#[test]
fn fields_of_other_versions_are_gone() {
    // Without `..`, so this does not compile if there are others: `key` ends with version 3.
    let FindCoordinatorRequest {
        key_type: _,
        coordinator_keys: _,
        unknown_tagged_fields: _,
    } = FindCoordinatorRequest::default();
}

#[test]
fn apis_have_their_keys() {
    assert_eq!(FetchRequest::KEY, ApiKey::Fetch);
    assert_eq!(FetchResponse::KEY, ApiKey::Fetch);
    assert_eq!(HeartbeatRequest::KEY, ApiKey::Heartbeat);
}

#[test]
fn the_messages_that_begin_a_connection_are_there_without_being_selected() {
    assert_eq!(ApiVersionsRequest::KEY, ApiKey::ApiVersions);
}

#[test]
fn a_message_that_is_no_request_can_be_selected() {
    let subscription = ConsumerProtocolSubscription {
        topics: vec!["a".into()],
        ..Default::default()
    };
    let bytes = subscription.encode_to_vec(Version(0)).unwrap();
    assert_eq!(bytes, b"\0\0\0\x01\0\x01a\xff\xff\xff\xff");
    assert_eq!(
        ConsumerProtocolSubscription::decode(&bytes, Version(0)).unwrap(),
        subscription
    );
}

#[test]
fn the_response_of_a_request_that_was_selected_alone_keeps_its_bytes() {
    let bytes = Bytes::from_static(b"\0\0\0\x07\0\0\0\0\0\0\x1b\0");
    let frame = ResponseFrame::<HeartbeatRequest<'_>>::new(bytes, Version(4)).unwrap();
    assert_eq!(frame.correlation_id(), 7);
    let response: UnselectedResponse<'_, 12, 4> = frame.decode().unwrap();
    assert_eq!(&*response.body, b"\0\0\0\0\0\x1b\0");
    assert_eq!(response.encode_to_vec(Version(4)).unwrap(), &*response.body);
}

#[test]
fn an_api_of_a_fork_has_the_number_and_headers_that_its_definition_says() {
    assert_eq!(GreetRequest::KEY.number(), 10_001);
    assert_eq!(GreetRequest::KEY, GreetResponse::KEY);
    let headers = |version| GreetRequest::header_versions(Version(version));
    assert_eq!(headers(0), HeaderVersions::new(Version(1), Version(0)));
    assert_eq!(headers(1), HeaderVersions::new(Version(2), Version(1)));
    let response = |version| GreetResponse::header_version(Version(version));
    assert_eq!((response(0), response(1)), (Version(0), Version(1)));
}

#[test]
fn a_message_of_a_fork_is_encoded_as_its_definition_says() {
    let request = GreetRequest {
        name: "me".into(),
        language: Some("en".into()),
        ..Default::default()
    };
    assert_eq!(request.encode_to_vec(Version(0)).unwrap(), b"\0\x02me");
    let bytes = request.encode_to_vec(Version(1)).unwrap();
    assert_eq!(bytes, b"\x03me\x03en\0");
    assert_eq!(GreetRequest::decode(&bytes, Version(1)).unwrap(), request);
}

#[test]
fn messages_have_tables_of_the_selected_versions_and_errors_name_the_field() {
    let schema = FetchRequest::SCHEMA.expect("kafka-codec has the feature `schema`");
    assert_eq!(schema.versions(), FetchRequest::VERSIONS);
    let fork = GreetRequest::SCHEMA.expect("of the fork too");
    assert_eq!(fork.name(), "GreetRequest");
    let error = HeartbeatRequest::decode(&[2], Version(4)).unwrap_err();
    assert_eq!(error.path(), Some("group_id"));
}

#[test]
fn the_error_response_is_made_of_what_was_selected() {
    let request = ProduceRequest {
        acks: 1.into(),
        topic_data: vec![TopicProduceData {
            name: "t".into(),
            partition_data: vec![PartitionProduceData::default()],
            ..Default::default()
        }],
        ..Default::default()
    };
    let code = ErrorCode::NOT_LEADER_OR_FOLLOWER;
    let response = request.error_response(Version(9), code, Some("moved"), Duration::ZERO);
    let topic = &response.unwrap().responses[0];
    assert_eq!(topic.name, "t");
    assert_eq!(topic.partition_responses[0].error_code, code);
    assert_eq!(
        topic.partition_responses[0].error_message.as_deref(),
        Some("moved")
    );
    let request = ProduceRequest {
        acks: 0.into(),
        ..request
    };
    assert_eq!(
        request.error_response(Version(9), code, None, Duration::ZERO),
        None
    );
}

#[test]
fn a_user_defined_api_says_the_error_in_the_error_code_of_its_response() {
    let request = GreetRequest::default();
    let code = ErrorCode::INVALID_REQUEST;
    let response = request.error_response(Version(1), code, None, Duration::ZERO);
    assert_eq!(response.unwrap().error_code, code);
}

#[test]
fn a_request_that_was_selected_without_its_response_has_no_error_response() {
    let request = HeartbeatRequest::default();
    let code = ErrorCode::INVALID_REQUEST;
    assert_eq!(
        request.error_response(Version(4), code, None, Duration::ZERO),
        None
    );
}
