//! Error codes in responses, and where they stand.

use std::ops::ControlFlow;

use kafka_codec::ErrorCode;
use kafka_codec::schema::{Field, FieldLocation, Schema, Value, Visitor, visit};
use kafka_codec::wire::Limits;

use crate::event::Message;

/// The error of reading the configuration of a topic that CreateTopics has created: clients that may not read it get one
/// with every topic. The request has not failed, so it is not an error of the response.
const CONFIG_ERROR: &str = "topicConfigErrorCode";

/// An error code in a response that is not 0.
pub(crate) struct FoundCode<'p> {
    /// The arrays that it is in; empty at the top.
    pub(crate) path: &'p [&'static str],
    pub(crate) code: i16,
    /// Whether the field is named `errorCode`. Others are `partitionErrorCode` of AddPartitionsToTxn and `acknowledgeErrorCode`.
    pub(crate) is_named_error_code: bool,
}

/// Calls `found` with every error code in a response that is not 0. Returns the throttle time in milliseconds. A response
/// that is not whole has neither.
pub(crate) fn examine(message: &Message<'_>, found: impl FnMut(FoundCode<'_>)) -> i32 {
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

/// Returns `true` if a field says that the request, or a part of it, has failed.
fn is_error(field: &Field) -> bool {
    field.is_error_code() && field.name() != CONFIG_ERROR
}

struct Codes<F> {
    path: Vec<&'static str>,
    found: F,
    throttle_ms: i32,
}

impl<F: FnMut(FoundCode<'_>)> Visitor<'_> for Codes<F> {
    fn value(&mut self, place: FieldLocation, value: Value<'_>) -> ControlFlow<()> {
        match value {
            Value::Int16(code) if code != 0 && place.field().is_some_and(is_error) => {
                (self.found)(FoundCode {
                    path: &self.path,
                    code,
                    is_named_error_code: place.name() == "errorCode",
                });
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
