//! A broker that throttles.

use std::time::Duration;

use kafka_codec::connection::{Event, SubmitOptions, Timings};
use kafka_codec::enumerations::{Acks, QuotaEntityType, QuotaMatchType};
use kafka_codec::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_codec::messages::describe_client_quotas_request::ComponentData;
use kafka_codec::messages::{AlterClientQuotasRequest, DescribeClientQuotasRequest};
use kafka_codec::{ApiKey, ErrorCode, VersionRange};

use crate::support::{Link, collect, options, socket};
use crate::topic::{Topic, batch};

/// Sets a quota of a client, and waits until the broker knows.
async fn limit(link: &Link, client_id: &str, quota: &'static str, rate: f64) {
    let request = AlterClientQuotasRequest {
        entries: vec![EntryData {
            entity: vec![EntityData {
                entity_type: QuotaEntityType::ClientId.into(),
                entity_name: Some(client_id.to_owned().into()),
                ..Default::default()
            }],
            ops: vec![OpData {
                key: quota.into(),
                value: rate,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = link.send(request).await.unwrap();
    let error = answer.decode().unwrap().entries[0].error_code;
    assert_eq!(error, ErrorCode::NONE);
    let question = DescribeClientQuotasRequest {
        components: vec![ComponentData {
            entity_type: QuotaEntityType::ClientId.into(),
            match_type: QuotaMatchType::EXACT,
            r#match: Some(client_id.to_owned().into()),
            ..Default::default()
        }],
        ..Default::default()
    };
    loop {
        let answer = link.send(question.clone()).await.unwrap();
        let entries = answer.decode().unwrap().entries.unwrap_or_default();
        if entries.iter().any(|entry| entry.values[0].value == rate) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The broker looks at ten seconds, so this is a fifth too much for 1000 bytes a second, and 2 s are to be waited.
const TOO_MUCH: [u8; 12_000] = [b'x'; 12_000];

/// What came of it.
struct Throttled {
    /// For how long the broker throttles, as it says.
    time: Duration,
    /// `true` if the connection holds requests back.
    is_held: bool,
    /// The request after it.
    next: Timings,
}

/// Produces too much in a version, and asks something at once afterwards.
async fn produce_too_much(purpose: &str, versions: VersionRange) -> Throttled {
    let admin = Link::open("plain").await;
    let topic = Topic::create(&admin, purpose).await;
    let client_id = &*topic.name;
    limit(&admin, client_id, "producer_byte_rate", 1000.0).await;
    let (throttled, on_event) = collect(|event| match event {
        Event::Throttled { time, until, label } => Some((*time, *until, *label)),
        _ => None,
    });
    let options = options("plain").with_client_id(client_id);
    let link = Link::over(socket("plain").await, options, vec![], on_event);
    let request = topic.produce(Acks::ALL, 0, batch(&[&TOO_MUCH]));
    let limits = SubmitOptions::default().with_versions(versions);
    let answer = link
        .client
        .send_with(&request, limits)
        .await
        .unwrap()
        .response;
    let answer = answer.decode().unwrap();
    let error = answer.responses[0].partition_responses[0].error_code;
    assert_eq!(error, ErrorCode::NONE);
    link.ask().await.unwrap();
    let next = link.completed().pop().unwrap().timings;
    admin.close().await;
    let throttled = throttled.lock().unwrap();
    let [(time, until, label)] = throttled[..] else {
        panic!("throttled {} times", throttled.len());
    };
    assert_eq!(label.api_key, ApiKey::Produce);
    let said = u64::try_from(answer.throttle_time_ms).unwrap();
    assert_eq!(time, Duration::from_millis(said));
    assert!(time > Duration::from_secs(1), "{time:?}");
    Throttled {
        time,
        is_held: until.is_some(),
        next,
    }
}

/// What a clock may be off by, and what the broker takes beside that.
const SLACK: Duration = Duration::from_millis(200);

#[tokio::test]
async fn what_comes_after_too_much_waits_for_as_long_as_the_broker_says() {
    let throttled = produce_too_much("throttled-new", VersionRange::new(6, 13).unwrap()).await;
    assert!(throttled.is_held);
    let waited = throttled.next.waits.throttle;
    assert!(waited > throttled.time - SLACK, "{waited:?}");
    assert!(waited < throttled.time + SLACK, "{waited:?}");
    // By then the broker reads again.
    let broker = throttled.next.time_to_first_byte().unwrap();
    assert!(broker < Duration::from_secs(1), "{broker:?}");
}

#[tokio::test]
async fn in_versions_before_the_broker_answers_at_once_too_and_then_reads_nothing_for_that_long() {
    let throttled = produce_too_much("throttled-old", VersionRange::new(3, 5).unwrap()).await;
    assert!(!throttled.is_held);
    assert_eq!(throttled.next.waits.throttle, Duration::ZERO);
    let broker = throttled.next.time_to_first_byte().unwrap();
    assert!(broker > throttled.time - SLACK, "{broker:?}");
}

#[tokio::test]
async fn a_share_of_the_brokers_time_throttles_whatever_is_asked() {
    let admin = Link::open("plain").await;
    let client_id = crate::topic::of_this_run("little-time");
    // A ten thousandth of one thread.
    limit(&admin, &client_id, "request_percentage", 0.01).await;
    let (throttled, on_event) = collect(|event| match event {
        Event::Throttled { time, until, label } => Some((*time, until.is_some(), *label)),
        _ => None,
    });
    let options = options("plain").with_client_id(&*client_id);
    let link = Link::over(socket("plain").await, options, vec![], on_event);
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while throttled.lock().unwrap().is_empty() {
        assert!(std::time::Instant::now() < until, "never throttled");
        link.ask().await.unwrap();
    }
    let (time, is_held, label) = throttled.lock().unwrap()[0];
    assert_eq!(label.api_key, ApiKey::Metadata);
    assert!(is_held && time > Duration::ZERO);
    link.ask().await.unwrap();
    let waited = link.completed().pop().unwrap().timings.waits.throttle;
    assert!(waited + SLACK > time, "{waited:?} of {time:?}");
    assert!(waited < time + SLACK, "{waited:?} of {time:?}");
    admin.close().await;
}
