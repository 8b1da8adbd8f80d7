//! Prints a table of how long each case takes with either crate, and how often it allocates. With
//! `theirs` it prints what the others took alone, for a build that is made for them.

use kafka_codec_records_peers::measure::Times;

fn main() {
    println!(
        "{:<58}{:>12}{:>12}{:>9}{:>16}",
        "", "ours", "theirs", "faster", "allocations"
    );
    for mut case in kafka_codec_records_peers::cases() {
        let name = case.name;
        // Once before, so that buffers have grown.
        (case.ours)();
        (case.theirs)();
        let ours = allocation_counter::measure(&mut case.ours).count_total;
        let theirs = allocation_counter::measure(&mut case.theirs).count_total;
        let times = Times::of(case);
        println!(
            "{name:<58}{:>9.2} us{:>9.2} us{:>8.2}x{:>16}",
            times.ours,
            times.theirs,
            times.ratio,
            format!("{ours} / {theirs}"),
        );
    }
}
