//! What the page's script draws, as JSON. Times are in microseconds after the first packet.

use serde_json::{Value, json};

use super::cells::safe;
use super::data::{Connection, Data};
use crate::analysis::{BatchReport, GroupReport, TimelineDocument};

/// How many connections, batches, groups and partitions of a group are drawn.
const MAX_BANDS: usize = 300;
const MAX_STRIPS: usize = 200;
const MAX_GROUPS: usize = 20;
const MAX_CURVES: usize = 8;
/// How many attempts are drawn of a batch.
const MAX_ATTEMPTS: usize = 50;

pub(super) fn document(data: &Data, timeline: &TimelineDocument) -> Value {
    let at = |time: i64| time.saturating_sub(data.from) / 1000;
    let (bands, bands_left_out) = bands(data);
    let batches = &data.views.batches;
    let strips: Vec<_> = batches
        .iter()
        .take(MAX_STRIPS)
        .map(|batch| strip(batch, &at))
        .collect();
    let groups: Vec<_> = data
        .views
        .groups
        .iter()
        .filter_map(|group| curves(group, &at))
        .collect();
    json!({
        "start": data.from / 1000,
        "end": at(data.to).max(1),
        "timeline": {
            "start": at(timeline.start),
            "width": timeline.width / 1000,
            "apis": timeline.apis.iter().map(|api| json!({
                "name": api.api,
                "requests": api.requests,
                "buckets": api.buckets.iter().map(|bucket| {
                    let latencies: Vec<_> = bucket.latencies.iter().flat_map(|(step, count)| [u64::from(*step), *count]).collect();
                    json!([bucket.number, bucket.requests, bucket.errors, bucket.max_us, latencies])
                }).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        },
        "stalls": data.waits.stalls.iter().map(|stall| json!({
            "name": data.broker(&stall.broker.to_string()),
            "from": at(stall.from),
            "to": at(stall.to),
        })).collect::<Vec<_>>(),
        "bands": bands,
        "bandsLeftOut": bands_left_out,
        "strips": strips,
        "stripsLeftOut": crate::length::u64_of(batches.len().saturating_sub(MAX_STRIPS)) + data.batches_left_out,
        "groups": groups.iter().take(MAX_GROUPS).collect::<Vec<_>>(),
        "groupsLeftOut": groups.len().saturating_sub(MAX_GROUPS),
    })
}

/// The connections that are drawn, and how many are not: those that ended badly go before the others.
fn bands(data: &Data) -> (Vec<Value>, u64) {
    let is_quiet = |each: &&Connection| !each.is_conspicuous();
    let mut connections: Vec<_> = data.views.connections.iter().collect();
    let left_out = connections.len().saturating_sub(MAX_BANDS);
    let not_listed: u64 = data.views.alike.iter().map(|each| each.count).sum();
    if left_out > 0 {
        connections.sort_by_key(|each| (is_quiet(each), std::cmp::Reverse(each.requests)));
        connections.truncate(MAX_BANDS);
        connections.sort_by_key(|each| each.opened);
    }
    let at = |time: i64| time.saturating_sub(data.from) / 1000;
    let bands = connections.iter().map(|each| {
        json!({
            "client": safe(each.client_id.as_deref().unwrap_or_default()),
            "from": at(each.opened),
            "to": at(each.closed.unwrap_or(data.to)),
            "open": each.closed.is_none(),
            "cause": each.cause,
            "quiet": is_quiet(each),
            "because": safe(&each.because),
            "end": each.client(),
            "broker": each.broker(),
            "requests": each.requests,
        })
    });
    (
        bands.collect(),
        crate::length::u64_of(left_out) + not_listed,
    )
}

fn strip(batch: &BatchReport, at: &impl Fn(i64) -> i64) -> Value {
    let attempts: Vec<_> = batch
        .attempts
        .iter()
        .take(MAX_ATTEMPTS)
        .map(|each| json!([at(each.ts.0), each.latency_us, each.outcome, each.broker]))
        .collect();
    json!({
        "name": safe(&format!("{}-{}", batch.topic(), batch.partition)),
        "client": safe(batch.client_id.as_deref().unwrap_or_default()),
        "attempts": attempts,
        "end": batch.outcome,
        "twice": batch.may_be_twice,
    })
}

/// The lag of a group's partitions over time, those with most lag, and its rebalances; `None` if there is neither.
fn curves(group: &GroupReport, at: &impl Fn(i64) -> i64) -> Option<Value> {
    let mut partitions: Vec<_> = group
        .partitions
        .iter()
        .map(|partition| {
            let lags = partition.lag_over_time.iter().filter_map(|(.., lag)| *lag);
            (lags.max().unwrap_or_default(), partition)
        })
        .collect();
    partitions.sort_by_key(|(most, _)| std::cmp::Reverse(*most));
    let left_out = partitions.len().saturating_sub(MAX_CURVES);
    let curves: Vec<_> = partitions
        .iter()
        .take(MAX_CURVES)
        .map(|(_, partition)| {
            let points = partition.lag_over_time.iter();
            let points: Vec<_> = points
                .filter_map(|(time, _, _, lag)| Some((at(time.0), (*lag)?)))
                .collect();
            json!({ "name": safe(&partition.name()), "points": points })
        })
        .collect();
    if curves.is_empty() && group.rebalances.is_empty() {
        return None;
    }
    let rebalances: Vec<_> = group
        .rebalances
        .iter()
        .map(|each| {
            let reasons = safe(&each.reasons.join(", "));
            json!([
                at(each.start.0),
                at(each.end.unwrap_or(each.start).0),
                each.generation,
                reasons
            ])
        })
        .collect();
    Some(json!({
        "name": safe(&group.group),
        "curves": curves,
        "curvesLeftOut": left_out,
        "rebalances": rebalances,
    }))
}
