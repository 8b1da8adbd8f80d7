//! Connections to a set of brokers: opened where they are missing, probed where they are open.

use kafka_codec::connection::{
    Connectivity, ConnectivityEvent, EnsureReport, IdlePolicy, Unreachable,
};

use crate::driver::{Driver, ms, options};

fn events(connectivity: &mut Connectivity) -> Vec<ConnectivityEvent> {
    std::iter::from_fn(|| connectivity.poll_event()).collect()
}

fn report(events: &[ConnectivityEvent]) -> &EnsureReport {
    match events {
        [ConnectivityEvent::Ensured(report)] => report,
        other => panic!("{other:?}"),
    }
}

fn show(connectivity: &mut Connectivity, broker: i32, driver: &mut Driver) {
    driver
        .events
        .drain(..)
        .for_each(|event| connectivity.observe(broker, &event));
}

/// A driver whose connection is ready, and the connectivity knows it.
fn opened(connectivity: &mut Connectivity, broker: i32) -> Driver {
    let mut driver = Driver::once(options().with_idle(IdlePolicy::Ignore));
    driver.open();
    driver.answer_versions();
    show(connectivity, broker, &mut driver);
    driver
}

#[test]
fn what_is_missing_is_opened_and_what_is_open_is_probed() {
    let mut connectivity = Connectivity::default();
    let mut one = opened(&mut connectivity, 1);
    assert!(connectivity.is_open(1) && events(&mut connectivity).is_empty());
    let ticket = connectivity.ensure_open([1, 2, 2]);
    let asked = events(&mut connectivity);
    assert!(
        matches!(
            asked[..],
            [ConnectivityEvent::Probe(1), ConnectivityEvent::Open(2)]
        ),
        "{asked:?}"
    );
    one.connection.probe(one.now).unwrap();
    one.drain();
    one.wait(3);
    one.answer_versions();
    show(&mut connectivity, 1, &mut one);
    assert!(events(&mut connectivity).is_empty());
    opened(&mut connectivity, 2);
    let told = events(&mut connectivity);
    assert_eq!(
        (report(&told).ticket, &report(&told).reached[..]),
        (ticket, &[1, 2][..])
    );
}

#[test]
fn who_cannot_be_reached_is_reported_with_the_reason() {
    let mut connectivity = Connectivity::default();
    connectivity.ensure_open([1, 2]);
    assert_eq!(events(&mut connectivity).len(), 2);
    connectivity.dial_failed(1, "connection refused");
    let mut two = Driver::once(options());
    two.open();
    two.end_of_stream();
    show(&mut connectivity, 2, &mut two);
    let told = events(&mut connectivity);
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
    connectivity.ensure_open([1]);
    assert!(matches!(
        events(&mut connectivity)[..],
        [ConnectivityEvent::Open(1)]
    ));
}

#[test]
fn a_connection_that_is_dead_when_it_is_probed_is_opened_anew_once() {
    let mut connectivity = Connectivity::default();
    let mut stale = opened(&mut connectivity, 1);
    connectivity.ensure_open([1]);
    assert!(matches!(
        events(&mut connectivity)[..],
        [ConnectivityEvent::Probe(1)]
    ));
    stale.connection.probe(stale.now).unwrap();
    stale.reset();
    show(&mut connectivity, 1, &mut stale);
    assert!(matches!(
        events(&mut connectivity)[..],
        [ConnectivityEvent::Open(1)]
    ));
    let mut next = Driver::once(options());
    next.open();
    next.reset();
    show(&mut connectivity, 1, &mut next);
    let told = events(&mut connectivity);
    assert_eq!(report(&told).unreachable.len(), 1);
}

#[test]
fn several_who_ask_share_one_attempt_and_each_gets_an_answer() {
    let mut connectivity = Connectivity::default();
    let tickets = [
        connectivity.ensure_open([1]),
        connectivity.ensure_open([1]),
        connectivity.ensure_open([]),
    ];
    let asked = events(&mut connectivity);
    assert!(
        matches!(&asked[..], [ConnectivityEvent::Open(1), ConnectivityEvent::Ensured(empty)] if empty.ticket == tickets[2])
    );
    let mut one = opened(&mut connectivity, 1);
    let told = events(&mut connectivity);
    assert_eq!(told.len(), 2);
    connectivity.ensure_open([1]);
    connectivity.ensure_open([1]);
    assert!(matches!(
        events(&mut connectivity)[..],
        [ConnectivityEvent::Probe(1)]
    ));
    one.wait(30_000);
    one.connection.probe(one.now).unwrap();
    one.drain();
    one.now += ms(30_000);
    one.connection.handle_timer(one.now);
    one.drain();
    show(&mut connectivity, 1, &mut one);
    assert!(!connectivity.is_open(1));
    assert!(matches!(
        events(&mut connectivity)[..],
        [ConnectivityEvent::Open(1)]
    ));
}

/// The connection is open and about to be probed, and somebody waits for the outcome.
fn about_to_be_probed() -> (Connectivity, Driver) {
    let mut connectivity = Connectivity::default();
    let one = opened(&mut connectivity, 1);
    connectivity.ensure_open([1]);
    let asked = events(&mut connectivity);
    assert!(matches!(asked[..], [ConnectivityEvent::Probe(1)]));
    (connectivity, one)
}

#[test]
fn a_connection_that_the_caller_closes_is_not_opened_again_until_it_is_asked_for() {
    let close: [fn(&mut Driver); 2] = [
        |driver| driver.connection.close(driver.now),
        |driver| driver.connection.retire(driver.now),
    ];
    for close in close {
        let (mut connectivity, mut one) = about_to_be_probed();
        one.connection.probe(one.now).unwrap();
        close(&mut one);
        one.drain();
        show(&mut connectivity, 1, &mut one);
        let told = events(&mut connectivity);
        let [(1, Unreachable::Closed(_))] = &report(&told).unreachable[..] else {
            panic!("{told:?}");
        };
        connectivity.ensure_open([1]);
        let asked = events(&mut connectivity);
        assert!(matches!(asked[..], [ConnectivityEvent::Open(1)]));
    }
}

#[test]
fn a_retired_broker_is_given_up_until_it_is_asked_for() {
    let (mut connectivity, mut one) = about_to_be_probed();
    connectivity.retire(1);
    let told = events(&mut connectivity);
    assert!(
        matches!(report(&told).unreachable[..], [(1, Unreachable::Retired)]),
        "{told:?}"
    );
    one.reset();
    show(&mut connectivity, 1, &mut one);
    assert!(!connectivity.is_open(1) && events(&mut connectivity).is_empty());
    connectivity.ensure_open([1]);
    let asked = events(&mut connectivity);
    assert!(matches!(asked[..], [ConnectivityEvent::Open(1)]));
}

#[test]
fn what_was_asked_about_a_lost_or_retired_broker_is_withdrawn() {
    let mut connectivity = Connectivity::default();
    connectivity.ensure_open([1, 2]);
    connectivity.retire(1);
    let asked = events(&mut connectivity);
    assert!(
        matches!(asked[..], [ConnectivityEvent::Open(2)]),
        "{asked:?}"
    );

    let mut connectivity = Connectivity::default();
    let mut one = opened(&mut connectivity, 1);
    connectivity.ensure_open([1]);
    one.reset();
    show(&mut connectivity, 1, &mut one);
    let asked = events(&mut connectivity);
    assert!(
        matches!(asked[..], [ConnectivityEvent::Open(1)]),
        "{asked:?}"
    );
}
