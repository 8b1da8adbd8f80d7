//! Serves the metrics of connections, by API, outcome and broker, to Prometheus.
//!
//! ```sh
//! cargo run -p kafka-codec-tokio --features metrics --example prometheus -- localhost:9092 127.0.0.1:9464
//! curl http://127.0.0.1:9464/metrics
//! ```

mod recorder;

use std::time::Duration;

use kafka_codec::connection::MetricsEmitter;
use kafka_codec_tokio::{Brokers, Cluster, ClusterOptions, Options, Purpose};
use recorder::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(broker), Some(listen)) = (args.next(), args.next()) else {
        return Err("usage: prometheus HOST:PORT LISTEN".into());
    };
    let prometheus = Registry::default();
    metrics::set_global_recorder(prometheus.clone())?;
    MetricsEmitter::describe();

    let connections = Options::default().with_metrics();
    let cluster = Cluster::new(ClusterOptions::new([broker]).with_connections(connections));
    // Something to see: every broker is probed each second.
    let _kept = cluster.keep_open(Brokers::All, [Purpose::Other], Duration::from_secs(1));

    let listener = TcpListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (mut client, _) = listener.accept().await?;
        // Whatever is asked, there is one answer. A client that has gone gets none.
        let _ = client.read(&mut [0; 4096]).await;
        let body = prometheus.render();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let _ = client.write_all((head + &body).as_bytes()).await;
    }
}
