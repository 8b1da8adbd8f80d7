//! `apis.json`: facts about APIs that their definitions do not state. The file is written by hand and checked against
//! Kafka's code by tests; this module reads it. `resolve` compares it with the definitions.

use std::collections::BTreeMap;

use super::facts::{self, Name, mirror};
use crate::fault::{Fault, Faults, Mistake};
use crate::json::{Document, Findings, Object};
use crate::source::{Source, Span};

/// The facts about all APIs.
#[derive(Clone, Debug)]
pub struct Apis {
    source: Source,
    /// The place of the facts.
    pub(crate) at: Span,
    /// The facts, by the name of the API.
    pub facts: BTreeMap<String, ApiFacts>,
    /// The values that must not appear in logs.
    pub secrets: Secrets,
}

/// The facts about an API beside its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiFacts {
    /// The place of its name.
    pub(crate) at: Span,
    /// The purpose of the API.
    pub class: ApiClass,
    /// `true` if a request changes nothing.
    pub read_only: bool,
    /// `true` if a request that may have been carried out can be sent again unchanged.
    pub repeatable: bool,
    /// The node that answers it.
    pub routing: Routing,
    /// The first version to which a throttling broker answers before the throttle time is over, where that is not the
    /// first version whose response has the throttle time.
    pub throttles_since: Option<(i16, Span)>,
    /// The fields of the request that bound how long the broker may hold it, in milliseconds. Of several, the first
    /// that the version has counts.
    pub server_wait: Vec<Name>,
    /// What the request asks different nodes for. Of several, those count that the version has.
    pub units: Vec<Units>,
}

/// The units of a request, each of which one node answers: partitions, groups, transactions, brokers or their configs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// The path of the array whose elements they are; `None` if the request itself is the only one.
    pub of: Option<Name>,
    /// The field that has the id of the group or transaction, or `.` for the element itself.
    pub id: Option<Name>,
    /// The field that has the name of the topic.
    pub topic: Option<Name>,
    /// The field that has the id of the topic.
    pub topic_id: Option<Name>,
    /// The field that has the number of the partition, or `.` for the element itself.
    pub partition: Option<Name>,
    /// The field that has the id of the broker.
    pub broker: Option<Name>,
    /// The field that has the type of a resource of configs, which may be a broker.
    pub resource: Option<Name>,
    /// The field that has the name of that resource.
    pub resource_name: Option<Name>,
}

/// The values that must not appear in logs, in all messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Fields of type `bytes` that are secret in every message.
    pub bytes: Vec<Name>,
    /// Structs that are the config of a resource.
    pub configs: Vec<Name>,
    /// Structs that are the config of a topic, although nothing in them states it.
    pub topic_configs: Vec<Name>,
    /// Parts of the names of sensitive configs.
    pub words: Vec<Name>,
}

mirror! {
    /// The purpose of an API.
    ApiClass {
        Data = "data",
        Metadata = "metadata",
        Group = "group",
        Transaction = "transaction",
        AdminWrite = "adminWrite",
        AdminRead = "adminRead",
        Session = "session",
        Telemetry = "telemetry",
        InterBroker = "interBroker",
    }
}

mirror! {
    /// The node that answers an API.
    Routing {
        AnyBroker = "anyBroker",
        SpecificBroker = "specificBroker",
        EveryBroker = "everyBroker",
        Controller = "controller",
        PartitionLeader = "partitionLeader",
        GroupCoordinator = "groupCoordinator",
        TransactionCoordinator = "transactionCoordinator",
        ShareCoordinator = "shareCoordinator",
    }
}

impl Apis {
    /// Reads `apis.json`.
    ///
    /// # Errors
    ///
    /// All faults of the file: it is not JSON, or has an unknown, missing or duplicate key or a value of the wrong form.
    pub fn parse(file: &str, text: &str) -> Result<Self, Faults> {
        facts::parse(file, text, read)
    }

    /// A fault at a place of the file.
    pub(crate) fn fault(&self, at: Span, mistake: Mistake) -> Fault {
        Fault::new(&self.source, at, mistake)
    }
}

/// The groups of facts, each of which names its source.
const GROUPS: [&str; 8] = [
    "class",
    "readOnly",
    "repeatable",
    "routing",
    "units",
    "throttlesSince",
    "serverWait",
    "secrets",
];

fn read(document: &Document, found: &mut Findings) -> Option<Apis> {
    let mut root = Object::new(document.root(), "the file", found)?;
    root.only(&["sources", "apis", "secrets"], found);
    if let Some(mut sources) = root.object("the file", "sources", found) {
        sources.only(&GROUPS, found);
        for group in GROUPS {
            sources.required_text("the list of sources", group, found);
        }
    }
    let apis = root.object("the file", "apis", found)?;
    let mut facts = BTreeMap::new();
    for entry in apis.entries() {
        let at = entry.key_value.span();
        let known = Object::new(entry.value, "an API", found);
        let known = known.and_then(|object| api(&entry.key, at, object, found));
        facts.extend(known.map(|known| (entry.key.clone().into_owned(), known)));
    }
    let at = root.spans().of("apis");
    let secrets = root.object("the file", "secrets", found)?;
    Some(Apis {
        source: document.source().clone(),
        at: Span::new(at.start, at.start + 1),
        facts,
        secrets: read_secrets(secrets, found),
    })
}

fn api(name: &str, at: Span, mut object: Object<'_>, found: &mut Findings) -> Option<ApiFacts> {
    let known = [
        "class",
        "readOnly",
        "repeatable",
        "routing",
        "units",
        "throttlesSince",
        "serverWait",
    ];
    object.only(&known, found);
    let class = object.required(name, "class", ApiClass::ALL, found);
    let routing = object.required(name, "routing", Routing::ALL, found);
    let since = object.number("throttlesSince", "from 0 to 32767", found);
    Some(ApiFacts {
        at,
        class: class?,
        read_only: object.flag("readOnly", found),
        repeatable: object.flag("repeatable", found),
        routing: routing?,
        throttles_since: since.map(|since| (since, object.spans().of("throttlesSince"))),
        server_wait: object.names("serverWait", found),
        units: object
            .list("units")
            .filter_map(|value| units(Object::new(value, "a list of units", found)?, found))
            .collect(),
    })
}

fn units(mut object: Object<'_>, found: &mut Findings) -> Option<Units> {
    let keys = ["of", "id", "topic", "topicId", "partition"];
    let of_brokers = ["broker", "resource", "resourceName"];
    object.only(&[&keys[..], &of_brokers].concat(), found);
    let mut name = |key| object.names(key, found).pop();
    Some(Units {
        of: name("of"),
        id: name("id"),
        topic: name("topic"),
        topic_id: name("topicId"),
        partition: name("partition"),
        broker: name("broker"),
        resource: name("resource"),
        resource_name: name("resourceName"),
    })
}

fn read_secrets(mut object: Object<'_>, found: &mut Findings) -> Secrets {
    object.only(&["bytes", "configs", "topicConfigs", "words"], found);
    Secrets {
        bytes: object.names("bytes", found),
        configs: object.names("configs", found),
        topic_configs: object.names("topicConfigs", found),
        words: object.names("words", found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(apis: &str) -> Result<Apis, Faults> {
        let text = r#"{
  "sources": {
    "class": "a", "readOnly": "b", "repeatable": "b", "routing": "c", "units": "c", "throttlesSince": "d", "serverWait": "e", "secrets": "f"
  },
  "apis": {
APIS
  },
  "secrets": { "bytes": ["Salt"] }
}
"#;
        Apis::parse("apis.json", &text.replace("APIS", apis))
    }

    #[test]
    fn facts_that_are_absent_have_defaults() {
        let apis = parse(r#""Fetch": { "class": "adminRead", "routing": "controller" }"#).unwrap();
        let fetch = &apis.facts["Fetch"];
        assert_eq!(fetch.class, ApiClass::AdminRead);
        assert_eq!(fetch.routing, Routing::Controller);
        assert!(!fetch.read_only && fetch.server_wait.is_empty());
        assert_eq!(fetch.throttles_since, None);
        assert_eq!(apis.secrets.bytes[0].text, "Salt");
    }

    #[test]
    fn unknown_duplicate_missing_and_mistyped_keys_are_faults_at_their_places() {
        let fetch = r#""Fetch": { "class": "data", "routing": "partitionLeader" }"#;
        let twice = format!("{fetch},\n{fetch}");
        let faults = [
            (&*twice, 7, "the key `Fetch` is there twice"),
            (
                r#""A": { "class": "data", "routing": "controller", "x": 1 }"#,
                6,
                "unknown key `x`",
            ),
            (r#""A": { "class": "data" }"#, 6, "A has no `routing`"),
            (
                "\"A\": { \"routing\": \"controller\",\n\"class\": \"dat\" }",
                7,
                "`dat` is not a valid class",
            ),
            (
                r#""A": { "class": "data", "routing": "controller", "throttlesSince": "six" }"#,
                6,
                "`throttlesSince` must be a number",
            ),
        ];
        for (apis, line, wrong) in faults {
            let Faults(faults) = parse(apis).unwrap_err();
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert_eq!(faults[0].at.line, line, "{}", faults[0]);
            assert!(faults[0].wrong.starts_with(wrong), "{}", faults[0]);
        }
        assert!(Apis::parse("apis.json", r#"{ "apis": {}, "secrets": {} }"#).is_err());
    }
}
