//! Floating-point numbers as Java writes them (`Double.toString` since Java 19).

use std::io::Write as _;

/// Appends `value` to `out`: a number, or what is not a number as a string. Java has one NaN; with
/// `all_nans` the bits of another are said.
pub(super) fn write(value: f64, all_nans: bool, out: &mut Vec<u8>) {
    if let Some(name) = name(value) {
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        if all_nans && value.is_nan() && value.to_bits() != f64::NAN.to_bits() {
            let written = write!(out, ":{:016x}", value.to_bits());
            debug_assert!(written.is_ok());
        }
        out.push(b'"');
        return;
    }
    // Java has at least two digits, and takes the two that are closest even if one would do.
    let shortest = format!("{value:e}");
    let text = match shortest.split_once('e') {
        Some((digits, _)) if !digits.contains('.') => format!("{value:.1e}"),
        _ => shortest,
    };
    let plain = value == 0.0 || (1e-3..1e7).contains(&value.abs());
    let written = if plain {
        write!(out, "{value:?}")
    } else {
        let (digits, exponent) = text.split_once('e').expect("the format writes an exponent");
        write!(out, "{digits}E{exponent}")
    };
    // Writing into memory does not fail.
    debug_assert!(written.is_ok());
}

/// What Java calls a value that JSON has no number for.
fn name(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some(NAN)
    } else if value == f64::INFINITY {
        Some(INFINITY)
    } else if value == f64::NEG_INFINITY {
        Some(NEGATIVE_INFINITY)
    } else {
        None
    }
}

/// The value with that name.
pub(super) fn named(name: &str) -> Option<f64> {
    match name {
        NAN => Some(f64::NAN),
        INFINITY => Some(f64::INFINITY),
        NEGATIVE_INFINITY => Some(f64::NEG_INFINITY),
        _ => {
            let bits = name.strip_prefix(NAN)?.strip_prefix(':')?;
            let value = f64::from_bits(u64::from_str_radix(bits, 16).ok()?);
            value.is_nan().then_some(value)
        }
    }
}

const NAN: &str = "NaN";
const INFINITY: &str = "Infinity";
const NEGATIVE_INFINITY: &str = "-Infinity";

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_written_as_java_writes_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-6.5, "-6.5"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (123_456_789.0, "1.23456789E8"),
            (2e23, "2.0E23"),
            (f64::from_bits(1), "4.9E-324"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ] {
            let mut out = Vec::new();
            super::write(value, false, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn another_nan_has_its_bits_where_all_are_told_apart() {
        let other = f64::from_bits(0xfff0_0000_0000_0001);
        let mut out = Vec::new();
        super::write(other, true, &mut out);
        assert_eq!(out, b"\"NaN:fff0000000000001\"");
        let again = super::named("NaN:fff0000000000001").unwrap();
        assert_eq!(again.to_bits(), other.to_bits());
        assert_eq!(super::named("NaN:3ff0000000000000"), None);
    }
}
