//! What the definitions cannot say: the exceptions of the protocol, each with its source.
//! No other module of the generator knows a message by its name.

use crate::versions::Versions;

/// The header version of a request that does not follow from whether its version is flexible.
///
/// ControlledShutdown v0 was sent by brokers of Kafka 0.8 without a client id. Source:
/// `ApiMessageTypeGenerator.java` of Kafka 3.9 and before.
pub(crate) fn request_header_version(api_key: i16, version: i16) -> Option<i16> {
    (api_key == 7 && version == 0).then_some(0)
}

/// The header version of all responses of an API, where it does not follow from whether the
/// version is flexible.
///
/// The response of ApiVersions always has header version 0: the client cannot know yet which
/// versions the broker understands. Source: KIP-511.
pub(crate) fn response_header_version(api_key: i16) -> Option<i16> {
    (api_key == 18).then_some(0)
}

/// The APIs with which a connection begins, before it is known what the broker understands. The
/// library is written with them, whatever messages a program selects. Source: KIP-35, KIP-152.
pub(crate) const SESSION_APIS: [&str; 3] = ["ApiVersions", "SaslHandshake", "SaslAuthenticate"];

/// The message in front of requests or responses.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Header {
    pub(crate) name: &'static str,
    pub(crate) versions: Versions,
    /// The versions with tagged fields.
    pub(crate) flexible: Versions,
}

/// The header of requests. Its versions are those that the library has, for definitions that come without it.
pub(crate) const REQUEST_HEADER: Header = Header {
    name: "RequestHeader",
    versions: Versions::new(0, 2),
    flexible: Versions::from(2),
};

/// The header of responses; see [`REQUEST_HEADER`].
pub(crate) const RESPONSE_HEADER: Header = Header {
    name: "ResponseHeader",
    versions: Versions::new(0, 1),
    flexible: Versions::from(1),
};

/// The field of a response that says for how many milliseconds the broker throttles the client: a connection reads it
/// out of any response. Source: KIP-124, KIP-219.
pub(crate) const THROTTLE_TIME: &str = "ThrottleTimeMs";

/// The field of a response, or of a struct inside of it, that holds an error code.
pub(crate) const ERROR_CODE: &str = "ErrorCode";

/// The field beside [`ERROR_CODE`] that explains it.
pub(crate) const ERROR_MESSAGE: &str = "ErrorMessage";
