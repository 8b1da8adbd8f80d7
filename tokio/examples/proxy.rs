//! A proxy in front of one broker, which prints each request and response with its type, version and times.
//!
//! ```sh
//! cargo run -p kafka-codec-tokio --example proxy -- 127.0.0.1:19092 localhost:9092
//! ```
//!
//! Brokers tell clients their own addresses in Metadata: a client comes back through the proxy if the broker's advertised
//! address is that of the proxy.

use std::error::Error;
use std::time::{Duration, Instant};

use kafka_codec::connection::{ConnectionOptions, Negotiation, VersionTable};
use kafka_codec_tokio::{Connection, Incoming, Options, Server, ServerOptions, ServerRequest};

type Fault = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let mut args = std::env::args().skip(1);
    let (Some(listen), Some(broker)) = (args.next(), args.next()) else {
        return Err("usage: proxy LISTEN_HOST:PORT BROKER_HOST:PORT".into());
    };
    let server = Server::bind(&listen, ServerOptions::forwarding()).await?;
    println!("listening on {}", server.local_addr()?);
    loop {
        let incoming = match server.incoming().await {
            Ok(incoming) => incoming,
            // The next client may be accepted: one may have gone already, or too many files are open now.
            Err(error) => {
                println!("accepting a client: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let broker = broker.clone();
        tokio::spawn(async move {
            let name = incoming.peer();
            println!("{name}: connected");
            if let Err(error) = serve(incoming, &broker).await {
                println!("{name}: {error}");
            }
        });
    }
}

/// Serves a client by a connection of its own, whose first request is the client's.
async fn serve(incoming: Incoming, broker: &str) -> Result<(), Fault> {
    let name = incoming.peer();
    let client = incoming.start().await?;
    // The client negotiates with the broker: nothing is asked for the proxy itself, and any API passes in any version.
    let options = ConnectionOptions::new("")
        .with_max_in_flight(100)
        .with_negotiation(Negotiation::Assume(VersionTable::default()));
    let options = Options::default().with_connection(options);
    let upstream = Connection::connect(broker, &options).await?;
    while let Some(request) = client.next_request().await {
        let upstream = upstream.clone();
        tokio::spawn(async move {
            if let Err(error) = pass(&upstream, &request).await {
                println!("{name}: {error}");
                request.client().close();
            }
        });
    }
    println!("{}", client.closed().await);
    Ok(())
}

async fn pass(upstream: &Connection, request: &ServerRequest) -> Result<(), Fault> {
    let (begun, label) = (Instant::now(), request.label());
    let client = request.incoming().client_id().unwrap_or("?").to_owned();
    let bytes = request.incoming().frame().len();
    match upstream.forward(request).await? {
        Some(frame) => {
            request.respond_frame(&frame)?;
            let (took, back) = (begun.elapsed(), frame.len());
            println!("{client}: {label}: {bytes} bytes, answered with {back} in {took:.1?}");
        }
        None => println!("{client}: {label}: {bytes} bytes, no response expected"),
    }
    Ok(())
}
