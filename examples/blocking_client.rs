//! Asks a broker for its topics: a `Connection` driven over a blocking socket of the standard library.
//!
//! ```sh
//! cargo run --example blocking_client -- localhost:9092
//! cargo run --example blocking_client -- localhost:9094 alice alice-secret    # SASL PLAIN
//! ```

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use kafka_codec::connection::sasl::{Mechanism, Plain};
use kafka_codec::connection::{Connection, ConnectionOptions, Event, SubmitOptions};
use kafka_codec::messages::{MetadataRequest, MetadataResponse};

/// Maximum number of bytes per read.
const READ: usize = 64 * 1024;

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let address = args
        .next()
        .ok_or("usage: blocking_client HOST:PORT [USER PASSWORD]")?;
    let mechanisms: Vec<Box<dyn Mechanism>> = match (args.next(), args.next()) {
        (Some(user), Some(password)) => vec![Box::new(Plain::new(user, password))],
        _ => Vec::new(),
    };
    let options = ConnectionOptions::new(address.as_str()).with_client_id("blocking_client");
    let mut connection = Connection::with_sasl(Instant::now(), options, mechanisms);
    let mut socket = TcpStream::connect(&address)?;

    // The connection leaves room in it for the next read.
    let mut buffer = BytesMut::with_capacity(READ);

    // 1. The transport is open.
    connection.handle_opened(Instant::now());
    loop {
        // 2. All events.
        while let Some(event) = connection.poll_event() {
            match event {
                Event::VersionsNegotiated { .. } => {
                    let release = connection.versions().guess_release();
                    println!("the broker looks like Kafka {}", release.unwrap_or("?"));
                }
                Event::Ready { took } => {
                    println!("ready: {took:?}");
                    // Null asks for all topics.
                    let request = MetadataRequest {
                        topics: None,
                        ..Default::default()
                    };
                    connection.submit(Instant::now(), &request, SubmitOptions::default())?;
                }
                Event::Completed(completion) => {
                    println!("{}: {:?}", completion.label(), completion.timings().total());
                    let response = completion.into_response()?.ok_or("it has a response")?;
                    print(&response.into_typed::<MetadataRequest<'_>>()?.decode()?);
                    connection.close(Instant::now());
                }
                Event::Closed(report) => {
                    println!("{report}");
                    return Ok(());
                }
                _ => {}
            }
        }
        // 3. What there is to write.
        if let Some(transmit) = connection.poll_transmit() {
            // Not `write_all`: after an error nobody would know how much was written.
            match socket.write(transmit.chunk()) {
                Ok(0) => connection.handle_end_of_stream(Instant::now()),
                Ok(bytes) => connection.handle_written(Instant::now(), bytes),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => connection.handle_transport_error(Instant::now(), &error),
            }
            continue;
        }
        // 4. and 5. Wait for bytes, at most until the deadline.
        wait(&mut connection, &mut socket, &mut buffer)?;
    }
}

/// Gives the connection what arrives, or the time if nothing does.
fn wait(
    connection: &mut Connection,
    socket: &mut TcpStream,
    buffer: &mut BytesMut,
) -> io::Result<()> {
    let now = Instant::now();
    let wait = connection
        .next_deadline()
        .map(|at| at.saturating_duration_since(now));
    // A timeout of zero would be none.
    socket.set_read_timeout(wait.map(|wait| wait.max(Duration::from_millis(1))))?;
    // `Read` wants bytes that are initialized.
    buffer.resize(buffer.capacity().min(READ), 0);
    let result = socket.read(buffer);
    buffer.truncate(*result.as_ref().unwrap_or(&0));
    let now = Instant::now();
    match result {
        Ok(0) => connection.handle_end_of_stream(now),
        Ok(_) => connection.handle_received(now, buffer),
        Err(error) if is_none_yet(&error) => {}
        Err(error) => connection.handle_transport_error(now, &error),
    }
    connection.handle_timer(now);
    Ok(())
}

/// Returns `true` if reading timed out, or a signal ended it.
fn is_none_yet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

fn print(metadata: &MetadataResponse<'_>) {
    for broker in &metadata.brokers {
        println!(
            "broker {} at {}:{}",
            broker.node_id, broker.host, broker.port
        );
    }
    for topic in &metadata.topics {
        let name = topic.name.as_deref().unwrap_or("?");
        println!("topic {name} of {} partitions", topic.partitions.len());
    }
}
