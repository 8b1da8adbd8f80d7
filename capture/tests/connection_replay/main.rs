//! Captures of real clients go through the connections of the codec, both directions with their times and packets: what
//! these say of every request is what a list says that another program made. See `truth.rs` for where the captures are.
#![cfg(test)]

#[path = "../support/captures.rs"]
mod captures;
mod obstacle;
mod replay;
mod streams;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

use captures::Captured;
use kafka_codec::connection::ApiLabel;
use obstacle::{Obstacle, obstacle};
use replay::{Replay, Tally};
use serde_json::Value;
use streams::{End, TcpConnection};
use truth::{Frame, Summary};

/// What the replay of a capture comes to.
#[derive(Default)]
struct Replayed {
    connections: usize,
    tally: Tally,
    /// Connection, API with version, and correlation id of each request without a response.
    unanswered: Vec<(u64, String, i32)>,
    /// The connections that were not replayed, by their ports.
    passed_over: BTreeMap<Obstacle, BTreeSet<(u16, u16)>>,
    /// Requests on these.
    requests_passed_over: usize,
}

fn ports(tcp: &TcpConnection) -> (u16, u16) {
    (tcp.client.port(), tcp.broker.port())
}

fn replay(connections: &mut [TcpConnection], list: &[Frame]) -> Replayed {
    let mut by_ports = BTreeMap::new();
    for frame in list {
        let frames: &mut Vec<Frame> = by_ports.entry(frame.ports).or_default();
        frames.push(frame.clone());
    }
    let mut replayed = Replayed::default();
    for tcp in connections {
        let (client, broker) = ports(tcp);
        if !tcp.has_handshake() && by_ports.contains_key(&(broker, client)) {
            tcp.turn();
        }
        let frames = by_ports.get(&ports(tcp)).map_or(&[][..], Vec::as_slice);
        let requests = frames.iter().filter(|frame| frame.to_broker);
        if let Some(obstacle) = obstacle(tcp, frames) {
            let kind = replayed.passed_over.entry(obstacle).or_default();
            kind.insert(ports(tcp));
            replayed.requests_passed_over += requests.count();
            continue;
        }
        let (tally, unanswered) = Replay::new(tcp, frames).run();
        assert_eq!(tally, counted(frames), "{:?}", ports(tcp));
        let label = |label: ApiLabel| {
            let api = format!("{} v{}", label.api_key, label.version);
            (frames[0].connection, api, label.correlation_id)
        };
        replayed
            .unanswered
            .extend(unanswered.into_iter().map(label));
        replayed.connections += 1;
        let sum = &mut replayed.tally;
        sum.requests += tally.requests;
        sum.answered += tally.answered;
        sum.without_response += tally.without_response;
        sum.cut_off += tally.cut_off;
        sum.unanswered += tally.unanswered;
    }
    replayed
}

/// What the list says of a connection. A bare token counts as a request, or as its response.
fn counted(frames: &[Frame]) -> Tally {
    let count = |is: &dyn Fn(&&Frame) -> bool| frames.iter().filter(is).count();
    let requests = count(&|frame| frame.to_broker);
    let without_response = count(&|frame| frame.wants_no_response);
    let answered = count(&|frame| !frame.to_broker && frame.is_whole);
    let cut_off = count(&|frame| !frame.to_broker && !frame.is_whole);
    Tally {
        requests,
        answered,
        without_response,
        cut_off,
        unanswered: requests - without_response - answered - cut_off,
    }
}

#[test]
fn captured_connections_come_out_of_the_machine_as_another_program_read_them() {
    // Tunnels are not read here, nor connections that are not Kafka's; segments that were merged have another timing.
    let is_plain = |capture: &Captured| {
        let others = ["tunnel-", "deaths", "offload-gro"];
        !capture.is_tls() && !others.iter().any(|each| capture.name().starts_with(each))
    };
    for capture in captures::captures().into_iter().filter(is_plain) {
        println!("{}", capture.name());
        let mut connections = streams::connections(&capture.files[0]);
        let replayed = replay(&mut connections, &truth::frames(&capture));
        println!(
            "  {} connections replayed: {:?}",
            replayed.connections, replayed.tally
        );
        for (obstacle, connections) in &replayed.passed_over {
            println!("  {} not replayed, {obstacle}", connections.len());
        }
        if !replayed.passed_over.is_empty() {
            println!("  {} requests on these", replayed.requests_passed_over);
        }
        assert!(replayed.tally.answered > 0, "nothing was replayed");
        let summary = truth::summary(&capture);
        // A whole capture is replayed whole.
        let is_damaged = summary.as_ref().is_some_and(|summary| summary.is_damaged);
        for obstacle in replayed.passed_over.keys() {
            let is_due = *obstacle == Obstacle::NoBytes || obstacle.is_damage() && is_damaged;
            assert!(is_due, "{}: connections {obstacle}", capture.name());
        }
        match summary {
            Some(summary) => compare(&capture, &connections, &replayed, &summary),
            None => println!("  the list only, no summary"),
        }
    }
}

/// Compares the whole with the summary.
fn compare(
    capture: &Captured,
    connections: &[TcpConnection],
    replayed: &Replayed,
    summary: &Summary,
) {
    let name = capture.name();
    let summary = &summary.wire;
    let said = |key: &str| usize::try_from(summary[key].as_u64().unwrap()).unwrap();
    let passed_over = |obstacle| replayed.passed_over.get(&obstacle).map_or(0, BTreeSet::len);
    let with_handshake = connections.iter().filter(|tcp| tcp.has_handshake());
    assert_eq!(connections.len(), said("tcp_connections"), "{name}");
    assert_eq!(
        connections.len() - passed_over(Obstacle::NoBytes),
        said("tcp_connections_with_bytes"),
        "{name}"
    );
    assert_eq!(
        with_handshake.count(),
        said("connections_with_handshake"),
        "{name}"
    );
    assert_eq!(
        replayed.tally.requests + replayed.requests_passed_over,
        said("requests"),
        "{name}"
    );

    let of_summary: BTreeMap<(u16, u16), &Value> = summary["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| {
            let port = |key: &str| u16::try_from(each[key].as_u64().unwrap()).unwrap();
            ((port("client_port"), port("broker_port")), each)
        })
        .collect();
    let was_replayed = |ports| !replayed.passed_over.values().any(|all| all.contains(ports));
    for tcp in connections {
        let each = of_summary[&ports(tcp)];
        assert_eq!(each["ended"], ended(tcp.end), "{name} {:?}", ports(tcp));
        let holes = ["missing_bytes_up", "missing_bytes_down"];
        let has_holes = holes.iter().any(|key| each[key].as_u64() != Some(0));
        let found = tcp.to_broker.has_holes() || tcp.to_client.has_holes();
        assert_eq!(found, has_holes, "{name} {:?}", ports(tcp));
    }
    let replayed_numbers: BTreeSet<u64> = of_summary
        .iter()
        .filter(|(ports, _)| was_replayed(ports))
        .map(|(_, each)| each["connection"].as_u64().unwrap())
        .collect();
    let mut unanswered: Vec<_> = summary["unpaired_requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| {
            let id = i32::try_from(each["correlation_id"].as_i64().unwrap()).unwrap();
            let api = each["api"].as_str().unwrap().to_owned();
            (each["connection"].as_u64().unwrap(), api, id)
        })
        .filter(|(connection, ..)| replayed_numbers.contains(connection))
        .collect();
    let mut found = replayed.unanswered.clone();
    unanswered.sort();
    found.sort();
    assert_eq!(found, unanswered, "{name}");
}

fn ended(end: Option<End>) -> String {
    let Some(End {
        by_client,
        is_reset,
    }) = end
    else {
        return "open at the end".to_owned();
    };
    let who = if by_client { "client" } else { "broker" };
    let how = if is_reset { "RST" } else { "FIN" };
    format!("{who} {how}")
}
