//! Our own capture changed as noise, bugs and attackers do: no panic, whole lines, and no more memory than the bytes ask
//! for. `KAFKA_CODEC_MUTATIONS` says how many times; 300 unless it does.
#![cfg(test)]

#[path = "../../tests/support/mutation.rs"]
mod mutation;
#[path = "../../tests/support/random.rs"]
mod random;
mod support;

use std::io::Write;

use mutation::mutate;
use random::Random;
use support::fuzz_capture::capture;
use support::packets::{pcap, pcapng};

/// A packet: its time and its bytes.
type Packet = (u32, Vec<u8>);

/// The packets of our own capture, and their link type.
fn packets() -> (u32, Vec<Packet>) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/captures/clients.pcap"
    );
    let file = std::fs::read(path).unwrap();
    let word = |at: usize| u32::from_le_bytes(*file[at..].first_chunk().unwrap());
    let (mut packets, mut at) = (Vec::new(), 24);
    while at < file.len() {
        let (time, length) = (word(at + 4), usize::try_from(word(at + 8)).unwrap());
        packets.push((time, file[at + 16..][..length].to_vec()));
        at += 16 + length;
    }
    (word(20), packets)
}

/// Packets that follow one another: one, or as many as are not more than so many bytes.
fn window(packets: &[Packet], start: usize, max_bytes: usize) -> &[Packet] {
    let mut bytes = 0;
    let fits = |packet: &&Packet| {
        bytes += packet.1.len() + 32;
        bytes <= max_bytes
    };
    let count = packets[start..].iter().take_while(fits).count();
    &packets[start..start + count.max(1)]
}

/// The input of the fuzz target: `flags`, the port that the first packet goes to, and a file.
fn input(flags: u8, packets: &[Packet], file: &[u8]) -> Vec<u8> {
    let port = packets
        .first()
        .and_then(|(_, bytes)| bytes.get(PORT..PORT + 2));
    [&[flags][..], port.unwrap_or(&[0; 2]), file].concat()
}

/// Where the port of the destination is, behind Ethernet and IP.
const PORT: usize = 14 + 20 + 2;
/// Headers of Ethernet, IP and TCP: what is behind them is Kafka's.
const HEADERS: usize = 66;

/// Changes packets, or which there are.
fn damage(packets: &mut Vec<Packet>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(packets.len());
        let other = packets[random.below(packets.len())].1.clone();
        let packet = &mut packets[at].1;
        match random.below(8) {
            0 => drop(packets.remove(at)),
            1 => packets.insert(at, (0, other)),
            2 => {
                let to = random.below(packets.len());
                packets.swap(at, to);
            }
            3 => *packet = mutate(packet, &other, random),
            _ if packet.len() > HEADERS => {
                let payload = packet.split_off(HEADERS);
                let other = other.get(HEADERS..).unwrap_or_default();
                packet.extend(mutate(&payload, other, random));
            }
            _ => {}
        }
        if packets.is_empty() {
            return;
        }
    }
}

#[test]
fn a_changed_capture_is_read_within_the_memory_that_its_bytes_ask_for() {
    let count: usize = std::env::var("KAFKA_CODEC_MUTATIONS").map_or(300, |count| {
        count.parse().expect("KAFKA_CODEC_MUTATIONS is a number")
    });
    let (link_type, all) = packets();
    let (mut requests, mut malformed, mut worst) = (0, 0, 0);
    for round in 0..count {
        let mut random = Random::of(&format!("capture {round}"));
        let start = random.below(all.len());
        let max_bytes = random.pick(&[2_000, 8_000, 30_000]);
        let mut packets = window(&all, start, max_bytes).to_vec();
        let whole = pcap(link_type, &packets, usize::MAX);
        let file = match random.below(3) {
            0 => mutate(&whole, &whole[..24], &mut random),
            _ => {
                damage(&mut packets, &mut random);
                let kept = random.pick(&[usize::MAX, usize::MAX, 96]);
                pcap(link_type, &packets, kept)
            }
        };
        let flags = random.byte() & 7;
        let input = input(flags, &packets, &file);
        let used = allocation_counter::measure(|| {
            let decoded = capture(&input).expect("it is long enough");
            requests += decoded.counts.requests;
            malformed += u64::from(decoded.result.is_err());
        });
        let peak = usize::try_from(used.bytes_max).unwrap();
        // Buffers, and what was written, which is kept here.
        let allowed = (2 << 20) + 64 * file.len();
        assert!(peak <= allowed, "round {round}: {peak} bytes of {allowed}");
        worst = worst.max(peak);
    }
    println!("{count} changed captures: {requests} requests, {malformed} not read to the end");
    println!("maximum {worst} bytes held");
    assert!(
        requests > count as u64 && malformed > 0,
        "most is still read"
    );
}

/// Parts of our own capture, small enough for a fuzzer, in all formats of files.
fn seeds() -> Vec<Vec<u8>> {
    let (link_type, packets) = packets();
    let mut seeds = Vec::new();
    let mut start = 0;
    while start < packets.len() {
        let window = window(&packets, start, 3_500);
        start += window.len();
        let timed = window
            .iter()
            .map(|(time, bytes)| (u64::from(*time), bytes.clone()));
        let timed: Vec<_> = timed.collect();
        let order = start % 2 == 0;
        let flags = u8::try_from(start % 8).unwrap();
        let plain = pcap(link_type, window, usize::MAX);
        let sections = pcapng(link_type.try_into().unwrap(), &timed, order, 6);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&plain).unwrap();
        let files = [plain, sections, packed.finish().unwrap()];
        seeds.extend(files.iter().map(|file| input(flags, window, file)));
    }
    seeds.retain(|seed| seed.len() <= 4096);
    seeds
}

#[test]
fn the_fuzz_target_holds_for_every_seed() {
    let seeds = seeds();
    let mut counts: Vec<_> = seeds.iter().filter_map(|seed| capture(seed)).collect();
    counts.retain(|decoded| decoded.result.is_ok() && decoded.counts.requests > 0);
    println!("{} seeds, requests in {}", seeds.len(), counts.len());
    assert!(seeds.len() > 50 && counts.len() > seeds.len() / 2);
}

#[test]
#[ignore = "writes files into the folder that KAFKA_CODEC_CORPUS names: fuzz/run calls it"]
fn the_corpus_is_made_of_our_own_capture() {
    let folder = std::env::var_os("KAFKA_CODEC_CORPUS").expect("KAFKA_CODEC_CORPUS is a folder");
    let folder = std::path::Path::new(&folder).join("capture");
    std::fs::create_dir_all(&folder).unwrap();
    for (index, seed) in seeds().iter().enumerate() {
        std::fs::write(folder.join(format!("vector-{index}")), seed).unwrap();
    }
}
