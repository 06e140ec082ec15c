//! What every pane draws with: styles by role, frames, lists, coloured SQL.

use super::super::action::Tab;
use super::super::state::{Focus, State};
use super::super::symbols::Symbols;
use super::super::theme::Role;
use super::layout;
use super::wrap::wrap;
use crate::plan::{Phase, Severity};
use crate::sql::{Token, one_line, visible};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr as _;

/// The border where the locale has no line-drawing characters.
const ASCII_BORDER: border::Set = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Draws in the state's look.
pub struct Pen<'a> {
    pub state: &'a State,
}

impl<'a> Pen<'a> {
    pub fn new(state: &'a State) -> Self {
        Self { state }
    }

    pub fn symbols(&self) -> Symbols {
        self.state.look.symbols
    }

    pub fn style(&self, role: Role) -> Style {
        self.state.look.theme.style(role)
    }

    /// Our own words.
    pub fn span<'b>(&self, text: impl Into<std::borrow::Cow<'b, str>>, role: Role) -> Span<'b> {
        Span::styled(text, self.style(role))
    }

    /// Somebody else's words, on one line.
    pub fn foreign(&self, text: &str, role: Role) -> Span<'static> {
        Span::styled(self.fit_charset(one_line(text)), self.style(role))
    }

    /// Where only ASCII may be drawn, our own signs in sentences are replaced too.
    fn fit_charset(&self, text: String) -> String {
        if self.symbols().ascii && !text.is_ascii() {
            text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
        } else {
            text
        }
    }

    pub fn line<'b>(&self, text: impl Into<std::borrow::Cow<'b, str>>, role: Role) -> Line<'b> {
        Line::from(self.span(text, role))
    }

    pub fn border_set(&self) -> border::Set<'static> {
        if self.symbols().ascii { ASCII_BORDER } else { border::PLAIN }
    }

    /// A pane's frame with its title; what is inside comes back.
    pub fn pane(&self, frame: &mut Frame, area: Rect, title: Line<'_>, focused: bool) -> Rect {
        let role = if focused { Role::BorderFocus } else { Role::Border };
        let block = Block::bordered().border_set(self.border_set()).border_style(self.style(role)).title(title);
        frame.render_widget(block, area);
        layout::inner(area)
    }

    /// The middle pane's frame, whose title is the row of tabs.
    pub fn middle(&self, frame: &mut Frame, area: Rect) -> Rect {
        let focused = self.state.focus == Focus::Middle;
        let tabs = (1_u16..).zip(Tab::ALL).map(|(number, tab)| {
            let role = if tab == self.state.tab { Role::Selection } else { Role::Dim };
            self.span(layout::tab_title(number, tab), role)
        });
        let title: Vec<Span> = tabs.collect();
        self.pane(frame, area, Line::from(title), focused)
    }

    /// A text that is scrolled and folded; its last row stays in sight.
    pub fn text(frame: &mut Frame, area: Rect, lines: Vec<Line<'_>>, scroll: usize) {
        let rows = wrap(lines, usize::from(area.width));
        let height = usize::from(area.height);
        let last = rows.len().saturating_sub(height);
        let seen: Vec<Line> = rows.into_iter().skip(scroll.min(last)).take(height).collect();
        frame.render_widget(Paragraph::new(seen), area);
    }

    /// The same with a word at the lower right while there is more below.
    pub fn scrolled(&self, frame: &mut Frame, area: Rect, lines: Vec<Line<'_>>, scroll: usize) {
        let rows = wrap(lines, usize::from(area.width));
        let last = rows.len().saturating_sub(usize::from(area.height));
        let below = last.saturating_sub(scroll);
        Self::text(frame, area, rows, scroll);
        let text = format!(" {below} more {} ", self.symbols().open);
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        if below > 0 && width < area.width && area.height > 1 {
            let corner = Rect { x: area.right() - width, y: area.bottom() - 1, width, height: 1 };
            frame.render_widget(Paragraph::new(self.span(text, Role::Key)), corner);
        }
    }

    /// SQL in colours, as far as they are there already.
    pub fn sql(&self, text: &str) -> Vec<Line<'static>> {
        match self.state.coloured(text) {
            Some(lines) => lines
                .iter()
                .map(|line| {
                    let spans = line.iter().map(|(token, text)| {
                        Span::styled(self.fit_charset(text.replace('\t', "    ")), self.style(token_role(*token)))
                    });
                    Line::from(spans.collect::<Vec<_>>())
                })
                .collect(),
            None => visible(text)
                .lines()
                .map(|l| Line::from(self.span(self.fit_charset(l.replace('\t', "    ")), Role::Text)))
                .collect(),
        }
    }

    /// A severity in its word, with a sign whose shape differs too.
    pub fn severity(&self, severity: Option<Severity>) -> Span<'static> {
        let (text, role) = match severity {
            None => ("   none     ", Role::Ok),
            Some(Severity::Info) => (" i info     ", Role::SeverityInfo),
            Some(Severity::Low) => (" - low      ", Role::SeverityLow),
            Some(Severity::Medium) => (" ~ medium   ", Role::SeverityMedium),
            Some(Severity::High) => (" ! high     ", Role::SeverityHigh),
            Some(Severity::Critical) => ("!! critical ", Role::SeverityCritical),
        };
        self.span(text, role)
    }

    pub fn phase(&self, phase: Phase) -> Span<'static> {
        let role = match phase {
            Phase::Expand => Role::PhaseExpand,
            Phase::Migrate => Role::PhaseMigrate,
            Phase::Contract => Role::PhaseContract,
        };
        self.span(format!("{phase:<8}"), role)
    }

    /// A text cut to a width, with a sign where it was cut.
    pub fn cut(&self, text: &str, width: usize) -> String {
        let text = self.fit_charset(one_line(text));
        if text.width() <= width {
            return text;
        }
        let sign = self.symbols().ellipsis;
        let room = width.saturating_sub(sign.width());
        let mut out = String::new();
        let mut used = 0;
        for c in text.chars() {
            let mut buffer = [0; 4];
            let wide = c.encode_utf8(&mut buffer).width();
            if used + wide > room {
                break;
            }
            used += wide;
            out.push(c);
        }
        if width >= sign.width() {
            out.push_str(sign);
        }
        out
    }

    /// The last values as a row of bars, each against the highest.
    pub fn sparkline(&self, points: impl Iterator<Item = Option<f64>>) -> String {
        let points: Vec<Option<f64>> = points.collect();
        let top = points.iter().flatten().copied().fold(0.0_f64, f64::max);
        let bars = self.symbols().bars;
        let bar = |value: f64| {
            let share = if top > 0.0 { (value / top).clamp(0.0, 1.0) } else { 0.0 };
            let step = (1_u8..8).take_while(|s| f64::from(*s) / 8.0 <= share).count();
            bars.get(step).copied().unwrap_or(" ")
        };
        points.into_iter().map(|p| p.map_or(" ", bar)).collect()
    }

    /// A share as a bar of this width.
    pub fn progress(&self, done: u64, total: u64, width: usize) -> String {
        let Symbols { filled, empty, .. } = self.symbols();
        let full =
            (done.min(total) * width as u64).checked_div(total).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        format!("{}{}", filled.repeat(full), empty.repeat(width.saturating_sub(full)))
    }

    /// A sign that turns while something is under way, by the clock that the state was last changed at.
    pub fn spinner(&self, since: std::time::Instant) -> &'static str {
        let turn = self.state.now.saturating_duration_since(since).as_millis() / 250 % 4;
        self.symbols().spinner.get(usize::try_from(turn).unwrap_or(0)).copied().unwrap_or("*")
    }
}

fn token_role(token: Token) -> Role {
    match token {
        Token::Keyword => Role::SqlKeyword,
        Token::Type => Role::SqlType,
        Token::Function => Role::SqlFunction,
        Token::String => Role::SqlString,
        Token::Number => Role::SqlNumber,
        Token::Comment => Role::SqlComment,
        Token::Operator => Role::SqlOperator,
        Token::Plain => Role::Text,
    }
}

/// Milliseconds for people: `40 ms`, `2.5 s`, `3 min`.
pub fn duration(ms: f64) -> String {
    if ms < 1_000.0 {
        if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
    } else if ms < 60_000.0 {
        format!("{:.1} s", ms / 1_000.0)
    } else if ms < 3_600_000.0 {
        format!("{:.0} min", ms / 60_000.0)
    } else {
        format!("{:.1} h", ms / 3_600_000.0)
    }
}

/// A count for people: `950`, `12.4k`, `3.1M`.
pub fn count(n: u64) -> String {
    let value = n as f64;
    if n < 1_000 {
        n.to_string()
    } else if n < 1_000_000 {
        format!("{:.1}k", value / 1e3)
    } else if n < 1_000_000_000 {
        format!("{:.1}M", value / 1e6)
    } else {
        format!("{:.1}G", value / 1e9)
    }
}

/// Bytes for people, in powers of 1024.
pub fn bytes(n: u64) -> String {
    let mut value = n as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1_024.0 {
            return if unit == "B" { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") };
        }
        value /= 1_024.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_have_units() {
        assert_eq!(duration(0.42), "0.4 ms");
        assert_eq!(duration(90_000.0), "2 min");
        assert_eq!(count(12_400), "12.4k");
        assert_eq!(bytes(1_536), "1.5 kB");
        assert_eq!(bytes(12), "12 B");
    }
}
