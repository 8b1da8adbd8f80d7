//! Opens a capture: a file or the standard input, packed with gzip or zstd or not, told by how it begins.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::InputError;
use super::unpack::{Packing, START_BYTES, Unpacked};
use crate::length::u64_of;

/// What a packed file may always be unpacked to.
const FREE_BYTES: u64 = 1 << 30;
/// How many times its size it may be unpacked to beyond that. Captures and logs come nowhere near.
const MAX_RATIO: u64 = 1000;

/// The bytes of a capture, unpacked, and what to call it in errors.
pub struct Input {
    pub(super) name: String,
    pub(super) bytes: Box<dyn Read + Send>,
    /// What `bytes` were unpacked from.
    pub(super) packing: Option<Packing>,
}

impl Input {
    /// The file at `path`; `-` is the standard input. `watch` wraps what is read, as a progress bar does.
    ///
    /// # Errors
    ///
    /// [`InputError::Io`].
    pub fn open(
        path: &Path,
        watch: impl FnOnce(Box<dyn Read + Send>, Option<u64>) -> Box<dyn Read + Send>,
    ) -> Result<Self, InputError> {
        Self::open_with_max_unpacked(path, watch, None)
    }

    /// The same, of which a packed file is unpacked to at most so many bytes. By default that is 1 GiB and a
    /// thousand times its size.
    ///
    /// # Errors
    ///
    /// [`InputError::Io`].
    pub fn open_with_max_unpacked(
        path: &Path,
        watch: impl FnOnce(Box<dyn Read + Send>, Option<u64>) -> Box<dyn Read + Send>,
        max_unpacked: Option<u64>,
    ) -> Result<Self, InputError> {
        if path.as_os_str() == "-" {
            let bytes = watch(Box::new(io::stdin()), None);
            return Self::with_max_unpacked("standard input".to_owned(), bytes, max_unpacked);
        }
        let name = path.display().to_string();
        let file = File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Ok((file, metadata.is_file().then_some(metadata.len())))
        });
        match file {
            Ok((file, bytes)) => {
                Self::with_max_unpacked(name, watch(Box::new(file), bytes), max_unpacked)
            }
            Err(source) => Err(InputError::Io { name, source }),
        }
    }

    /// The capture that `bytes` are, packed or not.
    ///
    /// # Errors
    ///
    /// [`InputError::Io`].
    pub fn new(name: String, bytes: Box<dyn Read + Send>) -> Result<Self, InputError> {
        Self::with_max_unpacked(name, bytes, None)
    }

    /// The same, unpacked to at most so many bytes, as in
    /// [`open_with_max_unpacked`](Self::open_with_max_unpacked).
    ///
    /// # Errors
    ///
    /// [`InputError::Io`].
    pub fn with_max_unpacked(
        name: String,
        bytes: Box<dyn Read + Send>,
        max_unpacked: Option<u64>,
    ) -> Result<Self, InputError> {
        match unpack(bytes, max_unpacked) {
            Ok((bytes, packing)) => Ok(Self {
                name,
                bytes,
                packing,
            }),
            Err(source) => Err(InputError::Io { name, source }),
        }
    }
}

/// The bytes without their packing, and that.
type Opened = (Box<dyn Read + Send>, Option<Packing>);

fn unpack(mut packed: Box<dyn Read + Send>, max: Option<u64>) -> io::Result<Opened> {
    let start = read_up_to(&mut packed, START_BYTES)?;
    let packing = Packing::of(&start);
    let bytes = Cursor::new(start).chain(packed);
    let Some(packing) = packing else {
        return Ok((Box::new(bytes), None));
    };
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        bytes,
        read: Arc::clone(&read),
    };
    let bytes = Bounded::new(Unpacked::new(packing, counted), read, max);
    Ok((Box::new(bytes), Some(packing)))
}

/// Counts the bytes that were read.
struct Counted<R> {
    bytes: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.read.fetch_add(u64_of(read), Ordering::Relaxed);
        Ok(read)
    }
}

/// Unpacked bytes, up to a bound: a file of a few kilobytes can be unpacked to any size.
struct Bounded<R> {
    bytes: R,
    /// How many packed bytes were read.
    packed: Arc<AtomicU64>,
    unpacked: u64,
    max: Option<u64>,
}

impl<R: Read> Bounded<R> {
    const fn new(bytes: R, packed: Arc<AtomicU64>, max: Option<u64>) -> Self {
        Self {
            bytes,
            packed,
            unpacked: 0,
            max,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.unpacked += u64_of(read);
        let packed = self.packed.load(Ordering::Relaxed);
        let max = self
            .max
            .unwrap_or_else(|| FREE_BYTES.saturating_add(packed.saturating_mul(MAX_RATIO)));
        if self.unpacked > max {
            let text = format!("unpacked to more than {max} bytes (--max-decompressed)");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        Ok(read)
    }
}

/// The first `length` bytes; fewer if there are no more.
pub(super) fn read_up_to(bytes: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    bytes
        .by_ref()
        .take(u64_of(length))
        .read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn unpacked(bytes: Vec<u8>) -> Vec<u8> {
        let mut input = Input::new("test".to_owned(), Box::new(Cursor::new(bytes))).unwrap();
        let mut unpacked = Vec::new();
        input.bytes.read_to_end(&mut unpacked).unwrap();
        unpacked
    }

    #[test]
    fn plain_bytes_pass_as_they_are() {
        assert_eq!(unpacked(b"abc".to_vec()), b"abc");
        assert_eq!(unpacked(Vec::new()), b"");
        assert_eq!(unpacked(vec![7; 200_000]), vec![7; 200_000]);
    }

    #[test]
    fn gzip_members_are_unpacked_one_after_the_other() {
        let mut packed = Vec::new();
        for part in [&b"one "[..], b"two"] {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(part).unwrap();
            packed.extend(encoder.finish().unwrap());
        }
        assert_eq!(unpacked(packed), b"one two");
    }

    #[test]
    fn zstd_frames_are_unpacked_one_after_the_other() {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let mut packed = ruzstd::encoding::compress_to_vec(&b"one "[..], level);
        packed.extend(ruzstd::encoding::compress_to_vec(&b"two"[..], level));
        assert_eq!(unpacked(packed), b"one two");
    }

    /// A zstd frame of so many blocks, each a byte that is repeated 128 KiB.
    fn zstd_of_repetitions(blocks: usize) -> Vec<u8> {
        // A window of 128 KiB, no content size, no checksum.
        let mut frame = b"\x28\xb5\x2f\xfd\x00\x38".to_vec();
        for block in 1..=blocks {
            let header = (128_u32 << 10) << 3 | 1 << 1 | u32::from(block == blocks);
            frame.extend(header.to_le_bytes().into_iter().take(3));
            frame.push(0);
        }
        frame
    }

    fn error_of(bytes: Vec<u8>, max: Option<u64>) -> (u64, Option<io::ErrorKind>) {
        let bytes = Box::new(Cursor::new(bytes));
        let mut input = Input::with_max_unpacked("test".to_owned(), bytes, max).unwrap();
        let mut count = 0;
        let mut buffer = vec![0; 1 << 20];
        loop {
            match input.bytes.read(&mut buffer) {
                Ok(0) => return (count, None),
                Ok(read) => count += u64_of(read),
                Err(error) => return (count, Some(error.kind())),
            }
        }
    }

    #[test]
    fn unpacking_ends_at_a_bound() {
        let zeros = vec![0; 8 << 20];
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&zeros).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd = zstd_of_repetitions(64);
        for packed in [gzip, zstd] {
            assert_eq!(error_of(packed.clone(), None), (8 << 20, None));
            let (count, error) = error_of(packed, Some(3 << 20));
            assert_eq!(error, Some(io::ErrorKind::FileTooLarge));
            assert!(count <= 3 << 20, "{count}");
        }
        // What nobody packed has no bound.
        assert_eq!(error_of(vec![7; 1000], Some(10)), (1000, None));
    }

    #[test]
    fn a_small_file_is_not_unpacked_to_gigabytes() {
        let packed = zstd_of_repetitions(20_000);
        let packed_bytes = u64_of(packed.len());
        let (count, error) = error_of(packed, None);
        assert_eq!(error, Some(io::ErrorKind::FileTooLarge));
        assert!(count <= FREE_BYTES + packed_bytes * MAX_RATIO, "{count}");
    }
}
