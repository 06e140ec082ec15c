//! The chat: the transcript, an open question with its answers, and the line being typed.

use super::super::state::{Focus, Said};
use super::super::theme::Role;
use super::pen::Pen;
use super::wrap::wrap;
use crate::sql::visible;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let chat = &pen.state.chat;
    let focused = pen.state.focus == Focus::Chat;
    let inner = pen.pane(frame, area, title(pen), focused);
    let input = u16::try_from(chat.input.lines().len()).unwrap_or(1).clamp(1, 4).min(inner.height);
    let transcript = Rect { height: inner.height - input, ..inner };
    let typed = Rect { y: inner.y + transcript.height, height: input, ..inner };
    draw_transcript(pen, frame, transcript);
    draw_input(pen, frame, typed, focused);
}

/// The title says who is asked, where there is a choice.
fn title(pen: &Pen) -> Line<'static> {
    let chat = &pen.state.chat;
    let mut spans = vec![pen.span(" Ask ", Role::Title)];
    match &chat.model {
        Some(_) if chat.builtin => spans.push(pen.span("the built-in planner ", Role::Dim)),
        Some(model) => spans.extend([pen.foreign(model, Role::Dim), Span::raw(" ")]),
        None => {}
    }
    Line::from(spans)
}

/// What is heard of a request that is being thought about.
fn think(pen: &Pen, lines: &mut Vec<Line<'static>>) {
    let chat = &pen.state.chat;
    for part in visible(&chat.heard).lines() {
        lines.push(Line::from(vec![Span::raw("     "), pen.foreign(part, Role::Dim)]));
    }
    let text = if chat.asks_model() { "thinking (Esc drops the request)" } else { "thinking" };
    lines.push(pen.line(text, Role::Dim));
}

fn draw_transcript(pen: &Pen, frame: &mut Frame, area: Rect) {
    if area.is_empty() {
        return;
    }
    let mut lines = Vec::new();
    if pen.state.chat.said.is_empty() {
        lines.push(pen.line("Say what should change, in words or as SQL. For example:", Role::Dim));
        lines.push(pen.line("add a region to sales, required, default 'EU', and index it", Role::Dim));
    }
    let last = pen.state.chat.said.len().saturating_sub(1);
    for (at, said) in pen.state.chat.said.iter().enumerate() {
        say(pen, said, at == last, &mut lines);
    }
    if pen.state.chat.pending.is_some() {
        think(pen, &mut lines);
    }
    let rows = wrap(lines, usize::from(area.width));
    let bottom = rows.len().saturating_sub(usize::from(area.height));
    Pen::text(frame, area, rows, bottom.saturating_sub(pen.state.chat.scroll));
}

fn say(pen: &Pen, said: &Said, newest: bool, lines: &mut Vec<Line<'static>>) {
    let you = || pen.span("you  ", Role::ChatYou);
    let we = || pen.span("lock ", Role::ChatLockstep);
    let mut speak = |who: Span<'static>, text: &str, role: Role| {
        for (at, part) in visible(text).lines().enumerate() {
            let head = if at == 0 { who.clone() } else { Span::raw("     ") };
            lines.push(Line::from(vec![head, pen.foreign(part, role)]));
        }
    };
    match said {
        Said::You(text) => speak(you(), text, Role::Text),
        Said::Note(text) => speak(we(), text, Role::Text),
        Said::Problem(error) => {
            speak(we(), &error.message, Role::Bad);
            if let Some(hint) = &error.hint {
                speak(Span::raw("     "), hint, Role::Text);
            }
        }
        Said::Planned { title, steps, notes } => {
            let word = if *steps == 1 { "step" } else { "steps" };
            speak(we(), &format!("A plan of {steps} {word}: {title}. Esc, then x runs it step by step."), Role::Text);
            for note in notes {
                speak(Span::raw("     "), note, Role::Dim);
            }
        }
        Said::Reply(reply) => {
            speak(we(), &reply.answer, Role::Text);
            if !reply.sources.is_empty() {
                let names: Vec<String> = reply.sources.iter().take(8).map(ToString::to_string).collect();
                let more = if reply.sources.len() > 8 { " and more" } else { "" };
                speak(Span::raw("     "), &format!("from: {}{more}", names.join(", ")), Role::Dim);
            }
        }
        Said::NotUnderstood { what, nearest } => {
            speak(we(), &format!("I do not understand \"{what}\". Nothing was changed."), Role::Warn);
            for near in nearest {
                speak(Span::raw("     "), &format!("try: {near}"), Role::Text);
            }
        }
        Said::Question { text, choices, answered } => {
            speak(we(), text, Role::Accent);
            let chosen = pen.state.chat.open.as_ref().filter(|_| newest && answered.is_none()).map(|o| o.selected);
            for (at, choice) in choices.iter().enumerate() {
                let picked = chosen == Some(at) || answered.as_ref() == Some(choice);
                let mark = if picked { pen.symbols().cursor } else { " " };
                let role = if picked { Role::Match } else { Role::Text };
                lines.push(Line::from(vec![
                    pen.span(format!("     {mark} {} ", at + 1), Role::Key),
                    pen.foreign(choice, role),
                ]));
            }
            if chosen.is_some() {
                lines.push(pen.line("     Up, Down or a number chooses, Enter answers.", Role::Dim));
            }
        }
    }
}

fn draw_input(pen: &Pen, frame: &mut Frame, area: Rect, focused: bool) {
    if area.width < 4 || area.is_empty() {
        return;
    }
    let role = if focused { Role::Key } else { Role::Dim };
    frame.render_widget(Paragraph::new(pen.span("> ", role)), Rect { width: 2, height: 1, ..area });
    let field = Rect { x: area.x + 2, width: area.width - 2, ..area };
    if pen.state.chat.input.is_empty() && !focused {
        frame.render_widget(Paragraph::new(pen.span("a to ask", Role::Dim)), field);
        return;
    }
    let mut input = pen.state.chat.input.clone();
    input.set_style(pen.style(Role::Text));
    input.set_cursor_style(if focused { pen.style(Role::Selection) } else { pen.style(Role::Text) });
    frame.render_widget(&input, field);
}
