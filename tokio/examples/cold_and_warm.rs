//! What the first request costs on connections that are opened for it, and on connections that were kept open: of all, and after
//! a silence that is longer than the broker lets connections be idle.
//!
//! ```sh
//! cargo run --release -p kafka-codec-tokio --example cold_and_warm -- localhost:9092 [SILENCE] [CONNECTIONS]
//! ```
//!
//! The silence is in seconds, 6 by default, for a broker with `connections.max.idle.ms=3000`. All connections, 200 by default, send
//! their requests at the same time, also where it says steady.

use std::time::{Duration, Instant};

use kafka_codec::messages::MetadataRequest;
use kafka_codec_tokio::{Brokers, Cluster, ClusterOptions, Destination, Purpose};
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Sends a small request on each connection, all at once: how long each took, shortest first.
async fn ask(clusters: &[Cluster]) -> Result<Vec<Duration>, Failure> {
    let mut tasks = JoinSet::new();
    for cluster in clusters {
        let cluster = cluster.clone();
        tasks.spawn(async move {
            let begun = Instant::now();
            let request = MetadataRequest::for_no_topics();
            cluster.send_to(Destination::Any, &request).await?;
            Ok::<_, Failure>(begun.elapsed())
        });
    }
    let mut took = tasks
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    took.sort_unstable();
    Ok(took)
}

fn print(name: &str, took: &[Duration], steady: &[Duration]) {
    let at = |took: &[Duration], percent: usize| {
        let place = took.len().saturating_sub(1) * percent / 100;
        took.get(place)
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    };
    let (median, p90) = (at(took, 50), at(took, 90));
    let (of_median, of_p90) = (median / at(steady, 50), p90 / at(steady, 90));
    println!("{name:<28} {median:>9.2} ms {p90:>9.2} ms {of_median:>8.1}x {of_p90:>8.1}x");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let broker = args
        .next()
        .ok_or("usage: cold_and_warm HOST:PORT [SILENCE] [CONNECTIONS]")?;
    let silence = Duration::from_secs(args.next().map_or(Ok(6), |it| it.parse())?);
    let count: usize = args.next().map_or(Ok(200), |it| it.parse())?;
    let clusters = || (0..count).map(|_| Cluster::new(ClusterOptions::new([&*broker])));
    let clusters = || clusters().collect::<Vec<_>>();

    let (cold, kept) = (clusters(), clusters());
    let first_cold = ask(&cold).await?;
    let mut keepers = Vec::new();
    for cluster in &kept {
        cluster.ensure_open(&Brokers::All, Purpose::Other).await?;
        // The broker's limit is half of the silence; each is probed within half of that.
        keepers.push(cluster.keep_open(Brokers::All, [Purpose::Other], silence / 4));
    }
    let first_kept = ask(&kept).await?;
    let mut steady = Vec::new();
    for _ in 0..20 {
        steady.extend(ask(&kept).await?);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    steady.sort_unstable();
    tokio::time::sleep(silence).await;
    let later_kept = ask(&kept).await?;
    let later_cold = ask(&cold).await?;

    println!("{count} connections, {} s of silence", silence.as_secs());
    println!(
        "{:<28} {:>12} {:>12} {:>9} {:>9}",
        "", "median", "p90", "of steady", "of steady"
    );
    print("steady", &steady, &steady);
    print("first of all, kept open", &first_kept, &steady);
    print("first of all, cold", &first_cold, &steady);
    print("after silence, kept open", &later_kept, &steady);
    print("after silence, cold", &later_cold, &steady);
    Ok(())
}
