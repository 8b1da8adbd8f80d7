//! The side of a connection that sends requests.

pub(super) mod authenticate;
pub(super) mod close;
pub(super) mod completion;
pub(super) mod correlation;
pub(super) mod error;
pub(super) mod event;
pub(super) mod finish;
pub(super) mod fit;
pub(super) mod gate;
pub(super) mod initialize;
pub(super) mod inputs;
pub(super) mod machine;
pub(super) mod negotiate;
pub(super) mod options;
pub(super) mod pump;
pub(super) mod request;
pub(super) mod submit;
pub(super) mod submit_encoded;
pub(super) mod timers;
