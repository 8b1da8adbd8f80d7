//! A request or response whose API is known only at run time.

use std::time::Duration;

use crate::wire::{IntoOwned, Limits, Reader, Writer};
use crate::{
    ApiKey, Decode, DecodeError, Destination, EncodeError, ErrorCode, Message, Request, Response,
    UnknownMessage, Version, messages,
};

macro_rules! any_messages {
    ($($api:ident: $request:ident, $response:ident;)*) => {
        any_messages! {
            /// A request of any API.
            ///
            /// Later releases may add variants.
            ///
            /// # Examples
            ///
            /// ```
            /// use kafka_codec::messages::HeartbeatRequest;
            /// use kafka_codec::{AnyRequest, ApiKey, Version};
            ///
            /// let body = b"\0\x01a\0\0\0\x01\0\x01b";
            /// let request = AnyRequest::decode(ApiKey::Heartbeat, Version(0), body)?;
            /// assert_eq!(request.api_key(), ApiKey::Heartbeat);
            /// let AnyRequest::Heartbeat(HeartbeatRequest { group_id, .. }) = &request else {
            ///     unreachable!("the key says which it is");
            /// };
            /// assert_eq!(group_id, "a");
            /// # Ok::<(), kafka_codec::DecodeError>(())
            /// ```
            AnyRequest, "UnknownRequest" { $($api: $request,)* }
        }
        impl AnyRequest<'_> {
            /// Checks that `version` holds everything that the request says.
            ///
            /// # Errors
            ///
            /// As [`Request::fits`].
            #[inline]
            pub fn fits(&self, version: Version) -> Result<(), EncodeError> {
                match self {
                    $(Self::$api(request) => request.fits(version),)*
                    Self::Unknown(request) => request.fits(self.name(), version),
                }
            }

            /// Returns the node that answers each unit of the request; see [`Request::destinations`].
            #[must_use]
            #[inline]
            pub fn destinations(&self, version: Version) -> Vec<Destination<'_>> {
                match self {
                    $(Self::$api(request) => request.destinations(version),)*
                    Self::Unknown(_) => vec![Destination::SpecificBroker],
                }
            }

            /// Divides the request into one for each broker; see [`Request::split`].
            #[must_use]
            pub fn split(
                &self,
                version: Version,
                mut broker_of: impl FnMut(Destination<'_>) -> i32,
            ) -> Vec<(i32, Self)> {
                match self {
                    $(Self::$api(request) => {
                        let parts = request.parts(version.0, &mut broker_of).into_iter();
                        parts.map(|(broker, part)| (broker, Self::$api(part))).collect()
                    })*
                    Self::Unknown(_) => vec![(broker_of(Destination::SpecificBroker), self.clone())],
                }
            }

            /// Makes the response in `version` that answers the request with an error; `None` if the request is not
            /// answered, or of an unknown API.
            ///
            /// See [`Request::error_response`].
            ///
            /// # Examples
            ///
            /// ```
            /// use std::time::Duration;
            /// use kafka_codec::{AnyRequest, AnyResponse, ApiKey, ErrorCode, Version};
            ///
            /// let request = AnyRequest::decode(ApiKey::Heartbeat, Version(0), b"\0\x01a\0\0\0\x01\0\x01b")?;
            /// let error = ErrorCode::COORDINATOR_NOT_AVAILABLE;
            /// let response = request.error_response(Version(0), error, None, Duration::ZERO);
            /// let Some(AnyResponse::Heartbeat(response)) = response else { panic!("not answered") };
            /// assert_eq!(response.error_code, error);
            /// # Ok::<(), kafka_codec::DecodeError>(())
            /// ```
            #[must_use]
            #[inline]
            pub fn error_response<'r>(
                &'r self,
                version: Version,
                code: ErrorCode,
                message: Option<&'r str>,
                throttle: Duration,
            ) -> Option<AnyResponse<'r>> {
                Some(match self {
                    $(Self::$api(request) => AnyResponse::$api(
                        request.error_response(version, code, message, throttle)?
                    ),)*
                    Self::Unknown(_) => return None,
                })
            }
        }
        any_messages! {
            /// A response of any API.
            ///
            /// Later releases may add variants.
            AnyResponse, "UnknownResponse" { $($api: $response,)* }
        }
        impl AnyResponse<'_> {
            /// Makes one response of those to the parts of a divided request; see [`Response::merge`]. What is of another
            /// API than the first is left out, and a response of an unknown API remains as it is.
            #[must_use]
            pub fn merge(responses: impl IntoIterator<Item = Self>) -> Option<Self> {
                responses.into_iter().reduce(|mut merged, response| {
                    match (&mut merged, response) {
                        $((Self::$api(merged), Self::$api(response)) => merged.absorb(response),)*
                        _ => {}
                    }
                    merged
                })
            }
        }
    };
    ($(#[$doc:meta])* $name:ident, $unknown:literal { $($api:ident: $message:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "a box would cost an allocation a message")]
        pub enum $name<'a> {
            $(
                #[doc = concat!("[`", stringify!($message), "`](messages::", stringify!($message), ").")]
                $api(messages::$message<'a>),
            )*
            /// A message of an API that is not known here.
            Unknown(UnknownMessage<'a>),
        }

        impl<'a> $name<'a> {
            /// The message that `body` is, all of it, within default [`Limits`]. One of an unknown API keeps its bytes:
            /// [`Unknown`](Self::Unknown).
            ///
            /// # Errors
            ///
            /// As [`Decode::decode`]; none if the API is unknown.
            #[inline]
            pub fn decode(key: ApiKey, version: Version, body: &'a [u8]) -> Result<Self, DecodeError> {
                Self::decode_with(key, version, body, Limits::default())
            }

            /// The message that `body` is, all of it, within `limits`.
            ///
            /// # Errors
            ///
            /// As [`decode`](Self::decode).
            #[inline]
            pub fn decode_with(
                key: ApiKey,
                version: Version,
                body: &'a [u8],
                limits: Limits,
            ) -> Result<Self, DecodeError> {
                match key {
                    $(ApiKey::$api => Decode::decode_with(body, version, limits).map(Self::$api),)*
                    ApiKey::Unknown(key) => Ok(Self::Unknown(UnknownMessage {
                        key,
                        version,
                        body: body.into(),
                    })),
                }
            }

            /// The message at the start of `body` and the bytes after it, within default [`Limits`]. Of an unknown API, all
            /// bytes are the message.
            ///
            /// # Errors
            ///
            /// As [`Decode::decode_prefix`]; none if the API is unknown.
            #[inline]
            pub fn decode_prefix(
                key: ApiKey,
                version: Version,
                body: &'a [u8],
            ) -> Result<(Self, &'a [u8]), DecodeError> {
                let mut reader = Reader::new(body);
                let message = match key {
                    $(ApiKey::$api => {
                        Decode::decode_from(&mut reader, version).map(Self::$api)?
                    })*
                    ApiKey::Unknown(_) => return Self::decode(key, version, body).map(|all| (all, &[][..])),
                };
                Ok((message, reader.rest()))
            }

            /// Appends the message to `writer`.
            ///
            /// # Errors
            ///
            /// As [`Message::encode`]; a message of an unknown API has only its own version.
            #[inline]
            pub fn encode(&self, writer: &mut Writer, version: Version) -> Result<(), EncodeError> {
                match self {
                    $(Self::$api(message) => message.encode(writer, version),)*
                    Self::Unknown(message) => message.encode(writer, $unknown, version),
                }
            }

            /// Appends the message to `writer` as Kafka's Java client does.
            ///
            /// # Errors
            ///
            /// As [`Message::encode_lossy`].
            #[inline]
            pub fn encode_lossy(
                &self,
                writer: &mut Writer,
                version: Version,
            ) -> Result<(), EncodeError> {
                match self {
                    $(Self::$api(message) => message.encode_lossy(writer, version),)*
                    Self::Unknown(message) => message.encode(writer, $unknown, version),
                }
            }

            /// The API that the message is of.
            #[must_use]
            pub const fn api_key(&self) -> ApiKey {
                match self {
                    $(Self::$api(_) => ApiKey::$api,)*
                    Self::Unknown(message) => message.api_key(),
                }
            }

            /// Kafka's name of the message, such as `MetadataResponse`; `UnknownRequest` or `UnknownResponse` if the API is
            /// unknown.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$api(_) => stringify!($message),)*
                    Self::Unknown(_) => $unknown,
                }
            }
        }

        impl IntoOwned for $name<'_> {
            type Owned = $name<'static>;

            #[inline]
            fn own(self, frame: Option<&$crate::wire::SharedFrame<'_>>) -> Self::Owned {
                match self {
                    $(Self::$api(message) => $name::$api(message.own(frame)),)*
                    Self::Unknown(message) => $name::Unknown(message.own(frame)),
                }
            }
        }

        $(
            impl<'a> From<messages::$message<'a>> for $name<'a> {
                fn from(message: messages::$message<'a>) -> Self {
                    Self::$api(message)
                }
            }
        )*
    };
}

include!(concat!(env!("OUT_DIR"), "/any_messages.rs"));
