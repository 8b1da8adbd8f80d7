//! Connections to a set of brokers: opened where they are missing, probed where they are open.

use kafka_codec::connection::{EnsureReport, IdlePolicy, Pool, PoolEvent, Unreachable};

use crate::driver::{Driver, ms, options};

fn events(pool: &mut Pool) -> Vec<PoolEvent> {
    std::iter::from_fn(|| pool.poll_event()).collect()
}

fn report(events: &[PoolEvent]) -> &EnsureReport {
    match events {
        [PoolEvent::Ensured(report)] => report,
        other => panic!("{other:?}"),
    }
}

fn show(pool: &mut Pool, broker: i32, driver: &mut Driver) {
    driver
        .events
        .drain(..)
        .for_each(|event| pool.observe(broker, &event));
}

/// A driver whose connection is ready, and the pool knows it.
fn opened(pool: &mut Pool, broker: i32) -> Driver {
    let mut driver = Driver::once(options().with_idle(IdlePolicy::Ignore));
    driver.open();
    driver.answer_versions();
    show(pool, broker, &mut driver);
    driver
}

#[test]
fn what_is_missing_is_opened_and_what_is_open_is_probed() {
    let mut pool = Pool::default();
    let mut one = opened(&mut pool, 1);
    assert!(pool.is_open(1) && events(&mut pool).is_empty());
    let ticket = pool.ensure_open([1, 2, 2]);
    let asked = events(&mut pool);
    assert!(
        matches!(asked[..], [PoolEvent::Probe(1), PoolEvent::Open(2)]),
        "{asked:?}"
    );
    one.connection.probe(one.now).unwrap();
    one.drain();
    one.wait(3);
    one.answer_versions();
    show(&mut pool, 1, &mut one);
    assert!(events(&mut pool).is_empty());
    opened(&mut pool, 2);
    let told = events(&mut pool);
    assert_eq!(
        (report(&told).ticket, &report(&told).reached[..]),
        (ticket, &[1, 2][..])
    );
}

#[test]
fn who_cannot_be_reached_is_reported_with_the_reason() {
    let mut pool = Pool::default();
    pool.ensure_open([1, 2]);
    assert_eq!(events(&mut pool).len(), 2);
    pool.dial_failed(1, "connection refused");
    let mut two = Driver::once(options());
    two.open();
    two.end_of_stream();
    show(&mut pool, 2, &mut two);
    let told = events(&mut pool);
    let [
        (1, Unreachable::Dial(why)),
        (2, Unreachable::Closed(closed)),
    ] = &report(&told).unreachable[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(&**why, "connection refused");
    assert!(closed.to_string().contains("peer closed"));
    // And the next time it is tried anew.
    pool.ensure_open([1]);
    assert!(matches!(events(&mut pool)[..], [PoolEvent::Open(1)]));
}

#[test]
fn a_connection_that_is_dead_when_it_is_probed_is_opened_anew_once() {
    let mut pool = Pool::default();
    let mut stale = opened(&mut pool, 1);
    pool.ensure_open([1]);
    assert!(matches!(events(&mut pool)[..], [PoolEvent::Probe(1)]));
    stale.connection.probe(stale.now).unwrap();
    stale.reset();
    show(&mut pool, 1, &mut stale);
    assert!(matches!(events(&mut pool)[..], [PoolEvent::Open(1)]));
    let mut next = Driver::once(options());
    next.open();
    next.reset();
    show(&mut pool, 1, &mut next);
    let told = events(&mut pool);
    assert_eq!(report(&told).unreachable.len(), 1);
}

#[test]
fn several_who_ask_share_one_attempt_and_each_gets_an_answer() {
    let mut pool = Pool::default();
    let tickets = [
        pool.ensure_open([1]),
        pool.ensure_open([1]),
        pool.ensure_open([]),
    ];
    let asked = events(&mut pool);
    assert!(
        matches!(&asked[..], [PoolEvent::Open(1), PoolEvent::Ensured(empty)] if empty.ticket == tickets[2])
    );
    let mut one = opened(&mut pool, 1);
    let told = events(&mut pool);
    assert_eq!(told.len(), 2);
    pool.ensure_open([1]);
    pool.ensure_open([1]);
    assert!(matches!(events(&mut pool)[..], [PoolEvent::Probe(1)]));
    one.wait(30_000);
    one.connection.probe(one.now).unwrap();
    one.drain();
    one.now += ms(30_000);
    one.connection.handle_timer(one.now);
    one.drain();
    show(&mut pool, 1, &mut one);
    assert!(!pool.is_open(1));
    assert!(matches!(events(&mut pool)[..], [PoolEvent::Open(1)]));
}
