//! `lockstep explain`: what a rule means.

use super::args::{Explain, PlainFormat};
use super::{Status, output};
use crate::risk::rules::{self, Group, Rule};
use crate::{Error, ErrorCode, Result};
use std::fmt::Write as _;

pub fn run(args: &Explain) -> Result<Status> {
    let wanted: Vec<&Rule> = match &args.rule {
        Some(id) => vec![rules::explain(id).ok_or_else(|| unknown(id))?],
        None => rules::all().collect(),
    };
    match args.format {
        PlainFormat::Json if args.rule.is_some() => output::print_json(&wanted.first())?,
        PlainFormat::Json => output::print_json(&wanted)?,
        PlainFormat::Text if args.rule.is_some() || args.all => {
            let told: Vec<String> = wanted.into_iter().map(in_full).collect();
            output::print(told.join("\n\n").trim_end());
        }
        PlainFormat::Text => output::print(list().trim_end()),
    }
    Ok(Status::Yes)
}

/// The rules that are called most like it are named.
fn unknown(id: &str) -> Error {
    let words: Vec<&str> = id.split(['-', '_']).filter(|word| word.len() > 2).collect();
    let likeness = |rule: &Rule| words.iter().filter(|word| rule.id.contains(**word)).count();
    let mut near: Vec<&Rule> = rules::all().filter(|rule| likeness(rule) > 0).collect();
    near.sort_by_key(|rule| std::cmp::Reverse(likeness(rule)));
    let near: Vec<&str> = near.iter().take(3).map(|rule| rule.id).collect();
    let hint = if near.is_empty() {
        "lockstep explain lists all rules.".to_owned()
    } else {
        format!("There are {}; lockstep explain lists all.", near.join(", "))
    };
    Error::new(ErrorCode::NotFound, format!("there is no rule {id:?}")).hint(hint)
}

fn list() -> String {
    let mut out = String::new();
    for group in Group::ALL {
        let _ = writeln!(out, "{group}: {}", group.about());
        for rule in rules::all().filter(|rule| rule.group == group) {
            let off = if rule.usual { "" } else { " (off)" };
            let _ = writeln!(out, "  {:<40} {:<8} {}{off}", rule.id, rule.severity.to_string(), rule.title);
        }
        out.push('\n');
    }
    out
}

fn in_full(rule: &Rule) -> String {
    let mut out = format!("{} (usually {})\n{}\n\n", rule.id, rule.severity, rule.title);
    let _ = writeln!(out, "Why: {}\n", rule.why);
    let _ = writeln!(out, "What to do: {}\n", rule.advice);
    let off = if rule.usual { String::new() } else { format!("; off unless the group {} is asked for", rule.group) };
    let _ = writeln!(out, "Group: {}; versions: {}{off}", rule.group, rule.versions);
    for page in rule.pages {
        let _ = writeln!(out, "See: {page}");
    }
    out
}
