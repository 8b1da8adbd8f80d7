//! Sessions that end while requests go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_codec::connection::sasl::{Mechanism, MechanismError, Plain, Reply, Scram};
use kafka_codec::connection::{ConnectionOptions, Delivery, ReauthenticationMode, State};
use kafka_codec::messages::MetadataRequest;
use kafka_codec::messages::metadata_request::MetadataRequestTopic;
use kafka_codec_tokio::SendError;

use crate::sasl::{LIFETIME, SEED, bare, plain};
use crate::support::{Link, hint, options, within};

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

/// Requests of several tasks, without a pause, until the connection has authenticated again three times.
async fn under_load(mode: ReauthenticationMode, mechanism: Box<dyn Mechanism>) {
    let name = mechanism.name().to_owned();
    let options: ConnectionOptions = options("sasl").with_reauthentication(mode);
    let link = Arc::new(Link::with("sasl", options, vec![mechanism]).await);
    let again = format!("{name} begins again");
    let limit = Instant::now() + LIFETIME * 10;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (link, again) = (link.clone(), again.clone());
            tokio::spawn(async move {
                let mut asked = 0;
                while count(&link, &again) < 3 && Instant::now() < limit {
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
    let link = Arc::into_inner(link).unwrap();
    let completed = link.completed();
    assert_eq!(completed.len(), asked);
    assert!(completed.iter().all(|done| done.outcome == "answered"));
    assert_eq!(count(&link, &again), 3, "{:?}", link.lines());
    let waited = completed
        .iter()
        .map(|done| done.timings.waits.reauthentication);
    let most = waited.max().unwrap();
    assert!(most > Duration::ZERO && most < LIFETIME, "{most:?}");
    link.close().await;
}

fn count(link: &Link, line: &str) -> usize {
    link.lines().iter().filter(|seen| *seen == line).count()
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
    let error = error.to_string();
    assert!(
        error.ends_with(": sent, no response: peer closed"),
        "{error}"
    );
    assert_eq!(
        hint(&report).as_deref(),
        Some("possibly the session was over")
    );
}

/// PLAIN with other credentials the next time.
#[derive(Debug)]
struct Changing(Vec<Plain>);

impl Mechanism for Changing {
    fn name(&self) -> &str {
        "PLAIN"
    }

    fn start(&mut self) -> Result<Reply, MechanismError> {
        self.0.remove(0).start()
    }

    fn respond(&mut self, _: &[u8]) -> Result<Reply, MechanismError> {
        Ok(Reply::Done)
    }
}

#[tokio::test]
async fn who_is_refused_the_next_time_is_told_so_and_what_waited_was_not_sent() {
    let changes = [
        (("alice", "guess"), "Invalid username or password"),
        (("eve", "eve-secret"), "Cannot change principals"),
    ];
    for ((user, password), words) in changes {
        let credentials = vec![
            Plain::new("alice", "alice-secret"),
            Plain::new(user, password),
        ];
        let changing = Box::new(Changing(credentials));
        let link = Arc::new(Link::with("sasl", options("sasl"), vec![changing]).await);
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let link = link.clone();
                tokio::spawn(async move {
                    loop {
                        if let Err(error) = link.ask().await {
                            return error;
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            let error = within(10, task).await.unwrap();
            match error {
                SendError::Failed(error) => {
                    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
                }
                SendError::Closed(_) => {}
                other => panic!("{other}"),
            }
        }
        let mut link = Arc::into_inner(link).unwrap();
        let report = link.ended(1).await;
        let line = report.to_string();
        let begins = "broker 1 (sasl): authenticating again: PLAIN: broker refused: SASL_AUTHENTICATION_FAILED (58): ";
        assert!(line.starts_with(begins) && line.contains(words), "{line}");
        assert_eq!(report.in_flight, [], "{line}");
        assert_eq!(report.state, State::Reauthenticating);
        let completed = link.completed();
        let not_sent = completed
            .iter()
            .filter(|done| done.outcome.contains("not sent"));
        let answered = completed.iter().filter(|done| done.outcome == "answered");
        assert_eq!(answered.count() + not_sent.count(), completed.len());
    }
}
