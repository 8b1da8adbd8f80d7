//! The connection and its driver on tokio, against real brokers and real clients: a file a subject. What has to be running first,
//! and where, `run` beside this folder knows.
#![cfg(test)]

mod accepting;
mod closing;
mod cluster;
mod controllers;
mod cut;
mod examples;
mod idle;
mod leader_changes;
mod moving;
mod names;
mod produce_fetch;
#[path = "../../../tokio/tests/support/prometheus.rs"]
mod prometheus;
mod proxy;
mod quotas;
mod reauthentication;
mod sasl;
mod secure;
mod support;
mod topic;
mod versions;
mod wrong_port;
