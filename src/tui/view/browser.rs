//! The browser's rows in sight.

use super::super::state::{Focus, Link, Node, Part, Row, Search, leaves, offset};
use super::super::theme::Role;
use super::pen::{Pen, count};
use crate::schema::ObjectKind;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let browser = &pen.state.browser;
    let focused = pen.state.focus == Focus::Browser;
    let mut title = vec![pen.span(" Schema ", Role::Title)];
    if browser.reloading && !browser.rows.is_empty() {
        title.push(pen.span("(reading again) ", Role::Dim));
    }
    let inner = pen.pane(frame, area, Line::from(title), focused);
    if let Some(search) = &browser.search {
        return draw_search(pen, frame, inner, search);
    }
    if browser.rows.is_empty() {
        let text = match pen.state.link {
            Link::Preparing(_) => "The database is being made.",
            Link::Up(_) if browser.reloading => "Reading the names.",
            Link::Up(_) => "Nothing here yet: the database is empty.",
            Link::Connecting | Link::None => "Connecting.",
        };
        Pen::text(frame, inner, vec![pen.line(text, Role::Dim)], 0);
        return;
    }
    let height = usize::from(inner.height);
    let first = offset(browser.selected, browser.rows.len(), height);
    let lines = browser.rows.iter().enumerate().skip(first).take(height);
    let mut opened = Leaves::default();
    let lines: Vec<Line> = lines
        .map(|(at, row)| {
            let line = draw_row(pen, row, usize::from(inner.width), &mut opened);
            let selected = at == browser.selected;
            let role = if focused { Role::Selection } else { Role::SelectionIdle };
            if selected { line.patch_style(pen.style(role)) } else { line }
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The leaves of the part that is being drawn: they are found once for all their rows.
#[derive(Default)]
struct Leaves {
    of: Option<(usize, Part)>,
    leaves: Vec<(String, String)>,
}

impl Leaves {
    fn get(&mut self, pen: &Pen, at: usize, part: Part, number: usize) -> (String, String) {
        if self.of != Some((at, part)) {
            let name = pen.state.browser.outline.get(at).map(|entry| &entry.name);
            let found = pen.state.schema.as_ref().zip(name).and_then(|(schema, name)| {
                let table = schema.tables.get(name)?;
                Some(leaves(table, part, schema))
            });
            self.leaves = found.unwrap_or_default();
            self.of = Some((at, part));
        }
        self.leaves.get(number).cloned().unwrap_or_default()
    }
}

fn draw_row(pen: &Pen, row: &Row, width: usize, opened: &mut Leaves) -> Line<'static> {
    let symbols = pen.symbols();
    let browser = &pen.state.browser;
    let sign = match row.children {
        None => symbols.leaf,
        Some(_) if browser.is_open(&row.node) => symbols.open,
        Some(_) => symbols.closed,
    };
    let (name, aside, role) = words(pen, row, opened);
    let indent = usize::from(row.depth) * 2;
    let head = format!("{}{sign} ", " ".repeat(indent));
    let room = width.saturating_sub(head.width());
    let name = pen.cut(&name, room);
    let rest = room.saturating_sub(name.width() + 1);
    let aside = if rest > 2 { pen.cut(&aside, rest) } else { String::new() };
    let gap = room.saturating_sub(name.width() + aside.width());
    let mut spans = vec![pen.span(head, Role::Dim), pen.span(name, role)];
    if aside.is_empty() {
        spans.push(Span::raw(" ".repeat(gap)));
    } else {
        spans.extend([Span::raw(" ".repeat(gap)), pen.span(aside, Role::Dim)]);
    }
    Line::from(spans)
}

/// A row's name, what is said beside it, and its role.
fn words(pen: &Pen, row: &Row, opened: &mut Leaves) -> (String, String, Role) {
    let browser = &pen.state.browser;
    let number = |n: Option<usize>| n.map(|n| n.to_string()).unwrap_or_default();
    match &row.node {
        Node::Schema(name) => (name.clone(), number(row.children), Role::Title),
        Node::Kind(_, kind) => (plural(*kind), number(row.children), Role::Accent),
        Node::Object(at) => browser.outline.get(*at).map_or_else(
            || (String::new(), String::new(), Role::Text),
            |entry| {
                (entry.name.name.clone(), entry.rows.map(|n| format!("~{}", count(n))).unwrap_or_default(), Role::Text)
            },
        ),
        Node::Part(_, part) => (part.word().to_owned(), number(row.children), Role::Dim),
        Node::Leaf(at, part, number) => {
            let (name, aside) = opened.get(pen, *at, *part, *number);
            (name, aside, Role::Text)
        }
    }
}

/// A kind as the heading of several.
fn plural(kind: ObjectKind) -> String {
    let word = kind.word();
    match word.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with('x') => format!("{word}es"),
        None if word.ends_with('s') => word.to_owned(),
        None => format!("{word}s"),
    }
}

fn draw_search(pen: &Pen, frame: &mut Frame, area: Rect, search: &Search) {
    let mut lines = vec![Line::from(vec![pen.span("/", Role::Key), pen.foreign(search.input.text(), Role::Text)])];
    let height = usize::from(area.height).saturating_sub(1);
    let first = offset(search.selected, search.found.len(), height.max(1));
    if search.found.is_empty() {
        lines.push(pen.line("No name like this.", Role::Dim));
    }
    for (at, found) in search.found.iter().enumerate().skip(first).take(height) {
        let Some(entry) = pen.state.browser.outline.get(found.at) else { continue };
        let name = match &found.part {
            Some(part) => format!("{}.{part}", entry.name.short()),
            None => entry.name.short(),
        };
        let width = usize::from(area.width);
        let name = pen.cut(&name, width.saturating_sub(2));
        let kind = if found.part.is_some() { "column" } else { entry.kind.word() };
        let kind = pen.cut(kind, width.saturating_sub(name.width() + 3));
        let selected = at == search.selected;
        let mark = if selected { pen.symbols().cursor } else { " " };
        let line = Line::from(vec![
            pen.span(format!("{mark} "), Role::Key),
            pen.span(name, if selected { Role::Match } else { Role::Text }),
            pen.span(format!(" {kind}"), Role::Dim),
        ]);
        lines.push(line);
    }
    frame.render_widget(Paragraph::new(lines), area);
    let x = area.x.saturating_add(1 + u16::try_from(search.input.cursor()).unwrap_or(0));
    if area.height > 0 && x < area.right() {
        frame.set_cursor_position(Position::new(x, area.y));
    }
}
