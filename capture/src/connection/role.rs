//! One end of a connection as the one who sends: it decides what its frames are taken for.

use std::net::SocketAddr;

use super::dialogue::Dialogue;
use super::judge;
use crate::counts::Counts;
use crate::event::{Connection, Direction, Event, What};
use crate::frames::{Frame, Hole, Judge, Place, Verdict};
use crate::output::Sink;
use crate::tcp::Mark;

/// Where what was found goes.
pub(crate) struct Output<'a> {
    pub(crate) sink: &'a mut dyn Sink,
    pub(crate) counts: &'a mut Counts,
    /// How many packets the connection had so far.
    pub(crate) packets: u64,
}

impl Output<'_> {
    pub(super) fn emit(
        &mut self,
        connection: &Connection,
        at: Mark,
        direction: Direction,
        what: What<'_>,
    ) {
        let counts = &mut *self.counts;
        match &what {
            What::Message(message) => {
                match direction {
                    Direction::ToBroker => counts.requests += 1,
                    Direction::ToClient => counts.responses += 1,
                }
                counts.cut += u64::from(message.cut.is_some());
            }
            What::SaslToken { .. } => counts.sasl_tokens += 1,
            What::Undecoded(_) => counts.undecoded += 1,
            What::Gap(gap) => {
                counts.gaps += 1;
                counts.missing_bytes += gap.missing;
                counts.skipped_bytes += gap.skipped;
            }
        }
        self.sink.event(&Event {
            connection,
            time: at.time,
            direction,
            what,
        });
    }
}

/// What is known of a connection as a whole.
pub(super) enum Topic {
    /// Nothing yet: it is not even known who opened it.
    Unknown,
    /// The client is known, but not whether it speaks Kafka.
    Undecided(Dialogue),
    /// It speaks Kafka.
    Kafka(Dialogue),
    /// It speaks something else.
    Other,
}

impl Topic {
    /// It is Kafka, and if nothing else is known, `client` is the client.
    pub(super) fn is_kafka(&mut self, client: SocketAddr, broker: SocketAddr) {
        *self = match std::mem::replace(self, Self::Other) {
            Self::Unknown => Self::Kafka(Dialogue::new(client, broker)),
            Self::Undecided(dialogue) => Self::Kafka(dialogue),
            decided => decided,
        };
    }
}

/// The end that sends.
pub(super) struct Role<'a, 'b> {
    pub(super) topic: &'a mut Topic,
    /// This end and the other.
    pub(super) ends: (SocketAddr, SocketAddr),
    pub(super) is_client: bool,
    pub(super) out: &'a mut Output<'b>,
}

impl Role<'_, '_> {
    fn direction(&self) -> Direction {
        if self.is_client {
            Direction::ToBroker
        } else {
            Direction::ToClient
        }
    }
}

impl Judge for Role<'_, '_> {
    fn judge(&self, bytes: &[u8], size: usize, place: Place<'_>) -> Verdict {
        match &*self.topic {
            Topic::Other => Verdict::Impossible,
            // A response can look like a request without a client id, so more must speak for it.
            Topic::Unknown => match judge::request(bytes, size, Place::Anywhere, None) {
                Verdict::Possible | Verdict::Doubtful if bytes.len() < size => Verdict::TooShort,
                Verdict::Possible | Verdict::Doubtful => Verdict::Impossible,
                verdict => verdict,
            },
            Topic::Undecided(dialogue) | Topic::Kafka(dialogue) if self.is_client => {
                let client_id = dialogue.client.client_id().filter(|id| !id.is_empty());
                judge::request(bytes, size, place, client_id)
            }
            Topic::Undecided(_) => Verdict::TooShort,
            Topic::Kafka(dialogue) => {
                judge::response(bytes, size, place, &dialogue.requests, dialogue.last_id)
            }
        }
    }

    fn knowledge(&self) -> u64 {
        match &*self.topic {
            Topic::Unknown | Topic::Other => 0,
            Topic::Undecided(_) => 1,
            Topic::Kafka(dialogue) => 2 + dialogue.seen,
        }
    }

    fn is_foreign(&mut self) -> bool {
        match self.topic {
            Topic::Kafka(_) => false,
            _ => {
                *self.topic = Topic::Other;
                true
            }
        }
    }

    fn found(&mut self) {
        if matches!(self.topic, Topic::Unknown) {
            self.is_client = true;
        }
        if self.is_client {
            self.topic.is_kafka(self.ends.0, self.ends.1);
        }
    }

    fn frame(&mut self, frame: Frame<'_>) -> bool {
        match &mut *self.topic {
            Topic::Kafka(dialogue) if self.is_client => dialogue.request(&frame, self.out),
            Topic::Kafka(dialogue) => dialogue.response(&frame, self.out),
            _ => true,
        }
    }

    fn hole(&mut self, hole: Hole) {
        let direction = self.direction();
        if let Topic::Kafka(dialogue) = &*self.topic {
            dialogue.hole(&hole, direction, self.out);
        }
    }
}
