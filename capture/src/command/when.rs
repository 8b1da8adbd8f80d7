//! Points in time on the command line: RFC 3339, or relative to the capture.

use std::str::FromStr;

const NANOSECONDS: i64 = 1_000_000_000;

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Nanoseconds since 1970.
    At(i64),
    /// Nanoseconds after the first packet.
    AfterStart(i64),
    /// Nanoseconds before the last packet.
    BeforeEnd(i64),
}

const EXPECTED: &str =
    "expected RFC 3339, such as 2026-11-26T11:19:50.5Z, or relative, such as 10s, 250ms or -5s";

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_end, length) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if let Some(length) = duration(length) {
            return Ok(if is_end {
                Self::BeforeEnd(length)
            } else {
                Self::AfterStart(length)
            });
        }
        timestamp(text).map(Self::At).ok_or(EXPECTED)
    }
}

impl When {
    /// In nanoseconds since 1970, in a capture with these first and last packets.
    pub(super) const fn resolve(self, first: i64, last: i64) -> i64 {
        match self {
            Self::At(time) => time,
            Self::AfterStart(length) => first.saturating_add(length),
            Self::BeforeEnd(length) => last.saturating_sub(length),
        }
    }
}

/// A number with one of the units `us`, `ms`, `s`, `m` and `h`.
fn duration(text: &str) -> Option<i64> {
    let unit = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let unit = match unit {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOSECONDS,
        "m" => 60 * NANOSECONDS,
        "h" => 3600 * NANOSECONDS,
        _ => return None,
    };
    let (whole, fraction) = decimal(number)?;
    let fraction = i128::from(fraction) * i128::from(unit) / i128::from(NANOSECONDS);
    whole
        .checked_mul(unit)?
        .checked_add(i64::try_from(fraction).ok()?)
}

/// A decimal number: whole, and billionths.
fn decimal(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > 9 {
        return None;
    }
    Some((whole.parse().ok()?, format!("{fraction:0<9}").parse().ok()?))
}

/// A number of one to four digits.
fn digits(text: &str) -> Option<i64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && text.len() <= 4)
        .then(|| text.parse().ok())
        .flatten()
}

/// The number of days of a month; `None` if there is no such month.
const fn days_of_month(year: i64, month: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => Some(29),
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

fn timestamp(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-').map(digits);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    if date.next().is_some() || day < 1 || day > days_of_month(year, month)? {
        return None;
    }
    let (time, offset) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, 0),
        None => {
            let (time, offset) = time.split_at_checked(time.rfind(['+', '-'])?)?;
            let offset_is_ahead = offset.starts_with('+');
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let (hours, minutes) = (digits(hours)?, digits(minutes)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let sign = if offset_is_ahead { 60 } else { -60 };
            (time, (hours * 60 + minutes) * sign)
        }
    };
    let mut parts = time.split(':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let (second, fraction) = decimal(parts.next()?)?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since 1970 of the proleptic Gregorian calendar, in years that begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(NANOSECONDS)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_or_relative_to_the_capture() {
        let at = |text: &str| text.parse::<When>();
        assert_eq!(at("1970-01-01T00:00:00Z"), Ok(When::At(0)));
        let expected = 1_795_691_990_500_000_000;
        assert_eq!(at("2026-11-26T11:19:50.5Z"), Ok(When::At(expected)));
        assert_eq!(at("2026-11-26T13:19:50.5+02:00"), Ok(When::At(expected)));
        assert_eq!(at("2026-11-26T09:49:50.5-01:30"), Ok(When::At(expected)));
        assert_eq!(at("10s"), Ok(When::AfterStart(10 * NANOSECONDS)));
        assert_eq!(at("1.5s"), Ok(When::AfterStart(1_500_000_000)));
        assert_eq!(at("-250ms"), Ok(When::BeforeEnd(250_000_000)));
        assert_eq!(at("0.5m"), Ok(When::AfterStart(30 * NANOSECONDS)));
        let leap_day = at("2000-02-29T00:00:00Z");
        assert_eq!(leap_day, Ok(When::At(951_782_400 * NANOSECONDS)));
        for wrong in [
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "2026-11-26T-1:00:00Z",
            "2026-11-26T11:-1:00Z",
            "2026-11-26T11:00:00+24:00",
            "2026-11-26T11:00:00+00:60",
            "2026-11-26T11:00:00+9223372036854775807:00",
            "9223372036854775807-01-01T00:00:00Z",
            "",
            "-",
            "s",
            "10",
            "10d",
            "1.x s",
            "2026-13-01T00:00:00Z",
            "yesterday",
        ] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }
}
