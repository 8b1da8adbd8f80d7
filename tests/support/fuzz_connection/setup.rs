//! The options of a run: what may differ between connections differs.

use std::time::Instant;

use kafka_codec::connection::sasl::{CallerTokens, Mechanism, Plain};
use kafka_codec::connection::{
    Connection, ConnectionOptions, IdlePolicy, Metrics, Negotiation, OnTimeout,
    ReauthenticationMode, TimeoutFrom, VersionTable,
};
use kafka_codec::{ApiKey, Version};

use super::super::choices::Choices;
use super::super::peer::{ms, range};
use super::checks::Arriving;
use super::{Model, PASSWORD, Pieces};

impl<'a> Model<'a> {
    pub(super) fn new(mut choices: Choices<'a>, now: Instant, pieces: Pieces) -> Self {
        let max_in_flight = 1 + choices.below(6);
        let max_waiting = choices.pick(&[10_000, 10_000, 3]);
        let mut options = ConnectionOptions::new("broker 1")
            .with_client_id("model")
            .with_max_in_flight(max_in_flight)
            .with_max_waiting(max_waiting)
            .with_first_correlation_id(choices.pick(&[1, i32::MAX - 12, 100]))
            .with_reserved_sasl_ids(choices.below(2) == 0)
            .with_progress_events(choices.below(2) == 0)
            .with_negotiation(negotiation(&mut choices));
        if choices.below(2) == 0 {
            options = options.with_on_timeout(OnTimeout::Abandon);
        }
        if choices.below(2) == 0 {
            options = options.with_reauthentication(ReauthenticationMode::Drain);
        }
        if choices.below(4) == 0 {
            options = options.with_request_timeout(ms(900), TimeoutFrom::Submitted);
        }
        options = options.with_idle(choices.pick(&[
            IdlePolicy::Ignore,
            IdlePolicy::Close(ms(20_000)),
            IdlePolicy::KeepAlive(ms(5_000)),
        ]));
        let mechanisms = mechanisms(&mut choices);
        let is_calm = choices.below(3) > 0;
        let lifetime = choices.pick(&[0, 2_000, 9_000]);
        Self {
            choices,
            pieces,
            connection: Connection::with_sasl(now, options, mechanisms),
            buffer: Default::default(),
            now,
            log: None,
            metrics: Metrics::default(),
            known: Default::default(),
            probes: 0,
            seen: Default::default(),
            wire: Default::default(),
            unanswered: Default::default(),
            back: Default::default(),
            frees: Default::default(),
            places: 0,
            not_offered: None,
            arriving: Arriving::default(),
            max_in_flight,
            max_waiting,
            lifetime,
            last_responded: None,
            has_closed: false,
            is_calm,
            is_corrupt: false,
            next_tag: 0,
            completions: 0,
        }
    }
}

fn negotiation(choices: &mut Choices<'_>) -> Negotiation {
    let assume = |apis: &[(ApiKey, i16, i16)]| {
        let apis = apis.iter().map(|(key, min, max)| (*key, range(*min, *max)));
        Negotiation::Assume(VersionTable::new(apis))
    };
    match choices.below(8) {
        0 => Negotiation::AskIn(Version(0)),
        1 => Negotiation::Assume(VersionTable::default()),
        2 => {
            let stable = ApiKey::ALL.iter();
            let stable = stable.filter_map(|key| Some((*key, key.stable_versions()?)));
            Negotiation::Assume(VersionTable::new(stable))
        }
        // Tokens are bare then.
        3 => assume(&[
            (ApiKey::SaslHandshake, 0, 0),
            (ApiKey::Produce, 0, 9),
            (ApiKey::Fetch, 0, 16),
        ]),
        4 => assume(&[(ApiKey::Produce, 9, 9), (ApiKey::Fetch, 0, 3)]),
        _ => Negotiation::Ask,
    }
}

fn mechanisms(choices: &mut Choices<'_>) -> Vec<Box<dyn Mechanism>> {
    let plain = || Box::new(Plain::new("alice", PASSWORD));
    let external = || Box::new(CallerTokens::new("GSSAPI"));
    match choices.below(6) {
        0 | 1 => vec![plain()],
        2 => vec![external()],
        3 => vec![external(), plain()],
        _ => Vec::new(),
    }
}
