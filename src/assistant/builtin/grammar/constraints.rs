//! Constraints: unique over several columns, checks, keys, dropping and renaming.

use super::super::draft::{Draft, Flow, Stop};
use super::super::names;
use super::super::pattern::Captures;
use super::super::refs::ColumnRef;
use super::super::tokens::{Kind, Token, tokens};
use super::{Rule, rule};
use crate::schema::{Change, Column, ConstraintKind, QName};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            unique,
            &[
                "{add} unique [constraint|key] (on|to|for|over) [table] <table> (on|over|by|for) <cols>",
                "{add} unique [constraint|key] (on|to|for|over) <cols>",
                "(combination|pair) of <cols> (must|should|has to) be unique [in|on|for] [<table*>]",
                "<cols> (must|should) be unique together",
                "make <cols> unique together",
                "(make|ensure|enforce) [that] [combination of] <cols> [is|are|be] unique",
                "<cols> (must|should|has to|have to|needs to|is|are) [be] unique",
                "(forbid|prevent|disallow|no) (duplicate|duplicates|duplicated) [values] [in|of|on|for] <cols>",
                "no two <table> (may|can|should|must) (have|share) [the] same <cols>",
            ],
        ),
        rule(
            primary_key,
            &[
                "(make|use|set) <cols> [as|be|to be] primary key [of <table>]",
                "{add} primary key (on|to|for) [table] <table> (on|over|of|using) <cols>",
                "{add} primary key (on|to|for) <cols>",
                "{add} primary key (on|to|for) [table] <table>",
                "<cols> (should|must) be primary key",
            ],
        ),
        rule(
            check,
            &[
                "{add} check [constraint] (on|to|for) [table] <table> [that|so that|:|where] <condition>",
                "{add} check [constraint] [that|so that|:] <condition> (on|to|in|for) [table] <table>",
                "{add} check [constraint] [that|so that|:] <condition>",
                "(ensure|enforce|check|require|guarantee|make sure) [that] <condition>",
                "(limit|restrict|constrain) <cols> to <condition>",
                "<condition>",
            ],
        ),
        rule(
            drop_link,
            &[
                "{drop} (foreign key|fk|reference|link|relation) [constraint] (from|between|of|on|in) [table] <child> (to|and|on|into) [table] <parent>",
                "(unlink|disconnect|detach) <child> (from|and) <parent>",
            ],
        ),
        rule(drop_not_null, &["<cols> no longer (needs|need) <other>"]),
        rule(
            drop_constraint,
            &[
                "{drop} [constraint] <constraint>",
                "{drop} (check|unique|foreign key|fk|primary key) [constraint] <constraint>",
                "{drop} <what> (constraint|check|key) (on|from|of|for) <cols>",
                "{drop} (unique|uniqueness) (on|from|of|for) <unique>",
                "{drop} (foreign key|fk) (on|from|of|for) <foreign>",
                "{drop} check (on|from|of|for) <check>",
                "<why> : {drop} [constraint] <constraint>",
                "<unique> (need|needs|must|does|do|should) not be unique [anymore]",
                "<unique> (is|are) no longer unique",
                "(make|let) <unique> (not unique|non unique|be duplicated)",
            ],
        ),
        rule(rename_constraint, &["rename [constraint] <constraint> (to|as) <new>"]),
    ]
}

fn unique(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let columns = if said.get("table").is_empty() {
        draft.column_refs(said.get("cols"))?
    } else {
        let table = draft.table_ref(said.get("table"))?;
        draft.columns_of(&table, said.get("cols"))?
    };
    let Some(table) = columns.first().map(|c| c.table.clone()) else { return Err(Stop::No) };
    let names: Vec<&str> = columns.iter().map(|c| c.column.as_str()).collect();
    draft.add_unique(&table, &names)?;
    draft.look_at(&table, &names);
    Ok(())
}

fn primary_key(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let columns = if said.get("table").is_empty() {
        draft.column_refs(said.get("cols"))?
    } else {
        let table = draft.table_ref(said.get("table"))?;
        match said.get("cols") {
            [] => vec![key_candidate(draft, &table)?],
            cols => draft.columns_of(&table, cols)?,
        }
    };
    let Some(table) = columns.first().map(|c| c.table.clone()) else { return Err(Stop::No) };
    if !draft.table(&table)?.primary_key().is_empty() {
        return Err(Stop::Cannot(format!("{} has a primary key already", table.short())));
    }
    let name = draft.part_name(&table, &[], "pkey");
    draft.add_constraint(
        &table,
        name,
        ConstraintKind::PrimaryKey { columns: columns.into_iter().map(|c| c.column).collect() },
    );
    Ok(())
}

/// The column that a key of `table` is to be made of, where none was said: its `id`, or an answer.
fn key_candidate(draft: &mut Draft<'_>, table: &QName) -> Flow<ColumnRef> {
    let described = draft.table(table)?;
    if !described.primary_key().is_empty() {
        return Err(Stop::Cannot(format!("{} has a primary key already", table.short())));
    }
    let column = if described.column("id").is_some() {
        "id".to_owned()
    } else {
        let choices = described.columns.iter().map(|c| c.name.clone()).collect();
        let text = format!("Which column of {} is its key?", table.short());
        draft.ask(format!("key:{}", table.name), text, choices)?
    };
    Ok(ColumnRef { table: table.clone(), column })
}

/// A condition that names its column first: `orders.total must be positive`, `price > 0`, `status in (a, b)`.
fn check(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let condition = said.get("condition");
    if !said.get("table").is_empty() {
        let table = draft.table_ref(said.get("table"))?;
        return push_check(draft, &table, None, condition);
    }
    if !said.get("cols").is_empty() {
        let columns = draft.column_refs(said.get("cols"))?;
        let [column] = columns.as_slice() else { return Err(Stop::No) };
        return push_check(draft, &column.table, Some(&column.column), condition);
    }
    for length in (1..condition.len().min(7)).rev() {
        let (subject, rest) = condition.split_at(length);
        if let Ok(columns) = draft.strictly(|d| d.column_refs(subject))
            && let [column] = columns.as_slice()
        {
            return push_check(draft, &column.table, Some(&column.column), rest);
        }
    }
    if draft.strict {
        return Err(Stop::No);
    }
    // The name before the verb may be one that is not known, or that several tables have.
    let verbs = [
        "must", "should", "is", "are", "has", "cannot", "may", ">", "<", ">=", "<=", "<>", "=", "between", "in", "can",
    ];
    let verb = condition.iter().position(|t| t.is_any(&verbs)).filter(|at| *at > 0).ok_or(Stop::No)?;
    let (subject, rest) = condition.split_at(verb);
    let columns = draft.column_refs(subject)?;
    let [column] = columns.as_slice() else { return Err(Stop::No) };
    push_check(draft, &column.table, Some(&column.column), rest)
}

fn push_check(draft: &mut Draft<'_>, table: &QName, column: Option<&str>, condition: &[Token]) -> Flow<()> {
    let required = ["null", "missing", "unset"];
    let not_null = condition.iter().any(|t| t.is_any(&required)) && condition.len() <= 5;
    let expression = draft.condition(table, column, condition)?;
    if not_null {
        // A requirement to be there is not a check but NOT NULL, which other wordings make.
        return Err(Stop::No);
    }
    if is_loose_equality(condition, &expression) {
        return Err(Stop::No);
    }
    let mentioned = mentioned(draft, table, &expression)?;
    let named: Vec<&str> = match (column, mentioned.as_slice()) {
        (Some(column), _) => vec![column],
        (None, [only]) => vec![only.as_str()],
        _ => Vec::new(),
    };
    let there = draft
        .table(table)?
        .constraints
        .values()
        .find(|c| matches!(&c.kind, ConstraintKind::Check { expression: there, .. } if *there == expression));
    if let Some(there) = there {
        return Err(Stop::Cannot(format!("{} already has this check: {}", table.short(), there.name)));
    }
    draft.add_check(table, &named, expression);
    draft.look_at(table, &named);
    Ok(())
}

/// Whether an equality came from bare words alone: "phone should be text" asks for something else.
fn is_loose_equality(condition: &[Token], expression: &str) -> bool {
    let said = condition.iter().any(|t| {
        matches!(t.kind, Kind::Text | Kind::Quoted | Kind::Number)
            || t.is_any(&["=", "equal", "equals", "or", ",", "one", "either"])
    });
    let unequal = expression.contains(" <> '") && !expression.contains(" <> ''");
    // Several bare words are no value, whatever numbers are among them.
    let in_quotes = condition.iter().any(|t| matches!(t.kind, Kind::Text | Kind::Quoted));
    let literal = expression.split_once("= '").map_or("", |(_, literal)| literal.trim_end_matches('\''));
    let bare_words = !in_quotes && literal.contains(' ') && !literal.contains('\'');
    bare_words || !said && (expression.contains(" = '") || unequal)
}

/// The table's columns that an expression names.
fn mentioned(draft: &Draft<'_>, table: &QName, expression: &str) -> Flow<Vec<String>> {
    let words = tokens(expression);
    let columns = draft.table(table)?.columns.iter().filter(|c| words.iter().any(|w| w.text == c.name));
    Ok(columns.map(|c| c.name.clone()).collect())
}

/// `verification tokens no longer need an address`: the one required column that the words fit.
fn drop_not_null(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let table = draft.table_ref(said.get("cols"))?;
    let column = draft.columns_of(&table, said.get("other"))?;
    for column in column {
        if draft.table(&table)?.column(&column.column).is_some_and(|c: &Column| c.nullable) {
            return Err(Stop::Cannot(format!("{}.{} is optional already", table.short(), column.column)));
        }
        draft.push(Change::DropNotNull { table: table.clone(), column: column.column });
    }
    Ok(())
}

/// A constraint by its name.
fn constraint_ref(draft: &Draft<'_>, words: &[Token]) -> Option<(QName, String)> {
    let plain: Vec<&Token> = words.iter().filter(|t| !t.is("constraint")).collect();
    let (name, table) = match plain.as_slice() {
        [name] => (name, None),
        [name, between, table] if between.is_any(&["on", "from", "of", "in"]) => (name, Some(table)),
        _ => return None,
    };
    let usual = draft.syntax.default_schema();
    let of = table.map(|t| names::tables(&t.text, draft.schema, usual));
    let tables = draft.schema.tables.values().filter(|t| of.as_ref().is_none_or(|of| of.contains(&t.name)));
    let all = tables.flat_map(|t| t.constraints.keys().map(move |c| (c.as_str(), (t.name.clone(), c.clone()))));
    <[_; 1]>::try_from(names::matching(&name.text, all)).ok().map(|[one]| one)
}

type IsKind = fn(&ConstraintKind) -> bool;

fn drop_constraint(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    if said.has("constraint") {
        let (table, name) = constraint_ref(draft, said.get("constraint")).ok_or(Stop::No)?;
        draft.look_at(&table, &[]);
        draft.push(Change::DropConstraint { table, name });
        return Ok(());
    }
    let kinds: [(&str, IsKind); 4] = [
        ("unique", |k| matches!(k, ConstraintKind::Unique { .. })),
        ("foreign", |k| matches!(k, ConstraintKind::ForeignKey(_))),
        ("check", |k| matches!(k, ConstraintKind::Check { .. })),
        ("primary", |k| matches!(k, ConstraintKind::PrimaryKey { .. })),
    ];
    let what = said.get("what").first().map(|t| t.lower.clone());
    let found = kinds.iter().find(|(slot, _)| said.has(slot) || what.as_deref() == Some(*slot));
    let Some((slot, is_kind)) = found else { return Err(Stop::No) };
    let phrase = if said.has(slot) { said.get(slot) } else { said.get("cols") };
    let columns = draft.column_refs(phrase)?;
    let Some(first) = columns.first() else { return Err(Stop::No) };
    let table = draft.table(&first.table)?;
    let about = |kind: &ConstraintKind| match kind {
        ConstraintKind::Check { expression, .. } => {
            let words = tokens(expression);
            columns.iter().all(|c| words.iter().any(|w| w.text == c.column))
        }
        other => columns.iter().all(|c| other.columns().contains(&c.column)),
    };
    let all: Vec<String> =
        table.constraints.values().filter(|c| is_kind(&c.kind) && about(&c.kind)).map(|c| c.name.clone()).collect();
    let name = match all.as_slice() {
        [] => {
            let what = format!("{}.{}", first.table.short(), first.column);
            return Err(Stop::Cannot(format!("there is no {slot} constraint on {what}")));
        }
        [one] => one.clone(),
        _ => draft.ask(
            format!("constraint:{}.{}", first.table.name, first.column),
            "Which of these constraints?",
            all,
        )?,
    };
    draft.push(Change::DropConstraint { table: first.table.clone(), name });
    Ok(())
}

/// `drop the foreign key between orders and customers`: the one that there is, in either direction.
fn drop_link(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let (one, other) = (draft.table_ref(said.get("child"))?, draft.table_ref(said.get("parent"))?);
    let between = |child: &QName, parent: &QName| -> Vec<(QName, String)> {
        let constraints = draft.schema.tables.get(child).into_iter().flat_map(|t| t.constraints.values());
        let keys =
            constraints.filter(|c| matches!(&c.kind, ConstraintKind::ForeignKey(fk) if fk.references == *parent));
        keys.map(|c| (child.clone(), c.name.clone())).collect()
    };
    let mut found = between(&one, &other);
    if found.is_empty() {
        found = between(&other, &one);
    }
    let (table, name) = match found.as_slice() {
        [] => {
            let text = format!("no foreign key links {} and {}", one.short(), other.short());
            return Err(Stop::Cannot(text));
        }
        [only] => only.clone(),
        several => {
            let choices = several.iter().map(|(_, name)| name.clone()).collect();
            let answer =
                draft.ask(format!("link:{}.{}", one.name, other.name), "Which of these foreign keys?", choices)?;
            several.iter().find(|(_, name)| *name == answer).cloned().ok_or(Stop::No)?
        }
    };
    draft.look_at(&table, &[]);
    draft.push(Change::DropConstraint { table, name });
    Ok(())
}

fn rename_constraint(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let (table, from) = constraint_ref(draft, said.get("constraint")).ok_or(Stop::No)?;
    let to = Draft::new_name(said.get("new"))?;
    draft.push(Change::RenameConstraint { table, from, to });
    Ok(())
}
