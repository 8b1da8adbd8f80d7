//! Events of the accepting side, counted and timed with the facade `metrics`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kafka_codec::ApiKey;
use kafka_codec::connection::CloseReport;
use kafka_codec::connection::server::ServerEvent;
use metrics::{Counter, Gauge, Histogram, Label, SharedString, counter, gauge, histogram};

/// The bytes of the size before a frame.
const SIZE_BYTES: u64 = 4;

/// The metrics of a listener, which its connections share. Nothing that a client says becomes a label, but its API.
#[derive(Clone)]
pub(super) struct ListenerMetrics(Arc<Mutex<Inner>>);

struct Inner {
    listener: SharedString,
    apis: BTreeMap<&'static str, ApiMetrics>,
    open: Gauge,
    opened: Counter,
}

/// The handles of an API.
struct ApiMetrics {
    received: Counter,
    received_bytes: Counter,
    answered: Counter,
    lost: Counter,
    sent_bytes: Counter,
    handled: Histogram,
    written: Histogram,
}

impl ApiMetrics {
    fn new(listener: &SharedString, api: &'static str) -> Self {
        let labels = |more: Option<(&'static str, &'static str)>| {
            let mut labels = vec![
                Label::new("listener", listener.clone()),
                Label::from_static_parts("api", api),
            ];
            labels.extend(more.map(|(key, value)| Label::from_static_parts(key, value)));
            labels
        };
        let over = |outcome| {
            counter!(
                "kafka_server_requests_total",
                labels(Some(("outcome", outcome)))
            )
        };
        let stage = |stage| {
            let labels = labels(Some(("stage", stage)));
            histogram!("kafka_server_request_duration_seconds", labels)
        };
        Self {
            received: counter!("kafka_server_requests_received_total", labels(None)),
            received_bytes: counter!("kafka_server_received_bytes_total", labels(None)),
            answered: over("answered"),
            lost: over("lost"),
            sent_bytes: counter!("kafka_server_sent_bytes_total", labels(None)),
            handled: stage("handle"),
            written: stage("write"),
        }
    }
}

impl Inner {
    fn api(&mut self, key: ApiKey) -> &ApiMetrics {
        let name = key.name().unwrap_or("unknown");
        let listener = &self.listener;
        self.apis
            .entry(name)
            .or_insert_with(|| ApiMetrics::new(listener, name))
    }
}

impl ListenerMetrics {
    pub(super) fn new(listener: &Arc<str>) -> Self {
        let listener = SharedString::from_shared(listener.clone());
        let labels = || vec![Label::new("listener", listener.clone())];
        Self(Arc::new(Mutex::new(Inner {
            open: gauge!("kafka_server_connections", labels()),
            opened: counter!("kafka_server_connections_opened_total", labels()),
            apis: BTreeMap::new(),
            listener,
        })))
    }

    fn with(&self, act: impl FnOnce(&mut Inner)) {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A client is there, after TLS.
    pub(super) fn opened(&self) {
        self.with(|inner| {
            inner.opened.increment(1);
            inner.open.increment(1.0);
        });
    }

    pub(super) fn observe(&self, event: &ServerEvent) {
        match event {
            ServerEvent::Request(request) => self.with(|inner| {
                let api = inner.api(request.label().api_key);
                api.received.increment(1);
                let bytes = SIZE_BYTES + request.frame().len() as u64;
                api.received_bytes.increment(bytes);
            }),
            ServerEvent::Written {
                label,
                bytes,
                handled_in,
                written_in,
                ..
            } => self.with(|inner| {
                let api = inner.api(label.api_key);
                api.answered.increment(1);
                api.sent_bytes.increment(*bytes as u64);
                api.handled.record(*handled_in);
                api.written.record(*written_in);
            }),
            ServerEvent::Closed(report) => self.closed(report),
            _ => {}
        }
    }

    fn closed(&self, report: &CloseReport) {
        self.with(|inner| {
            inner.open.decrement(1.0);
            for request in &report.in_flight {
                inner.api(request.label.api_key).lost.increment(1);
            }
            let labels = vec![
                Label::new("listener", inner.listener.clone()),
                Label::from_static_parts("reason", report.reason.name()),
            ];
            counter!("kafka_server_connections_closed_total", labels).increment(1);
        });
    }
}
