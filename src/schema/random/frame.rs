//! Whole frames as a broker or a client receives them (size, header, body), and their mutations.

use super::entropy::Dice;
use super::mutation::{Expectation, Mutated, Mutation};
use super::{Entropy, Mutator, Options, message};
use crate::correlation::response_version;
use crate::messages::ApiVersionsResponse;
use crate::schema::Schema;
use crate::{ApiKey, Decode, HeaderVersions, Version};

/// The frame of a request or a response.
///
/// # Examples
///
/// ```
/// use kafka_codec::messages::RequestHeader;
/// use kafka_codec::schema::random::{Frame, Options, Seeded};
/// use kafka_codec::{ApiKey, Version};
///
/// let (options, mut entropy) = (Options::default(), Seeded::new(1));
/// let request = Frame::request(ApiKey::ApiVersions, Version(3), &options, &mut entropy)
///     .expect("the version is known");
/// let bytes = request.to_bytes();
/// let (header, body) = RequestHeader::split(&bytes[4..])?;
/// assert_eq!(header.api_key(), ApiKey::ApiVersions);
/// assert_eq!(body, request.body());
///
/// let response = request.response(&options, &mut entropy);
/// assert_eq!(response.correlation_id(), header.correlation_id);
/// # Ok::<(), kafka_codec::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Frame {
    key: ApiKey,
    version: Version,
    correlation_id: i32,
    header: Part,
    body: Part,
}

/// A message in a frame.
#[derive(Clone, Debug)]
struct Part {
    schema: &'static Schema,
    version: Version,
    bytes: Vec<u8>,
}

impl Frame {
    /// A request of an API in a version; `None` if the API or the version is not known here.
    ///
    /// Correlation id and client id are random too. `options` are for header and body each.
    pub fn request(
        key: ApiKey,
        version: Version,
        options: &Options,
        entropy: &mut dyn Entropy,
    ) -> Option<Self> {
        let body = Part::new(Schema::of_request(key)?, version, options, entropy)?;
        let header = Schema::request_header();
        let header_version = HeaderVersions::of(key, version).request;
        let mut header = Part::new(header, header_version, options, entropy)?;
        let correlation_id = i32::from_be_bytes(Dice::new(entropy).bytes());
        header.begin_with(&key.number().to_be_bytes(), 0);
        header.begin_with(&version.0.to_be_bytes(), 2);
        header.begin_with(&correlation_id.to_be_bytes(), 4);
        Some(Self {
            key,
            version,
            correlation_id,
            header,
            body,
        })
    }

    /// A request of any API in any version.
    ///
    /// # Panics
    ///
    /// Never: there is always an API.
    pub fn any_request(options: &Options, entropy: &mut dyn Entropy) -> Self {
        let mut dice = Dice::new(entropy);
        let schema = dice.pick(Schema::requests());
        let request = schema.and_then(|schema| {
            let versions: Vec<_> = schema.versions().iter().collect();
            let version = dice.pick(&versions)?;
            let key = ApiKey::from_number(schema.api_key()?);
            Self::request(key, version, options, dice.entropy())
        });
        request.expect("every request has an API and a version")
    }

    /// A response to the request that this frame is, or is the response to.
    ///
    /// # Panics
    ///
    /// Never: responses have the versions of their requests.
    #[must_use]
    pub fn response(&self, options: &Options, entropy: &mut dyn Entropy) -> Self {
        let Self {
            key,
            version,
            correlation_id,
            ..
        } = *self;
        let body = Schema::of_response(key)
            .and_then(|schema| Part::new(schema, version, options, entropy));
        let header_version = HeaderVersions::of(key, version).response;
        let header = Part::new(Schema::response_header(), header_version, options, entropy);
        let mut header = header.expect("the header has the versions that responses ask for");
        header.begin_with(&correlation_id.to_be_bytes(), 0);
        Self {
            key,
            version,
            correlation_id,
            header,
            body: body.expect("a response has the versions of its request"),
        }
    }

    /// The API.
    #[must_use]
    pub const fn api_key(&self) -> ApiKey {
        self.key
    }

    /// The version of request and response.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The correlation id in the header.
    #[must_use]
    pub const fn correlation_id(&self) -> i32 {
        self.correlation_id
    }

    /// The bytes of the header.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header.bytes
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body.bytes
    }

    /// All bytes, the size in front included.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        frame(&self.header.bytes, &self.body.bytes)
    }

    /// Returns the frame with a random mutation: most often of the body, sometimes of the header, the size or the API.
    ///
    /// Offsets count from the start of the frame, its size included. Unless the size itself is mutated, it is correct.
    ///
    /// # Panics
    ///
    /// Never: bytes can follow every body.
    pub fn randomly_mutated(&self, entropy: &mut dyn Entropy) -> Mutated {
        let mut dice = Dice::new(entropy);
        let mutated = match dice.below(8) {
            6 => self.mutated_around(dice.pick(AROUND), &mut dice),
            7 => self.mutated_header(|mutator| mutator.any(dice.entropy())),
            _ => None,
        };
        let mutated = mutated.or_else(|| self.mutated_body(|mutator| mutator.any(dice.entropy())));
        let trailing = Mutation::TrailingBytes;
        let mutated = mutated
            .or_else(|| self.mutated_body(|mutator| mutator.apply(trailing, dice.entropy())));
        mutated.expect("bytes can follow every body")
    }

    /// Returns the frame with this mutation of its body or else of its header, or `None` if the mutation applies to neither.
    ///
    /// `None` also if it makes an ApiVersions response one of version 0, as clients read the answer of a broker that does not
    /// know the version of the request (KIP-511).
    pub fn mutated(&self, mutation: Mutation, entropy: &mut dyn Entropy) -> Option<Mutated> {
        if AROUND.contains(&mutation) {
            return self.mutated_around(Some(mutation), &mut Dice::new(entropy));
        }
        let body = self.mutated_body(|mutator| mutator.apply(mutation, entropy));
        body.or_else(|| self.mutated_header(|mutator| mutator.apply(mutation, entropy)))
    }

    fn mutated_body(&self, apply: impl FnOnce(Mutator<'_>) -> Option<Mutated>) -> Option<Mutated> {
        let mut mutated = apply(self.body.mutator(0)?)?;
        if mutated.expectation() == Expectation::Refuse && self.is_read_in_version_0(&mutated.bytes)
        {
            return None;
        }
        mutated.bytes = frame(&self.header.bytes, &mutated.bytes);
        Some(mutated.moved(SIZE_BYTES + self.header.bytes.len()))
    }

    /// Returns `true` if clients read `body` as a response in version 0, although that is not the version of the request.
    fn is_read_in_version_0(&self, body: &[u8]) -> bool {
        !self.is_request()
            && response_version(self.key, self.version, body) != self.version
            && ApiVersionsResponse::decode_prefix(body, Version(0)).is_ok()
    }

    fn is_request(&self) -> bool {
        self.header.schema.name() == Schema::request_header().name()
    }

    fn mutated_header(
        &self,
        apply: impl FnOnce(Mutator<'_>) -> Option<Mutated>,
    ) -> Option<Mutated> {
        let mut mutated = apply(self.header.mutator(self.body.bytes.len())?)?;
        mutated.bytes = frame(&mutated.bytes, &self.body.bytes);
        Some(mutated.moved(SIZE_BYTES))
    }

    /// Mutates what says which header and body follow: the size, the API key or the version.
    fn mutated_around(&self, mutation: Option<Mutation>, dice: &mut Dice<'_>) -> Option<Mutated> {
        let mutation = mutation?;
        let is_request = self.is_request();
        let (at, path, with) = match mutation {
            Mutation::FrameSize => {
                let too_small = i32::try_from(dice.below(if is_request { 8 } else { 4 })).ok()?;
                let size = dice.pick(&[-1, i32::MIN, i32::MAX, too_small])?;
                (0, "", size.to_be_bytes().to_vec())
            }
            _ if !is_request => return None,
            Mutation::UnknownApi => {
                let number = i16::from_be_bytes(dice.bytes());
                let is_unknown =
                    |number: &i16| matches!(ApiKey::from_number(*number), ApiKey::Unknown(_));
                let number = Some(number).filter(is_unknown).unwrap_or(i16::MIN);
                (4, "request_api_key", number.to_be_bytes().to_vec())
            }
            // Every broker answers every version of it.
            _ if self.key == ApiKey::ApiVersions => return None,
            _ => {
                let (known, header) = (self.body.schema.versions(), self.header.version);
                let mut others = vec![known.max().0.wrapping_add(1), i16::MAX, -1, i16::MIN];
                // What follows is the header that such a version would have.
                others.retain(|other| {
                    HeaderVersions::of(self.key, Version(*other)).request == header
                });
                (
                    6,
                    "request_api_version",
                    dice.pick(&others)?.to_be_bytes().to_vec(),
                )
            }
        };
        let (mut bytes, end) = (self.to_bytes(), at + with.len());
        bytes.splice(at..end, with);
        Some(Mutated {
            bytes,
            mutation,
            message: self.header.schema.name(),
            version: self.header.version,
            path: path.to_owned(),
            start: at,
            end,
        })
    }
}

impl Part {
    fn new(
        schema: &'static Schema,
        version: Version,
        options: &Options,
        entropy: &mut dyn Entropy,
    ) -> Option<Self> {
        let bytes = message(schema, version, options, entropy).ok()?;
        Some(Self {
            schema,
            version,
            bytes,
        })
    }

    /// Puts a number at `at`, where every version has it.
    fn begin_with(&mut self, number: &[u8], at: usize) {
        let places = self.bytes.iter_mut().skip(at);
        for (place, byte) in places.zip(number) {
            *place = *byte;
        }
    }

    fn mutator(&self, followed_by: usize) -> Option<Mutator<'_>> {
        let mutator = Mutator::new(self.schema, self.version, &self.bytes).ok()?;
        Some(mutator.followed_by(followed_by))
    }
}

fn frame(header: &[u8], body: &[u8]) -> Vec<u8> {
    let size = i32::try_from(header.len() + body.len());
    let size = size.expect("the options bound a message to far less than 2 GiB");
    [&size.to_be_bytes(), header, body].concat()
}

const AROUND: &[Mutation] = &[
    Mutation::FrameSize,
    Mutation::UnknownApi,
    Mutation::UnknownVersion,
];

const SIZE_BYTES: usize = 4;

#[cfg(test)]
mod tests {
    use super::super::Seeded;
    use super::*;
    use crate::frame::decode_response;
    use crate::messages::ApiVersionsRequest;

    #[test]
    fn a_response_that_is_to_be_refused_is_not_the_answer_of_an_old_broker() {
        let options = Options::default().with_max_elements(1);
        for version in [1, 2, 3, 4].map(Version) {
            for seed in 0..3000 {
                let mut entropy = Seeded::new(seed);
                let request = Frame::request(ApiKey::ApiVersions, version, &options, &mut entropy);
                let response = request.unwrap().response(&options, &mut entropy);
                let any = response.randomly_mutated(&mut entropy);
                let truncated = response.mutated(Mutation::Truncation, &mut entropy);
                for mutated in truncated.into_iter().chain([any]) {
                    let is_read = mutated.mutation() != Mutation::FrameSize
                        && mutated.expectation() == Expectation::Refuse;
                    let frame = mutated.bytes().get(SIZE_BYTES..).unwrap();
                    let read = decode_response::<ApiVersionsRequest<'_>>(frame, version);
                    assert!(
                        !is_read || read.is_err(),
                        "v{version}, seed {seed}: {mutated}: {read:?}"
                    );
                }
            }
        }
    }
}
