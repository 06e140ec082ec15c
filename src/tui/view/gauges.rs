//! The gauges as numbers and sparklines: a pane of their own, and a strip while something runs.

use super::super::theme::Role;
use super::header::light;
use super::pen::{Pen, bytes, count, duration};
use super::step;
use super::wrap::wrap;
use crate::engine::Sample;
use crate::watch::{Gauges, Series};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// One figure of the pane.
struct Figure<'a> {
    label: &'static str,
    value: Option<String>,
    series: Option<&'a Series>,
}

pub fn draw(pen: &Pen, frame: &mut Frame, area: Rect) {
    let inner = pen.middle(frame, area);
    let gauges = &pen.state.gauges;
    let mut lines = vec![freshness(pen)];
    let Some(sample) = &gauges.latest else {
        let text = pen.state.blind.as_ref().map_or("Waiting for the first reading.", |e| e.message.as_str());
        lines.push(Line::from(pen.foreign(text, Role::Dim)));
        return Pen::text(frame, inner, lines, 0);
    };
    let bars = usize::from(inner.width).saturating_sub(36).min(Gauges::KEPT);
    let (known, unknown): (Vec<_>, Vec<_>) = figures(gauges, sample).into_iter().partition(|f| f.value.is_some());
    lines.extend(known.iter().map(|figure| figure_line(pen, figure, bars)));
    lines.extend(locks(pen, sample));
    lines.extend(progress(pen, sample));
    lines.extend(replicas(pen, sample));
    lines.extend(sizes(pen, sample));
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown.iter().map(|figure| figure.label.trim()).collect();
        let text = format!("Not to be told here: {}.", names.join("; "));
        lines.extend([Line::default(), pen.line(text, Role::Dim)]);
    }
    let lines = wrap(lines, usize::from(inner.width));
    let last = lines.len().saturating_sub(usize::from(inner.height));
    let lines: Vec<Line> = lines.into_iter().skip(pen.state.gauges_scroll.min(last)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// What is kept about the sizes of things, under the engine's own names for them.
fn sizes(pen: &Pen, sample: &Sample) -> Vec<Line<'static>> {
    let line = |(name, value): (&String, &serde_json::Value)| {
        let figure = if name.ends_with("bytes") { bytes } else { |n: u64| n.to_string() };
        let text = value.as_u64().map_or_else(|| value.to_string(), figure);
        let label = format!("{:<20}", pen.cut(&name.trim_end_matches("_bytes").replace('_', " "), 19));
        Line::from(vec![pen.span(label, Role::Dim), pen.foreign(&text, Role::Text)])
    };
    sample.size.iter().map(line).collect()
}

/// How things look and how old the reading is.
fn freshness(pen: &Pen) -> Line<'static> {
    let gauges = &pen.state.gauges;
    let (word, role) = light(gauges.light(pen.state.now));
    let mut spans = vec![pen.span(format!("{word}  "), role)];
    match gauges.age(pen.state.now) {
        Some(age) if age.as_millis() > 1_000 => {
            let text = format!("OLD: the last reading is from {} ago", duration(age.as_secs_f64() * 1e3));
            spans.push(pen.span(text, Role::Warn));
            if let Some(error) = &pen.state.blind {
                spans.push(pen.foreign(&format!(" ({})", error.message), Role::Warn));
            }
        }
        Some(_) => spans.push(pen.span("live", Role::Dim)),
        None => spans.push(pen.span("no reading yet", Role::Dim)),
    }
    Line::from(spans)
}

fn figures<'a>(gauges: &'a Gauges, sample: &Sample) -> Vec<Figure<'a>> {
    let ms = |value: Option<f64>| value.map(duration);
    let n = |value: Option<u64>| value.map(count);
    let rate = |value: Option<f64>| value.map(|v| format!("{v:.0}/s"));
    let held = sample.locks.held.as_ref().map(|l| l.iter().filter(|l| l.granted).count() as u64);
    let waiting = sample.locks.waiting.as_ref().map(|w| w.len() as u64);
    let activity = sample.activity.as_ref();
    let through = sample.throughput.as_ref();
    let figure = |label, value, series| Figure { label, value, series };
    let mut out = vec![
        figure("probe latency", ms(sample.latency.probe_ms), Some(&gauges.probe_ms)),
        figure("  median, 99th", percentiles(sample), None),
        figure("locks held by us", n(held), None),
        figure("sessions waiting", n(waiting), Some(&gauges.waiting)),
        figure("sessions we block", n(sample.locks.blocked_sessions), Some(&gauges.blocked)),
        figure("longest wait", ms(sample.locks.longest_wait_ms), Some(&gauges.longest_wait_ms)),
        figure("oldest statement", ms(activity.and_then(|a| a.oldest_query_ms)), Some(&gauges.oldest_query_ms)),
        figure("oldest transaction", ms(activity.and_then(|a| a.oldest_xact_ms)), None),
        figure("active, idle in tx", activity.map(|a| format!("{}, {}", a.active, a.idle_in_transaction)), None),
        figure("commits", rate(through.and_then(|t| t.commits_per_s)), Some(&gauges.commits_per_s)),
        figure("rollbacks", rate(through.and_then(|t| t.rollbacks_per_s)), None),
    ];
    if let Some(rate) = sample.wal_bytes_per_s {
        let text = format!("{}/s", bytes(whole(rate)));
        out.push(figure("WAL", Some(text), Some(&gauges.wal_bytes_per_s)));
    }
    out
}

/// A non-negative figure without its fraction.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(value: f64) -> u64 {
    value.clamp(0.0, 1e15) as u64
}

fn percentiles(sample: &Sample) -> Option<String> {
    let (p50, p99) = (sample.latency.p50_ms?, sample.latency.p99_ms?);
    Some(format!("{}, {}", duration(p50), duration(p99)))
}

fn figure_line(pen: &Pen, figure: &Figure, bars: usize) -> Line<'static> {
    let value = figure.value.as_deref().unwrap_or_default();
    let label = pen.span(format!("{:<20}", figure.label), Role::Dim);
    let mut spans = vec![label, pen.span(format!("{value:<15}"), Role::Text)];
    if let Some(series) = figure.series {
        spans.push(pen.span(pen.sparkline(series.tail(bars)), Role::Gauge));
    }
    Line::from(spans)
}

fn locks(pen: &Pen, sample: &Sample) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if !sample.locks.blockers.is_empty() {
        lines.push(pen.line("Who blocks us (i cancels, T terminates):", Role::Warn));
        lines.extend(
            sample.locks.blockers.iter().take(4).map(|b| Line::from(pen.foreign(&step::blocker(b), Role::Text))),
        );
    }
    let held = sample.locks.held.iter().flatten().take(6);
    for lock in held {
        let word = if lock.granted { "held" } else { "AWAITED" };
        let text = format!("{word}: {} on {}", lock.mode, lock.relation);
        lines.push(Line::from(pen.foreign(&text, if lock.granted { Role::Text } else { Role::Warn })));
    }
    for wait in sample.locks.waiting.iter().flatten().take(4) {
        let who: Vec<String> = wait.blocked_by.iter().map(ToString::to_string).collect();
        let age = wait.wait_ms.map(|ms| format!(" for {}", duration(ms))).unwrap_or_default();
        let on = wait.relation.as_ref().map(|r| format!(" on {r}")).unwrap_or_default();
        let text = format!("session {} waits{age}{on}, behind {}", wait.backend, who.join(", "));
        lines.push(Line::from(pen.foreign(&text, Role::Text)));
    }
    lines
}

fn progress(pen: &Pen, sample: &Sample) -> Vec<Line<'static>> {
    let line = |p: &crate::engine::Progress| {
        let on = p.relation.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
        let phase = p.phase.as_ref().map(|p| format!(", {p}")).unwrap_or_default();
        let mut spans = Vec::new();
        if let (Some(done), Some(total)) = (p.done, p.total) {
            spans.push(pen.span(format!("{} ", pen.progress(done, total, 20)), Role::Gauge));
        }
        spans.push(pen.foreign(&format!("{}{on}{phase}", p.what), Role::Text));
        Line::from(spans)
    };
    sample.progress.iter().map(line).collect()
}

fn replicas(pen: &Pen, sample: &Sample) -> Vec<Line<'static>> {
    let line = |r: &crate::engine::Replica| {
        let lag = r
            .lag_bytes
            .and_then(|b| u64::try_from(b).ok())
            .map_or_else(|| "lag unknown".into(), |b| format!("{} behind", bytes(b)));
        let ms = r.lag_ms.map(|ms| format!(", {}", duration(ms))).unwrap_or_default();
        Line::from(pen.foreign(&format!("replica {}: {lag}{ms}", r.name), Role::Text))
    };
    sample.replication.iter().flatten().map(line).collect()
}

/// The most important figures, always in sight while something runs.
pub fn strip(pen: &Pen, frame: &mut Frame, area: Rect) {
    let gauges = &pen.state.gauges;
    let Some(sample) = &gauges.latest else {
        let line = Line::from(vec![pen.span(" gauges ", Role::Accent), pen.span("no reading yet", Role::Dim)]);
        frame.render_widget(Paragraph::new(line), area);
        return;
    };
    let mut first = freshness(pen).spans;
    let held = sample.locks.held.iter().flatten();
    let (granted, awaited): (Vec<_>, Vec<_>) = held.partition(|l| l.granted);
    let or = |value: Option<String>| value.unwrap_or_else(|| "?".into());
    let locks = sample.locks.held.as_ref().map(|_| format!("locks {} held, {} awaited", granted.len(), awaited.len()));
    let blocked = sample.locks.blocked_sessions.map(|n| format!("we block {}", count(n)));
    let longest = sample.locks.longest_wait_ms.map(|ms| format!("longest wait {}", duration(ms)));
    // What the engine cannot tell is left out here; the pane names it.
    first.extend([locks, blocked, longest].into_iter().flatten().map(|t| pen.span(format!("   {t}"), Role::Text)));
    let blockers = sample.locks.blockers.iter().map(|b| b.backend.to_string()).collect::<Vec<_>>();
    if !blockers.is_empty() {
        first.push(pen.span(format!("   blocked by {}", blockers.join(", ")), Role::Bad));
    }
    let width = usize::from(area.width).saturating_sub(60) / 2;
    let mut second: Vec<Span> = vec![pen.span(" probe ", Role::Dim)];
    second.push(pen.span(or(sample.latency.probe_ms.map(duration)), Role::Text));
    second.push(pen.span(format!(" {}", pen.sparkline(gauges.probe_ms.tail(width.max(8)))), Role::Gauge));
    if let Some(commits) = sample.throughput.as_ref().and_then(|t| t.commits_per_s) {
        second.push(pen.span("  commits ", Role::Dim));
        second.push(pen.span(format!("{commits:.0}/s"), Role::Text));
        second.push(pen.span(format!(" {}", pen.sparkline(gauges.commits_per_s.tail(width.max(8)))), Role::Gauge));
    }
    frame.render_widget(Paragraph::new(vec![Line::from(first), Line::from(second)]), area);
}
