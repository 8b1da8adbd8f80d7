//! HTTP CONNECT and what proxies answer it with. See RFC 9110, section 9.3.6, and RFC 9112.

use super::{Found, MAX_BYTES, Parsed, Proxy, State, text};

/// A longer line about a chunk is not waited for.
const MAX_LINE: usize = 1024;

/// The request for a tunnel.
pub(super) fn request(bytes: &[u8]) -> Parsed {
    match head(bytes) {
        None => Parsed::Short,
        Some((length, line)) if line.to_ascii_uppercase().contains(" HTTP/1.") => {
            Parsed::Found(Found::new(length, line, State::Start).asking(Proxy::Connect))
        }
        Some(_) => Parsed::Other,
    }
}

/// The response to it, or an interim one: the way is free, or a password is wanted, which the client sends next.
pub(super) fn response(bytes: &[u8]) -> Parsed {
    let Some((length, line)) = head(bytes) else {
        return Parsed::Short;
    };
    let Some(code) = line.get(9..12).and_then(|code| code.parse::<u16>().ok()) else {
        return Parsed::Other;
    };
    let mut found = Found::new(length, line, State::Start);
    // Others have no body, whatever their heads say.
    if (300..600).contains(&code) && code != 304 {
        let head = text(bytes.get(..length).unwrap_or_default());
        match body(&head) {
            Body::Chunked => found.then = State::Chunk,
            Body::Length(length) => found.skip = length,
        }
    }
    Parsed::Found(found)
}

enum Body {
    Chunked,
    Length(u64),
}

fn body(head: &str) -> Body {
    let mut length = 0;
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding")
            && value.to_ascii_lowercase().ends_with("chunked")
        {
            return Body::Chunked;
        }
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap_or(0);
        }
    }
    Body::Length(length)
}

/// The size of a chunk, and what stands behind it in the line.
pub(super) fn chunk(bytes: &[u8]) -> Parsed {
    let Some((length, line)) = line(bytes) else {
        return short_line(bytes);
    };
    let size = text(line);
    let size = size.split(';').next().unwrap_or_default().trim();
    match u32::from_str_radix(size, 16) {
        Ok(0) => Parsed::More {
            length,
            skip: 0,
            then: State::Trailer,
        },
        Ok(size) => Parsed::More {
            length,
            // A line end follows the chunk.
            skip: u64::from(size) + 2,
            then: State::Chunk,
        },
        Err(_) => Parsed::Other,
    }
}

/// A line behind the last chunk; an empty one ends the body.
pub(super) fn trailer(bytes: &[u8]) -> Parsed {
    match line(bytes) {
        Some((length, line)) => Parsed::More {
            length,
            skip: 0,
            then: if line.is_empty() {
                State::Start
            } else {
                State::Trailer
            },
        },
        None => short_line(bytes),
    }
}

const fn short_line(bytes: &[u8]) -> Parsed {
    if bytes.len() > MAX_LINE {
        Parsed::Other
    } else {
        Parsed::Short
    }
}

/// The first line without its end, and its length with it.
fn line(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes.get(..end)?;
    Some((end + 1, line.strip_suffix(b"\r").unwrap_or(line)))
}

/// The length of the head of an HTTP message, and its first line.
fn head(bytes: &[u8]) -> Option<(usize, String)> {
    let bytes = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let end_after = |end: &[u8]| {
        let at = bytes.windows(end.len()).position(|window| window == end);
        at.map(|at| at + end.len())
    };
    // Lines may end without a carriage return.
    let ends = [end_after(b"\r\n\r\n"), end_after(b"\n\n")];
    let end = ends.into_iter().flatten().min()?;
    let (_, line) = line(bytes)?;
    Some((end, text(line)))
}
