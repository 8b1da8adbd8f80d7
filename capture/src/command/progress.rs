//! A progress bar on the terminal, where the output does not go there too.

use std::io::{IsTerminal, Read, stderr, stdout};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how much of a file was read.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Nothing is shown if nobody looks, or if the output would be in the way.
    pub(super) fn new() -> Self {
        let is_shown = stderr().is_terminal() && !stdout().is_terminal();
        Self(is_shown.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = "{wide_bar} {bytes} of {total_bytes} {bytes_per_sec} {eta}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is valid"));
            bar
        }))
    }

    /// Shows nothing.
    #[cfg(feature = "top")]
    pub(super) const fn hidden() -> Self {
        Self(None)
    }

    /// Counts what is read of a file of this length.
    pub(super) fn watch(
        &self,
        bytes: Box<dyn Read + Send>,
        length: Option<u64>,
    ) -> Box<dyn Read + Send> {
        let Some(bar) = &self.0 else { return bytes };
        match length {
            Some(length) => {
                // Several files may be read at once.
                match bar.length().filter(|total| bar.position() < *total) {
                    Some(total) => bar.set_length(total.saturating_add(length)),
                    None => {
                        bar.set_length(length);
                        bar.set_position(0);
                    }
                }
            }
            None => bar.set_style(ProgressStyle::default_spinner()),
        }
        Box::new(bar.wrap_read(bytes))
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
