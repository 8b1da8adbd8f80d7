//! The mirror of a definition file: what it says, key by key, in types.
//! It holds what one key alone can tell; how fields, structs and versions relate is checked by `resolve`.

mod headers;
mod read;

use crate::fault::{Fault, Mistake};
use crate::json::Spans;
use crate::source::{Source, Span};
use crate::types::FieldType;
use crate::versions::Versions;

/// A definition file.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The file it was read from.
    pub source: Source,
    /// The places of the values in the file.
    pub spans: Spans,
    /// Kafka's name for the message.
    pub name: String,
    /// The kind of message.
    pub kind: Kind,
    /// The number of the API, or of the record type.
    pub api_key: Option<i16>,
    /// The versions there are; none when the API is retired.
    pub valid_versions: Versions,
    /// The versions with compact lengths and tagged fields.
    pub flexible_versions: Versions,
    /// The versions Kafka advises against.
    pub deprecated_versions: Versions,
    /// Who listens to this request.
    pub listeners: Vec<Listener>,
    /// `true` if the highest version may still change.
    pub latest_version_unstable: bool,
    /// Which versions have which header version, where the file states it; ordered and without gaps.
    pub header_versions: Vec<(Versions, i16)>,
    /// Structs that several fields may use.
    pub common_structs: Vec<StructDef>,
    /// The fields.
    pub fields: Vec<FieldDef>,
}

impl Definition {
    /// Returns `true` if the API is retired: its number is reserved and it has no version.
    pub fn is_retired(&self) -> bool {
        self.valid_versions.is_empty()
    }

    /// The name without `Request` or `Response`: the API's, if it is one of these.
    pub fn stem(&self) -> &str {
        self.kind.stem(&self.name)
    }

    /// The common struct of this name.
    pub fn common_struct(&self, name: &str) -> Option<&StructDef> {
        self.common_structs.iter().find(|s| s.name == name)
    }

    /// A fault in this definition at `span`.
    pub fn fault(
        &self,
        span: Span,
        field: Option<String>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> Fault {
        Fault {
            message: Some(self.name.clone()),
            field,
            ..Fault::new(&self.source, span, Mistake::new(wrong, right))
        }
    }
}

/// A struct that several fields may use.
#[derive(Clone, Debug)]
pub struct StructDef {
    /// The places of its values in the file.
    pub spans: Spans,
    /// The name.
    pub name: String,
    /// The versions it exists in.
    pub versions: Versions,
    /// The versions Kafka advises against.
    pub deprecated_versions: Versions,
    /// The fields.
    pub fields: Vec<FieldDef>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct FieldDef {
    /// The places of its values in the file.
    pub spans: Spans,
    /// The name.
    pub name: String,
    /// The type.
    pub ty: FieldType,
    /// The versions it exists in; where that is not said, `tagged_versions` is.
    pub versions: Option<Versions>,
    /// The versions it is tagged in.
    pub tagged_versions: Option<Versions>,
    /// The number of its tag.
    pub tag: Option<u32>,
    /// The versions in which it may be null.
    pub nullable_versions: Versions,
    /// The default, as written; `None` when none is given or it is JSON's null.
    pub default: Option<String>,
    /// `true` if a value may be dropped in versions that lack the field.
    pub ignorable: bool,
    /// `true` if it is part of the key of the elements around it.
    pub map_key: bool,
    /// What the value identifies.
    pub entity_type: Option<EntityType>,
    /// The versions in which it is encoded compactly, if others than the message's.
    pub flexible_versions: Option<Versions>,
    /// The meaning, where the definition states it.
    pub about: Option<String>,
    /// `true` if Kafka's Java code reads it without copying.
    pub zero_copy: bool,
    /// The fields of the struct that is defined here.
    pub fields: Vec<Self>,
}

impl FieldDef {
    /// The versions it exists in: `versions`, or `taggedVersions` where that is left out.
    pub fn effective_versions(&self) -> Versions {
        self.versions
            .or(self.tagged_versions)
            .unwrap_or(Versions::NONE)
    }
}

/// Defines an enum whose values have exact names in the definitions.
macro_rules! names {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $enum { $($(#[$variant_doc])* $variant,)* }

        impl $enum {
            /// Every value with its name in the definitions.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($name, Self::$variant),)*];

            /// The name in the definitions.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

names! {
    /// What kind of message a definition defines.
    Kind {
        /// A request.
        Request = "request",
        /// A response.
        Response = "response",
        /// The header of requests or responses.
        Header = "header",
        /// A record of the KRaft metadata log, or of remote storage.
        Metadata = "metadata",
        /// Anything else that is stored or sent inside of bytes.
        Data = "data",
        /// The key of a coordinator's record.
        CoordinatorKey = "coordinator-key",
        /// The value of a coordinator's record.
        CoordinatorValue = "coordinator-value",
    }
}

impl Kind {
    /// The name of a message without the suffix that the kind demands.
    pub(crate) fn stem(self, name: &str) -> &str {
        name.strip_suffix(self.suffix()).unwrap_or(name)
    }

    /// How the name of a message ends.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Request => "Request",
            Self::Response => "Response",
            _ => "",
        }
    }
}

names! {
    /// Who listens to a request.
    Listener {
        /// A broker that uses ZooKeeper; until 3.9.
        ZkBroker = "zkBroker",
        /// A broker.
        Broker = "broker",
        /// A KRaft controller.
        Controller = "controller",
    }
}

names! {
    /// What a value identifies.
    EntityType {
        /// A transactional id.
        TransactionalId = "transactionalId",
        /// A producer id.
        ProducerId = "producerId",
        /// A group.
        GroupId = "groupId",
        /// A topic, by name.
        TopicName = "topicName",
        /// A broker.
        BrokerId = "brokerId",
    }
}
