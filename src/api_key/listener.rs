//! The kinds of node that serve an API.

/// A kind of node that listens to requests.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Listener {
    /// A broker of a cluster that uses ZooKeeper, until Kafka 3.9.
    ZkBroker,
    /// A broker of a KRaft cluster.
    Broker,
    /// A KRaft controller.
    Controller,
}

impl Listener {
    const ALL: [Self; 3] = [Self::ZkBroker, Self::Broker, Self::Controller];

    /// Kafka's name for it, such as `zkBroker`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZkBroker => "zkBroker",
            Self::Broker => "broker",
            Self::Controller => "controller",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::ZkBroker => 1,
            Self::Broker => 2,
            Self::Controller => 4,
        }
    }
}

/// A set of kinds of node.
///
/// # Examples
///
/// ```
/// use kafka_codec::{ApiKey, Listener};
///
/// let listeners = ApiKey::CreateTopics.listeners();
/// assert!(listeners.contains(Listener::Broker));
/// assert!(listeners.iter().eq([Listener::Broker, Listener::Controller]));
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Listeners(u8);

impl Listeners {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// The set of these.
    #[must_use]
    pub const fn of(mut listeners: &[Listener]) -> Self {
        let mut set = 0;
        while let Some((first, rest)) = listeners.split_first() {
            set |= first.bit();
            listeners = rest;
        }
        Self(set)
    }

    /// Returns `true` if `listener` is one of them.
    #[must_use]
    pub const fn contains(self, listener: Listener) -> bool {
        self.0 & listener.bit() != 0
    }

    /// Returns `true` if there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Listener> {
        Listener::ALL
            .into_iter()
            .filter(move |listener| self.contains(*listener))
    }
}
