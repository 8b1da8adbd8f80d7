//! Statements and expressions that do not fit on a line, or must not stand on one.

use proc_macro2::Delimiter;

use super::entries::arguments;
use super::lexeme::Lexeme;
use super::line::{Limits, brackets, line};
use super::{Printer, WIDTH};

/// Maximum width of the elements of an array that share lines.
const SHORT: usize = 10;

/// Maximum width of what a chain of calls begins with, if the first call stands on the same line.
const INDENT: usize = 4;

impl Printer {
    /// What stands in a block, with the comma or semicolon that ends it. `if` is a value only if nothing comes after.
    pub(super) fn statement(&mut self, lexemes: &[Lexeme], end: &str, goes_on: bool) {
        let is_control = lexemes.first().is_some_and(is_control);
        if is_control && goes_on {
            self.control(lexemes);
            return self.out.push_str(end);
        }
        let after = end.len();
        let assigns = lexemes.iter().enumerate().position(|(at, lexeme)| {
            at == 1 && lexeme.is(":") || ["=", "+=", "=>"].iter().any(|one| lexeme.is(one))
        });
        match assigns {
            _ if self.line(lexemes, after) => {}
            Some(at) if !is_control => {
                let (head, value) = lexemes.split_at(at + 1);
                self.pattern(head);
                match head.last().is_some_and(|last| last.is("=>")) {
                    true => return self.arm(value, end),
                    false => self.assigned(value, after),
                }
            }
            _ => self.expression(lexemes, after),
        }
        self.out.push_str(end);
    }

    /// Prints lexemes if they fit on the line, with `after` columns for what comes after them.
    fn line(&mut self, lexemes: &[Lexeme], after: usize) -> bool {
        let line = line(lexemes, self.room().saturating_sub(after), self.limits);
        self.out.push_str(line.as_deref().unwrap_or_default());
        line.is_some()
    }

    /// What stands in front of a value, the alternatives of a pattern on lines of their own if they are too long.
    fn pattern(&mut self, head: &[Lexeme]) {
        if let Some(line) = line(head, self.room().saturating_sub(" {".len()), Limits::NONE) {
            return self.out.push_str(&line);
        }
        let guard = head.iter().position(|lexeme| lexeme.is_word("if"));
        let (pattern, guard) = head.split_at(guard.unwrap_or_else(|| head.len().saturating_sub(1)));
        for (at, alternative) in pattern.split(|lexeme| lexeme.is("|")).enumerate() {
            if at > 0 {
                self.new_line();
                self.out.push_str("| ");
            }
            self.whole(alternative);
        }
        self.indent += 1;
        match guard {
            [_arrow] => self.out.push(' '),
            _ => self.new_line(),
        }
        self.whole(guard);
        self.indent -= 1;
    }

    /// The value of an arm, in braces if it fits only on the next line.
    fn arm(&mut self, value: &[Lexeme], end: &str) {
        let line = self.out.rsplit('\n').next().unwrap_or_default();
        let is_below_pattern = line.trim_start().starts_with("if ");
        match value {
            // A block stands below a guard that has a line of its own.
            [Lexeme::Group(_, body)] if is_below_pattern && !body.is_empty() => self.new_line(),
            _ => self.out.push(' '),
        }
        match value {
            [Lexeme::Group(Delimiter::Brace, body)] => {
                self.braces(body);
                self.out.push_str(end.trim_start_matches(','));
            }
            _ if self.fits_only_below(value, end.len()) => self.braces(value),
            _ => {
                self.expression(value, end.len());
                self.out.push_str(end);
            }
        }
    }

    /// A value after `=` or `:`, on the next line if it fits only there.
    fn assigned(&mut self, value: &[Lexeme], after: usize) {
        if self.fits_only_below(value, " ".len() + after) {
            self.indent += 1;
            self.new_line();
            self.whole(value);
            self.indent -= 1;
        } else {
            self.out.push(' ');
            self.expression(value, after);
        }
    }

    /// Returns `true` if a value needs a line of its own, and is one.
    fn fits_only_below(&self, value: &[Lexeme], after: usize) -> bool {
        let room = self.room().saturating_sub(after);
        self.line_below(value).is_some_and(|line| line.len() > room)
    }

    fn expression(&mut self, lexemes: &[Lexeme], after: usize) {
        if self.line(lexemes, after) {
            return;
        }
        let [first, rest @ ..] = lexemes else {
            return;
        };
        let has = |operator: &&&str| rest.iter().any(|lexeme| lexeme.is(operator));
        if is_control(first) {
            self.control(lexemes);
        } else if first.is("|") {
            self.closure(rest);
        } else if let Some(operator) = ["||", "&&", "!="].iter().find(has) {
            self.operands(lexemes, operator, after);
        } else if ["..", "&", "!", "-"].iter().any(|prefix| first.is(prefix)) {
            self.whole(std::slice::from_ref(first));
            self.expression(rest, after);
        } else {
            self.chain(lexemes, after);
        }
    }

    /// `for`, `if`, `match` and `while`, with their blocks.
    fn control(&mut self, lexemes: &[Lexeme]) {
        for part in lexemes.split_inclusive(|lexeme| lexeme.braces().is_some()) {
            let Some((Lexeme::Group(_, block), head)) = part.split_last() else {
                return self.whole(part);
            };
            let start = self.out.len();
            let keywords = head
                .iter()
                .take_while(|one| is_control(one) || one.is_word("else") || one.is_word("let"));
            let (keywords, condition) = head.split_at(keywords.count());
            if self.out.ends_with('}') {
                self.out.push(' ');
            }
            self.whole(keywords);
            self.out.push(' ');
            if !condition.is_empty() {
                self.expression(condition, " {".len());
                let broken = self
                    .out
                    .get(start..)
                    .and_then(|text| text.rsplit_once('\n'));
                if broken.is_some_and(|(_, last)| !last.trim_matches([' ', ')']).is_empty()) {
                    self.new_line();
                } else {
                    self.out.push(' ');
                }
            }
            self.braces(block);
        }
    }

    /// What follows the first bar of a closure, whose body becomes a block.
    fn closure(&mut self, rest: &[Lexeme]) {
        let mut parts = rest.splitn(2, |lexeme| lexeme.is("|"));
        let [parameters, body] = [parts.next(), parts.next()].map(Option::unwrap_or_default);
        self.out.push('|');
        self.whole(parameters);
        self.out.push_str("| ");
        match body {
            [Lexeme::Group(Delimiter::Brace, block)] => self.braces(block),
            _ => self.braces(body),
        }
    }

    /// Operands of an operator, which all but the first begin their line with.
    fn operands(&mut self, lexemes: &[Lexeme], operator: &str, after: usize) {
        let operands: Vec<_> = lexemes.split(|lexeme| lexeme.is(operator)).collect();
        for (at, operand) in operands.iter().enumerate() {
            if at == 1 {
                self.indent += 1;
            }
            if at > 0 {
                self.new_line();
                self.out.extend([operator, " "]);
            }
            let is_last = at + 1 == operands.len();
            self.expression(operand, if is_last { after } else { 0 });
        }
        self.indent -= usize::from(operands.len() > 1);
    }

    /// A call, or several of them on what the one before returns: each on a line, or as many on a line as fit where
    /// there are no limits.
    fn chain(&mut self, lexemes: &[Lexeme], after: usize) {
        let dots = lexemes
            .iter()
            .enumerate()
            .filter(|(_, lexeme)| lexeme.is("."));
        let mut links: Vec<usize> = dots.map(|(at, _)| at).collect();
        if links.first().is_some_and(|first| {
            let root = lexemes.split_at(*first).0;
            line(root, INDENT, Limits::NONE).is_some()
        }) {
            links.remove(0);
        }
        let Some((first, _)) = links.split_first() else {
            return self.call(lexemes, after);
        };
        let (root, mut rest) = lexemes.split_at(*first);
        self.expression(root, 0);
        self.indent += 1;
        while let [dot, link @ ..] = rest {
            let next = link.iter().position(|lexeme| lexeme.is("."));
            let (link, others) = link.split_at(next.unwrap_or(link.len()));
            let after = if others.is_empty() { after } else { 0 };
            let room = self.room().saturating_sub(after + 1);
            if !self.limits.are_none() || line(link, room, self.limits).is_none() {
                self.new_line();
            }
            self.whole(std::slice::from_ref(dot));
            self.call(link, after);
            rest = others;
        }
        self.indent -= 1;
    }

    /// What ends with brackets, which are broken.
    fn call(&mut self, lexemes: &[Lexeme], after: usize) {
        if self.line(lexemes, after) {
            return;
        }
        let Some((Lexeme::Group(delimiter, inside), head)) = lexemes.split_last() else {
            return self.whole(lexemes);
        };
        self.whole(head);
        let (open, close) = brackets(*delimiter);
        match delimiter {
            Delimiter::Brace if head.last().is_some_and(|last| last.is("::")) => {
                self.out.push(open);
                self.filled(&arguments(inside));
                self.out.push(close);
            }
            Delimiter::Brace => {
                self.out.push(' ');
                self.braces(inside);
            }
            Delimiter::Bracket => self.list(open, inside, close),
            _ => self.arguments(inside),
        }
    }

    /// Arguments in parentheses: a line each, unless the last one begins on the line of the others and has lines of its own.
    fn arguments(&mut self, inside: &[Lexeme]) {
        let all = arguments(inside);
        self.out.push('(');
        match all.split_last() {
            Some((last, before)) if self.overflows(last, before) => {
                for argument in before {
                    self.whole(argument);
                    self.out.push_str(", ");
                }
                match last {
                    [bar, closure @ ..] if bar.is("|") => self.closure(closure),
                    _ => self.expression(last, ")".len()),
                }
            }
            _ => self.lines(&all),
        }
        self.out.push(')');
    }

    /// Returns `true` if the last argument may begin on the line of the others, and there is room for its beginning.
    fn overflows(&self, last: &[Lexeme], before: &[&[Lexeme]]) -> bool {
        let head = match last {
            [bar, rest @ ..] if bar.is("|") => {
                let parameters = rest.iter().position(|lexeme| lexeme.is("|"));
                last.split_at(parameters.map_or(0, |bar| bar + 2)).0
            }
            [first, ..] if is_control(first) => return before.is_empty(),
            [head @ .., list] if self.limits.are_none() && list.rows().is_some() => head,
            [.., Lexeme::Group(..)] if before.is_empty() => return self.line_below(last).is_none(),
            _ => return false,
        };
        // A comma or an opening bracket follows each.
        let mut room = self.room().min(self.limits.brackets);
        before.iter().copied().chain([head]).all(|part| {
            room = room.saturating_sub(", ".len());
            let line = line(part, room, self.limits);
            room = room.saturating_sub(line.as_ref().map_or(0, String::len));
            line.is_some()
        })
    }

    /// A value on a line of its own, if it fits.
    fn line_below(&self, value: &[Lexeme]) -> Option<String> {
        let room = WIDTH.saturating_sub((self.indent + 1) * INDENT + ",".len());
        line(value, room, self.limits)
    }

    /// Elements between brackets: a line each, or as many on a line as fit if they are short.
    pub(super) fn list(&mut self, open: char, inside: &[Lexeme], close: char) {
        let all = arguments(inside);
        let limit = if self.limits.are_none() { WIDTH } else { SHORT };
        let are_short = all
            .iter()
            .all(|element| line(element, limit, self.limits).is_some());
        let has_lines = matches!(inside.last(), Some(last) if last.is(","));
        self.out.push(open);
        if has_lines && self.limits.are_none() || !are_short {
            self.lines(&all);
        } else {
            self.filled(&all);
        }
        self.out.push(close);
    }

    fn lines(&mut self, all: &[&[Lexeme]]) {
        self.indent += 1;
        for argument in all {
            self.new_line();
            self.expression(argument, ",".len());
            self.out.push(',');
        }
        self.indent -= 1;
        self.new_line();
    }

    /// As many elements on a line as fit. A path that no line is long enough for is broken before its last name.
    fn filled(&mut self, all: &[&[Lexeme]]) {
        self.indent += 1;
        for (at, element) in all.iter().enumerate() {
            match line(element, self.room().saturating_sub(" ,".len()), self.limits) {
                Some(line) if at > 0 => self.out.extend([" ", &line]),
                _ => {
                    self.new_line();
                    self.path(element);
                }
            }
            self.out.push(',');
        }
        self.indent -= 1;
        self.new_line();
    }

    fn path(&mut self, path: &[Lexeme]) {
        match (self.line_below(path), path) {
            (None, [module @ .., name]) => {
                self.whole(module);
                self.indent += 1;
                self.new_line();
                self.whole(std::slice::from_ref(name));
                self.indent -= 1;
            }
            _ => self.whole(path),
        }
    }
}

/// Returns `true` if it begins an expression with blocks.
fn is_control(lexeme: &Lexeme) -> bool {
    ["for", "if", "match", "while"]
        .iter()
        .any(|word| lexeme.is_word(word))
}
