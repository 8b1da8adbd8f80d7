//! What each crate does with the payloads.

mod clients;
mod codecs;

use std::env;
use std::path::Path;

use peer_program::{Count, Payload, Works};

/// Does what standard input says, with the crate and the payloads that the command line names.
///
/// # Panics
///
/// If the command line or standard input is not as it should be.
pub fn serve(count: Count) {
    let arguments: Vec<String> = env::args().collect();
    let [_, name, folder] = &arguments[..] else {
        panic!("usage: {} CRATE FOLDER", arguments[0]);
    };
    let (make, refuses): (fn(&Payload) -> Option<Works>, fn() -> bool) = match name.as_str() {
        "kafka-protocol" => (codecs::kafka_protocol, codecs::kafka_protocol_refuses),
        "kacrab-protocol" => (codecs::kacrab_protocol, codecs::kacrab_protocol_refuses),
        "odradek-protocol" => (codecs::odradek_protocol, codecs::odradek_protocol_refuses),
        "kafka-wire" => (codecs::kafka_wire, codecs::kafka_wire_refuses),
        "krafka" => (clients::krafka, clients::krafka_refuses),
        "rskafka" => (clients::rskafka, clients::rskafka_refuses),
        _ => panic!("{name}: not one of these crates"),
    };
    peer_program::serve(Path::new(folder), make, refuses, count);
}
