//! What the command ends with. Each reason has a number of its own, so that scripts can tell them apart.

use std::fmt::Display;
#[cfg(feature = "analysis")]
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use kafka_capture::input::InputError;
use kafka_capture::segment::SegmentCounts;
use thiserror::Error;

use super::progress::Progress;

/// As it stands in `--help`.
pub(super) const CODES: &str = "\
Exit codes:
  0  all was read, and there was Kafka in it
  1  reading or writing failed
  2  the command line is wrong
  3  a file is not a capture or log segment, or packed with another packer than
     gzip and zstd
  4  a capture or segment, or its packing, is cut off or damaged; what is before
     that was decoded
  5  all packets of a capture are of unknown link types
  6  there is nothing of Kafka in the captures";

/// Why the command could not do all it should.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Input(InputError),
    #[error("{0} | kafka-capture {1} -")]
    Packed(InputError, &'static str),
    #[error("{0}: not a log segment: it does not begin with a batch")]
    NotALog(String),
    #[error("{0}: not a log segment: it is {1}")]
    OtherFile(String, &'static str),
    #[error("{0}: the segment is damaged: {1}")]
    DamagedLog(String, SegmentCounts),
    #[error("{0}: {1}")]
    State(String, String),
    #[error("writing the output: {0}")]
    Output(io::Error),
    #[error("nothing of Kafka in it: {0}")]
    NothingKafka(String),
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        match error.ends_with_command() {
            true => Self::Packed(error, "decode"),
            false => Self::Input(error),
        }
    }
}

impl Failure {
    /// A directory stands where a file is expected, such as those with this end.
    pub(super) fn directory(path: &Path, end: &str) -> Self {
        let name = path.display().to_string();
        let files = path.join(format!("*.{end}"));
        let files = files.display();
        Self::State(name, format!("is a directory; give its files: {files}"))
    }

    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Input(InputError::NotACapture { .. } | InputError::Empty { .. })
            | Self::Packed(InputError::Packed { .. }, _)
            | Self::NotALog(_)
            | Self::OtherFile(..) => 3,
            Self::Input(
                InputError::CutOff { .. }
                | InputError::Damaged { .. }
                | InputError::Packing { .. }
                | InputError::UndescribedInterface { .. },
            )
            | Self::DamagedLog(..) => 4,
            Self::Input(InputError::UnknownLinkType { .. }) => 5,
            Self::NothingKafka(_) => 6,
            Self::Input(_) | Self::Packed(..) | Self::State(..) | Self::Output(_) => 1,
        }
    }
}

/// The result of writing a file, whose error names it.
#[cfg(feature = "analysis")]
pub(super) fn naming<T>(file: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}

/// Reports a file that cannot be written, before a long time is spent on what goes to it.
#[cfg(feature = "analysis")]
pub(super) fn check_writable(file: &Path) -> io::Result<()> {
    match file.metadata() {
        // To open others, such as pipes, may have effects or wait.
        Ok(found) if found.is_file() || found.is_dir() => {
            let opened = File::options().write(true).open(file);
            naming(file, opened).map(drop)
        }
        _ => Ok(()),
    }
}

/// What went wrong while a command ran, each said at once; the exit code is that of one of them.
pub(super) struct Faults<'p> {
    progress: &'p Progress,
    failure: Option<Failure>,
    /// Whether they are kept, and not said.
    #[cfg(feature = "top")]
    kept: Option<Vec<Failure>>,
}

impl<'p> Faults<'p> {
    pub(super) const fn new(progress: &'p Progress) -> Self {
        Self {
            progress,
            failure: None,
            #[cfg(feature = "top")]
            kept: None,
        }
    }

    /// Keeps what goes wrong, to be said when the screen is free.
    #[cfg(feature = "top")]
    pub(super) const fn silent(progress: &'p Progress) -> Self {
        Self {
            progress,
            failure: None,
            kept: Some(Vec::new()),
        }
    }

    /// Whether what goes wrong is kept, and not said.
    pub(super) const fn is_silent(&self) -> bool {
        #[cfg(feature = "top")]
        return self.kept.is_some();
        #[cfg(not(feature = "top"))]
        return false;
    }

    /// What was kept.
    #[cfg(feature = "top")]
    pub(super) fn into_kept(self) -> Vec<Failure> {
        self.kept.unwrap_or_default()
    }

    /// The first counts.
    pub(super) fn add(&mut self, failure: Failure) {
        #[cfg(feature = "top")]
        if let Some(kept) = &mut self.kept {
            return kept.push(failure);
        }
        self.progress.clear();
        eprintln!("kafka-capture: {failure}");
        self.failure.get_or_insert(failure);
    }

    pub(super) const fn is_none(&self) -> bool {
        self.failure.is_none()
    }

    /// What the output failed with counts before all else; but for a reader who has seen enough, which is
    /// no failure and ends the command.
    pub(super) fn of_output(&mut self, error: Option<io::Error>) -> ControlFlow<ExitCode> {
        match error {
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ControlFlow::Break(ExitCode::SUCCESS);
            }
            Some(error) => {
                self.failure = None;
                self.add(Failure::Output(error));
            }
            None => {}
        }
        ControlFlow::Continue(())
    }

    /// The exit code.
    pub(super) fn code(self) -> ExitCode {
        self.failure
            .map_or(ExitCode::SUCCESS, |failure| ExitCode::from(failure.code()))
    }

    /// The exit code, after the last line.
    pub(super) fn end(self, counts: &dyn Display) -> ExitCode {
        // Nothing is lost if nobody reads it.
        let _ = writeln!(io::stderr(), "{counts}");
        self.code()
    }
}
