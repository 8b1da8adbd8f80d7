//! Seeds out of captured traffic: every whole body that was captured, once.

use std::collections::HashSet;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kafka_capture::input::{Input, Packets};
use kafka_capture::output::Sink;
use kafka_capture::{Decoder, Event, EventKind};
use kafka_codec::DecodeErrorKind;
use kafka_codec::schema::json::{self, Options, WriteError};

use super::files::Files;
use super::{Case, Corpus, CorpusError, Seed, Written};
use crate::{Direction, Target};

impl Corpus {
    /// Writes the messages of captures (pcap or pcapng, also packed) into a directory, which is created. No two files have the
    /// same content.
    ///
    /// Left out are messages that were not captured whole, of more than `max_bytes`, of unknown APIs, or of other targets than
    /// those of the corpus. Messages that may hold secrets are left out too, and counted: SASL tokens, salts, passwords and keys
    /// of SCRAM, HMACs of delegation tokens, requests within an Envelope, and config values that may be sensitive. So are malformed messages,
    /// of which nobody can tell.
    ///
    /// # Errors
    ///
    /// [`CorpusError`] if a capture cannot be read or a file cannot be written. What was captured before that is written.
    pub fn write_captured(
        &self,
        captures: &[PathBuf],
        max_bytes: usize,
        directory: &Path,
        manifest: Option<&mut dyn Write>,
    ) -> Result<Written, CorpusError> {
        let mut messages = Messages {
            wanted: self.targets.as_ref().map(|targets| {
                let names = targets.iter();
                names
                    .map(|target| (target.schema().name(), target.version().0))
                    .collect()
            }),
            max_bytes,
            seen: HashSet::new(),
            seeds: Vec::new(),
            secret: 0,
        };
        let mut decoder = Decoder::new(Vec::new());
        let read = captures
            .iter()
            .try_for_each(|capture| read(capture, &mut decoder, &mut messages));
        decoder.finish(&mut messages);
        let mut seeds = messages.seeds;
        seeds.sort_by_key(|seed| seed.target().schema().name());
        let mut files = Files::create(directory, self.prefix, self.format, manifest)?;
        for seeds in seeds
            .chunk_by(|one, other| one.target().schema().name() == other.target().schema().name())
        {
            files.write(seeds.to_vec())?;
        }
        read?;
        Ok(Written {
            secret: messages.secret,
            ..files.written()
        })
    }
}

fn read(capture: &Path, decoder: &mut Decoder, messages: &mut Messages) -> Result<(), CorpusError> {
    let input = Input::open(capture, |bytes, _| bytes)?;
    Packets::new(input)?.for_each(
        |packet| {
            decoder.packet(&packet, messages);
            ControlFlow::Continue(())
        },
        || {},
    )?;
    Ok(())
}

/// The messages of captures, each body of a target once.
struct Messages {
    wanted: Option<HashSet<(&'static str, i16)>>,
    max_bytes: usize,
    seen: HashSet<(&'static str, i16, Vec<u8>)>,
    seeds: Vec<Seed>,
    /// How many were left out as they may hold secrets.
    secret: usize,
}

impl Sink for Messages {
    fn event(&mut self, event: &Event<'_>) {
        let EventKind::Message(message) = &event.kind else {
            return;
        };
        if message.truncation.is_some() || message.body.len() > self.max_bytes {
            return;
        }
        let direction = match event.direction {
            kafka_capture::Direction::ToBroker => Direction::Request,
            kafka_capture::Direction::ToClient => Direction::Response,
        };
        let Ok(target) = Target::new(message.api_key, message.version, direction) else {
            return;
        };
        let (name, version) = (target.schema().name(), target.version().0);
        let wanted = self.wanted.as_ref();
        let is_wanted = wanted.is_none_or(|wanted| wanted.contains(&(name, version)));
        if is_wanted && self.seen.insert((name, version, message.body.to_vec())) {
            if may_hold_secrets(target, message.body) {
                self.secret += 1;
                return;
            }
            let number = u64::try_from(self.seeds.len()).unwrap_or(u64::MAX);
            let seed = Seed::new(target, Case::Captured(number), message.body.to_vec());
            self.seeds.push(seed);
        }
    }
}

/// Returns `true` if the JSON of a message has something in it that is hidden on request, or if nobody can tell.
fn may_hold_secrets(target: Target, body: &[u8]) -> bool {
    let json = |body, options| json::to_string(target.schema(), target.version(), body, &options);
    let options = Options::java().any_text();
    // What follows a message is not secret.
    let body = match json(body, options) {
        Err(WriteError::Decode(error)) => match *error.kind() {
            DecodeErrorKind::TrailingBytes { count } => {
                body.get(..body.len() - count).unwrap_or_default()
            }
            _ => body,
        },
        _ => body,
    };
    match (json(body, options), json(body, options.redacted())) {
        (Ok(shown), Ok(redacted)) => shown != redacted,
        _ => true,
    }
}
