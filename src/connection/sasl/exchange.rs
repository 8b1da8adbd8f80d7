//! Where a connection stands in proving who it is. What it sends is not made here.

use std::time::{Duration, Instant};

use crate::Version;

use super::Mechanism;

/// The mechanisms to try, and the state of the exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// In order of preference, never empty.
    mechanisms: Vec<Box<dyn Mechanism>>,
    current: usize,
    /// The one to use from the next time on.
    next: Option<Box<dyn Mechanism>>,
    /// The broker did not have the mechanism before this one.
    pub(crate) has_fallen_back: bool,
    /// The version of SaslAuthenticate; `None` for bare tokens.
    pub(crate) wrapped_in: Option<Version>,
    /// How many tokens were sent.
    pub(crate) rounds: u32,
    pub(crate) started: Option<Instant>,
    /// A token of the caller is due.
    pub(crate) asks: bool,
    /// The last token was sent: whatever comes back ends the exchange.
    pub(crate) is_last: bool,
    pub(crate) session: Session,
}

/// For how long the broker believes the client.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Session {
    /// When to authenticate again.
    pub(crate) renew_at: Option<Instant>,
    pub(crate) lifetime: Option<Duration>,
}

impl Exchange {
    /// `None` without a mechanism.
    pub(crate) fn new(mechanisms: Vec<Box<dyn Mechanism>>) -> Option<Self> {
        (!mechanisms.is_empty()).then_some(Self {
            mechanisms,
            current: 0,
            next: None,
            has_fallen_back: false,
            wrapped_in: None,
            rounds: 0,
            started: None,
            asks: false,
            is_last: false,
            session: Session::default(),
        })
    }

    /// Begins again, with the mechanism that was agreed on.
    pub(crate) fn begin(&mut self, now: Instant) {
        if let Some(next) = self.next.take() {
            (self.mechanisms, self.current) = (vec![next], 0);
        }
        self.rounds = 0;
        self.asks = false;
        self.is_last = false;
        self.started = Some(now);
    }

    /// The mechanism in use.
    pub(crate) fn mechanism(&mut self) -> Option<&mut dyn Mechanism> {
        let mechanism = self.mechanisms.get_mut(self.current)?;
        Some(&mut **mechanism)
    }

    pub(crate) fn name(&self) -> Box<str> {
        let name = self
            .mechanisms
            .get(self.current)
            .map(|mechanism| mechanism.name());
        name.unwrap_or_default().into()
    }

    /// Replaces all mechanisms, for the next time.
    pub(crate) fn replace(&mut self, mechanism: Box<dyn Mechanism>) {
        self.next = Some(mechanism);
    }

    /// Turns to the first other mechanism that the broker has; false if there is none, or this was
    /// done before.
    pub(crate) fn fall_back<'a>(&mut self, offered: impl Iterator<Item = &'a str> + Clone) -> bool {
        if self.has_fallen_back {
            return false;
        }
        self.has_fallen_back = true;
        let refused = self.current;
        let mut others = self.mechanisms.iter().enumerate();
        let found = others.find(|(at, mechanism)| {
            *at != refused && offered.clone().any(|name| name == mechanism.name())
        });
        match found {
            Some((at, _)) => {
                self.current = at;
                true
            }
            None => false,
        }
    }

    /// The exchange has succeeded; `lifetime` of zero means for good.
    pub(crate) fn finish(&mut self, now: Instant, lifetime: Duration, renew_after: Duration) {
        let limited = !lifetime.is_zero();
        // Brokers do not take it more often than once a second.
        let renew_after = renew_after.max(Duration::from_secs(1));
        self.session = Session {
            renew_at: limited.then(|| now.checked_add(renew_after)).flatten(),
            lifetime: limited.then_some(lifetime),
        };
    }
}
