//! Renames that nobody has told of, found by evidence: for asking about, never for doing unasked, since what looks
//! like a rename may be one thing dropped and another made.

use super::renames::{Rename, apply_renames};
use crate::schema::{ObjectKind, ObjectRef, QName, Schema, Table, View};
use crate::sql::one_line;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Of the columns of two tables so many must be alike for one to be suspected to be the other, in percent.
const ALIKE_PERCENT: usize = 70;
/// Columns that more tables have than this, such as `id bigint`, tell no two apart.
const COMMON: usize = 32;

/// A rename that may have been meant, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Suspect {
    pub rename: Rename,
    /// "it has the same columns".
    pub evidence: String,
}

impl Suspect {
    /// The `--rename` option that says so.
    pub fn option(&self) -> String {
        let from = &self.rename.from;
        let schema = Some(&from.name.schema).filter(|schema| !matches!(schema.as_str(), "public" | "main"));
        let old: Vec<String> =
            schema.into_iter().chain([&from.name.name]).chain(&from.part).map(|p| quoted(p)).collect();
        format!("{}={}", old.join("."), quoted(&self.rename.to))
    }

    /// What was found, in a sentence for people.
    pub fn sentence(&self) -> String {
        let from = &self.rename.from;
        let (kind, name) = (from.kind.word(), from.part.as_deref().unwrap_or(&from.name.name));
        let of = from.part.as_ref().map(|_| format!(" of {}", one_line(&from.name.short()))).unwrap_or_default();
        format!(
            "The {kind} {}{of} is gone, and {} may be the same under another name: {}.",
            one_line(name),
            one_line(&self.rename.to),
            self.evidence
        )
    }

    /// The sentence with what to do, for commands.
    pub fn advice(&self) -> String {
        format!(
            "{} It is taken for another one now; if it is the same, say --rename {}.",
            self.sentence(),
            one_line(&self.option())
        )
    }
}

fn quoted(part: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    if part.chars().all(plain) { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
}

/// The renames that the two schemas give evidence for, once those that are known are carried out.
///
/// A table that is gone and one that came with the same columns, or most of them; a column that is gone and one that
/// came in its place with its type; a type, view or sequence that is gone and one that came with the same definition.
/// Two that are alike are no evidence for either. Work grows with the size of what is gone and what came.
pub fn suspected_renames(before: &Schema, after: &Schema, known: &[Rename]) -> Vec<Suspect> {
    let (renamed, _) = apply_renames(before, known);
    let before = renamed.as_ref().unwrap_or(before);
    let mut out = tables(before, after);
    let types = definitions(&before.types, &after.types, |t| Some(format!("{:?}", t.kind)));
    out.extend(suspects(ObjectKind::Type, types));
    let query = |v: &View| (!v.query.is_empty()).then(|| format!("{:?}", (&v.query, v.materialized)));
    for (from, to) in definitions(&before.views, &after.views, query) {
        let materialized = before.views.get(from).is_some_and(|v| v.materialized);
        let kind = ObjectKind::of_view(materialized);
        out.extend(suspects(kind, vec![(from, to)]));
    }
    // A sequence says nothing by its own figures; the column that it belongs to does.
    let sequences = definitions(&before.sequences, &after.sequences, |s| s.owned_by.as_ref().map(|o| format!("{o:?}")));
    out.extend(suspects(ObjectKind::Sequence, sequences));
    for table in before.tables.values() {
        if let Some(other) = after.tables.get(&table.name) {
            out.extend(columns(table, other));
        }
    }
    out
}

fn suspects(kind: ObjectKind, pairs: Vec<(&QName, &QName)>) -> Vec<Suspect> {
    let suspect = |(from, to): (&QName, &QName)| Suspect {
        rename: Rename { from: ObjectRef::new(kind, from.clone()), to: to.name.clone() },
        evidence: "it is defined in the same way".to_owned(),
    };
    pairs.into_iter().map(suspect).collect()
}

/// What is gone and what came in the same schema under the same definition, where there is one of each.
fn definitions<'a, T>(
    before: &'a BTreeMap<QName, T>,
    after: &'a BTreeMap<QName, T>,
    definition: impl Fn(&T) -> Option<String>,
) -> Vec<(&'a QName, &'a QName)> {
    let keyed = |(name, it): (&'a QName, &T)| Some((format!("{:?} {}", name.schema, definition(it)?), name));
    let gone = before.iter().filter(|(name, _)| !after.contains_key(name)).filter_map(keyed);
    let came = after.iter().filter(|(name, _)| !before.contains_key(name)).filter_map(keyed);
    only_pairs(gone, came)
}

/// Takes the only one of each shape on both sides.
fn only_pairs<'a, T: ?Sized>(
    gone: impl Iterator<Item = (String, &'a T)>,
    came: impl Iterator<Item = (String, &'a T)>,
) -> Vec<(&'a T, &'a T)> {
    fn group<'a, T: ?Sized>(items: impl Iterator<Item = (String, &'a T)>) -> BTreeMap<String, Vec<&'a T>> {
        let mut map: BTreeMap<String, Vec<&'a T>> = BTreeMap::new();
        for (shape, item) in items {
            map.entry(shape).or_default().push(item);
        }
        map
    }
    let came = group(came);
    let pair = |(shape, gone): (String, Vec<&'a T>)| match (gone.as_slice(), came.get(&shape)?.as_slice()) {
        ([from], [to]) => Some((*from, *to)),
        _ => None,
    };
    group(gone).into_iter().filter_map(pair).collect()
}

fn tables(before: &Schema, after: &Schema) -> Vec<Suspect> {
    let gone: Vec<&Table> =
        before.tables.values().filter(|t| !after.tables.contains_key(&t.name)).map(|t| &**t).collect();
    let came: Vec<&Table> =
        after.tables.values().filter(|t| !before.tables.contains_key(&t.name)).map(|t| &**t).collect();
    let shape = |t: &Table| {
        let columns: Vec<_> = t.columns.iter().map(|c| (&c.name, &c.data_type)).collect();
        format!("{:?} {columns:?}", t.name.schema)
    };
    let same = only_pairs(gone.iter().map(|t| (shape(t), *t)), came.iter().map(|t| (shape(t), *t)));
    let paired: HashSet<&QName> = same.iter().flat_map(|(from, to)| [&from.name, &to.name]).collect();
    let is_left = |t: &&&Table| !paired.contains(&t.name);
    let gone: Vec<&Table> = gone.iter().filter(is_left).copied().collect();
    let came: Vec<&Table> = came.iter().filter(is_left).copied().collect();
    let alike = most_alike(&gone, &came);
    let suspect = |from: &Table, to: &Table, evidence: String| Suspect {
        rename: Rename { from: ObjectRef::new(ObjectKind::Table, from.name.clone()), to: to.name.name.clone() },
        evidence,
    };
    let same = same.iter().map(|(from, to)| suspect(from, to, "it has the same columns".to_owned()));
    let alike = alike.iter().map(|(from, to, share)| {
        suspect(from, to, format!("{share} of its {} columns are the same", to.columns.len()))
    });
    same.chain(alike).collect()
}

/// Tables of which each is the other's likeliest, with how many columns they have in common.
fn most_alike<'a>(gone: &[&'a Table], came: &[&'a Table]) -> Vec<(&'a Table, &'a Table, usize)> {
    let mut having: HashMap<(&str, &str, &str), Vec<usize>> = HashMap::new();
    for (at, table) in gone.iter().enumerate() {
        for column in &table.columns {
            having.entry((&table.name.schema, &column.name, &column.data_type)).or_default().push(at);
        }
    }
    let mut best_of_gone: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
    for (at, table) in came.iter().enumerate() {
        let mut shares: BTreeMap<usize, usize> = BTreeMap::new();
        for column in &table.columns {
            let key = (table.name.schema.as_str(), column.name.as_str(), column.data_type.as_str());
            for from in having.get(&key).filter(|all| all.len() <= COMMON).into_iter().flatten() {
                *shares.entry(*from).or_default() += 1;
            }
        }
        let Some(most) = shares.values().copied().max() else { continue };
        let mut likeliest = shares.iter().filter(|(_, share)| **share == most);
        if let (Some((from, _)), None) = (likeliest.next(), likeliest.next()) {
            best_of_gone.entry(*from).or_default().push((at, most));
        }
    }
    let mut out = Vec::new();
    for (from, candidates) in best_of_gone {
        let Some((to, share)) = candidates.iter().copied().max_by_key(|(_, share)| *share) else { continue };
        let alone = candidates.iter().filter(|(_, other)| *other == share).count() == 1;
        let (Some(from), Some(to)) = (gone.get(from), came.get(to)) else { continue };
        let longest = from.columns.len().max(to.columns.len());
        if alone && share * 100 >= longest * ALIKE_PERCENT {
            out.push((*from, *to, share));
        }
    }
    out.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    out
}

fn columns(before: &Table, after: &Table) -> Vec<Suspect> {
    // Only columns between the same neighbours count as being in the same place.
    let places = |table: &Table, other: &Table| -> HashMap<String, String> {
        let kept: HashSet<&str> = other.columns.iter().map(|c| c.name.as_str()).collect();
        let mut previous = String::new();
        let mut out = HashMap::new();
        for column in &table.columns {
            if kept.contains(column.name.as_str()) {
                previous.clone_from(&column.name);
            } else {
                out.insert(column.name.clone(), format!("{:?}", (&previous, &column.data_type)));
            }
        }
        out
    };
    if before.columns.iter().all(|c| after.column(&c.name).is_some()) {
        return Vec::new();
    }
    let (gone, came) = (places(before, after), places(after, before));
    let by_place = only_pairs(
        gone.iter().map(|(name, place)| (place.clone(), name.as_str())),
        came.iter().map(|(name, place)| (place.clone(), name.as_str())),
    );
    // Added by ALTER TABLE a column stands last, wherever the old one stood: then the type alone speaks, if it is the
    // only one of its type on both sides.
    let by_type = |table: &Table, names: &HashMap<String, String>| -> Vec<(String, String)> {
        let column = |name: &String| Some((table.column(name)?.data_type.clone(), name.clone()));
        names.keys().filter_map(column).collect()
    };
    let (gone_types, came_types) = (by_type(before, &gone), by_type(after, &came));
    let typed = only_pairs(
        gone_types.iter().map(|(data_type, name)| (data_type.clone(), name.as_str())),
        came_types.iter().map(|(data_type, name)| (data_type.clone(), name.as_str())),
    );
    let placed: HashSet<&str> = by_place.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let suspect = |(from, to): (&str, &str), evidence: &str| Suspect {
        rename: Rename { from: ObjectRef::part(ObjectKind::Column, before.name.clone(), from), to: to.to_owned() },
        evidence: evidence.to_owned(),
    };
    let in_place = by_place.iter().map(|pair| suspect(*pair, "it has the same type and stands in the same place"));
    let typed = typed.iter().filter(|(from, to)| !placed.contains(from) && !placed.contains(to));
    let mut out: Vec<Suspect> =
        in_place.chain(typed.map(|pair| suspect(*pair, "no other column of its type went or came"))).collect();
    out.sort_by(|a, b| a.rename.from.cmp(&b.rename.from));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, EngineKind, TypeDef, TypeKind};

    fn name(text: &str) -> QName {
        QName::new("public", text)
    }

    fn table(called: &str, columns: &[(&str, &str)]) -> Table {
        let mut table = Table::new(name(called));
        table.columns = columns.iter().map(|(name, data_type)| Column::new(*name, *data_type)).collect();
        table
    }

    fn schema(tables: &[Table]) -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        for table in tables {
            schema.tables.insert(table.name.clone(), table.clone().into());
        }
        schema
    }

    fn options(before: &Schema, after: &Schema) -> Vec<String> {
        suspected_renames(before, after, &[]).iter().map(Suspect::option).collect()
    }

    #[test]
    fn a_table_with_the_same_columns_is_suspected() {
        let columns = [("id", "bigint"), ("total", "numeric")];
        let before = schema(&[table("orders", &columns)]);
        assert_eq!(options(&before, &schema(&[table("sales", &columns)])), ["orders=sales"]);
        let two = schema(&[table("sales", &columns), table("visits", &columns)]);
        assert!(options(&before, &two).is_empty(), "two that are alike are no evidence for either");
    }

    #[test]
    fn a_table_with_most_of_the_columns_is_suspected() {
        let before =
            schema(&[table("orders", &[("id", "bigint"), ("total", "numeric"), ("at", "date"), ("by", "text")])]);
        let more = [("id", "bigint"), ("total", "numeric"), ("at", "date"), ("by", "text"), ("paid", "boolean")];
        assert_eq!(options(&before, &schema(&[table("Sales of it", &more)])), ["orders=\"Sales of it\""]);
        let less = schema(&[table("sales", &[("id", "bigint"), ("name", "text")])]);
        assert!(options(&before, &less).is_empty());
    }

    #[test]
    fn a_column_is_suspected_by_its_place_or_as_the_only_one_of_its_type() {
        let before = schema(&[table("t", &[("id", "bigint"), ("amount", "numeric"), ("note", "text")])]);
        let in_place = schema(&[table("t", &[("id", "bigint"), ("total", "numeric"), ("note", "text")])]);
        assert_eq!(options(&before, &in_place), ["t.amount=total"]);
        let at_the_end = schema(&[table("t", &[("id", "bigint"), ("note", "text"), ("total", "numeric")])]);
        assert_eq!(options(&before, &at_the_end), ["t.amount=total"]);
        let another = schema(&[table("t", &[("id", "bigint"), ("note", "text"), ("at", "date")])]);
        assert!(options(&before, &another).is_empty());
    }

    #[test]
    fn a_type_is_suspected_by_its_definition() {
        let with = |called: &str| {
            let mut schema = schema(&[]);
            let kind = TypeKind::Enum { values: vec!["a".into(), "b".into()] };
            schema.types.insert(name(called), TypeDef { name: name(called), kind, comment: None });
            schema
        };
        assert_eq!(options(&with("mood"), &with("state")), ["mood=state"]);
    }

    #[test]
    fn what_is_known_is_not_suspected_again() {
        let before = schema(&[table("t", &[("id", "bigint"), ("amount", "numeric")])]);
        let after = schema(&[table("t", &[("id", "bigint"), ("total", "numeric")])]);
        let known: Vec<Rename> = suspected_renames(&before, &after, &[]).into_iter().map(|s| s.rename).collect();
        assert_eq!(suspected_renames(&before, &after, &known), []);
    }
}
