//! A C program, compiled against the header and the static library, gets what Rust gets.
#![cfg(test)]
#![cfg(all(unix, not(miri)))]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use kafka_fuzz::mutate::{self, Shape};

/// Where Cargo put the static library: beside this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("libkafka_fuzz_c") && name.ends_with(".a")
    };
    let written = |path: &PathBuf| {
        path.metadata()
            .and_then(|data| data.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let newest = files.filter(is_library).max_by_key(written);
    newest.expect("Cargo makes the static library with the test")
}

#[test]
fn a_c_program_gets_the_mutants_that_rust_gets() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kafka_fuzz_program");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .arg(here.join("include"))
        .arg(here.join("tests/program.c"))
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(&program)
        .status()
        .expect("a C compiler called cc is installed");
    assert!(compiled.success());
    let output = Command::new(&program).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim(), format!("{:016x}", expected()));
}

/// The checksum that the program prints.
fn expected() -> u64 {
    let shape: Shape = "request size-header".parse().unwrap();
    let mut sum = Sum(14_695_981_039_346_656_037);
    let mut input = sum.add(mutate::generate(&shape, 1, 4096).into_bytes());
    for seed in 0..1000 {
        input = sum.add(mutate::mutate(&input, &shape, seed, 4096).into_bytes());
    }
    let other = mutate::generate(&shape, 2, 1024).into_bytes();
    sum.add(mutate::cross_over(&input, &other, &shape, 3, 4096).into_bytes());

    let mut input = mutate::generate(&shape, 4, 4096).into_bytes();
    for round in 1..=1000 {
        let seed = (7 << 32) + round;
        let mutant = if seed % 8 == 0 {
            mutate::cross_over(&input, &other, &shape, seed, 4096)
        } else {
            mutate::mutate(&input, &shape, seed, 4096)
        };
        input = sum.add(mutant.into_bytes());
    }
    sum.0
}

/// FNV-1a.
struct Sum(u64);

impl Sum {
    fn add(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        for byte in &bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(1_099_511_628_211);
        }
        bytes
    }
}

#[test]
fn the_header_is_also_cpp() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiled = Command::new("cc")
        .args([
            "-x",
            "c++",
            "-std=c++11",
            "-Wall",
            "-Werror",
            "-fsyntax-only",
        ])
        .arg(here.join("include/kafka_fuzz.h"))
        .status();
    // Not every machine has a C++ compiler behind cc.
    let has_cpp = Command::new("cc")
        .args(["-x", "c++", "-E", "/dev/null"])
        .output();
    if has_cpp.is_ok_and(|output| output.status.success()) {
        assert!(compiled.unwrap().success());
    }
}
