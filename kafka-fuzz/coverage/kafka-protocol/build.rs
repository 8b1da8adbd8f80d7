//! Links the C library of kafka-fuzz, from the folder that `KAFKA_FUZZ_LIBRARY` names.

fn main() {
    println!("cargo:rerun-if-env-changed=KAFKA_FUZZ_LIBRARY");
    if std::env::var_os("CARGO_FEATURE_MUTATOR").is_some() {
        let folder = std::env::var("KAFKA_FUZZ_LIBRARY").expect("KAFKA_FUZZ_LIBRARY is a folder");
        println!("cargo:rustc-link-search=native={folder}");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
