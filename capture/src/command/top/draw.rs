//! What the screen looks like.

use kafka_capture::top::{Problem, ProblemKind, SnapshotRow};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Sparkline, Wrap};

use super::state::{COLUMNS, Column, Screen, Status, VIEWS};
use super::text;
use crate::command::tables::safe;

/// Below this, there is nothing but a few words.
const MIN_WIDTH: u16 = 24;
const MIN_HEIGHT: u16 = 4;

/// The width of a column of numbers, with the space in front of it.
const CELL: usize = 9;

/// Draws all.
pub(super) fn screen(frame: &mut Frame<'_>, screen: &Screen) {
    let area = frame.area();
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        let requests = text::rate(screen.snapshot.total.requests);
        frame.render_widget(Paragraph::new(format!("{requests} req/s")), area);
        return;
    }
    let look = Look(screen.has_colors);
    let [head, middle, foot] = Layout::vertical([
        Constraint::Length(if area.height < 8 { 1 } else { 2 }),
        Constraint::Min(1),
        Constraint::Length(1),
    ])
    .areas(area);
    header(frame, head, screen, look);
    let has_chart = area.height >= 20 && !screen.are_problems_alone;
    let problems = if screen.are_problems_alone {
        middle.height
    } else if area.height >= 12 {
        (middle.height / 3).clamp(3, 14)
    } else {
        0
    };
    let [chart, rows, below] = Layout::vertical([
        Constraint::Length(if has_chart { 4 } else { 0 }),
        Constraint::Min(0),
        Constraint::Length(problems),
    ])
    .areas(middle);
    if has_chart {
        history(frame, chart, screen, look);
    }
    table(frame, rows, screen, look);
    wrong(frame, below, screen, look);
    footer(frame, foot, screen, look);
    if screen.has_help {
        help(frame, area, look);
    }
}

/// Styles, with colors or without.
#[derive(Clone, Copy)]
struct Look(bool);

impl Look {
    fn colored(self, color: Color) -> Style {
        if self.0 {
            Style::new().fg(color)
        } else {
            Style::new()
        }
    }

    fn faint(self) -> Style {
        if self.0 {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn bad(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn of(self, kind: ProblemKind) -> Style {
        match kind {
            ProblemKind::Death | ProblemKind::Stuck => self.bad(),
            ProblemKind::Error => self.colored(Color::Red),
            ProblemKind::Retry => self.colored(Color::Yellow),
            _ => self.colored(Color::Magenta),
        }
    }
}

fn header(frame: &mut Frame<'_>, area: Rect, screen: &Screen, look: Look) {
    let snapshot = &screen.snapshot;
    let state = match (screen.is_paused(), screen.status) {
        (true, _) => Span::styled("paused", look.chosen()),
        (false, Status::Ended) => Span::styled("end", look.chosen()),
        (false, Status::Running) if snapshot.time.is_none() => {
            Span::styled("waiting", look.faint())
        }
        (false, Status::Running) if screen.is_live => {
            Span::styled("live", look.colored(Color::Green))
        }
        (false, Status::Running) => Span::styled("replay", look.colored(Color::Green)),
    };
    let window = match screen.window() {
        Some(seconds) => format!("last {seconds} s"),
        None => "since the start".to_owned(),
    };
    let time = snapshot.time.map(|time| {
        let time = text::time_of_day(time);
        time.get(..8).unwrap_or_default().to_owned()
    });
    let first = Line::from(vec![
        Span::styled(safe(&screen.name), look.strong()),
        Span::raw("  "),
        state,
        Span::raw(format!("  {}  ", time.unwrap_or_default())),
        Span::styled(window, look.faint()),
    ]);
    let total = &snapshot.total;
    let errors = if total.errors > 0 {
        look.bad()
    } else {
        Style::new()
    };
    let second = Line::from(vec![
        Span::styled(text::rate(total.requests), look.strong()),
        Span::raw(" req/s  "),
        Span::styled(text::rate(total.errors), errors),
        Span::raw(" err/s  p50 "),
        Span::styled(text::latency(total.p50), look.strong()),
        Span::raw("  p99 "),
        Span::styled(text::latency(total.p99), look.strong()),
        Span::raw(format!(
            "  in {}/s  out {}/s  {} in flight  {} {}  {} {}",
            text::bytes(total.bytes_in),
            text::bytes(total.bytes_out),
            text::count(u64::try_from(snapshot.in_flight).unwrap_or(u64::MAX)),
            snapshot.connections,
            if snapshot.connections == 1 {
                "connection"
            } else {
                "connections"
            },
            text::count(snapshot.packets),
            if snapshot.packets == 1 {
                "packet"
            } else {
                "packets"
            },
        )),
    ]);
    let lines = if area.height < 2 {
        vec![second]
    } else {
        vec![first, second]
    };
    frame.render_widget(Paragraph::new(lines), area);
}

fn history(frame: &mut Frame<'_>, area: Rect, screen: &Screen, look: Look) {
    let counts = &screen.snapshot.history;
    // The second that is not over would always look like a fall.
    let counts = counts.split_last().map_or(&[][..], |(_, before)| before);
    let width = usize::from(area.width.saturating_sub(2));
    let from = counts.len().saturating_sub(width);
    let shown = counts.get(from..).unwrap_or_default();
    let most = shown.iter().copied().max().unwrap_or_default();
    let title = format!(" requests a second, at most {} ", text::count(most));
    let chart = Sparkline::default()
        .block(Block::bordered().title(title).border_style(look.faint()))
        .style(look.colored(Color::Cyan))
        .max(most.max(1))
        .data(shown);
    frame.render_widget(chart, area);
}

/// The columns that there is room for, the most important ones, in their order.
fn columns(width: usize) -> Vec<Column> {
    const BY_IMPORTANCE: [Column; 10] = [
        Column::Requests,
        Column::P99,
        Column::Errors,
        Column::P50,
        Column::BytesIn,
        Column::BytesOut,
        Column::Max,
        Column::AllErrors,
        Column::AllRequests,
        Column::Responses,
    ];
    let room = width.saturating_sub(18) / CELL;
    let shown = BY_IMPORTANCE.get(..room).unwrap_or(&BY_IMPORTANCE);
    let columns = COLUMNS.into_iter();
    columns
        .filter(|column| *column == Column::Name || shown.contains(column))
        .collect()
}

fn table(frame: &mut Frame<'_>, area: Rect, screen: &Screen, look: Look) {
    if area.height == 0 || screen.are_problems_alone {
        return;
    }
    let width = usize::from(area.width);
    let columns = columns(width);
    let name_width = width.saturating_sub((columns.len() - 1) * CELL);
    let mut lines = vec![heading(screen, &columns, name_width, look)];
    let rows = screen.rows();
    let room = usize::from(area.height) - 1;
    let from = screen.scroll.min(rows.len().saturating_sub(1));
    for row in rows.iter().skip(from).take(room) {
        lines.push(line(row, screen, &columns, name_width, look));
    }
    if rows.is_empty() {
        let (_, view) = screen.view();
        let why = if screen.filter.is_empty() {
            format!("no {view} yet")
        } else {
            format!("no {view} with {} in the name", safe(&screen.filter))
        };
        lines.push(Line::styled(why, look.faint()));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn heading(screen: &Screen, columns: &[Column], name_width: usize, look: Look) -> Line<'static> {
    let (_, view) = screen.view();
    let spans = columns.iter().map(|column| {
        let mark = match (*column == screen.sort, screen.is_reversed) {
            (false, _) => "",
            (true, false) => "▼",
            (true, true) => "▲",
        };
        let text = if *column == Column::Name {
            fit(&format!("{view}{mark}"), name_width)
        } else {
            format!("{:>CELL$}", format!("{mark}{}", column.heading()))
        };
        let style = if *column == screen.sort {
            look.chosen()
        } else {
            look.strong()
        };
        Span::styled(text, style)
    });
    Line::from(spans.collect::<Vec<_>>())
}

fn line(
    row: &SnapshotRow,
    screen: &Screen,
    columns: &[Column],
    name_width: usize,
    look: Look,
) -> Line<'static> {
    let rates = &row.rates;
    let is_silent = rates.requests + rates.responses == 0;
    let spans = columns.iter().map(|column| {
        let value = match column {
            Column::Name => return Span::raw(fit(&text::name(row.name.as_deref()), name_width)),
            Column::Requests => text::rate(rates.requests),
            Column::Responses => text::rate(rates.responses),
            Column::Errors => text::rate(rates.errors),
            Column::BytesIn => text::bytes(rates.bytes_in),
            Column::BytesOut => text::bytes(rates.bytes_out),
            Column::P50 => text::latency(rates.p50),
            Column::P99 => text::latency(rates.p99),
            Column::Max => text::latency(rates.max),
            Column::AllRequests => text::count(rates.all_requests),
            Column::AllErrors => text::count(rates.all_errors),
        };
        let is_bad = match column {
            Column::Errors => rates.errors > 0,
            Column::AllErrors => rates.all_errors > 0,
            _ => false,
        };
        Span::styled(
            format!("{value:>CELL$}"),
            if is_bad { look.bad() } else { Style::new() },
        )
    });
    let line = Line::from(spans.collect::<Vec<_>>());
    if is_silent && screen.window().is_some() {
        line.patch_style(look.faint())
    } else {
        line
    }
}

/// A text in so many columns of the screen.
fn fit(text: &str, width: usize) -> String {
    let line = Line::raw(text);
    let columns = line.width();
    if columns <= width {
        return format!("{text}{}", " ".repeat(width - columns));
    }
    let mut short = String::new();
    for character in text.chars() {
        let longer = format!("{short}{character}");
        if Line::raw(&*longer).width() + 1 > width {
            break;
        }
        short = longer;
    }
    let rest = width.saturating_sub(Line::raw(&*short).width() + 1);
    format!("{short}…{}", " ".repeat(rest))
}

fn wrong(frame: &mut Frame<'_>, area: Rect, screen: &Screen, look: Look) {
    if area.height < 2 {
        return;
    }
    let problems = screen.problems();
    let title = format!(" what just went wrong ({}) ", problems.len());
    let block = Block::bordered().title(title).border_style(look.faint());
    let inside = block.inner(area);
    let from = if screen.are_problems_alone {
        screen.scroll
    } else {
        0
    };
    let room = usize::from(inside.height);
    let lines: Vec<_> = problems
        .iter()
        .skip(from)
        .take(room)
        .map(|problem| problem_line(problem, look))
        .collect();
    let lines = if lines.is_empty() {
        vec![Line::styled("nothing", look.faint())]
    } else {
        lines
    };
    let mut shown = Paragraph::new(lines).block(block);
    if screen.are_problems_alone {
        shown = shown.wrap(Wrap { trim: false });
    }
    frame.render_widget(shown, area);
}

fn problem_line(problem: &Problem, look: Look) -> Line<'static> {
    let count = if problem.count > 1 {
        format!(" ×{}", text::count(problem.count))
    } else {
        String::new()
    };
    Line::from(vec![
        Span::styled(text::time_of_day(problem.time), look.faint()),
        Span::styled(
            format!(" {:<10}", problem.kind.name()),
            look.of(problem.kind),
        ),
        Span::styled(count.trim_start().to_owned(), look.strong()),
        Span::raw(if count.is_empty() { "" } else { " " }),
        Span::raw(safe(&problem.text)),
    ])
}

fn footer(frame: &mut Frame<'_>, area: Rect, screen: &Screen, look: Look) {
    if screen.is_typing || !screen.filter.is_empty() {
        let cursor = if screen.is_typing {
            "█"
        } else {
            "  (Esc clears)"
        };
        let line = Line::from(vec![
            Span::styled("filter: ", look.strong()),
            Span::raw(safe(&screen.filter)),
            Span::raw(cursor),
        ]);
        frame.render_widget(Paragraph::new(line), area);
        return;
    }
    let mut spans = Vec::new();
    for (number, (view, name)) in (1..).zip(VIEWS) {
        let style = if view == screen.view().0 && !screen.are_problems_alone {
            look.chosen()
        } else {
            Style::new()
        };
        spans.push(Span::styled(format!("{number} {name}"), style));
        spans.push(Span::raw(" "));
    }
    let keys = " s sort  r reverse  / filter  ± window  p pause  w wrong  ? help  q quit";
    spans.push(Span::styled(keys, look.faint()));
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

const HELP: &[(&str, &str)] = &[
    ("1 2 3 4, Tab", "APIs, clients, topics, brokers"),
    ("s, ← →", "sort by another column"),
    ("r", "reverse the order"),
    ("/", "show names and problems with this text; Esc: all"),
    ("+ -", "longer or shorter window of time"),
    ("p, space", "hold the picture; packets go on being counted"),
    ("w", "what just went wrong, and nothing else"),
    ("↑ ↓, PgUp PgDn", "scroll"),
    ("?", "this help"),
    ("q, Ctrl-C", "quit"),
    ("", ""),
    ("in, out", "to brokers, to clients"),
    ("p50, p99", "latencies, at most 2 % off"),
];

fn help(frame: &mut Frame<'_>, area: Rect, look: Look) {
    let lines: Vec<_> = HELP
        .iter()
        .map(|(keys, what)| {
            Line::from(vec![
                Span::styled(format!("{keys:<15}"), look.strong()),
                Span::raw(*what),
            ])
        })
        .collect();
    let height = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(area.height);
    let width = 68.min(area.width);
    let popup = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, popup);
    let block = Block::bordered().title(" keys ");
    frame.render_widget(Paragraph::new(lines).block(block), popup);
}
