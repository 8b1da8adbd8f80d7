//! The error codes in a message, whatever message it is.

use std::ops::ControlFlow;

use super::{Field, FieldLocation, Schema, Value, Visitor, visit};
use crate::wire::Limits;
use crate::{DecodeError, ErrorCode, Version};

/// The error codes in `bytes`, which are the message of `schema` in `version`, each once and with how often it stands
/// there, in the order of the bytes. [`NONE`](ErrorCode::NONE) is not among them.
///
/// # Errors
///
/// Those of [`visit`].
///
/// # Examples
///
/// ```
/// use kafka_codec::schema::{Schema, error_codes};
/// use kafka_codec::{ApiKey, ErrorCode, Version, wire::Limits};
///
/// let schema = Schema::of_response(ApiKey::SaslHandshake).expect("known");
/// let codes = error_codes(schema, Version(0), b"\0\x21\0\0\0\0", Limits::default())?;
/// assert_eq!(codes, [(ErrorCode::UNSUPPORTED_SASL_MECHANISM, 1)]);
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
pub fn error_codes(
    schema: &'static Schema,
    version: Version,
    bytes: &[u8],
    limits: Limits,
) -> Result<Vec<(ErrorCode, usize)>, DecodeError> {
    let mut codes = Codes(Vec::new());
    let _: ControlFlow<()> = visit(schema, version, bytes, limits, &mut codes)?;
    Ok(codes.0)
}

struct Codes(Vec<(ErrorCode, usize)>);

impl Visitor<'_> for Codes {
    fn value(&mut self, place: FieldLocation, value: Value<'_>) -> ControlFlow<()> {
        let is_code = || place.field().is_some_and(Field::is_error_code);
        match value {
            Value::Int16(number) if number != 0 && is_code() => {
                let code = ErrorCode(number);
                match self.0.iter_mut().find(|(known, _)| *known == code) {
                    Some((_, count)) => *count += 1,
                    None => self.0.push((code, 1)),
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
