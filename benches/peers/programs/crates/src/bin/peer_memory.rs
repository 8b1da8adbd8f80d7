//! As `peer`, and counts allocations.

fn main() {
    peer_crates::serve(Some(|work| {
        let count = allocation_counter::measure(work);
        (count.count_total, count.bytes_max)
    }));
}
