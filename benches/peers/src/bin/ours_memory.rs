//! As `ours`, and counts allocations.

fn main() {
    kafka_codec_peers::ours::serve(Some(|work| {
        let count = allocation_counter::measure(work);
        (count.count_total, count.bytes_max)
    }));
}
