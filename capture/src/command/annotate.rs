//! `kafka-capture annotate`: the capture again, with comments for Wireshark.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use kafka_capture::annotate::{AnnotateError, Comments};
use kafka_capture::input::{Input, Packets};

use super::exit::{CODES, Failure, Faults, check_writable, naming};
use super::input::{InputOptions, Target};
use super::overwrite;
use super::progress::Progress;

/// Copy a capture with comments that Wireshark shows: on packets that complete a message or end a connection
///
/// A message's comment has its API, version, correlation id, client, latency, topics and errors; that on the packet that ends a
/// connection says why. The copy is a pcapng. A pcapng keeps all that is in it. The capture is read twice, so it must be a file.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = long_help(),
    override_usage = "kafka-capture annotate [OPTIONS] --output <OUTPUT> <FILE>",
    mut_arg("interface", |option| option.hide(true)),
    mut_arg("files", |files| files.help("The capture, which is read twice"))
)]
pub(super) struct Annotate {
    #[command(flatten)]
    input: InputOptions,

    /// Where the copy goes; - is the standard output
    #[arg(short, long, value_name = "OUTPUT")]
    output: PathBuf,

    /// Only comments on what has an error in it: an error code, or something that could not be decoded. Requests without a
    /// response have none
    #[arg(long)]
    errors: bool,
}

const EXAMPLES: &str = "\
Examples:
  kafka-capture annotate broker.pcap.gz -o new.pcapng && wireshark new.pcapng
  kafka-capture annotate --keylog keys.log -o new.pcapng tls.pcapng
  kafka-capture annotate --errors broker.pcap -o - |
    tshark -r - -Y frame.comment -T fields -e frame.number -e frame.comment";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{CODES}")
}

impl Target for Comments {
    fn packet(&mut self, time: i64) {
        self.packet(time);
    }
}

impl Annotate {
    pub(super) fn run(self) -> ExitCode {
        let progress = Progress::new();
        let mut faults = Faults::new(&progress);
        let Some(file) = self.input.only_file() else {
            let why = "one capture file is needed: it is read twice, and copied";
            faults.add(Failure::State("annotate".to_owned(), why.to_owned()));
            return faults.code();
        };
        if let Err(failure) =
            overwrite::check_inputs("--output", &self.output, self.input.all_files())
        {
            faults.add(failure);
            return faults.code();
        }
        let scratch = check_writable(&self.output)
            .and_then(|()| naming(&self.output, Scratch::beside(&self.output)));
        let scratch = match scratch {
            Ok(scratch) => scratch,
            Err(error) => {
                faults.add(Failure::Output(error));
                return faults.code();
            }
        };
        let comments = scratch.file.try_clone().map(|file| {
            let filter = self.input.filter(self.errors);
            Comments::new(filter, file)
        });
        let mut comments = match comments {
            Ok(comments) => comments,
            Err(error) => {
                faults.add(Failure::Output(error));
                return faults.code();
            }
        };
        let (counts, _) = self.input.decode(&progress, &mut faults, &mut comments);
        let passed = comments.passed().clone();
        let copied = self.copy(file, comments, &progress);
        progress.clear();
        match copied {
            Ok(written) => {
                let noun = if written == 1 { "comment" } else { "comments" };
                drop(writeln!(io::stderr(), "{written} {noun}"));
            }
            Err(AnnotateError::Output(error)) => {
                if let ControlFlow::Break(code) = faults.of_output(Some(error)) {
                    return code;
                }
            }
            // What is wrong with the capture has been reported when it was decoded.
            Err(AnnotateError::Input(error)) if faults.is_none() => faults.add(error.into()),
            Err(_) => {}
        }
        self.input.expect_kafka(&counts, &mut faults);
        let code = faults.end(&counts);
        self.input.expect_matches(&counts, self.errors, &passed);
        code
    }

    fn copy(
        &self,
        file: &Path,
        comments: Comments,
        progress: &Progress,
    ) -> Result<u64, AnnotateError> {
        let watch = |bytes, length| progress.watch(bytes, length);
        let max = self.input.max_decompressed();
        let input = Input::open_with_max_unpacked(file, watch, max)?;
        let mut packets = Packets::new(input)?;
        if self.output.as_os_str() == "-" {
            comments.write(&mut packets, io::stdout().lock())
        } else {
            let output = naming(&self.output, File::create(&self.output))?;
            comments.write(&mut packets, output)
        }
    }
}

/// A file for the time that the command runs.
struct Scratch {
    file: File,
    /// Where it is, if it cannot be removed while it is open.
    path: Option<PathBuf>,
}

impl Scratch {
    /// In the directory that the output goes to, which has room for what is as large.
    fn beside(output: &Path) -> io::Result<Self> {
        let path = if output.as_os_str() == "-" || (output.exists() && !output.is_file()) {
            std::env::temp_dir().join(format!("kafka-capture-{}.tmp", std::process::id()))
        } else {
            let mut name = output.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{}.tmp", std::process::id()));
            output.with_file_name(name)
        };
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        let path = std::fs::remove_file(&path).is_err().then_some(path);
        Ok(Self { file, path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // It stays if the system does not want it removed.
            let _ = std::fs::remove_file(path);
        }
    }
}
