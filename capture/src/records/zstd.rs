//! zstd by ruzstd, for builds without libzstd.

use std::io::Read;

use kafka_codec::records::codec::{Bounds, Codec, CodecError, CodecErrorKind};
use ruzstd::decoding::StreamingDecoder;

use crate::length::u64_of;

/// Decompresses one frame after the other. It does not compress.
pub(super) struct Zstd;

impl Codec for Zstd {
    fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        bounds: &Bounds,
    ) -> Result<(), CodecError> {
        let mut rest = input;
        while !rest.is_empty() {
            let offset = input.len() - rest.len();
            let malformed = CodecErrorKind::Malformed("not a zstd frame that ruzstd decompresses");
            let malformed = CodecError::new(malformed, offset);
            let max_window = u64_of(bounds.max_window());
            let decoder = StreamingDecoder::new_with_max_window_size(&mut rest, max_window)
                .map_err(|_| malformed.clone())?;
            let left = bounds.max_output().saturating_sub(output.len());
            // A byte more shows that there is too much.
            let mut decoder = decoder.take(u64_of(left).saturating_add(1));
            decoder.read_to_end(output).map_err(|_| malformed)?;
            if output.len() > bounds.max_output() {
                output.truncate(bounds.max_output());
                return Err(CodecError::new(bounds.output_too_large(), offset));
            }
        }
        Ok(())
    }

    fn compress(&mut self, _: &[u8], _: &mut Vec<u8>, _: i8) -> Result<(), CodecError> {
        let kind = CodecErrorKind::Failed("compression with zstd needs the feature `zstd`");
        Err(CodecError::new(kind, 0))
    }
}

#[cfg(test)]
mod tests {
    use kafka_codec::records::codec::{Bounds, Codec};
    use kafka_codec::wire::Limits;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::Zstd;

    #[test]
    fn frames_are_decompressed_one_after_the_other_within_the_bounds() {
        let text = "records ".repeat(1000);
        let mut input = compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
        input.extend(compress_to_vec(&b"more"[..], CompressionLevel::Fastest));
        let bounds = Bounds::new(Limits::default(), input.len(), 2);
        let mut output = Vec::new();
        Zstd.decompress(&input, &mut output, &bounds).unwrap();
        assert_eq!(output, [text.as_bytes(), b"more"].concat());

        let limits = Limits::default().with_max_decompressed_bytes(1000);
        let bounds = Bounds::new(limits, input.len(), 2);
        let mut output = Vec::new();
        assert!(Zstd.decompress(&input, &mut output, &bounds).is_err());
        assert_eq!(output.len(), 1000);
        assert!(
            Zstd.decompress(&input[..20], &mut Vec::new(), &bounds)
                .is_err()
        );
    }
}
