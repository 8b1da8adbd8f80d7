//! `peer_table FOLDER` prints the tables of peers in Markdown: CPU time of kafka-codec, and how many times longer the others
//! take in the same rounds; then their memory. The payloads are written into the folder.
//!
//! Standard input has a line for each program, ours first: name, command, the command that counts allocations, and the
//! size of the program that uses ten APIs, with tabs between.

use std::env;
use std::fmt::Write;
use std::io::stdin;
use std::path::{Path, PathBuf};

use kafka_codec_peers::measure::median;
use kafka_codec_peers::ours::write_payloads;
use kafka_codec_peers::program::Program;
use peer_program::Payload;

const ROUNDS: usize = 101;

/// How many microseconds of CPU time a turn takes at least: a hundred times as long as sending a line and answering it.
const TURN: f64 = 3_000.0;

/// How many microseconds of CPU time each program works before it is measured.
const WARM_UP: f64 = 100_000.0;

struct Peer {
    name: String,
    program: Program,
    counting: String,
    size: String,
    /// For each payload.
    kinds: Vec<String>,
}

impl Peer {
    fn read(line: &str, folder: &Path, payloads: usize) -> Self {
        let words: Vec<&str> = line.split('\t').collect();
        let [name, command, counting, size] = words[..] else {
            panic!("{line}: name, command, counting command and size");
        };
        let folder = folder.display();
        let mut program = Program::start(&format!("{command} {folder}"));
        let kinds = (0..payloads)
            .map(|number| program.ask(&format!("kind {number}")).expect("it runs"))
            .collect();
        Self {
            name: name.to_owned(),
            program,
            counting: format!("{counting} {folder}"),
            size: size.to_owned(),
            kinds,
        }
    }

    fn does(&self, work: &str, payload: usize) -> bool {
        match &*self.kinds[payload] {
            "none" => false,
            "decode" => work == "decode",
            _ => true,
        }
    }
}

fn main() {
    let folder: PathBuf = env::args_os().nth(1).expect("a folder for payloads").into();
    write_payloads(&folder);
    let payloads = Payload::all(&folder);
    let mut peers: Vec<Peer> = stdin()
        .lines()
        .map(|line| Peer::read(&line.expect("a line"), &folder, payloads.len()))
        .collect();

    let mut rows: Vec<String> = peers
        .iter()
        .map(|peer| format!("| {} |", peer.name))
        .collect();
    for number in 0..payloads.len() {
        let decode = ratios(&mut peers, "decode", number);
        let encode = ratios(&mut peers, "encode", number);
        for ((row, decode), encode) in rows.iter_mut().zip(decode).zip(encode) {
            let _ = write!(row, " {decode} / {encode} |");
        }
        eprintln!("{} is measured", payloads[number].message);
    }
    println!("| decode / encode |{}", columns(&payloads));
    rows.iter().for_each(|row| println!("{row}"));

    println!(
        "\n| allocations, bytes at most of decoding / allocations of encoding |{}",
        columns(&payloads)
    );
    for peer in &peers {
        let mut program = Program::start(&peer.counting);
        let mut row = format!("| {} |", peer.name);
        for number in 0..payloads.len() {
            let answer = program.ask(&format!("memory {number}")).expect("it runs");
            let words: Vec<&str> = answer.split(' ').collect();
            let [decode, bytes, encode] = words[..] else {
                panic!("{answer}: three words");
            };
            let _ = write!(row, " {decode}, {bytes} / {encode} |");
        }
        println!("{row}");
    }

    println!(
        "\n| | bytes written again | ten hostile bytes | program with 10 APIs |\n|---|---|---|---:|"
    );
    for peer in &peers {
        let is = |kind: &str| peer.kinds.iter().filter(|other| *other == kind).count();
        let (equal, differ) = (is("equal"), is("differ"));
        let written = match (equal, differ) {
            (0, 0) => "only reads".to_owned(),
            (_, 0) => format!("{equal} of {equal} equal"),
            _ => format!("{equal} of {} equal", equal + differ),
        };
        // A process of its own, with a limit of memory, as it may end the process.
        let limited = format!(
            "sh -c 'ulimit -v 16000000; exec {}' 2>/dev/null",
            peer.counting
        );
        let verdict = match Program::start(&limited).ask("hostile") {
            None => "process aborted".to_owned(),
            Some(answer) => {
                let (verdict, bytes) = answer.split_once(' ').expect("two words");
                format!("{verdict}, {bytes} bytes allocated")
            }
        };
        println!("| {} | {written} | {verdict} | {} |", peer.name, peer.size);
    }
}

/// The head of a table with a column for each payload.
fn columns(payloads: &[Payload]) -> String {
    let mut head = String::new();
    for payload in payloads {
        let (message, version, size) = (&payload.message, payload.version, payload.bytes.len());
        let _ = write!(head, " {message} v{version}, {size} bytes |");
    }
    head + "\n|---|" + &"---:|".repeat(payloads.len())
}

/// The microseconds of the first program, and the ratios of the others. All take turns.
fn ratios(peers: &mut [Peer], work: &str, payload: usize) -> Vec<String> {
    let command = format!("{work} {payload}");
    let counts: Vec<Option<u32>> = peers
        .iter_mut()
        .map(|peer| {
            peer.does(work, payload)
                .then(|| count(&mut peer.program, &command))
        })
        .collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); peers.len()];
    for _ in 0..ROUNDS {
        for ((peer, count), times) in peers.iter_mut().zip(&counts).zip(&mut times) {
            if let Some(count) = count {
                times.push(peer.program.time(&command, *count) / f64::from(*count));
            }
        }
    }
    let (ours, others) = times.split_first().expect("ours is the first");
    let mut cells = vec![format!("{:.2} us", median(ours.clone()))];
    cells.extend(others.iter().map(|times| {
        if times.is_empty() {
            return "-".to_owned();
        }
        let ratios = times.iter().zip(ours).map(|(theirs, ours)| theirs / ours);
        format!("{:.2}x", median(ratios.collect()))
    }));
    cells
}

/// Warms up, and returns how many times the work is done in a turn.
fn count(program: &mut Program, command: &str) -> u32 {
    let (mut count, mut all) = (1, 0.0);
    loop {
        let time = program.time(command, count);
        all += time;
        if time < TURN {
            count *= 2;
        } else if all >= WARM_UP {
            return count;
        }
    }
}
