//! Findings about connections: refused, not answered, ended badly, timed out, not readable.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::super::data::{Connection, Data};
use super::{Evidence, Finding, Rule, count, list, named, phrase, range};

pub(super) const REFUSED: Rule = Rule {
    name: "connections-refused",
    severity: "failure",
    when: "a broker's address refuses a connection: RST before any byte",
};
pub(super) const UNANSWERED: Rule = Rule {
    name: "connections-unanswered",
    severity: "failure",
    when: "nothing answers the SYN of 2 connections to an address or more",
};
pub(super) const ENDED_BADLY: Rule = Rule {
    name: "connections-ended-badly",
    severity: "failure",
    when: "a connection ends by one of the causes that `connections` reports other than a close by the client, idleness and time-out; of those that the broker's side ended, only with requests unanswered or by RST; of those that the client reset, only with requests unanswered, and after a FIN only with others than Fetch and Metadata",
};
pub(super) const TIMED_OUT: Rule = Rule {
    name: "requests-timed-out",
    severity: "delay",
    when: "a client closes a connection since a request was not answered in time",
};
pub(super) const TLS: Rule = Rule {
    name: "tls-handshake-failed",
    severity: "failure",
    when: "an alert ends a TLS handshake, or the handshake is not answered, and no other rule reports the connection",
};
pub(super) const UNREADABLE: Rule = Rule {
    name: "tls-not-decrypted",
    severity: "note",
    when: "a TLS connection to a broker is not decrypted, and no other rule reports it",
};

/// The causes of connections that ended badly, and what to say of one and of several.
const BAD: &[(&str, &str)] = &[
    ("tls-to-plaintext", "began with TLS at a plaintext port"),
    ("plaintext-to-tls", "began in plaintext at a TLS port"),
    ("foreign-protocol", "spoke another protocol than Kafka's"),
    (
        "request-too-large",
        "had a request larger than the broker accepts, which closed it",
    ),
    (
        "malformed-request",
        "had a malformed request, after which the broker closed it",
    ),
    (
        "unsupported-version",
        "had a request in a version that the broker does not serve, which closed it",
    ),
    ("auth-failed", "failed to authenticate"),
    ("mechanism-refused", "found no SASL mechanism in common"),
    (
        "session-expired",
        "outlived the SASL session without re-authentication, and the broker closed it",
    ),
    ("cut-mid-frame", "ended within a message"),
    (
        "silent",
        "went dead: data was sent again and again and never acknowledged",
    ),
    (
        "broker-reset",
        "was ended by the broker's side while requests were unanswered",
    ),
    (
        "client-reset",
        "was reset by the client while requests were unanswered",
    ),
];

pub(super) fn find(data: &Data, findings: &mut Vec<Finding>) {
    without_bytes(data, findings);
    let mut causes: BTreeMap<&str, Vec<&Connection>> = BTreeMap::new();
    for connection in data.views.all_connections() {
        if connection.ended_badly() {
            causes.entry(connection.cause).or_default().push(connection);
        }
    }
    for (cause, text) in BAD {
        if let Some(connections) = causes.get(cause) {
            findings.push(ended_badly(data, cause, text, connections));
        }
    }
    timed_out(data, findings);
    tls(data, findings);
}

fn without_bytes(data: &Data, findings: &mut Vec<Finding>) {
    let mut refused: BTreeMap<&str, Vec<&Connection>> = BTreeMap::new();
    let mut unanswered: BTreeMap<&str, Vec<&Connection>> = BTreeMap::new();
    for connection in data.views.all_connections() {
        if connection.cause != "none" {
            continue;
        }
        match connection.ended_by {
            Some("broker RST") => refused
                .entry(connection.broker())
                .or_default()
                .push(connection),
            None if !connection.is_accepted => unanswered
                .entry(connection.broker())
                .or_default()
                .push(connection),
            // Those that the client closed may be health checks, and those that are open may go on.
            _ => {}
        }
    }
    for (broker, connections) in refused {
        let hit = hit(&connections);
        let what = count(hit, "connection", "connections");
        let was = if hit == 1 { "was" } else { "were" };
        let title = format!("{what} to {} {was} refused", data.broker(broker));
        let detail = "Nothing listens at this address: the broker is down, restarts, or advertises another address than its own (advertised.listeners).";
        let evidence = evidence(&connections, "\"no byte was carried\"".to_owned());
        findings.push(Finding::new(
            &REFUSED,
            hit,
            title,
            detail.to_owned(),
            evidence,
        ));
    }
    for (broker, connections) in unanswered {
        let hit = hit(&connections);
        if hit < 2 {
            continue;
        }
        let title = format!(
            "{hit} connections to {} were not answered",
            data.broker(broker)
        );
        let detail =
            "Each is a SYN without an answer. Check the network, firewalls and the machine.";
        let evidence = evidence(&connections, "\"no byte was carried\"".to_owned());
        findings.push(Finding::new(
            &UNANSWERED,
            hit,
            title,
            detail.to_owned(),
            evidence,
        ));
    }
}

fn ended_badly(data: &Data, cause: &str, text: &str, connections: &[&Connection]) -> Finding {
    let hit = hit(connections);
    let text = if hit == 1 {
        text.to_owned()
    } else {
        text.replacen("was ", "were ", 1)
            .replace("closed it", "closed them")
    };
    let title = format!("{} {text}", count(hit, "connection", "connections"));
    let clients = named("Clients: ", names(connections));
    let mut brokers: Vec<_> = connections.iter().map(|each| each.broker()).collect();
    brokers.sort_unstable();
    brokers.dedup();
    let brokers: Vec<_> = brokers.iter().map(|each| data.broker(each)).collect();
    let brokers = list(brokers.iter().map(String::as_str));
    let advice = advice(data, cause);
    let example = connections
        .first()
        .map_or("", |first| first.because.as_str());
    let parts = [
        clients,
        format!("To {brokers}"),
        format!("The first: {example}"),
        advice
            .map(|advice| format!("What to do: {advice}"))
            .unwrap_or_default(),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let detail = format!("{}.", parts.join(". "));
    Finding::new(
        &ENDED_BADLY,
        hit,
        title,
        detail,
        evidence(connections, phrase(cause)),
    )
}

/// What `connections` advises about a cause.
fn advice<'d>(data: &'d Data, cause: &str) -> Option<&'d str> {
    let causes = data.connections.get("causes")?.as_array()?;
    let found = causes.iter().find(|each| {
        let name = each.get("cause").and_then(serde_json::Value::as_str);
        name == Some(cause)
    });
    found?
        .get("advice")?
        .as_str()
        .filter(|advice| !advice.is_empty())
}

fn timed_out(data: &Data, findings: &mut Vec<Finding>) {
    let connections = data.views.all_connections();
    let timed_out: Vec<_> = connections
        .filter(|each| each.cause == "client-timeout")
        .collect();
    if timed_out.is_empty() {
        return;
    }
    let hit = hit(&timed_out);
    let title = format!(
        "Clients gave up waiting and closed {}",
        count(hit, "connection", "connections")
    );
    // Of those that are not listed the end is not known so well.
    let listed = data.views.connections.iter();
    let listed = listed.filter(|each| each.cause == "client-timeout");
    let stalled = as_u64(listed.filter(|each| is_stalled(data, each)).count());
    let stalled = match stalled {
        0 => String::new(),
        all if all == hit => " The brokers were stalled then.".to_owned(),
        some => format!(" Of {some} of them the broker was stalled then."),
    };
    let clients = named("Clients: ", names(&timed_out));
    let clients = if clients.is_empty() {
        clients
    } else {
        format!("{clients}.")
    };
    let detail = format!("{clients}{stalled}");
    let evidence = evidence(&timed_out, "client-timeout".to_owned());
    findings.push(Finding::new(&TIMED_OUT, hit, title, detail, evidence));
}

/// Whether the broker was stalled when the client closed the connection.
fn is_stalled(data: &Data, connection: &Connection) -> bool {
    let closed = connection.closed.unwrap_or(data.to);
    let Ok(broker) = connection.broker().parse::<SocketAddr>() else {
        return false;
    };
    let mut stalls = data.waits.stalls.iter();
    stalls.any(|stall| stall.broker == broker && (stall.from..=stall.to).contains(&closed))
}

fn tls(data: &Data, findings: &mut Vec<Finding>) {
    let of = |outcome: &str| -> Vec<&Connection> {
        let connections = data.views.all_connections();
        let is_so = |each: &Connection| {
            let tls = each.tls.as_deref();
            tls.is_some_and(|tls| tls.contains(outcome)) && !each.ended_badly()
        };
        connections.filter(|each| is_so(each)).collect()
    };
    for outcome in ["handshake refused", "the ClientHello was not answered"] {
        let failed = of(outcome);
        if failed.is_empty() {
            continue;
        }
        let hit = hit(&failed);
        let what = count(hit, "connection", "connections");
        let title = format!("{what} failed in the TLS handshake: {outcome}");
        let outcomes = list(failed.iter().filter_map(|each| each.tls.as_deref()));
        let detail =
            format!("What was seen: {outcomes}. Check certificates, versions and cipher suites.");
        let evidence = evidence(&failed, phrase(outcome));
        findings.push(Finding::new(&TLS, hit, title, detail, evidence));
    }
    let unread = of("not decrypted");
    if !unread.is_empty() {
        let hit = hit(&unread);
        let title = if hit == 1 {
            "1 TLS connection is not decrypted: this report has only its life".to_owned()
        } else {
            format!("{hit} TLS connections are not decrypted: this report has only their lives")
        };
        let outcomes = list(unread.iter().filter_map(|each| each.tls.as_deref()));
        let detail = format!(
            "What was seen: {outcomes}. Option --keylog takes the secrets that clients log."
        );
        let evidence = evidence(&unread, "\"not decrypted\"".to_owned());
        findings.push(Finding::new(&UNREADABLE, hit, title, detail, evidence));
    }
}

/// How many connections there are.
fn hit(connections: &[&Connection]) -> u64 {
    connections.iter().map(|each| each.count).sum()
}

/// The clients of connections.
fn names<'c>(connections: &[&'c Connection]) -> Vec<&'c str> {
    let names = connections.iter();
    names.filter_map(|each| each.client_id.as_deref()).collect()
}

fn evidence(connections: &[&Connection], query: String) -> Evidence {
    let ends = connections.iter();
    let times = ends.flat_map(|each| [each.first_end, each.closed.unwrap_or(each.opened)]);
    Evidence::new("connections", query, range(times))
}

fn as_u64(count: usize) -> u64 {
    crate::length::u64_of(count)
}
