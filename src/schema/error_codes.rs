//! The error codes in a message, whatever message it is.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::walk::visit_prefix;
use super::{Field, FieldLocation, Schema, Value, Visitor};
use crate::wire::Limits;
use crate::{DecodeError, ErrorCode, Version};

/// The error codes in the message of `schema` in `version` at the start of `bytes`, each once and with how often it stands
/// there, in the order of the bytes. [`NONE`](ErrorCode::NONE) is not among them. Bytes after the message are ignored, as
/// Kafka's clients do.
///
/// # Errors
///
/// Those of [`visit`](super::visit), but for trailing bytes.
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
    let mut codes = Codes::default();
    let _: ControlFlow<()> = visit_prefix(schema, version, bytes, limits, &mut codes)?;
    Ok(codes.counts)
}

#[derive(Default)]
struct Codes {
    counts: Vec<(ErrorCode, usize)>,
    /// Where each stands among them: there may be tens of thousands in a message.
    places: HashMap<ErrorCode, usize>,
}

impl Visitor<'_> for Codes {
    fn value(&mut self, place: FieldLocation, value: Value<'_>) -> ControlFlow<()> {
        let is_code = || place.field().is_some_and(Field::is_error_code);
        match value {
            Value::Int16(number) if number != 0 && is_code() => {
                let code = ErrorCode(number);
                let place = *self.places.entry(code).or_insert(self.counts.len());
                match self.counts.get_mut(place) {
                    Some((_, count)) => *count += 1,
                    None => self.counts.push((code, 1)),
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
