//! Lists the topics of a cluster.
//!
//! ```sh
//! cargo run -p kafka-codec-tokio --example list_topics -- localhost:9092
//! ```

use std::process::ExitCode;

use kafka_codec::messages::MetadataRequest;
use kafka_codec_tokio::{Connection, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match list().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn list() -> Result<(), Box<dyn std::error::Error>> {
    let broker = std::env::args()
        .nth(1)
        .ok_or("usage: list_topics HOST:PORT")?;
    let options = Options::default().with_client_id("list_topics");
    let connection = Connection::connect(&broker, &options).await?;
    // Null asks for all topics.
    let everything = MetadataRequest {
        topics: None,
        ..Default::default()
    };
    let response = connection.send(&everything).await?;
    for topic in response.decode()?.topics {
        let name = topic.name.as_deref().unwrap_or_default();
        println!("{name} ({} partitions)", topic.partitions.len());
    }
    Ok(())
}
