//! Refuses outputs that would replace what a command reads, or a capture.

use std::path::Path;

use kafka_capture::input::{Input, InputError, Packets};

use super::exit::Failure;

/// Reports an output that is one of the inputs, or a capture: one that was meant as an input, as of `-o *.pcap`.
pub(super) fn check<'p>(
    option: &str,
    output: &Path,
    inputs: impl IntoIterator<Item = &'p Path>,
) -> Result<(), Failure> {
    check_inputs(option, output, inputs)?;
    match is_capture(output) {
        true => {
            let why = "the output is a capture, which would be lost; name another file, or remove it first";
            Err(refused(option, output, why))
        }
        false => Ok(()),
    }
}

/// Reports an output that is one of the inputs. A command whose output is a capture may replace an earlier one.
pub(super) fn check_inputs<'p>(
    option: &str,
    output: &Path,
    inputs: impl IntoIterator<Item = &'p Path>,
) -> Result<(), Failure> {
    match inputs.into_iter().any(|input| is_same(input, output)) {
        true => Err(refused(
            option,
            output,
            "the output is an input, too; name another file",
        )),
        false => Ok(()),
    }
}

fn refused(option: &str, output: &Path, why: &str) -> Failure {
    Failure::State(format!("{option} {}", output.display()), why.to_owned())
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Returns `true` if a file begins like a capture, packed or not.
fn is_capture(file: &Path) -> bool {
    // To open others, such as pipes, may have effects or wait.
    if file.as_os_str() == "-" || !file.is_file() {
        return false;
    }
    let packets = Input::open(file, |bytes, _| bytes).and_then(Packets::new);
    matches!(packets, Ok(_) | Err(InputError::CutOff { .. }))
}
