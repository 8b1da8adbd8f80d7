//! Prints the table of peers in Markdown: time by kafka-codec, and how many times longer the others take in the same rounds.
//! Memory comes from standard input, as `peer_memory` prints it.

use std::io::{self, BufRead};

use kafka_codec_peers::Case;
use kafka_codec_peers::measure::Times;
use kafka_codec_peers::table::{PEERS, payloads};

/// What `peer_memory` prints of one crate: allocations of decoding, peak of bytes, allocations of encoding.
struct Memory([String; 3]);

impl Memory {
    fn read(lines: &mut impl Iterator<Item = String>) -> Self {
        let line = lines
            .next()
            .expect("a line of `peer_memory` for each crate");
        let mut words = line.split(' ').map(str::to_owned);
        Self(std::array::from_fn(|_| words.next().unwrap_or_default()))
    }
}

fn main() {
    let mut lines = io::stdin().lock().lines().map_while(Result::ok);
    println!("| | kafka-codec | {} |", PEERS.join(" | "));
    println!("|---|{}", "---:|".repeat(PEERS.len() + 1));
    for payload in payloads() {
        let mut memory = vec![Memory::read(&mut lines)];
        memory.extend(PEERS.map(|_| Memory::read(&mut lines)));
        let (mut decode, mut encode, mut bytes) = (Vec::new(), Vec::new(), vec!["as Java"]);
        for works in payload.peers {
            let Some(works) = works else {
                decode.push("refused".to_owned());
                encode.push("refused".to_owned());
                bytes.push("refused");
                continue;
            };
            bytes.push(if works.is_equal { "equal" } else { "differ" });
            let ours = (payload.ours)();
            for (cells, ours, theirs) in [
                (&mut decode, ours.decode, works.decode),
                (&mut encode, ours.encode, works.encode),
            ] {
                let name = payload.name.clone();
                let times = Times::of(Case { name, ours, theirs });
                if cells.is_empty() {
                    cells.push(format!("{:.2} us", times.ours));
                }
                cells.push(format!("{:.2}x", times.ratio));
            }
        }
        let name = &payload.name;
        let column = |at: usize| memory.iter().map(move |memory| memory.0[at].as_str());
        println!("| {name}: decode | {} |", decode.join(" | "));
        println!(
            "| its allocations | {} |",
            column(0).collect::<Vec<_>>().join(" | ")
        );
        println!(
            "| its peak of bytes | {} |",
            column(1).collect::<Vec<_>>().join(" | ")
        );
        println!("| encode | {} |", encode.join(" | "));
        println!(
            "| its allocations | {} |",
            column(2).collect::<Vec<_>>().join(" | ")
        );
        println!("| bytes written again | {} |", bytes.join(" | "));
    }
}
