//! The page: sections with headings, findings first; its style and script are files beside this one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cells::{duration, grouped, safe};
use super::data::Data;
use super::findings::{Finding, RULES};
use super::{Finished, chart, findings, tables};
use crate::length::u64_of;

/// How to see more than a page shows.
pub(super) const NARROW: &str = "Options such as --client-id, --topic, --conn, --from and --to make a report of a part of the capture.";
/// How many findings the page opens with.
const MAX_FINDINGS: usize = 5;
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = concat!(
    "\"use strict\";(() => {\n",
    include_str!("base.js"),
    include_str!("timeline.js"),
    include_str!("rows.js"),
    include_str!("lag.js"),
    include_str!("tables.js"),
    include_str!("main.js"),
    "})();\n"
);

pub(super) fn html(report: &Finished) -> String {
    let data = &report.data;
    let findings = findings::of(data);
    let charts = chart::document(data, &report.timeline);
    let body = html! {
        a.skip href="#findings" { "Skip to the findings" }
        (header(report))
        (toolbar(data))
        main {
            (opening(&findings))
            (tiles(data))
            (timeline(!data.waits.stalls.is_empty()))
            (connections(data, &charts))
            (batches(data, &charts))
            (groups(data, &charts))
            (summary(data))
            (about(data))
        }
    };
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Kafka capture: " (safe(&report.names.join(", "))) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                script type="application/json" id="data" { (PreEscaped(in_script(&charts))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// JSON that neither ends the script that it is in nor begins a comment there.
fn in_script(value: &Value) -> String {
    let text = value.to_string();
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn header(report: &Finished) -> Markup {
    let data = &report.data;
    let clock = |time: i64| crate::analysis::timestamp(time);
    let (from, to) = (clock(data.from), clock(data.to));
    let date = |text: &str| text.get(..10).unwrap_or(text).to_owned();
    let time = |text: &str| text.get(11..19).unwrap_or(text).to_owned();
    let until = if date(&from) == date(&to) {
        time(&to)
    } else {
        format!("{} {}", date(&to), time(&to))
    };
    html! {
        header {
            h1 { "Kafka capture report" }
            p.files { (safe(&report.names.join(", "))) }
            p {
                time datetime=(from) { (date(&from)) " " (time(&from)) }
                " to " time datetime=(to) { (until) } " UTC, "
                (duration(data.to.saturating_sub(data.from) / 1000))
            }
        }
    }
}

fn toolbar(data: &Data) -> Markup {
    html! {
        div.toolbar role="region" aria-label="Search and zoom" {
            nav aria-label="Sections" {
                a href="#findings" { "Findings" }
                a href="#timeline" { "Timeline" }
                a href="#connections" { "Connections" }
                @if data.views.totals.batches > 0 { a href="#batches" { "Batches" } }
                @if !data.views.groups.is_empty() { a href="#groups" { "Groups" } }
                a href="#summary" { "Summary" }
            }
            div.controls {
                form.search role="search" {
                    label.hidden for="search" { "Search clients, topics, APIs, errors" }
                    input #search type="search" placeholder="Search clients, topics, APIs, errors" autocomplete="off" spellcheck="false";
                    span #matches.muted role="status" {}
                    button #clear type="button" hidden { "Clear" }
                }
                div.zoom role="group" aria-label="Time" {
                    span #range.muted {}
                    button #zoom-in type="button" title="Zoom in" { span aria-hidden="true" { "+" } span.hidden { "Zoom in" } }
                    button #zoom-out type="button" title="Zoom out" { span aria-hidden="true" { "\u{2212}" } span.hidden { "Zoom out" } }
                    button #zoom-all type="button" { "All" }
                    button #theme type="button" { "Theme" }
                }
            }
            noscript { p { "Charts, sorting and searching need JavaScript." } }
        }
    }
}

fn opening(findings: &[Finding]) -> Markup {
    let (first, more) = findings.split_at(findings.len().min(MAX_FINDINGS));
    html! {
        section {
            h2 #findings tabindex="-1" { "Findings" }
            @if findings.is_empty() {
                p.nothing { "Nothing stands out by the rules below." }
            }
            ol.findings { @for each in first { (finding(each)) } }
            @if !more.is_empty() {
                details {
                    summary { (more.len()) " more" }
                    ol.findings start=(MAX_FINDINGS + 1) { @for each in more { (finding(each)) } }
                }
            }
            details {
                summary { "Rules" }
                div.scroll tabindex="0" role="region" aria-label="Rules" {
                    table.rules {
                        thead { tr { th scope="col" { "rule" } th scope="col" { "kind" } th scope="col" { "found when" } } }
                        tbody { @for rule in RULES { tr { td { (rule.name) } td { (rule.severity) } td.wide { (rule.when) } } } }
                    }
                }
            }
        }
    }
}

fn finding(finding: &Finding) -> Markup {
    let time = finding.evidence.time;
    html! {
        li class=(finding.severity.name()) {
            p.title {
                span.kind { (finding.severity.name()) } " "
                strong { (safe(&finding.title)) } ". "
            }
            p.detail { (safe(&finding.detail)) " "
                a.evidence href={ "#" (finding.evidence.section) }
                    data-query=(finding.evidence.query)
                    data-from=[time.map(|(from, _)| from / 1000)]
                    data-to=[time.map(|(_, to)| to / 1000)] {
                    "Show" span.hidden { " the evidence: " (safe(&finding.title)) }
                }
            }
        }
    }
}

fn tiles(data: &Data) -> Markup {
    let number = |name: &str| {
        let value = data.summary.get(name).and_then(Value::as_u64);
        value.unwrap_or_default()
    };
    let totals = &data.views.totals;
    let rebalances: usize = data
        .views
        .groups
        .iter()
        .map(|group| group.rebalances.len())
        .sum();
    let tiles = [
        ("packets", number("packets")),
        ("connections", number("connections")),
        ("requests", number("requests")),
        ("responses", number("responses")),
        ("requests, acks=0", number("noResponseExpected")),
        ("unanswered", number("unanswered")),
        ("batches", totals.batches),
        ("batches retried", totals.batches_retried),
        ("groups", u64_of(data.views.groups.len())),
        ("rebalances", u64_of(rebalances)),
    ];
    html! {
        dl.tiles {
            @for (name, value) in tiles.iter().filter(|(_, value)| *value > 0) {
                div { dt { (name) } dd { (grouped(&value.to_string())) } }
            }
        }
    }
}

fn timeline(has_stalls: bool) -> Markup {
    html! {
        section {
            h2 #timeline tabindex="-1" { "Timeline" }
            p.muted.help {
                "Drag over a chart to zoom; double-click or All shows everything. With the keyboard: arrows move, + and \u{2212} zoom, 0 shows everything."
            }
            div #legend.legend role="group" aria-label="API" {}
            @if has_stalls { p.key { span { span.swatch.shaded aria-hidden="true" {} "a broker does not answer" } } }
            div #chart-timeline.chart tabindex="0" role="group" aria-label="Requests, latency and errors over time" {}
            p #readout.readout role="status" {}
        }
    }
}

/// A chart with rows, and how many it does not have.
fn row_chart(id: &str, label: &str, left_out: &Value) -> Markup {
    let left_out = left_out.as_u64().unwrap_or_default();
    html! {
        div.rows tabindex="0" role="region" aria-label=(label) { div id=(id) .chart {} }
        @if left_out > 0 {
            p.left-out { "Not drawn: " (left_out) " more. " (NARROW) }
        }
    }
}

fn connections(data: &Data, charts: &Value) -> Markup {
    let rows = tables::rows(&data.connections, "connections");
    let left_out = data.connections_left_out + others(data.connections.get("others"));
    html! {
        section {
            h2 #connections tabindex="-1" { "Connections" }
            p.muted.help { "A bar for each connection from its first packet to its end, with the cause of the end. Gray ones ended in good order." }
            (row_chart("chart-bands", "Connections over time", &charts["bandsLeftOut"]))
            (tables::connections().html(&rows, left_out))
            @for (list, table) in tables::of_connections() {
                (table.html(&tables::rows(&data.connections, list), 0))
            }
            (tables::slow().html(&slow(data).iter().collect::<Vec<_>>(), data.waits.slow_left_out))
        }
    }
}

/// The sum of counts of what is not listed.
fn others(counts: Option<&Value>) -> u64 {
    let counts = counts.and_then(Value::as_object);
    let counts = counts.into_iter().flat_map(|counts| counts.values());
    counts.filter_map(Value::as_u64).sum()
}

fn slow(data: &Data) -> Vec<Value> {
    let slow = data.waits.slow.iter();
    let rows = slow.map(|each| {
        json!({
            "sent": crate::analysis::timestamp(each.sent),
            "api": each.api,
            "clientId": each.client_id,
            "conn": each.conn,
            "tookUs": each.end.saturating_sub(each.sent) / 1000,
            "isAnswered": each.is_answered,
        })
    });
    rows.collect()
}

fn batches(data: &Data, charts: &Value) -> Markup {
    let rows: Vec<_> = data.batches.rows.iter().collect();
    html! {
        @if data.views.totals.batches > 0 {
            section {
                h2 #batches tabindex="-1" { "Batches" }
                @if rows.is_empty() {
                    p { "No batch was retried, and none that waits for an acknowledgement is without it." }
                } @else {
                    p.muted.help { "A row for each batch, a bar for each attempt from the request to its answer." }
                    (row_chart("chart-strips", "Attempts of batches over time", &charts["stripsLeftOut"]))
                    (tables::batches().html(&rows, data.batches.left_out))
                }
                (tables::partitions().html(&tables::rows(&data.totals, "partitions"), 0))
            }
        }
    }
}

fn groups(data: &Data, charts: &Value) -> Markup {
    let left_out = charts["groupsLeftOut"].as_u64().unwrap_or_default();
    html! {
        @if !data.views.groups.is_empty() {
            section {
                h2 #groups tabindex="-1" { "Groups" }
                p.muted.help { "Lag in records: how far the committed offset of a partition is behind its high watermark. Rebalances are shaded." }
                div #chart-lag {}
                @if left_out > 0 {
                    p.left-out { "Not drawn: " (left_out) " more " (if left_out == 1 { "group" } else { "groups" }) ". " (NARROW) }
                }
                @for (list, table) in tables::of_groups() {
                    @if let Some(listed) = data.groups.get(list) {
                        (table.html(&listed.rows.iter().collect::<Vec<_>>(), listed.left_out))
                    }
                }
            }
        }
    }
}

fn summary(data: &Data) -> Markup {
    let merged = |list: &str| {
        let others = tables::rows(&data.summary, "others").into_iter();
        let of = others.filter(|row| row.get("of").and_then(Value::as_str) == Some(list));
        of.filter_map(|row| row.get("merged")?.as_u64()).sum()
    };
    html! {
        section {
            h2 #summary tabindex="-1" { "Summary" }
            @for (list, table) in tables::of_summary() {
                (table.html(&tables::rows(&data.summary, list), merged(list)))
            }
        }
    }
}

fn about(data: &Data) -> Markup {
    html! {
        section {
            h2 #about tabindex="-1" { "About this report" }
            p { (data.counts) "." }
            p {
                "Latency is the time from the packet that completes a request to the one that completes its response, at the point of capture. "
                "Latencies over time are in steps: they are at most 13 % off; those in tables are exact to 0.1 %. Times are in UTC."
            }
            p { "Made by kafka-capture " (env!("CARGO_PKG_VERSION")) ". Contents of records, passwords and tokens are not in this page." }
        }
    }
}
