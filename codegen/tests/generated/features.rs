//! One feature of the grammar at a time: a tiny definition in `tests/features`, and its snapshot.

use std::collections::BTreeSet;
use std::fs;

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::resolve::resolve;
use kafka_codec_codegen::schema::Definition;
use kafka_codec_codegen::show::show;

use crate::{assert_generated, folder};

/// More than a reviewer reads.
const LONG: usize = 160;

fn check(feature: &str) {
    let file = format!("{feature}.json");
    let text = fs::read_to_string(folder("tests/features").join(&file)).expect(&file);
    let definition = Definition::parse(&file, &text)
        .map_err(|faults| faults.to_string())
        .expect("no faults");
    let message = definition.name.clone();
    let corpus = Corpus {
        definitions: vec![("clients".to_owned(), definition)],
        ..Corpus::default()
    };
    let code = assert_generated(&corpus, &message, feature);
    let lines = code.lines().count();
    assert!(lines < LONG, "{lines} lines: show less");
}

/// The definition of a response cannot say it.
#[test]
fn the_response_to_a_request_with_an_unstable_version_has_one_too() {
    let [request, response] = ["Request", "Response"].map(|kind| {
        let unstable = kind == "Request";
        let text = format!(
            r#"{{ "name": "Unstable{kind}", "type": "{}", "apiKey": 500, "validVersions": "0-1",
                  "latestVersionUnstable": {unstable}, "flexibleVersions": "0+", "fields": [] }}"#,
            kind.to_lowercase()
        );
        let definition = Definition::parse("Unstable.json", &text).expect("no faults");
        ("clients".to_owned(), definition)
    });
    let corpus = Corpus {
        definitions: vec![request, response],
        ..Corpus::default()
    };
    let protocol = resolve(&corpus).expect("no faults");
    assert!(
        protocol
            .messages
            .iter()
            .all(|message| message.latest_unstable)
    );
    for message in ["UnstableRequest", "UnstableResponse"] {
        let code = show(&corpus, message).map_err(|error| error.to_string());
        let code = code.expect("no faults").replace("\n/// ", " ");
        assert!(
            code.contains("Version 1 is unstable: it may still change."),
            "{code}"
        );
    }
}

macro_rules! features {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*

        #[test]
        fn every_definition_in_the_folder_is_tried() {
            let tried = BTreeSet::from([$(concat!(stringify!($name), ".json").to_owned()),*]);
            let files = fs::read_dir(folder("tests/features")).unwrap();
            let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            assert_eq!(files.collect::<BTreeSet<_>>(), tried);
        }
    };
}

features! {
    a_common_struct_is_generated_once_if_it_is_used
    a_field_may_be_compact_in_other_versions_than_its_message
    a_field_may_be_mandatory_before_it_is_tagged
    a_map_key_changes_nothing
    a_nullable_field_is_an_option
    a_struct_exists_in_the_versions_of_its_field
    a_tagged_field_is_written_when_it_is_not_at_its_default
    a_tagged_struct_may_be_null
    an_unstable_version_is_said_to_be_one
    arrays_of_fixed_width_are_kept_as_bytes
    documentation_begins_with_what_a_field_means
    every_type_has_its_default
    names_that_rust_or_generated_code_uses_are_changed
    null_only_in_some_versions_is_refused_in_the_others
    only_an_ignorable_field_is_dropped
    records_are_null_by_default_where_they_can_be
}
