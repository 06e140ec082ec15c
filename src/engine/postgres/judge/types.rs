//! Which changes of a column's type leave the rows as they are.
//!
//! PostgreSQL rewrites a table unless the cast does nothing to the stored value: a relabelling (`pg_cast` without a
//! function), or a length coercion that its planner support function finds to be wider than before
//! (`ATColumnChangeRequiresRewrite`).

use crate::schema::{QName, Schema, TypeKind};

/// What a change of type does to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The rows stay.
    Free,
    Rewrite,
    /// Between timestamp with and without a time zone: the rows stay when the session's time zone is UTC.
    FreeInUtc,
}

/// The effect of changing `old` to `new`, both as `format_type` writes them, by a plain cast.
pub(super) fn effect(old: &str, new: &str, schema: &Schema) -> Effect {
    let free = |yes: bool| if yes { Effect::Free } else { Effect::Rewrite };
    if old == new {
        return Effect::Free;
    }
    if let Some((base, constrained)) = domain(new, schema) {
        return if constrained { Effect::Rewrite } else { effect(old, &base, schema) };
    }
    if let Some((base, _)) = domain(old, schema) {
        return effect(&base, new, schema);
    }
    let (from, to) = (Parts::of(old), Parts::of(new));
    let wider = |unlimited: u32| to.first(unlimited) >= from.first(unlimited);
    match (from.name.as_str(), to.name.as_str()) {
        ("character varying" | "text" | "xml" | "public.citext", "text" | "public.citext") if from.name != to.name => {
            free(!(from.name == "xml" && to.name == "public.citext"))
        }
        ("character varying" | "text" | "public.citext", "character varying") => {
            free(to.modifiers.is_empty() || from.name == "character varying" && wider(u32::MAX))
        }
        ("bit varying", "bit varying") => free(wider(u32::MAX)),
        ("bit", "bit varying") => free(to.modifiers.is_empty()),
        ("numeric", "numeric") => {
            let same_scale = from.second() == to.second() && !from.modifiers.is_empty();
            free(to.modifiers.is_empty() || same_scale && wider(u32::MAX))
        }
        (a, b) if a == b && is_time(a) => free(wider(6)),
        ("timestamp without time zone", "timestamp with time zone")
        | ("timestamp with time zone", "timestamp without time zone") => {
            if wider(6) {
                Effect::FreeInUtc
            } else {
                Effect::Rewrite
            }
        }
        ("cidr", "inet") | ("integer", "oid") | ("oid", "integer") => Effect::Free,
        ("oid" | "integer", reg) | (reg, "oid" | "integer") if reg.starts_with("reg") => Effect::Free,
        _ => Effect::Rewrite,
    }
}

fn is_time(name: &str) -> bool {
    name.starts_with("time") || name == "interval"
}

/// The base of a domain, and whether it or one below it checks its values.
pub(super) fn domain(name: &str, schema: &Schema) -> Option<(String, bool)> {
    let name: QName = name.parse().ok()?;
    let TypeKind::Domain { base, not_null, checks, .. } = &schema.types.get(&name)?.kind else { return None };
    let own = *not_null || !checks.is_empty();
    let below = domain(base, schema).is_some_and(|(_, constrained)| constrained);
    Some((base.clone(), own || below))
}

/// A type's name without its modifiers, and those.
struct Parts {
    name: String,
    modifiers: Vec<u32>,
}

impl Parts {
    fn of(text: &str) -> Self {
        let Some((before, rest)) = text.split_once('(') else {
            return Self { name: text.to_owned(), modifiers: Vec::new() };
        };
        let (inside, after) = rest.split_once(')').unwrap_or((rest, ""));
        let modifiers = inside.split(',').filter_map(|m| m.trim().parse().ok()).collect();
        Self { name: format!("{before}{after}"), modifiers }
    }

    fn first(&self, unlimited: u32) -> u32 {
        self.modifiers.first().copied().unwrap_or(unlimited)
    }

    fn second(&self) -> Option<u32> {
        self.modifiers.get(1).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DomainCheck, EngineKind, TypeDef};
    use std::collections::BTreeMap;

    #[test]
    fn only_wider_lengths_and_relabelled_types_are_free() {
        let mut schema = Schema::empty(EngineKind::Postgres);
        for (name, check) in [("plain", None), ("checked", Some(("c".to_owned(), DomainCheck::new("value > 0"))))] {
            let checks: BTreeMap<_, _> = check.into_iter().collect();
            let kind = TypeKind::Domain {
                base: "integer".into(),
                not_null: false,
                default: None,
                collation: None,
                checks,
                not_null_name: None,
            };
            let name = QName::new("public", name);
            schema.types.insert(name.clone(), TypeDef { name, kind, comment: None });
        }
        let cases = [
            ("character varying(20)", "character varying(50)", Effect::Free),
            ("character varying(20)", "character varying(10)", Effect::Rewrite),
            ("character varying(20)", "text", Effect::Free),
            ("text", "character varying", Effect::Free),
            ("text", "character varying(50)", Effect::Rewrite),
            ("character(10)", "character(20)", Effect::Rewrite),
            ("character(10)", "text", Effect::Rewrite),
            ("integer", "bigint", Effect::Rewrite),
            ("numeric(10,2)", "numeric(14,2)", Effect::Free),
            ("numeric(10,2)", "numeric", Effect::Free),
            ("numeric", "numeric(10,2)", Effect::Rewrite),
            ("numeric(10,2)", "numeric(12,4)", Effect::Rewrite),
            ("timestamp(3) with time zone", "timestamp with time zone", Effect::Free),
            ("timestamp with time zone", "timestamp(3) with time zone", Effect::Rewrite),
            ("timestamp without time zone", "timestamp with time zone", Effect::FreeInUtc),
            ("cidr", "inet", Effect::Free),
            ("inet", "cidr", Effect::Rewrite),
            ("bit varying(10)", "bit varying(20)", Effect::Free),
            ("integer", "public.plain", Effect::Free),
            ("public.plain", "integer", Effect::Free),
            ("integer", "public.checked", Effect::Rewrite),
            ("json", "jsonb", Effect::Rewrite),
        ];
        for (old, new, want) in cases {
            assert_eq!(effect(old, new, &schema), want, "{old} to {new}");
        }
    }
}
