//! Which APIs and which direction, as several commands ask it.

use clap::Args;
use kafka_codec::ApiKey;
use kafka_fuzz::{Direction, Target, UnknownTarget};

/// Which messages.
#[derive(Args)]
pub(super) struct Choice {
    /// Only this API, by name or number; may be given more than once, or as a list with commas
    #[arg(long, value_delimiter = ',')]
    api: Vec<ApiKey>,

    /// Only requests
    #[arg(long, conflicts_with = "response")]
    request: bool,

    /// Only responses
    #[arg(long)]
    response: bool,
}

impl Choice {
    /// Whether all messages are meant.
    pub(super) fn is_all(&self) -> bool {
        self.api.is_empty() && !self.request && !self.response
    }

    /// The chosen targets.
    pub(super) fn targets(&self) -> Result<Vec<Target>, UnknownTarget> {
        let mut targets = Vec::new();
        for key in &self.api {
            let before = targets.len();
            targets.extend(Target::of_api(*key));
            if targets.len() == before {
                return Err(UnknownTarget::Api(key.number()));
            }
        }
        if self.api.is_empty() {
            targets = Target::all().collect();
        }
        targets.retain(|target| match target.direction() {
            Direction::Request => !self.response,
            Direction::Response => !self.request,
        });
        Ok(targets)
    }
}
