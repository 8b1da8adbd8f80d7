//! As `nisshi`, and counts allocations.

fn main() {
    peer_nisshi_sans_io::serve(Some(|work| {
        let count = allocation_counter::measure(work);
        (count.count_total, count.bytes_max)
    }));
}
