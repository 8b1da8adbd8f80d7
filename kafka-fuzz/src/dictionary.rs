//! Dictionaries: byte strings that a mutator without knowledge of the protocol does not find by itself.

use std::collections::HashSet;
use std::fmt::Write as _;

use kafka_codec::schema::{Enumeration, FieldType, Schema, StructSchema};

use crate::Target;
use crate::corpus::Prefix;

/// An entry of a dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    name: String,
    bytes: Vec<u8>,
}

impl Token {
    fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
        }
    }

    /// The name: letters, digits and underscores.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes, of which there are 1 to 128, as AFL takes no more.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Returns the tokens of a parser of these targets, no bytes twice.
///
/// First are API keys with versions, in the form that `prefix` has; none with [`Prefix::None`].
#[must_use]
pub fn dictionary(targets: &[Target], prefix: Prefix) -> Vec<Token> {
    let mut tokens = Vec::new();
    for target in targets {
        let (key, version) = (target.api_key().number(), target.version().0);
        let [_, low_key] = key.to_be_bytes();
        let [_, low_version] = version.to_be_bytes();
        let bytes = match prefix {
            Prefix::None => continue,
            Prefix::KeyVersionLe => [key.to_le_bytes(), version.to_le_bytes()].concat(),
            Prefix::KeyVersionBytes => vec![low_key, low_version],
            Prefix::KeyVersion | Prefix::Header | Prefix::SizeAndHeader => {
                [key.to_be_bytes(), version.to_be_bytes()].concat()
            }
        };
        let name = target.api_key().name().unwrap_or_default();
        tokens.push(Token::new(format!("{name}_v{version}"), bytes));
    }
    tokens.extend(FIXED.iter().map(|(name, bytes)| Token::new(*name, *bytes)));
    if matches!(prefix, Prefix::Header | Prefix::SizeAndHeader) {
        tokens.extend(
            HEADERS
                .iter()
                .map(|(name, bytes)| Token::new(*name, *bytes)),
        );
    }
    let mut texts: Vec<_> = targets
        .iter()
        .flat_map(|target| texts(target.schema()))
        .collect();
    texts.sort_unstable();
    texts.dedup();
    for text in texts {
        let letters = text.chars();
        let name: String = letters
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '_'
                }
            })
            .collect();
        tokens.push(Token::new(format!("text_{name}"), text));
    }
    let mut seen = HashSet::new();
    tokens.retain(|token| !token.bytes.is_empty() && seen.insert(token.bytes.clone()));
    tokens
}

/// Returns the file of a dictionary, which libFuzzer, AFL++ and honggfuzz read alike: a line `name="value"` for each token.
#[must_use]
pub fn dictionary_file(tokens: &[Token]) -> String {
    let mut file =
        String::from("# Made by kafka-fuzz dictionary, for libFuzzer, AFL++ and honggfuzz.\n");
    for token in tokens {
        let _ = write!(file, "{}=\"", token.name);
        for byte in &token.bytes {
            let _ = match byte {
                b'"' | b'\\' => write!(file, "\\{}", char::from(*byte)),
                b'!'..=b'~' => write!(file, "{}", char::from(*byte)),
                _ => write!(file, "\\x{byte:02x}"),
            };
        }
        file.push_str("\"\n");
    }
    file
}

/// The known texts of all fields, such as the names of SASL mechanisms.
fn texts(schema: &Schema) -> Vec<&'static str> {
    let mut texts = Vec::new();
    let mut open: Vec<&StructSchema> = vec![schema.root()];
    while let Some(structure) = open.pop() {
        for field in structure.fields() {
            if let FieldType::Struct(inner) = field.field_type() {
                open.push(inner);
            }
            let known = field.enumeration().map_or(&[][..], Enumeration::texts);
            texts.extend(known);
        }
    }
    texts
}

/// What any message can hold.
const FIXED: &[(&str, &[u8])] = &[
    // Lengths and counts of flexible versions.
    ("compact_null", b"\x00"),
    ("compact_empty", b"\x01"),
    ("compact_one", b"\x02"),
    ("compact_127", b"\x80\x01"),
    ("compact_16383", b"\x80\x80\x01"),
    ("compact_max", b"\xff\xff\xff\xff\x07"),
    ("compact_negative", b"\xff\xff\xff\xff\x0f"),
    ("varint_overlong_zero", b"\x80\x00"),
    ("varint_overlong_one", b"\x81\x80\x80\x80\x00"),
    ("varint_excess_bits", b"\xff\xff\xff\xff\x7f"),
    ("varint_endless", b"\xff\xff\xff\xff\xff\xff"),
    // Tagged fields: one with tag 0 and no bytes, an unknown one, the largest tag.
    ("tag_0_empty", b"\x01\x00\x00"),
    ("tag_0_bytes", b"\x01\x00\x02\x00\x00"),
    ("tag_unknown", b"\x01\x7f\x01\xff"),
    ("tag_largest", b"\x01\xfe\xff\xff\xff\x07\x00"),
    // Lengths and counts of other versions.
    ("string_null", b"\xff\xff"),
    ("string_empty", b"\x00\x00"),
    ("string_max", b"\x7f\xff"),
    ("string_negative", b"\x80\x00"),
    ("array_null", b"\xff\xff\xff\xff"),
    ("array_empty", b"\x00\x00\x00\x00"),
    ("array_one", b"\x00\x00\x00\x01"),
    ("array_max", b"\x7f\xff\xff\xff"),
    ("array_negative", b"\x80\x00\x00\x00"),
    ("int64_null", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
    ("int64_max", b"\x7f\xff\xff\xff\xff\xff\xff\xff"),
    ("int64_min", b"\x80\x00\x00\x00\x00\x00\x00\x00"),
    ("uuid_zero", &[0; 16]),
    ("uuid_one", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
    // Batches: leader epoch and magic, attributes, producer without idempotence, an offset with a large delta.
    ("batch_epoch_magic_2", b"\xff\xff\xff\xff\x02"),
    ("batch_epoch_0_magic_2", b"\x00\x00\x00\x00\x02"),
    ("batch_attributes_gzip", b"\x00\x01"),
    ("batch_attributes_snappy", b"\x00\x02"),
    ("batch_attributes_lz4", b"\x00\x03"),
    ("batch_attributes_zstd", b"\x00\x04"),
    ("batch_attributes_unknown_codec", b"\x00\x07"),
    ("batch_log_append_time", b"\x00\x08"),
    ("batch_transactional", b"\x00\x10"),
    ("batch_control", b"\x00\x30"),
    ("batch_delete_horizon", b"\x00\x40"),
    (
        "batch_no_producer",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ),
    ("control_abort", b"\x00\x00\x00\x00"),
    ("control_commit", b"\x00\x00\x00\x01"),
    ("record_length_negative", b"\x01"),
    ("record_length_large", b"\xfe\xff\xff\xff\x0f"),
    ("record_empty", b"\x0c\x00\x00\x00\x01\x01\x00"),
    // Message sets: magic and attributes.
    ("message_magic_0", b"\x00\x00"),
    ("message_magic_0_gzip", b"\x00\x01"),
    ("message_magic_1", b"\x01\x00"),
    ("message_magic_1_gzip", b"\x01\x01"),
    ("message_magic_1_snappy", b"\x01\x02"),
    ("message_magic_1_lz4", b"\x01\x03"),
    // Codecs.
    ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"),
    ("gzip_all_flags", b"\x1f\x8b\x08\x1f"),
    (
        "snappy_xerial",
        b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01",
    ),
    ("lz4_frame", b"\x04\x22\x4d\x18\x60\x40\x82"),
    ("lz4_magic", b"\x04\x22\x4d\x18"),
    ("lz4_skippable", b"\x50\x2a\x4d\x18"),
    ("zstd_magic", b"\x28\xb5\x2f\xfd"),
    ("zstd_large_window", b"\x28\xb5\x2f\xfd\x00\xff"),
    // Names that brokers treat in their own way.
    ("topic_offsets", b"__consumer_offsets"),
    ("topic_transactions", b"__transaction_state"),
    ("topic_share_groups", b"__share_group_state"),
    ("topic_metadata", b"__cluster_metadata"),
    // SASL mechanisms, assignors and types of groups.
    ("sasl_plain", b"PLAIN"),
    ("sasl_scram_256", b"SCRAM-SHA-256"),
    ("sasl_scram_512", b"SCRAM-SHA-512"),
    ("sasl_oauthbearer", b"OAUTHBEARER"),
    ("sasl_gssapi", b"GSSAPI"),
    ("assignor_range", b"range"),
    ("assignor_roundrobin", b"roundrobin"),
    ("assignor_uniform", b"uniform"),
    ("group_consumer", b"consumer"),
    ("group_connect", b"connect"),
];

/// Sizes, and headers behind key and version: a correlation id, no client id, no tagged fields.
const HEADERS: &[(&str, &[u8])] = &[
    ("request_header_v1", b"\x00\x00\x00\x01\xff\xff"),
    ("request_header_v2", b"\x00\x00\x00\x01\xff\xff\x00"),
    (
        "request_header_v2_tagged",
        b"\x00\x00\x00\x01\xff\xff\x01\x7f\x01\xff",
    ),
    ("request_header_client_id", b"\x00\x00\x00\x01\x00\x01c"),
    ("response_header_v0", b"\x00\x00\x00\x01"),
    ("response_header_v1", b"\x00\x00\x00\x01\x00"),
    ("size_0", b"\x00\x00\x00\x00"),
    ("size_8", b"\x00\x00\x00\x08"),
    ("size_100_mebibytes", b"\x06\x40\x00\x00"),
    ("size_above_100_mebibytes", b"\x06\x40\x00\x01"),
    ("size_max", b"\x7f\xff\xff\xff"),
    ("size_negative", b"\xff\xff\xff\xff"),
];
