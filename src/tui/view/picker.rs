//! The screen to choose a database.

use super::super::theme::Role;
use super::layout;
use super::pen::Pen;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

pub fn draw(pen: &Pen, frame: &mut Frame, body: Rect) {
    let Some(picker) = &pen.state.picker else { return };
    let height = u16::try_from(picker.entries.len() + 13).unwrap_or(20);
    let area = layout::centred(body, (90, height));
    let inner = pen.pane(frame, area, pen.line(" Which database? ", Role::Title), true);
    let mut lines = vec![pen.line("A URL or the path of an SQLite file:", Role::Text)];
    let mark = |selected: bool| if selected { format!("{} ", pen.symbols().cursor) } else { "  ".to_owned() };
    let here = picker.selected == 0;
    let input = if picker.input.text().is_empty() && !here {
        pen.span("postgres://user@host:5432/database", Role::Dim)
    } else {
        pen.foreign(&masked(picker.input.text()), if here { Role::Selection } else { Role::Text })
    };
    lines.push(Line::from(vec![pen.span(mark(here), Role::Key), input]));
    lines.push(Line::default());
    for (at, entry) in picker.entries.iter().enumerate() {
        let selected = picker.selected == at + 1;
        lines.push(Line::from(vec![
            pen.span(mark(selected), Role::Key),
            pen.foreign(&entry.label, if selected { Role::Selection } else { Role::Text }),
            pen.span("  ", Role::Text),
            pen.foreign(&entry.detail, Role::Dim),
        ]));
    }
    lines.push(Line::default());
    if picker.connecting {
        lines.push(pen.line("Connecting.", Role::Accent));
    }
    if let Some(error) = &picker.problem {
        lines.push(Line::from(vec![pen.span("! ", Role::Bad), pen.foreign(&error.message, Role::Bad)]));
        if let Some(hint) = &error.hint {
            lines.push(Line::from(pen.foreign(hint, Role::Text)));
        }
        lines.push(pen.line("Enter tries again.", Role::Dim));
    }
    Pen::text(frame, inner, lines, 0);
    if here && inner.height > 1 {
        let x = inner.x.saturating_add(2).saturating_add(u16::try_from(picker.input.cursor()).unwrap_or(0));
        if x < inner.right() {
            frame.set_cursor_position(Position::new(x, inner.y + 1));
        }
    }
}

/// The typed URL with its password hidden, character for character.
fn masked(text: &str) -> String {
    let Some(start) = text.find("://").map(|at| at + 3) else { return text.to_owned() };
    let (head, rest) = text.split_at(start);
    let Some((login, tail)) = rest.rsplit_once('@') else {
        // Not known yet whether this is a host with a port or a user with a password.
        return match rest.split_once(':') {
            Some((user, more)) if !more.split('/').next().unwrap_or_default().chars().all(|c| c.is_ascii_digit()) => {
                format!("{head}{user}:{}", "*".repeat(more.chars().count()))
            }
            _ => text.to_owned(),
        };
    };
    match login.split_once(':') {
        Some((user, password)) => format!("{head}{user}:{}@{tail}", "*".repeat(password.chars().count())),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_password_is_not_shown_while_it_is_typed() {
        assert_eq!(masked("postgres://ann:s3cr:t@db/x"), "postgres://ann:******@db/x");
        assert_eq!(masked("postgres://ann:s3c"), "postgres://ann:***");
        assert_eq!(masked("postgres://localhost:5432/x"), "postgres://localhost:5432/x");
        assert_eq!(masked("sqlite:a.db"), "sqlite:a.db");
    }
}
