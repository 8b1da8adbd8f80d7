//! The traps of `docs/traps.md`: each is walked into here, and the code that the page names is there. Traps that tests of other
//! folders show are not shown again; the page names those tests, and `page.rs` checks that they exist.
#![cfg(test)]
#![cfg(all(
    feature = "messages",
    feature = "schema",
    feature = "connection",
    feature = "records",
    feature = "sasl-oauthbearer"
))]

mod brokers;
mod frames;
mod page;
mod records;
mod sasl;
mod values;
mod versions;
