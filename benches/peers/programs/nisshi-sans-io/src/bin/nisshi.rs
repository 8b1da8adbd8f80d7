//! `nisshi FOLDER` does what standard input says.

fn main() {
    peer_nisshi_sans_io::serve(None);
}
