//! Comments in JSON, which Kafka's definitions have and serde_json does not read.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take, take_until};
use nom::character::complete::{anychar, char};
use nom::combinator::{not, opt};
use nom::multi::many0_count;
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// The same text with every comment blanked, so that offsets stay what they were; `None` if there is no comment.
///
/// # Errors
///
/// The offset of a block comment that does not end.
pub fn blank_comments(text: &str) -> Result<Option<String>, usize> {
    if !text.contains("//") && !text.contains("/*") {
        return Ok(None);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (after, piece) = piece(rest).map_err(|_| text.len() - rest.len())?;
        match piece {
            Piece::Json(json) => out.push_str(json),
            Piece::Comment(comment) => {
                // Byte for byte, so that what follows keeps its offset.
                out.extend(comment.bytes().map(|c| if c == b'\n' { '\n' } else { ' ' }));
            }
        }
        rest = after;
    }
    Ok(Some(out))
}

enum Piece<'t> {
    Json(&'t str),
    Comment(&'t str),
}

fn piece(text: &str) -> IResult<&str, Piece<'_>> {
    let comment = alt((line_comment, block_comment)).map(Piece::Comment);
    alt((
        comment,
        alt((string, is_not("\"/"))).map(Piece::Json),
        // A slash or a quote of its own, which serde_json refuses.
        preceded(not(tag("/*")), take(1_usize)).map(Piece::Json),
    ))
    .parse(text)
}

fn line_comment(text: &str) -> IResult<&str, &str> {
    consumed(text, (tag("//"), opt(is_not("\n"))))
}

fn block_comment(text: &str) -> IResult<&str, &str> {
    consumed(text, (tag("/*"), take_until("*/"), tag("*/")))
}

/// A string literal, quotes included. What its escapes mean does not matter here.
fn string(text: &str) -> IResult<&str, &str> {
    let escape = (char('\\'), anychar).map(drop);
    let plain = is_not("\"\\").map(drop);
    consumed(
        text,
        (char('"'), many0_count(alt((plain, escape))), char('"')),
    )
}

/// The text that a parser takes.
fn consumed<'t, O>(
    text: &'t str,
    mut parser: impl Parser<&'t str, Output = O, Error = nom::error::Error<&'t str>>,
) -> IResult<&'t str, &'t str> {
    let (rest, _) = parser.parse(text)?;
    let (taken, rest) = text.split_at(text.len() - rest.len());
    Ok((rest, taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blanked_and_strings_are_left_alone() {
        let table = [
            ("{}", None),
            ("// a\n{}", Some("    \n{}")),
            ("{} // a", Some("{}     ")),
            ("/* a\nb */{}", Some("    \n    {}")),
            ("/**/1", Some("    1")),
            ("/* // */ 1", Some("         1")),
            ("// /* \n1", Some("      \n1")),
            (
                r#"{"a": "http://x", /* c */ "b": 1}"#,
                Some(r#"{"a": "http://x",         "b": 1}"#),
            ),
            (r#"["\"//", 1] // é"#, Some(r#"["\"//", 1]      "#)),
            ("1 / 2 //", Some("1 / 2   ")),
            ("\"// a", Some("\"    ")),
        ];
        for (text, blanked) in table {
            let found = blank_comments(text);
            assert_eq!(found.as_ref().map(Option::as_deref), Ok(blanked), "{text}");
        }
        assert_eq!(blank_comments("1\n2\n /* x\n"), Err(5));
    }
}
