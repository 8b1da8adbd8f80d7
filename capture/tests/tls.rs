//! TLS connections made by rustls are decrypted: every suite, however the bytes are cut, and with losses.
#![cfg(test)]
#![cfg(feature = "tls")]

mod support;

use kafka_capture::Decoder;
use rustls::CipherSuite;
use support::List;
use support::packets::{Conversation, Sent, heartbeat, heartbeat_response};
use support::talk::{CLIENT_ID, decode, expected, messages, outcomes, segments};
use support::tls::{Ends, Special, Talk, suite, suites};

/// Heartbeats `ids`, each answered before the next, as [`support::talk::one_by_one`] has them.
fn talk_of(talk: &mut Talk, ids: std::ops::Range<i32>) {
    for id in ids {
        let group = usize::try_from(id).unwrap() * 7 % 90;
        talk.say(true, &heartbeat(id, CLIENT_ID, group));
        talk.say(false, &heartbeat_response(id, 0));
    }
}

/// The segments of a connection.
#[test]
fn every_suite_is_decrypted_however_records_are_cut_into_segments() {
    assert_eq!(suites().len(), 6);
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        talk_of(&mut talk, 0..20);
        talk.close();
        for max_segment in [1, 5, 37, 1000, 100_000] {
            let (found, counts) =
                decode(&segments(&talk.sent, 40_000, max_segment), &ends.log.text());
            assert_eq!(
                messages(&found),
                expected(20),
                "{suite:?} {max_segment} {counts}"
            );
            assert_eq!(outcomes(&found), ["decrypted"]);
            assert_eq!((counts.gaps, counts.undecoded), (0, 0));
            assert_eq!((counts.tls_decrypted, counts.connections), (1, 1));
        }
    }
}

#[test]
fn frames_may_span_many_records_and_records_hold_many_frames() {
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        let mut many = Vec::new();
        for id in 0..300 {
            let group = usize::try_from(id).unwrap() * 7 % 90;
            many.extend(heartbeat(id, CLIENT_ID, group));
        }
        talk.say(true, &many);
        let answers: Vec<u8> = (0..300).flat_map(|id| heartbeat_response(id, 0)).collect();
        talk.say(false, &answers);
        // A frame of several records: Produce with acks 0 would do, any bytes in a known frame do as well.
        let large = heartbeat(300, CLIENT_ID, 30_000);
        talk.say(true, &large);
        talk.say(false, &heartbeat_response(300, 0));
        let (found, counts) = decode(&segments(&talk.sent, 40_000, 1460), &ends.log.text());
        assert_eq!(messages(&found).len(), 602, "{suite:?} {counts}");
    }
}

#[test]
fn keys_are_updated_in_both_directions_many_times() {
    let tls_13 = suites().into_iter().filter(|suite| suite.tls13().is_some());
    for suite in tls_13 {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        for round in 0..40 {
            if round % 2 == 0 {
                talk.update_keys(round % 4 == 0);
            }
            talk_of(&mut talk, round..round + 1);
        }
        let (found, counts) = decode(&segments(&talk.sent, 40_000, 50), &ends.log.text());
        assert_eq!(messages(&found), expected(40), "{suite:?} {counts}");
    }
}

#[test]
fn sessions_are_resumed_in_both_versions_by_ticket_and_by_session_id() {
    for suite in suites() {
        for tickets in [false, true] {
            let ends = Ends::new(
                suite,
                Special {
                    tickets,
                    ..Special::default()
                },
            );
            let mut sent = Vec::new();
            let mut first_log = String::new();
            for port in 40_000..40_003 {
                let mut talk = ends.connect();
                talk_of(&mut talk, 0..3);
                talk.close();
                sent.extend(segments(&talk.sent, port, 1000));
                if port == 40_000 {
                    first_log = ends.log.text();
                }
            }
            // Go does not log the secret of a resumed TLS 1.2 session again.
            let is_12 = suite.tls13().is_none();
            let log = if is_12 { first_log } else { ends.log.text() };
            let (found, counts) = decode(&sent, &log);
            assert_eq!(messages(&found).len(), 18, "{suite:?} {tickets} {counts}");
            assert_eq!(outcomes(&found), ["decrypted"; 3]);
            assert_eq!(counts.tls_decrypted, 3);
        }
    }
}

#[test]
fn client_certificates_retries_and_early_data_are_decrypted() {
    for suite in suites() {
        let special = Special {
            client_certificate: true,
            ..Special::default()
        };
        let ends = Ends::new(suite, special);
        let mut talk = ends.connect();
        talk_of(&mut talk, 0..5);
        let (found, counts) = decode(&segments(&talk.sent, 40_000, 300), &ends.log.text());
        assert_eq!(messages(&found), expected(5), "{suite:?} {counts}");

        let special = Special {
            retry: true,
            ..Special::default()
        };
        let ends = Ends::new(suite, special);
        let mut talk = ends.connect();
        talk_of(&mut talk, 0..5);
        let (found, counts) = decode(&segments(&talk.sent, 40_000, 300), &ends.log.text());
        assert_eq!(messages(&found), expected(5), "retry {suite:?} {counts}");
    }
}

/// A resumed connection whose first request is sent as early data, and the key log.
fn with_early_data() -> (Vec<Sent>, String) {
    use std::io::Write as _;
    let special = Special {
        early_data: true,
        ..Special::default()
    };
    let ends = Ends::new(suite(CipherSuite::TLS13_AES_128_GCM_SHA256), special);
    let mut first = ends.connect();
    talk_of(&mut first, 0..1);
    let mut talk = ends.begin();
    let early = heartbeat(0, CLIENT_ID, 0);
    talk.client.early_data().unwrap().write_all(&early).unwrap();
    talk.pump();
    assert!(talk.client.is_early_data_accepted());
    talk.say(false, &heartbeat_response(0, 0));
    talk_of(&mut talk, 1..4);
    (segments(&talk.sent, 40_001, 1000), ends.log.text())
}

#[test]
fn early_data_is_decrypted_if_its_secret_is_logged_and_passed_over_if_not() {
    let (sent, log) = with_early_data();
    assert!(log.contains("CLIENT_EARLY_TRAFFIC_SECRET"));
    let (found, counts) = decode(&sent, &log);
    assert_eq!(messages(&found), expected(4), "{counts}");

    let without: String = log
        .lines()
        .filter(|line| !line.contains("EARLY"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let (found, counts) = decode(&sent, &without);
    assert_eq!(messages(&found).len(), 6, "{counts}");
}

#[test]
fn a_log_without_the_secrets_of_the_handshake_is_enough() {
    let ends = Ends::new(
        suite(CipherSuite::TLS13_AES_256_GCM_SHA384),
        Special::default(),
    );
    let mut talk = ends.connect();
    talk_of(&mut talk, 0..5);
    let log: String = ends
        .log
        .text()
        .lines()
        .filter(|line| line.contains("TRAFFIC_SECRET_0"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let (found, counts) = decode(&segments(&talk.sent, 40_000, 300), &log);
    assert_eq!(messages(&found), expected(5), "{counts}");
}

#[test]
fn without_secrets_or_with_wrong_ones_connections_are_named() {
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        talk_of(&mut talk, 0..30);
        let sent = segments(&talk.sent, 40_000, 1000);
        let (found, counts) = decode(&sent, "");
        assert_eq!(outcomes(&found), ["not decrypted: no secrets for it"]);
        assert_eq!((counts.tls_not_decrypted, counts.other_connections), (1, 0));
        // Every secret is another one.
        let wrong: String = ends.log.text().replace('a', "b").replace('3', "4");
        let random = |log: &str| log.split(' ').nth(1).unwrap().to_owned();
        let wrong = wrong.replace(&random(&wrong), &random(&ends.log.text()));
        let (found, _) = decode(&sent, &wrong);
        assert_eq!(found.len(), 1, "{suite:?} {found:?}");
        assert_eq!(
            outcomes(&found),
            ["not decrypted: its records are not under the secrets given"]
        );
    }
}

#[test]
fn a_capture_that_begins_behind_the_handshake_is_named() {
    let ends = Ends::new(
        suite(CipherSuite::TLS13_AES_128_GCM_SHA256),
        Special::default(),
    );
    let mut talk = ends.connect();
    let handshake = talk.sent.len();
    talk_of(&mut talk, 0..5);
    talk.sent.drain(..handshake);
    let sent = segments(&talk.sent, 40_000, 1000);
    let (found, counts) = decode(&sent[3..], &ends.log.text());
    assert_eq!(
        outcomes(&found),
        ["not decrypted: its handshake was not captured"]
    );
    assert_eq!(counts.tls_not_decrypted, 1);
}

#[test]
fn a_lost_packet_costs_the_messages_in_its_records_and_no_others() {
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        let handshake = talk.sent.len();
        let is_13 = suite.tls13().is_some();
        for id in 0..30 {
            if is_13 && id % 10 == 5 {
                talk.update_keys(id == 15);
            }
            talk_of(&mut talk, id..id + 1);
        }
        for max_segment in [1000, 40] {
            let all = segments(&talk.sent, 40_000, max_segment);
            let in_handshake: usize = talk.sent[..handshake]
                .iter()
                .map(|(_, bytes)| bytes.len().div_ceil(max_segment))
                .sum();
            let count = all.len();
            let step = if max_segment == 40 { 5 } else { 1 };
            for lost in (3 + in_handshake..count).step_by(step) {
                if all[lost].payload.is_empty() {
                    continue;
                }
                let mut sent = all.clone();
                sent.remove(lost);
                let (found, counts) = decode(&sent, &ends.log.text());
                let found = messages(&found);
                let expected = expected(30);
                assert!(found.iter().all(|message| expected.contains(message)));
                // A request and its response, or two records that share the packet.
                let missing = expected.len() - found.len();
                assert!(
                    missing <= 3,
                    "{suite:?} {max_segment} {lost}: {missing} missing, {counts}"
                );
            }
        }
    }
}

#[test]
fn packets_of_the_handshake_behind_the_hellos_may_be_lost() {
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        let handshake = talk.sent.len();
        talk_of(&mut talk, 0..20);
        let all = segments(&talk.sent, 40_000, 100);
        let packets = |sent: &[(bool, Vec<u8>)]| -> usize {
            sent.iter()
                .map(|(_, bytes)| bytes.len().div_ceil(100))
                .sum()
        };
        // The server's first flight begins with its hello.
        let hellos = 3 + packets(&talk.sent[..1]) + 2;
        let end = 3 + packets(&talk.sent[..handshake]);
        for lost in hellos..end {
            let mut sent = all.clone();
            sent.remove(lost);
            let (found, counts) = decode(&sent, &ends.log.text());
            let found = messages(&found);
            let expected = expected(20);
            assert!(found.iter().all(|message| expected.contains(message)));
            assert!(
                found.len() + 2 >= expected.len(),
                "{suite:?} {lost} of {end}: {counts}"
            );
        }
    }
}

#[test]
fn behind_a_long_hole_boundaries_and_sequence_numbers_are_found_again() {
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        talk_of(&mut talk, 0..200);
        let all = segments(&talk.sent, 40_000, 64);
        let mut sent = all.clone();
        sent.drain(all.len() / 3..all.len() / 2);
        let (found, counts) = decode(&sent, &ends.log.text());
        let found = messages(&found);
        let expected = expected(200);
        assert!(found.iter().all(|message| expected.contains(message)));
        let share = found.len() * 100 / expected.len();
        assert!(share > 75, "{suite:?}: {share} %, {counts}");
    }
}

#[test]
fn packets_in_another_order_and_twice_are_decrypted() {
    for suite in suites() {
        let ends = Ends::new(suite, Special::default());
        let mut talk = ends.connect();
        talk_of(&mut talk, 0..30);
        let mut sent = segments(&talk.sent, 40_000, 100);
        let last = sent.len() - 4;
        for at in (3..last).step_by(3) {
            sent.swap(at, at + 1);
        }
        for at in (3..last).step_by(7).collect::<Vec<_>>().into_iter().rev() {
            let again = sent[at].clone();
            sent.insert(at + 2, again);
        }
        let (found, counts) = decode(&sent, &ends.log.text());
        assert_eq!(messages(&found), expected(30), "{suite:?} {counts}");
    }
}

#[test]
fn of_packets_that_were_cut_the_whole_records_are_decrypted() {
    let ends = Ends::new(
        suite(CipherSuite::TLS13_AES_128_GCM_SHA256),
        Special::default(),
    );
    let mut talk = ends.connect();
    let handshake: usize = talk.sent.len() + 3;
    talk_of(&mut talk, 0..30);
    let sent = segments(&talk.sent, 40_000, 100_000);
    // The longer requests are cut, and every response is whole.
    let packets: Vec<_> = sent.iter().map(|sent| (sent.time, sent.ipv4())).collect();
    let mut file = support::packets::pcap(101, &packets[..handshake], usize::MAX);
    file.extend(&support::packets::pcap(101, &packets[handshake..], 120)[24..]);
    let mut list = List::default();
    let mut decoder = Decoder::new(Vec::new());
    decoder.secrets().add(ends.log.text().as_bytes());
    support::feed(&mut decoder, &mut list, file).unwrap();
    let counts = decoder.finish(&mut list);
    let is_whole = |sent: &&Sent| sent.from_client && sent.ipv4().len() <= 120;
    let with_data = sent[handshake..]
        .iter()
        .filter(|sent| !sent.payload.is_empty());
    let whole = with_data.filter(is_whole).count();
    assert!((5..25).contains(&whole));
    assert_eq!(counts.requests, whole as u64, "{counts}");
    assert_eq!(counts.responses, whole as u64, "{counts}");
}

#[test]
fn a_client_without_tls_that_meets_a_tls_port_is_named() {
    let mut conversation = Conversation::new(40_000);
    conversation.send(true, &heartbeat(0, CLIENT_ID, 5), 1000);
    conversation.send(false, &[21, 3, 3, 0, 2, 2, 80], 1000);
    conversation.close();
    let (found, _) = decode(&conversation.sent, "");
    assert_eq!(
        outcomes(&found),
        ["the client does not use TLS, and the broker expects it"]
    );
}

#[test]
fn an_alert_instead_of_a_server_hello_is_named() {
    let ends = Ends::new(
        suite(CipherSuite::TLS13_AES_128_GCM_SHA256),
        Special::default(),
    );
    let mut talk = ends.begin();
    let mut hello = Vec::new();
    talk.client.write_tls(&mut hello).unwrap();
    for max_segment in [1, 3, 1000] {
        let mut conversation = Conversation::new(40_000);
        conversation.send(true, &hello, max_segment);
        conversation.send(false, &[21, 3, 3, 0, 2, 2, 40], max_segment);
        conversation.close();
        let (found, _) = decode(&conversation.sent, "");
        assert_eq!(outcomes(&found), ["handshake refused"]);

        let mut conversation = Conversation::new(40_000);
        conversation.send(true, &hello, max_segment);
        conversation.close();
        let (found, _) = decode(&conversation.sent, "");
        assert_eq!(outcomes(&found), ["the ClientHello was not answered"]);
    }
}
