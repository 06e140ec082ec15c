//! An object's details: its figures, its neighbours, its definition.

use super::super::theme::Role;
use super::pen::{Pen, bytes, count};
use crate::schema::{ObjectKind, ObjectRef, Schema};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let inner = pen.middle(frame, area);
    let Some(details) = &pen.state.details else {
        let text = "Choose an object in the browser: Enter shows it here, / finds it by name.";
        return Pen::text(frame, inner, vec![pen.line(text, Role::Dim)], 0);
    };
    let mut lines = vec![Line::from(pen.foreign(&details.object.to_string(), Role::Title))];
    match &pen.state.schema {
        None => lines.push(pen.line("The schema is being read.", Role::Dim)),
        Some(schema) => lines.extend(about(pen, schema, &details.object)),
    }
    lines.push(Line::default());
    match &details.definition {
        Some(text) => lines.extend(pen.sql(text)),
        None if pen.state.schema.is_some() => {
            lines.push(pen.line("There is no definition to show of this kind of object.", Role::Dim));
        }
        None => {}
    }
    // Definitions are scrolled by line, not wrapped, so that a very long one costs no more than what is in sight.
    let last = lines.len().saturating_sub(usize::from(inner.height));
    let lines: Vec<Line> = lines.into_iter().skip(details.scroll.min(last)).take(usize::from(inner.height)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

fn about(pen: &Pen, schema: &Schema, object: &ObjectRef) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut say = |word: &str, text: &str| {
        lines.push(Line::from(vec![pen.span(format!("{word:<14}"), Role::Dim), pen.foreign(text, Role::Text)]));
    };
    if let (ObjectKind::Table, Some(table)) = (object.kind, schema.tables.get(&object.name)) {
        let rows = table.stats.rows.map_or_else(|| "not known yet".into(), |n| format!("about {}", count(n)));
        say("rows", &rows);
        let size = |n: Option<u64>| n.map_or_else(|| "not known".to_owned(), bytes);
        if table.stats.bytes.is_some() || table.stats.index_bytes.is_some() {
            let text = format!("{} and {} of indexes", size(table.stats.bytes), size(table.stats.index_bytes));
            say("size", &text);
        }
        if let Some(comment) = &table.comment {
            say("comment", comment);
        }
        let from: Vec<String> =
            schema.references_to(&table.name).map(|(t, c)| format!("{} ({})", t.name.short(), c.name)).collect();
        if !from.is_empty() {
            say("referenced by", &from.join(", "));
        }
    }
    let comment = match object.kind {
        ObjectKind::View | ObjectKind::MaterializedView => {
            schema.views.get(&object.name).and_then(|v| v.comment.as_deref())
        }
        ObjectKind::Routine => schema.routines.get(&object.name).and_then(|r| r.comment.as_deref()),
        ObjectKind::Type => schema.types.get(&object.name).and_then(|t| t.comment.as_deref()),
        _ => None,
    };
    if let Some(comment) = comment {
        say("comment", comment);
    }
    let needed: Vec<String> = schema.dependants(object).map(ToString::to_string).collect();
    if !needed.is_empty() {
        say("needed by", &needed.join(", "));
    }
    lines
}
