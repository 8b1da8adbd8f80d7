//! Events that filters hide still count for the answers about those that they admit: lost packets, and what the broker answers to others.
#![cfg(test)]
#![cfg(feature = "report")]

mod support;

use std::io::Cursor;
use std::ops::ControlFlow;

use kafka_capture::Decoder;
use kafka_capture::analysis::Filtered;
use kafka_capture::input::{Input, Packets};
use kafka_capture::output::Filter;
use kafka_capture::report::Report;
use kafka_codec::enumerations::Acks;
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_codec::messages::{
    FetchRequest, FetchResponse, HeartbeatRequest, HeartbeatResponse, ProduceRequest,
    ProduceResponse,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::Blob;
use serde_json::Value;
use support::command::texts;
use support::packets::{Conversation, Sent, capture};
use support::typed::{request, response};

const SECOND: u32 = 1_000_000;

fn produce(sequence: i32) -> ProduceRequest<'static> {
    let mut builder = BatchBuilder::new(BatchOptions {
        producer_id: 5,
        producer_epoch: 0,
        base_sequence: sequence,
        ..Default::default()
    });
    builder.append(&NewRecord::default()).unwrap();
    ProduceRequest {
        acks: Acks(1),
        topic_data: vec![TopicProduceData {
            name: "orders".into(),
            partition_data: vec![PartitionProduceData {
                records: Some(Blob::from(builder.finish().unwrap())),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn produced() -> ProduceResponse<'static> {
    ProduceResponse {
        responses: vec![TopicProduceResponse {
            name: "orders".into(),
            partition_responses: vec![PartitionProduceResponse::default()],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A producer on a connection, one of whose answers is not in the capture.
fn with_loss() -> Conversation {
    let mut talk = Conversation::new(40_000);
    for id in 0..6 {
        talk.send(true, &request(&produce(id), 9, id, "billing"), 1400);
        talk.send(false, &response(&produced(), 9, id), 1400);
        if id == 2 {
            talk.sent.pop();
        }
        talk.wait(2 * SECOND);
    }
    talk
}

/// A client whose heartbeats are answered at once, one in each second.
fn heartbeats(port: u16, client_id: &str, count: i32) -> Conversation {
    let mut talk = Conversation::new(port);
    for id in 0..count {
        let asked = HeartbeatRequest::default();
        talk.send(true, &request(&asked, 4, id, client_id), 1400);
        let answer = HeartbeatResponse::default();
        talk.send(false, &response(&answer, 4, id), 1400);
        talk.wait(SECOND);
    }
    talk
}

fn merged(talks: &[Conversation]) -> Vec<u8> {
    let mut sent: Vec<Sent> = talks.iter().flat_map(|talk| talk.sent.clone()).collect();
    sent.sort_by_key(|each| each.time);
    capture(&sent)
}

fn output(subcommand: &str, format: &str, filter: &[&str], capture: &[u8]) -> String {
    let arguments = [&["--format", format], filter, &["-"]].concat();
    let (code, output, errors) = texts(subcommand, &arguments, capture);
    assert_eq!(code, Some(0), "{errors}");
    output
}

fn json(subcommand: &str, filter: &[&str], capture: &[u8]) -> Value {
    serde_json::from_str(&output(subcommand, "json", filter, capture)).unwrap()
}

/// The rules of a report that find something in what a client sent and got.
fn findings(client_id: &str, capture: Vec<u8>) -> Vec<&'static str> {
    let input = Input::new("made".to_owned(), Box::new(Cursor::new(capture))).unwrap();
    let filter = Filter {
        client_ids: vec![client_id.to_owned()],
        ..Default::default()
    };
    let mut report = Filtered::new(Report::new(), filter);
    let mut decoder = Decoder::new(Vec::new());
    let handle = |packet: kafka_capture::input::Packet<'_>| {
        report.get_mut().packet(packet.time);
        decoder.packet(&packet, &mut report);
        ControlFlow::Continue(())
    };
    let mut packets = Packets::new(input).unwrap();
    packets.for_each(handle, || {}).unwrap();
    let (counts, topics) = decoder.finish_with_topics(&mut report);
    let report = report.into_inner();
    let finished = report.finish(&topics, &counts, vec!["made".to_owned()]);
    finished.findings().iter().map(|(rule, _)| *rule).collect()
}

#[test]
fn an_answer_that_was_not_captured_is_not_missed_behind_a_filter() {
    let mut talk = with_loss();
    talk.close();
    let capture = merged(&[talk]);
    let all = output("produce", "ndjson", &[], &capture);
    assert!(all.contains("answer not captured"), "{all}");
    for filter in [
        ["--client-id", "billing"],
        ["--api", "Produce"],
        ["--topic", "orders"],
    ] {
        assert_eq!(output("produce", "ndjson", &filter, &capture), all);
    }
    let found = findings("billing", capture);
    assert!(!found.contains(&"batches-not-acknowledged"), "{found:?}");
}

#[test]
fn a_broker_that_answers_other_clients_does_not_stall() {
    let ask = |port| {
        let mut talk = heartbeats(port, "billing", 2);
        let asked = HeartbeatRequest::default();
        talk.send(true, &request(&asked, 4, 7, "billing"), 1400);
        talk.wait(4 * SECOND);
        let answer = HeartbeatResponse::default();
        talk.send(false, &response(&answer, 4, 7), 1400);
        talk.close();
        talk
    };
    let both = || vec![ask(40_000), ask(40_001)];
    let found = findings("billing", merged(&both()));
    assert!(found.contains(&"broker-stalled"), "{found:?}");
    let mut talks = both();
    let mut others = Conversation::new(40_002);
    for id in 0..40 {
        let asked = HeartbeatRequest::default();
        others.send(true, &request(&asked, 4, id, "shipping"), 1400);
        let answer = HeartbeatResponse::default();
        others.send(false, &response(&answer, 4, id), 1400);
        others.wait(SECOND / 4);
    }
    talks.push(others);
    let found = findings("billing", merged(&talks));
    assert!(!found.contains(&"broker-stalled"), "{found:?}");
}

#[test]
fn a_request_waits_behind_others_that_a_filter_hides() {
    let mut talk = heartbeats(40_000, "billing", 2);
    let fetch = FetchRequest::default();
    talk.send(true, &request(&fetch, 11, 10, "billing"), 1400);
    talk.send(true, &request(&produce(0), 9, 11, "billing"), 1400);
    talk.wait(SECOND);
    let fetched = FetchResponse::default();
    talk.send(false, &response(&fetched, 11, 10), 1400);
    talk.send(false, &response(&produced(), 9, 11), 1400);
    talk.close();
    let capture = merged(&[talk]);
    let parts = |filter: &[&str]| {
        let document = json("summary", filter, &capture);
        let parts = document["latencyParts"].as_array().unwrap().iter();
        let of_produce = parts.filter(|each| each["api"] == "Produce");
        of_produce.cloned().collect::<Vec<_>>()
    };
    let all = parts(&[]);
    assert!(all[0]["waitUs"].as_f64().unwrap() > 900_000.0, "{all:?}");
    assert_eq!(parts(&["--api", "Produce"]), all);
}

#[test]
fn connections_without_an_admitted_message_are_not_summed_up() {
    let talks = [("billing", 40_000), ("shipping", 40_001), ("audit", 40_002)];
    let talks = talks.map(|(client_id, port)| heartbeats(port, client_id, 3));
    let document = json("summary", &["--client-id", "billing"], &merged(&talks));
    assert_eq!(document["connections"], 1, "{document}");
    for list in ["byConnection", "byUser", "bySoftware"] {
        let rows = document[list].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0]["requests"], 3, "{rows:?}");
    }
    let nothing = json("summary", &["--client-id", "nobody"], &merged(&talks));
    assert_eq!(nothing["connections"], 0, "{nothing}");
    assert_eq!(nothing["byUser"], Value::Array(Vec::new()), "{nothing}");
}

#[cfg(feature = "top")]
#[test]
fn nothing_is_in_flight_whose_answer_may_be_in_missing_bytes() {
    use kafka_capture::top::{Top, View};

    for client_ids in [Vec::new(), vec!["billing".to_owned()]] {
        let capture = merged(&[with_loss()]);
        let input = Input::new("made".to_owned(), Box::new(Cursor::new(capture))).unwrap();
        let filter = Filter {
            client_ids,
            ..Default::default()
        };
        let mut top = Filtered::new(Top::new(), filter);
        let mut decoder = Decoder::new(Vec::new());
        let handle = |packet: kafka_capture::input::Packet<'_>| {
            top.get_mut().packet(packet.time);
            decoder.packet(&packet, &mut top);
            ControlFlow::Continue(())
        };
        let mut packets = Packets::new(input).unwrap();
        packets.for_each(handle, || {}).unwrap();
        let now = top.get_mut().now().unwrap();
        let snapshot = top.get_mut().snapshot(View::Apis, None, now);
        assert_eq!(snapshot.total.all_requests, 6);
        assert_eq!(snapshot.in_flight, 0);
    }
}
