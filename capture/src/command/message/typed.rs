//! Every message by its name, as the typed structs read and write it.

use std::collections::HashMap;
use std::sync::LazyLock;

use kafka_codec::wire::Limits;
use kafka_codec::{Decode as _, Message as _, Version, messages};

/// The bytes that the typed struct with this name makes of what it reads out of `bytes`.
pub(super) fn reencode(name: &str, version: Version, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let reencode = MESSAGES
        .get(name)
        .ok_or_else(|| format!("{name} has no struct"))?;
    reencode(bytes, version)
}

type Reencode = fn(&[u8], Version) -> Result<Vec<u8>, String>;

static MESSAGES: LazyLock<HashMap<&'static str, Reencode>> = LazyLock::new(|| {
    macro_rules! entries {
        ($($name:ident,)*) => { [$((stringify!($name), entry!($name))),*] };
    }
    // A macro, as a function could not name the type with the lifetime of what it borrows.
    macro_rules! entry {
        ($name:ident) => {{
            let reencode: Reencode = |bytes, version| {
                let message = messages::$name::decode_with(bytes, version, Limits::UNLIMITED)
                    .map_err(|error| error.to_string())?;
                message
                    .encode_to_vec(version)
                    .map_err(|error| error.to_string())
            };
            reencode
        }};
    }
    HashMap::from(kafka_codec::for_all_messages!(entries))
});
