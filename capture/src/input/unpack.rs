//! Unpacks gzip and zstd: members or frames one after the other, up to what stands behind the last of them.

use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, DEFAULT_MAX_WINDOW_SIZE, FrameDecoder};

use super::packing::file_argument;
use crate::length::{u64_of, usize_of};

/// How many bytes tell a packing.
pub(super) const START_BYTES: usize = 4;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BUFFER_BYTES: usize = 64 << 10;
/// How much of gzip is unpacked at a time: what was unpacked by the call that meets damage is lost with it.
const LITTLE_BYTES: usize = 512;
/// A block of zstd that is the last one, without content, and a checksum. It ends a frame that is damaged, so that what was
/// unpacked before is handed out.
const LAST_BLOCK: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
const ONE_BLOCK: BlockDecodingStrategy = BlockDecodingStrategy::UptoBlocks(1);

/// A packing that is undone here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// The packing of a file that begins so.
    pub(super) fn of(start: &[u8]) -> Option<Self> {
        match start {
            _ if start.starts_with(GZIP) => Some(Self::Gzip),
            _ if start.starts_with(ZSTD) || is_skippable(start) => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Returns `true` for the magic numbers of zstd's frames of other content, which are passed over.
const fn is_skippable(start: &[u8]) -> bool {
    matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// The reason why packed data cannot be unpacked to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackingFault {
    /// The data are damaged.
    Damaged,
    /// The data end early.
    CutOff,
    /// So many bytes follow the data that are not packed.
    Trailing(u64),
    /// zstd packed with a window of so many bytes, which is too large.
    Window(u64),
    /// zstd packed with a dictionary.
    Dictionary,
}

impl PackingFault {
    /// What the fault is, of the file `name` with this packing.
    pub(super) fn describe(self, packing: &str, name: &str) -> String {
        let file = file_argument(name);
        match self {
            Self::Damaged => format!("the {packing} data are damaged"),
            Self::CutOff => format!("the {packing} data are cut off"),
            Self::Trailing(1) => {
                format!("1 byte behind the end of the {packing} data is not {packing}")
            }
            Self::Trailing(bytes) => {
                format!("{bytes} bytes behind the end of the {packing} data are not {packing}")
            }
            Self::Window(bytes) => format!(
                "the zstd window of {bytes} bytes is too large (maximum {DEFAULT_MAX_WINDOW_SIZE}); \
                 unpack it first: zstd -dc --long={} {file}",
                bytes.next_power_of_two().trailing_zeros()
            ),
            Self::Dictionary => format!(
                "the zstd data need a dictionary; unpack it first: zstd -dc -D DICTIONARY {file}"
            ),
        }
    }
}

/// A fault as the error of reading.
#[derive(Debug)]
struct Faulty(PackingFault, Packing);

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.describe(self.1.name(), "FILE"))
    }
}

impl std::error::Error for Faulty {}

/// The fault that an error of reading stands for, if it is one of packed data.
pub(super) fn fault_of(error: &io::Error) -> Option<(PackingFault, &'static str)> {
    let Faulty(fault, packing) = error.get_ref()?.downcast_ref()?;
    Some((*fault, packing.name()))
}

/// The bytes of a packed file, unpacked.
pub(super) struct Unpacked<R: Read> {
    packing: Packing,
    state: State<R>,
}

enum State<R: Read> {
    Between(Packed<R>),
    Gzip(Box<GzDecoder<Packed<R>>>),
    Zstd(Box<ZstdFrame<R>>),
    /// All that was unpacked before is handed out.
    Failed(io::Error),
    Over,
}

struct ZstdFrame<R: Read> {
    decoder: FrameDecoder,
    packed: Packed<R>,
    /// What is reported once all that was unpacked before is handed out.
    failure: Option<io::Error>,
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(packing: Packing, bytes: R) -> Self {
        Self {
            packing,
            state: State::Between(Packed::new(bytes)),
        }
    }

    fn faulty(&self, fault: PackingFault) -> io::Error {
        let kind = match fault {
            PackingFault::CutOff => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, Faulty(fault, self.packing))
    }

    /// Begins with the next member or frame.
    fn begin(&mut self, mut packed: Packed<R>) -> io::Result<State<R>> {
        let Ok(start) = packed.peek(START_BYTES) else {
            return Err(self.failure(&mut packed));
        };
        if start.is_empty() {
            return Ok(State::Over);
        }
        if is_skippable(&start) && self.packing == Packing::Zstd {
            return match packed.skip_frame() {
                Ok(()) => Ok(State::Between(packed)),
                Err(_) => Err(self.failure(&mut packed)),
            };
        }
        match (Packing::of(&start), self.packing) {
            (Some(Packing::Gzip), Packing::Gzip) => {
                Ok(State::Gzip(Box::new(GzDecoder::new(packed))))
            }
            (Some(Packing::Zstd), Packing::Zstd) => {
                let mut decoder = FrameDecoder::new();
                if let Err(error) = decoder.init(&mut packed) {
                    return Err(self.failure_of_zstd(&error, &mut packed));
                }
                Ok(State::Zstd(Box::new(ZstdFrame {
                    decoder,
                    packed,
                    failure: None,
                })))
            }
            _ => match packed.rest() {
                // Disks and tapes fill up their blocks.
                Ok(Rest {
                    are_zeros: true, ..
                }) => Ok(State::Over),
                Ok(Rest { bytes, .. }) => Err(self.faulty(PackingFault::Trailing(bytes))),
                Err(_) => Err(self.failure(&mut packed)),
            },
        }
    }

    fn failure_of_zstd(&self, error: &FrameDecoderError, packed: &mut Packed<R>) -> io::Error {
        match error {
            FrameDecoderError::WindowSizeTooBig { requested, .. } => {
                self.faulty(PackingFault::Window(*requested))
            }
            FrameDecoderError::DictNotProvided { .. } => self.faulty(PackingFault::Dictionary),
            _ => self.failure(packed),
        }
    }

    /// The reason for a failure of a decoder, which says only that it failed.
    fn failure(&self, packed: &mut Packed<R>) -> io::Error {
        match packed.failure.take() {
            Some(error) => error,
            None if packed.has_ended => self.faulty(PackingFault::CutOff),
            None => self.faulty(PackingFault::Damaged),
        }
    }

    /// Unpacks some of a member, and sets what follows. The number of bytes is 0 at its end, and where it fails.
    fn read_gzip(&mut self, mut decoder: Box<GzDecoder<Packed<R>>>, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        loop {
            let end = buffer.len().min(filled + LITTLE_BYTES);
            let little = buffer.get_mut(filled..end).unwrap_or_default();
            match decoder.read(little) {
                Ok(0) => {
                    self.state = State::Between(decoder.into_inner());
                    return filled;
                }
                Ok(read) => filled += read,
                Err(_) => {
                    self.state = State::Failed(self.failure(decoder.get_mut()));
                    return filled;
                }
            }
            // More may have to be waited for.
            if filled == buffer.len() || decoder.get_ref().bytes.buffer().is_empty() {
                self.state = State::Gzip(decoder);
                return filled;
            }
        }
    }

    /// Unpacks some of a frame. The number of bytes is 0 at its end.
    fn read_zstd(&self, frame: &mut ZstdFrame<R>, buffer: &mut [u8]) -> io::Result<usize> {
        let ZstdFrame {
            decoder,
            packed,
            failure,
        } = frame;
        loop {
            if decoder.can_collect() > 0 {
                return decoder.read(buffer);
            }
            if let Some(failure) = failure.take() {
                return Err(failure);
            }
            if decoder.is_finished() {
                let checksum = decoder.get_checksum_from_data();
                let is_right = checksum.is_none() || checksum == decoder.get_calculated_checksum();
                return match is_right {
                    true => Ok(0),
                    false => Err(self.faulty(PackingFault::Damaged)),
                };
            }
            if let Err(error) = decoder.decode_blocks(&mut *packed, ONE_BLOCK) {
                let error = self.failure_of_zstd(&error, packed);
                if decoder.is_finished() || decoder.decode_blocks(LAST_BLOCK, ONE_BLOCK).is_err() {
                    return Err(error);
                }
                *failure = Some(error);
            }
        }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Ok(0),
                State::Between(packed) => self.state = self.begin(packed)?,
                State::Failed(error) => return Err(error),
                State::Gzip(decoder) => match self.read_gzip(decoder, buffer) {
                    0 => {}
                    read => return Ok(read),
                },
                State::Zstd(mut frame) => match self.read_zstd(&mut frame, buffer)? {
                    0 => self.state = State::Between(frame.packed),
                    read => {
                        self.state = State::Zstd(frame);
                        return Ok(read);
                    }
                },
            }
        }
    }
}

/// The packed bytes, some of which can be looked at before they are read.
struct Packed<R> {
    peeked: Cursor<Vec<u8>>,
    bytes: BufReader<R>,
    has_ended: bool,
    /// The error of the last read, which decoders do not pass on.
    failure: Option<io::Error>,
}

/// What follows the last member or frame.
struct Rest {
    bytes: u64,
    are_zeros: bool,
}

impl<R: Read> Packed<R> {
    fn new(bytes: R) -> Self {
        Self {
            peeked: Cursor::default(),
            bytes: BufReader::with_capacity(BUFFER_BYTES, bytes),
            has_ended: false,
            failure: None,
        }
    }

    /// The next bytes, fewer than `length` only at the end. All that was looked at before must have been read.
    fn peek(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut next = Vec::new();
        self.take(u64_of(length)).read_to_end(&mut next)?;
        self.peeked = Cursor::new(next.clone());
        Ok(next)
    }

    /// Passes over a frame of zstd: a magic number, the length of what follows, and that.
    fn skip_frame(&mut self) -> io::Result<()> {
        let mut header = [0; 8];
        self.read_exact(&mut header)?;
        let [.., a, b, c, d] = header;
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        match io::copy(&mut self.take(length), &mut io::sink())? {
            skipped if skipped < length => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Reads all that is left.
    fn rest(&mut self) -> io::Result<Rest> {
        let mut rest = Rest {
            bytes: 0,
            are_zeros: true,
        };
        loop {
            let bytes = self.fill_buf()?;
            if bytes.is_empty() {
                return Ok(rest);
            }
            let length = bytes.len();
            rest.are_zeros &= bytes.iter().all(|byte| *byte == 0);
            rest.bytes += u64_of(length);
            self.consume(length);
        }
    }
}

impl<R: Read> BufRead for Packed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let position = self.peeked.position();
        if position < u64_of(self.peeked.get_ref().len()) {
            return self.peeked.fill_buf();
        }
        loop {
            match self.bytes.fill_buf().map(<[u8]>::is_empty) {
                Ok(has_ended) => {
                    self.has_ended = has_ended;
                    return Ok(self.bytes.buffer());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    self.failure = Some(error);
                    return Err(kind.into());
                }
            }
        }
    }

    fn consume(&mut self, length: usize) {
        let left = u64_of(self.peeked.get_ref().len()).saturating_sub(self.peeked.position());
        let peeked = length.min(usize_of(left));
        self.peeked.consume(peeked);
        self.bytes.consume(length - peeked);
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
