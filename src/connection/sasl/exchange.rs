//! The progress of authenticating: which mechanism, which token is next, and until when it lasts.

use std::time::{Duration, Instant};

use crate::Version;
use crate::connection::AuthenticationFault;

use super::{Mechanism, MechanismError, Reply, Token};

/// The exchange of SASL tokens, for the first time and again.
///
/// Invariant: it waits for the caller's token only while it is under way, and only a token that was sent is the last.
#[derive(Debug)]
pub(crate) struct Exchange {
    mechanism: Box<dyn Mechanism>,
    /// The other mechanisms, in order of preference.
    others: Vec<Box<dyn Mechanism>>,
    /// The mechanism to use from the next time on.
    next: Option<Box<dyn Mechanism>>,
    /// The broker did not have the mechanism before this one.
    has_fallen_back: bool,
    carrier: TokenCarrier,
    /// The number of tokens that were sent.
    rounds: u32,
    started: Option<Instant>,
    waits_for_caller: bool,
    /// The caller was asked for a token before it is time to authenticate again.
    asked_early: bool,
    /// The last token was sent: whatever comes back ends the exchange.
    is_last: bool,
    /// For how long the broker accepts the client, as its last response says; zero is without end.
    lifetime: Duration,
    renew_at: Option<Instant>,
    /// When the broker no longer accepts the client.
    expires_at: Option<Instant>,
}

/// What carries the tokens.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenCarrier {
    /// Requests of SaslAuthenticate in this version.
    SaslAuthenticate(Version),
    /// Frames without a header.
    Bare,
}

/// What comes next in an exchange.
#[derive(Debug)]
pub(crate) enum NextToken {
    /// Send this one.
    Send(Token),
    /// The caller makes it.
    OfCaller,
    /// None: the client is authenticated.
    Nothing,
}

/// An exchange that succeeded.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) mechanism: Box<str>,
    pub(crate) rounds: u32,
    pub(crate) took: Duration,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) renew_at: Option<Instant>,
}

impl Exchange {
    /// `None` without a mechanism.
    pub(crate) fn new(mechanisms: Vec<Box<dyn Mechanism>>) -> Option<Self> {
        let mut mechanisms = mechanisms.into_iter();
        Some(Self {
            mechanism: mechanisms.next()?,
            others: mechanisms.collect(),
            next: None,
            has_fallen_back: false,
            carrier: TokenCarrier::Bare,
            rounds: 0,
            started: None,
            waits_for_caller: false,
            asked_early: false,
            is_last: false,
            lifetime: Duration::ZERO,
            renew_at: None,
            expires_at: None,
        })
    }

    /// Replaces all mechanisms, for the next time.
    pub(crate) fn replace(&mut self, mechanism: Box<dyn Mechanism>) {
        self.next = Some(mechanism);
    }

    /// Begins, for the first time or again.
    pub(crate) fn begin(&mut self, now: Instant) {
        if let Some(next) = self.next.take() {
            self.mechanism = next;
            self.others.clear();
        }
        self.rounds = 0;
        self.waits_for_caller = false;
        self.asked_early = false;
        self.is_last = false;
        self.started = Some(now);
        self.check();
    }

    /// Turns to the first other mechanism that the broker offers; false if there is none, or this was done before.
    pub(crate) fn fall_back<'a>(&mut self, offered: impl Iterator<Item = &'a str> + Clone) -> bool {
        if std::mem::replace(&mut self.has_fallen_back, true) {
            return false;
        }
        let mut others = self.others.iter_mut();
        let found = others.find(|other| offered.clone().any(|name| name == other.name()));
        match found {
            Some(other) => {
                std::mem::swap(other, &mut self.mechanism);
                true
            }
            None => false,
        }
    }

    /// The mechanism is agreed on: the first token.
    pub(crate) fn start(
        &mut self,
        carrier: TokenCarrier,
    ) -> Result<NextToken, AuthenticationFault> {
        self.carrier = carrier;
        let reply = self.mechanism.start();
        self.follow(reply)
    }

    /// The broker answered a token.
    pub(crate) fn respond(&mut self, challenge: &[u8]) -> Result<NextToken, AuthenticationFault> {
        let reply = match self.is_last {
            true => Ok(Reply::Done),
            false => self.mechanism.respond(challenge),
        };
        self.follow(reply)
    }

    /// The caller's token, or nothing more to say. `None` if it was not asked for.
    pub(crate) fn provide(
        &mut self,
        token: Option<Token>,
    ) -> Option<Result<NextToken, AuthenticationFault>> {
        if !self.waits_for_caller {
            return None;
        }
        self.waits_for_caller = false;
        let reply = self.mechanism.provide(token);
        Some(self.follow(reply))
    }

    /// Returns `true` if the caller is to be asked for a token now, before it is time to authenticate again. Once each
    /// time.
    pub(crate) fn asks_early(&mut self) -> bool {
        !self.asked_early && self.upcoming().needs_token() && {
            self.asked_early = true;
            true
        }
    }

    /// Keeps a token that was asked for early: it is time to authenticate again. Without one, the mechanism asks again when
    /// the session is over.
    pub(crate) fn prepare(&mut self, now: Instant, token: Option<Token>) {
        debug_assert!(self.asked_early, "a token was asked for");
        if let Some(token) = token {
            self.upcoming().prepare(token);
            self.asked_early = false;
            self.renew_at = Some(now);
        }
    }

    /// Returns `true` if the caller was asked for a token before it is time to authenticate again.
    pub(crate) const fn was_asked_early(&self) -> bool {
        self.asked_early
    }

    /// The name of the mechanism of the next time.
    pub(crate) fn upcoming_name(&mut self) -> Box<str> {
        self.upcoming().name().into()
    }

    /// The mechanism of the next time.
    fn upcoming(&mut self) -> &mut dyn Mechanism {
        match &mut self.next {
            Some(next) => &mut **next,
            None => &mut *self.mechanism,
        }
    }

    fn follow(
        &mut self,
        reply: Result<Reply, MechanismError>,
    ) -> Result<NextToken, AuthenticationFault> {
        let next = match reply.map_err(|error| self.fault(error))? {
            Reply::Done => NextToken::Nothing,
            Reply::Ask => {
                self.waits_for_caller = true;
                NextToken::OfCaller
            }
            Reply::Send(token) => NextToken::Send(self.count(token)?),
            Reply::SendLast(token) => {
                self.is_last = true;
                NextToken::Send(self.count(token)?)
            }
        };
        self.check();
        Ok(next)
    }

    fn count(&mut self, token: Token) -> Result<Token, AuthenticationFault> {
        self.rounds += 1;
        match self.rounds <= MAX_ROUNDS {
            true => Ok(token),
            false => Err(AuthenticationFault::TooManyRounds {
                mechanism: self.name(),
                rounds: MAX_ROUNDS,
            }),
        }
    }

    /// Why the mechanism cannot go on.
    pub(crate) fn fault(&self, error: MechanismError) -> AuthenticationFault {
        AuthenticationFault::Mechanism {
            mechanism: self.name(),
            error,
        }
    }

    /// The broker says for how long it accepts the client; zero is without end.
    pub(crate) fn set_lifetime(&mut self, lifetime: Duration) {
        self.lifetime = lifetime.min(MAX_LIFETIME);
    }

    /// The client is authenticated, and will be again when this share of the lifetime is over.
    pub(crate) fn finish(&mut self, now: Instant, renew_at_permille: u16) -> Authenticated {
        let lifetime = match self.carrier {
            TokenCarrier::SaslAuthenticate(_) => Some(self.lifetime),
            TokenCarrier::Bare => None,
        };
        let lifetime = lifetime.filter(|lifetime| !lifetime.is_zero());
        self.expires_at = lifetime.and_then(|lifetime| now.checked_add(lifetime));
        self.renew_at = lifetime.and_then(|lifetime| {
            let renew_after = lifetime / 1000 * u32::from(renew_at_permille);
            // Brokers do not allow it more often than once a second.
            now.checked_add(renew_after.max(Duration::from_secs(1)))
        });
        let started = self.started.take();
        let started = started.expect("an exchange ends once, after it has begun");
        self.waits_for_caller = false;
        self.check();
        Authenticated {
            mechanism: self.name(),
            rounds: self.rounds,
            took: now.saturating_duration_since(started),
            lifetime,
            renew_at: self.renew_at,
        }
    }

    /// The name of the mechanism in use.
    pub(crate) fn name(&self) -> Box<str> {
        self.mechanism.name().into()
    }

    pub(crate) const fn has_fallen_back(&self) -> bool {
        self.has_fallen_back
    }

    pub(crate) const fn carrier(&self) -> TokenCarrier {
        self.carrier
    }

    /// The number of tokens that were sent.
    pub(crate) const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Returns `true` if an exchange is under way.
    pub(crate) const fn has_begun(&self) -> bool {
        self.started.is_some()
    }

    /// Returns `true` if the last token was sent.
    pub(crate) const fn is_last(&self) -> bool {
        self.is_last
    }

    /// Returns `true` if a token of the broker is due.
    pub(crate) const fn expects_token(&self) -> bool {
        self.rounds > 0 && !self.waits_for_caller
    }

    /// When to authenticate again, or to ask for the token that this takes.
    pub(crate) const fn renew_at(&self) -> Option<Instant> {
        match self.asked_early {
            true => self.expires_at,
            false => self.renew_at,
        }
    }

    /// When to authenticate again even if the token that was asked for is not there.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    fn check(&self) {
        debug_assert!(
            !self.waits_for_caller || self.started.is_some(),
            "a token is asked for while an exchange is under way"
        );
        debug_assert!(
            !self.asked_early || self.started.is_none(),
            "a token is asked for early between two exchanges"
        );
        debug_assert!(!self.is_last || self.rounds > 0, "the last one was sent");
    }
}

/// The maximum number of tokens of one exchange. Kerberos takes 4.
const MAX_ROUNDS: u32 = 16;
/// The maximum lifetime that is believed.
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);
