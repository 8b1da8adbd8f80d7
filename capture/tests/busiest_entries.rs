//! Lists of more entries than are shown: what is shown is true, and all that was counted is somewhere.
#![cfg(test)]

mod support;

use kafka_capture::Decoder;
use kafka_capture::analysis::{Summary, SummaryState};
use kafka_codec::messages::MetadataRequest;
use kafka_codec::messages::produce_request::TopicProduceData;
use kafka_codec::messages::{MetadataResponse, ProduceRequest, ProduceResponse};
use serde_json::Value;
use support::packets::{Conversation, heartbeat, heartbeat_response};
use support::typed::{request, response};

/// The summary of one connection.
fn summary(conversation: &Conversation) -> SummaryState {
    let (mut decoder, mut summary) = (Decoder::new(Vec::new()), Summary::new());
    for sent in &conversation.sent {
        sent.decode(0, &mut decoder, &mut summary);
    }
    let (_, topics) = decoder.finish_with_topics(&mut summary);
    summary.finish(&topics)
}

/// So many requests of a client.
fn beat(conversation: &mut Conversation, client_id: &str, count: u32) {
    for _ in 0..count {
        let id = i32::try_from(conversation.sent.len()).unwrap();
        conversation.send(true, &heartbeat(id, client_id, 4), 1000);
        conversation.send(false, &heartbeat_response(id, 0), 1000);
    }
}

fn document(state: &SummaryState) -> Value {
    serde_json::to_value(state.document()).unwrap()
}

fn of<'v>(document: &'v Value, list: &str) -> &'v Value {
    let others = document["others"].as_array().unwrap();
    others.iter().find(|each| each["of"] == list).unwrap()
}

fn requests<'v>(rows: impl IntoIterator<Item = &'v Value>) -> u64 {
    let requests = rows
        .into_iter()
        .map(|row| row["requests"].as_u64().unwrap());
    requests.sum()
}

#[test]
fn a_client_that_becomes_busy_after_it_was_merged_is_known_to_be_partial() {
    let mut conversation = Conversation::new(40_000);
    beat(&mut conversation, "always", 9);
    beat(&mut conversation, "late", 1);
    for client in 0..700 {
        beat(&mut conversation, &format!("client-{client}"), 2);
    }
    beat(&mut conversation, "late", 50);
    let found = document(&summary(&conversation));
    let clients = found["byClient"].as_array().unwrap();
    let row = |name: &str| clients.iter().find(|row| row["clientId"] == name).unwrap();
    assert_eq!(row("late")["requests"], 50);
    assert_eq!(row("late")["isPartial"], true);
    assert_eq!(row("always")["requests"], 9);
    assert_eq!(row("always")["isPartial"], Value::Null);
    let partial = clients.iter().filter(|row| row["isPartial"] == true);
    assert_eq!(partial.count(), 1);
    let others = of(&found, "byClient");
    // One row for each client that is not listed.
    assert_eq!(others["merged"], 702 - 200);
    assert_eq!(found["requests"], requests(clients) + requests([others]));
}

#[test]
fn a_client_that_one_capture_lists_and_another_has_merged_is_partial() {
    let mut first = Conversation::new(40_000);
    beat(&mut first, "late", 1);
    for client in 0..400 {
        beat(&mut first, &format!("client-{client}"), 2);
    }
    let mut second = Conversation::new(40_001);
    beat(&mut second, "late", 50);
    for (one, other) in [(&first, &second), (&second, &first)] {
        let mut merged = summary(one);
        merged.merge(summary(other));
        let found = document(&merged);
        let row = &found["byClient"][0];
        assert_eq!(
            (&row["clientId"], &row["requests"]),
            (&"late".into(), &50.into())
        );
        assert_eq!(row["isPartial"], true);
    }
}

#[test]
fn merged_states_do_not_depend_on_the_order_of_maps() {
    let mut states = Vec::new();
    for (port, first) in [(40_000, 0), (40_001, 150)] {
        let mut conversation = Conversation::new(port);
        for client in first..first + 200 {
            beat(
                &mut conversation,
                &format!("client-{client}"),
                1 + client % 3,
            );
        }
        let mut bytes = Vec::new();
        summary(&conversation).to_json(&mut bytes).unwrap();
        states.push(bytes);
    }
    let merged = || {
        // Each map is read anew, and has an order of its own.
        let mut merged = SummaryState::from_json(&states[0]).unwrap();
        merged.merge(SummaryState::from_json(&states[1]).unwrap());
        let mut bytes = Vec::new();
        merged.to_json(&mut bytes).unwrap();
        (document(&merged), bytes)
    };
    let (found, bytes) = merged();
    for _ in 0..4 {
        assert_eq!(merged(), (found.clone(), bytes.clone()));
    }
    let clients = found["byClient"].as_array().unwrap();
    assert_eq!(clients.len(), 200);
    // The fifty clients of both captures have all of their requests.
    let both = clients.iter().filter(|row| {
        let name = row["clientId"].as_str().unwrap();
        let number: u64 = name.strip_prefix("client-").unwrap().parse().unwrap();
        (150..200).contains(&number) && row["requests"] == 2 * (1 + number % 3)
    });
    assert_eq!(both.count(), 50);
    assert_eq!(
        found["requests"],
        requests(clients) + requests([of(&found, "byClient")])
    );
}

#[test]
fn topics_are_merged_as_clients_are() {
    let mut conversation = Conversation::new(40_000);
    let asked = request(&MetadataRequest::default(), 9, 1, "a");
    conversation.send(true, &asked, 1000);
    let answer = response(&MetadataResponse::default(), 9, 1);
    conversation.send(false, &answer, 1000);
    for topic in 0..250 {
        let name = format!("topic-{topic}");
        let asked = ProduceRequest {
            acks: kafka_codec::enumerations::Acks(1),
            topic_data: vec![TopicProduceData {
                name: name.as_str().into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        let id = 10 + topic;
        conversation.send(true, &request(&asked, 8, id, "a"), 1000);
        let answer = response(&ProduceResponse::default(), 8, id);
        conversation.send(false, &answer, 1000);
    }
    let found = document(&summary(&conversation));
    assert_eq!(found["byTopic"].as_array().unwrap().len(), 200);
    assert_eq!(of(&found, "byTopic")["merged"], 50);
    assert_eq!(of(&found, "byTopic")["produceRequests"], 50);
}

#[test]
fn entries_of_merged_states_keep_their_percentiles() {
    let state = |first: u32, count| {
        let mut conversation = Conversation::new(40_000);
        for client in first..first + 200 {
            beat(&mut conversation, &format!("client-{client}"), count);
        }
        summary(&conversation)
    };
    let mut merged = state(0, 30);
    merged.merge(state(200, 40));
    let found = document(&merged);
    let clients = found["byClient"].as_array().unwrap();
    assert_eq!(clients.len(), 200);
    for row in clients {
        assert_eq!(row["requests"], 40, "{row}");
        assert!(row["latencyUs"]["p99"].is_number(), "{row}");
    }
}
