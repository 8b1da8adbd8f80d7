//! zstd: frames, as libzstd reads and writes them.

use std::fmt;
use std::io::Cursor;

use zstd_safe::{CCtx, CParameter, DCtx, InBuffer, OutBuffer, ResetDirective, get_error_name};

use super::output::make_room;
use super::zstd_frames::max_output_of;
use super::{Bounds, Codec, CodecError, CodecErrorKind, LevelError};
use crate::records::Compression;

/// zstd, by libzstd.
///
/// Frames are decompressed straight into the output, so that memory is taken for what comes out of
/// them, and not for their window. Working memory: 160 KiB to decompress, and if there is a fault in a frame also its window,
/// of at most [`max_window_bytes`](crate::wire::Limits::max_window_bytes), to find what comes before the fault; some MiB to
/// compress, by level.
pub struct Zstd {
    level: i32,
    decompress: Option<DCtx<'static>>,
    compress: Option<CCtx<'static>>,
}

impl Zstd {
    /// Compresses with `level`: -131072 to 22, by default 3.
    ///
    /// # Errors
    ///
    /// [`LevelError`] if there is no such level.
    pub fn with_level(level: i32) -> Result<Self, LevelError> {
        LevelError::check(Compression::Zstd, level, -131_072, 22)?;
        Ok(Self {
            level,
            ..Self::default()
        })
    }
}

impl Codec for Zstd {
    fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bounds: &Bounds,
    ) -> Result<(), CodecError> {
        let max = max_output_of(input, bounds)
            .map_err(|(kind, offset)| CodecError::new(kind, offset))?
            .min(bounds.max_output());
        // A byte more, so that it need not grow if it has to show that there is too much.
        output
            .try_reserve_exact(max.saturating_add(1))
            .map_err(|_| out_of_memory())?;
        let context = match &mut self.decompress {
            Some(context) => context,
            none => none.insert(DCtx::try_create().ok_or_else(out_of_memory)?),
        };
        match context.decompress(output, input) {
            Ok(_) => super::output::check(output, bounds)
                .map_err(|kind| CodecError::new(kind, input.len())),
            // Again, slowly, to find where the fault is and what comes out before it.
            Err(_) => {
                let result = stream(context, input, output, bounds);
                // It holds a window as large as the frame says.
                self.decompress = None;
                result
            }
        }
    }

    fn compress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        _magic: i8,
    ) -> Result<(), CodecError> {
        let context = match &mut self.compress {
            Some(context) => context,
            none => {
                let mut context = CCtx::try_create().ok_or_else(out_of_memory)?;
                context
                    .set_parameter(CParameter::CompressionLevel(self.level))
                    .map_err(failed)?;
                none.insert(context)
            }
        };
        let start = output.len();
        output.reserve(zstd_safe::compress_bound(input.len()));
        let mut cursor = Cursor::new(output);
        cursor.set_position(u64::try_from(start).expect("a length fits in 64 bits"));
        context.compress2(&mut cursor, input).map_err(failed)?;
        Ok(())
    }
}

/// Decompresses piece by piece, up to a fault.
fn stream(
    context: &mut DCtx<'static>,
    input: &[u8],
    output: &mut Vec<u8>,
    bounds: &Bounds,
) -> Result<(), CodecError> {
    output.clear();
    context.reset(ResetDirective::SessionOnly).map_err(failed)?;
    let mut source = InBuffer::around(input);
    loop {
        make_room(output, bounds).map_err(|kind| CodecError::new(kind, source.pos()))?;
        let before = (source.pos(), output.len());
        let mut target = OutBuffer::around_pos(output, before.1);
        let left = context.decompress_stream(&mut target, &mut source);
        let is_stuck = before == (source.pos(), output.len());
        match left {
            Ok(0) if source.pos() == input.len() => {
                return super::output::check(output, bounds)
                    .map_err(|kind| CodecError::new(kind, source.pos()));
            }
            Ok(_) if is_stuck => {
                return Err(CodecError::new(CodecErrorKind::UnexpectedEnd, source.pos()));
            }
            Ok(_) => {}
            Err(code) => {
                let kind = CodecErrorKind::Malformed(get_error_name(code));
                return Err(CodecError::new(kind, source.pos()));
            }
        }
    }
}

#[cold]
fn failed(code: usize) -> CodecError {
    CodecError::new(CodecErrorKind::Failed(get_error_name(code)), 0)
}

#[cold]
fn out_of_memory() -> CodecError {
    CodecError::new(CodecErrorKind::Failed("no memory for zstd"), 0)
}

impl Default for Zstd {
    fn default() -> Self {
        Self {
            level: 3,
            decompress: None,
            compress: None,
        }
    }
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd")
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
