//! The lists of the generated tables, which stand beside the structs in [`messages`](crate::messages).

include!(concat!(env!("OUT_DIR"), "/schemas.rs"));
