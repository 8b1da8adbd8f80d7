//! Which test shows which rule and scenario. The names are looked up in the sources, so that the table stays true.

/// The rules of the machine, and the tests that show them: all whose names begin so.
const RULES: [(&str, &str); 12] = [
    (
        "1. responses in order, mismatches told apart, tombstones",
        "rule_1_",
    ),
    (
        "2. correlation ids: start, wrap, none twice, a range for SASL",
        "rule_2_",
    ),
    (
        "3. versions: intersection, errors by whose they are, every fallback",
        "rule_3_",
    ),
    (
        "4. SASL: bare and wrapped, fallback, trait, secrets",
        "rule_4_",
    ),
    (
        "5. authenticating again: pipelined or drained, by timer or by request",
        "rule_5_",
    ),
    (
        "6. throttling: from which versions, the longest, deadlines extended",
        "rule_6_",
    ),
    (
        "7. deadlines: who was late, who held it back, beginning, stalled frames",
        "rule_7_",
    ),
    ("8. frames: sizes, foreign protocols, memory", "rule_8_"),
    ("9. a body that does not decode closes nothing", "rule_9_"),
    ("10. idle: close or probe", "rule_10_"),
    ("11. acks 0, and the cap of requests in flight", "rule_11_"),
    (
        "12. the end: each request once, with its delivery",
        "rule_12_",
    ),
];

/// The regression scenarios of other clients, and the test that plays each.
const SCENARIOS: [(&str, &str); 18] = [
    (
        "pipelined reauth without corruption",
        "rule_5_it_is_pipelined_behind_requests_in_flight_and_later_ones_wait",
    ),
    (
        "reauth on acks=0",
        "rule_5_it_works_on_a_connection_that_produces_with_acks_0",
    ),
    (
        "probe on acks=0",
        "rule_11_an_answer_to_acks_0_is_passed_over_and_probes_stay_possible",
    ),
    (
        "downgrade loop terminates",
        "rule_3_falling_back_ends_at_version_0",
    ),
    (
        "lifetime cleared when disabled",
        "rule_5_a_lifetime_of_zero_clears_an_earlier_one",
    ),
    (
        "reset retry closes sockets",
        "rule_3_a_reset_while_asking_advises_version_0_for_the_next_connection",
    ),
    (
        "retired broker is not `SASL missing`",
        "rule_12_a_retired_broker_is_not_one_that_wants_sasl",
    ),
    (
        "retired broker does not mask a real response error",
        "rule_12_what_closed_the_connection_first_is_its_reason",
    ),
    (
        "unexpected EOF retriable",
        "rule_12_an_end_in_the_middle_of_a_response_can_be_retried",
    ),
    (
        "software-name validation",
        "rule_3_the_name_of_the_software_is_checked_before_it_is_sent",
    ),
    ("filtered ids", "rule_2_an_id_in_flight_is_passed_over"),
    (
        "throttle near i32::MAX",
        "rule_6_any_time_is_taken_and_negative_ones_are_none",
    ),
    (
        "zero-length reads",
        "rule_8_reading_and_writing_nothing_changes_nothing",
    ),
    ("one-byte-at-a-time reads", "fn replay("),
    (
        "write of 0 bytes",
        "rule_8_reading_and_writing_nothing_changes_nothing",
    ),
    (
        "tag count 2^32-1",
        "a_count_of_tags_beyond_all_bounds_is_an_error",
    ),
    (
        "array length = bytes left",
        "an_array_as_long_as_the_bytes_left_is_an_error",
    ),
    (
        "TLS alert under a 1 GiB limit",
        "rule_8_a_tls_alert_is_recognised_with_its_description",
    ),
];

const SOURCES: [&str; 15] = [
    include_str!("driver.rs"),
    include_str!("hostile_bodies.rs"),
    include_str!("rule_01_pairing.rs"),
    include_str!("rule_02_correlation_ids.rs"),
    include_str!("rule_03_choice.rs"),
    include_str!("rule_03_versions.rs"),
    include_str!("rule_04_faults.rs"),
    include_str!("rule_04_sasl.rs"),
    include_str!("rule_05_reauthentication.rs"),
    include_str!("rule_06_throttling.rs"),
    include_str!("rule_07_deadlines.rs"),
    include_str!("rule_08_frames.rs"),
    include_str!("rule_10_idle.rs"),
    include_str!("rule_11_acks_0.rs"),
    include_str!("rule_12_closing.rs"),
];

#[test]
fn every_rule_and_scenario_has_its_test() {
    let tests = |name: &str| -> usize {
        SOURCES
            .iter()
            .map(|source| source.matches(name).count())
            .sum()
    };
    for (rule, prefix) in RULES {
        assert!(
            tests(&format!("fn {prefix}")) > 0,
            "no test shows rule {rule}"
        );
    }
    for (scenario, test) in SCENARIOS {
        assert!(tests(test) > 0, "no test plays `{scenario}`");
    }
}
