//! The messages that parsers are judged by, by number: valid, malformed and mutated ones.

use kafka_codec::schema::random::Expectation;
use serde::{Deserialize, Serialize};

use crate::mutate::{self, Shape};
use crate::{Direction, Generator, Target};

/// A message to read. Written as JSON it is a line of a file of cases.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The number of the case. With the seed of all it makes the case again.
    pub id: u64,
    /// Kafka's name of the message, such as `FetchRequest`.
    pub message: String,
    /// The number of the API.
    pub api_key: i16,
    /// The version.
    pub version: i16,
    /// The body, in hexadecimal digits.
    pub hex: String,
    /// How the body was made: `valid`, or the mutation.
    #[serde(default)]
    pub label: String,
    /// The required reaction of a reader, if it is known: `accept`, `refuse`, or `kafka-accepts` where Kafka's own code is lenient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectation: Option<String>,
}

impl Case {
    /// The case with a number: of four one valid, one malformed, one mutated consistently or malformed, one mutated several times.
    #[must_use]
    pub fn new(seed: u64, id: u64, targets: &[Target]) -> Self {
        let at = mix(seed ^ id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let count = u64::try_from(targets.len()).unwrap_or(u64::MAX).max(1);
        let index = usize::try_from((at >> 8) % count).unwrap_or(0);
        let target = targets.get(index).copied();
        let target = target.expect("there is at least one target");
        let shape = Shape::body(target);
        let valid = || Generator::new(target).generate(at).into_bytes();
        let (bytes, label, expectation) = match id % 4 {
            0 => (valid(), "valid".to_owned(), Some(Expectation::Accept)),
            1 => {
                let made = Generator::new(target).malformed().generate(at);
                let mutation = made.label().map(crate::Label::mutation);
                let label = mutation.map(|mutation| mutation.to_string());
                let expectation = mutation.map(|mutation| mutation.expectation());
                (made.into_bytes(), label.unwrap_or_default(), expectation)
            }
            kind => {
                let rounds = if kind == 2 { 1 } else { 2 + at % 4 };
                let mut mutant = mutate::mutate(&valid(), &shape, at, MAX_LEN);
                for round in 1..rounds {
                    let seed = at.wrapping_add(round);
                    mutant = mutate::mutate(mutant.bytes(), &shape, seed, MAX_LEN);
                }
                let label = mutant.deed().to_string();
                let expectation = mutant.expectation();
                (mutant.into_bytes(), label, expectation)
            }
        };
        Self {
            id,
            message: target.schema().name().to_owned(),
            api_key: target.api_key().number(),
            version: target.version().0,
            hex: hex(&bytes),
            label,
            expectation: expectation.map(|expectation| name(expectation).to_owned()),
        }
    }

    /// The body; `None` if its digits are wrong.
    #[must_use]
    pub fn body(&self) -> Option<Vec<u8>> {
        let digits = self.hex.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect()
    }

    /// The target; `None` if it is not known.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let direction = if self.message.ends_with("Request") {
            Direction::Request
        } else {
            Direction::Response
        };
        let key = kafka_codec::ApiKey::from_number(self.api_key);
        Target::new(key, kafka_codec::Version(self.version), direction).ok()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

const fn name(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Refuse => "refuse",
        Expectation::Accept => "accept",
        _ => "kafka-accepts",
    }
}

/// The output function of SplitMix64.
const fn mix(number: u64) -> u64 {
    let mut z = number;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const MAX_LEN: usize = 16 * 1024;
