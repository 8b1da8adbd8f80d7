//! Misdeeds in bytes: what a peer writes, and how it leaves.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::{MAX_FRAME, Numbers};

/// What is wrong with the bytes themselves, whoever writes them.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bytes {
    /// The size of a frame is negative.
    NegativeSize,
    /// The size is more than is allowed.
    SizeTooLarge,
    /// The frame is too small for its header.
    SizeTooSmall,
    /// A large frame is announced, some of it comes, and then nothing.
    LargeAndSilent,
    /// The stream ends in the size of a frame.
    CutInSize,
    /// The stream ends in a frame.
    CutInFrame,
    /// Nothing comes.
    Silence,
    /// Random bytes, then the end.
    Garbage,
    /// A TLS alert or handshake.
    Tls,
    /// HTTP.
    Http,
    /// 10,000 frames of 4 to 8 bytes.
    TinyFrames,
    /// The peer goes, with bytes unread.
    Reset,
}

impl Bytes {
    pub(crate) const ALL: [Self; 12] = [
        Self::NegativeSize,
        Self::SizeTooLarge,
        Self::SizeTooSmall,
        Self::LargeAndSilent,
        Self::CutInSize,
        Self::CutInFrame,
        Self::Silence,
        Self::Garbage,
        Self::Tls,
        Self::Http,
        Self::TinyFrames,
        Self::Reset,
    ];

    /// Writes the bytes, and waits for the end unless the peer goes first.
    pub(crate) fn commit(
        self,
        stream: &mut TcpStream,
        numbers: &mut Numbers,
        http: &[u8],
    ) -> Result<()> {
        let max = i32::try_from(MAX_FRAME).unwrap();
        let size = match self {
            Self::NegativeSize => numbers.between(i32::MIN, -1),
            Self::SizeTooLarge => numbers.between(max + 1, i32::MAX),
            Self::SizeTooSmall => numbers.between(0, 3),
            Self::LargeAndSilent => numbers.between(max / 2, max),
            Self::CutInSize => {
                let length = numbers.between(1, 3);
                stream.write_all(&vec![0; usize::try_from(length).unwrap()])?;
                return Ok(());
            }
            Self::CutInFrame => {
                let size = numbers.between(20, max);
                stream.write_all(&size.to_be_bytes())?;
                let length = numbers.between(0, 19);
                return stream.write_all(&numbers.bytes(length));
            }
            Self::Silence => return wait_for_end(stream),
            Self::Garbage => {
                let length = numbers.between(1, 4096);
                stream.write_all(&numbers.bytes(length))?;
                return stream.shutdown(Shutdown::Write);
            }
            Self::Tls => {
                let alert: [&[u8]; 3] = [
                    &[0x15, 3, 3, 0, 2, 2, 70],
                    &[0x15, 3, 1, 0, 2, 2, 40],
                    &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 7, 7, 7, 7, 7],
                ];
                let place = numbers.between(0, 2);
                stream.write_all(alert[usize::try_from(place).unwrap()])?;
                return wait_for_end(stream);
            }
            Self::Http => {
                stream.write_all(http)?;
                return wait_for_end(stream);
            }
            Self::TinyFrames => {
                for _ in 0..10_000 {
                    let length = numbers.between(4, 8);
                    let frame = [&length.to_be_bytes()[..], &numbers.bytes(length)].concat();
                    stream.write_all(&frame)?;
                }
                return wait_for_end(stream);
            }
            // The kernel resets a connection that is closed while bytes of it are unread.
            Self::Reset => return stream.peek(&mut [0]).map(drop),
        };
        let length = numbers.between(0, 30);
        stream.write_all(&size.to_be_bytes())?;
        stream.write_all(&numbers.bytes(length))?;
        wait_for_end(stream)
    }
}

/// Reads until the other side ends the stream.
pub(crate) fn wait_for_end(stream: &mut TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

/// A frame: its size, and what it holds.
pub(crate) fn frame(content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap();
    [&size.to_be_bytes()[..], content].concat()
}

/// Reads a frame, without its size.
pub(crate) fn read_frame(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut size = [0; 4];
    stream.read_exact(&mut size)?;
    let mut content = vec![0; usize::try_from(u32::from_be_bytes(size)).unwrap()];
    stream.read_exact(&mut content)?;
    Ok(content)
}
