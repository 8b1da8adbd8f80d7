//! The codecs that a decoder or builder uses, each made when it is first needed.

use std::fmt;

use super::Codec;
use crate::records::Compression;

/// A codec for each compression.
#[derive(Default)]
pub(in crate::records) struct Codecs([Option<Box<dyn Codec>>; 5]);

impl Codecs {
    pub(in crate::records) fn set(&mut self, compression: Compression, codec: Box<dyn Codec>) {
        if let Some(slot) = self.0.get_mut(usize::from(compression.id())) {
            *slot = Some(codec);
        }
    }

    /// The codec for `compression`; `None` if it is not compiled in.
    pub(in crate::records) fn get(&mut self, compression: Compression) -> Option<&mut dyn Codec> {
        let slot = self.0.get_mut(usize::from(compression.id()))?;
        if slot.is_none() {
            *slot = compiled_in(compression);
        }
        match slot {
            Some(codec) => Some(&mut **codec),
            None => None,
        }
    }
}

impl fmt::Debug for Codecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = Compression::ALL
            .into_iter()
            .zip(&self.0)
            .filter_map(|(compression, slot)| slot.is_some().then_some(compression));
        f.debug_list().entries(made).finish()
    }
}

fn compiled_in(compression: Compression) -> Option<Box<dyn Codec>> {
    match compression {
        #[cfg(feature = "gzip")]
        Compression::Gzip => Some(Box::new(super::Gzip::default())),
        #[cfg(feature = "snappy")]
        Compression::Snappy => Some(Box::new(super::Snappy::default())),
        #[cfg(feature = "lz4")]
        Compression::Lz4 => Some(Box::new(super::Lz4::default())),
        #[cfg(feature = "zstd")]
        Compression::Zstd => Some(Box::new(super::Zstd::default())),
        _ => None,
    }
}
