//! The files of a corpus as different fuzzers read them.

use std::fmt::Write as _;

/// How seeds stand in files.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The bytes, in a file with a telling name: libFuzzer, honggfuzz, AFL++ and most others.
    #[default]
    Plain,
    /// A file of `testdata/fuzz/FuzzX` for a `testing.F` whose function takes one `[]byte`.
    Go,
    /// The bytes, in a file that is numbered as in a queue of AFL. Without empty files, which AFL refuses.
    Afl,
}

impl Format {
    /// Returns the content of the file with these bytes.
    #[must_use]
    pub fn content(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain | Self::Afl => bytes.to_vec(),
            Self::Go => {
                let mut text = String::from("go test fuzz v1\n[]byte(\"");
                for byte in bytes {
                    match byte {
                        b'"' | b'\\' => {
                            text.push('\\');
                            text.push(char::from(*byte));
                        }
                        b' '..=b'~' => text.push(char::from(*byte)),
                        _ => {
                            let _ = write!(text, "\\x{byte:02x}");
                        }
                    }
                }
                text.push_str("\")\n");
                text.into_bytes()
            }
        }
    }

    /// Returns the name of the file of a seed that is the file with this number.
    #[must_use]
    pub fn file_name(self, name: &str, number: usize) -> String {
        match self {
            Self::Plain | Self::Go => name.to_owned(),
            Self::Afl => format!("id:{number:06},time:0,execs:0,orig:{name}"),
        }
    }
}
