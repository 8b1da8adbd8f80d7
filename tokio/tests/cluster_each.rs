//! Requests that every broker answers for itself: lists of groups, transactions and log directories.
#![cfg(test)]

mod support {
    pub(crate) mod toy_cluster;
}

use std::time::Duration;

use kafka_codec::messages::{ListGroupsRequest, ListGroupsResponse};
use kafka_codec::{ApiKey, ErrorCode, Routing};
use kafka_codec_tokio::{
    AttemptError, Brokers, Cluster, ClusterOptions, ConnectError, Destination, GivenUp,
};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};

use support::toy_cluster::ToyCluster;

/// Three brokers, which list one, two and no groups.
async fn listing() -> ToyCluster {
    let toy = ToyCluster::start(3).await;
    let groups = [(1, vec!["a"]), (2, vec!["b", "c"]), (3, vec![])];
    let groups = groups.map(|(id, groups)| {
        let groups = groups.into_iter().map(ToOwned::to_owned);
        (id, Ok(groups.collect()))
    });
    toy.shared.lock().unwrap().groups = groups.into();
    toy
}

fn names(response: &ListGroupsResponse<'_>) -> Vec<String> {
    let groups = response.groups.iter();
    let mut names: Vec<_> = groups.map(|group| group.group_id.to_string()).collect();
    names.sort_unstable();
    names
}

fn sorted(mut brokers: Vec<i32>) -> Vec<i32> {
    brokers.sort_unstable();
    brokers
}

#[tokio::test]
async fn a_list_is_asked_of_every_broker_and_merged() {
    let toy = listing().await;
    let cluster = toy.cluster();
    let answer = cluster.send(&ListGroupsRequest::default()).await.unwrap();
    let merged = answer.decode().unwrap();
    assert_eq!(names(&merged), ["a", "b", "c"]);
    assert_eq!(merged.throttle_time_ms, 30, "the longest of all");
    assert_eq!(sorted(toy.asked(ApiKey::ListGroups)), [1, 2, 3]);
    let brokers = answer.parts().map(|(broker, _)| broker).collect();
    assert_eq!(sorted(brokers), [1, 2, 3]);
    assert_eq!(answer.errors().count(), 0);
}

#[tokio::test]
async fn an_error_of_one_broker_is_kept_with_its_id_beside_the_groups_of_the_others() {
    let toy = listing().await;
    let denied = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    toy.shared.lock().unwrap().groups.insert(1, Err(denied));
    let cluster = toy.cluster();
    let answer = cluster.send(&ListGroupsRequest::default()).await.unwrap();
    let merged = answer.decode().unwrap();
    assert_eq!(merged.error_code, denied);
    assert_eq!(names(&merged), ["b", "c"]);
    assert_eq!(answer.errors().collect::<Vec<_>>(), [(1, denied)]);
}

#[tokio::test]
async fn only_the_broker_that_is_not_ready_is_asked_again() {
    let toy = listing().await;
    let loading = ErrorCode::COORDINATOR_LOAD_IN_PROGRESS;
    let loaded = toy.shared.lock().unwrap().groups.insert(2, Err(loading));
    let shared = toy.shared.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        shared.lock().unwrap().groups.insert(2, loaded.unwrap());
    });
    let cluster = toy.cluster();
    let answer = cluster.send(&ListGroupsRequest::default()).await.unwrap();
    assert_eq!(names(&answer.decode().unwrap()), ["a", "b", "c"]);
    let asked = sorted(toy.asked(ApiKey::ListGroups));
    assert!(asked.len() > 3, "{asked:?}");
    assert_eq!((asked[0], asked.last()), (1, Some(&3)));
    assert!(asked[1..asked.len() - 1].iter().all(|id| *id == 2));
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_named_with_those_that_did() {
    let mut toy = listing().await;
    let options: ClusterOptions = toy.options().with_deadline(Duration::from_millis(500));
    let cluster = Cluster::new(options);
    toy.stop(2).await;
    let request = ListGroupsRequest::default();
    let error = cluster.send(&request).await.unwrap_err();
    assert_eq!(sorted(error.answered.clone()), [1, 3]);
    assert!(matches!(error.end, GivenUp::Deadline(_)), "{error}");
    let line = error.to_string();
    assert!(
        line.starts_with("ListGroups: gave up after 500ms and "),
        "{line}"
    );
    assert!(line.contains(": broker 2 (127.0.0.1:"), "{line}");
    assert!(line.contains("; the rest is done, by broker "), "{line}");
    // Each for itself: what the others list is not lost.
    let each = cluster.send_to_each(&Brokers::All, &request).await.unwrap();
    let listed = each.iter().filter_map(|(id, answer)| {
        let response = answer.as_ref().ok()?.decode().unwrap();
        Some((*id, names(&response)))
    });
    assert_eq!(
        listed.collect::<Vec<_>>(),
        [(1, vec!["a".to_owned()]), (3, vec![])]
    );
    let line = each[&2].as_ref().unwrap_err().to_string();
    assert!(
        line.starts_with("ListGroups: gave up after 500ms"),
        "{line}"
    );
    assert!(line.contains("broker 2 (127.0.0.1:"), "{line}");
}

#[tokio::test]
async fn one_broker_can_be_asked_alone_and_a_broker_that_joined_is_asked_too() {
    let toy = listing().await;
    toy.shared.lock().unwrap().hidden = vec![2];
    let cluster = toy.cluster();
    let request = ListGroupsRequest::default();
    let answer = cluster.send(&request).await.unwrap();
    assert_eq!(names(&answer.decode().unwrap()), ["a"]);
    toy.shared.lock().unwrap().hidden.clear();
    let answer = cluster.send(&request).await.unwrap();
    assert_eq!(names(&answer.decode().unwrap()), ["a", "b", "c"]);
    let response = cluster.send_to(Destination::Broker(2), &request).await;
    assert_eq!(names(&response.unwrap().decode().unwrap()), ["b", "c"]);
}

#[tokio::test]
async fn the_deadline_holds_while_a_connection_is_being_opened() {
    let toy = ToyCluster::start(1).await;
    // It accepts, and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = silent.accept().await.unwrap();
        let mut bytes = Vec::new();
        let _ = socket.read_to_end(&mut bytes).await;
    });
    toy.shared.lock().unwrap().ports.insert(2, port);
    let options = ClusterOptions::new([format!(
        "127.0.0.1:{}",
        toy.shared.lock().unwrap().ports[&1]
    )]);
    let cluster = Cluster::new(options.with_deadline(Duration::from_millis(400)));
    cluster.refresh([]).await.unwrap();
    let begun = Instant::now();
    let request = ListGroupsRequest::default();
    let sent = cluster.send_to(Destination::Broker(2), &request);
    let error = timeout(Duration::from_secs(5), sent).await.unwrap();
    let error = error.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(4), "{error}");
    let AttemptError::Connect(ConnectError::TimedOut { broker, .. }) = &error.attempts[0].error
    else {
        panic!("{error}")
    };
    assert_eq!(**broker, *format!("broker 2 (127.0.0.1:{port})"));
}

#[test]
fn the_apis_that_every_broker_answers_only_read() {
    let every = ApiKey::ALL
        .iter()
        .filter(|key| key.routing() == Some(Routing::EveryBroker));
    let every: Vec<_> = every.copied().collect();
    let expected = [
        ApiKey::ListGroups,
        ApiKey::DescribeLogDirs,
        ApiKey::ListTransactions,
    ];
    assert_eq!(every, expected);
    assert!(every.iter().all(|key| key.is_read_only()));
}
