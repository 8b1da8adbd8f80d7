//! The resolved model: what the generated code is made from. Every rule has been checked and every
//! name is fit for Rust, so whoever reads it cannot fail.

mod elements;

pub use elements::{Elements, Found, Level};

use crate::corpus::{ApiFacts, ErrorResponse, Routing, Units};
use crate::schema::{Kind, Listener};
use crate::versions::Versions;

/// All messages, sorted by module and name.
#[derive(Debug)]
pub struct Protocol {
    /// The messages that have versions.
    pub messages: Vec<Message>,
    /// The APIs that have versions, by key.
    pub apis: Vec<Api>,
    /// The releases that are known, as `4.1`, oldest first.
    pub releases: Vec<String>,
    /// Messages that changed their name: the old name and the new one.
    pub renamed: Vec<(String, String)>,
}

/// An API: a request and its response.
#[derive(Debug)]
pub struct Api {
    /// The API key.
    pub key: i16,
    /// Kafka's display name, such as `ListOffsets`.
    pub name: String,
    /// The name of its constant in Java, such as `LIST_OFFSETS`.
    pub constant: String,
    /// The versions of the request.
    pub versions: Versions,
    /// The flexible versions of the request.
    pub request_flexible: Versions,
    /// The flexible versions of the response.
    pub response_flexible: Versions,
    /// The header versions, ordered by the version that they begin with; at least one entry.
    pub headers: Vec<HeaderRange>,
    /// `true` if the highest version may still change.
    pub latest_unstable: bool,
    /// Who listens to the request, in the newest release that has it.
    pub listeners: Vec<Listener>,
    /// Other names, and former ones.
    pub aliases: Vec<String>,
    /// Which releases have it in which stable versions.
    pub history: ApiHistory,
    /// The facts that its definitions do not state, where these are known.
    pub facts: Option<ApiFacts>,
    /// The first version to which a throttling broker answers before the throttle time is over.
    pub throttles_since: Option<i16>,
}

/// The header versions of an API from a version on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct HeaderRange {
    /// The first version that has them.
    pub from: i16,
    /// The version of the header in front of requests.
    pub request: i16,
    /// The version of the header in front of responses.
    pub response: i16,
}

/// Which releases have an API, each as `4.1`.
#[derive(Debug, Default)]
pub struct ApiHistory {
    /// The first release that has it, unless it is older than can be told.
    pub since: Option<String>,
    /// The first release that no longer has it.
    pub removed_in: Option<String>,
    /// The stable versions that a release has, for each release where they change.
    pub releases: Vec<(String, Versions)>,
}

/// A message: its own struct and those inside of it.
#[derive(Debug)]
pub struct Message {
    /// The Kafka module it comes from.
    pub module: String,
    /// Kafka's name, which is the type's name too.
    pub name: String,
    /// The name of its Rust module.
    pub ident: String,
    /// The kind of message.
    pub kind: Kind,
    /// The number of the API, or of the record type.
    pub api_key: Option<i16>,
    /// The versions there are; at least one, and the last is bounded.
    pub versions: Versions,
    /// The versions with compact lengths and tagged fields; open-ended or none.
    pub flexible: Versions,
    /// The header versions of its API; empty if it is neither request nor response.
    pub headers: Vec<HeaderRange>,
    /// `true` if the highest version may still change.
    pub latest_unstable: bool,
    /// The purpose.
    pub description: Option<String>,
    /// Of a request: the field that bounds how long the broker may hold it, in milliseconds, for each run of versions
    /// that has one.
    pub server_wait: Vec<(Versions, String)>,
    /// Of a request: which kind of node answers it, and for what each is asked. Of a response: the same of its request.
    pub units: Option<(Routing, Vec<Units>)>,
    /// Of a request: how its error response is made, where that is known.
    pub error_response: Option<ErrorResponse>,
    /// The first release of each version, as `4.1`, where that is known.
    pub since: Vec<(i16, String)>,
    /// When versions came and went, one sentence each.
    pub history: Vec<String>,
    /// The message's own struct, then the others.
    pub structs: Vec<Struct>,
}

impl Message {
    /// The name without `Request` or `Response`: the API's, if it is one of these.
    pub fn stem(&self) -> &str {
        self.kind.stem(&self.name)
    }
}

/// A struct.
#[derive(Debug)]
pub struct Struct {
    /// The name in the definition.
    pub name: String,
    /// The Rust name.
    pub ident: String,
    /// The content. The message's own struct has none beside that of the message.
    pub description: Option<String>,
    /// The versions of the message that it can occur in.
    pub versions: Versions,
    /// `true` if it is the element of an array.
    pub is_element: bool,
    /// The fields, in the order they are encoded.
    pub fields: Vec<Field>,
    /// The minimum size of its encoding for each version it can occur in.
    pub min_sizes: Vec<(Versions, usize)>,
}

/// A field that occurs in at least one version of its struct.
#[derive(Debug)]
pub struct Field {
    /// The name in the definition.
    pub name: String,
    /// The Rust name.
    pub ident: String,
    /// The type.
    pub ty: Type,
    /// `true` if its bytes are record batches.
    pub is_records: bool,
    /// `true` if it is part of the key of the elements around it.
    pub is_map_key: bool,
    /// The versions of the struct that have it.
    pub versions: Versions,
    /// The tag, and the versions in which it is tagged; at least one.
    pub tag: Option<(u32, Versions)>,
    /// The versions of the field in which it may be null.
    pub nullable: Versions,
    /// The value in versions that lack it.
    pub default: Default,
    /// `true` if a value may be dropped in versions that lack the field.
    pub ignorable: bool,
    /// The versions in which its length is compact.
    pub flexible: Versions,
    /// The type of the library that names its values, if they have names.
    pub newtype: Option<Newtype>,
    /// The kind of thing that its value identifies, as the definitions name it.
    pub entity: Option<&'static str>,
    /// The meaning.
    pub description: Option<String>,
    /// The release that first had it, if it is newer than its message.
    pub since: Option<String>,
    /// The successor, if it ended before its struct did.
    pub ended: Option<Ended>,
}

/// A type of the library whose values have names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newtype {
    /// The name of the type.
    pub name: String,
    /// The name of the field's default, if that has one.
    pub default: Option<String>,
}

/// The successor of a field in versions after it ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The names of the fields of the same struct that say it, if there are any.
    pub successors: Vec<String>,
    /// `true` if the value names something, which without it and its successors is not known.
    pub identifies: bool,
    /// `true` if the successor is an array of such values, which says the same as the field if the value is all it
    /// has.
    pub is_listed: bool,
    /// Why nothing says it.
    pub reason: Option<String>,
}

impl Field {
    /// The versions in which it stands among the other fields of the struct.
    pub fn mandatory(&self) -> Versions {
        match (&self.tag, self.versions.lowest()) {
            (Some((_, tagged)), Some(lowest)) => match tagged.lowest() {
                Some(first) => Versions::new(lowest, first - 1),
                None => self.versions,
            },
            _ => self.versions,
        }
    }

    /// The type that its numbers are wrapped in. Texts are not: they stay borrowed.
    pub fn wrapper(&self) -> Option<&Newtype> {
        let is_number = matches!(self.ty, Type::Fixed(_) | Type::Array(Element::Packed(_)));
        self.newtype.as_ref().filter(|_| is_number)
    }

    /// Returns `true` if it is an error code.
    pub fn is_error_code(&self) -> bool {
        let newtype = self.wrapper();
        newtype.is_some_and(|newtype| newtype.name == "ErrorCode")
    }

    /// Returns `true` if it may be null in any version, so that its Rust type has a null.
    pub fn is_nullable(&self) -> bool {
        !self.nullable.is_empty()
    }
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number, bool or uuid.
    Fixed(Fixed),
    /// UTF-8 text.
    String,
    /// Bytes, record batches among them.
    Blob,
    /// The struct at this place in the message's list.
    Struct(usize),
    /// An array.
    Array(Element),
}

/// A type whose values all take the same number of bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// One byte, 0 or 1.
    Bool,
    /// A signed byte.
    I8,
    /// Two bytes, signed.
    I16,
    /// Two bytes, unsigned.
    U16,
    /// Four bytes, signed.
    I32,
    /// Four bytes, unsigned.
    U32,
    /// Eight bytes, signed.
    I64,
    /// Eight bytes, IEEE 754.
    F64,
    /// Sixteen bytes.
    Uuid,
}

impl Fixed {
    /// The name of the type in the definitions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::U16 => "uint16",
            Self::I32 => "int32",
            Self::U32 => "uint32",
            Self::I64 => "int64",
            Self::F64 => "float64",
            Self::Uuid => "uuid",
        }
    }

    /// Returns the size of a value in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 => 4,
            Self::I64 | Self::F64 => 8,
            Self::Uuid => 16,
        }
    }
}

/// The elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// Numbers or uuids, kept as the bytes they are.
    Packed(Fixed),
    /// Bools: any true byte is read, so they are not kept as bytes.
    Bool,
    /// Texts.
    String,
    /// Bytes.
    Blob,
    /// The struct at this place in the message's list.
    Struct(usize),
}

/// The value of a field in versions that lack it.
#[derive(Clone, Debug, PartialEq)]
pub enum Default {
    /// Null.
    Null,
    /// Rust's `Default` of the type: zero, false, empty, or a struct of defaults.
    Zero,
    /// True.
    True,
    /// An integer other than 0.
    Integer(i64),
    /// A float other than 0.
    Float(f64),
    /// A uuid other than zero, as a number.
    Uuid(u128),
    /// A text that is not empty.
    Text(String),
}
