//! What a program sees that exports spans to OpenTelemetry and calls nothing of it here: parents, times and status.
#![cfg(test)]

mod support {
    pub(crate) mod toy_cluster;
}

use std::collections::HashMap;

use bytes::Bytes;
use kafka_codec::ErrorCode;
use kafka_codec::messages::DescribeAclsRequest;
use kafka_codec_tokio::{Cluster, ClusterOptions, Produce};
use opentelemetry::trace::{SpanKind, Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::layer::SubscriberExt;

use support::toy_cluster::{Script, ToyCluster};

/// The value of an attribute, as text.
fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key.as_str() == key);
    found.map(|it| it.value.to_string())
}

#[tokio::test(flavor = "current_thread")]
async fn a_batch_is_a_span_with_a_child_for_each_attempt() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    let subscribed = tracing::subscriber::set_default(subscriber);

    let toy = ToyCluster::start(1).await;
    let cluster = toy.cluster();
    toy.script([Script::Code(ErrorCode::NOT_ENOUGH_REPLICAS)]);
    let batch = || Produce::new("orders", 0, Bytes::from_static(b"a batch")).with_record_count(3);
    cluster.produce(batch()).await.unwrap();
    toy.script([Script::Code(ErrorCode::MESSAGE_TOO_LARGE)]);
    cluster.produce(batch()).await.unwrap_err();
    drop(subscribed);

    let spans = exporter.get_finished_spans().unwrap();
    let batches: Vec<&SpanData> = spans.iter().filter(|it| it.name == "send orders").collect();
    let [first, second] = batches[..] else {
        panic!("{spans:#?}")
    };
    assert_eq!(first.span_kind, SpanKind::Producer);
    assert_eq!(first.status, Status::Ok);
    assert!(
        matches!(second.status, Status::Error { .. }),
        "{:?}",
        second.status
    );
    let expected = [
        ("messaging.system", "kafka"),
        ("messaging.destination.name", "orders"),
        ("messaging.destination.partition.id", "0"),
        ("messaging.batch.message_count", "3"),
        ("messaging.kafka.offset", "0"),
        ("kafka.produce.attempts", "2"),
        ("kafka.produce.persistence", "yes"),
    ];
    for (key, value) in expected {
        assert_eq!(attribute(first, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(
        attribute(second, "error.type").as_deref(),
        Some("MESSAGE_TOO_LARGE")
    );
    assert_eq!(
        attribute(second, "kafka.produce.persistence").as_deref(),
        Some("no")
    );

    let mut children: HashMap<_, Vec<&SpanData>> = HashMap::new();
    for span in spans.iter().filter(|it| it.name.starts_with("attempt ")) {
        children.entry(span.parent_span_id).or_default().push(span);
    }
    let attempts = &children[&first.span_context.span_id()];
    let [failed, done] = attempts[..] else {
        panic!("{attempts:#?}")
    };
    assert_eq!((&*failed.name, &*done.name), ("attempt 1", "attempt 2"));
    assert_eq!(failed.span_kind, SpanKind::Client);
    assert_eq!(
        attribute(failed, "error.type").as_deref(),
        Some("NOT_ENOUGH_REPLICAS")
    );
    assert_eq!(
        attribute(failed, "kafka.produce.outcome").as_deref(),
        Some("retriable")
    );
    assert_eq!(done.status, Status::Ok);
    // One after the other, within the batch.
    let times = [
        first.start_time,
        failed.start_time,
        failed.end_time,
        done.start_time,
    ];
    assert!(times.is_sorted(), "{times:?}");
    assert!(done.end_time <= first.end_time);
    assert!(
        attribute(done, "server.address")
            .unwrap()
            .starts_with("broker 1 (127.0.0.1:")
    );
    assert_eq!(children[&second.span_context.span_id()].len(), 1);

    // The Metadata that it took to find the leader is a span of its own.
    assert!(spans.iter().any(|it| it.name.starts_with("Metadata v")));
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_that_fails_is_a_span_with_its_error() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscribed = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    let toy = ToyCluster::start(1).await;
    // The toy does not answer DescribeAcls.
    let options: ClusterOptions = toy
        .options()
        .with_deadline(std::time::Duration::from_millis(300));
    let error = Cluster::new(options)
        .send(&DescribeAclsRequest::default())
        .await;
    assert!(error.is_err());
    drop(subscribed);
    let spans = exporter.get_finished_spans().unwrap();
    let span = spans
        .iter()
        .find(|it| it.name.starts_with("DescribeAcls v"))
        .unwrap();
    assert!(matches!(span.status, Status::Error { .. }));
    assert_eq!(attribute(span, "error.type").as_deref(), Some("timed_out"));
}
