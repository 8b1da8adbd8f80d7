//! Prints what the client says of brokers that misbehave. Arguments: NAME=HOST:PORT ..

use std::time::Duration;

use rskafka::BackoffConfig;
use rskafka::client::ClientBuilder;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for argument in std::env::args().skip(1) {
        let (name, broker) = argument.split_once('=').expect("NAME=HOST:PORT");
        let backoff = BackoffConfig {
            deadline: Some(Duration::from_millis(1)),
            ..Default::default()
        };
        let client = ClientBuilder::new(vec![broker.to_owned()]).backoff_config(backoff);
        match tokio::time::timeout(Duration::from_secs(5), client.build()).await {
            Ok(Ok(_)) => println!("{name}: connected"),
            Ok(Err(error)) => println!("{name}: {error}"),
            Err(_) => println!("{name}: nothing after 5 s"),
        }
    }
}
