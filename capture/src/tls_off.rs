//! Instead of TLS, where that is not compiled in: everything passes unchanged.

use crate::event::{Tls, TlsOutcome};
use crate::tcp::{Arrival, Piece};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Low,
    High,
}

#[derive(Default)]
pub(crate) struct Shared;

#[allow(dead_code, reason = "the other one needs it all")]
pub(crate) trait Onward {
    fn shared(&mut self) -> &mut Shared;
    fn is_client(&mut self);
    fn begin(&mut self);
    fn piece(&mut self, piece: Piece<'_>);
}

#[derive(Default)]
pub(crate) struct Session {}

#[allow(clippy::unused_self, reason = "the other one needs it")]
impl Session {
    pub(crate) const fn begin(&mut self, _: Way) {}

    pub(crate) const fn buffered(&self) -> usize {
        0
    }

    pub(crate) const fn shed(&mut self, _: Arrival) {}

    #[inline]
    pub(crate) fn push(&mut self, _: Way, piece: Piece<'_>, onward: &mut impl Onward) {
        onward.piece(piece);
    }

    pub(crate) fn resume(&mut self, _: Way, _: &mut impl Onward) {}

    pub(crate) fn finish(&mut self, _: Way, _: Arrival, _: &mut impl Onward) {}

    pub(crate) const fn outcome(&self) -> Option<TlsOutcome> {
        None
    }

    pub(crate) const fn is_opaque(&self) -> bool {
        false
    }

    pub(crate) const fn take_events(&mut self) -> Vec<(Tls, Way, Arrival)> {
        Vec::new()
    }

    pub(crate) const fn client(&self) -> Option<Way> {
        None
    }
}
