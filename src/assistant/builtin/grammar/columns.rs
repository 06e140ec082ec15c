//! Columns: add, drop, rename, retype, defaults, not-null.

use super::super::draft::{Draft, Flow, Stop};
use super::super::pattern::Captures;
use super::super::refs::ColumnRef;
use super::super::spec::Mods;
use super::super::tokens::Token;
use super::super::values::Want;
use super::{Rule, rule};
use crate::schema::Change;

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            rename,
            &[
                "rename [{column}] <old> (to|as|into) <new>",
                "(change|update|alter) name of [{column}] <old> (to|into) <new>",
                "(change|alter) <old> name to <new>",
                "call [{column}] <old> <new>",
                "<old> (should|must) be (called|named|renamed) [to] <new>",
            ],
        ),
        rule(
            drop_default,
            &[
                "{drop} default [value] [{in} <cols>]",
                "{drop} <cols> default [value]",
                "<cols> (should|must) (have|has) no default",
                "(make|let) <cols> have no default",
            ],
        ),
        rule(
            set_default,
            &[
                "{set} default [value] (of|for|on|in) <cols> (to|as|=|be) <value>",
                "{set} <cols> default [value] (to|as|=|be) <value>",
                "{set} default [value] (to|=|of) <value> (of|for|on|in) <cols>",
                "(add|set|make|give|use) default [value] [of] <value> (to|on|for) <cols>",
                "default <cols> to <value>",
                "<cols> (should|must|shall|has|needs) [to] default to <value>",
                "make <cols> default to <value>",
                "<cols> defaults to <value>",
                "<cols> (should|must|needs) [to] have default [value] [of] <value>",
                "(give|set) <cols> default [value] [of|to] <value>",
                "(set|make) default [value] [to] <value>",
                "default of <cols> (should|must) be <value>",
                "use <value> as default for <cols>",
            ],
        ),
        rule(
            retype,
            &[
                "{change} [data] type of [{column}] <cols> [from <old>] (to|into|as) <type>",
                "{change} <cols> [data] type (to|into|as) <type>",
                "{change} [{column}] <cols> [from <old>] (to|into|as|be) <type> [{column}]",
                "{change} [{column}] <cols> [be] <type>",
                "(store|keep|treat) <cols> as <type>",
                "<cols> (should|must|shall|needs) [to] (be|become|use|hold|have) [of] [type] <type>",
                "set [data] type of <cols> to <type>",
                "set <cols> [to] type [to] <type>",
                "(widen|extend|increase|enlarge|lengthen) <cols> to <type>",
            ],
        ),
        rule(
            drop_not_null,
            &[
                "(make|let|set|mark) <cols> [be|as|to] (optional|nullable|null)",
                "{drop} not null [constraint] [(on|from|of|for) <cols>]",
                "(allow|permit|accept) (null|nulls|nothing) [values] (in|on|for) <cols>",
                "(allow|let|permit) <cols> [to] be (null|empty|missing|unset)",
                "<cols> (should|can|may|must|is|are|shall) [be|become] (optional|nullable|null|empty|missing)",
                "<cols> (should|must) (allow|accept) (null|nulls)",
                "<cols> (is|are|should) (no longer|not|be not) [be] (required|mandatory)",
                "<cols> no longer (required|mandatory)",
                "<cols> (should|need) not be (required|mandatory)",
            ],
        ),
        rule(
            drop_columns,
            &[
                "{drop} [{column}] <cols>",
                "get rid of [{column}] <cols>",
                "(stop|no longer) (storing|store|keep|keeping) <cols>",
                "<cols> (is|are) (unused|obsolete|not needed) , {drop} (it|them)",
                "take <cols> (out of|off) <table>",
            ],
        ),
        rule(
            add_columns,
            &[
                "{add} [{column}] <specs> (to|on|in|into|onto|for) [table] <table> <mods*>",
                "{add} [two|three|four|five|some|several|new|these|following] {column} (to|on|in|for) [table] <table> : <specs> [, (both|all) [as] <type>]",
                "{add} [two|three|four|five|some|several|new|these|following] {column} (to|on|in|for) [table] <table> : <specs>",
                "{add} (to|on|in) [table] <table> [{column}] <specs>",
                "(give|extend|alter|change|modify) [table] <table> [with|add|by|have] <specs>",
                "[table] <table> (needs|need|gets|get|should have|must have|has|wants|should get|carry|should carry) <specs>",
                "(store|keep|track|record|remember) <specs> (on|in|for|of|per) <table> <mods*>",
                "[table] <table> : <specs>",
                "{add} {column} <specs>",
                "{add} <specs>",
            ],
        ),
        rule(
            described,
            &[
                "(make|mark|set|let|ensure|require) [that] <cols> [as|to|be|is|are] <mods>",
                "<cols> (must|should|shall|has to|have to|needs to|is|are|may|can|cannot|can only|may only) [be] <mods>",
                "(make|mark|set|let) <cols> [as|to|be|is|are] <mods> (on|in|of|for) [table] <table> [, <more>]",
                "(require|ensure|enforce) <cols> [is|are|be] <mods*>",
                "add <mods> (constraint|check) (to|on|for) <cols>",
                "<cols> : <mods>",
                "add <mods> to <cols>",
                "(must|should) [be] <mods>",
            ],
        ),
    ]
}

fn rename(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let [column] = <[_; 1]>::try_from(draft.column_refs(said.get("old"))?).map_err(|_| Stop::No)?;
    let new = match said.get("new") {
        // "to customers.full_name": the table is said again.
        [only] if only.text.contains('.') => only.text.rsplit('.').next().unwrap_or(&only.text).to_owned(),
        new => new_name_in(new)?,
    };
    if draft.column_named(&column.table, &new)?.is_some_and(|found| found == new) {
        return Err(Stop::Cannot(format!("{} already has a column {new}", column.table.short())));
    }
    draft.look_at(&column.table, &[&new]);
    draft.push(Change::RenameColumn { table: column.table, from: column.column, to: new });
    Ok(())
}

/// `contact in orders` is `contact`: the table was said after the new name.
fn new_name_in(tokens: &[Token]) -> Flow<String> {
    let at = tokens.iter().position(|t| t.is_any(&["in", "on", "of"]));
    Draft::new_name(at.map_or(tokens, |at| tokens.split_at(at).0))
}

fn drop_columns(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let columns = if said.has("table") {
        let table = draft.table_ref(said.get("table"))?;
        draft.columns_of(&table, said.get("cols"))?
    } else {
        draft.column_refs(said.get("cols"))?
    };
    for column in columns {
        draft.focus.table = Some(column.table.clone());
        draft.push(Change::DropColumn { table: column.table, column: column.column });
    }
    Ok(())
}

fn set_default(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let columns = match said.get("cols") {
        [] => draft.column_refs(&super::super::tokens::tokens("it"))?,
        cols => draft.column_refs(cols)?,
    };
    for column in columns {
        let data_type = draft.type_of(&column.table, &column.column);
        let want = Want { table: None, data_type: data_type.as_deref() };
        let default = draft.value(said.get("value"), want)?;
        draft.look_at(&column.table, &[&column.column]);
        let default = (default != "NULL").then_some(default);
        draft.push(Change::SetDefault { table: column.table, column: column.column, default });
    }
    Ok(())
}

fn drop_default(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let columns = match said.get("cols") {
        [] => draft.column_refs(&super::super::tokens::tokens("it"))?,
        cols => draft.column_refs(cols)?,
    };
    for column in columns {
        if draft.table(&column.table)?.column(&column.column).is_some_and(|c| c.default.is_none()) {
            return Err(Stop::Cannot(format!("{}.{} has no default", column.table.short(), column.column)));
        }
        draft.look_at(&column.table, &[&column.column]);
        draft.push(Change::SetDefault { table: column.table, column: column.column, default: None });
    }
    Ok(())
}

fn retype(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let data_type = draft.said_type(said.get("type")).ok_or(Stop::No)?;
    for column in draft.column_refs(said.get("cols"))? {
        if draft.type_of(&column.table, &column.column).as_ref() == Some(&data_type) {
            return Err(Stop::Cannot(format!("{}.{} is {data_type} already", column.table.short(), column.column)));
        }
        let mut names = draft.focus.columns.clone();
        if draft.focus.table.as_ref() != Some(&column.table) || draft.changes.is_empty() {
            names.clear();
        }
        names.push(column.column.clone());
        draft.look_at(&column.table, &names.iter().map(String::as_str).collect::<Vec<_>>());
        draft.push(Change::AlterColumnType {
            table: column.table,
            column: column.column,
            data_type: data_type.clone(),
            collation: None,
            using: None,
        });
    }
    Ok(())
}

fn drop_not_null(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let columns = match said.get("cols") {
        [] => draft.column_refs(&super::super::tokens::tokens("it"))?,
        cols => draft.column_refs(cols)?,
    };
    for column in columns {
        if draft.table(&column.table)?.column(&column.column).is_some_and(|c| c.nullable) {
            return Err(Stop::Cannot(format!("{}.{} is optional already", column.table.short(), column.column)));
        }
        draft.look_at(&column.table, &[&column.column]);
        draft.push(Change::DropNotNull { table: column.table, column: column.column });
    }
    Ok(())
}

fn add_columns(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let table = draft.table_or_focus(said.get("table"))?;
    let mut specs = draft.specs(said.get("specs"))?;
    if specs.is_empty() {
        return Err(Stop::No);
    }
    let (data_type, mods) = type_among(draft, said.get("mods"));
    for spec in &mut specs {
        if !spec.mods.take_all(draft, &mods) || data_type.is_some() && spec.data_type.is_some() {
            return Err(Stop::No);
        }
        spec.data_type = spec.data_type.take().or(data_type.clone());
    }
    if said.has("type") {
        let data_type = draft.said_type(said.get("type")).ok_or(Stop::No)?;
        for spec in &mut specs {
            spec.data_type.get_or_insert_with(|| data_type.clone());
        }
    }
    let names: Vec<String> = specs.iter().map(|s| s.name.clone()).collect();
    for spec in &specs {
        draft.add_column(&table, spec)?;
    }
    draft.look_at(&table, &names.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(())
}

/// `, timestamp, default now`: the type, where one of the parts is one, and the rest.
fn type_among(draft: &Draft<'_>, mods: &[Token]) -> (Option<String>, Vec<Token>) {
    let mut data_type = None;
    let mut rest = Vec::new();
    for part in mods.split_inclusive(|t| t.is(",")) {
        let bare: Vec<Token> = part.iter().filter(|t| !t.is_any(&[",", "as", "both", "all"])).cloned().collect();
        match draft.said_type(&bare).filter(|_| data_type.is_none()) {
            Some(said) => data_type = Some(said),
            None => rest.extend(part.iter().cloned()),
        }
    }
    (data_type, rest)
}

/// "make email required and unique", "price must be positive".
fn described(draft: &mut Draft<'_>, said: &Captures<'_>) -> Flow<()> {
    let cols = said.get("cols");
    let columns = if cols.is_empty() {
        draft.column_refs(&super::super::tokens::tokens("it"))?
    } else if said.has("table") {
        let table = draft.table_ref(said.get("table"))?;
        draft.columns_of(&table, cols)?
    } else {
        draft.column_refs(cols)?
    };
    let mut mods = Mods::default();
    if said.get("mods").is_empty() {
        mods.required = Some(true);
    } else if !mods.take_all(draft, said.get("mods")) || !mods.take_all(draft, said.get("more")) {
        return Err(Stop::No);
    }
    if mods.primary {
        let several_keys = columns.len() > 1;
        let has_key = |c: &ColumnRef| draft.table(&c.table).is_ok_and(|t| !t.primary_key().is_empty());
        if let Some(first) = columns.iter().find(|c| has_key(c)) {
            return Err(Stop::Cannot(format!("{} has a primary key already", first.table.short())));
        }
        if several_keys {
            return Err(Stop::No);
        }
    }
    for column in &columns {
        describe(draft, &column.table, &column.column, &mods)?;
    }
    if let Some(first) = columns.first() {
        let names: Vec<&str> = columns.iter().map(|c| c.column.as_str()).collect();
        draft.look_at(&first.table, &names);
    }
    Ok(())
}

fn describe(draft: &mut Draft<'_>, table: &crate::schema::QName, column: &str, mods: &Mods) -> Flow<()> {
    let data_type = draft.type_of(table, column);
    let want = Want { table: None, data_type: data_type.as_deref() };
    let default = mods.default.as_deref().map(|d| draft.value(d, want)).transpose()?;
    let fill = mods.fill.as_deref().map(|f| draft.value(f, Want { table: Some(table), ..want })).transpose()?;
    if let Some(default) = &default {
        draft.push(Change::SetDefault {
            table: table.clone(),
            column: column.to_owned(),
            default: Some(default.clone()),
        });
    }
    let nullable = draft.table(table)?.column(column).is_none_or(|c| c.nullable);
    match mods.required {
        Some(true) if !nullable => {
            return Err(Stop::Cannot(format!("{}.{column} is required already", table.short())));
        }
        Some(true) => {
            draft.push(Change::SetNotNull { table: table.clone(), column: column.to_owned(), fill: fill.or(default) });
        }
        Some(false) if nullable => {
            return Err(Stop::Cannot(format!("{}.{column} is optional already", table.short())));
        }
        Some(false) => draft.push(Change::DropNotNull { table: table.clone(), column: column.to_owned() }),
        None => {}
    }
    draft.constrain(table, column, mods)
}
