//! The examples of kafka-codec-tokio, run as a reader would run them; and real clients with the toy broker among them.

use std::process::{Command, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::prometheus;
use crate::support::{Link, setup, within};
use crate::topic::Topic;

/// Runs an example to its end, and returns what it printed.
async fn example(name: &str, args: &[&str]) -> String {
    let program = format!("{}/{name}", setup("examples"));
    output(Command::new(program).args(args)).await
}

/// Runs a program to its end, which must be a good one, and returns what it printed.
async fn output(command: &mut Command) -> String {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap());
    let output = within(60, ended).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}: {text}", output.status);
    text
}

/// An example that listens until this is dropped, and its address.
struct Listening {
    address: String,
    _process: tokio::process::Child,
}

async fn listening(name: &str, args: &[&str]) -> Listening {
    let program = format!("{}/{name}", setup("examples"));
    let mut process = tokio::process::Command::new(program)
        .args(args)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = within(10, lines.next_line()).await.unwrap().unwrap();
    let address = line.strip_prefix("listening on ").unwrap().to_owned();
    // What it prints later is read, so that it is not held up.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Listening {
        address,
        _process: process,
    }
}

#[tokio::test]
async fn topics_are_listed_and_records_of_every_codec_come_back() {
    let link = Link::open("plain").await;
    let topic = Topic::create(&link, "example").await;
    let plain = setup("plain");
    let listed = example("list_topics", &[&plain]).await;
    assert!(
        listed.contains(&format!("{} (1 partitions)\n", topic.name)),
        "{listed}"
    );
    let printed = example("produce_fetch", &[&plain, &topic.name]).await;
    for (offset, codec) in ["none", "gzip", "snappy", "lz4", "zstd"].iter().enumerate() {
        let line = format!("read written with {codec} at offset {offset}\n");
        assert!(printed.contains(&line), "{line}{printed}");
    }
    assert!(
        printed.ends_with("the next fetch begins at 5\n"),
        "{printed}"
    );
    link.close().await;
}

#[tokio::test]
async fn a_health_check_opens_every_broker_and_finds_it_warm_the_second_time() {
    let printed = example("health_check", &[&setup("plain")]).await;
    assert!(
        printed.contains("cold:\n  broker 1: opened in "),
        "{printed}"
    );
    assert!(
        printed.contains("warm:\n  broker 1: open, answered in "),
        "{printed}"
    );
    assert!(printed.contains("ApiVersions "), "{printed}");
}

/// What an HTTP server answers.
async fn get(address: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    body.to_owned()
}

#[tokio::test]
async fn metrics_are_served_in_the_text_format_of_prometheus() {
    let exporter = listening("prometheus", &[&setup("plain"), "127.0.0.1:0"]).await;
    // The broker is probed each second.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let body = get(&exporter.address).await;
    let series = prometheus::parse(&body);
    let probed = series.iter().find(|(key, _)| {
        key.starts_with("kafka_requests_total{")
            && [
                "api=\"ApiVersions\"",
                "broker=\"broker 1 (",
                "outcome=\"responded\"",
            ]
            .iter()
            .all(|label| key.contains(label))
    });
    assert!(probed.is_some_and(|(_, count)| *count >= 1.0), "{body}");
    assert!(
        body.contains("# TYPE kafka_request_duration_seconds histogram\n"),
        "{body}"
    );
    // It is still there after a client that asks nothing.
    drop(
        tokio::net::TcpStream::connect(&exporter.address)
            .await
            .unwrap(),
    );
    assert!(prometheus::parse(&get(&exporter.address).await).len() >= series.len());
}

#[tokio::test]
async fn topics_are_listed_through_the_proxy() {
    let proxy = listening("proxy", &["127.0.0.1:0", &setup("plain")]).await;
    let direct = example("list_topics", &[&setup("plain")]).await;
    let proxied = example("list_topics", &[&proxy.address]).await;
    assert_eq!(direct.is_empty(), proxied.is_empty());
}

#[tokio::test]
async fn franz_go_writes_every_codec_to_the_toy_broker_and_reads_it_back() {
    let toy = listening("toy_broker", &["127.0.0.1:0"]).await;
    let printed = output(Command::new(setup("franz_go")).args(["direct", &toy.address])).await;
    assert_eq!(printed.lines().count(), 10, "{printed}");
    assert!(
        printed.starts_with("0: words, words, words, 0\n1: more\n"),
        "{printed}"
    );
}

#[tokio::test]
async fn librdkafka_writes_to_the_toy_broker_and_reads_it_back() {
    let toy = listening("toy_broker", &["127.0.0.1:0"]).await;
    let kcat = "for i in $(seq 20); do echo paid-$i; done | kcat -q -b $0 -t orders -P -z lz4 -X enable.idempotence=true \
                && kcat -q -b $0 -t orders -C -e -o beginning";
    let printed = output(Command::new("sh").args(["-c", kcat, &toy.address])).await;
    let expected: String = (1..=20).map(|i| format!("paid-{i}\n")).collect();
    assert_eq!(printed, expected);
}

/// The row of a table that begins with a name, with its numbers.
fn row(table: &str, name: &str) -> Vec<f64> {
    let row = table.lines().find_map(|line| line.strip_prefix(name));
    let words = row.unwrap_or_else(|| panic!("no {name} in {table}"));
    let words = words.split_whitespace();
    words
        .filter_map(|word| word.trim_end_matches('x').parse().ok())
        .collect()
}

#[tokio::test]
async fn connections_that_are_kept_open_spare_the_first_request_their_opening() {
    let table = example("cold_and_warm", &[&setup("strict"), "6", "200"]).await;
    println!("{table}");
    for (kept, cold) in [
        ("first of all, kept open", "first of all, cold"),
        ("after silence, kept open", "after silence, cold"),
    ] {
        let (kept, cold) = (row(&table, kept), row(&table, cold));
        assert_eq!((kept.len(), cold.len()), (4, 4), "{table}");
        // The median and the 90th percentile, on machines that do other things too.
        assert!(kept[0] < cold[0] && kept[1] < cold[1], "{table}");
    }
}
