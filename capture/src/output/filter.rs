//! Which events are shown. All of them are counted.

use std::net::{IpAddr, SocketAddr};

use kafka_codec::ApiKey;

use crate::event::{Connection, Event, EventKind};
use crate::identity::Identity;

/// The condition for events to be shown. An empty list matches everything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Messages of one of these APIs.
    pub apis: Vec<ApiKey>,
    /// Messages of clients with one of these client ids.
    pub client_ids: Vec<String>,
    /// On connections with one of these, which are an address and port, an address, a port, or both ends
    /// as `client -> broker`.
    pub connections: Vec<String>,
    /// Messages about one of these topics, by name or id, and their responses.
    pub topics: Vec<String>,
    /// Messages about one of these groups, and their responses.
    pub groups: Vec<String>,
    /// Of clients with one of these SASL users, where PLAIN or SCRAM name one.
    pub users: Vec<String>,
    /// Of clients with one of these software names.
    pub software: Vec<String>,
    /// Only what has an error in it: an error code that is not 0, or something that cannot be decoded. Requests without a response
    /// have none.
    pub errors: bool,
}

impl Filter {
    /// Returns `true` if an event is shown, as far as that can be said without looking into its body.
    pub(crate) fn admits(&self, event: &Event<'_>) -> bool {
        let about_messages = self.apis.is_empty() && self.client_ids.is_empty();
        let message = match &event.kind {
            EventKind::Message(message) => {
                let api = self.apis.is_empty() || self.apis.contains(&message.api_key);
                let client_id = message.client_id.unwrap_or_default();
                let client = self.client_ids.is_empty()
                    || self.client_ids.iter().any(|each| each == client_id);
                api && client
            }
            EventKind::SaslToken { .. } => about_messages && !self.errors,
            EventKind::Undecoded(_) | EventKind::Gap(_) => about_messages,
            EventKind::Preamble(_) => about_messages && !self.errors,
            EventKind::Tls(tls) => about_messages && (!self.errors || tls.is_error()),
        };
        message && self.admits_connection(event.connection) && self.admits_client(event.client)
    }

    /// Returns `true` if bodies must be read to tell what is shown.
    pub(super) fn looks_into_bodies(&self) -> bool {
        !self.topics.is_empty() || !self.groups.is_empty()
    }

    fn admits_client(&self, client: &Identity) -> bool {
        let is_one = |wanted: &[String], value: Option<&str>| {
            wanted.is_empty() || wanted.iter().any(|each| Some(each.as_str()) == value)
        };
        let software = client.software().map(|(name, _)| name);
        is_one(&self.users, client.user()) && is_one(&self.software, software)
    }

    /// Returns `true` if events of a connection can be shown.
    pub(crate) fn admits_connection(&self, connection: &Connection) -> bool {
        let mut wanted = self.connections.iter();
        self.connections.is_empty() || wanted.any(|each| is_on(connection, each))
    }
}

fn is_on(connection: &Connection, wanted: &str) -> bool {
    let ends = [connection.client, connection.broker];
    if let Ok(end) = wanted.parse::<SocketAddr>() {
        return ends.contains(&end);
    }
    if let Ok(address) = wanted.parse::<IpAddr>() {
        return ends.iter().any(|end| end.ip() == address);
    }
    if let Ok(port) = wanted.trim_start_matches(':').parse::<u16>() {
        return ends.iter().any(|end| end.port() == port);
    }
    connection.name == wanted
}
