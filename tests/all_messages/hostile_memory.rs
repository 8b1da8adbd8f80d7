//! Input of a megabyte that is made to cost memory costs at most sixteen times as much.
//! Smaller hostile input is in `hostile.rs`.

use crate::bodies;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::{env, thread};

use crate::bodies::Bodies;
use crate::crafted::{Body, Count};
use crate::memory::Worst;
use crate::registry::RegisteredMessage;
use kafka_codec::{DecodeErrorKind, Version};

/// How long crafted input is for the bar.
const LONG: usize = 1 << 20;

/// How long crafted input is where all of it is tried.
fn short() -> usize {
    if is_thorough() { 64 << 10 } else { 16 << 10 }
}

/// Returns `true` if all hostile input is tried, here also a megabyte long. In an unoptimized build that takes minutes, so else
/// only the worst of the newest version of each message is a megabyte long.
pub(crate) fn is_thorough() -> bool {
    env::var("KAFKA_CODEC_MUTATIONS")
        .is_ok_and(|text| text.parse().is_ok_and(|count: u32| count >= 1000))
}

/// What was tried, and what came of it.
#[derive(Debug, Default)]
struct Tried {
    inputs: usize,
    decoded: usize,
    beyond_limit: usize,
    counts: usize,
    worst_short: Worst,
    worst_long: Worst,
}

#[test]
fn a_megabyte_made_to_cost_memory_costs_at_most_sixteen_and_a_base() {
    let pairs = Mutex::new(bodies::of_all_pairs().into_iter());
    let tried = Mutex::new(Tried::default());
    let next = || pairs.lock().unwrap().next();
    let work = || {
        while let Some((entry, version, bodies)) = next() {
            let of_pair = try_all(entry, version, &bodies);
            tried.lock().unwrap().join(of_pair);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));

    let tried = tried.into_inner().unwrap();
    println!("{} inputs for {} counts", tried.inputs, tried.counts);
    println!(
        "{} decoded, {} beyond the limit",
        tried.decoded, tried.beyond_limit
    );
    println!("worst: {}", tried.worst_short.report());
    println!("worst: {}", tried.worst_long.report());
    // Otherwise the input was not hostile.
    assert!(tried.worst_long.ratio() > 15.0, "{tried:?}");
    assert!(tried.decoded > 100 && tried.beyond_limit > 100, "{tried:?}");
}

fn try_all(entry: RegisteredMessage, version: Version, bodies: &Bodies) -> Tried {
    let body = Body {
        entry,
        version,
        bytes: &bodies.full,
    };
    let counts = body.counts();
    let mut tried = Tried {
        counts: counts.len(),
        ..Tried::default()
    };
    let (mut seen, mut inputs, mut worst) = (BTreeSet::new(), Vec::new(), None);
    for count in &counts {
        if seen.insert((count.memory, count.min_size, count.is_of_tags)) {
            let elements = elements(body, count, &counts).into_iter();
            inputs.extend(elements.map(|element| (count, element)));
        }
    }
    for (count, element) in &inputs {
        let before = tried.worst_short.peak();
        tried.decode(body, &body.filled(count, short(), element));
        if tried.worst_short.peak() > before {
            worst = Some((*count, element.clone()));
        }
    }
    if !is_thorough() {
        inputs = worst
            .filter(|_| version == entry.versions.max())
            .into_iter()
            .collect();
    }
    for (count, element) in &inputs {
        tried.decode(body, &body.filled(count, LONG, element));
    }
    tried
}

/// What the input is made of: noise, the smallest elements, real ones, nested ones.
fn elements(body: Body<'_>, count: &Count, counts: &[Count]) -> Vec<Vec<u8>> {
    if count.is_of_tags {
        let different = (300_u32..16_000).flat_map(|tag| {
            let [low, high, ..] = ((tag & 0x7f) | 0x80 | (tag >> 7 << 8)).to_le_bytes();
            [low, high, 0]
        });
        return vec![vec![0x7f, 0], different.collect()];
    }
    let smallest = body.smallest(count);
    let mut elements = vec![vec![0], vec![1], vec![0xff]];
    if let Some((0, before)) = smallest.split_last() {
        // Where the last byte is a count of tagged fields: one of no bytes.
        elements.push([before, &[1, 0x7f, 0]].concat());
    }
    elements.push(smallest);
    elements.extend(body.first(count));
    elements.extend(
        [1, 100]
            .into_iter()
            .filter_map(|repeat| body.nested(count, counts, repeat)),
    );
    elements
}

impl Tried {
    fn decode(&mut self, body: Body<'_>, input: &[u8]) {
        self.inputs += 1;
        let worst = if input.len() == LONG {
            &mut self.worst_long
        } else {
            &mut self.worst_short
        };
        match worst.decode(body.entry, body.version, input) {
            Ok(()) => self.decoded += 1,
            Err(error) => {
                let beyond = matches!(error.kind(), DecodeErrorKind::MemoryLimit { .. });
                self.beyond_limit += usize::from(beyond);
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.decoded += other.decoded;
        self.beyond_limit += other.beyond_limit;
        self.counts += other.counts;
        self.worst_short.join(other.worst_short);
        self.worst_long.join(other.worst_long);
    }
}
