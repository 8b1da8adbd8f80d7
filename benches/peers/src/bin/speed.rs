//! Prints a table of how long each case takes with either crate, and of how long the walker and owned messages take
//! beside typed decoding. Allocations come from standard input, as `allocations` prints them.

use std::io::{self, BufRead};

use kafka_codec_peers::Case;
use kafka_codec_peers::measure::Times;

fn main() {
    let allocations: Vec<String> = io::stdin().lock().lines().map_while(Result::ok).collect();
    println!(
        "{:<50}{:>12}{:>12}{:>9}{:>16}",
        "", "ours", "theirs", "faster", "allocations"
    );
    for (case, line) in kafka_codec_peers::cases().into_iter().zip(allocations) {
        let mut parts = line.split('\t');
        let (ours, theirs) = (parts.next().unwrap_or("?"), parts.next().unwrap_or("?"));
        assert_eq!(
            parts.next(),
            Some(&*case.name),
            "the lines are not of this build's cases"
        );
        let name = case.name.clone();
        let times = Times::of(case);
        println!(
            "{name:<50}{:>9.2} us{:>9.2} us{:>8.2}x{:>16}",
            times.ours,
            times.theirs,
            times.ratio,
            format!("{ours} / {theirs}"),
        );
    }
    println!(
        "\n{:<50}{:>12}{:>12}{:>9}",
        "", "generated", "by hand", "faster"
    );
    line(kafka_codec_peers::by_hand::case());
    println!("\n{:<50}{:>12}{:>12}{:>9}", "", "walked", "typed", "faster");
    for case in kafka_codec_peers::walk::cases() {
        line(case);
    }
    println!(
        "\n{:<50}{:>12}{:>12}{:>9}",
        "", "owned", "borrowed", "longer"
    );
    for case in kafka_codec_peers::owned::cases() {
        let name = case.name.clone();
        let times = Times::of(case);
        println!(
            "{name:<50}{:>9.2} us{:>9.2} us{:>8.2}x",
            times.ours,
            times.theirs,
            1.0 / times.ratio
        );
    }
}

fn line(case: Case) {
    let name = case.name.clone();
    let times = Times::of(case);
    println!(
        "{name:<50}{:>9.2} us{:>9.2} us{:>8.2}x",
        times.ours, times.theirs, times.ratio
    );
}
