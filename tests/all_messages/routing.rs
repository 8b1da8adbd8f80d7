//! Requests are divided by destination and their responses merged without losing a unit or its order at its node.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_codec::schema::json;
use kafka_codec::wire::Writer;
use kafka_codec::{
    AnyRequest, AnyResponse, ApiKey, Destination, ErrorCode, Routing, UnknownMessage, Version,
};
use serde_json::Value;

use crate::error_responses::unordered;
use crate::{registry, vectors};

/// The APIs whose resources may be brokers. Any broker describes others.
const OF_CONFIGS: [ApiKey; 3] = [
    ApiKey::DescribeConfigs,
    ApiKey::AlterConfigs,
    ApiKey::IncrementalAlterConfigs,
];

/// A broker for each destination, the same whenever it is asked.
fn broker_of(destination: Destination<'_>) -> i32 {
    let text = format!("{destination:?}");
    text.bytes()
        .fold(0, |sum, byte| (sum * 31 + i32::from(byte)) % 3)
}

/// Calls `with` with every request that Java wrote.
fn each_request(mut with: impl FnMut(&AnyRequest<'_>, Version)) {
    for vector in vectors::vectors().filter(|vector| vector.text("kind") == Some("message")) {
        let Some(api) = vector.name.strip_suffix("Request") else {
            continue;
        };
        let request = AnyRequest::decode(api.parse().unwrap(), vector.version, &vector.bytes);
        with(&request.unwrap(), vector.version);
    }
}

/// The bytes of a request. Unlike a float of it, they are equal to themselves.
fn bytes(request: &AnyRequest<'_>, version: Version) -> Vec<u8> {
    let mut writer = Writer::new();
    request.encode(&mut writer, version).unwrap();
    writer.into_vec()
}

#[test]
fn destinations_are_of_the_kind_that_the_routing_of_the_api_says() {
    let mut seen = BTreeSet::new();
    each_request(|request, version| {
        let key = request.api_key();
        for destination in request.destinations(version) {
            let routing = match destination {
                Destination::AnyBroker if key == ApiKey::DescribeConfigs => Routing::SpecificBroker,
                Destination::Broker(_) if OF_CONFIGS.contains(&key) => key.routing().unwrap(),
                Destination::AnyBroker => Routing::AnyBroker,
                Destination::Controller => Routing::Controller,
                Destination::Broker(_) | Destination::SpecificBroker => Routing::SpecificBroker,
                Destination::EveryBroker => Routing::EveryBroker,
                Destination::PartitionLeader(_) => Routing::PartitionLeader,
                Destination::GroupCoordinator(_) => Routing::GroupCoordinator,
                Destination::TransactionCoordinator(_) => Routing::TransactionCoordinator,
                Destination::ShareCoordinator(..) => Routing::ShareCoordinator,
                other => panic!("{other:?}"),
            };
            seen.insert(key);
            let is_without_id = key == ApiKey::InitProducerId && routing == Routing::AnyBroker;
            if !is_without_id {
                assert_eq!(Some(routing), key.routing(), "{key}");
            }
        }
    });
    let all: BTreeSet<_> = ApiKey::ALL.iter().copied().collect();
    assert_eq!(seen, all);
}

#[test]
fn the_parts_of_a_request_have_all_units_in_their_order_and_all_else_that_it_has() {
    let mut divided = BTreeMap::<ApiKey, usize>::new();
    each_request(|request, version| {
        let units = request.destinations(version);
        let parts = request.split(version, broker_of);
        let of = |broker| units.iter().filter(move |unit| broker_of(**unit) == broker);
        let brokers: BTreeSet<_> = parts.iter().map(|(broker, _)| *broker).collect();
        assert_eq!(brokers.len(), parts.len(), "one part for a broker");
        let expected: BTreeSet<_> = units.iter().copied().map(broker_of).collect();
        assert_eq!(brokers, expected, "{request:?}");
        for (broker, part) in &parts {
            let found = part.destinations(version);
            assert_eq!(
                found,
                of(*broker).copied().collect::<Vec<_>>(),
                "{request:?}"
            );
            bytes(part, version);
        }
        // All units are at one broker: nothing is changed, but that topics without partitions are not asked for.
        if let [(_, whole)] = &request.split(version, |_| 7)[..] {
            assert_eq!(whole.destinations(version), units);
            let [(7, again)] = &whole.split(version, |_| 7)[..] else {
                panic!("one part");
            };
            assert_eq!(bytes(again, version), bytes(whole, version));
        } else {
            assert!(units.is_empty(), "{request:?}");
        }
        if parts.len() > 1 {
            *divided.entry(request.api_key()).or_default() += 1;
        }
    });
    println!("{divided:?}");
    assert!(divided.len() >= 20, "{divided:?}");
}

#[test]
fn merged_responses_have_what_the_response_to_the_whole_request_has() {
    let registry = registry::registry();
    let mut compared = BTreeSet::new();
    each_request(|request, version| {
        let parts = request.split(version, broker_of);
        if parts.len() < 2 {
            return;
        }
        let code = ErrorCode::NOT_COORDINATOR;
        let answer = |(broker, part): &(i32, AnyRequest<'_>)| {
            let throttle = Duration::from_millis(u64::try_from(*broker).unwrap());
            let response = part.error_response(version, code, Some("no"), throttle)?;
            Some(kafka_codec::wire::IntoOwned::into_owned(response))
        };
        let longest = parts.iter().map(|(broker, _)| *broker).max().unwrap();
        let whole = answer(&(longest, request.clone()));
        let merged = AnyResponse::merge(parts.iter().filter_map(answer));
        let name = format!("{}Response", request.api_key());
        let schema = registry[&*name].schema.unwrap();
        let value = |response: AnyResponse<'_>| {
            let mut writer = Writer::new();
            response.encode(&mut writer, version).unwrap();
            let body = writer.into_vec();
            let text = json::to_string(schema, version, &body, &json::Options::default()).unwrap();
            unordered(serde_json::from_str::<Value>(&text).unwrap())
        };
        assert_eq!(merged.map(value), whole.map(value), "{request:?}");
        compared.insert(request.api_key());
    });
    println!("{compared:?}");
    assert!(compared.len() >= 20, "{compared:?}");
}

#[test]
fn partitions_in_arrays_of_numbers_are_divided_within_their_markers_and_topics() {
    use kafka_codec::Request;
    use kafka_codec::messages::write_txn_markers_request::{
        WritableTxnMarker, WritableTxnMarkerTopic,
    };
    use kafka_codec::messages::{DescribeProducersRequest, WriteTxnMarkersRequest};

    let topic = |name: &'static str, partitions: &[i32]| WritableTxnMarkerTopic {
        name: name.into(),
        partition_indexes: partitions.iter().copied().collect(),
        ..Default::default()
    };
    let marker = |producer_id, topics: Vec<_>| WritableTxnMarker {
        producer_id,
        coordinator_epoch: 5,
        topics,
        ..Default::default()
    };
    let of = |markers| WriteTxnMarkersRequest {
        markers,
        ..Default::default()
    };
    let request = of(vec![
        marker(1, vec![topic("a", &[0, 1, 2]), topic("b", &[4])]),
        marker(2, vec![topic("a", &[0, 3])]),
    ]);
    let parts = request.split(Version(1), |destination| match destination {
        Destination::PartitionLeader(partition) => partition.partition % 2,
        other => panic!("{other:?}"),
    });
    let even = of(vec![
        marker(1, vec![topic("a", &[0, 2]), topic("b", &[4])]),
        marker(2, vec![topic("a", &[0])]),
    ]);
    let odd = of(vec![
        marker(1, vec![topic("a", &[1])]),
        marker(2, vec![topic("a", &[3])]),
    ]);
    assert_eq!(parts, [(0, even), (1, odd)]);
    let request = DescribeProducersRequest::default();
    assert_eq!(request.destinations(Version(0)), []);
}

#[test]
fn a_broker_that_a_request_names_is_its_destination() {
    use kafka_codec::Request;
    use kafka_codec::enumerations::ConfigResourceType;
    use kafka_codec::messages::describe_configs_request::DescribeConfigsResource;
    use kafka_codec::messages::{DescribeConfigsRequest, VoteRequest};

    let resource = |resource_type, name: &'static str| DescribeConfigsResource {
        resource_type,
        resource_name: name.into(),
        ..Default::default()
    };
    let request = DescribeConfigsRequest {
        resources: vec![
            resource(ConfigResourceType::BROKER, "3"),
            resource(ConfigResourceType::TOPIC, "3"),
            resource(ConfigResourceType::BROKER_LOGGER, "4"),
            resource(ConfigResourceType::BROKER, ""),
        ],
        ..Default::default()
    };
    let expected = [
        Destination::Broker(3),
        Destination::AnyBroker,
        Destination::Broker(4),
        Destination::AnyBroker,
    ];
    assert_eq!(request.destinations(Version(4)), expected);
    let vote = |voter_id| VoteRequest {
        voter_id,
        ..Default::default()
    };
    assert_eq!(vote(7).destinations(Version(1)), [Destination::Broker(7)]);
    assert_eq!(
        vote(-1).destinations(Version(1)),
        [Destination::SpecificBroker]
    );
}

#[test]
fn a_request_of_an_unknown_api_stays_whole() {
    let ApiKey::Unknown(key) = ApiKey::from_number(10_001) else {
        panic!("no such API is known");
    };
    let (version, body) = (Version(1), b"hi".into());
    let request = AnyRequest::from(UnknownMessage { key, version, body });
    assert_eq!(request.destinations(version), [Destination::SpecificBroker]);
    assert_eq!(request.split(version, |_| 7), [(7, request.clone())]);
    assert_eq!(
        request.error_response(version, ErrorCode::NONE, None, Duration::ZERO),
        None
    );
}
