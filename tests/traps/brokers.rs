//! Brokers and leaders, and the time that they take.

use std::time::Instant;

use bytes::Buf;
use kafka_codec::connection::{
    Connection, ConnectionOptions, Negotiation, SubmitOptions, VersionTable,
};
use kafka_codec::messages::MetadataRequest;
use kafka_codec::messages::fetch_response::PartitionData;
use kafka_codec::messages::metadata_response::MetadataResponseBroker;
use kafka_codec::messages::produce_response::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, TopicProduceResponse,
};
use kafka_codec::messages::{MetadataResponse, ProduceResponse};
use kafka_codec::{ApiKey, Decode, ErrorCode, Listener, Message, Version};

#[test]
fn addresses_in_metadata_can_be_changed_and_all_else_stays() {
    let broker = |node_id, host: &'static str, port| MetadataResponseBroker {
        node_id,
        host: host.into(),
        port,
        ..Default::default()
    };
    let response = MetadataResponse {
        brokers: vec![
            broker(1, "b1.internal", 9092),
            broker(2, "b2.internal", 9092),
        ],
        cluster_id: Some("id".into()),
        ..Default::default()
    };
    for version in MetadataResponse::VERSIONS.iter().skip(2) {
        let bytes = response.encode_to_vec(version).unwrap();
        let mut seen = MetadataResponse::decode(&bytes, version).unwrap();
        for broker in &mut seen.brokers {
            broker.host = "proxy".into();
            broker.port = 19092 + broker.node_id;
        }
        let sent = seen.encode_to_vec(version).unwrap();
        let received = MetadataResponse::decode(&sent, version).unwrap();
        assert_eq!(received.brokers[1], broker(2, "proxy", 19094));
        assert_eq!(received.cluster_id, response.cluster_id);
    }
}

#[test]
fn a_produce_response_says_who_leads_now_from_version_10_on() {
    let leader = LeaderIdAndEpoch {
        leader_id: 2,
        leader_epoch: 8,
        ..Default::default()
    };
    let partition = PartitionProduceResponse {
        error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER,
        current_leader: leader.clone(),
        ..Default::default()
    };
    let response = ProduceResponse {
        responses: vec![TopicProduceResponse {
            name: "orders".into(),
            partition_responses: vec![partition],
            ..Default::default()
        }],
        node_endpoints: vec![NodeEndpoint {
            node_id: 2,
            host: "b2".into(),
            port: 9092,
            ..Default::default()
        }],
        ..Default::default()
    };
    let bytes = response.encode_to_vec(Version(10)).unwrap();
    assert_eq!(
        ProduceResponse::decode(&bytes, Version(10)),
        Ok(response.clone())
    );
    // In an older version the leader cannot be said, and is unknown, as where nothing is said.
    response.encode_to_vec(Version(9)).unwrap_err();
    let default = PartitionProduceResponse::default();
    assert_eq!(default.current_leader.leader_id, -1);
}

#[test]
fn a_fetch_response_may_name_another_replica_without_an_error() {
    let default = PartitionData::default();
    assert_eq!(
        (default.preferred_read_replica, default.error_code),
        (-1, ErrorCode::NONE)
    );
    assert!(default.records.is_none());
}

#[test]
fn controllers_answer_describe_cluster_but_not_metadata() {
    let is_asked_of = |key: ApiKey, listener| key.listeners().contains(listener);
    assert!(is_asked_of(ApiKey::DescribeCluster, Listener::Broker));
    assert!(is_asked_of(ApiKey::DescribeCluster, Listener::Controller));
    assert!(!is_asked_of(ApiKey::Metadata, Listener::Controller));
}

#[test]
fn no_more_than_5_requests_are_in_flight_by_default() {
    let apis = ApiKey::ALL.iter();
    let table = VersionTable::new(apis.filter_map(|key| Some((*key, key.stable_versions()?))));
    let options = ConnectionOptions::new("b1:9092").with_negotiation(Negotiation::Assume(table));
    let now = Instant::now();
    let mut connection = Connection::new(now, options);
    connection.handle_opened(now);
    for _ in 0..8 {
        let request = MetadataRequest::for_topics(["orders"]);
        let options = SubmitOptions::default();
        connection.submit(now, &request, options).unwrap();
    }
    while let Some(mut transmit) = connection.poll_transmit() {
        let written = transmit.remaining();
        transmit.advance(written);
        connection.handle_written(now, written);
    }
    assert_eq!((connection.in_flight(), connection.waiting()), (5, 3));
}
