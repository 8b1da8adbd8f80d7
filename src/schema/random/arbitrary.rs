//! The crate arbitrary as a source of entropy, so that inputs of fuzz targets can have frames in them. Only with the feature
//! `arbitrary`.

use arbitrary::{Arbitrary, Result, Unstructured};

use super::{Entropy, Frame, Mutated, Options};

/// What is left of the input, then zeros, of which only the smallest things are made.
impl Entropy for Unstructured<'_> {
    fn fill(&mut self, bytes: &mut [u8]) {
        if self.fill_buffer(bytes).is_err() {
            // It does not come to that: what is missing is filled with zeros.
            bytes.fill(0);
        }
    }
}

/// A request of any API in any version, as [`Frame::any_request`] makes it with default [`Options`].
///
/// # Examples
///
/// ```
/// use arbitrary::{Arbitrary, Unstructured};
/// use kafka_codec::messages::RequestHeader;
/// use kafka_codec::schema::random::Frame;
///
/// let mut input = Unstructured::new(b"what a fuzzer came up with");
/// let frame = Frame::arbitrary(&mut input)?;
/// let bytes = frame.to_bytes();
/// assert!(RequestHeader::split(&bytes[4..]).is_ok());
/// # Ok::<(), arbitrary::Error>(())
/// ```
impl<'a> Arbitrary<'a> for Frame {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::any_request(&Options::default(), input))
    }
}

/// Such a request, mutated at random: see [`Frame::randomly_mutated`].
impl<'a> Arbitrary<'a> for Mutated {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let request = Frame::arbitrary(input)?;
        Ok(request.randomly_mutated(input))
    }
}
