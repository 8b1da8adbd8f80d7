//! Counts of what was decoded and what was not.

use std::fmt;

/// Counts of packets, connections and messages in a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Packets read.
    pub packets: u64,
    /// Packets without TCP in them.
    pub not_tcp: u64,
    /// Packets that were captured before, at another place on their way.
    pub copies: u64,
    /// Packets of which not even the headers were captured.
    pub unreadable: u64,
    /// Packets of which not all data were captured. The line of counts does not have them.
    pub cut: u64,
    /// Fragments of IP packets that did not become whole.
    pub fragments: u64,
    /// Fragments of IP packets that contradict other fragments.
    pub contradicting_fragments: u64,
    /// Packets with encrypted content: IPsec, WireGuard, MACsec, Wi-Fi.
    pub encrypted: u64,
    /// Packets in tunnels that cannot be read.
    pub unknown_tunnel: u64,
    /// Packets with more headers than are believed.
    pub too_deep: u64,
    /// Packets of an unsupported link type.
    pub unknown_link: u64,
    /// Kafka connections.
    pub connections: u64,
    /// TCP connections with bytes of another protocol.
    pub other_connections: u64,
    /// Frames that were held back, since they might have been Kafka's, and are not.
    pub held_back: u64,
    /// Messages with a malformed body, as far as bodies were decoded.
    pub malformed: u64,
    /// Requests.
    pub requests: u64,
    /// Requests without a response: Produce with acks 0.
    pub without_response: u64,
    /// Requests whose response was not captured.
    pub unanswered: u64,
    /// Responses whose request was captured.
    pub responses: u64,
    /// Requests and responses that are truncated in the capture.
    pub truncated: u64,
    /// Those of them that the end of their connection, or of the capture, cut off.
    pub cut_off: u64,
    /// SASL tokens without a header.
    pub sasl_tokens: u64,
    /// Frames that could not be decoded.
    pub undecoded: u64,
    /// Parts of connections without frames.
    pub gaps: u64,
    /// Bytes in gaps that are missing in the capture.
    pub missing_bytes: u64,
    /// Bytes in gaps that were captured.
    pub skipped_bytes: u64,
    /// TLS connections that were decrypted.
    pub tls_decrypted: u64,
    /// TLS connections that were not decrypted.
    pub tls_not_decrypted: u64,
    /// TLS sessions whose secrets were forgotten, since there were too many.
    pub forgotten_secrets: u64,
    /// Malformed lines of key logs.
    pub key_log_faults: u64,
    /// Names of topics that were forgotten, since too many were learned.
    pub forgotten_topics: u64,
}

impl Counts {
    /// Returns `true` if any Kafka message was found.
    #[must_use]
    pub const fn has_kafka(&self) -> bool {
        self.requests + self.responses + self.sasl_tokens > 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Count(self.packets, "packet", "packets"))?;
        write!(
            f,
            ", {}: ",
            Count(self.connections, "Kafka connection", "Kafka connections")
        )?;
        write!(f, "{}, ", Count(self.requests, "request", "requests"))?;
        write!(f, "{}", Count(self.responses, "response", "responses"))?;
        let rest = [
            Count(
                self.without_response,
                "request with acks 0",
                "requests with acks 0",
            ),
            Count(self.unanswered, "request unanswered", "requests unanswered"),
            Count(self.sasl_tokens, "SASL token", "SASL tokens"),
            Count(
                self.truncated,
                "message not captured whole",
                "messages not captured whole",
            ),
            Count(
                self.malformed,
                "message with a malformed body",
                "messages with malformed bodies",
            ),
            Count(self.undecoded, "frame not decoded", "frames not decoded"),
            Count(self.gaps, "gap", "gaps"),
            Count(self.missing_bytes, "byte missing", "bytes missing"),
            Count(self.skipped_bytes, "byte skipped", "bytes skipped"),
            Count(
                self.tls_decrypted,
                "TLS connection decrypted",
                "TLS connections decrypted",
            ),
            Count(
                self.tls_not_decrypted,
                "TLS connection not decrypted",
                "TLS connections not decrypted",
            ),
            Count(
                self.forgotten_secrets,
                "TLS session with its secrets forgotten",
                "TLS sessions with their secrets forgotten",
            ),
            Count(
                self.key_log_faults,
                "malformed line of a key log",
                "malformed lines of key logs",
            ),
            Count(
                self.forgotten_topics,
                "topic name forgotten",
                "topic names forgotten",
            ),
            Count(
                self.other_connections,
                "connection without Kafka",
                "connections without Kafka",
            ),
            Count(
                self.held_back,
                "frame held back and not shown",
                "frames held back and not shown",
            ),
            Count(self.not_tcp, "packet without TCP", "packets without TCP"),
            Count(self.copies, "copy of a packet", "copies of packets"),
            Count(
                self.unreadable,
                "packet without its headers",
                "packets without their headers",
            ),
            Count(
                self.fragments,
                "IP fragment of an incomplete packet",
                "IP fragments of incomplete packets",
            ),
            Count(
                self.contradicting_fragments,
                "IP fragment that contradicts another",
                "IP fragments that contradict others",
            ),
            Count(self.encrypted, "encrypted packet", "encrypted packets"),
            Count(
                self.unknown_tunnel,
                "packet in an unknown tunnel",
                "packets in unknown tunnels",
            ),
            Count(
                self.too_deep,
                "packet with too many headers",
                "packets with too many headers",
            ),
            Count(
                self.unknown_link,
                "packet of an unknown link type",
                "packets of unknown link types",
            ),
        ];
        for count in rest.into_iter().filter(|count| count.0 > 0) {
            write!(f, ", {count}")?;
        }
        Ok(())
    }
}

/// How many, of what, and what if there are several.
struct Count(u64, &'static str, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, one, many) = self;
        write!(f, "{count} {}", if *count == 1 { one } else { many })
    }
}
