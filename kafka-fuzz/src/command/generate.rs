//! `kafka-fuzz generate`: random messages of an API, a version and a direction, by seed.

use std::io::{self, BufWriter, Write, stderr};

use clap::Args;
use kafka_codec::schema::random::Mutation;
use kafka_codec::{ApiKey, Version};
use kafka_fuzz::{Direction, Generator, Target, Unit, UnknownTarget, is_of_frames};

use super::output::{Failure, Format};

/// Generate random messages, valid or malformed
///
/// Message number i, counted from 0, is that of the seed `--seed` + i: each can be made again alone.
#[derive(Args)]
#[command(after_help = EXAMPLES, disable_version_flag = true)]
pub(super) struct Generate {
    /// The API by name or number, such as Fetch, fetch-request or 1; any API if not given
    api: Option<ApiKey>,

    /// The version; any version if not given
    #[arg(long, short = 'v', requires = "api")]
    version: Option<i16>,

    /// Generate requests [default: both, if no API is given]
    #[arg(long, conflicts_with = "response")]
    request: bool,

    /// Generate responses
    #[arg(long)]
    response: bool,

    /// Generate whole frames, with size and header, instead of bodies
    #[arg(long)]
    frame: bool,

    /// Apply one mutation to each message; with a name, only that one
    ///
    /// Messages that a named mutation does not apply to stay valid and have no label. How many these are is written to standard
    /// error; if it applies to none, the command fails. FrameSize, UnknownApi and UnknownVersion need --frame.
    #[arg(long, value_name = "MUTATION", num_args = 0..=1, require_equals = true, value_parser = mutation)]
    malformed: Option<Option<Mutation>>,

    /// Put random bytes into records fields, instead of valid batches
    #[arg(long)]
    no_batches: bool,

    /// The seed of the first message
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// How many messages
    #[arg(long, short = 'n', default_value_t = 1)]
    count: u64,

    /// How messages are written
    #[arg(long, value_enum, default_value_t = Format::Raw)]
    format: Format,
}

impl Generate {
    pub(super) fn run(self) -> Result<(), Failure> {
        let unit = if self.frame { Unit::Frame } else { Unit::Body };
        let named = self.malformed.flatten();
        if let Some(mutation) = named.filter(|named| is_of_frames(*named) && !self.frame) {
            return Err(Failure::Flags(format!(
                "--malformed={mutation:?} needs --frame: a body has no size and no header"
            )));
        }
        let mut generator = Generator::of_many(self.targets()?).unit(unit);
        if self.no_batches {
            generator = generator.without_record_batches();
        }
        generator = match self.malformed {
            None => generator,
            Some(None) => generator.malformed(),
            Some(Some(mutation)) => generator.malformed_by(mutation),
        };
        let mut out = BufWriter::new(io::stdout().lock());
        let mut missed = 0;
        for index in 0..self.count {
            let generated = generator.generate(self.seed.wrapping_add(index));
            missed += u64::from(generated.label().is_none());
            self.format.write(&mut out, &generated, unit)?;
        }
        out.flush()?;
        match named {
            Some(mutation) if missed > 0 => report(mutation, missed, self.count),
            _ => Ok(()),
        }
    }

    fn targets(&self) -> Result<Vec<Target>, UnknownTarget> {
        let direction = match (self.request, self.response) {
            (true, _) => Some(Direction::Request),
            (_, true) => Some(Direction::Response),
            _ if self.api.is_some() => Some(Direction::Request),
            _ => None,
        };
        if let (Some(key), Some(version)) = (self.api, self.version) {
            let direction = direction.unwrap_or(Direction::Request);
            return Ok(vec![Target::new(key, Version(version), direction)?]);
        }
        let mut targets: Vec<_> = match self.api {
            Some(key) => Target::of_api(key).collect(),
            None => Target::all().collect(),
        };
        if let (true, Some(key)) = (targets.is_empty(), self.api) {
            return Err(UnknownTarget::Api(key.number()));
        }
        targets.retain(|target| direction.is_none_or(|wanted| target.direction() == wanted));
        Ok(targets)
    }
}

/// Reports how many messages a mutation did not apply to.
fn report(mutation: Mutation, missed: u64, count: u64) -> Result<(), Failure> {
    if missed == count {
        return Err(Failure::NotApplied { mutation, count });
    }
    // Nothing is lost if nobody reads it.
    let _ = writeln!(
        stderr(),
        "{mutation:?} does not apply to {missed} of {count} messages, which are valid"
    );
    Ok(())
}

fn mutation(name: &str) -> Result<Mutation, String> {
    let all = Mutation::ALL.iter().copied();
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
    let found = all
        .clone()
        .find(|mutation| plain(&format!("{mutation:?}")) == plain(name));
    found.ok_or_else(|| {
        let names: Vec<_> = all.map(|mutation| format!("{mutation:?}")).collect();
        format!("expected one of {}", names.join(", "))
    })
}

const EXAMPLES: &str = "\
Examples:
  kafka-fuzz generate Metadata --version 12 >body.bin
  kafka-fuzz generate Fetch -v 17 --response --frame --seed 7 --format hex
  kafka-fuzz generate Produce --malformed --count 1000 --format ndjson
  kafka-fuzz generate --malformed=inflated-count --count 100 --format ndjson
  kafka-fuzz generate --malformed=unknown-version --request --frame --count 100 --format ndjson";
