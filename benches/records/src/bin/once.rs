//! Does one case over and over, for tools that draw profiles: `once <number of the case> <ours|theirs> [times]`.

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number: usize = arguments[1].parse().expect("the number of a case");
    let case = kafka_codec_records_peers::cases().swap_remove(number);
    let mut work = if arguments[2] == "ours" {
        case.ours
    } else {
        case.theirs
    };
    let times = arguments
        .get(3)
        .map_or(1000, |times| times.parse().expect("a number of times"));
    for _ in 0..times {
        work();
    }
}
