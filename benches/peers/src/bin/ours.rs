//! `ours FOLDER` does what standard input says, with kafka-codec.

fn main() {
    kafka_codec_peers::ours::serve(None);
}
