//! `kafka-codegen import` on small made-up releases. Needs the `cli` feature.
#![cfg(feature = "cli")]

mod differences;
mod folder;
mod merging;
mod next_release;
mod releases;
