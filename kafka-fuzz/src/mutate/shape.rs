//! What the bytes of an input are: a body, or a body with something in front of it.

use std::str::FromStr;

use kafka_codec::messages::{RequestHeader, ResponseHeader};
use kafka_codec::schema::Schema;
use kafka_codec::{ApiKey, HeaderVersions, Version};
use thiserror::Error;

use super::tree::{Fixed, Node, Tree};
use crate::corpus::{Prefix, UnknownPrefix};
use crate::{Direction, Target};

/// What the bytes of an input are.
///
/// # Examples
///
/// ```
/// use kafka_fuzz::mutate::Shape;
///
/// // Frames of requests, of any API.
/// let _: Shape = "request size-header".parse()?;
/// // Bodies of responses to Fetch v12.
/// let _: Shape = "response none Fetch 12".parse()?;
/// # Ok::<(), kafka_fuzz::mutate::InvalidShape>(())
/// ```
#[derive(Copy, Clone, Debug)]
pub struct Shape {
    prefix: Prefix,
    direction: Direction,
    target: Option<Target>,
}

impl Shape {
    /// Bodies of one target.
    #[must_use]
    pub const fn body(target: Target) -> Self {
        Self::of(Prefix::None, target)
    }

    /// Inputs of one target. A prefix that names another API or version is corrected.
    #[must_use]
    pub const fn of(prefix: Prefix, target: Target) -> Self {
        Self {
            prefix,
            direction: target.direction(),
            target: Some(target),
        }
    }

    /// Inputs of any API, which the prefix names.
    ///
    /// # Errors
    ///
    /// [`InvalidShape`] if the prefix does not name it: without a prefix, and in responses that have a header.
    pub fn any(prefix: Prefix, direction: Direction) -> Result<Self, InvalidShape> {
        match (prefix, direction) {
            (Prefix::None, _) => Err(InvalidShape::NoTarget),
            (Prefix::Header | Prefix::SizeAndHeader, Direction::Response) => {
                Err(InvalidShape::NoTarget)
            }
            _ => Ok(Self {
                prefix,
                direction,
                target: None,
            }),
        }
    }

    pub(super) const fn direction(&self) -> Direction {
        self.direction
    }

    pub(super) const fn target(&self) -> Option<Target> {
        self.target
    }

    /// Takes an input apart; `None` if its prefix cannot be read, or names what does not exist.
    pub(super) fn split<'b>(&self, bytes: &'b [u8]) -> Option<Parts<'b>> {
        match self.prefix {
            Prefix::None => self.parts(self.target?, None, bytes),
            Prefix::KeyVersion => {
                let (prefix, body) = bytes.split_first_chunk::<4>()?;
                let [key @ .., _, _] = prefix;
                let [_, _, version @ ..] = prefix;
                self.keyed(i16::from_be_bytes(*key), i16::from_be_bytes(*version), body)
            }
            Prefix::KeyVersionLe => {
                let (prefix, body) = bytes.split_first_chunk::<4>()?;
                let [key @ .., _, _] = prefix;
                let [_, _, version @ ..] = prefix;
                self.keyed(i16::from_le_bytes(*key), i16::from_le_bytes(*version), body)
            }
            Prefix::KeyVersionBytes => {
                let ([key, version], body) = bytes.split_first_chunk::<2>()?;
                self.keyed(i16::from(*key), i16::from(*version), body)
            }
            Prefix::Header => self.headed(bytes),
            Prefix::SizeAndHeader => self.headed(bytes.get(4..)?),
        }
    }

    fn keyed<'b>(&self, key: i16, version: i16, body: &'b [u8]) -> Option<Parts<'b>> {
        self.parts(self.named(key, version)?, None, body)
    }

    /// The target of the shape, or else the one that the prefix names.
    fn named(&self, key: i16, version: i16) -> Option<Target> {
        self.target.or_else(|| {
            Target::new(ApiKey::from_number(key), Version(version), self.direction).ok()
        })
    }

    fn headed<'b>(&self, bytes: &'b [u8]) -> Option<Parts<'b>> {
        let (target, rest) = match self.direction {
            Direction::Request => {
                let (header, rest) = RequestHeader::split(bytes).ok()?;
                (
                    self.named(header.request_api_key, header.request_api_version)?,
                    rest,
                )
            }
            Direction::Response => {
                let target = self.target?;
                let versions = HeaderVersions::of(target.api_key(), target.version());
                (target, ResponseHeader::split(bytes, versions).ok()?.1)
            }
        };
        let header = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
        let (schema, version) = header_of(target);
        let header = Tree::read(schema, version, header).ok()?;
        self.parts(target, Some(header), rest)
    }

    const fn parts<'b>(
        &self,
        target: Target,
        header: Option<Tree>,
        body: &'b [u8],
    ) -> Option<Parts<'b>> {
        Some(Parts {
            target,
            header,
            body,
        })
    }

    /// A header for a target, in shapes that have one.
    pub(super) fn header(&self, target: Target) -> Option<Tree> {
        let (schema, version) = header_of(target);
        let has_header = matches!(self.prefix, Prefix::Header | Prefix::SizeAndHeader);
        has_header.then(|| Tree {
            schema,
            version,
            root: super::tree::Struct::empty(schema.root()),
        })
    }

    /// Puts an input together, and returns how many bytes stand in front of the body.
    pub(super) fn join(
        &self,
        target: Target,
        header: Option<&Tree>,
        body: &[u8],
    ) -> (Vec<u8>, usize) {
        let (key, version) = (target.api_key().number(), target.version().0);
        let prefix = match self.prefix {
            Prefix::None => Vec::new(),
            Prefix::KeyVersion => [key.to_be_bytes(), version.to_be_bytes()].concat(),
            Prefix::KeyVersionLe => [key.to_le_bytes(), version.to_le_bytes()].concat(),
            Prefix::KeyVersionBytes => [key, version]
                .map(|number| u8::try_from(number).unwrap_or(u8::MAX))
                .to_vec(),
            Prefix::Header => header_bytes(target, header),
            Prefix::SizeAndHeader => {
                let header = header_bytes(target, header);
                let size = i32::try_from(header.len() + body.len()).unwrap_or(i32::MAX);
                [&size.to_be_bytes()[..], &header].concat()
            }
        };
        let before = prefix.len();
        let mut bytes = prefix;
        bytes.extend(body);
        (bytes, before)
    }

    pub(super) const fn has_header(&self) -> bool {
        matches!(self.prefix, Prefix::Header | Prefix::SizeAndHeader)
    }
}

/// The header of a target, with the numbers that name it.
fn header_bytes(target: Target, header: Option<&Tree>) -> Vec<u8> {
    let (schema, version) = header_of(target);
    let mut header = match header {
        Some(header) => header.clone(),
        None => Tree {
            schema,
            version,
            root: super::tree::Struct::empty(schema.root()),
        },
    };
    header.version = version;
    if target.direction() == Direction::Request {
        let numbers = [target.api_key().number(), target.version().0];
        for (place, number) in header.root.fields.iter_mut().zip(numbers) {
            *place = Some(Node::Fixed(Fixed::new(&number.to_be_bytes(), 2)));
        }
    }
    header.to_bytes()
}

fn header_of(target: Target) -> (&'static Schema, Version) {
    let versions = HeaderVersions::of(target.api_key(), target.version());
    let (name, version) = match target.direction() {
        Direction::Request => ("RequestHeader", versions.request),
        Direction::Response => ("ResponseHeader", versions.response),
    };
    let schema = Schema::named(name);
    (schema.expect("both headers have schemas"), version)
}

/// An input taken apart.
pub(super) struct Parts<'b> {
    pub(super) target: Target,
    pub(super) header: Option<Tree>,
    pub(super) body: &'b [u8],
}

/// As `response size-header Fetch 12`: direction, prefix, API, version. Without a version the newest; without an API any.
impl FromStr for Shape {
    type Err = InvalidShape;

    fn from_str(text: &str) -> Result<Self, InvalidShape> {
        let mut words = text.split_whitespace();
        let direction = match words.next() {
            Some("request") => Direction::Request,
            Some("response") => Direction::Response,
            other => {
                return Err(InvalidShape::Direction(
                    other.unwrap_or_default().to_owned(),
                ));
            }
        };
        let prefix = words.next().unwrap_or("none").parse()?;
        let Some(api) = words.next() else {
            return Self::any(prefix, direction);
        };
        let key: ApiKey = api.parse().map_err(|_| InvalidShape::Api(api.to_owned()))?;
        let newest = || {
            Target::of_api(key)
                .filter(|target| target.direction() == direction)
                .last()
        };
        let target = match words.next() {
            None => newest(),
            Some(version) => {
                let version = version.parse().ok().map(Version);
                version.and_then(|version| Target::new(key, version, direction).ok())
            }
        };
        let target = target.ok_or_else(|| InvalidShape::Api(text.to_owned()))?;
        match words.next() {
            None => Ok(Self::of(prefix, target)),
            Some(word) => Err(InvalidShape::Excess(word.to_owned())),
        }
    }
}

/// A text that is not a shape, or a shape that does not tell what the body is of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidShape {
    /// The direction.
    #[error("direction {0:?} is unknown (expected request or response)")]
    Direction(String),
    /// The prefix.
    #[error(transparent)]
    Prefix(#[from] UnknownPrefix),
    /// The API or its version.
    #[error("{0:?} does not name an API, and a version of it, that is known")]
    Api(String),
    /// A word behind the version.
    #[error("unexpected {0:?} after the version (expected direction, prefix, API and version)")]
    Excess(String),
    /// Nothing names the API.
    #[error("the prefix does not name the API (expected the API and its version too)")]
    NoTarget,
}
