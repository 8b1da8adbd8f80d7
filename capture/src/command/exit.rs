//! What the command ends with. Each reason has a number of its own, so that scripts can tell them apart.

use std::io;

use kafka_capture::input::InputError;
use kafka_capture::segment::SegmentCounts;
use thiserror::Error;

/// As it stands in `--help`.
pub(super) const CODES: &str = "\
Exit codes:
  0  all was read, and there was Kafka in it
  1  reading or writing failed
  2  the command line is wrong
  3  a file is not a capture, or not a log segment
  4  a capture or segment is cut off or damaged; what is before that was decoded
  5  a capture has an unknown link type
  6  there is nothing of Kafka in the captures";

/// Why the command could not do all it should.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("{0}: not a log segment: it does not begin with a batch")]
    NotALog(String),
    #[error("{0}: the segment is damaged: {1}")]
    DamagedLog(String, SegmentCounts),
    #[error("writing the output: {0}")]
    Output(io::Error),
    #[error("nothing of Kafka in it: {0}")]
    NothingKafka(String),
}

impl Failure {
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Input(InputError::NotACapture { .. }) | Self::NotALog(_) => 3,
            Self::Input(InputError::CutOff { .. } | InputError::Damaged { .. })
            | Self::DamagedLog(..) => 4,
            Self::Input(InputError::UnknownLinkType { .. }) => 5,
            Self::NothingKafka(_) => 6,
            Self::Input(_) | Self::Output(_) => 1,
        }
    }
}
