//! Times in RFC 3339, in UTC. The part up to the second is kept, since it rarely changes.

const NANOSECONDS: i64 = 1_000_000_000;

#[derive(Debug, Default)]
pub(crate) struct Timestamps {
    second: Option<i64>,
    text: Vec<u8>,
}

impl Timestamps {
    /// Writes a time that is `nanoseconds` after 1970, with `digits` digits after the second.
    pub(crate) fn write(&mut self, to: &mut Vec<u8>, nanoseconds: i64, digits: usize) {
        let second = nanoseconds.div_euclid(NANOSECONDS);
        if self.second != Some(second) {
            self.second = Some(second);
            self.text = up_to_second(second).into_bytes();
        }
        to.extend_from_slice(&self.text);
        to.push(b'.');
        let mut left = nanoseconds.rem_euclid(NANOSECONDS);
        let mut place = NANOSECONDS / 10;
        for _ in 0..digits {
            to.push(b'0' + u8::try_from(left / place).expect("it is a decimal digit"));
            left %= place;
            place = (place / 10).max(1);
        }
        to.push(b'Z');
    }
}

fn up_to_second(second: i64) -> String {
    let (day, time) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (year, month, day) = date(day);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The date of a day counted from 1970. Years begin in March here, so that the leap day is their last.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339_says() {
        let known = [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (1_795_309_098_503_220_000, "2026-11-22T00:58:18.503220000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999999Z"),
        ];
        let mut timestamps = Timestamps::default();
        for (nanoseconds, text) in known {
            let mut to = Vec::new();
            timestamps.write(&mut to, nanoseconds, 9);
            assert_eq!(String::from_utf8(to).unwrap(), text);
        }
    }
}
