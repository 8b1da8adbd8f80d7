//! What the programs of the table of peers share. Each is started with a folder of payloads, and does what lines on
//! standard input say, as often as they say. It reads no clock: `peer_table` asks the system for the program's CPU time.
//!
//! | line | answer |
//! |---|---|
//! | `kind N` | of payload N: `equal` or `differ` if it is read and written again, `decode` if it is only read, or `none` |
//! | `decode N TIMES`, `encode N TIMES` | `done` |
//! | `memory N` | allocations of decoding, their bytes at most, allocations of encoding; `-` for what is not known |
//! | `hostile` | `refused` or `accepted`, and the bytes allocated |

use std::fs;
use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;

use bytes::{Bytes, BytesMut};

/// A Metadata response of ten bytes that claims 2,147,483,646 brokers, in version 12.
pub const HOSTILE: &[u8] = b"\0\0\0\0\xff\xff\xff\xff\x07\0";

/// A message in the bytes that kafka-codec writes, which are those of Kafka's Java classes.
pub struct Payload {
    /// Such as `MetadataResponse`.
    pub message: String,
    /// The version of the bytes.
    pub version: i16,
    /// The body, without a header.
    pub bytes: Bytes,
}

impl Payload {
    /// The payloads of a folder: `list` has a line for each, with message, version and the name of its file.
    ///
    /// # Panics
    ///
    /// If the folder is not as `peer_table` makes it.
    pub fn all(folder: &Path) -> Vec<Self> {
        let list = fs::read_to_string(folder.join("list")).expect("a folder of payloads");
        let payload = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let [message, version, file] = words[..] else {
                panic!("{line}: message, version and file");
            };
            Self {
                message: message.to_owned(),
                version: version.parse().expect("a version"),
                bytes: fs::read(folder.join(file)).expect("a payload").into(),
            }
        };
        list.lines().map(payload).collect()
    }
}

/// Does the work once.
pub type Work = Box<dyn FnMut()>;

/// What a library does with a payload.
pub struct Works {
    /// Decodes it, and drops the value.
    pub decode: Work,
    /// Encodes the value into a buffer that is used again; absent if the library only reads.
    pub encode: Option<Work>,
    /// Writing the value that was read gives the same bytes.
    pub is_equal: bool,
}

impl Works {
    /// With a type that holds on to nothing but shared bytes; absent if `decode` refuses the payload.
    pub fn new<T: 'static>(
        bytes: &Bytes,
        decode: impl Fn(&mut Bytes) -> Option<T> + 'static,
        encode: impl Fn(&T, &mut BytesMut) -> bool + 'static,
    ) -> Option<Self> {
        let value = decode(&mut bytes.clone())?;
        let mut again = BytesMut::new();
        let is_equal = encode(&value, &mut again) && again == bytes;
        let mut buffer = BytesMut::new();
        Some(Self {
            encode: Some(Box::new(move || {
                buffer.clear();
                black_box(encode(black_box(&value), &mut buffer));
                black_box(&buffer);
            })),
            is_equal,
            ..Self::only_decode(bytes, decode)?
        })
    }

    /// With a type that the library cannot write.
    pub fn only_decode<T: 'static>(
        bytes: &Bytes,
        decode: impl Fn(&mut Bytes) -> Option<T> + 'static,
    ) -> Option<Self> {
        decode(&mut bytes.clone())?;
        let bytes = bytes.clone();
        Some(Self {
            decode: Box::new(move || {
                let mut bytes = black_box(&bytes).clone();
                black_box(&decode(&mut bytes));
            }),
            encode: None,
            is_equal: false,
        })
    }

    fn kind(&self) -> &'static str {
        match (&self.encode, self.is_equal) {
            (None, _) => "decode",
            (Some(_), true) => "equal",
            (Some(_), false) => "differ",
        }
    }
}

/// Counts the allocations of a piece of work, and their bytes at most. `None` in the program whose time is measured, as
/// counting makes every allocation slower.
pub type Count = Option<fn(&mut dyn FnMut()) -> (u64, u64)>;

/// Does what standard input says, until it ends. `refuses` decodes [`HOSTILE`].
///
/// # Panics
///
/// If a line is not a command, or the other end is gone.
pub fn serve(
    folder: &Path,
    make: impl Fn(&Payload) -> Option<Works>,
    refuses: impl Fn() -> bool,
    count: Count,
) {
    let mut works: Vec<Option<Works>> = Payload::all(folder).iter().map(make).collect();
    for line in stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            ["kind", number] => at(&mut works, number)
                .map_or("none", |works| works.kind())
                .to_owned(),
            ["decode", number, times] => {
                let works = at(&mut works, number).expect("it is read");
                repeat(&mut works.decode, times)
            }
            ["encode", number, times] => {
                let works = at(&mut works, number).expect("it is read");
                repeat(works.encode.as_mut().expect("it is written"), times)
            }
            ["memory", number] => {
                let count = count.expect("a program that counts");
                at(&mut works, number)
                    .map_or_else(|| "- - -".to_owned(), |works| memory(works, count))
            }
            ["hostile"] => {
                let mut is_refused = false;
                let mut work = || is_refused = refuses();
                let (_, bytes) = count.expect("a program that counts")(&mut work);
                let verdict = if is_refused { "refused" } else { "accepted" };
                format!("{verdict} {bytes}")
            }
            _ => panic!("{line}: not a command"),
        };
        println!("{answer}");
        stdout().flush().expect("somebody reads");
    }
}

fn at<'a>(works: &'a mut [Option<Works>], number: &str) -> Option<&'a mut Works> {
    works[number.parse::<usize>().expect("a number")].as_mut()
}

fn repeat(work: &mut Work, times: &str) -> String {
    let times: u32 = times.parse().expect("a number");
    (0..times).for_each(|_| work());
    "done".to_owned()
}

fn memory(works: &mut Works, count: fn(&mut dyn FnMut()) -> (u64, u64)) -> String {
    // Once before, so that buffers have grown.
    (works.decode)();
    let (allocations, bytes) = count(&mut works.decode);
    let Some(encode) = &mut works.encode else {
        return format!("{allocations} {bytes} -");
    };
    encode();
    let (encoding, _) = count(encode);
    format!("{allocations} {bytes} {encoding}")
}
