//! The accepting side: real clients, with our proxy between them and a real broker.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use kafka_codec::ApiKey;
use kafka_codec::VersionRange;
use kafka_codec::connection::VersionTable;

use crate::proxy::{Counts, Versions, start};
use crate::support::{setup, within};

/// Starts a proxy for a listener; where clients find it, and what it sees.
async fn proxy(listener: &str, versions: Versions) -> (String, Arc<Mutex<Counts>>) {
    let addresses = setup(listener);
    let (listen, target) = addresses.split_once(' ').unwrap();
    let counts = start(listen, target.to_owned(), versions).await;
    (listen.to_owned(), counts)
}

/// Runs a client to its end, which must be a good one.
async fn run(command: &mut Command) {
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    let ended = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap());
    let status = within(120, ended).await.unwrap().status;
    assert!(status.success(), "{status}");
}

/// Nothing that should not happen has, and each of these was asked.
fn check(counts: &Counts, asked: &[ApiKey]) {
    let Counts {
        requests,
        silent,
        answered,
        faults,
        connections,
        ..
    } = counts;
    assert_eq!(*faults, [""; 0]);
    for key in asked {
        assert!(requests.contains_key(key), "no {key}: {counts:?}");
    }
    let all: usize = requests.values().sum();
    println!(
        "{connections} connections, {all} requests of {} APIs, {answered} answered, {silent} silent",
        requests.len()
    );
    assert!(*answered + *silent <= all);
    // What waits for records when a client leaves is not answered.
    let missing = all - answered - silent;
    assert!(missing < 10, "{missing} of {all} are not answered");
}

#[tokio::test]
async fn kafkas_own_client_works_through_a_proxy_with_sasl_and_without() {
    let (plain, plain_counts) = proxy("java", Versions::OfTheBroker).await;
    let (sasl, sasl_counts) = proxy("java_sasl", Versions::OfTheBroker).await;
    let mut java = Command::new("java");
    java.args(["-Xmx256m", "-cp", &setup("classpath")])
        .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=off")
        .args(["Scenes", &plain, &sasl]);
    run(&mut java).await;
    use ApiKey::{CreateTopics, EndTxn, Fetch, JoinGroup, Metadata, Produce, ShareFetch};
    let asked = [
        CreateTopics,
        EndTxn,
        Fetch,
        JoinGroup,
        Metadata,
        Produce,
        ShareFetch,
    ];
    let counts = plain_counts.lock().unwrap();
    check(&counts, &asked);
    assert!(counts.silent > 0, "it produces without acks too");
    use ApiKey::{SaslAuthenticate, SaslHandshake};
    check(
        &sasl_counts.lock().unwrap(),
        &[SaslHandshake, SaslAuthenticate],
    );
}

#[tokio::test]
async fn franz_go_works_through_a_proxy_that_answers_for_the_versions_itself() {
    // A version of ApiVersions less than franz-go asks in, so that it has to ask again.
    let stable = ApiKey::ALL
        .iter()
        .filter_map(|key| Some((*key, key.stable_versions()?)));
    let served = stable.map(|(key, versions)| match key {
        ApiKey::ApiVersions => (key, VersionRange::new(0, 3).unwrap()),
        _ => (key, versions),
    });
    let table = VersionTable::new(served);
    let (address, counts) = proxy("franz", Versions::Own(table)).await;
    for age in ["newest", "old"] {
        let mut franz = Command::new(setup("franz_go"));
        run(franz.args([age, &address])).await;
    }
    let counts = counts.lock().unwrap();
    check(
        &counts,
        &[
            ApiKey::Produce,
            ApiKey::Fetch,
            ApiKey::JoinGroup,
            ApiKey::EndTxn,
        ],
    );
    assert!(
        counts.software.iter().any(|name| name.starts_with("kgo")),
        "{:?}",
        counts.software
    );
}
