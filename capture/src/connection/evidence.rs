//! The evidence for and against Kafka on a connection. Other protocols have frames that look like requests
//! too; none has responses that fit them.

use kafka_codec::{ApiKey, Version};

use super::judge;
use crate::body;
use crate::frames::Frame;

/// So much that does not fit is not a coincidence.
const MAX_STRANGE: u32 = 4;
/// The same on a connection that was believed before.
const MAX_STRANGE_IN_KAFKA: u32 = 16;
/// So many requests that decode, of a client whose broker was not captured, are not evidence either.
const MIN_ONE_SIDED: u32 = 3;
/// So many requests of APIs and versions that are not known here, each with a response, are evidence: of one pair nothing
/// can be checked but that both have the same correlation id.
const MIN_UNKNOWN_PAIRS: u32 = 2;

/// Clients call themselves by names, not by texts.
const MAX_NAME_BYTES: usize = 256;

/// Counts of frames by what they say about the protocol.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    /// Requests that decode and name their client, or have a body to tell them by.
    telling: u32,
    /// Those of them that name it.
    telling_names: u32,
    /// Requests that name their client, but were not captured whole.
    named: u32,
    /// Requests that may be some, but of which too little was captured or is known.
    possible: u32,
    /// Requests of APIs or versions that are not known here, but may be of a later release or a vendor.
    unknown: u32,
    /// Requests of APIs or versions that nobody is known to use.
    unexpected: u32,
    /// Requests that do not decode.
    malformed: u32,
    /// Responses that have the id of a request and decode.
    agreeing: u32,
    /// Responses that have the id of a request, but too short a body to say more.
    paired: u32,
    /// Responses that have the id of a request of an API or version that is not known here.
    unknown_pairs: u32,
    /// Responses with an id that the connection could have come to.
    pub(super) near: u32,
    /// Frames that fit nothing.
    pub(super) strange: u32,
}

/// What the other direction, the broker's, has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OtherSide {
    /// Nothing that was captured.
    Silent,
    /// Bytes of another protocol than Kafka, with which servers refuse a client.
    Foreign,
    /// Something.
    Speaks,
}

impl Evidence {
    pub(super) fn request(
        &mut self,
        api_key: ApiKey,
        version: Version,
        client_id: Option<&str>,
        body: &[u8],
        frame: &Frame<'_>,
    ) {
        let is_known = api_key
            .versions()
            .is_some_and(|versions| versions.contains(version));
        let is_named = client_id.is_some_and(|id| {
            !id.is_empty() && id.len() <= MAX_NAME_BYTES && !id.contains(char::is_control)
        });
        if !is_known {
            match judge::is_expected(api_key, version) {
                true => self.unknown += 1,
                false => self.unexpected += 1,
            }
        } else if frame.truncation.is_some() && is_named {
            self.named += 1;
        } else if frame.truncation.is_some() {
            self.possible += 1;
        } else if !body::begins_with_request(api_key, version, body) {
            self.malformed += 1;
        } else if body.len() >= 8 || is_named {
            self.telling += 1;
            self.telling_names += u32::from(is_named);
        } else {
            self.possible += 1;
        }
    }

    pub(super) fn response(
        &mut self,
        api_key: ApiKey,
        version: Version,
        body: &[u8],
        frame: &Frame<'_>,
    ) {
        let is_known = api_key
            .versions()
            .is_some_and(|versions| versions.contains(version));
        if !is_known {
            self.unknown_pairs += u32::from(judge::is_expected(api_key, version));
        } else if frame.truncation.is_some() {
            self.paired += 1;
        } else if !body::begins_with_response(api_key, version, body) {
            self.strange += 1;
        } else if body.len() > 2 {
            self.agreeing += 1;
        } else {
            self.paired += 1;
        }
    }

    /// Whether it is Kafka; `None` if more must be seen.
    pub(super) const fn verdict(&self, other_side: OtherSide) -> Option<bool> {
        let requests = self.telling + self.named + self.possible + self.unknown + self.unexpected;
        let agrees = requests > 0 && self.agreeing > 0;
        let pairs = self.telling + self.named > 0 && self.paired + self.unknown_pairs >= 2;
        if agrees || pairs {
            return Some(true);
        }
        if self.strange + self.malformed >= MAX_STRANGE {
            return Some(false);
        }
        let is_one_sided = matches!(other_side, OtherSide::Silent)
            && self.telling_names + self.named >= MIN_ONE_SIDED
            && self.malformed == 0;
        if is_one_sided { Some(true) } else { None }
    }

    /// The same when nothing more will be seen.
    pub(super) const fn last_verdict(&self, other_side: OtherSide) -> bool {
        let contradicts = self.strange + self.malformed > 0;
        match self.verdict(other_side) {
            Some(verdict) => verdict,
            None => match other_side {
                OtherSide::Silent | OtherSide::Foreign => {
                    (self.telling_names > 0 || self.named >= 2) && self.malformed == 0
                }
                OtherSide::Speaks => {
                    // Numbers that are near each other are in many protocols.
                    let is_near = self.near > 0 && self.telling + self.named > 0;
                    let known = self.telling + self.named + self.possible;
                    let is_paired = (self.paired > 0 && known > 0)
                        || (self.unknown_pairs > 0 && self.telling + self.named > 0)
                        || self.unknown_pairs >= MIN_UNKNOWN_PAIRS;
                    !contradicts && (is_near || is_paired)
                }
            },
        }
    }
}

/// What speaks against Kafka on a connection that is believed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doubt {
    /// Frames that do not fit.
    pub(super) strange: u32,
    /// Responses that fit their requests.
    fitting: u32,
    pub(super) is_reported: bool,
}

impl Doubt {
    /// A frame does not fit. One of which a part is missing says nothing.
    pub(super) const fn strange(&mut self, frame: &Frame<'_>) {
        if frame.truncation.is_none() {
            self.strange = self.strange.saturating_add(1);
        }
    }

    /// A response fits its request.
    pub(super) const fn fits(&mut self) {
        self.fitting = self.fitting.saturating_add(1);
    }

    /// Returns `true` if that is too much.
    pub(super) const fn has_won(&self) -> bool {
        self.strange >= MAX_STRANGE_IN_KAFKA && self.strange / 4 > self.fitting
    }
}
