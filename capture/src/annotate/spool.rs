//! Comments in a file, found again by the number of their packet.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::{MAX_COMMENT_BYTES, MAX_COMMENTS};
use crate::length::u64_of;

/// Comments that are being collected.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    /// The packet and the offset of each text in the file.
    places: Vec<(u64, u64)>,
    end: u64,
    failure: Option<io::Error>,
}

impl Spool {
    pub(super) fn new(file: File) -> Self {
        Self {
            file: BufWriter::new(file),
            places: Vec::new(),
            end: 0,
            failure: None,
        }
    }

    /// Adds a comment on a packet.
    pub(super) fn push(&mut self, packet: u64, text: &str) {
        if self.failure.is_some() {
            return;
        }
        let text = shortened(text);
        let length = u16::try_from(text.len()).expect("texts are shorter");
        let written = self
            .file
            .write_all(&length.to_le_bytes())
            .and_then(|()| self.file.write_all(text.as_bytes()));
        match written {
            Ok(()) => {
                self.places.push((packet, self.end));
                self.end += 2 + u64_of(text.len());
            }
            Err(error) => self.failure = Some(error),
        }
    }

    pub(super) fn into_reader(mut self) -> io::Result<SpoolReader> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        // Those of one packet keep their order.
        self.places.sort_by_key(|(packet, _)| *packet);
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let mut file = BufReader::new(file);
        file.seek(SeekFrom::Start(0))?;
        Ok(SpoolReader {
            file,
            places: self.places.into_iter().peekable(),
            at: 0,
        })
    }
}

/// Comments that are read in the order of their packets.
pub(super) struct SpoolReader {
    file: BufReader<File>,
    places: std::iter::Peekable<std::vec::IntoIter<(u64, u64)>>,
    /// The offset in the file.
    at: u64,
}

impl SpoolReader {
    /// The comments on a packet, which is after those asked for before.
    pub(super) fn comments(&mut self, packet: u64) -> io::Result<Vec<String>> {
        let (mut comments, mut more) = (Vec::new(), 0_u64);
        while let Some((of, offset)) = self.places.next_if(|(of, _)| *of <= packet) {
            if of < packet {
                continue;
            }
            if comments.len() < MAX_COMMENTS {
                comments.push(self.text(offset)?);
            } else {
                more += 1;
            }
        }
        if more > 0 {
            comments.push(format!("and {more} more"));
        }
        Ok(comments)
    }

    fn text(&mut self, offset: u64) -> io::Result<String> {
        let distance = offset.cast_signed().wrapping_sub(self.at.cast_signed());
        self.file.seek_relative(distance)?;
        let mut length = [0; 2];
        self.file.read_exact(&mut length)?;
        let mut text = vec![0; usize::from(u16::from_le_bytes(length))];
        self.file.read_exact(&mut text)?;
        self.at = offset + 2 + u64_of(text.len());
        String::from_utf8(text).map_err(io::Error::other)
    }
}

/// As much of a text as a comment may have.
fn shortened(text: &str) -> String {
    if text.len() <= MAX_COMMENT_BYTES {
        return text.to_owned();
    }
    let is_end = |at: &usize| text.is_char_boundary(*at);
    let end = (0..=MAX_COMMENT_BYTES).rev().find(is_end).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}
