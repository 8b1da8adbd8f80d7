//! The rate of generating bodies, against that of encoding the same bodies from typed structs. Both in one run, in turns.
//!
//! ```text
//! cargo bench -p kafka-fuzz --bench rate
//! ```
#![allow(clippy::unwrap_used, reason = "bodies that were generated are valid")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use kafka_codec::wire::Writer;
use kafka_codec::{AnyRequest, AnyResponse};
use kafka_fuzz::{Direction, Generator, Target};

const BODIES: u64 = 20_000;
const TURN: usize = 100;
const ROUNDS: usize = 15;

enum Typed<'a> {
    Request(AnyRequest<'a>),
    Response(AnyResponse<'a>),
}

fn main() {
    measure("all APIs", &Generator::of_many(Target::all().collect()));
    for name in ["Metadata", "Fetch", "Produce", "OffsetCommit"] {
        let targets = Target::of_api(name.parse().unwrap()).collect();
        measure(name, &Generator::of_many(targets));
    }
}

fn measure(what: &str, generator: &Generator) {
    let all: Vec<_> = (0..BODIES).map(|seed| generator.generate(seed)).collect();
    let bytes: usize = all.iter().map(|generated| generated.bytes().len()).sum();
    let decoded = all.iter().map(|generated| {
        let (target, body) = (generated.target(), generated.bytes());
        let (key, version) = (target.api_key(), target.version());
        let message = match target.direction() {
            Direction::Request => Typed::Request(AnyRequest::decode(key, version, body).unwrap()),
            Direction::Response => {
                Typed::Response(AnyResponse::decode(key, version, body).unwrap())
            }
        };
        (message, version)
    });
    let decoded: Vec<_> = decoded.collect();
    let (mut generate, mut encode) = (Duration::ZERO, Duration::ZERO);
    // Turns are short, so that the fastest of them are undisturbed on a busy machine.
    for (turn, decoded) in decoded.chunks(TURN).enumerate() {
        let first = (turn * TURN) as u64;
        let seeds = first..first + decoded.len() as u64;
        let (mut generated, mut encoded) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            generated = generated.min(timed(|| {
                for seed in seeds.clone() {
                    black_box(generator.generate(seed));
                }
            }));
            encoded = encoded.min(timed(|| {
                for (message, version) in decoded {
                    let mut writer = Writer::new();
                    match message {
                        Typed::Request(request) => request.encode(&mut writer, *version).unwrap(),
                        Typed::Response(response) => {
                            response.encode(&mut writer, *version).unwrap();
                        }
                    }
                    black_box(writer.into_vec());
                }
            }));
        }
        generate += generated;
        encode += encoded;
    }
    let rate = |time: Duration| BODIES as f64 / time.as_secs_f64();
    println!(
        "{what}: {} bytes a body; generated {:.0} a second, encoded {:.0} a second: {:.2} of the rate of encoding",
        bytes as u64 / BODIES,
        rate(generate),
        rate(encode),
        rate(generate) / rate(encode),
    );
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}
