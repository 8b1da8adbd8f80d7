//! From segments to messages: which connection a segment belongs to, which end is the client, and which
//! response answers which request.

mod conversation;
mod dialogue;
mod evidence;
mod foreign;
mod held;
mod judge;
mod onward;
mod preamble;
mod reports;
mod role;
mod software;
mod stream;
mod table;
mod trial;

pub(crate) use role::Outlet;
pub(crate) use table::Connections;
