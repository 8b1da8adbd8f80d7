//! Enumerations have the values of Kafka's own classes, and every field that holds them is of their type.
#![cfg(test)]
#![cfg(all(feature = "messages", feature = "schema"))]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use kafka_codec::enumerations::{
    Acks, GroupState, IsolationLevel, ListOffsetsTimestamp, QuotaEntityType,
};
use kafka_codec::messages::fetch_request::FetchRequest;
use kafka_codec::messages::share_fetch_request::AcknowledgementBatch;
use kafka_codec::messages::{ListGroupsRequest, ListOffsetsRequest, ProduceRequest};
use kafka_codec::schema::{Enumeration, FieldType, Schema};
use kafka_codec::{Decode, Message, Version};
use serde_json::Value;

const FILE: &str = include_str!("../protocol-json/enumerations.json");

/// Class, constant and value, as `tests/oracle/enumerations` asked Kafka.
const JAVA: &str = include_str!("vectors/enumerations.tsv");

/// What the enum of Kafka does not have: 0 is in the comments of ShareFetchRequest.json, -1 is a constant beside the enum,
/// and the text of brokers is in their own enum of states.
const OURS: [(&str, &str); 3] = [
    ("AcknowledgeType", "GAP"),
    ("LeaderRecoveryState", "NO_CHANGE"),
    ("TransactionState", "Dead"),
];

/// The values of an enumeration in the file, with their names.
fn values(enumeration: &Value) -> BTreeMap<String, String> {
    let values = enumeration["values"].as_object().unwrap().iter();
    let named =
        values.map(|(value, about)| (value.clone(), about["name"].as_str().unwrap().into()));
    named.collect()
}

/// A constant of a class that is not an enum, without what it shares with its neighbors.
fn bare(constant: &str) -> &str {
    let constant = constant.strip_prefix("MATCH_TYPE_").unwrap_or(constant);
    constant.strip_suffix("_TIMESTAMP").unwrap_or(constant)
}

#[test]
fn values_and_names_are_those_of_kafkas_classes() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    let mut asked = 0;
    for (name, enumeration) in file["enumerations"].as_object().unwrap() {
        let source = enumeration["source"].as_str().unwrap();
        let Some(class) = source
            .split(';')
            .next()
            .filter(|class| class.starts_with("org."))
        else {
            continue;
        };
        let rows = JAVA
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>());
        let rows = rows.filter(|row| row[0] == class);
        let marked = |constant: &str| match name.as_str() {
            "ListOffsetsTimestamp" => constant.ends_with("_TIMESTAMP"),
            "QuotaMatchType" => constant.starts_with("MATCH_TYPE_"),
            _ => true,
        };
        let java: BTreeMap<_, _> = rows
            .filter(|row| marked(row[1]))
            .map(|row| {
                (
                    row[2].to_owned(),
                    bare(row[1]).replace('_', "").to_lowercase(),
                )
            })
            .collect();
        let ours: BTreeMap<_, _> = values(enumeration)
            .into_iter()
            .filter(|(_, value)| !OURS.contains(&(name, value)))
            .map(|(value, name)| (value, bare(&name).replace('_', "").to_lowercase()))
            .collect();
        assert_eq!(ours, java, "{name} of {class}");
        asked += 1;
    }
    assert!(asked > 30, "{asked}");
}

/// Every enumeration that a field has, with the number of fields.
fn used() -> BTreeMap<&'static str, (&'static Enumeration, usize)> {
    let mut used = BTreeMap::new();
    for schema in Schema::all() {
        let mut structs = vec![schema.root()];
        let mut seen = BTreeSet::new();
        while let Some(entry) = structs.pop() {
            if !seen.insert(entry.name()) {
                continue;
            }
            for field in entry.fields() {
                if let FieldType::Struct(inner) = field.field_type() {
                    structs.push(inner);
                }
                if let Some(names) = field.enumeration() {
                    used.entry(names.name()).or_insert((names, 0)).1 += 1;
                }
            }
        }
    }
    used
}

#[test]
fn tables_and_types_have_the_values_of_the_file() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    let enumerations = file["enumerations"].as_object().unwrap();
    let used = used();
    assert!(used["ErrorCode"].1 > 100);
    for (name, enumeration) in enumerations {
        let (table, fields) = used[name.as_str()];
        assert!(fields >= 1, "{name}");
        let numbers = table.numbers().iter();
        let numbers = numbers.map(|(value, name)| (value.to_string(), (*name).to_owned()));
        let texts = table.texts().iter();
        let named = values(enumeration);
        let texts = texts.map(|text| ((*text).to_owned(), named[*text].clone()));
        assert_eq!(
            numbers.chain(texts).collect::<BTreeMap<_, _>>(),
            named,
            "{name}"
        );
        for (value, name) in table.numbers() {
            assert_eq!(table.name_of(*value), Some(*name));
        }
    }
    assert_eq!(used.len(), enumerations.len() + 1);
}

#[test]
fn every_known_value_is_read_back_from_its_text() {
    for level in IsolationLevel::KNOWN {
        assert_eq!(level.to_string().parse(), Ok(*level));
        assert_eq!(format!("{level:?}"), level.name().unwrap());
        assert_eq!(IsolationLevel::from(i8::from(*level)), *level);
    }
    for state in GroupState::KNOWN {
        assert_eq!(state.to_string().parse(), Ok(*state));
        assert_eq!(
            GroupState::from_name(&state.name().to_lowercase()),
            Some(*state)
        );
    }
    assert_eq!("all".parse(), Ok(Acks::ALL));
    assert_eq!("1".parse(), Ok(Acks::LEADER));
    assert_eq!(Acks::LEADER.to_string(), "LEADER");
    assert!("some".parse::<Acks>().is_err());
    assert!("32768".parse::<Acks>().is_err());
}

#[test]
fn unknown_values_are_kept_and_shown_as_numbers() {
    let timestamp = ListOffsetsTimestamp(1_700_000_000_000);
    assert_eq!(
        (timestamp.name(), timestamp.code()),
        (None, 1_700_000_000_000)
    );
    assert_eq!(timestamp.to_string().parse(), Ok(timestamp));
    assert_eq!(
        format!("{timestamp:?}"),
        "ListOffsetsTimestamp(1700000000000)"
    );

    let request = FetchRequest {
        isolation_level: IsolationLevel(-7),
        ..Default::default()
    };
    let bytes = request.encode_to_vec(Version(4)).unwrap();
    assert_eq!(FetchRequest::decode(&bytes, Version(4)).unwrap(), request);
}

#[test]
fn fields_begin_with_the_named_default_and_arrays_hold_the_type() {
    assert_eq!(ProduceRequest::default().acks, Acks::NONE);
    assert_eq!(
        ListOffsetsRequest::default().isolation_level,
        IsolationLevel::READ_UNCOMMITTED
    );
    let batch = AcknowledgementBatch {
        acknowledge_types: [1, 9]
            .map(kafka_codec::enumerations::AcknowledgeType)
            .into(),
        ..Default::default()
    };
    assert_eq!(
        format!("{:?}", batch.acknowledge_types),
        "[ACCEPT, AcknowledgeType(9)]"
    );
}

#[test]
fn text_stays_text_and_is_compared_with_its_enumeration() {
    let request = ListGroupsRequest {
        states_filter: vec![GroupState::Empty.into(), Cow::Borrowed("stable")],
        ..Default::default()
    };
    assert!(request.states_filter[0] == GroupState::Empty);
    assert!(request.states_filter[1] == GroupState::Stable);
    assert!(request.states_filter[1] != GroupState::Empty);
    assert_eq!(request.states_filter[0], "Empty");
}

#[test]
fn an_unknown_value_is_refused_naming_only_forms_that_are_read() {
    let error = "qqqqqq".parse::<QuotaEntityType>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown QuotaEntityType `qqqqqq`: write a name such as `user`"
    );
    assert!("1".parse::<QuotaEntityType>().is_err());

    let error = "qqqqqq".parse::<IsolationLevel>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown IsolationLevel `qqqqqq`: write a name such as `READ_COMMITTED`, or the number"
    );
    assert_eq!("1".parse(), Ok(IsolationLevel::READ_COMMITTED));
}
