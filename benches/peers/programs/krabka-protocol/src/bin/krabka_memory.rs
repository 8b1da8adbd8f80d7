//! As `krabka`, and counts allocations.

fn main() {
    peer_krabka_protocol::serve(Some(|work| {
        let count = allocation_counter::measure(work);
        (count.count_total, count.bytes_max)
    }));
}
