//! Prints a line for each case: allocations of kafka-codec, of kafka-protocol, name.
//! A program of its own, as counting makes every allocation slower.

use allocation_counter::measure;

fn main() {
    for mut case in kafka_codec_peers::cases() {
        // Once before, so that buffers have grown.
        (case.ours)();
        (case.theirs)();
        let ours = measure(&mut case.ours).count_total;
        let theirs = measure(&mut case.theirs).count_total;
        println!("{ours}\t{theirs}\t{}", case.name);
    }
}
