//! Findings about groups: members that vanish, rebalances, lag.

use super::super::data::Data;
use super::{Evidence, Finding, Rule, count, length, list, phrase, range};
use crate::analysis::{GroupPartitionReport, GroupReport, RebalanceReport};

pub(super) const VANISHED: Rule = Rule {
    name: "members-vanished",
    severity: "failure",
    when: "a member is removed from a group without leaving it",
};
pub(super) const REBALANCES: Rule = Rule {
    name: "rebalances",
    severity: "note",
    when: "a group rebalances 2 times or more after its first generation in the capture",
};
pub(super) const LONG_REBALANCE: Rule = Rule {
    name: "long-rebalance",
    severity: "delay",
    when: "a rebalance other than a group's first takes 5 s or longer",
};
pub(super) const LAG: Rule = Rule {
    name: "lag",
    severity: "delay",
    when: "at the end of the capture a group has not committed what was in a partition 10 s before",
};

const MIN_REBALANCES: usize = 2;
const LONG_NANOSECONDS: i64 = 5_000_000_000;
const BEHIND_NANOSECONDS: i64 = 10_000_000_000;

pub(super) fn find(data: &Data, findings: &mut Vec<Finding>) {
    for group in &data.views.groups {
        vanished(group, findings);
        rebalances(group, findings);
        lag(data, group, findings);
    }
}

fn vanished(group: &GroupReport, findings: &mut Vec<Finding>) {
    let mut members = Vec::new();
    let mut times = Vec::new();
    for rebalance in &group.rebalances {
        for reason in &rebalance.reasons {
            if let Some(member) = reason.strip_prefix("vanished: ") {
                members.push(member);
                times.extend(span(rebalance));
            }
        }
    }
    if members.is_empty() {
        return;
    }
    let hit = crate::length::u64_of(members.len());
    let what = if hit == 1 { "Member" } else { "Members" };
    let title = format!(
        "{what} {} vanished from group {}",
        list(members.iter().copied()),
        group.group
    );
    let detail = "The group waited for the session time-out before others got the partitions. A crash, a kill, a long pause or a slow poll loop does that.";
    let evidence = Evidence::new("groups", phrase(&group.group), range(times));
    findings.push(Finding::new(
        &VANISHED,
        hit,
        title,
        detail.to_owned(),
        evidence,
    ));
}

fn rebalances(group: &GroupReport, findings: &mut Vec<Finding>) {
    let mut later = group.rebalances.iter();
    later.next();
    let later: Vec<_> = later.collect();
    let range_of = || range(later.iter().flat_map(|each| span(each)));
    if later.len() >= MIN_REBALANCES {
        let hit = crate::length::u64_of(later.len());
        let title = format!(
            "Group {} rebalanced {}",
            group.group,
            count(hit, "time", "times")
        );
        let reasons: Vec<_> = later.iter().flat_map(|each| &each.reasons).collect();
        let returned = list(returned(&reasons));
        let returned = if returned.is_empty() {
            returned
        } else {
            format!(
                " {returned} left and joined again: restarts do that, and poll loops that are slower than max.poll.interval.ms."
            )
        };
        let reasons = list(reasons.iter().map(|reason| reason.as_str()));
        let detail = format!("Reasons: {reasons}.{returned}");
        let evidence = Evidence::new("groups", phrase(&group.group), range_of());
        findings.push(Finding::new(&REBALANCES, hit, title, detail, evidence));
    }
    let long: Vec<_> = later
        .iter()
        .filter_map(|each| Some((each, each.end?.0.saturating_sub(each.start.0))))
        .filter(|(_, took)| *took >= LONG_NANOSECONDS)
        .collect();
    if let Some((longest, took)) = long.iter().max_by_key(|(_, took)| *took) {
        let title = format!(
            "A rebalance of group {} took {}",
            group.group,
            length(*took)
        );
        let detail = format!(
            "Generation {}. {} took 5 s or longer. Reasons: {}.",
            longest.generation,
            count(crate::length::u64_of(long.len()), "rebalance", "rebalances"),
            list(longest.reasons.iter().map(String::as_str))
        );
        let evidence = Evidence::new("groups", phrase(&group.group), range(span(longest)));
        let hit = crate::length::u64_of(long.len());
        findings.push(Finding::new(&LONG_REBALANCE, hit, title, detail, evidence));
    }
}

/// The start and the end of a rebalance.
fn span(rebalance: &RebalanceReport) -> [i64; 2] {
    let end = rebalance.end.unwrap_or(rebalance.start);
    [rebalance.start.0, end.0]
}

/// The members that left and joined later.
fn returned<'r>(reasons: &[&'r String]) -> Vec<&'r str> {
    let left = reasons.iter().enumerate().filter_map(|(at, reason)| {
        let member = reason.strip_prefix("left: ")?;
        let mut later = reasons.iter().skip(at + 1);
        later
            .any(|reason| reason.strip_prefix("joined: ") == Some(member))
            .then_some(member)
    });
    left.collect()
}

fn lag(data: &Data, group: &GroupReport, findings: &mut Vec<Finding>) {
    let behind: Vec<_> = group
        .partitions
        .iter()
        .filter_map(|partition| Some((partition, behind(partition, data.to)?)))
        .filter(|(_, behind)| *behind >= BEHIND_NANOSECONDS)
        .collect();
    let records = behind.iter().filter_map(|(partition, _)| partition.lag);
    let records = u64::try_from(records.sum::<i64>()).unwrap_or_default();
    let Some(longest) = behind.iter().map(|(_, behind)| *behind).max() else {
        return;
    };
    let partitions = count(
        crate::length::u64_of(behind.len()),
        "partition",
        "partitions",
    );
    let title = format!(
        "Group {} is {} behind on {partitions} at the end",
        group.group,
        count(records, "record", "records")
    );
    let names: Vec<_> = behind
        .iter()
        .map(|(partition, _)| partition.name())
        .collect();
    let names = list(names.iter().map(String::as_str));
    let detail = format!(
        "The oldest of them have been there for {} or longer. Partitions: {names}.",
        length(longest)
    );
    let evidence = Evidence::new("groups", phrase(&group.group), None);
    findings.push(Finding::new(&LAG, records, title, detail, evidence));
}

/// For how long the first record that is not committed has been in the partition, in nanoseconds, as far as that is known:
/// a long series has a part of the changes.
fn behind(partition: &GroupPartitionReport, end: i64) -> Option<i64> {
    partition.lag.filter(|lag| *lag > 0)?;
    let mut points = partition.lag_over_time.iter();
    let (since, ..) = points.find(|(_, _, high_watermark, _)| {
        high_watermark.is_some_and(|high| high > partition.committed)
    })?;
    Some(end.saturating_sub(since.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_left_and_joined_later_have_returned() {
        let reasons = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let all = reasons(&["joined: a", "left: a, unsubscribed", "left: b", "joined: b"]);
        assert_eq!(returned(&all.iter().collect::<Vec<_>>()), ["b"]);
        let all = reasons(&["joined: a", "left: a", "vanished: b", "joined: b"]);
        assert!(returned(&all.iter().collect::<Vec<_>>()).is_empty());
    }
}
