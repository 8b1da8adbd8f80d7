//! What people read of the commands that answer questions, about the shipped capture.
#![cfg(test)]

mod support;

use support::command;

fn text(subcommand: &str) -> String {
    let capture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/captures/clients.pcap"
    );
    let (code, output, errors) = command::texts(subcommand, &[capture], b"");
    assert_eq!(code, Some(0), "{errors}");
    output
}

#[test]
fn a_summary_is_a_page_of_tables() {
    insta::assert_snapshot!(text("summary"));
}

#[test]
fn connections_are_a_table_with_their_causes() {
    insta::assert_snapshot!(text("connections"));
}

#[test]
fn batches_are_counted_by_what_became_of_them() {
    insta::assert_snapshot!(text("produce"));
}

#[test]
fn groups_have_their_rebalances_members_and_partitions() {
    insta::assert_snapshot!(text("groups"));
}
