//! Records as Kafka's brokers and clients write them: a file a property.

#![cfg(test)]
#![cfg(feature = "records")]

#[path = "../support/fuzz_records.rs"]
mod fuzz_records;
#[path = "../support/mutation.rs"]
mod mutation;
#[path = "../support/random.rs"]
mod random;

mod allocations;
mod bombs;
mod building;
mod codecs;
mod compressed_faults;
mod control;
mod faults;
mod fetched;
mod golden;
#[cfg(feature = "messages")]
mod java_consumer;
mod java_reads;
mod java_vectors;
mod mutations;
mod recorded_fetches;
mod restamp;
mod support;
