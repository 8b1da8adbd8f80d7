//! Errors of encoding.

use std::{error, fmt};

use crate::{Version, VersionRange};

/// A value that the version asked for cannot hold.
///
/// Says which message, version and field. One pointer wide. What the
/// [`Writer`](crate::wire::Writer) held before is unchanged.
///
/// # Examples
///
/// ```
/// use kafka_codec::messages::HeartbeatRequest;
/// use kafka_codec::{EncodeErrorKind, Message, Version};
///
/// let request =
///     HeartbeatRequest { group_instance_id: Some("i-1".into()), ..Default::default() };
/// let error = request.encode_to_vec(Version(2)).unwrap_err();
/// assert!(matches!(error.kind(), EncodeErrorKind::NotInVersion { .. }));
/// assert_eq!(
///     error.to_string(),
///     "HeartbeatRequest v2: group_instance_id: set, but only versions 3-4 have this field",
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EncodeError(Box<EncodeErrorDetails>);

#[derive(Clone, PartialEq, Eq)]
struct EncodeErrorDetails {
    kind: EncodeErrorKind,
    /// Empty for an element, until it is known of which field.
    field: Option<&'static str>,
    /// The field and those around it, if there are any.
    path: Option<Box<str>>,
    message: Option<(&'static str, Version)>,
}

impl EncodeError {
    #[cold]
    pub(crate) fn new(kind: EncodeErrorKind, field: Option<&'static str>) -> Self {
        Self(Box::new(EncodeErrorDetails {
            kind,
            field,
            path: None,
            message: None,
        }))
    }

    #[cold]
    pub(crate) fn in_message(mut self, message: &'static str, version: Version) -> Self {
        self.0.message.get_or_insert((message, version));
        self
    }

    /// The fault is inside of `field`, or of its element at `index`.
    #[cold]
    pub(crate) fn inside(mut self, field: &'static str, index: Option<usize>) -> Self {
        let details = &mut *self.0;
        let index = index.map_or_else(String::new, |index| format!("[{index}]"));
        let path = match details.path.as_deref().or(details.field) {
            None | Some("") => format!("{field}{index}"),
            Some(inner) => format!("{field}{index}.{inner}"),
        };
        details.path = Some(path.into_boxed_str());
        if details.field == Some("") {
            details.field = Some(field);
        }
        self
    }

    /// `field` is set, but only other versions have such a field.
    #[cold]
    pub(crate) fn not_in_version(field: &'static str, versions: VersionRange) -> Self {
        Self::new(EncodeErrorKind::NotInVersion { versions }, Some(field))
    }

    /// `field` is null, which it may not be in the version.
    #[doc(hidden)]
    #[cold]
    #[must_use]
    pub fn unexpected_null(field: &'static str) -> Self {
        Self::new(EncodeErrorKind::UnexpectedNull, Some(field))
    }

    /// Returns the kind of error.
    #[must_use]
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.0.kind
    }

    /// The field that was wrong, such as `group_instance_id`; `None` if it is the message.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        self.0.field
    }

    /// The field and those around it, such as `topics[3].name`; `None` if it is the message.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref().or(self.0.field)
    }

    /// The name of the message, such as `MetadataRequest`; `None` from a bare
    /// [`Writer`](crate::wire::Writer).
    #[must_use]
    pub fn message(&self) -> Option<&'static str> {
        self.0.message.map(|(name, _)| name)
    }

    /// The version it was encoded as.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.0.message.map(|(_, version)| version)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((message, version)) = self.0.message {
            write!(f, "{message} v{version}: ")?;
        }
        if let Some(path) = self.path() {
            write!(f, "{path}: ")?;
        }
        self.0.kind.fmt(f)
    }
}

impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodeError")
            .field("message", &self.0.message)
            .field("path", &self.path())
            .field("kind", &self.0.kind)
            .finish()
    }
}

impl error::Error for EncodeError {}

/// The kinds of encode errors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// A field is set that the version does not have, and that may not be omitted silently.
    NotInVersion {
        /// The versions that have the field.
        versions: VersionRange,
    },
    /// A field is null that may not be in this version.
    UnexpectedNull,
    /// A string, blob or array is longer than its length field can say.
    TooLong {
        /// Its length, in bytes or elements.
        length: usize,
        /// The maximum length.
        max: usize,
    },
    /// Unknown tagged fields are set, but the version has no tagged fields.
    TaggedFieldsNotInVersion,
    /// An unknown tagged field has the tag of a known one.
    KnownTag {
        /// The tag.
        tag: u32,
    },
    /// A version that the message does not have.
    UnsupportedVersion {
        /// The versions it has.
        supported: VersionRange,
    },
}

impl fmt::Display for EncodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInVersion { versions } if versions.min() == versions.max() => {
                write!(f, "set, but only version {versions} has this field")
            }
            Self::NotInVersion { versions } => {
                write!(f, "set, but only versions {versions} have this field")
            }
            Self::UnexpectedNull => f.write_str("null is not allowed in this version"),
            Self::TooLong { length, max } => {
                write!(f, "length {length} is too large (maximum {max})")
            }
            Self::TaggedFieldsNotInVersion => {
                f.write_str("unknown tagged fields are set, but this version has no tagged fields")
            }
            Self::KnownTag { tag } => {
                write!(
                    f,
                    "tag {tag} among the unknown tagged fields is a known field's"
                )
            }
            Self::UnsupportedVersion { supported } => {
                write!(f, "version is not supported, only {supported}")
            }
        }
    }
}
