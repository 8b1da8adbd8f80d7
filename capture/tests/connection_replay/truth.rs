//! What another program found in the captures: the list of frames beside each, and its summary where there is one.

use serde_json::Value;

use crate::captures::Captured;

/// A line of a `frames.tsv`.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) connection: u64,
    pub(crate) ports: (u16, u16),
    pub(crate) to_broker: bool,
    pub(crate) offset: usize,
    pub(crate) bytes: usize,
    pub(crate) first_time: i64,
    pub(crate) last_time: i64,
    pub(crate) is_whole: bool,
    pub(crate) is_token: bool,
    pub(crate) api: String,
    pub(crate) version: Option<i16>,
    pub(crate) id: Option<i32>,
    pub(crate) client_id: String,
    pub(crate) wants_no_response: bool,
}

impl Frame {
    /// Returns `true` if it answers a request that is not in the capture.
    pub(crate) fn is_without_request(&self) -> bool {
        !self.to_broker && !self.is_token && self.version.is_none()
    }

    /// Returns `true` if it asks for bare SASL tokens, which follow it if its response allows that.
    pub(crate) fn asks_for_bare_tokens(&self) -> bool {
        self.to_broker && self.api == "SaslHandshake" && self.version == Some(0)
    }
}

/// The frames of a capture, those of one direction of a connection in order.
pub(crate) fn frames(capture: &Captured) -> Vec<Frame> {
    let mut frames = capture.listed(|values| Frame {
        connection: values["connection"].parse().unwrap(),
        ports: (
            values["client_port"].parse().unwrap(),
            values["broker_port"].parse().unwrap(),
        ),
        to_broker: values["direction"] == "up",
        offset: values["stream_offset"].parse().unwrap(),
        bytes: values["bytes"].parse().unwrap(),
        first_time: values["first_time_ns"].parse().unwrap(),
        last_time: values["last_time_ns"].parse().unwrap(),
        is_whole: values["whole"] == "1",
        is_token: values["kind"] == "sasl-token",
        api: values["api"].to_owned(),
        version: values["version"].parse().ok(),
        id: values["correlation_id"].parse().ok(),
        client_id: values["client_id"].to_owned(),
        wants_no_response: values["acks"] == "0",
    });
    frames.sort_by_key(|frame| (frame.connection, !frame.to_broker, frame.offset));
    frames
}

/// The facts of a capture as a whole.
pub(crate) struct Summary {
    /// What was read off the wire.
    pub(crate) wire: Value,
    /// `true` if packets were taken out or swapped afterwards.
    pub(crate) is_damaged: bool,
}

/// The summary of a capture; the shipped one has none.
pub(crate) fn summary(capture: &Captured) -> Option<Summary> {
    let text = std::fs::read(capture.beside("truth.json")).ok()?;
    let mut summary: Value = serde_json::from_slice(&text).unwrap();
    Some(Summary {
        wire: summary["wire"].take(),
        is_damaged: summary.get("damage").is_some(),
    })
}
