//! Sessions that end while requests go on.

use std::time::{Duration, Instant};

use kafka_codec::connection::sasl::{Mechanism, Scram};
use kafka_codec::connection::{ConnectionOptions, ReauthenticationMode};
use kafka_codec::messages::MetadataRequest;
use kafka_codec::messages::metadata_request::MetadataRequestTopic;

use crate::sasl::{LIFETIME, SEED, bare, plain};
use crate::support::{Link, hint, options};

/// Asks for a topic that does not exist, and sees that the answer is about that one.
async fn ask_by_name(link: &Link, name: String) {
    let request = MetadataRequest {
        topics: Some(vec![MetadataRequestTopic {
            name: Some(name.clone().into()),
            ..Default::default()
        }]),
        allow_auto_topic_creation: false,
        ..Default::default()
    };
    let answer = link.send(request).await.unwrap();
    let answer = answer.decode().unwrap();
    assert_eq!(answer.topics[0].name.as_deref(), Some(&*name));
}

/// Requests of several tasks, without a pause, for more than three sessions.
async fn under_load(mode: ReauthenticationMode, mechanism: Box<dyn Mechanism>) {
    let name = mechanism.name().to_owned();
    let options: ConnectionOptions = options("sasl").with_reauthentication(mode);
    let link = std::sync::Arc::new(Link::with("sasl", options, vec![mechanism]).await);
    let end = Instant::now() + LIFETIME * 3 + Duration::from_secs(1);
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let link = link.clone();
            tokio::spawn(async move {
                let mut asked = 0;
                while Instant::now() < end {
                    ask_by_name(&link, format!("nothing-{task}-{asked}")).await;
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    let mut asked = 0;
    for task in tasks {
        asked += task.await.unwrap();
    }
    let link = std::sync::Arc::into_inner(link).unwrap();
    let completed = link.completed();
    assert_eq!(completed.len(), asked);
    assert!(completed.iter().all(|done| done.outcome == "answered"));
    let again = format!("{name} begins again");
    let times = link.lines().iter().filter(|line| **line == again).count();
    assert_eq!(times, 3, "{:?}", link.lines());
    let waited = completed
        .iter()
        .map(|done| done.timings.waits.reauthentication);
    let most = waited.max().unwrap();
    println!(
        "{name} {mode:?}: {asked} requests, {times} times again, at most {most:?} waited for it"
    );
    assert!(
        most > Duration::ZERO && most < Duration::from_secs(1),
        "{most:?}"
    );
    link.close().await;
}

#[tokio::test]
async fn pipelined_behind_requests_every_one_is_answered_once() {
    under_load(ReauthenticationMode::Pipelined, plain("alice-secret")).await;
}

#[tokio::test]
async fn after_the_last_response_every_request_is_answered_once() {
    under_load(ReauthenticationMode::Drain, plain("alice-secret")).await;
}

#[tokio::test]
async fn scram_does_it_again_with_a_new_nonce() {
    let scram = Scram::sha_512("carol", "carol-secret", SEED);
    under_load(ReauthenticationMode::Pipelined, Box::new(scram)).await;
}

#[tokio::test]
async fn a_client_that_is_not_told_the_end_of_its_session_is_cut_off_at_its_next_request() {
    // Bare tokens have no room for a lifetime.
    let mut link = Link::with("sasl", bare("sasl"), vec![plain("alice-secret")]).await;
    link.ask().await.unwrap();
    tokio::time::sleep(LIFETIME + Duration::from_millis(500)).await;
    let error = link.ask().await.unwrap_err();
    let report = link.ended(5).await;
    let line = report.to_string();
    assert!(line.starts_with("broker 1 (sasl): Metadata v"), "{line}");
    assert!(line.ends_with(": peer closed between frames"), "{line}");
    assert_eq!(error.to_string(), line);
    assert_eq!(
        hint(&report).as_deref(),
        Some("possibly the session was over")
    );
}
