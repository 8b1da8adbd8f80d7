//! Generates the messages that this program uses.

use kafka_codec_codegen::{Builder, GenerateError};

fn main() -> Result<(), GenerateError> {
    Builder::new()
        .api("Produce", 9..)
        .api("Fetch", 4..=17)
        .api("Metadata", 9..)
        .api("FindCoordinator", 4..)
        .request("Heartbeat", 4..)
        .message("ConsumerProtocolSubscription", ..)
        .write("kafka.rs")?;
    Builder::new()
        .definitions("fork-json")
        .api("Greet", ..)
        .write("fork.rs")?;
    Builder::new()
        .definitions("next-json")
        .message("RequestHeader", ..)
        .api("OffsetDelete", ..)
        .write("next.rs")
}
