//! A connection of which it is not known yet whether it is Kafka's. What looks like frames is held back until both
//! directions agree, within a bound.

use super::dialogue::Dialogue;
use super::evidence::OtherSide;
use super::held::HeldFrame;
use super::role::Output;
use crate::counts::Counts;
use crate::event::Event;
use crate::frames::{Frame, Hole};
use crate::output::Sink;
use crate::topic_names::TopicNames;

/// What may be held back of a connection.
const MAX_BYTES: usize = 4 << 20;
const MAX_ITEMS: usize = 512;
/// What an item costs besides its bytes.
const OVERHEAD_BYTES: usize = 128;

/// What was held back, and what it says.
pub(super) struct Trial {
    /// As if it were Kafka's.
    dialogue: Dialogue,
    /// The same before any frame, for when it is believed.
    beginning: Dialogue,
    items: Vec<Item>,
    bytes: usize,
    /// Nobody was seen to open the connection: its client is the end that sent what looks like a request.
    is_guess: bool,
}

enum Item {
    Frame { is_request: bool, frame: HeldFrame },
    Hole { is_request: bool, hole: Hole },
}

struct Nowhere;

impl Sink for Nowhere {
    fn event(&mut self, _: &Event<'_>) {}
}

/// Runs `act` with an output that leads nowhere.
fn unseen<T>(out: &mut Output<'_>, act: impl FnOnce(&mut Output<'_>) -> T) -> T {
    act(&mut Output {
        sink: &mut Nowhere,
        counts: &mut Counts::default(),
        topics: &mut TopicNames::with_limits(out.topics.limits()),
        tls: out.tls,
        packets: out.packets,
        life: out.life,
    })
}

impl Trial {
    pub(super) fn new(dialogue: &Dialogue) -> Self {
        Self {
            dialogue: dialogue.begin(true),
            beginning: dialogue.begin(false),
            items: Vec::new(),
            bytes: 0,
            is_guess: false,
        }
    }

    /// The same, of which it is not certain which end is the client.
    pub(super) fn of_guess(dialogue: &Dialogue) -> Self {
        Self {
            is_guess: true,
            ..Self::new(dialogue)
        }
    }

    /// Returns `true` if it is not certain which end is the client.
    pub(super) const fn is_guess(&self) -> bool {
        self.is_guess
    }

    /// Takes note that it is certain which end is the client, or that both were tried.
    pub(super) const fn settle_client(&mut self) {
        self.is_guess = false;
    }

    /// Takes the broker for the client, and what was held back for what it is then.
    pub(super) fn turn(&mut self, out: &mut Output<'_>) {
        let turned = Self::of_guess(&self.dialogue.turned());
        let items = std::mem::replace(self, turned).items;
        for item in items {
            match item {
                Item::Frame { is_request, frame } => {
                    self.frame(&frame.as_frame(), !is_request, out);
                }
                Item::Hole { is_request, hole } => self.hole(hole, !is_request),
            }
        }
    }

    pub(super) const fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// The dialogue that takes what is not held back.
    pub(super) const fn beginning(&mut self) -> &mut Dialogue {
        &mut self.beginning
    }

    pub(super) const fn buffered(&self) -> usize {
        self.bytes + self.dialogue.buffered()
    }

    /// How much was held back; nothing if the client sent nothing that looks like a request.
    pub(super) fn held(&self) -> usize {
        let is_request = |item: &Item| {
            matches!(
                item,
                Item::Frame {
                    is_request: true,
                    ..
                }
            )
        };
        match self.items.iter().any(is_request) {
            true => self.items.len(),
            false => 0,
        }
    }

    /// Takes a frame. Whether it was one.
    pub(super) fn frame(
        &mut self,
        frame: &Frame<'_>,
        is_request: bool,
        out: &mut Output<'_>,
    ) -> bool {
        self.bytes += OVERHEAD_BYTES + frame.bytes.len();
        self.items.push(Item::Frame {
            is_request,
            frame: HeldFrame::new(frame),
        });
        let dialogue = &mut self.dialogue;
        unseen(out, |out| match is_request {
            true => dialogue.request(frame, out),
            false => dialogue.response(frame, out),
        })
    }

    pub(super) fn hole(&mut self, hole: Hole, is_request: bool) {
        self.bytes += OVERHEAD_BYTES;
        self.items.push(Item::Hole { is_request, hole });
    }

    /// Whether it is Kafka; `None` if more must be seen.
    pub(super) fn verdict(&self, other_side: OtherSide) -> Option<bool> {
        let evidence = self.dialogue.evidence.unwrap_or_default();
        let is_full = self.bytes > MAX_BYTES || self.items.len() > MAX_ITEMS;
        match evidence.verdict(other_side) {
            None if is_full => Some(evidence.last_verdict(other_side)),
            verdict => verdict,
        }
    }

    /// The same when nothing more will be seen.
    pub(super) fn last_verdict(&self, other_side: OtherSide) -> bool {
        let evidence = self.dialogue.evidence.unwrap_or_default();
        evidence.last_verdict(other_side)
    }

    /// It is Kafka: hands out what was held back.
    pub(super) fn believe(self, out: &mut Output<'_>) -> Dialogue {
        let mut dialogue = self.beginning;
        for item in self.items {
            match item {
                Item::Frame { is_request, frame } => {
                    let frame = frame.as_frame();
                    match is_request {
                        true => dialogue.request(&frame, out),
                        false => dialogue.response(&frame, out),
                    };
                }
                Item::Hole { is_request, hole } => {
                    let direction = super::role::direction(is_request);
                    dialogue.hole(&hole, direction, out);
                }
            }
        }
        dialogue
    }
}
