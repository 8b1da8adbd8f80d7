//! The generated tables: a module a message, named as those in [`messages`](crate::messages).

include!(concat!(env!("OUT_DIR"), "/schemas.rs"));
