//! A proxy between client and broker that cuts a response in the middle, or goes silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kafka_codec::connection::{ConnectionOptions, TimeoutFrom};
use kafka_codec::messages::MetadataRequest;
use kafka_codec_tokio::{Cluster, ClusterOptions, Connection, Options, SendError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Link, setup, within};
use crate::topic::{Topic, batch};

/// What the proxy does with the bytes of the broker.
#[derive(Clone)]
struct Fate(Arc<AtomicUsize>);

/// Everything is passed on.
const PASS: usize = usize::MAX;
/// Nothing is passed on, and the connection stays open.
const SILENT: usize = usize::MAX - 1;

impl Fate {
    /// `PASS`, `SILENT`, or the number of bytes after which the connection is cut.
    fn set(&self, fate: usize) {
        self.0.store(fate, Ordering::SeqCst);
    }
}

/// Listens for clients, and passes their bytes to the broker and back as `fate` says: the address.
async fn proxy(broker: String) -> (String, Fate) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let fate = Fate(Arc::new(AtomicUsize::new(PASS)));
    let shared = fate.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let upstream = TcpStream::connect(&broker).await.unwrap();
            tokio::spawn(pass(client, upstream, shared.clone()));
        }
    });
    (address, fate)
}

async fn pass(client: TcpStream, broker: TcpStream, fate: Fate) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_broker, mut to_broker) = broker.into_split();
    let requests = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_broker).await;
    });
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from_broker.read(&mut buffer).await {
        match fate.0.load(Ordering::SeqCst) {
            PASS => to_client.write_all(&buffer[..length]).await.unwrap(),
            SILENT => {}
            kept => {
                to_client
                    .write_all(&buffer[..kept.min(length)])
                    .await
                    .unwrap();
                break;
            }
        }
    }
    requests.abort();
}

fn quick() -> Options {
    let limit = Duration::from_secs(1);
    let connection = ConnectionOptions::new("").with_request_timeout(limit, TimeoutFrom::Written);
    Options::default().with_connection(connection)
}

#[tokio::test]
async fn a_response_that_is_cut_names_its_request_and_how_much_of_it_came() {
    let (address, fate) = proxy(setup("plain")).await;
    let connection = Connection::connect_as("broker 1 (proxy)", &address, &quick()).await;
    let connection = connection.unwrap();
    fate.set(10);
    let error = connection.send(&MetadataRequest::for_no_topics()).await;
    let error = error.unwrap_err();
    let line = error.to_string();
    assert!(line.starts_with("broker 1 (proxy): Metadata v"), "{line}");
    assert!(
        line.contains(": 6 of ") && line.ends_with(" bytes of the response: peer closed"),
        "{line}"
    );
    assert!(error.is_closed());
    // Nothing is left of it on the next connection.
    fate.set(PASS);
    let next = Connection::connect(&address, &quick()).await.unwrap();
    next.send(&MetadataRequest::for_no_topics()).await.unwrap();
}

#[tokio::test]
async fn silence_ends_at_the_time_limit_and_a_produce_says_what_it_carried() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "silent").await;
    let (address, fate) = proxy(setup("plain")).await;
    let connection = Connection::connect_as("broker 1 (proxy)", &address, &quick()).await;
    let connection = connection.unwrap();
    let mut request = topic.produce((-1).into(), 0, batch(&[b"a", b"b"]));
    request.timeout_ms = 500;
    fate.set(SILENT);
    let error = within(10, connection.send(&request)).await.unwrap_err();
    let SendError::ProduceFailed(_, summary) = &error else {
        panic!("{error}");
    };
    assert_eq!((summary.batches, summary.records), (1, 2));
    let line = error.to_string();
    assert!(line.starts_with("broker 1 (proxy): Produce v"), "{line}");
    assert!(line.contains("no response"), "{line}");
    assert!(line.contains("-0: 1 batch, 2 records, "), "{line}");
    // It was carried out all the same.
    let answer = link
        .send(topic.fetch(0, Duration::from_secs(2)))
        .await
        .unwrap();
    assert_eq!(
        answer.decode().unwrap().responses[0].partitions[0].high_watermark,
        1 + 1
    );
    link.close().await;
}

#[tokio::test]
async fn a_cluster_asks_again_after_a_cut_and_counts_both_attempts() {
    let (address, fate) = proxy(setup("plain")).await;
    let options = ClusterOptions::new([address]).with_connections(quick());
    let cluster = Cluster::new(options.with_deadline(Duration::from_secs(3)));
    // Only the bootstrap server is asked: the broker's own address leads past the proxy.
    fate.set(3);
    let error = cluster.refresh([]).await.unwrap_err();
    assert!(error.attempts.len() > 1, "{error}");
    let line = error.to_string();
    assert!(
        line.starts_with("Metadata: gave up after 3s and "),
        "{line}"
    );
    assert!(
        line.contains("peer closed after 3 of 4 bytes of a frame's size"),
        "{line}"
    );
    fate.set(PASS);
    cluster.refresh([]).await.unwrap();
    assert_eq!(cluster.brokers(), [1]);
}
