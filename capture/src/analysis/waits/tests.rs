//! Stalls and slow requests, from waits that are made.

use super::*;

/// A broker and its clients, on connections by number. Times are in milliseconds.
struct Case {
    waits: Waits,
    answers: Vec<i64>,
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Case {
    fn new() -> Self {
        Self {
            waits: Waits::new(),
            answers: vec![0],
        }
    }

    /// A request that the broker may hold for a time, and when it was answered or the connection closed.
    fn request(&mut self, connection: u16, sent: i64, hold: i64, end: i64, is_answered: bool) {
        let asked = Asked {
            api: ApiKey::Metadata.number(),
            client: Arc::from(format!("client-{connection}")),
            sent: sent * MILLISECOND,
            hold: hold * MILLISECOND,
        };
        let due = asked.due(i64::MIN);
        let connection = Connection::new(address(connection), address(9092), connection.into());
        let end = end * MILLISECOND;
        if is_kept(&asked, due, end, is_answered) {
            let wait = Live::default().wait(&connection, asked, due, end, is_answered);
            self.waits.keep(wait);
        }
        self.waits.packet(end);
        if is_answered {
            self.answers.push(end);
        }
    }

    /// The broker answers someone who did not wait.
    fn answer(&mut self, time: i64) {
        self.answers.push(time * MILLISECOND);
        self.waits.packet(time * MILLISECOND);
    }

    fn finish(mut self) -> WaitsDocument {
        self.answers.sort_unstable();
        let mut broker = Broker::new(address(9092), 0);
        for time in self.answers {
            broker.answers(time);
        }
        self.waits.brokers.push(broker);
        self.waits.finish()
    }
}

#[test]
fn a_broker_that_answers_nobody_stalls_from_the_first_request_to_its_next_answer() {
    let mut case = Case::new();
    case.answer(900);
    case.request(1, 1000, 0, 5500, true);
    case.request(2, 1400, 0, 3000, false);
    case.request(3, 5000, 0, 5600, true);
    case.answer(9000);
    let found = case.finish();
    let [stall] = &found.stalls[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (stall.from, stall.to),
        (1000 * MILLISECOND, 5500 * MILLISECOND)
    );
    assert_eq!(
        (stall.requests, stall.connections, stall.in_vain),
        (3, 3, 1)
    );
    assert!(stall.is_over);
    let clients: Vec<_> = stall.clients.keys().map(String::as_str).collect();
    assert_eq!(clients, ["client-1", "client-2", "client-3"]);
    assert!(found.slow.is_empty(), "{found:?}");
}

#[test]
fn a_stall_at_the_end_of_the_capture_is_not_over() {
    let mut case = Case::new();
    case.request(1, 1000, 0, 4000, false);
    case.request(2, 1200, 0, 4000, false);
    let found = case.finish();
    assert_eq!(found.stalls.len(), 1, "{found:?}");
    assert!(!found.stalls[0].is_over);
    assert_eq!(found.stalls[0].in_vain, 2);
}

#[test]
fn requests_wait_for_slow_answers_while_the_broker_answers_others() {
    let mut case = Case::new();
    case.request(1, 1000, 0, 4000, true);
    case.request(2, 1000, 0, 3999, true);
    for time in (0..5000).step_by(900) {
        case.answer(time);
    }
    let found = case.finish();
    assert!(found.stalls.is_empty(), "{found:?}");
    let lengths: Vec<_> = found.slow.iter().map(|slow| slow.end - slow.sent).collect();
    assert_eq!(lengths, [3000 * MILLISECOND, 2999 * MILLISECOND]);
    assert_eq!(found.slow[0].client_id.as_deref(), Some("client-1"));
}

#[test]
fn one_connection_alone_does_not_tell_of_a_stall() {
    let mut case = Case::new();
    case.request(1, 1000, 0, 4000, true);
    case.request(1, 1500, 0, 4000, true);
    let found = case.finish();
    assert!(found.stalls.is_empty(), "{found:?}");
    assert_eq!(found.slow.len(), 2);
}

#[test]
fn what_the_broker_may_hold_is_neither_slow_nor_a_stall() {
    let mut case = Case::new();
    case.request(1, 1000, 5000, 6000, true);
    case.request(2, 1000, 5000, 6400, true);
    // The client gave up before the time was over.
    case.request(3, 1000, 30_000, 6000, false);
    let found = case.finish();
    assert!(found.stalls.is_empty(), "{found:?}");
    assert!(found.slow.is_empty(), "{found:?}");
}

#[test]
fn requests_are_due_when_those_ahead_of_them_may_be_over() {
    let asked = |sent, hold| Asked {
        api: ApiKey::Metadata.number(),
        client: Arc::from("pipelines"),
        sent,
        hold,
    };
    assert_eq!(asked(100, 0).due(i64::MIN), 100);
    assert_eq!(asked(100, 50).due(120), 170);
    assert_eq!(asked(100, 50).due(90), 150);
}

#[test]
fn waits_below_a_second_are_not_found() {
    let mut case = Case::new();
    case.request(1, 1000, 0, 1999, true);
    case.request(2, 1000, 0, 1999, true);
    let found = case.finish();
    assert!(
        found.stalls.is_empty() && found.slow.is_empty(),
        "{found:?}"
    );
}

#[test]
fn stalls_are_bounded_in_number_and_in_the_clients_that_they_name() {
    let mut case = Case::new();
    case.answers.clear();
    let shown = i64::try_from(MAX_SHOWN).unwrap();
    let stalls = 2 * shown + 10;
    // They wait through all of the stalls. The first client waits twice.
    case.request(1, 0, 0, stalls * 2000, false);
    for connection in 1..300 {
        case.request(connection, 0, 0, stalls * 2000, false);
    }
    for time in 0..=stalls {
        case.answer(time * 2000);
    }
    let found = case.finish();
    assert_eq!(found.stalls.len(), MAX_SHOWN);
    assert!(found.stalls.is_sorted_by_key(|stall| stall.from));
    let last = found.stalls.last().unwrap();
    assert_eq!(last.to, shown * 2 * SECOND);
    assert_eq!((last.requests, last.connections), (300, 299));
    assert_eq!(
        (last.clients.len(), last.clients_left_out),
        (MAX_CLIENTS, 199)
    );
    assert_eq!(last.clients["client-1"], 2);
}

#[test]
fn many_stalls_within_one_silence_are_found_in_linear_time() {
    const STALLS: i64 = 20_000;
    let broker = SocketAddr::from(([127, 0, 0, 1], 9092));
    let wait = |number: i64, connection: u64| Wait {
        broker,
        connection,
        conn: Arc::from("c"),
        asked: Asked {
            api: 3,
            client: Arc::from("me"),
            sent: number * 10 * SECOND,
            hold: 0,
        },
        due: number * 10 * SECOND,
        end: number * 10 * SECOND + 2 * SECOND,
        is_answered: false,
    };
    let waits = (1..=STALLS).flat_map(|number| [wait(number, 1), wait(number, 2)]);
    let waits: Vec<_> = waits.collect();
    let waits: Vec<_> = waits.iter().collect();
    let begun = std::time::Instant::now();
    let mut found = 0;
    let last = (STALLS + 1) * 10 * SECOND;
    for_each_stall(broker, (0, last), &waits, last, |stall| {
        found += 1;
        assert_eq!(
            (stall.requests, stall.connections, stall.in_vain),
            (2, 2, 2)
        );
        assert_eq!(
            (stall.from, stall.to),
            (found * 10 * SECOND, found * 10 * SECOND + 2 * SECOND)
        );
    });
    assert_eq!(found, STALLS);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}
