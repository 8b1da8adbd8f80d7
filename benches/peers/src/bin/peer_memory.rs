//! Prints a line for each payload and crate, kafka-codec first: allocations of decoding, peak of bytes, allocations of
//! encoding. With a number, decodes the hostile input with the crate in that column instead.

use allocation_counter::measure;
use kafka_codec_peers::table::{Works, payloads, refuses_hostile};

fn main() {
    if let Some(column) = std::env::args().nth(1) {
        let column = column.parse().expect("the number of a column");
        let mut is_refused = false;
        let memory = measure(|| is_refused = refuses_hostile(column));
        let verdict = if is_refused { "refused" } else { "accepted" };
        println!("{verdict}, {} bytes allocated", memory.bytes_max);
        return;
    }
    for payload in payloads() {
        print(Some((payload.ours)()));
        payload.peers.into_iter().for_each(print);
    }
}

fn print(works: Option<Works>) {
    let Some(mut works) = works else {
        println!("- - -");
        return;
    };
    // Once before, so that buffers have grown.
    (works.decode)();
    (works.encode)();
    let decode = measure(&mut works.decode);
    let encode = measure(&mut works.encode);
    println!(
        "{} {} {}",
        decode.count_total, decode.bytes_max, encode.count_total
    );
}
