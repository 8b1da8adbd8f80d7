//! The traits of messages, requests and responses.
//! The types that implement this are generated: see [`messages`](crate::messages).

use std::fmt;
use std::time::Duration;

use crate::api_key::HeaderRanges;
use crate::generated::ErrorAnswer;
use crate::routing::{BrokerOf, Destination};
#[cfg(feature = "schema")]
use crate::schema::Schema;
use crate::wire::{Fidelity, IntoOwned, Limits, ReadCursor, Reader, WriteCursor, Writer};
use crate::{ApiKey, DecodeError, EncodeError, ErrorCode, HeaderVersions, Version, VersionRange};

/// A message of Kafka's protocol: a request, a response, a header or a record.
///
/// Only generated code implements it and the traits below: those of this crate, and those that `Builder` of
/// `kafka-codec-codegen` writes. Their required methods are hidden and may change in any release.
///
/// # Examples
///
/// ```
/// use kafka_codec::messages::HeartbeatRequest;
/// use kafka_codec::{Decode, Message, Version};
///
/// let request = HeartbeatRequest {
///     group_id: "a".into(),
///     generation_id: 1,
///     member_id: "b".into(),
///     ..Default::default()
/// };
/// let bytes = request.encode_to_vec(Version(4))?;
/// assert_eq!(bytes, b"\x02a\0\0\0\x01\x02b\0\0");
/// assert_eq!(HeartbeatRequest::decode(&bytes, Version(4))?, request);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Only this crate and generated code implement it: its required method is hidden and may change in any release.
pub trait Message: Clone + Default + fmt::Debug + PartialEq + IntoOwned {
    /// Kafka's name of the message, such as `MetadataResponse`.
    const NAME: &'static str;

    /// The versions it has.
    const VERSIONS: VersionRange;

    /// The first flexible version, from which on lengths are compact and structs end with tagged
    /// fields; `None` if none is.
    const FLEXIBLE_FROM: Option<Version>;

    /// The same message, borrowing for another lifetime.
    type With<'b>: Decode<'b> + IntoOwned<Owned = Self::With<'static>>;

    /// What the message looks like; `None` of a type that is not generated.
    #[cfg(feature = "schema")]
    const SCHEMA: Option<&'static Schema> = None;

    /// Appends the message without checking the version; faults stay in the cursor.
    #[doc(hidden)]
    fn write(&self, w: &mut WriteCursor, v: i16);

    /// Appends the message to `writer`.
    ///
    /// Ignorable fields are silently omitted in versions that lack them, unless the message would no longer say what it
    /// is about: a topic name is refused in versions that have only topic ids if the id is not set, and a topic id in
    /// versions that have only names. See [`encode_lossy`](Self::encode_lossy), and [`Request::fits`] for a stricter check.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if the message does not have the version, or a field holds what the version
    /// cannot: a value of a field that it does not have and that is not omitted, null, a string
    /// of more than 32,767 bytes, an unknown tagged field. The writer is left as it was.
    fn encode(&self, writer: &mut Writer, version: Version) -> Result<(), EncodeError> {
        writer.message(Self::NAME, Self::VERSIONS, version, |cursor| {
            self.write(cursor, version.0);
        })
    }

    /// Appends the message to `writer` as Kafka's Java client does: every ignorable field is silently omitted in versions
    /// that lack it, topic names and ids among them.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "messages")] {
    /// use kafka_codec::messages::DeleteTopicsRequest;
    /// use kafka_codec::wire::Writer;
    /// use kafka_codec::{Message, Version};
    ///
    /// let request = DeleteTopicsRequest { topic_names: vec!["t".into()], ..Default::default() };
    /// let mut writer = Writer::new();
    /// let error = request.encode(&mut writer, Version(6)).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "DeleteTopicsRequest v6: topic_names: set, but only versions 0-5 have this field",
    /// );
    /// // Deletes nothing.
    /// request.encode_lossy(&mut writer, Version(6)).unwrap();
    /// assert_eq!(writer.into_vec(), [1, 0, 0, 0, 0, 0]);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode), but for what is omitted.
    fn encode_lossy(&self, writer: &mut Writer, version: Version) -> Result<(), EncodeError> {
        let kept = writer.keep(Fidelity::Lossy);
        let result = self.encode(writer, version);
        writer.keep(kept);
        result
    }

    /// Returns the number of bytes that [`encode`](Self::encode) appends, at the cost of encoding the message without its
    /// shared blobs.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::SaslHandshakeRequest;
    /// use kafka_codec::{Message, Version};
    ///
    /// let request = SaslHandshakeRequest::of_mechanism("PLAIN");
    /// assert_eq!(request.encoded_len(Version(1))?, 2 + 5);
    /// # Ok::<(), kafka_codec::EncodeError>(())
    /// ```
    fn encoded_len(&self, version: Version) -> Result<usize, EncodeError> {
        let mut writer = Writer::new();
        self.encode(&mut writer, version)?;
        Ok(writer.len())
    }

    /// Returns Kafka's JSON of the message in one line, with nothing left out: records as base64, and unknown tagged fields.
    ///
    /// For other forms see [`json::Options`](crate::schema::json::Options), and for the way back
    /// [`owned_from_json`](Self::owned_from_json) and [`Decode::from_json`]. Passwords are not hidden.
    ///
    /// # Errors
    ///
    /// [`WriteError::Encode`](crate::schema::json::WriteError::Encode) if the message cannot be encoded in `version`, and
    /// [`WriteError::NoSchema`](crate::schema::json::WriteError::NoSchema) if its type is not generated.
    ///
    /// # Examples
    ///
    /// ```
    /// use kafka_codec::messages::SaslHandshakeRequest;
    /// use kafka_codec::{Message, Version};
    ///
    /// let request = SaslHandshakeRequest::of_mechanism("PLAIN");
    /// let json = request.to_json(Version(1))?;
    /// assert_eq!(json, r#"{"mechanism":"PLAIN"}"#);
    /// assert_eq!(SaslHandshakeRequest::owned_from_json(&json, Version(1))?, request);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "json")]
    fn to_json(&self, version: Version) -> Result<String, crate::schema::json::WriteError> {
        use crate::schema::json;

        let schema = Self::SCHEMA.ok_or(json::WriteError::NoSchema)?;
        let bytes = self
            .encode_to_vec(version)
            .map_err(json::WriteError::Encode)?;
        json::to_string(schema, version, &bytes, &json::Options::lossless())
    }

    /// The message that Kafka's JSON in `json` states. Its values are its own; [`Decode::from_json`] borrows them from a buffer
    /// instead.
    ///
    /// # Errors
    ///
    /// As [`Decode::from_json`].
    #[cfg(feature = "json")]
    fn owned_from_json(
        json: &str,
        version: Version,
    ) -> Result<Self::With<'static>, crate::schema::json::ReadError> {
        let mut buffer = Vec::new();
        let message = Self::With::from_json(json, version, &mut buffer)?;
        Ok(message.into_owned())
    }

    /// The message as bytes of its own; shared blobs are copied.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    fn encode_to_vec(&self, version: Version) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer::new();
        self.encode(&mut writer, version)?;
        Ok(writer.into_vec())
    }
}

/// A message that can be read out of bytes that live for `'a`, and borrows them.
pub trait Decode<'a>: Message {
    /// Reads the message without checking the version; faults stay in the cursor.
    #[doc(hidden)]
    fn read(r: &mut ReadCursor<'a>, v: i16) -> Self;

    /// Reads the message from the front of `reader`, which stays there if that fails.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the message does not have the version or the bytes are not the message.
    fn decode_from(reader: &mut Reader<'a>, version: Version) -> Result<Self, DecodeError> {
        reader.check_version(Self::NAME, Self::VERSIONS, version)?;
        let (bytes, start) = (reader.rest(), reader.offset());
        reader
            .read(|cursor| Self::read(cursor, version.0))
            .map_err(|error| failed(error, &of::<Self>(version), bytes, start))
    }

    /// The message that `bytes` are, all of them, within default [`Limits`].
    ///
    /// # Errors
    ///
    /// As [`decode_from`](Self::decode_from), and
    /// [`TrailingBytes`](crate::DecodeErrorKind::TrailingBytes) if bytes are left.
    fn decode(bytes: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        Self::decode_with(bytes, version, Limits::default())
    }

    /// The message that `bytes` are, all of them, within `limits`.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn decode_with(bytes: &'a [u8], version: Version, limits: Limits) -> Result<Self, DecodeError> {
        let mut cursor = ReadCursor::with_limits(bytes, limits);
        cursor.check_version(Self::NAME, Self::VERSIONS, version)?;
        let message = Self::read(&mut cursor, version.0);
        match cursor.end() {
            Ok(()) => Ok(message),
            Err(error) => {
                drop(message);
                Err(failed(error, &of::<Self>(version), bytes, 0))
            }
        }
    }

    /// The message that Kafka's JSON in `json` states, borrowing its bytes, which are put into `buffer`. For a message that
    /// owns its values see [`Message::owned_from_json`].
    ///
    /// Keys that the message does not have are refused; for other forms see
    /// [`json::encode`](crate::schema::json::encode()). [`IntoOwned::into_owned`] detaches the message from the buffer.
    ///
    /// # Errors
    ///
    /// [`ReadError`](crate::schema::json::ReadError): the JSON is not the message, with line, column and field.
    #[cfg(feature = "json")]
    fn from_json(
        json: &str,
        version: Version,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Self, crate::schema::json::ReadError> {
        use crate::schema::json;

        let schema = Self::SCHEMA.ok_or(json::ReadError::NoSchema)?;
        buffer.clear();
        let mut writer = Writer::with_buffer(std::mem::take(buffer));
        let options = json::ReadOptions::lossless().refuse_unknown_keys();
        json::encode(schema, version, json, options, &mut writer)?;
        *buffer = writer.into_vec();
        Self::decode(buffer, version).map_err(json::ReadError::Decode)
    }

    /// The message at the start of `bytes` and the bytes after it, within default [`Limits`].
    ///
    /// # Errors
    ///
    /// As [`decode_from`](Self::decode_from).
    fn decode_prefix(bytes: &'a [u8], version: Version) -> Result<(Self, &'a [u8]), DecodeError> {
        let mut reader = Reader::new(bytes);
        let message = Self::decode_from(&mut reader, version)?;
        Ok((message, reader.rest()))
    }
}

/// A message that a client sends to a broker.
pub trait Request: Message {
    /// The number and names of its API.
    const KEY: ApiKey;

    /// What the broker answers with, in the same version.
    type Response<'a>: Response + Decode<'a> + IntoOwned<Owned = Self::Response<'static>>;

    /// The header versions of the API, as its definition states them.
    #[doc(hidden)]
    const HEADERS: HeaderRanges;

    /// Checks that `version` holds everything that the request says, at the cost of encoding it.
    ///
    /// Beyond what [`encode`](Message::encode) refuses, no field that ended before `version` may be set, unless a
    /// successor is: the documentation of the field names it. Ignorable fields that begin later may be omitted.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "messages")] {
    /// use kafka_codec::messages::OffsetCommitRequest;
    /// use kafka_codec::{EncodeErrorKind, Request, Version, VersionRange};
    ///
    /// let request = OffsetCommitRequest { retention_time_ms: 60_000, ..Default::default() };
    /// request.fits(Version(4)).unwrap();
    /// let error = request.fits(Version(5)).unwrap_err();
    /// assert_eq!(error.path(), Some("retention_time_ms"));
    /// let versions = VersionRange::new(2, 4).unwrap();
    /// assert_eq!(error.kind(), &EncodeErrorKind::NotInVersion { versions });
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`EncodeError`] names the first field that does not fit.
    fn fits(&self, version: Version) -> Result<(), EncodeError> {
        let mut writer = Writer::new();
        writer.keep(Fidelity::All);
        self.encode(&mut writer, version)
    }

    /// Returns how long the broker may hold the request before it answers, as the request itself states: the
    /// `timeout_ms` of Produce and administrative requests, the `max_wait_ms` of Fetch, the rebalance timeout of
    /// JoinGroup. Zero if the request does not bound it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use kafka_codec::messages::SaslHandshakeRequest;
    /// use kafka_codec::{Request, Version};
    ///
    /// assert_eq!(SaslHandshakeRequest::default().server_wait(Version(1)), Duration::ZERO);
    /// ```
    #[must_use]
    fn server_wait(&self, version: Version) -> Duration {
        let _ = version;
        Duration::ZERO
    }

    /// Decodes the response that `body` is, all of it, to a request in `version`, within default [`Limits`].
    ///
    /// # Errors
    ///
    /// As [`Decode::decode`].
    fn decode_response(body: &[u8], version: Version) -> Result<Self::Response<'_>, DecodeError> {
        Decode::decode(body, version)
    }

    /// Makes the response in `version` that answers the request with an error: what a broker, or a proxy in front of one,
    /// says when it cannot do what was asked. It borrows the names that it repeats from the request.
    ///
    /// The error code and the message stand in each place where Kafka's broker puts them: in the response itself, and for
    /// each topic, partition, group, resource or transaction of the request, as the version has it. `throttle` is the
    /// throttle time, in milliseconds up to `i32::MAX`. What the version has no field for is not encoded; a few old versions
    /// cannot say an error at all, such as DescribeLogDirs before version 3. An unknown version is not noticed until the
    /// response is encoded.
    ///
    /// `None` if the request is not answered: Produce with `acks` 0. For user-defined APIs the response says the error in
    /// its own `ErrorCode`, `ErrorMessage` and `ThrottleTimeMs`, unless their folder has an `error-responses.json`; it is
    /// `None` if the version has no such `ErrorCode`, and if the response was not generated.
    ///
    /// The source is `getErrorResponse` of Kafka's request classes; see `error-responses.json`. Where it differs from this:
    /// Kafka replaces some messages by texts of its own or leaves them out, forgets some throttle times, and does not keep
    /// the order of what a few requests ask for. To an ApiVersions request in an unknown version it answers in version 0 and
    /// lists the versions of ApiVersions that it serves, which are not known here.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "messages")] {
    /// use std::time::Duration;
    /// use kafka_codec::messages::DescribeGroupsRequest;
    /// use kafka_codec::{ErrorCode, Request, Version};
    ///
    /// let request = DescribeGroupsRequest { groups: vec!["a".into(), "b".into()], ..Default::default() };
    /// let code = ErrorCode::GROUP_AUTHORIZATION_FAILED;
    /// let response = request
    ///     .error_response(Version(6), code, Some("not yours"), Duration::from_millis(50))
    ///     .expect("only Produce without acks is not answered");
    /// assert_eq!(response.throttle_time_ms, 50);
    /// let [a, b] = &response.groups[..] else { panic!("one for each") };
    /// assert_eq!((&*a.group_id, a.error_code), ("a", code));
    /// assert_eq!(b.error_message.as_deref(), Some("not yours"));
    /// # }
    /// ```
    #[must_use]
    fn error_response<'r>(
        &'r self,
        version: Version,
        code: ErrorCode,
        message: Option<&'r str>,
        throttle: Duration,
    ) -> Option<Self::Response<'r>> {
        let error = ErrorAnswer {
            code,
            message,
            throttle_time_ms: i32::try_from(throttle.as_millis()).unwrap_or(i32::MAX),
        };
        self.answer(version.0, error)
    }

    /// Returns the node that answers each unit of the request: each partition, group, transactional id or resource with
    /// configs, in the order of the request, as the [`Routing`](crate::Routing) of the API says. A request that is not about units has one
    /// destination; one without a unit has none.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "messages")] {
    /// use kafka_codec::messages::{HeartbeatRequest, MetadataRequest};
    /// use kafka_codec::{Destination, Request, Version};
    ///
    /// let request = HeartbeatRequest { group_id: "g".into(), ..Default::default() };
    /// assert_eq!(request.destinations(Version(4)), [Destination::GroupCoordinator("g")]);
    /// let request = MetadataRequest::default();
    /// assert_eq!(request.destinations(Version(12)), [Destination::AnyBroker]);
    /// # }
    /// ```
    #[must_use]
    fn destinations(&self, version: Version) -> Vec<Destination<'_>> {
        let mut destinations = Vec::new();
        self.visit(version.0, &mut |destination| destinations.push(destination));
        destinations
    }

    /// Divides the request into one for each broker: the units whose [destination](Self::destinations) `broker_of` says
    /// is at the same broker, in their order. All else is repeated in each; the parts stand in the order of their first
    /// units. A request whose units are not in an array of their own stays whole, as does one for
    /// [every broker](Destination::EveryBroker).
    ///
    /// [`Response::merge`] makes one of the responses. Requests of a fetch session cannot be divided: each broker has a session
    /// of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "messages")] {
    /// use kafka_codec::messages::DescribeGroupsRequest;
    /// use kafka_codec::{Destination, Request, Version};
    ///
    /// let groups = ["a", "b", "c"].map(Into::into).to_vec();
    /// let request = DescribeGroupsRequest { groups, ..Default::default() };
    /// let parts = request.split(Version(5), |destination| match destination {
    ///     Destination::GroupCoordinator("b") => 2,
    ///     _ => 1,
    /// });
    /// let [(1, first), (2, second)] = &parts[..] else { panic!("two brokers") };
    /// assert_eq!(first.groups, ["a", "c"]);
    /// assert_eq!(second.groups, ["b"]);
    /// # }
    /// ```
    #[must_use]
    fn split(
        &self,
        version: Version,
        mut broker_of: impl FnMut(Destination<'_>) -> i32,
    ) -> Vec<(i32, Self)> {
        self.parts(version.0, &mut broker_of)
    }

    /// Calls `visit` with each of the [destinations](Self::destinations).
    #[doc(hidden)]
    fn visit<'r>(&'r self, v: i16, visit: &mut dyn FnMut(Destination<'r>)) {
        let _ = v;
        visit(Destination::of(Self::KEY.routing()));
    }

    /// As [`split`](Self::split).
    #[doc(hidden)]
    fn parts(&self, v: i16, broker_of: BrokerOf<'_>) -> Vec<(i32, Self)> {
        let destinations = self.destinations(Version(v));
        let parts = destinations
            .first()
            .map(|first| (broker_of(*first), self.clone()));
        parts.into_iter().collect()
    }

    /// As [`error_response`](Self::error_response), without checking the version.
    #[doc(hidden)]
    fn answer<'r>(&'r self, v: i16, error: ErrorAnswer<'r>) -> Option<Self::Response<'r>> {
        let _ = (v, error);
        None
    }

    /// Returns the header versions of the request and its response in `version`.
    #[must_use]
    #[inline]
    fn header_versions(version: Version) -> HeaderVersions {
        Self::HEADERS.at(version)
    }
}

/// A message that a broker answers a request with.
pub trait Response: Message {
    /// The number and names of its API.
    const KEY: ApiKey;

    /// The header versions of the API, as its definition states them.
    #[doc(hidden)]
    const HEADERS: HeaderRanges;

    /// Makes one response of those to the parts of a [divided](Request::split) request: the units of all of them in their
    /// order, the longest throttle time and the first error code that is not 0, with its message. All else is that of the
    /// first. `None` if there is no response.
    ///
    /// Partitions of a topic that several brokers answered are in as many topics of this name. Of an API whose requests are
    /// neither divided nor sent to [every broker](crate::Routing::EveryBroker), the first response remains.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "messages")] {
    /// use kafka_codec::Response;
    /// use kafka_codec::messages::DeleteGroupsResponse;
    ///
    /// let of = |throttle_time_ms| DeleteGroupsResponse {
    ///     throttle_time_ms,
    ///     results: vec![Default::default()],
    ///     ..Default::default()
    /// };
    /// let merged = Response::merge([of(20), of(50), of(0)]).expect("there are some");
    /// assert_eq!((merged.throttle_time_ms, merged.results.len()), (50, 3));
    /// # }
    /// ```
    #[must_use]
    fn merge(responses: impl IntoIterator<Item = Self>) -> Option<Self> {
        responses.into_iter().reduce(|mut merged, response| {
            merged.absorb(response);
            merged
        })
    }

    /// Adds what another response to a part of the same request says.
    #[doc(hidden)]
    fn absorb(&mut self, other: Self) {
        let _ = other;
    }

    /// Returns the version of the header in front of the response in `version`.
    #[must_use]
    #[inline]
    fn header_version(version: Version) -> Version {
        Self::HEADERS.at(version).response
    }
}

/// The message that is decoded.
struct DecodeTarget {
    name: &'static str,
    version: Version,
    #[cfg(feature = "schema")]
    schema: Option<&'static Schema>,
}

#[inline]
const fn of<M: Message>(version: Version) -> DecodeTarget {
    DecodeTarget {
        name: M::NAME,
        version,
        #[cfg(feature = "schema")]
        schema: M::SCHEMA,
    }
}

/// Adds the message and the path to an error of decoding `bytes`, which begin at offset `start`. Not generic, so that
/// it is compiled once.
#[cold]
#[inline(never)]
fn failed(error: DecodeError, target: &DecodeTarget, bytes: &[u8], start: usize) -> DecodeError {
    let error = error.in_message(target.name, target.version);
    #[cfg(feature = "schema")]
    if let Some(schema) = target.schema {
        return crate::schema::locate(error, schema, target.version, bytes, start);
    }
    let _ = (bytes, start);
    error
}
