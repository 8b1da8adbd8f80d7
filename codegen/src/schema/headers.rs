//! `headerVersions`: which versions of a message come with which version of the header.
//! Whether there are such headers, and whether they have tagged fields where that is needed, is checked by `resolve`.

use crate::fault::Mistake;
use crate::json::{Findings, Object};
use crate::versions::Versions;

/// Ranges from 0 on, without gaps, the last one open, header versions never falling.
pub(super) fn header_versions(object: &Object<'_>, found: &mut Findings) -> Vec<(Versions, i16)> {
    let Some(value) = object.value("headerVersions") else {
        return Vec::new();
    };
    let Some(map) = Object::new(value, "`headerVersions`", found) else {
        return Vec::new();
    };
    let mut ranges = Vec::new();
    let mut malformed = false;
    for entry in map.entries() {
        let versions = Versions::parse(&entry.key).and_then(|versions| {
            let right = "write the range of versions as the key, such as `0-1` or `2+`";
            versions
                .ok_or_else(|| Mistake::new("a header version needs a range of versions", right))
        });
        let header = entry.value;
        let number = match header.text() {
            Some(text) => text.trim().parse().ok(),
            None => header
                .integer()
                .and_then(|number| i16::try_from(number).ok()),
        };
        let number = number.filter(|number| *number >= 0).ok_or_else(|| {
            let wrong = format!("{} is not a header version", header.describe());
            let right = "write the header version as a number, such as `\"1\"`";
            Mistake::new(wrong, right)
        });
        malformed |= versions.is_err() || number.is_err();
        match (versions, number) {
            (Ok(versions), Ok(number)) => ranges.push((versions, number)),
            (Err(mistake), _) => object.mistaken(entry.key_value, mistake, found),
            (_, Err(mistake)) => object.mistaken(header, mistake, found),
        }
    }
    if malformed {
        return ranges;
    }
    ranges.sort_by_key(|(versions, _)| versions.lowest());
    let mut next = Some(0);
    let mut floor = 0;
    for (versions, header) in &ranges {
        if versions.lowest() != next || *header < floor {
            let wrong = format!(
                "header versions must cover all versions from 0 on and never fall; `{versions}` with {header} does not follow"
            );
            let right = "write ranges that touch, the last one open, such as `{\"0-1\": \"1\", \"2+\": \"2\"}`";
            object.wrong("headerVersions", wrong, right, found);
            return ranges;
        }
        next = versions
            .highest()
            .and_then(|highest| highest.checked_add(1));
        floor = *header;
    }
    if next.is_some() {
        let right = "let the last range be open, such as `2+`";
        object.wrong(
            "headerVersions",
            "the header versions end before the versions do",
            right,
            found,
        );
    }
    ranges
}
