//! Kafka's own messages, and how large all of them are.

use kafka_codec_codegen::corpus::Corpus;
use kafka_codec_codegen::print::print;
use kafka_codec_codegen::table::table;
use kafka_codec_codegen::{emit, resolve};

use crate::{assert_generated, folder};

fn corpus() -> Corpus {
    Corpus::read(&folder("../protocol-json")).expect("no faults")
}

#[test]
fn real_messages_are_generated_as_their_snapshots_show() {
    let corpus = corpus();
    for message in [
        "ApiVersionsResponse",
        "FetchRequest",
        "MetadataRequest",
        "ProduceRequest",
        "ProduceResponse",
        "RequestHeader",
    ] {
        assert_generated(&corpus, message, message);
    }
}

#[test]
fn the_tables_of_real_messages_are_as_their_snapshots_show() {
    let protocol = resolve::resolve(&corpus()).expect("no faults");
    for name in ["FetchRequest", "MetadataResponse", "RequestHeader"] {
        let mut messages = protocol.messages.iter();
        let message = messages.find(|message| message.name == name);
        let text = print(emit::tables(message.expect(name)));
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("{name}_schema"), text));
    }
}

/// A refresh of the definitions is reviewed here.
#[test]
fn the_table_of_all_messages_is_its_snapshot() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("table", table(&corpus()).unwrap()));
}
