//! What the client knows of the protocol: its own types for the requests that it sends. Encoding, decoding and record batches are
//! those of kafka-codec.

pub mod api_key {
    #[cfg(test)]
    pub use kafka_codec::ApiKey;
}
pub mod error;
pub mod messages;
pub mod primitives;
pub mod record;
