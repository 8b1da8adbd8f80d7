//! Writing: batches, and the older message sets.

mod batch;
mod error;
mod message_set;
mod options;
mod record;
mod seal;

pub use batch::BatchBuilder;
pub use error::BuildError;
pub use message_set::{MessageSetBuilder, MessageSetOptions};
pub use options::BatchOptions;
pub use record::NewRecord;
