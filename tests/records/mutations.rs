//! Batches changed as noise, bugs and attackers do: no panic, and no more memory than the cap, in
//! every format and compression. `KAFKA_CODEC_MUTATIONS` says how many; 10,000 unless it does.

use allocation_counter::measure;
use kafka_codec::records::RecordDecoder;
use kafka_codec::wire::Limits;

use crate::fuzz_records::{self, CAP, walk};
use crate::mutation::mutate;
use crate::random::Random;
use crate::support::build::{Built, built};
use crate::support::checksums::repair;
use crate::support::vectors::written_by_java;

#[test]
fn changed_batches_are_errors_or_records_within_the_memory_allowed() {
    let count: usize = std::env::var("KAFKA_CODEC_MUTATIONS").map_or(10_000, |count| {
        count.parse().expect("KAFKA_CODEC_MUTATIONS is a number")
    });
    let sets = built(4);
    let sets: Vec<&Built> = sets.iter().filter(|set| set.bytes.len() < 20_000).collect();
    let (mut worst, mut read, mut faults) = (0, 0, 0);
    let limits = Limits::default().with_max_decompressed_bytes(CAP);
    for round in 0..count {
        let mut random = Random::of(&format!("mutation {round}"));
        let set = sets[round % sets.len()];
        let other = sets[random.below(sets.len())];
        let mut bytes = mutate(&set.bytes, &other.bytes, &mut random);
        // One in eight keeps a checksum that is most likely wrong.
        if random.below(8) > 0 {
            repair(&mut bytes);
        }
        let used = measure(|| {
            let walked = walk(&bytes, &mut RecordDecoder::new(limits));
            read += walked.records;
            faults += walked.faults;
        });
        let peak = usize::try_from(used.bytes_max).unwrap();
        // The output, half of it while it grows, the tables of a codec; and what is written again.
        let allowed = CAP + CAP / 2 + 512 * 1024 + 2 * CAP;
        assert!(peak <= allowed, "round {round}: {peak} bytes of {allowed}");
        worst = worst.max(peak);
    }
    println!("{count} changed sets: {read} records, {faults} faults, at most {worst} bytes held");
    assert!(read > count && faults > count / 10);
}

#[test]
fn the_fuzz_target_holds_for_every_seed() {
    let seeds = seeds();
    assert!(seeds.len() > 200);
    seeds.iter().for_each(|seed| fuzz_records::records(seed));
}

#[test]
#[ignore = "writes the corpus that fuzz/run begins with"]
fn the_corpus_is_made_of_the_vectors() {
    let folder = std::env::var_os("KAFKA_CODEC_CORPUS").expect("KAFKA_CODEC_CORPUS is a folder");
    let folder = std::path::Path::new(&folder).join("records");
    std::fs::create_dir_all(&folder).unwrap();
    for (index, seed) in seeds().iter().enumerate() {
        std::fs::write(folder.join(format!("vector-{index}")), seed).unwrap();
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let ours = built(2).into_iter().map(|set| set.bytes);
    let java = written_by_java().into_iter().map(|vector| vector.bytes);
    ours.chain(java)
        .filter(|bytes| bytes.len() < 4000)
        .flat_map(|bytes| [0, 1].map(|flag| [&[flag][..], &bytes].concat()))
        .collect()
}
