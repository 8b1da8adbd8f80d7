//! The functions that read one number out of the bytes of any request or response, without its struct: the throttle time,
//! and how long a request lets the broker wait.

use proc_macro2::TokenStream;
use quote::quote;

use super::parameter;
use super::skip::Arms;
use crate::ir::Protocol;
use crate::quirks;
use crate::schema::Kind;

/// The function that reads the throttle time of a response.
pub fn throttle_time(protocol: &Protocol) -> TokenStream {
    let mut arms = Arms::default();
    for message in protocol
        .messages
        .iter()
        .filter(|m| m.kind == Kind::Response)
    {
        arms.add(message, quirks::THROTTLE_TIME, message.versions);
    }
    let arms = arms.finish();
    let v = parameter("v", &arms);
    quote! {
        #[doc = " Reads the throttle time, in milliseconds, from the front of the response to a request of"]
        #[doc = " `key`; `None` if version `v` has none. A version that the response does not have is not"]
        #[doc = " noticed."]
        fn throttle_time_ms(r: &mut ReadCursor<'_>, key: ApiKey, #v: i16) -> Option<i32> {
            match key {
                #arms
                _ => return None,
            }
            Some(r.i32())
        }
    }
}

/// The function that reads how long a request lets the broker wait.
pub fn server_wait(protocol: &Protocol) -> TokenStream {
    let mut arms = Arms::default();
    for message in &protocol.messages {
        for (versions, field) in &message.server_wait {
            arms.add(message, field, *versions);
        }
    }
    let arms = arms.finish();
    let v = parameter("v", &arms);
    quote! {
        #[doc = " Reads how long the broker may hold a request of `key`, in milliseconds, from the front of"]
        #[doc = " its body; `None` if the request does not bound it. A version that the request does not have"]
        #[doc = " is not noticed."]
        fn server_wait_ms(r: &mut ReadCursor<'_>, key: ApiKey, #v: i16) -> Option<i32> {
            match key {
                #arms
                _ => return None,
            }
            Some(r.i32())
        }
    }
}
