//! Opens a connection to every broker of a cluster, prints what each phase cost, and probes them again when they are warm.
//!
//! ```sh
//! cargo run -p kafka-codec-tokio --example health_check -- localhost:9092
//! ```

use kafka_codec_tokio::{Brokers, Cluster, ClusterOptions, Purpose};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let broker = std::env::args()
        .nth(1)
        .ok_or("usage: health_check HOST:PORT")?;
    let cluster = Cluster::new(ClusterOptions::new([broker]));
    let mut unreachable = 0;
    for round in ["cold", "warm"] {
        println!("{round}:");
        let report = cluster.ensure_open(&Brokers::All, Purpose::Produce).await?;
        for (broker, reached) in &report.reached {
            println!("  broker {broker}: {reached}");
        }
        for error in report.unreachable.values() {
            println!("  {error}");
        }
        unreachable = report.unreachable.len();
    }
    match unreachable {
        0 => Ok(()),
        _ => Err(format!("{unreachable} brokers cannot be reached").into()),
    }
}
