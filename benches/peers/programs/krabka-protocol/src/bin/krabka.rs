//! `krabka FOLDER` does what standard input says.

fn main() {
    peer_krabka_protocol::serve(None);
}
