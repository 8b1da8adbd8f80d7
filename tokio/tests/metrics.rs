//! The metrics of both sides of a connection, as Prometheus gets them.
#![cfg(test)]
#![cfg(feature = "metrics")]

#[path = "support/prometheus.rs"]
mod prometheus;
#[path = "../examples/prometheus/recorder.rs"]
mod recorder;
mod support;

use std::time::Duration;

use kafka_codec_tokio::{Client, Connection};
use tokio::io::duplex;

use support::{BROKER, echo, everything, heartbeat, options};

/// The value of a metric with all of these labels.
fn value(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let series = prometheus::parse(text);
    let is_it = |key: &&String| {
        let rest = key.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with('{'))
            && labels.iter().all(|label| key.contains(label))
    };
    let key = series.keys().find(is_it)?;
    series.get(key).copied()
}

#[test]
fn labels_and_descriptions_are_escaped_as_the_text_format_wants_it() {
    let registry = recorder::Registry::default();
    metrics::with_local_recorder(&registry, || {
        metrics::describe_counter!("odd_total", "one\nline, a \\ and é");
        let name = "quotes \" and \\ and\nlines and é'";
        metrics::counter!("odd_total", "broker" => name).increment(2);
        metrics::histogram!("bare_seconds").record(0.002);
    });
    let text = registry.render();
    let series = prometheus::parse(&text);
    let key = r#"odd_total{broker="quotes \" and \\ and\nlines and é'"}"#;
    assert_eq!(series.get(key), Some(&2.0), "{text}");
    assert!(text.contains(r"one\nline, a \\ and é"), "{text}");
    assert_eq!(series[r#"bare_seconds_bucket{le="0.001"}"#], 0.0);
    assert_eq!(series[r#"bare_seconds_bucket{le="0.0025"}"#], 1.0);
}

#[tokio::test]
async fn requests_are_counted_and_timed_on_both_sides() {
    let prometheus = recorder::Registry::default();
    // The tasks of this test run on this thread.
    let _installed = metrics::set_default_local_recorder(&prometheus);
    let (near, far) = duplex(4096);
    let server = tokio::spawn(async move {
        let client = Client::over("client", far, &everything().with_metrics("internal"));
        for _ in 0..3 {
            let request = client.next_request().await.unwrap();
            request.respond(&echo(&request.decode().unwrap())).unwrap();
        }
        // One is lost with the connection.
        let _unanswered = client.next_request().await.unwrap();
        client.close();
        client.closed().await;
    });
    let connection = Connection::over(BROKER, near, &options().with_metrics())
        .await
        .unwrap();
    for number in 0..3 {
        connection.send(&heartbeat(number)).await.unwrap();
    }
    connection.send(&heartbeat(3)).await.unwrap_err();
    server.await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let text = prometheus.render();

    let client = format!("broker=\"{BROKER}\"");
    let api = "api=\"Heartbeat\"";
    let of_client = |name, more| value(&text, name, &[&client, api, more]);
    assert_eq!(
        of_client("kafka_requests_total", "outcome=\"responded\""),
        Some(3.0),
        "{text}"
    );
    assert!(text.contains("kafka_request_duration_seconds"), "{text}");

    let of_server =
        |name, more: &[&str]| value(&text, name, &[&["listener=\"internal\""], more].concat());
    let requests = "kafka_server_requests_total";
    assert_eq!(
        of_server(requests, &[api, "outcome=\"answered\""]),
        Some(3.0),
        "{text}"
    );
    assert_eq!(
        of_server(requests, &[api, "outcome=\"lost\""]),
        Some(1.0),
        "{text}"
    );
    let received = "kafka_server_requests_received_total";
    assert_eq!(of_server(received, &[api]), Some(4.0), "{text}");
    for (there, here) in [
        (
            "kafka_server_received_bytes_total",
            "kafka_sent_bytes_total",
        ),
        (
            "kafka_server_sent_bytes_total",
            "kafka_received_bytes_total",
        ),
    ] {
        let bytes = value(&text, here, &[&client, api]);
        assert!(bytes.is_some(), "{text}");
        assert_eq!(of_server(there, &[api]), bytes, "{there}: {text}");
    }
    let handled = "kafka_server_request_duration_seconds_count";
    assert_eq!(
        of_server(handled, &[api, "stage=\"handle\""]),
        Some(3.0),
        "{text}"
    );
    assert_eq!(
        of_server("kafka_server_connections", &[]),
        Some(0.0),
        "{text}"
    );
    assert_eq!(
        of_server("kafka_server_connections_opened_total", &[]),
        Some(1.0),
        "{text}"
    );
    let closed = "kafka_server_connections_closed_total";
    assert_eq!(
        of_server(closed, &["reason=\"local\""]),
        Some(1.0),
        "{text}"
    );
}
