//! The table of APIs in `docs/coverage.md` lists every API and version of the crate.
//! `UPDATE_COVERAGE=1 cargo test --test coverage_table` rewrites it.
#![cfg(test)]
#![cfg(feature = "messages")]

use std::{env, fs};

use kafka_codec::{ApiKey, HeaderVersions, messages};

const COVERAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/coverage.md");
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
fn the_coverage_table_lists_every_api_and_its_versions() {
    let page = fs::read_to_string(COVERAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if env::var_os("UPDATE_COVERAGE").is_some() {
        fs::write(COVERAGE, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(
            written,
            table(),
            "run UPDATE_COVERAGE=1 cargo test --test coverage_table"
        );
    }
}

#[test]
fn the_readme_and_the_coverage_page_state_the_number_of_messages_and_versions() {
    let (mut count, mut pairs) = (0, 0);
    macro_rules! add {
        ($($name:ident,)*) => {$(
            count += 1;
            pairs += <messages::$name<'_> as kafka_codec::Message>::VERSIONS.iter().count();
        )*};
    }
    kafka_codec::for_all_messages!(add);
    let sentence = format!("{count} messages in {pairs} versions");
    for page in [README, COVERAGE] {
        let text = fs::read_to_string(page).unwrap();
        assert!(text.contains(&sentence), "{page} should say: {sentence}");
    }
}
