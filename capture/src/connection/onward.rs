//! The stage after TLS: the frames of one direction.

use super::role::Role;
use crate::frames::Framer;
use crate::tcp::Piece;
use crate::tls::{Onward, Shared};

/// The frames of the end that sends.
pub(super) struct Frames<'s, 'a, 'b> {
    pub(super) framer: &'s mut Framer,
    pub(super) role: &'s mut Role<'a, 'b>,
}

impl Onward for Frames<'_, '_, '_> {
    fn shared(&mut self) -> &mut Shared {
        self.role.out.tls
    }

    fn is_client(&mut self) {
        self.role.opens();
    }

    fn begin(&mut self) {
        *self.framer = Framer::new(true);
    }

    #[inline]
    fn piece(&mut self, piece: Piece<'_>) {
        self.framer.push(piece, self.role);
    }
}
