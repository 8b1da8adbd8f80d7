//! The end of a replayed connection: both sides learn of it, and name the requests that are open by the list.

use std::io::ErrorKind;

use kafka_codec::connection::server::ServerEvent;
use kafka_codec::connection::{ApiLabel, CloseReason, CloseReport, State, Unfinished};

use super::{Replay, Sent, Tally, is};
use crate::streams::End;

impl Replay<'_> {
    /// Tells both sides how the connection ended, after its last bytes.
    pub(super) fn end(mut self) -> (Tally, Vec<ApiLabel>) {
        let now = self.at(self.tcp.last);
        let reset = || std::io::Error::from(ErrorKind::ConnectionReset);
        let end = self.tcp.end;
        match end {
            Some(End {
                by_client: true,
                is_reset,
            }) => {
                self.client.close(now);
                match is_reset {
                    true => self.server.handle_transport_error(now, &reset()),
                    false => self.server.handle_end_of_stream(now),
                }
            }
            Some(End {
                by_client: false,
                is_reset,
            }) => {
                match is_reset {
                    true => self.client.handle_transport_error(now, &reset()),
                    false => self.client.handle_end_of_stream(now),
                }
                self.server.close(now);
            }
            None => {
                self.client.close(now);
                self.server.close(now);
            }
        }
        self.take_events(now);
        assert_eq!(self.client.state(), State::Closed);
        let name = &self.name;
        let report = self.report.as_ref().expect("it is closed");
        assert!(has_reason(report, end), "{name}: {report}, but {end:?}");

        // The report names exactly the requests that failed, which are those that the list says.
        let in_flight = |each: &Unfinished| (each.label, each.delivery);
        let named: Vec<_> = report.in_flight.iter().map(in_flight).collect();
        assert_eq!(named, self.failed, "{name}");
        assert_eq!(report.not_sent, 0, "{name}");
        let open = |sent: &&Sent<'_>| {
            !sent.truth.wants_no_response && !sent.response.is_some_and(|frame| frame.is_whole)
        };
        let open: Vec<&Sent<'_>> = self.sent.iter().filter(open).collect();
        assert_eq!(open.len(), named.len(), "{name}");
        let id_of = |sent: &Sent<'_>| sent.truth.id.expect("a request has an id");
        for (sent, (label, _)) in open.iter().zip(&named) {
            assert_eq!(self.ids[&id_of(sent)], label.correlation_id, "{name}");
            assert!(is(*label, sent.truth), "{name}: {label}");
        }
        let head = named.first().map(|(label, _)| *label);
        assert_eq!(report.head, head, "{name}");
        let says_head = head.is_none_or(|head| report.to_string().contains(&head.to_string()));
        assert!(says_head, "{report}");
        if head.is_some() {
            println!("  {report}");
        }

        // The accepting side says the same, by the client's ids.
        let Some(ServerEvent::Closed(served)) = self.server.poll_event() else {
            panic!("{name}: not closed");
        };
        let asked: Vec<_> = served.in_flight.iter().map(|each| each.label).collect();
        let ids: Vec<_> = asked.iter().map(|label| label.correlation_id).collect();
        assert_eq!(
            ids,
            open.iter().map(|sent| id_of(sent)).collect::<Vec<_>>(),
            "{name}"
        );

        // Every request of the list was seen and is over, and every byte was.
        assert!(
            self.to_come.next().is_none(),
            "{name}: a request is missing"
        );
        assert!(self.sent.iter().all(|sent| sent.is_completed), "{name}");
        self.check_exchange();
        let whole = self.to_client.iter().filter(|frame| frame.is_whole);
        let whole: usize = whole.map(|frame| frame.bytes).sum();
        assert!(
            self.returned == self.tcp.to_client.bytes[..whole],
            "{name}: not the same"
        );
        let bytes = |bytes: u64| usize::try_from(bytes).unwrap();
        assert_eq!(bytes(report.bytes_in), self.tcp.to_client.bytes.len());
        assert_eq!(bytes(report.bytes_out), self.tcp.to_broker.bytes.len());
        let unanswered = open
            .iter()
            .zip(asked)
            .filter(|(sent, _)| sent.response.is_none())
            .map(|(_, label)| label)
            .collect();
        (self.tally, unanswered)
    }
}

fn has_reason(report: &CloseReport, end: Option<End>) -> bool {
    match end {
        Some(End {
            by_client: false,
            is_reset: true,
        }) => matches!(report.reason, CloseReason::RemoteReset(_)),
        Some(End {
            by_client: false,
            is_reset: false,
        }) => match report.in_flight.is_empty() {
            true => matches!(
                report.reason,
                CloseReason::RemoteEof(_) | CloseReason::IdleRemoteLikely { .. }
            ),
            false => matches!(report.reason, CloseReason::RemoteEof(_)),
        },
        _ => matches!(report.reason, CloseReason::Local),
    }
}
