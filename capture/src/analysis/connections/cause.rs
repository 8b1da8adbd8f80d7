//! The causes that end a connection.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $advice:literal;)*) => {
        /// The cause that ended a connection.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// All causes, in the order in which the guide lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the name of the cause.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Returns what to do about it; empty if there is nothing to do.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)*
                }
            }
        }
    };
}

causes! {
    /// No byte was carried.
    None = "none", "check that the broker runs and listens at this address";
    /// A TLS client spoke to a plaintext port.
    TlsToPlaintext = "tls-to-plaintext", "set security.protocol to PLAINTEXT or SASL_PLAINTEXT, or use the broker's TLS port";
    /// A plaintext client spoke to a TLS port.
    PlaintextToTls = "plaintext-to-tls", "set security.protocol to SSL or SASL_SSL, or use the broker's plaintext port";
    /// One end speaks another protocol.
    ForeignProtocol = "foreign-protocol", "find out who connects to this port with another protocol, such as a health check";
    /// A request is larger than the broker takes.
    RequestTooLarge = "request-too-large", "send smaller requests (max.request.size, batch.size), or raise socket.request.max.bytes of the broker";
    /// A request is malformed.
    MalformedRequest = "malformed-request", "update the client, or report the fault to its authors";
    /// The broker does not serve the API or its version.
    UnsupportedVersion = "unsupported-version", "use a client that negotiates versions by ApiVersions, or one that fits the broker";
    /// Authentication failed.
    AuthFailed = "auth-failed", "check user and password, and that the client authenticates at all";
    /// The broker does not offer the SASL mechanism, or the client wants none of those offered.
    MechanismRefused = "mechanism-refused", "set sasl.mechanism to one that the broker has in sasl.enabled.mechanisms";
    /// The session expired without re-authentication.
    SessionExpired = "session-expired", "use a client that re-authenticates (KIP-368), or raise connections.max.reauth.ms of the broker";
    /// The stream ends inside a frame.
    CutMidFrame = "cut-mid-frame", "look for a proxy or load balancer between client and broker, or a crash of the sender";
    /// Data is sent again and again and never acknowledged.
    Silent = "silent", "check the network between the ends, firewalls and the other machine";
    /// The broker's side ended the connection.
    BrokerReset = "broker-reset", "check whether the broker was restarted or crashed at that time";
    /// The broker closed an idle connection.
    IdleBroker = "idle-broker", "nothing to do; connections.max.idle.ms of the client below that of the broker avoids it";
    /// The client gave up waiting for a response.
    ClientTimeout = "client-timeout", "find out why the broker did not answer in time; see request.timeout.ms of the client";
    /// The client's side ended the connection abruptly.
    ClientReset = "client-reset", "check whether the client crashed or was killed";
    /// The client closed an idle connection.
    IdleClient = "idle-client", "nothing to do; see connections.max.idle.ms of the client";
    /// The client closed the connection.
    ClientClose = "client-close", "";
    /// The connection has not ended.
    StillOpen = "still-open", "";
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
