//! The table of APIs in the README is what the crate has.
//! `UPDATE_README=1 cargo test --test coverage_table` writes it anew.
#![cfg(test)]
#![cfg(feature = "messages")]

use std::{env, fs};

use kafka_codec::{ApiKey, HeaderVersions, messages};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const BEGIN: &str = "<!-- coverage -->\n";
const END: &str = "<!-- end of coverage -->";

fn table() -> String {
    let mut table = "| key | API | versions | header v2 from |\n|---:|---|---|---|\n".to_owned();
    for key in ApiKey::ALL {
        let versions = key.versions().unwrap();
        let flexible = versions
            .iter()
            .find(|version| HeaderVersions::of(*key, *version).request.0 == 2);
        let flexible = flexible.map_or_else(|| "never".to_owned(), |version| version.to_string());
        table += &format!("| {} | {key} | {versions} | {flexible} |\n", key.number());
    }
    table
}

#[test]
fn the_table_in_the_readme_has_every_api_and_its_versions() {
    let readme = fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if env::var_os("UPDATE_README").is_some() {
        fs::write(README, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(
            written,
            table(),
            "run UPDATE_README=1 cargo test --test coverage_table"
        );
    }
}

#[test]
fn the_counts_in_the_readme_are_those_of_the_messages() {
    let (mut count, mut pairs) = (0, 0);
    macro_rules! add {
        ($($name:ident,)*) => {$(
            count += 1;
            pairs += <messages::$name<'_> as kafka_codec::Message>::VERSIONS.iter().count();
        )*};
    }
    kafka_codec::for_all_messages!(add);
    let readme = fs::read_to_string(README).unwrap();
    let sentence = format!("{count} messages in {pairs} versions");
    assert!(
        readme.contains(&sentence),
        "the README should say: {sentence}"
    );
}
