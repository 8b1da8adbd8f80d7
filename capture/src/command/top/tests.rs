//! The screen, drawn to memory.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use kafka_capture::top::View;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::input::InputOptions;
use super::draw;
use super::feed::Shared;
use super::state::{Screen, Status};
use super::text;

/// The shipped capture, read to its end.
fn shipped() -> Arc<Shared> {
    #[derive(clap::Parser)]
    struct Options {
        #[command(flatten)]
        input: InputOptions,
    }
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/captures/clients.pcap"
    );
    let options = <Options as clap::Parser>::parse_from(["top", file]);
    let shared = Arc::new(Shared::default());
    let ended = super::decode(&options.input, Some(0.0), &shared);
    assert!(ended.failures.is_empty());
    shared
        .has_ended
        .store(true, std::sync::atomic::Ordering::Release);
    shared
}

/// The capture after these keys, since its start.
fn drawn(shared: &Shared, size: (u16, u16), keys: &str) -> String {
    let mut screen = Screen::new("clients.pcap".to_owned(), false, false);
    for key in ["++", keys].concat().chars() {
        let code = if key == '\n' {
            KeyCode::Enter
        } else {
            KeyCode::Char(key)
        };
        assert!(screen.key(KeyEvent::from(code)).is_continue());
    }
    let (view, window) = screen.wanted();
    screen.update(shared.snapshot(view, window), Status::Ended);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw::screen(frame, &screen)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn a_large_screen_shows_apis_and_problems() {
    insta::assert_snapshot!("apis", drawn(&shipped(), (120, 36), ""));
}

#[test]
fn views_sorting_and_filters_change_the_rows() {
    let shared = shipped();
    insta::assert_snapshot!("clients_by_p99", drawn(&shared, (100, 16), "2sssssss"));
    insta::assert_snapshot!("topics", drawn(&shared, (100, 16), "3"));
    insta::assert_snapshot!("brokers", drawn(&shared, (100, 12), "4"));
    insta::assert_snapshot!("filtered", drawn(&shared, (100, 14), "/group\nr"));
}

#[test]
fn problems_and_help_can_have_the_screen() {
    let shared = shipped();
    insta::assert_snapshot!("problems", drawn(&shared, (100, 14), "w"));
    insta::assert_snapshot!("help", drawn(&shared, (80, 24), "?"));
}

#[test]
fn every_size_of_screen_can_be_drawn() {
    let shared = shipped();
    for keys in ["", "2", "w", "?", "/\u{1b}ü"] {
        for width in [0, 1, 2, 10, 23, 24, 40, 79, 80, 250] {
            for height in [0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 19, 20, 60] {
                if width > 0 && height > 0 {
                    drawn(&shared, (width, height), keys);
                }
            }
        }
    }
    insta::assert_snapshot!("small", drawn(&shared, (40, 8), ""));
    insta::assert_snapshot!("tiny", drawn(&shared, (20, 3), ""));
}

#[test]
fn keys_quit_and_pause_and_scroll() {
    let mut screen = Screen::new(String::new(), true, true);
    let mut press = |code| screen.key(KeyEvent::from(code));
    assert!(press(KeyCode::Char('p')).is_continue());
    assert!(press(KeyCode::PageDown).is_continue());
    // While a filter is typed, q is a letter.
    assert!(press(KeyCode::Char('/')).is_continue());
    assert!(press(KeyCode::Char('q')).is_continue());
    assert!(press(KeyCode::Esc).is_continue());
    assert!(press(KeyCode::Char('?')).is_continue());
    assert!(press(KeyCode::Char('x')).is_continue());
    assert!(press(KeyCode::Char('q')).is_break());
    assert!(screen.is_paused());
    assert_eq!(screen.wanted().0, View::Apis);
}

#[test]
fn numbers_are_short() {
    let rates = [
        0,
        1,
        999,
        12_345,
        9_999_999,
        10_000_000,
        123_456_789_000,
        u64::MAX,
    ];
    let shown = rates.map(text::rate);
    assert_eq!(
        shown,
        ["0", "<0.1", "0.9", "12", "9999", "10.0k", "123M", "18.4P"]
    );
    let latencies = [0, 999, 1000, 99_999, 100_000, 1_500_000, 100_000_000];
    let shown = latencies.map(|latency| text::latency(Some(latency)));
    assert_eq!(
        shown,
        ["0us", "999us", "1.0ms", "99.9ms", "100ms", "1.5s", "100s"]
    );
    assert_eq!(text::name(Some("\u{1b}[2J")), "\\u{1b}[2J");
    assert_eq!(text::time_of_day(-1), "23:59:59.999");
}
