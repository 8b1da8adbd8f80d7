//! Connections that are not listed, as far as findings tell of them: those that are alike are one.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::cause::Cause;
use super::report::ConnectionReport;

/// How many kinds of connections are told apart by their clients, and how many by their brokers.
const MAX_BY_CLIENT: usize = 2000;
const MAX_BY_BROKER: usize = 2 * MAX_BY_CLIENT;
const MAX_KINDS: usize = 3 * MAX_BY_CLIENT;

/// Connections that are alike.
#[derive(Debug)]
pub(crate) struct Alike {
    /// The first that was decided, with the opening of the first and the end of the last.
    pub(crate) report: ConnectionReport,
    /// When the first of them ended, or was opened if that is not known.
    pub(crate) first_end: i64,
    pub(crate) count: u64,
}

/// What findings tell connections apart by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    cause: Cause,
    ended_by: Option<&'static str>,
    is_accepted: bool,
    has_waiting: bool,
    has_unanswered: bool,
    tls: Option<String>,
    broker: SocketAddr,
    client: Option<Arc<str>>,
}

/// Kinds of connections.
#[derive(Debug, Default)]
pub(super) struct Kinds(BTreeMap<Kind, Alike>);

impl Kinds {
    /// Adds a connection that is not listed.
    pub(super) fn add(&mut self, mut report: ConnectionReport) {
        let (mut has_waiting, mut has_unanswered) = (false, false);
        report.unanswered.retain(|each| {
            // A client that stops may close while it waits for these.
            let is_waiting = each.api == "Fetch" || each.api == "Metadata";
            let has_any = if is_waiting {
                &mut has_waiting
            } else {
                &mut has_unanswered
            };
            each.age_us >= 0 && !std::mem::replace(has_any, true)
        });
        report.unanswered.shrink_to_fit();
        let is_ordinary = matches!(
            report.cause,
            Cause::ClientClose | Cause::StillOpen | Cause::IdleClient | Cause::IdleBroker
        );
        let mut kind = Kind {
            cause: report.cause,
            ended_by: report.ended_by,
            is_accepted: report.is_accepted(),
            has_waiting,
            has_unanswered,
            tls: report.tls.clone(),
            broker: report.broker,
            client: report.client_id.clone().filter(|_| !is_ordinary),
        };
        let is_new = |kind: &Kind| !self.0.contains_key(kind);
        if self.0.len() >= MAX_BY_CLIENT && is_new(&kind) {
            kind.client = None;
            report.client_id = None;
        }
        if self.0.len() >= MAX_BY_BROKER && is_new(&kind) {
            kind.broker = (Ipv4Addr::UNSPECIFIED, 0).into();
            "other addresses -> other addresses".clone_into(&mut report.conn);
        }
        if self.0.len() >= MAX_KINDS && is_new(&kind) {
            // Of the rest the cause is right.
            kind = Kind {
                cause: kind.cause,
                ended_by: None,
                is_accepted: true,
                has_waiting: false,
                has_unanswered: false,
                tls: None,
                broker: kind.broker,
                client: None,
            };
        }
        let first_end = report.closed.unwrap_or(report.opened).0;
        let (opened, closed) = (report.opened, report.closed);
        let alike = self.0.entry(kind).or_insert(Alike {
            report,
            first_end,
            count: 0,
        });
        alike.count += 1;
        alike.first_end = alike.first_end.min(first_end);
        alike.report.opened = alike.report.opened.min(opened);
        alike.report.closed = alike.report.closed.max(closed);
    }

    pub(super) fn into_all(self) -> Vec<Alike> {
        self.0.into_values().collect()
    }
}
