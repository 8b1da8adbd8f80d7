//! Error codes in responses, and where they stand.

use std::ops::ControlFlow;

use kafka_codec::ErrorCode;
use kafka_codec::schema::{FieldLocation, Schema, Value, Visitor, visit};
use kafka_codec::wire::Limits;

use crate::event::Message;

/// Calls `found` with every field named `errorCode` in a response that is not 0: the path of the arrays that it is
/// in, empty at the top, and the code. Returns the throttle time in milliseconds. A response that is not whole has
/// neither.
pub(crate) fn examine(message: &Message<'_>, found: impl FnMut(&[&'static str], i16)) -> i32 {
    let mut codes = Codes {
        path: Vec::new(),
        found,
        throttle_ms: 0,
    };
    if message.truncation.is_none()
        && let Some(schema) = Schema::of_response(message.api_key)
    {
        let body = message.body;
        // A malformed response is read as far as it goes.
        let _ = visit(schema, message.version, body, Limits::default(), &mut codes);
    }
    codes.throttle_ms
}

/// The name of an error, or its number as text.
pub(crate) fn error_name(code: i16) -> String {
    ErrorCode(code)
        .name()
        .map_or_else(|| code.to_string(), str::to_owned)
}

struct Codes<F> {
    path: Vec<&'static str>,
    found: F,
    throttle_ms: i32,
}

impl<F: FnMut(&[&'static str], i16)> Visitor<'_> for Codes<F> {
    fn value(&mut self, place: FieldLocation, value: Value<'_>) -> ControlFlow<()> {
        match value {
            Value::Int16(code) if code != 0 && place.name() == "errorCode" => {
                (self.found)(&self.path, code);
            }
            Value::Int32(time) if self.path.is_empty() && place.name() == "throttleTimeMs" => {
                self.throttle_ms = time;
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn begin_array(&mut self, place: FieldLocation, _: usize) -> ControlFlow<()> {
        self.path.push(place.name());
        ControlFlow::Continue(())
    }

    fn end_array(&mut self, _: FieldLocation) -> ControlFlow<()> {
        self.path.pop();
        ControlFlow::Continue(())
    }
}
