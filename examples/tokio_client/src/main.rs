//! Asks a broker several things at once over one connection, with TLS and SASL if wanted, and prints how long each took.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use kafka_codec::connection::sasl::{Mechanism, Plain};
use kafka_codec::connection::{Connection, ConnectionOptions, Event, Severity, SubmitOptions};
use kafka_codec::messages::{ListGroupsRequest, MetadataRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_client::{Client, connect_tls};

/// Asks a broker for its topics and groups over one connection.
#[derive(Parser)]
#[command(after_help = "Examples:
  tokio_client localhost:9092
  tokio_client --tls --authorities ca.pem kafka.example.com:9093
  tokio_client --user alice --password-file secret.txt localhost:9094")]
struct Args {
    /// Where the broker is: HOST:PORT.
    broker: String,
    /// Speak TLS.
    #[arg(long)]
    tls: bool,
    /// A PEM file of the certificate authorities to trust, instead of those that browsers trust.
    #[arg(long, value_name = "FILE", requires = "tls")]
    authorities: Option<PathBuf>,
    /// Authenticate as this user, by SASL PLAIN.
    #[arg(long, requires = "password_file")]
    user: Option<String>,
    /// The file with the password, in its first line.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Err(error) = run(Args::parse()).await {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let (host, _) = args
        .broker
        .rsplit_once(':')
        .ok_or_else(|| format!("`{}` has no port: write HOST:PORT", args.broker))?;
    let mut mechanisms: Vec<Box<dyn Mechanism>> = Vec::new();
    if let (Some(user), Some(file)) = (&args.user, &args.password_file) {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let password = text.lines().next().unwrap_or_default();
        mechanisms.push(Box::new(Plain::new(user.as_str(), password)));
    }
    let options = ConnectionOptions::new(args.broker.as_str()).with_client_id("tokio_client");
    let connection = Connection::with_sasl(Instant::now(), options, mechanisms);
    let socket = TcpStream::connect(&args.broker)
        .await
        .map_err(|error| format!("{}: {error}", args.broker))?;
    socket.set_nodelay(true)?;
    match args.tls {
        true => {
            let stream = connect_tls(socket, host, args.authorities.as_deref()).await?;
            ask(stream, connection).await
        }
        false => ask(socket, connection).await,
    }
}

/// Asks, all at once, and closes.
async fn ask<T>(transport: T, connection: Connection) -> Result<(), Box<dyn Error>>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, driver) = Client::spawn(transport, connection, log);
    // Null asks for all topics.
    let everything = MetadataRequest {
        topics: None,
        ..Default::default()
    };
    let (metadata, groups) = tokio::try_join!(
        client.send(everything, SubmitOptions::default()),
        client.send(ListGroupsRequest::default(), SubmitOptions::default()),
    )?;
    for topic in metadata.decode()?.topics {
        let name = topic.name.as_deref().unwrap_or("?");
        println!("topic {name} of {} partitions", topic.partitions.len());
    }
    for group in groups.decode()?.groups {
        println!("group {} ({})", group.group_id, group.protocol_type);
    }
    client.drain();
    driver.await?;
    Ok(())
}

/// What an operator would like to see, on standard error.
fn log(event: &Event) {
    match event {
        Event::Ready { took } => eprintln!("ready: {took:?}"),
        Event::Completed(done) => {
            let timings = done.timings();
            let (total, broker) = (timings.total(), timings.time_to_first_byte());
            eprintln!(
                "{}: {total:?}, of which the broker took {broker:?}",
                done.label()
            );
        }
        Event::Closed(report) => eprintln!("{report}"),
        event if event.severity() > Severity::Debug => eprintln!("{event:?}"),
        _ => {}
    }
}
