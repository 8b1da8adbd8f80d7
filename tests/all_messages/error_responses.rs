//! Error responses have the bytes that those of Kafka's request classes have, but for differences that are listed here.
//! `tests/oracle/error-responses/run` makes the vectors, and runs this over many more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::PathBuf;
use std::time::Duration;

use kafka_codec::schema::{Schema, json};
use kafka_codec::wire::Writer;
use kafka_codec::{AnyRequest, ApiKey, ErrorCode, Version};
use serde_json::Value;

use crate::registry;
use crate::vectors::{self, hex, unhex};

/// In what Kafka differs from these responses.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// It writes its own text for the error code instead of the message that was passed in.
    OwnText,
    /// It writes no message, although the response has a field for it.
    NoMessage,
    /// It writes a throttle time of zero.
    NoThrottleTime,
    /// It collects the partitions, users or producers of the request in hash maps, which merges what is asked for twice
    /// (of a producer, the last counts), leaves out topics without partitions, and loses the order.
    Order,
    /// It lists the versions of ApiVersions that it knows itself after an unsupported version.
    OwnVersions,
}

/// Every difference. Of an error that Kafka does not know it never says more than the code.
const DIFFERENCES: &[(Difference, &[&str])] = &[
    (
        Difference::OwnText,
        &[
            "AddRaftVoter",
            "AlterClientQuotas",
            "AlterShareGroupOffsets",
            "ControllerRegistration",
            "DeleteShareGroupOffsets",
            "DescribeConfigs",
            "DescribeQuorum",
            "DescribeShareGroupOffsets",
            "FindCoordinator",
            "ReadShareGroupState",
            "ReadShareGroupStateSummary",
            "RemoveRaftVoter",
            "UnregisterBroker",
            "UnregisterController",
            "WriteShareGroupState",
        ],
    ),
    (
        Difference::NoMessage,
        &[
            "ConsumerGroupDescribe",
            "ConsumerGroupHeartbeat",
            "DeleteGroups",
            "DeleteShareGroupState",
            "DeleteTopics",
            "DescribeGroups",
            "DescribeProducers",
            "InitializeShareGroupState",
            "ShareAcknowledge",
            "ShareFetch",
            "ShareGroupDescribe",
            "ShareGroupHeartbeat",
            "StreamsGroupDescribe",
            "StreamsGroupHeartbeat",
        ],
    ),
    (
        Difference::NoThrottleTime,
        &[
            "AlterUserScramCredentials",
            "DescribeCluster",
            "DescribeProducers",
            "FindCoordinator",
            "IncrementalAlterConfigs",
            "OffsetForLeaderEpoch",
        ],
    ),
    (
        Difference::Order,
        &[
            "AlterUserScramCredentials",
            "OffsetFetch",
            "Produce",
            "StopReplica",
            "WriteTxnMarkers",
        ],
    ),
    (Difference::OwnVersions, &["ApiVersions"]),
];

struct Vector {
    api: ApiKey,
    version: Version,
    line: Value,
    request: Vec<u8>,
    response: Option<Vec<u8>>,
}

impl Vector {
    fn new(line: Value) -> Self {
        let name = line["name"].as_str().unwrap();
        let version = line["version"].as_i64().unwrap();
        Self {
            api: name.parse().unwrap(),
            version: Version(i16::try_from(version).unwrap()),
            request: unhex(line["hex"].as_str().unwrap()),
            response: line["response"].as_str().map(unhex),
            line,
        }
    }

    fn code(&self) -> ErrorCode {
        let code = self.line["code"].as_i64().unwrap();
        ErrorCode(i16::try_from(code).unwrap())
    }

    fn throttle(&self) -> Duration {
        Duration::from_millis(self.line["throttleTimeMs"].as_u64().unwrap())
    }

    /// The bytes of our response; `None` if there is none.
    fn ours(&self, message: Option<&str>, throttle: Duration) -> Option<Vec<u8>> {
        let request = AnyRequest::decode(self.api, self.version, &self.request).unwrap();
        self.answer(&request, message, throttle)
    }

    /// The bytes of our response to the request with the last marker of each producer alone.
    fn of_last_markers(&self, message: Option<&str>, throttle: Duration) -> Option<Vec<u8>> {
        let mut request = AnyRequest::decode(self.api, self.version, &self.request).unwrap();
        if let AnyRequest::WriteTxnMarkers(request) = &mut request {
            let ids: Vec<_> = request
                .markers
                .iter()
                .map(|marker| marker.producer_id)
                .collect();
            let mut place = 0;
            request.markers.retain(|marker| {
                place += 1;
                !ids[place..].contains(&marker.producer_id)
            });
        }
        self.answer(&request, message, throttle)
    }

    fn answer(
        &self,
        request: &AnyRequest<'_>,
        message: Option<&str>,
        throttle: Duration,
    ) -> Option<Vec<u8>> {
        let response = request.error_response(self.version, self.code(), message, throttle)?;
        let mut writer = Writer::new();
        response
            .encode(&mut writer, self.version)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.line));
        Some(writer.into_vec())
    }

    /// What must be changed for our bytes to be Kafka's; `None` if nothing helps.
    fn differences(&self, schema: &'static Schema) -> Option<BTreeSet<Difference>> {
        let passed = self.line["message"].as_str();
        let messages = [
            (passed, None),
            (self.line["text"].as_str(), Some(Difference::OwnText)),
            (None, Some(Difference::NoMessage)),
        ];
        let throttles = [
            (self.throttle(), None),
            (Duration::ZERO, Some(Difference::NoThrottleTime)),
        ];
        let bytes_or_value = [(false, None), (true, Some(Difference::Order))];
        for (any_order, order) in bytes_or_value {
            for (throttle, time) in throttles {
                for (message, text) in messages {
                    let is_equal = if any_order {
                        let ours = self.of_last_markers(message, throttle);
                        self.unordered(schema, &ours) == self.unordered(schema, &self.response)
                    } else {
                        self.ours(message, throttle) == self.response
                    };
                    if is_equal {
                        // Kafka keeps the message of an error that it does not know to itself.
                        let text = text.filter(|_| self.code() != ErrorCode::UNKNOWN_SERVER_ERROR);
                        return Some([order, time, text].into_iter().flatten().collect());
                    }
                }
            }
        }
        let is_unsupported = self.code() == ErrorCode::UNSUPPORTED_VERSION;
        (is_unsupported && self.api == ApiKey::ApiVersions)
            .then(|| BTreeSet::from([Difference::OwnVersions]))
    }

    fn unordered(&self, schema: &'static Schema, body: &Option<Vec<u8>>) -> Option<Value> {
        let text = json::to_string(
            schema,
            self.version,
            body.as_deref()?,
            &json::Options::default(),
        );
        Some(unordered(serde_json::from_str(&text.unwrap()).unwrap()))
    }
}

/// The value with its lists sorted, and elements of a list merged that differ only in the lists inside of them.
pub(crate) fn unordered(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, unordered(value)))
            .collect(),
        Value::Array(elements) if elements.iter().all(Value::is_object) => {
            let mut merged = BTreeMap::<String, serde_json::Map<String, Value>>::new();
            for mut element in elements {
                let fields = element.as_object_mut().unwrap();
                let own = fields.iter().filter(|(_, value)| !value.is_array());
                let own = format!("{:?}", own.collect::<Vec<_>>());
                let fields = std::mem::take(fields);
                let known = merged.entry(own).or_default();
                for (name, value) in fields {
                    match (known.get_mut(&name), value) {
                        (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                        (_, value) => {
                            known.insert(name, value);
                        }
                    }
                }
            }
            let elements = merged
                .into_values()
                .map(|fields| unordered(Value::Object(fields)));
            elements
                .filter(|element| !is_without_units(element))
                .collect()
        }
        other => other,
    }
}

/// Returns `true` if the element only gathers others, and there are none.
fn is_without_units(element: &Value) -> bool {
    let lists = element
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_array);
    let mut lists = lists.peekable();
    element.get("errorCode").is_none() && lists.peek().is_some() && lists.all(Vec::is_empty)
}

#[test]
fn error_responses_are_those_of_kafkas_request_classes() {
    let folder = env::var_os("KAFKA_CODEC_ERROR_RESPONSES").map(PathBuf::from);
    let is_selection = folder.is_none();
    let folder = folder.unwrap_or_else(|| vectors::root().join("tests/vectors/error-responses"));
    let registry = registry::registry();
    let mut found = BTreeMap::<Difference, BTreeSet<String>>::new();
    let mut pairs = BTreeMap::<(String, Version), u32>::new();
    let (mut equal, mut none, mut unexplained) = (0, 0, Vec::new());
    for line in vectors::lines_in(&folder) {
        let vector = Vector::new(line);
        let name = vector.api.to_string();
        let schema = registry[&*format!("{name}Response")].schema.unwrap();
        match vector.differences(schema) {
            Some(differences) => {
                equal += u32::from(differences.is_empty());
                for difference in differences {
                    found.entry(difference).or_default().insert(name.clone());
                }
            }
            None => unexplained.push(format!(
                "{name} v{}: {}\n  ours {}",
                vector.version,
                vector.line,
                vector
                    .ours(vector.line["message"].as_str(), vector.throttle())
                    .map_or_else(|| "none".to_owned(), |bytes| hex(&bytes)),
            )),
        }
        none += u32::from(vector.response.is_none());
        *pairs.entry((name, vector.version)).or_default() += 1;
    }
    let total: u32 = pairs.values().sum();
    println!(
        "{total} requests of {} pairs of API and version, {} or more each: {equal} responses equal Kafka's, {} differ as listed, {none} have no response",
        pairs.len(),
        pairs.values().min().unwrap(),
        total - equal,
    );
    assert!(
        unexplained.is_empty(),
        "{} are not explained by any difference; the first:\n{}",
        unexplained.len(),
        unexplained[..unexplained.len().min(5)].join("\n"),
    );
    let requests = registry
        .values()
        .filter(|entry| entry.name.ends_with("Request"));
    let all: BTreeSet<_> = requests
        .flat_map(|entry| {
            let name = entry.name.trim_end_matches("Request").to_owned();
            entry
                .versions
                .iter()
                .map(move |version| (name.clone(), version))
        })
        .collect();
    assert_eq!(pairs.into_keys().collect::<BTreeSet<_>>(), all);
    let mut wrong = Vec::new();
    for (difference, apis) in DIFFERENCES {
        let listed: BTreeSet<_> = apis.iter().map(|api| (*api).to_owned()).collect();
        let found = found.remove(difference).unwrap_or_default();
        // A selection does not show all of them.
        if !found.is_subset(&listed) || !is_selection && found != listed {
            wrong.push(format!("{difference:?} is of {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
