//! `kafka-codegen import` on small made-up releases. Needs the `cli` feature.
#![cfg(feature = "cli")]

mod differences;
mod folder;
mod headers;
mod merging;
mod next_release;
mod releases;
