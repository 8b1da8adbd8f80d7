//! When connections authenticate again: each at a time of its own, so that those that were opened together do not do it together.
#![cfg(test)]

mod support;

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kafka_codec::connection::Event;
use kafka_codec_tokio::{AcceptedToken, Client, Connection, Options, Sasl, ServerSasl};
use tokio::io::duplex;

use support::{BROKER, everything, options};

const LIFETIME: Duration = Duration::from_secs(100_000);

/// The shares of the lifetime, in thousandths, after which some connections authenticate again.
async fn shares(options: &Options, connections: usize) -> Vec<u128> {
    let accepts = |_: &str| Some(AcceptedToken::new("alice").with_lifetime(LIFETIME));
    let server = everything().with_sasl(ServerSasl::default().with_oauth_bearer(accepts));
    let found: Arc<Mutex<Vec<u128>>> = Arc::default();
    let seen = found.clone();
    let options = options
        .clone()
        .with_sasl(Sasl::oauth_bearer(|| async {
            Ok(String::from("token").into())
        }))
        .with_observer(move |_, event| {
            if let Event::SaslSucceeded { renew_at, .. } = event {
                let after = renew_at.unwrap().duration_since(Instant::now());
                let permille =
                    (after.as_millis() * 1000 + LIFETIME.as_millis() / 2) / LIFETIME.as_millis();
                seen.lock().unwrap().push(permille);
            }
        });
    for _ in 0..connections {
        let (near, far) = duplex(4096);
        let client = Client::over("client", far, &server);
        tokio::spawn(async move { client.next_request().await.is_some() });
        Connection::over(BROKER, near, &options).await.unwrap();
    }
    std::mem::take(&mut *found.lock().unwrap())
}

fn assert_within(shares: &[u128], range: RangeInclusive<u128>) {
    assert!(shares.iter().all(|it| range.contains(it)), "{shares:?}");
}

#[tokio::test]
async fn each_connection_authenticates_again_at_a_share_of_the_lifetime_of_its_own() {
    let found = shares(&options(), 40).await;
    assert_eq!(found.len(), 40);
    assert_within(&found, 850..=950);
    let (least, most) = (found.iter().min(), found.iter().max());
    assert!(most.unwrap() - least.unwrap() > 20, "{found:?}");
}

#[tokio::test]
async fn the_share_can_be_set() {
    let found = shares(&options().with_renew_at_permille(500..=510), 10).await;
    assert_within(&found, 500..=510);
    let found = shares(&options().with_renew_at_permille(700..=700), 3).await;
    assert_within(&found, 700..=700);
    // The order of the bounds does not matter.
    let reversed = RangeInclusive::new(2000, 1000);
    let found = shares(&options().with_renew_at_permille(reversed), 3).await;
    assert_within(&found, 1000..=1000);
}
