//! The messages of this program: see `build.rs` for which they are.

/// Messages of Kafka.
pub mod kafka {
    include!(concat!(env!("OUT_DIR"), "/kafka.rs"));
}

/// Messages of a release of Kafka that kafka-codec does not know, made up: its definitions are in `next-json`.
pub mod next {
    include!(concat!(env!("OUT_DIR"), "/next.rs"));
}

/// Messages of a fork of Kafka, whose definitions are in `fork-json`.
pub mod fork {
    include!(concat!(env!("OUT_DIR"), "/fork.rs"));
}
