//! What a schema is made of, as short digests by name: enough to say later what has changed, without keeping it all.

use super::fingerprint::{canonical, digest};
use super::{QName, Schema, hex};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Digests by what a person calls the object: `table public.sales`, `view public.totals`.
pub type Parts = BTreeMap<String, Part>;

/// One object, and for tables of interest what it has: `column region`, `index sales_region_idx`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub digest: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, String>,
}

impl Schema {
    /// Digests of all objects; of the tables in `close` also of their columns, constraints, indexes and triggers.
    pub fn parts(&self, close: &BTreeSet<QName>) -> Parts {
        let mut out = Parts::new();
        self.each_digest(|kind, name, digest| {
            if kind != "unmodelled" {
                out.insert(format!("{kind} {name}"), Part { digest: short(&digest), members: BTreeMap::new() });
            }
        });
        for name in close {
            let Some(table) = self.tables.get(name) else { continue };
            let Some(part) = out.get_mut(&format!("table {name}")) else { continue };
            let named = table.constraints.iter().map(|(name, it)| (format!("constraint {name}"), short(&digest(it))));
            let table = canonical(table);
            let columns = table.columns.iter().map(|it| (format!("column {}", it.name), short(&digest(it))));
            let indexes = table.indexes.iter().map(|(name, it)| (format!("index {name}"), short(&digest(it))));
            let triggers = table.triggers.iter().map(|(name, it)| (format!("trigger {name}"), short(&digest(it))));
            part.members = columns.chain(named).chain(indexes).chain(triggers).collect();
        }
        out
    }

    /// What is different from `before`, in a sentence each.
    pub fn changed_since(&self, before: &Parts) -> Vec<String> {
        let close = self
            .tables
            .keys()
            .filter(|name| before.get(&format!("table {name}")).is_some_and(|part| !part.members.is_empty()));
        let now = self.parts(&close.cloned().collect());
        let mut said = Vec::new();
        for (name, was) in before {
            match now.get(name) {
                None => said.push(format!("The {name} is gone.")),
                Some(is) if is.digest != was.digest => said.extend(told(name, was, is)),
                Some(_) => {}
            }
        }
        said.extend(now.keys().filter(|name| !before.contains_key(*name)).map(|name| format!("The {name} is new.")));
        said
    }
}

fn told(name: &str, was: &Part, is: &Part) -> Vec<String> {
    let mut said = Vec::new();
    for (member, digest) in &was.members {
        match is.members.get(member) {
            None => said.push(format!("The {member} of {name} is gone.")),
            Some(now) if now != digest => said.push(format!("The {member} of {name} has changed.")),
            Some(_) => {}
        }
    }
    let new = is.members.keys().filter(|member| !was.members.contains_key(*member));
    said.extend(new.map(|member| format!("The {member} of {name} is new.")));
    if said.is_empty() {
        said.push(format!("The {name} has changed."));
    }
    said
}

/// Short: it tells versions of one object apart, and keeps no secret.
fn short(digest: &[u8; 32]) -> String {
    hex(digest.get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Change, Column, EngineKind, Table};

    fn name(table: &str) -> QName {
        QName::new("public", table)
    }

    fn shop() -> Schema {
        let mut schema = Schema::empty(EngineKind::Postgres);
        for table in ["sales", "stores"] {
            let mut made = Table::new(name(table));
            made.columns.push(Column::new("id", "integer"));
            schema.tables.insert(name(table), made.into());
        }
        schema
    }

    #[test]
    fn nothing_has_changed_in_the_same_schema() {
        let shop = shop();
        assert!(shop.changed_since(&shop.parts(&BTreeSet::from([name("sales")]))).is_empty());
    }

    #[test]
    fn a_table_of_interest_tells_its_columns_and_others_themselves() {
        let before = shop().parts(&BTreeSet::from([name("sales")]));
        let mut now = shop();
        for table in ["sales", "stores"] {
            now.apply(&Change::AddColumn { table: name(table), column: Column::new("region", "text") }).unwrap();
        }
        now.tables.insert(name("visits"), Table::new(name("visits")).into());
        let said = now.changed_since(&before);
        let wanted = [
            "The column region of table public.sales is new.",
            "The table public.stores has changed.",
            "The table public.visits is new.",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn what_is_gone_is_told() {
        let before = shop().parts(&BTreeSet::new());
        let mut now = shop();
        now.tables.remove(&name("stores"));
        assert_eq!(now.changed_since(&before), ["The table public.stores is gone."]);
    }
}
