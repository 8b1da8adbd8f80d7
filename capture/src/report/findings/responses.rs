//! Findings about answers: brokers that stall, errors, latency, throttling, versions; and about the capture itself.

use std::collections::BTreeMap;

use kafka_codec::{ApiKey, ErrorCode};

use super::super::data::Data;
use super::{Evidence, Finding, Rule, count, length, list, list_of_more, named, phrase, range};

pub(super) const STALL: Rule = Rule {
    name: "broker-stalled",
    severity: "failure",
    when: "a broker answers no request on any connection for 1 s or longer, while requests on 2 connections or more wait that it has no reason to hold",
};
pub(super) const ERRORS: Rule = Rule {
    name: "errors",
    severity: "delay",
    when: "an error is in 3 responses of an API or more and in 1 % of them or more; in 1 response or more of Produce, Fetch, ShareFetch, ShareAcknowledge, OffsetCommit, TxnOffsetCommit, AddPartitionsToTxn, AddOffsetsToTxn and EndTxn, and of errors that stop a client. Errors that clients expect count from 10 responses and 10 % of them on, and those that another rule reports do not count",
};
pub(super) const DENIED: Rule = Rule {
    name: "not-authorized",
    severity: "failure",
    when: "a response says that the user has no permission",
};
pub(super) const SLOW: Rule = Rule {
    name: "slow-requests",
    severity: "delay",
    when: "3 requests of an API or more take 1 s or longer, or one 5 s or longer, beyond the time that they allow the broker to hold them, and not while it stalls",
};
pub(super) const THROTTLED: Rule = Rule {
    name: "throttled",
    severity: "delay",
    when: "a response has a throttle time",
};
pub(super) const VERSIONS: Rule = Rule {
    name: "old-versions",
    severity: "note",
    when: "a client uses a version of an API that the newest known release of Kafka does not serve any more",
};
pub(super) const INCOMPLETE: Rule = Rule {
    name: "capture-incomplete",
    severity: "note",
    when: "bytes of Kafka connections are missing in the capture, or 1 % of the messages or more are not captured whole",
};

const SLOW_COUNT: usize = 3;
const VERY_SLOW_NANOSECONDS: i64 = 5_000_000_000;
/// Errors that are a part of normal work: a step of joining, a coordinator that starts, a topic that is made when it is
/// first used, a fetch session that the broker forgot, a transaction whose markers are still being written.
const EXPECTED: &[ErrorCode] = &[
    ErrorCode::MEMBER_ID_REQUIRED,
    ErrorCode::COORDINATOR_NOT_AVAILABLE,
    ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode::NOT_COORDINATOR,
    ErrorCode::LEADER_NOT_AVAILABLE,
    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode::FETCH_SESSION_ID_NOT_FOUND,
    ErrorCode::INVALID_FETCH_SESSION_EPOCH,
    ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
    ErrorCode::TOPIC_ALREADY_EXISTS,
    ErrorCode::SECURITY_DISABLED,
    ErrorCode::REBALANCE_IN_PROGRESS,
    ErrorCode::CONCURRENT_TRANSACTIONS,
];
/// Errors after which a client has to give up: another one took its place, or the group does not take it.
const FATAL: &[ErrorCode] = &[
    ErrorCode::FENCED_INSTANCE_ID,
    ErrorCode::UNRELEASED_INSTANCE_ID,
    ErrorCode::INCONSISTENT_GROUP_PROTOCOL,
    ErrorCode::GROUP_MAX_SIZE_REACHED,
    ErrorCode::INVALID_SESSION_TIMEOUT,
    ErrorCode::PRODUCER_FENCED,
    ErrorCode::INVALID_PRODUCER_EPOCH,
    ErrorCode::INVALID_TRANSACTION_TIMEOUT,
];
/// Errors of users without permission.
const DENIALS: &[ErrorCode] = &[
    ErrorCode::TOPIC_AUTHORIZATION_FAILED,
    ErrorCode::GROUP_AUTHORIZATION_FAILED,
    ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
    ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ErrorCode::DELEGATION_TOKEN_AUTHORIZATION_FAILED,
];
/// Errors that end a connection, or are the outcome of a batch that failed.
const REPORTED_ELSEWHERE: &[ErrorCode] = &[
    ErrorCode::SASL_AUTHENTICATION_FAILED,
    ErrorCode::UNSUPPORTED_SASL_MECHANISM,
    ErrorCode::ILLEGAL_SASL_STATE,
];
/// APIs whose errors count from the first on: what carries records and offsets.
const DATA_APIS: &[ApiKey] = &[
    ApiKey::Produce,
    ApiKey::Fetch,
    ApiKey::ShareFetch,
    ApiKey::ShareAcknowledge,
    ApiKey::OffsetCommit,
    ApiKey::TxnOffsetCommit,
    ApiKey::AddPartitionsToTxn,
    ApiKey::AddOffsetsToTxn,
    ApiKey::EndTxn,
];

pub(super) fn find(data: &Data, findings: &mut Vec<Finding>) {
    stalls(data, findings);
    denials(data, findings);
    errors(data, findings);
    slow(data, findings);
    throttled(data, findings);
    versions(data, findings);
    incomplete(data, findings);
}

fn stalls(data: &Data, findings: &mut Vec<Finding>) {
    for stall in &data.waits.stalls {
        let address = stall.broker.to_string();
        let broker = capitalized(&data.broker(&address));
        let time = length(stall.to.saturating_sub(stall.from));
        let title = format!("{broker} stopped answering for {time}");
        let waited = count(as_u64(stall.requests), "request", "requests");
        let connections = count(as_u64(stall.connections), "connection", "connections");
        let in_vain = match stall.in_vain {
            0 => "all were answered later".to_owned(),
            all if all == stall.requests => "none was answered in time".to_owned(),
            some => format!("{some} of them in vain"),
        };
        let clients = stall.clients.keys().map(String::as_str);
        let clients = match list_of_more(clients, stall.clients_left_out) {
            none if none.is_empty() => none,
            clients => format!(" Clients: {clients}."),
        };
        let end = if stall.is_over {
            ""
        } else {
            " It did not answer again within the capture."
        };
        let detail = format!("{waited} on {connections} waited, {in_vain}.{clients}{end}");
        let evidence = Evidence::new(
            "connections",
            phrase(&address),
            Some((stall.from, stall.to)),
        );
        findings.push(Finding::new(
            &STALL,
            as_u64(stall.requests),
            title,
            detail,
            evidence,
        ));
    }
}

fn denials(data: &Data, findings: &mut Vec<Finding>) {
    for code in DENIALS {
        let Some(error) = code.name() else {
            continue;
        };
        let errors = data.views.summary.errors.iter();
        let errors: Vec<_> = errors.filter(|each| each.error == error).collect();
        let hit = errors.iter().map(|each| each.count).sum();
        if hit == 0 {
            continue;
        }
        let title = format!(
            "Permission was refused {}: {error}",
            count(hit, "time", "times")
        );
        let apis = list(errors.iter().map(|each| each.api.as_str()));
        let users = data.views.summary.by_user.iter();
        let users = users.filter(|each| each.errors.contains_key(error));
        let users = list(users.filter_map(|each| each.user.as_deref()));
        let clients = data.views.summary.by_client.iter();
        let clients = clients.filter(|each| each.errors.contains_key(error));
        let clients = list(clients.filter_map(|each| each.client_id.as_deref()));
        let detail = [
            sentence(&format!("Users: {users}")),
            sentence(&format!("Clients: {clients}")),
            sentence(&format!("APIs: {apis}")),
            sentence(&super::meaning(*code)),
        ];
        let evidence = Evidence::new("errors", phrase(error), None);
        findings.push(Finding::new(&DENIED, hit, title, detail.concat(), evidence));
    }
}

fn errors(data: &Data, findings: &mut Vec<Finding>) {
    let apis = data.views.summary.by_api.iter();
    let mut errors: Vec<_> = apis
        .flat_map(|each| {
            let errors = each.responses_by_error.iter();
            errors.map(|(error, hit)| (each.api.as_str(), error.as_str(), *hit, each.responses))
        })
        .collect();
    errors.sort_unstable();
    for (api, error, hit, responses) in errors {
        let code = ErrorCode::from_name(error);
        let is_one_of = |codes: &[ErrorCode]| code.is_some_and(|code| codes.contains(&code));
        let is_failed_batch = api == "Produce" && is_final(data, error);
        if is_one_of(REPORTED_ELSEWHERE) || is_one_of(DENIALS) || is_failed_batch {
            continue;
        }
        let is_data = DATA_APIS.iter().any(|each| each.name() == Some(api));
        let is_notable = if is_one_of(EXPECTED) {
            hit >= 10 && hit * 10 >= responses
        } else {
            is_one_of(FATAL) || is_data || hit >= 3 && hit * 100 >= responses
        };
        if !is_notable {
            continue;
        }
        let times = count(hit, "time", "times");
        let title = format!("{api} was answered {error} {times}");
        let topics = topics(data, api, error);
        let topics = named("Topics: ", topics);
        let clients = data.views.summary.by_client_and_api.iter();
        let clients = clients.filter(|each| each.api == api && each.errors.contains_key(error));
        let clients = named(
            "Clients: ",
            clients.filter_map(|each| each.client_id.as_deref()),
        );
        let meaning = code.map(super::meaning).unwrap_or_default();
        let detail = [sentence(&meaning), sentence(&clients), sentence(&topics)].concat();
        let evidence = Evidence::new("errors", format!("{} {}", phrase(api), phrase(error)), None);
        findings.push(Finding::new(&ERRORS, hit, title, detail, evidence));
    }
}

/// Returns `true` if batches failed with this error in the end, which is a finding of its own.
fn is_final(data: &Data, error: &str) -> bool {
    let outcomes = &data.views.totals.by_final_outcome;
    let was_retried = data.views.totals.retries_by_cause.contains_key(error);
    outcomes.contains_key(&format!("failed: {error}")) && !was_retried
}

fn topics<'d>(data: &'d Data, api: &str, error: &str) -> Vec<&'d str> {
    let topics = data.views.summary.by_topic.iter();
    let hit = topics.filter(|topic| {
        let errors = match api {
            "Produce" => &topic.produce_errors,
            "Fetch" | "ShareFetch" => &topic.fetch_errors,
            _ => return false,
        };
        errors.contains_key(error)
    });
    hit.filter_map(|topic| topic.topic.as_deref()).collect()
}

fn slow(data: &Data, findings: &mut Vec<Finding>) {
    let mut apis: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for slow in &data.waits.slow {
        apis.entry(&slow.api).or_default().push(slow);
    }
    for (api, slow) in apis {
        let mut beyond = slow.iter().map(|each| each.end.saturating_sub(each.due));
        if slow.len() < SLOW_COUNT && beyond.all(|beyond| beyond < VERY_SLOW_NANOSECONDS) {
            continue;
        }
        let lengths = slow.iter().map(|each| each.end.saturating_sub(each.sent));
        let longest = lengths.max().unwrap_or_default();
        let requests = count(as_u64(slow.len()), "request", "requests");
        let title = format!(
            "{api}: {requests} took 1 s or longer, the longest {}",
            length(longest)
        );
        let unanswered = slow.iter().filter(|each| !each.is_answered).count();
        let unanswered = match unanswered {
            0 => String::new(),
            some => format!(" {some} of them were not answered."),
        };
        let clients = list(slow.iter().filter_map(|each| each.client_id.as_deref()));
        let mut brokers: Vec<_> = slow.iter().map(|each| each.broker.to_string()).collect();
        brokers.sort_unstable();
        brokers.dedup();
        let brokers = list(brokers.iter().map(String::as_str));
        let detail = format!(
            "{}{}{unanswered} Their brokers answered other requests in that time.",
            sentence(&format!("Clients: {clients}")),
            sentence(&format!("Brokers: {brokers}")),
        );
        let time = range(slow.iter().flat_map(|each| [each.sent, each.end]));
        let evidence = Evidence::new("slow", phrase(api), time);
        findings.push(Finding::new(
            &SLOW,
            as_u64(slow.len()),
            title,
            detail,
            evidence,
        ));
    }
}

fn throttled(data: &Data, findings: &mut Vec<Finding>) {
    for part in &data.views.summary.latency_parts {
        if part.throttled == 0 {
            continue;
        }
        let responses = count(part.throttled, "response", "responses");
        let title = format!("Clients were throttled by {responses} to {}", part.api);
        let milliseconds = i64::try_from(part.throttle_ms).unwrap_or(i64::MAX);
        let time = length(milliseconds.saturating_mul(1_000_000));
        let detail =
            format!("The throttle times come to {time}. Quotas of the broker are exceeded.");
        let evidence = Evidence::new("latency-parts", phrase(&part.api), None);
        findings.push(Finding::new(
            &THROTTLED,
            part.throttled,
            title,
            detail,
            evidence,
        ));
    }
}

fn versions(data: &Data, findings: &mut Vec<Finding>) {
    let mut clients: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut release = "";
    for refused in &data.views.summary.refused_by_newest {
        let least = refused.served.as_deref().and_then(|served| {
            let (least, _) = served.split_once('-')?;
            least.parse::<i16>().ok()
        });
        let versions = refused.versions.iter();
        let old: Vec<_> = versions
            .filter(|version| least.is_none_or(|least| **version < least))
            .map(ToString::to_string)
            .collect();
        if old.is_empty() {
            continue;
        }
        release = &refused.release;
        let client = refused.client_id.as_deref().unwrap_or_default();
        let uses = clients.entry(client).or_default();
        uses.push(format!("{} {}", refused.api, old.join(" and ")));
    }
    for (client, uses) in clients {
        let name = if client.is_empty() {
            "A client without a client id".to_owned()
        } else {
            format!("Client {client}")
        };
        let title = format!(
            "{name} speaks versions that Kafka {release} does not serve: {}",
            list(uses.iter().map(String::as_str))
        );
        let detail =
            "A broker of that release closes the connection. Update the client before the brokers.";
        let evidence = Evidence::new("refused-versions", phrase(client), None);
        let hit = as_u64(uses.len());
        findings.push(Finding::new(
            &VERSIONS,
            hit,
            title,
            detail.to_owned(),
            evidence,
        ));
    }
}

fn incomplete(data: &Data, findings: &mut Vec<Finding>) {
    let counts = &data.counts;
    let messages = counts.requests + counts.responses;
    // What a closed connection cut off is all that there was of it.
    let truncated = counts.truncated.saturating_sub(counts.cut_off);
    let is_truncated = truncated > 0 && truncated * 100 >= messages;
    if counts.missing_bytes == 0 && !is_truncated {
        return;
    }
    let title = format!(
        "The capture is incomplete: {} not captured whole, {} missing between messages",
        count(truncated, "message is", "messages are"),
        count(counts.missing_bytes, "byte", "bytes"),
    );
    let detail = "Figures and causes of what is missing may be wrong. Check for a snapshot length, and for packets that were dropped while capturing.";
    let evidence = Evidence::new("about", String::new(), None);
    let hit = truncated + counts.gaps;
    findings.push(Finding::new(
        &INCOMPLETE,
        hit,
        title,
        detail.to_owned(),
        evidence,
    ));
}

/// A text as a sentence, with a space behind it; nothing if it is empty.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() || text.ends_with(':') {
        String::new()
    } else {
        format!("{}. ", capitalized(text))
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn as_u64(count: usize) -> u64 {
    crate::length::u64_of(count)
}
