//! Rows: split, merge and backfill.

use super::super::draft::{Draft, Flow, Stop};
use super::super::pattern::Captures;
use super::super::refs::items;
use super::super::tokens::{Kind, Token};
use super::super::values::Want;
use super::{Rule, rule};
use crate::schema::{Change, Column, QName, Transform};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            split,
            &[
                "(split|divide|separate|break) [up] [{column}] <cols> (into|in|to) [{column}] <new> (at|by|on|using) [first] <sep>",
                "(split|divide|separate|break) [up] [{column}] <cols> (into|in|to) [{column}] <new>",
                "turn [{column}] <cols> into <new> and <second>",
            ],
        ),
        rule(
            merge,
            &[
                "{join} [{column}] <cols> (into|to|as) [{column}] <new> (with|using|separated by|joined by|and) <sep> [between [them]|as separator|in between]",
                "{join} [{column}] <cols> (into|to|as) [{column}] <new>",
            ],
        ),
        rule(
            backfill,
            &[
                "(fill|backfill|populate) [in] (missing|empty|null|unset) <cols> (with|by|as|to) <value>",
                "(fill|backfill|populate) [in] <cols> (with|by|as|to) <value> (where|when|if|for) <where>",
                "(fill|backfill|populate) [in] <cols> (with|by|as|to) <value>",
                "(set|update|change) [value of] <cols> (to|=|as) <value> (where|when|if) <where>",
                "(set|update) [value of] <cols> (to|=) <value> for [all] [existing] (rows|all rows|<table> rows)",
                "set <cols> (to|=) <value> (everywhere|in all rows|for everyone|for all rows)",
                "set <cols> (to|=) <value>",
                "(replace|change) (missing|null|empty) <cols> (with|to|by) <value>",
            ],
        ),
        rule(
            recase,
            &[
                "(lower|lowercase|downcase) [all] <lower>",
                "(lower|lower -) case [all] <lower>",
                "(uppercase|upcase) [all] <upper>",
                "(trim|strip) [all] <trim>",
                "(make|convert|turn) [all] <lower> [to|into] (lowercase|lower case)",
                "(make|convert|turn) [all] <upper> [to|into] (uppercase|upper case)",
            ],
        ),
    ]
}

/// The sign between the parts: `space`, `a comma`, `'-'`.
fn separator(tokens: &[Token]) -> Flow<String> {
    let words = ["single", "between", "them", "character", "in", "it", "as", "separator", "first"];
    let rest: Vec<&Token> = tokens.iter().filter(|t| !t.is_any(&words)).collect();
    let [only] = rest.as_slice() else { return Err(Stop::No) };
    if matches!(only.kind, Kind::Text | Kind::Quoted) {
        return Ok(only.text.clone());
    }
    let sign = match only.lower.as_str() {
        "space" | "spaces" | "blank" | "whitespace" => " ",
        "comma" | "," => ",",
        "dash" | "hyphen" | "-" => "-",
        "underscore" | "_" => "_",
        "slash" | "/" => "/",
        "colon" | ":" => ":",
        "dot" | "point" | "." => ".",
        "nothing" => "",
        "at" | "@" => "@",
        _ => return Err(Stop::No),
    };
    Ok(sign.into())
}

fn split(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let [from] = <[_; 1]>::try_from(draft.column_refs(said.get("cols"))?).map_err(|_| Stop::No)?;
    let mut names: Vec<String> = new_names(said.get("new"))?;
    if said.has("second") {
        names.push(Draft::new_name(said.get("second"))?);
    }
    let [first, second] = <[String; 2]>::try_from(names).map_err(|names| {
        if names.len() > 2 {
            Stop::Cannot("a column can be split in two, not in more, at once".into())
        } else {
            Stop::No
        }
    })?;
    let sign = if said.has("sep") { separator(said.get("sep"))? } else { " ".to_owned() };
    if !said.has("sep") {
        draft.note("It is split at the first space: say \"at '-'\" or the like for another place.");
    }
    let kind = draft.type_of(&from.table, &from.column).ok_or(Stop::No)?;
    let (column, sign_sql) = (draft.syntax.ident(&from.column), draft.syntax.literal(&sign));
    let halves = draft.syntax.split_at_first(&column, &sign_sql);
    let into = [(first, halves.0), (second, halves.1)]
        .into_iter()
        .map(|(name, expression)| Transform { column: Column::new(name, &kind), expression })
        .collect();
    reshape(draft, &from.table, vec![from.column], into)
}

fn new_names(tokens: &[Token]) -> Flow<Vec<String>> {
    items(tokens).into_iter().map(Draft::new_name).collect()
}

fn merge(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let mut columns = draft.column_refs(said.get("cols")).or_else(|_| shared_ending(draft, said.get("cols")));
    if columns.is_err() {
        columns = draft.column_refs(said.get("cols"));
    }
    let columns = columns?;
    let Some(table) = columns.first().map(|c| c.table.clone()) else { return Err(Stop::No) };
    if columns.len() < 2 || columns.iter().any(|c| c.table != table) {
        return Err(Stop::No);
    }
    let name = Draft::new_name(said.get("new"))?;
    let sign = if said.has("sep") { separator(said.get("sep"))? } else { " ".to_owned() };
    if !said.has("sep") {
        draft.note("They are joined with a space: say \"with ','\" or the like for another sign.");
    }
    let sign = draft.syntax.literal(&sign);
    let parts: Vec<String> = columns
        .iter()
        .map(|c| format!("COALESCE({}, {})", draft.syntax.ident(&c.column), draft.syntax.literal("")))
        .collect();
    let expression = parts.join(&format!(" || {sign} || "));
    let expression = format!("trim({expression})");
    let kind = draft.syntax.data_type("text", draft.schema).ok_or(Stop::No)?;
    let into = vec![Transform { column: Column::new(name, kind), expression }];
    reshape(draft, &table, columns.into_iter().map(|c| c.column).collect(), into)
}

/// `first and last name`: the ending is said once.
fn shared_ending(draft: &mut Draft<'_>, tokens: &[Token]) -> Flow<Vec<super::super::refs::ColumnRef>> {
    let at = tokens.iter().position(|t| t.is_any(&["of", "in", "on", "from"])).unwrap_or(tokens.len());
    let (list, table) = tokens.split_at(at);
    let parts = items(list);
    let Some(last) = parts.last().and_then(|p| p.last()) else { return Err(Stop::No) };
    let Some(joint) = list.iter().find(|t| t.is_any(&["and", ","])) else { return Err(Stop::No) };
    let mut full: Vec<Token> = Vec::new();
    for part in &parts {
        if !full.is_empty() {
            full.push(joint.clone());
        }
        full.extend(part.iter().cloned());
        if part.last() != Some(last) {
            full.push(last.clone());
        }
    }
    full.extend(table.iter().cloned());
    draft.strictly(|d| d.column_refs(&full))
}

fn reshape(draft: &mut Draft<'_>, table: &QName, from: Vec<String>, into: Vec<Transform>) -> Flow<()> {
    for transform in &into {
        let name = &transform.column.name;
        if draft.table(table)?.column(name).is_some() {
            return Err(Stop::Cannot(format!("{} already has a column {name}", table.short())));
        }
    }
    let names: Vec<String> = into.iter().map(|t| t.column.name.clone()).collect();
    draft.push(Change::Reshape { table: table.clone(), from, into });
    draft.look_at(table, &names.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(())
}

fn backfill(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let columns = draft.column_refs(said.get("cols"))?;
    for column in &columns {
        let data_type = draft.type_of(&column.table, &column.column);
        let want = Want { table: Some(&column.table), data_type: data_type.as_deref() };
        let value = draft.value(said.get("value"), want)?;
        let only_where = if said.has("where") {
            Some(draft.condition(&column.table, Some(&column.column), said.get("where"))?)
        } else if fills_gaps(said) {
            Some(format!("{} IS NULL", draft.syntax.ident(&column.column)))
        } else {
            None
        };
        draft.push(Change::Backfill { table: column.table.clone(), column: column.column.clone(), value, only_where });
    }
    if let Some(first) = columns.first() {
        draft.look_at(&first.table, &columns.iter().map(|c| c.column.as_str()).collect::<Vec<_>>());
    }
    Ok(())
}

/// Whether the wording was of filling what is missing, which leaves what is there alone.
fn fills_gaps(said: &Captures<'_>) -> bool {
    said.verb().is_some_and(|verb| verb.is_any(&["fill", "backfill", "populate", "replace"])) || said.says("missing")
}

fn recase(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let functions = [("lower", "lower"), ("upper", "upper"), ("trim", "trim")];
    let Some((slot, function)) = functions.iter().find(|(slot, _)| said.has(slot)) else { return Err(Stop::No) };
    for column in draft.column_refs(said.get(slot))? {
        let ident = draft.syntax.ident(&column.column);
        let value = format!("{function}({ident})");
        let only_where = Some(format!("{ident} <> {value}"));
        draft.push(Change::Backfill { table: column.table, column: column.column, value, only_where });
    }
    Ok(())
}
