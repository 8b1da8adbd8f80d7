//! Limits on the memory of what brokers did.

use super::*;

const SECOND: i64 = 1000 * MILLISECOND;

#[test]
fn a_restart_is_remembered_when_a_later_one_breaks_many_connections() {
    let mut broker = Broker::default();
    broker.breaks(0);
    for connection in 0..1000 {
        broker.breaks(SECOND + connection * 1000);
    }
    assert!(broker.broke(9 * MILLISECOND) && broker.broke(SECOND));
    assert!(!broker.broke(SECOND / 2));
}

#[test]
fn the_oldest_break_is_forgotten_first_in_whatever_order_connections_end() {
    let mut broker = Broker::default();
    let count = i64::try_from(MAX_BREAKS).unwrap();
    for number in (0..=count).rev() {
        broker.breaks(number * SECOND);
    }
    assert!(!broker.broke(0) && broker.broke(SECOND) && broker.broke(count * SECOND));
}

#[test]
fn of_an_api_that_a_broker_names_again_and_again_the_last_versions_are_kept() {
    let mut context = Context::default();
    let address = SocketAddr::from(([127, 0, 0, 1], 9092));
    let named = (0..10_000).map(|number: i16| (18 - number % 2, (0, number % 9)));
    context.serves(address, named.chain([(3, (0, 13)), (18, (0, 4))]));
    let ranges = context.brokers[&address].served.as_ref().unwrap();
    assert_eq!(ranges.len(), 3);
    assert_eq!(context.served(address, 18), Some(Some((0, 4))));
    assert_eq!(context.served(address, 3), Some(Some((0, 13))));
    assert_eq!(context.served(address, 1), Some(None));
    // No broker has so many APIs.
    context.serves(address, (0..2000).map(|key| (key, (0, 0))));
    assert_eq!(context.served(address, 1), Some(None));
}

#[test]
fn connections_that_a_client_closes_together_are_found_among_many_in_no_time() {
    let mut client = Client::default();
    let time = |id: u64| i64::try_from(id).unwrap() * SECOND;
    for id in 0..100_000 {
        client.closed.insert((time(id), id));
        client.left_group.insert(time(2 * id));
    }
    let begun = std::time::Instant::now();
    for id in 0..100_000 {
        assert!(!client.closes_another(id, time(id)));
        assert!(client.closes_another(id + 1, time(id) + TOGETHER_NANOSECONDS));
        assert!(client.leaves(time(id) + LEAVING_NANOSECONDS));
    }
    assert!(!client.leaves(time(300_000)));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}
