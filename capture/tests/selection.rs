//! What a line says of a message, and which messages the filters admit by what is in them.
#![cfg(test)]

mod support;

use kafka_codec::messages::metadata_request::MetadataRequestTopic;
use kafka_codec::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_codec::messages::{
    ApiVersionsRequest, ApiVersionsResponse, HeartbeatRequest, HeartbeatResponse, MetadataRequest,
    MetadataResponse, ProduceRequest, ProduceResponse,
};
use kafka_codec::records::{BatchBuilder, BatchOptions, NewRecord};
use kafka_codec::wire::Blob;
use support::command::texts;
use support::exchange;
use support::packets::{Conversation, capture, frame, heartbeat, heartbeat_response};
use support::typed::{request, response};

fn produce(topic: &'static str, records: usize) -> ProduceRequest<'static> {
    let mut builder = BatchBuilder::new(BatchOptions::default());
    for _ in 0..records {
        builder.append(&NewRecord::default()).unwrap();
    }
    let records = Blob::from(builder.finish().unwrap());
    let partition = |index, records| PartitionProduceData {
        index,
        records,
        ..Default::default()
    };
    ProduceRequest {
        acks: kafka_codec::enumerations::Acks(1),
        topic_data: vec![TopicProduceData {
            name: topic.into(),
            partition_data: vec![
                partition(4, Some(records)),
                partition(5, None),
                partition(6, None),
                partition(9, None),
            ],
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A client that says who it is, produces to two topics, and is in two groups.
fn conversation() -> Vec<u8> {
    let mut talk = Conversation::new(40_000);
    let versions = ApiVersionsRequest {
        client_software_name: "maker".into(),
        client_software_version: "1.2".into(),
        ..Default::default()
    };
    talk.send(true, &request(&versions, 3, 0, "me"), 1000);
    talk.send(
        false,
        &response(&ApiVersionsResponse::default(), 3, 0),
        1000,
    );
    for (id, topic) in [(1, "orders"), (2, "payments")] {
        talk.send(true, &request(&produce(topic, 3), 9, id, "me"), 1000);
        talk.send(false, &response(&ProduceResponse::default(), 9, id), 1000);
    }
    for (id, group) in [(3, "billing"), (4, "shipping")] {
        let heartbeat = HeartbeatRequest {
            group_id: group.into(),
            generation_id: 7,
            member_id: "m-1".into(),
            ..Default::default()
        };
        talk.send(true, &request(&heartbeat, 4, id, "me"), 1000);
        talk.send(false, &response(&HeartbeatResponse::default(), 4, id), 1000);
    }
    talk.close();
    capture(&talk.sent)
}

fn lines(arguments: &[&str]) -> Vec<String> {
    let arguments = [arguments, &["-"]].concat();
    let (code, text, errors) = texts("decode", &arguments, &conversation());
    assert_eq!(code, Some(0), "{errors}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_line_says_what_matters() {
    let lines = lines(&[]);
    assert_eq!(lines.len(), 10);
    assert!(
        lines[0].ends_with("software maker version 1.2"),
        "{}",
        lines[0]
    );
    assert!(
        lines[2].contains(" orders[4-6,9] 3 records in "),
        "{}",
        lines[2]
    );
    assert!(
        lines[6].ends_with("group billing generation 7 member m-1"),
        "{}",
        lines[6]
    );
}

#[test]
fn messages_about_a_topic_or_group_are_admitted_with_their_responses() {
    let orders = lines(&["--topic", "orders"]);
    assert_eq!(orders.len(), 2, "{orders:?}");
    assert!(orders.iter().all(|line| line.contains("#1 ")), "{orders:?}");
    let groups = lines(&["--group", "billing,shipping"]);
    assert_eq!(groups.len(), 4, "{groups:?}");
    assert_eq!(lines(&["--group", "other"]).len(), 0);
    assert_eq!(lines(&["--topic", "orders", "--api", "Heartbeat"]).len(), 0);
}

/// The lines of a capture with this request, which is answered, that pass a filter.
fn shown(asked: &[u8], answer: &[u8], arguments: &[&str]) -> Vec<String> {
    let mut talk = Conversation::new(40_000);
    for id in [0, 1] {
        talk.send(true, &heartbeat(id, "me", 3), 1000);
        talk.send(false, &heartbeat_response(id, 0), 1000);
    }
    talk.send(true, asked, 1000);
    talk.send(false, answer, 1000);
    talk.close();
    let arguments = [arguments, &["-"]].concat();
    let (code, text, errors) = texts("decode", &arguments, &capture(&talk.sent));
    assert_eq!(code, Some(0), "{errors}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_topic_or_group_is_found_among_more_than_a_line_shows() {
    let names: Vec<_> = (0..1500).map(|number| format!("name-{number}")).collect();
    let topics = names.iter().map(|name| MetadataRequestTopic {
        name: Some(name.as_str().into()),
        ..Default::default()
    });
    let metadata = MetadataRequest {
        topics: Some(topics.collect()),
        ..Default::default()
    };
    let asked = request(&metadata, 9, 7, "me");
    let answer = response(&MetadataResponse::default(), 9, 7);
    assert_eq!(shown(&asked, &answer, &["--topic", "name-1499"]).len(), 2);
    assert_eq!(shown(&asked, &answer, &["--topic", "name-1500"]).len(), 0);

    // DescribeGroups v0 has a list of names.
    let names = &names[..40];
    let mut body = 40_u32.to_be_bytes().to_vec();
    for name in names {
        body.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        body.extend(name.as_bytes());
    }
    let (_, asked) = exchange::request(15, 0, 7, b"me", &body);
    let (_, answer) = exchange::response(7, &[0; 4]);
    assert_eq!(shown(&asked, &answer, &["--group", "name-39"]).len(), 2);
    assert_eq!(shown(&asked, &answer, &["--group", "name-40"]).len(), 0);
}

#[test]
fn a_response_with_an_error_code_has_it_whatever_follows_the_body() {
    let asked = heartbeat(7, "me", 3);
    let mut answer = 7_u32.to_be_bytes().to_vec();
    answer.extend([0, 27, 0xff]);
    for format in ["text", "ndjson"] {
        let lines = shown(&asked, &frame(&answer), &["--errors", "--format", format]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("1 byte after the body is ignored"));
    }
    let lines = shown(&asked, &frame(&answer), &["--errors"]);
    assert!(lines[0].contains("REBALANCE_IN_PROGRESS"), "{lines:?}");
    answer[5] = 0;
    let lines = shown(&asked, &frame(&answer), &["--errors"]);
    assert_eq!(lines.len(), 0, "{lines:?}");
}

#[test]
fn topics_and_groups_of_the_capture_are_named_where_none_of_those_asked_for_is_in_it() {
    for (arguments, there_are) in [
        (
            ["--topic", "nope"],
            "topics in the capture: orders, payments\n",
        ),
        (
            ["--group", "nope"],
            "groups in the capture: billing, shipping\n",
        ),
    ] {
        let arguments = [&arguments[..], &["-"]].concat();
        let (_, _, errors) = texts("decode", &arguments, &conversation());
        assert!(errors.ends_with(there_are), "{errors}");
    }
}

#[test]
fn a_long_client_id_of_the_capture_is_cut_with_a_mark() {
    for (length, shown) in [(100, "c".repeat(100)), (120, "c".repeat(100) + "..")] {
        let mut talk = Conversation::new(40_000);
        talk.send(true, &heartbeat(0, &"c".repeat(length), 3), 1000);
        talk.send(false, &heartbeat_response(0, 0), 1000);
        let capture = capture(&talk.sent);
        let (_, _, errors) = texts("decode", &["--client-id", "nope", "-"], &capture);
        let end = format!("client ids in the capture: {shown}\n");
        assert!(errors.ends_with(&end), "{errors}");
    }
}

#[test]
fn clients_are_chosen_by_their_software() {
    assert_eq!(lines(&["--software", "maker"]).len(), 10);
    assert_eq!(lines(&["--software", "other"]).len(), 0);
    let first = &lines(&["--format", "ndjson"])[9];
    assert!(
        first.contains(r#""software":"maker","softwareVersion":"1.2""#),
        "{first}"
    );
}

#[test]
fn a_part_of_the_time_is_chosen_from_the_start_and_in_absolute_times() {
    let all = lines(&[]);
    let late = lines(&["--from", "800us"]);
    assert!(!late.is_empty() && late.len() < all.len(), "{}", late.len());
    assert_eq!(all[all.len() - late.len()..], late);
    let time = |line: &str| line.split(' ').next().unwrap().to_owned();
    let within = lines(&["--from", &time(&all[2]), "--to", &time(&all[4])]);
    assert_eq!(within, all[2..=4]);
}

#[test]
fn the_end_of_what_is_piped_is_not_known() {
    let (code, _, errors) = texts("decode", &["--from", "-5s", "-"], &conversation());
    assert_eq!(code, Some(1));
    assert!(
        errors.contains("the end of a live capture is not known"),
        "{errors}"
    );
    let (code, _, errors) = texts("decode", &["--from", "yesterday", "-"], &conversation());
    assert_eq!(code, Some(2));
    assert!(errors.contains("RFC 3339"), "{errors}");
}

#[test]
fn responses_to_requests_with_the_same_correlation_id_are_all_admitted() {
    let mut talk = Conversation::new(40_000);
    for _ in 0..3 {
        talk.send(true, &heartbeat(7, "me", 4), 1000);
    }
    for _ in 0..3 {
        talk.send(false, &heartbeat_response(7, 0), 1000);
    }
    let file = capture(&talk.sent);
    for arguments in [&["-"][..], &["--group", "gggg", "-"]] {
        let (_, text, errors) = texts("decode", arguments, &file);
        assert_eq!(text.lines().count(), 6, "{text}{errors}");
    }
}
