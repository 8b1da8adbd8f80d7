//! `peer CRATE FOLDER` does what standard input says.

fn main() {
    peer_crates::serve(None);
}
