//! Does one case once, inside of `measured`, for tools that count instructions or draw profiles:
//! `once <number of the case> <ours|theirs> [times]`. Those of owned messages come after the others.

use std::env;

use kafka_codec_peers::Work;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, number, side, times @ ..] = &arguments[..] else {
        panic!("usage: once <number of the case> <ours|theirs> [times]");
    };
    let number: usize = number
        .parse()
        .expect("the first argument is the number of a case");
    let times: u32 = times
        .first()
        .map_or(1, |times| times.parse().expect("a number of times"));
    let mut cases = kafka_codec_peers::cases();
    cases.extend(kafka_codec_peers::owned::cases());
    let case = cases.swap_remove(number);
    let mut work = if side == "ours" {
        case.ours
    } else {
        case.theirs
    };
    // Once before, so that buffers and the heap have grown.
    work();
    for _ in 0..times {
        measured(&mut work);
    }
}

#[inline(never)]
fn measured(work: &mut Work) {
    work();
}
