//! The commands and the code of the guides, run as they stand there.

#![cfg(test)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use kafka_codec::schema::random::Mutation;
use kafka_fuzz::mutate::{self, Shape};
use support::Scratch;

#[test]
fn the_commands_of_the_readme_run_as_they_stand() {
    let scratch = Scratch::new("readme");
    let ran = run_all("README.md", scratch.path());
    assert!(ran >= 11, "{ran} commands");
    for made in [
        "body.bin",
        "seeds.ndjson",
        "kafka.dict",
        "captured",
        "fetch-seeds",
    ] {
        assert!(scratch.path().join(made).exists(), "{made}");
    }
}

#[test]
fn the_commands_of_the_guide_run_as_they_stand() {
    let scratch = Scratch::new("guide");
    let ran = run_all("../docs/fuzzing.md", scratch.path());
    assert!(ran >= 5, "{ran} commands");
    let seeds = fs::read_dir(scratch.path().join("seeds")).unwrap().count();
    assert!(seeds > 5000, "{seeds}");
}

#[test]
fn the_go_code_of_the_guide_reads_the_corpus() {
    let has_go = Command::new("go").arg("version").output();
    if !has_go.is_ok_and(|output| output.status.success()) {
        println!("not run: Go is not installed");
        return;
    }
    let scratch = Scratch::new("go");
    let directory = scratch.path();
    run_all("../docs/fuzzing.md", directory);
    fs::write(directory.join("go.mod"), "module parser\n\ngo 1.18\n").unwrap();
    let [test] = &blocks("../docs/fuzzing.md", "go")[..] else {
        panic!("one block of Go");
    };
    fs::write(directory.join("parser_test.go"), test).unwrap();
    // Counts the seeds, and fails for one of another API.
    let parser = "package parser\n\nfunc Parse(key, version int16, body []byte) {\n\
                  \tif key != 1 && key != 3 {\n\t\tpanic(\"another API\")\n\t}\n}\n";
    fs::write(directory.join("parser.go"), parser).unwrap();
    let mut command = Command::new("go");
    command.args(["test", "-v", "-run", "FuzzParse", "."]);
    let output = command
        .current_dir(directory)
        .env("GOFLAGS", "-mod=mod")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    let seeds = fs::read_dir(directory.join("testdata/fuzz/FuzzParse"))
        .unwrap()
        .count();
    assert_eq!(text.matches("--- PASS: FuzzParse/").count(), seeds);
}

#[test]
fn the_commands_of_the_steps_run_as_they_stand() {
    let scratch = Scratch::new("steps");
    let ran = run_all("../docs/fuzzing-a-parser.md", scratch.path());
    assert_eq!(ran, 4);
    for made in [
        "seeds",
        "kafka.dict",
        "fuzz/seeds",
        "testdata/fuzz/FuzzParseResponse",
    ] {
        assert!(scratch.path().join(made).exists(), "{made}");
    }
}

#[test]
fn the_c_code_of_the_steps_calls_the_parser() {
    if !Command::new("cc")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        println!("not run: no C compiler is installed");
        return;
    }
    let scratch = Scratch::new("steps-c");
    let directory = scratch.path();
    fs::create_dir_all(directory).unwrap();
    let [target] = &blocks("../docs/fuzzing-a-parser.md", "c")[..] else {
        panic!("one block of C");
    };
    // Fails unless the target takes the prefix off as it stands there, and has libFuzzer's own mutator used.
    let parser = "int parse_response(int16_t api_key, int16_t version, const uint8_t *body, size_t size) {\n\
                  \tif (api_key != 3 || version != 12 || size != 1 || *body != 7) abort();\n\treturn 0;\n}\n\
                  size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {\n\
                  \treturn data && size < max_size ? size + 1 : size;\n}\n\
                  static int is_set;\n\
                  void kafka_fuzz_set_second_mutator(size_t (*mutate)(uint8_t *data, size_t size, size_t max_size)) {\n\
                  \tis_set = mutate == LLVMFuzzerMutate;\n}\n\
                  int main(int argc, char **argv) {\n\
                  \tif (LLVMFuzzerInitialize(&argc, &argv) != 0 || !is_set) abort();\n\
                  \treturn LLVMFuzzerTestOneInput((const uint8_t *)\"\\0\\3\\0\\14\\7\", 5);\n}\n";
    fs::write(directory.join("target.c"), format!("{target}{parser}")).unwrap();
    let build = Command::new("cc")
        .args(["-Wall", "-Werror", "target.c", "-o", "target", "-I"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("c/include"))
        .current_dir(directory)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&build.stderr);
    assert!(build.status.success(), "{errors}");
    assert!(
        Command::new(directory.join("target"))
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn the_seeds_of_the_c_readme_are_read_in_its_shapes() {
    let scratch = Scratch::new("c-readme");
    let ran = run_all("c/README.md", scratch.path());
    assert_eq!(ran, 2);
    for block in blocks("c/README.md", "sh") {
        let behind = |start: &str| Some(block.split_once(start)?.1.to_owned());
        let Some(shape) = behind("KAFKA_FUZZ_SHAPE='") else {
            continue;
        };
        let shape: Shape = shape.split('\'').next().unwrap().parse().unwrap();
        let folder = behind("kafka-fuzz corpus ").unwrap();
        let folder = folder.split_whitespace().next().unwrap();
        let seeds = fs::read_dir(scratch.path().join(folder)).unwrap();
        for seed in seeds.step_by(7) {
            let path = seed.unwrap().path();
            let name = path.display().to_string();
            if !name.contains("malformed") {
                let bytes = fs::read(&path).unwrap();
                // It applies to all valid bodies.
                let trailing = Mutation::TrailingBytes;
                let mutant = mutate::malform(&bytes, trailing, &shape, 1, usize::MAX);
                assert!(mutant.is_some(), "{name}");
            }
        }
        // A name without a folder is searched for where no library of ours is.
        if let Some(library) = behind("AFL_CUSTOM_MUTATOR_LIBRARY=") {
            let library = library.split_whitespace().next().unwrap();
            assert!(library.starts_with("\"$KAFKA_CODEC/"), "{library}");
        }
    }
}

/// Runs all commands of a guide with the shell, and returns how many there are.
fn run_all(guide: &str, directory: &Path) -> usize {
    fs::create_dir_all(directory).unwrap();
    // Guides name a capture of the repository.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let command = PathBuf::from(env!("CARGO_BIN_EXE_kafka-fuzz"));
    let path = [
        command.parent().unwrap().display().to_string(),
        env::var("PATH").unwrap(),
    ]
    .join(":");
    let mut ran = 0;
    for block in blocks(guide, "sh") {
        for line in block.lines().filter(|line| line.starts_with("kafka-fuzz ")) {
            let line = line.replace(
                "tests/captures",
                &format!("{}/tests/captures", root.display()),
            );
            let mut shell = Command::new("sh");
            shell.args(["-e", "-c", &line]).current_dir(directory);
            let output = shell.env("PATH", &path).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{line}: {errors}");
            ran += 1;
        }
    }
    ran
}

/// The blocks of code in a language.
fn blocks(guide: &str, language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(guide);
    let text = fs::read_to_string(path).unwrap();
    let start = format!("```{language}\n");
    let parts = text.split(&start).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}
