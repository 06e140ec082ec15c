//! A new column in words: `code (text, unique)`, `discount as percentage`, `a required text field called region`.

use super::conditions::after;
use super::draft::{Draft, Flow};
use super::tokens::{Kind, Token};
use super::values;
use crate::schema::{Action, Deferrable};

/// What is said of a column besides its name and type.
#[derive(Clone, Debug, Default)]
pub(super) struct Mods {
    pub required: Option<bool>,
    pub unique: bool,
    pub primary: bool,
    pub indexed: bool,
    pub default: Option<Vec<Token>>,
    /// For rows that are there already.
    pub fill: Option<Vec<Token>>,
    /// The referenced table, perhaps with its column.
    pub references: Option<Vec<Token>>,
    pub on_delete: Option<Action>,
    pub on_update: Option<Action>,
    pub deferrable: Option<Deferrable>,
    pub checks: Vec<Vec<Token>>,
    pub comment: Option<String>,
}

/// One column as it was described.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub name: String,
    pub data_type: Option<String>,
    pub mods: Mods,
}

const REQUIRED: &[&[&str]] = &[
    &["required"],
    &["mandatory"],
    &["not", "null"],
    &["not", "nullable"],
    &["non", "null"],
    &["never", "null"],
    &["notnull"],
    &["cannot", "be", "null"],
    &["must", "not", "be", "null"],
    &["not", "optional"],
    &["non", "-", "null"],
    &["not", "-", "null"],
    &["must", "be", "set"],
    &["not", "be", "null"],
    &["not", "be", "empty"],
    &["be", "set"],
    &["must", "be", "present"],
    &["non", "nullable"],
    &["always", "set"],
    &["must", "have", "value"],
    &["cannot", "be", "empty"],
    &["cannot", "be", "missing"],
    &["obligatory"],
    &["nonnull"],
    &["non", "-", "nullable"],
    &["always", "present"],
    &["compulsory"],
];
const OPTIONAL: &[&[&str]] = &[
    &["optional"],
    &["nullable"],
    &["null"],
    &["can", "be", "null"],
    &["may", "be", "null"],
    &["not", "required"],
    &["not", "mandatory"],
    &["allow", "null"],
    &["allow", "nulls"],
    &["allows", "null"],
    &["allowing", "null"],
    &["can", "be", "empty"],
    &["may", "be", "empty"],
    &["can", "be", "missing"],
    &["may", "be", "missing"],
];
const UNIQUE: &[&[&str]] =
    &[&["unique"], &["no", "duplicates"], &["without", "duplicates"], &["distinct"], &["unique", "constraint"]];
const DEFAULT: &[&[&str]] = &[
    &["default", "value", "of"],
    &["default", "value"],
    &["default", "to"],
    &["defaults", "to"],
    &["defaulting", "to"],
    &["default", "of"],
    &["default", "is"],
    &["default", "="],
    &["default", ":"],
    &["default"],
    &["initially"],
    &["starting", "at"],
];
const FILL: &[&[&str]] = &[
    &["filled", "with"],
    &["fill", "existing", "rows", "with"],
    &["backfilled", "with"],
    &["backfill", "with"],
    &["existing", "rows", "get"],
    &["existing", "rows", "should", "get"],
    &["existing", "rows", "should", "have"],
    &["fill", "old", "rows", "with"],
    &["fill", "missing", "values", "with"],
    &["fill", "missing", "ones", "with"],
    &["fill", "missing", "with"],
    &["fill", "empty", "ones", "with"],
    &["fill", "nulls", "with"],
    &["fill", "null", "values", "with"],
    &["fill", "gaps", "with"],
    &["set", "existing", "rows", "to"],
    &["set", "missing", "values", "to"],
    &["old", "rows", "get"],
    &["use"],
    &["using"],
];
/// What says of a value that it is for the rows that are there already.
const FOR_EXISTING: &[&[&str]] = &[
    &["for", "existing", "rows"],
    &["for", "existing", "ones"],
    &["in", "existing", "rows"],
    &["for", "old", "rows"],
    &["for", "old", "ones"],
    &["for", "empty", "ones"],
    &["for", "empty", "rows"],
    &["for", "missing", "ones"],
    &["for", "missing", "values"],
    &["for", "nulls"],
    &["for", "null", "values"],
    &["where", "missing"],
    &["where", "null"],
    &["where", "empty"],
    &["where", "it", "is", "missing"],
    &["where", "it", "is", "null"],
    &["where", "there", "is", "none"],
];
const REFERENCES: &[&[&str]] = &[
    &["references"],
    &["referencing"],
    &["refers", "to"],
    &["referring", "to"],
    &["foreign", "key", "to"],
    &["foreign", "key", "referencing"],
    &["foreign", "key", "references"],
    &["fk", "to"],
    &["pointing", "to"],
    &["points", "to"],
    &["linked", "to"],
    &["linking", "to"],
    &["foreign", "key", "on"],
    &["pointing", "at"],
    &["reference", "to"],
    &["foreign", "key", "into"],
    &["foreign", "key"],
    &["fk"],
];
/// What begins a condition on the column's value.
const CONDITION: &[&[&str]] = &[
    &["positive"],
    &["nonnegative"],
    &["between"],
    &[">"],
    &["<"],
    &[">="],
    &["<="],
    &["one", "of"],
    &["must"],
    &["should"],
    &["greater"],
    &["less"],
    &["at", "least"],
    &["at", "most"],
    &["not", "empty"],
    &["never", "empty"],
    &["not", "negative"],
    &["never", "negative"],
    &["cannot"],
    &["up", "to"],
    &["more", "than"],
    &["check"],
    &["no", "longer", "than"],
    &["non", "-", "negative"],
    &["non", "negative"],
];
/// Words that say nothing between the others.
const FILLERS: &[&str] = &[
    "with", "that", "which", "and", ",", "is", "are", "be", "being", "should", "it", "also", "plus", "&", "has", "as",
    "both", "but", "have", "having", "make", "values", "set", "to", "all", "must", "them", "too", "whose",
];

/// Types that are no names of columns.
const TYPES_ALONE: &[&str] = &[
    "text",
    "integer",
    "int",
    "bigint",
    "smallint",
    "numeric",
    "decimal",
    "boolean",
    "bool",
    "timestamp",
    "timestamptz",
    "uuid",
    "json",
    "jsonb",
    "varchar",
    "real",
    "double",
    "datetime",
];

fn lead<'t>(tokens: &'t [Token], phrases: &[&[&str]]) -> Option<&'t [Token]> {
    phrases.iter().filter_map(|phrase| after(tokens, phrase)).min_by_key(|rest| rest.len())
}

/// What may happen to referencing rows, in words.
fn action(tokens: &[Token]) -> Option<(Action, &[Token])> {
    let phrases: &[(&[&str], Action)] = &[
        (&["cascade"], Action::Cascade),
        (&["cascades"], Action::Cascade),
        (&["set", "null"], Action::SetNull),
        (&["set", "to", "null"], Action::SetNull),
        (&["nullify"], Action::SetNull),
        (&["set", "default"], Action::SetDefault),
        (&["restrict"], Action::Restrict),
        (&["no", "action"], Action::NoAction),
        (&["do", "nothing"], Action::NoAction),
    ];
    phrases.iter().find_map(|(words, action)| after(tokens, words).map(|rest| (*action, rest)))
}

impl Mods {
    /// Takes one thing that is said at the start of `tokens`; what follows it, or `None` when nothing is.
    pub fn take<'t>(&mut self, draft: &mut Draft<'_>, tokens: &'t [Token]) -> Option<&'t [Token]> {
        if let Some(rest) = self.take_key(draft, tokens) {
            return Some(rest);
        }
        if let Some(rest) = lead(tokens, REQUIRED) {
            self.required = Some(true);
            return Some(rest);
        }
        if let Some(rest) = lead(tokens, OPTIONAL) {
            self.required = Some(false);
            return Some(rest);
        }
        if let Some(rest) = lead(tokens, UNIQUE) {
            self.unique = true;
            return Some(rest);
        }
        if let Some(rest) = self.take_default_after(tokens) {
            return Some(rest);
        }
        for (phrases, slot) in [(DEFAULT, &mut self.default), (FILL, &mut self.fill)] {
            if let Some(rest) = lead(tokens, phrases) {
                let length = values::length(rest);
                if length == 0 {
                    return None;
                }
                let (value, rest) = rest.split_at(length);
                *slot = Some(value.to_vec());
                return Some(lead(rest, FOR_EXISTING).filter(|_| phrases == FILL).unwrap_or(rest));
            }
        }
        if let Some(rest) = self.take_existing(tokens) {
            return Some(rest);
        }
        for words in [&["indexed"][..], &["index"], &["with", "index"], &["and", "index", "it"]] {
            if let Some(rest) = after(tokens, words) {
                self.indexed = true;
                return Some(rest);
            }
        }
        if let Some([value, rest @ ..]) = lead(tokens, &[&["comment"], &["described", "as"], &["commented"]])
            && matches!(value.kind, Kind::Text | Kind::Quoted)
        {
            self.comment = Some(value.text.clone());
            return Some(rest);
        }
        self.take_condition(tokens)
    }

    /// Keys: primary, foreign, and what a foreign key does.
    fn take_key<'t>(&mut self, draft: &mut Draft<'_>, tokens: &'t [Token]) -> Option<&'t [Token]> {
        if let Some(rest) = after(tokens, &["primary", "key"]) {
            self.primary = true;
            return Some(rest);
        }
        if let Some(rest) = lead(tokens, REFERENCES) {
            let length = target_length(draft, rest)?;
            let (target, rest) = rest.split_at(length);
            self.references = Some(target.to_vec());
            return Some(rest);
        }
        let delete = lead(tokens, &[&["on", "delete"], &["when", "deleted"], &["deletes"], &["delete"]]);
        if let Some((action, rest)) = delete.and_then(action) {
            self.on_delete = Some(action);
            return Some(rest);
        }
        if let Some((action, rest)) = after(tokens, &["on", "update"]).and_then(action) {
            self.on_update = Some(action);
            return Some(rest);
        }
        let cascading = [
            &["cascade", "on", "delete"][..],
            &["cascading", "deletes"],
            &["cascade", "deletes"],
            &["with", "cascade"],
            &["cascading"],
            &["cascade"],
            &["delete", "cascade"],
        ];
        if let Some(rest) = lead(tokens, &cascading) {
            self.on_delete = Some(Action::Cascade);
            return Some(rest);
        }
        let deferred = [&["deferrable", "initially", "deferred"][..], &["initially", "deferred"], &["deferred"]];
        if let Some(rest) = lead(tokens, &deferred) {
            self.deferrable = Some(Deferrable::InitiallyDeferred);
            return Some(rest);
        }
        let rest = after(tokens, &["deferrable"])?;
        self.deferrable = Some(Deferrable::InitiallyImmediate);
        Some(rest)
    }

    /// `EUR by default`.
    fn take_default_after<'t>(&mut self, tokens: &'t [Token]) -> Option<&'t [Token]> {
        let (value, rest) = tokens.split_at(values::length(tokens));
        let rest = lead(rest, &[&["by", "default"], &["as", "default"], &["as", "its", "default"]])?;
        self.default = Some(value.to_vec()).filter(|v| !v.is_empty());
        self.default.is_some().then_some(rest)
    }

    /// `0 for existing rows`.
    fn take_existing<'t>(&mut self, tokens: &'t [Token]) -> Option<&'t [Token]> {
        let length = values::length(tokens);
        let (value, rest) = tokens.split_at(length);
        let is_value = value.first().is_some_and(|t| matches!(t.kind, Kind::Number | Kind::Text));
        let rest = lead(rest, FOR_EXISTING).filter(|_| is_value)?;
        self.fill = Some(value.to_vec());
        Some(rest)
    }

    fn take_condition<'t>(&mut self, tokens: &'t [Token]) -> Option<&'t [Token]> {
        let begins = lead(tokens, CONDITION).is_some();
        if !begins {
            return None;
        }
        let tokens = after(tokens, &["check"]).unwrap_or(tokens);
        let mut depth = 0_i32;
        let end = tokens.iter().enumerate().position(|(at, token)| {
            depth += i32::from(token.is("(")) - i32::from(token.is(")"));
            let rest = tokens.split_at(at + 1).1;
            let rest = rest.split_at(rest.iter().take_while(|t| t.is_any(&[",", "and"])).count()).1;
            depth == 0 && token.is_any(&[",", "and", "with"]) && begins_mod(rest)
        });
        let (condition, rest) = tokens.split_at(end.unwrap_or(tokens.len()));
        if condition.is_empty() {
            return None;
        }
        self.checks.push(condition.to_vec());
        Some(rest)
    }

    /// Takes over what was said of the same column in another place.
    fn add(&mut self, other: Self) {
        self.required = other.required.or(self.required);
        self.unique |= other.unique;
        self.primary |= other.primary;
        self.indexed |= other.indexed;
        self.default = other.default.or(self.default.take());
        self.fill = other.fill.or(self.fill.take());
        self.references = other.references.or(self.references.take());
        self.checks.extend(other.checks);
        self.comment = other.comment.or(self.comment.take());
    }

    /// Takes all of `tokens`, or says that it cannot.
    pub fn take_all(&mut self, draft: &mut Draft<'_>, mut tokens: &[Token]) -> bool {
        while !tokens.is_empty() {
            if let Some(rest) = self.take(draft, tokens) {
                tokens = rest;
            } else if let Some((_, rest)) = tokens.split_first().filter(|(first, _)| first.is_any(FILLERS)) {
                tokens = rest;
            } else {
                return false;
            }
        }
        true
    }
}

/// Whether something other than a condition is said next.
fn begins_mod(tokens: &[Token]) -> bool {
    [REQUIRED, OPTIONAL, UNIQUE, DEFAULT, FILL, REFERENCES].iter().any(|phrases| lead(tokens, phrases).is_some())
        || tokens.first().is_some_and(|t| t.is_any(&["index", "indexed"]))
}

/// How many tokens name a referenced table and perhaps its column.
pub(super) fn target_length(draft: &mut Draft<'_>, tokens: &[Token]) -> Option<usize> {
    let names = tokens.iter().take(3).take_while(|t| t.is_name()).count();
    let known = (1..=names).rev().find(|&length| {
        let (name, _) = tokens.split_at(length);
        draft.strictly(|d| d.target_ref(name)).is_ok()
    });
    let length = known.or((names > 0).then_some(1))?;
    let bracket = values::in_brackets(tokens.split_at(length).1);
    let opens = tokens.get(length).is_some_and(|t| t.is("("));
    Some(if opens { length + bracket } else { length })
}

impl Draft<'_> {
    /// Columns of a list such as `code (text, unique), discount as percentage and expires date`.
    pub fn specs(&mut self, tokens: &[Token]) -> Flow<Vec<Spec>> {
        let mut items: Vec<(Vec<Token>, Mods)> = vec![Default::default()];
        let mut rest = tokens;
        while let Some((first, tail)) = rest.split_first() {
            if first.is_any(&[",", "and", "&", "plus", ";"]) {
                if items.last().is_some_and(|(core, _)| !core.is_empty()) {
                    items.push(Default::default());
                }
                rest = tail;
                continue;
            }
            let named = items.iter().rposition(|(core, _)| !core.is_empty());
            // What comes first may belong to a name that follows: "a required text field".
            let at = if items.last().is_some_and(|(core, _)| core.is_empty()) && !ends_item(rest) {
                items.len() - 1
            } else {
                named.unwrap_or(items.len() - 1)
            };
            let mut attempt = items.get(at).map(|(_, mods)| mods.clone()).unwrap_or_default();
            if let Some(after) = attempt.take(self, rest) {
                if let Some((_, mods)) = items.get_mut(at) {
                    *mods = attempt;
                }
                rest = after;
                continue;
            }
            let length = if first.is("(") { values::in_brackets(rest) } else { 1 };
            let newest = items.len() - 1;
            let Some(last) = items.get_mut(newest) else { break };
            if length > 1 && !is_modifier(rest, length) {
                let inner = rest.get(1..length - 1).unwrap_or_default();
                if !described(self, inner, last) {
                    return Err(super::draft::Stop::No);
                }
                rest = rest.split_at(length).1;
            } else {
                let length = length.max(1);
                let (taken, after) = rest.split_at(length);
                last.0.extend(taken.iter().cloned());
                rest = after;
            }
        }
        items.retain(|(core, _)| !core.is_empty());
        let mut specs: Vec<Spec> = Vec::new();
        for (core, mods) in items {
            match (specs.last_mut(), self.type_alone(&core)) {
                (Some(Spec { data_type: data_type @ None, mods: known, .. }), Some(said)) => {
                    *data_type = Some(said);
                    known.add(mods);
                }
                _ => specs.push(self.spec(&core, mods)?),
            }
        }
        Ok(specs)
    }

    /// The type that an item of a list is, where it can be nothing else: `3 characters`, `timestamp`.
    pub fn type_alone(&self, core: &[Token]) -> Option<String> {
        let may_be_name = matches!(core, [only] if !only.is_any(TYPES_ALONE));
        self.said_type(core).filter(|_| !may_be_name)
    }

    /// A name and perhaps a type, in either order.
    fn spec(&mut self, core: &[Token], mods: Mods) -> Flow<Spec> {
        let noise = [
            "column",
            "columns",
            "field",
            "fields",
            "attribute",
            "new",
            "of",
            "type",
            "as",
            "with",
            "that",
            "is",
            "which",
            "called",
            "named",
            "its",
            "typed",
            "additional",
            "extra",
            "another",
            ":",
            "for",
            "should",
            "be",
        ];
        if let Some(at) = core.iter().position(|t| t.is_any(&["called", "named"])) {
            let (before, name) = core.split_at(at);
            let name = name.split_first().map_or(&[][..], |(_, name)| name);
            let before: Vec<Token> = before.iter().filter(|t| !t.is_any(&noise)).cloned().collect();
            let mut spec = self.spec(name, mods)?;
            if !before.is_empty() {
                spec.data_type = Some(self.said_type(&before).ok_or(super::draft::Stop::No)?);
            }
            return Ok(spec);
        }
        let marked = core.iter().position(|t| t.is_any(&["as", "type", "typed", ":"])).filter(|at| *at > 0);
        if let Some(at) = marked {
            let (name, said) = core.split_at(at);
            let said: Vec<Token> = said.iter().filter(|t| !t.is_any(&noise)).cloned().collect();
            let name: Vec<Token> = name.iter().filter(|t| !t.is_any(&noise)).cloned().collect();
            if let Some(data_type) = self.said_type(&said) {
                return Ok(Spec { name: Draft::new_name(&name)?, data_type: Some(data_type), mods });
            }
        }
        let core = without_key_words(core);
        let plain: Vec<Token> = core.iter().filter(|t| !t.is_any(&noise)).cloned().collect();
        let core = if plain.is_empty() { core } else { &plain };
        for at in 1..core.len() {
            let (name, said) = core.split_at(at);
            if let (Ok(name), Some(data_type)) = (Draft::new_name(name), self.trailing_type(said)) {
                return Ok(Spec { name, data_type: Some(data_type), mods });
            }
        }
        for at in (1..core.len()).rev() {
            let (said, name) = core.split_at(at);
            if let (Ok(name), Some(data_type)) = (Draft::new_name(name), self.said_type(said)) {
                return Ok(Spec { name, data_type: Some(data_type), mods });
            }
        }
        Ok(Spec { name: Draft::new_name(core)?, data_type: None, mods })
    }
}

/// `employee_id foreign key` is a column named `employee_id`.
fn without_key_words(core: &[Token]) -> &[Token] {
    match core {
        [name @ .., foreign, key] if !name.is_empty() && foreign.is("foreign") && key.is("key") => name,
        [name @ .., fk] if !name.is_empty() && fk.is("fk") => name,
        all => all,
    }
}

/// Whether what is at the start of `tokens` stands by itself up to the next comma: `, required, default 0`.
fn ends_item(tokens: &[Token]) -> bool {
    lead(tokens, DEFAULT).is_some()
        || lead(tokens, REQUIRED)
            .or_else(|| lead(tokens, OPTIONAL))
            .or_else(|| lead(tokens, UNIQUE))
            .is_some_and(|rest| rest.first().is_none_or(|t| t.is_any(&[",", "and", "with"])))
}

/// Whether a bracket is a type's own: `(20)`, `(10, 2)`.
fn is_modifier(tokens: &[Token], length: usize) -> bool {
    let inner = tokens.get(1..length - 1).unwrap_or_default();
    !inner.is_empty() && inner.iter().all(|t| t.kind == Kind::Number || t.is(","))
}

/// Reads `(text, unique)` after a name.
fn described(draft: &mut Draft<'_>, inner: &[Token], item: &mut (Vec<Token>, Mods)) -> bool {
    let mut rest = inner;
    while let Some((first, tail)) = rest.split_first() {
        if first.is_any(FILLERS) {
            rest = tail;
        } else if let Some(after) = item.1.take(draft, rest) {
            rest = after;
        } else {
            let length = rest.iter().take_while(|t| !t.is(",")).count();
            let known = (1..=length).rev().find(|&l| draft.said_type(rest.split_at(l).0).is_some());
            let Some(length) = known else { return false };
            let (said, after) = rest.split_at(length);
            item.0.push(Token { kind: Kind::Word, text: "as".into(), lower: "as".into() });
            item.0.extend(said.iter().cloned());
            rest = after;
        }
    }
    true
}
