//! How grave findings are here: what a project has decided for rules, for paths and for tables.
//!
//! ```toml
//! [rules]
//! drop-column = "critical"
//! lock-blocks-writes = "off"
//! design = "on"                      # a group that is off by default
//!
//! [[overrides]]
//! paths = ["db/seeds/**"]
//! tables = ["country", "audit.*"]    # of both, where both are given
//! rules = { drop-table = "info" }
//! ```

use super::Finding;
use super::rules::{self, Group, Rule};
use crate::plan::{Risk, Severity};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Deserializer, de};
use std::collections::{BTreeMap, BTreeSet};

/// What is decided about a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Off,
    /// As grave as the rule is by itself.
    On,
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Off | Self::On => None,
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
        }
    }
}

/// What a level is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Subject {
    /// `*`
    All,
    Group(Group),
    /// By its id.
    Rule(String),
}

impl TryFrom<String> for Subject {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name == "*" {
            return Ok(Self::All);
        }
        if let Some(group) = Group::ALL.into_iter().find(|group| group.name() == name) {
            return Ok(Self::Group(group));
        }
        if rules::explain(&name).is_some() {
            return Ok(Self::Rule(name));
        }
        Err(format!("there is no rule and no group {name:?}; lockstep explain lists all"))
    }
}

/// Levels by rule, group, or for all; the closest counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Levels(BTreeMap<Subject, Level>);

impl Levels {
    fn of(&self, rule: &Rule) -> Option<Level> {
        let subjects = [Subject::Rule(rule.id.to_owned()), Subject::Group(rule.group), Subject::All];
        subjects.iter().find_map(|subject| self.0.get(subject)).copied()
    }
}

/// Patterns for paths or names: `*` within a part of a path, `**` across parts, `?`, `[ab]`, `{a,b}`.
#[derive(Clone, Debug)]
pub struct Globs {
    set: GlobSet,
    written: Vec<String>,
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl<'de> Deserialize<'de> for Globs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written: Vec<String> = Vec::deserialize(deserializer)?;
        let mut set = GlobSetBuilder::new();
        for text in &written {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            set.add(glob.map_err(|why| de::Error::custom(format!("{text:?} is not a pattern: {}", why.kind())))?);
        }
        let set = set.build().map_err(|why| de::Error::custom(why.to_string()))?;
        Ok(Self { set, written })
    }
}

impl Globs {
    /// Whether a path fits. A pattern without a slash fits a name anywhere.
    pub fn fits_path(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.set.is_match(path) || (name != path && self.bare(name))
    }

    fn bare(&self, name: &str) -> bool {
        let bare = |at: &usize| self.written.get(*at).is_some_and(|text| !text.contains('/'));
        self.set.matches(name).iter().any(bare)
    }

    /// Whether a relation's name fits, with its schema or without.
    fn fits_table(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        self.set.is_match(name) || self.set.is_match(last)
    }
}

/// Levels for some paths or tables.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    #[serde(default)]
    pub paths: Option<Globs>,
    #[serde(default)]
    pub tables: Option<Globs>,
    pub rules: Levels,
}

impl Override {
    fn applies(&self, path: &str, about: &[&str]) -> bool {
        self.paths.as_ref().is_none_or(|globs| globs.fits_path(path))
            // A finding that touches one other table as well is not let off.
            && self.tables.as_ref().is_none_or(|globs| !about.is_empty() && about.iter().all(|t| globs.fits_table(t)))
    }
}

/// All that is decided about levels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levelling {
    pub rules: Levels,
    /// Later ones count before earlier ones, and all before `rules`.
    pub overrides: Vec<Override>,
}

impl Levelling {
    /// How grave a finding is here; `None` where it is not wanted. `path` is the file's.
    pub fn severity(&self, risk: &Risk, finding: &Finding, path: &str) -> Option<Severity> {
        let Some(rule) = rules::explain(&risk.rule) else { return Some(risk.severity) };
        let about = about(risk, finding);
        let of_override = |one: &Override| if one.applies(path, &about) { one.rules.of(rule) } else { None };
        match self.overrides.iter().rev().find_map(of_override).or_else(|| self.rules.of(rule)) {
            Some(Level::Off) => None,
            None if !rule.usual => None,
            Some(level) => Some(level.severity().map_or(risk.severity, |wanted| moved(risk.severity, rule, wanted))),
            None => Some(risk.severity),
        }
    }

    /// The groups and rules that are asked for by name somewhere, which matters for those that are off by default.
    pub fn asked_for(&self) -> (BTreeSet<Group>, BTreeSet<String>) {
        let (mut groups, mut rules) = (BTreeSet::new(), BTreeSet::new());
        let all = self.overrides.iter().map(|one| &one.rules).chain([&self.rules]);
        for (subject, level) in all.flat_map(|levels| &levels.0) {
            match subject {
                _ if *level == Level::Off => {}
                Subject::Group(group) => drop(groups.insert(*group)),
                Subject::Rule(id) => drop(rules.insert(id.clone())),
                Subject::All => groups.extend(Group::ALL),
            }
        }
        (groups, rules)
    }
}

/// The severity that is wanted, with what the evidence has said: what was found less grave than the rule usually is
/// stays as low as it is, and what was found graver is graver by as much.
fn moved(found: Severity, rule: &Rule, wanted: Severity) -> Severity {
    const ALL: [Severity; 5] = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let step = |severity: Severity| ALL.iter().position(|s| *s == severity).unwrap_or_default();
    if found < rule.severity {
        return found.min(wanted);
    }
    let more = step(found) - step(rule.severity);
    ALL.get(step(wanted) + more).copied().unwrap_or(Severity::Critical)
}

/// The tables that a finding is about: those that its message names, else all that the statement touches.
fn about<'f>(risk: &Risk, finding: &'f Finding) -> Vec<&'f str> {
    let words: BTreeSet<&str> = risk
        .message
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
        .map(|w| w.trim_matches('.'))
        .collect();
    let named = |table: &str| {
        let last = table.rsplit('.').next().unwrap_or(table);
        words.iter().any(|word| {
            // `sales`, `public.sales`, and a column of either.
            let of = |name: &str| *word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            of(last) || of(table)
        })
    };
    let all: Vec<&str> = finding.tables.iter().map(String::as_str).collect();
    let told: Vec<&str> = all.iter().copied().filter(|table| named(table)).collect();
    if told.is_empty() { all } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Evidence;

    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        rules: Levels,
        #[serde(default)]
        overrides: Vec<Override>,
    }

    fn levelling(text: &str) -> Levelling {
        let File { rules, overrides } = toml::from_str(text).unwrap();
        Levelling { rules, overrides }
    }

    fn severity(text: &str, rule: &str, found: Severity, tables: &[&str], path: &str) -> Option<Severity> {
        let message = "every row of country is gone".to_owned();
        let risk =
            Risk { rule: rule.into(), severity: found, message, suggestion: None, evidence: Evidence::Predicted };
        let finding = Finding { tables: tables.iter().map(|t| (*t).to_owned()).collect(), ..Finding::default() };
        levelling(text).severity(&risk, &finding, path)
    }

    #[test]
    fn the_closest_level_counts_and_evidence_still_holds() {
        let text = "[rules]\ndrop-table = 'low'\nbreakage = 'critical'\n'*' = 'info'";
        let of = |rule, found| severity(text, rule, found, &[], "a.sql");
        assert_eq!(of("drop-table", Severity::High), Some(Severity::Low));
        assert_eq!(of("drop-column", Severity::High), Some(Severity::Critical));
        assert_eq!(of("drop-column", Severity::Low), Some(Severity::Low), "an empty table stays less grave");
        assert_eq!(of("table-rewrite", Severity::Critical), Some(Severity::Low), "a huge one stays graver than others");
        assert_eq!(severity("rules.drop-table = 'off'", "drop-table", Severity::High, &[], "a"), None);
    }

    #[test]
    fn what_is_off_by_default_is_on_where_it_is_asked_for() {
        let of = |text| severity(text, "json-type", Severity::Info, &[], "a.sql");
        assert_eq!(of(""), None);
        assert_eq!(of("rules.design = 'on'"), Some(Severity::Info));
        assert_eq!(of("rules.json-type = 'high'"), Some(Severity::High));
        assert!(levelling("rules.design = 'on'").asked_for().0.contains(&Group::Design));
        assert!(levelling("rules.json-type = 'off'").asked_for().1.is_empty());
    }

    #[test]
    fn paths_and_tables_have_levels_of_their_own() {
        let text = "[[overrides]]\npaths = ['db/old/**', 'seed_*.sql']\nrules = { '*' = 'off' }\n\
                    [[overrides]]\ntables = ['country', 'ref.*']\nrules = { drop-table = 'info' }";
        let of = |tables: &[&str], path| severity(text, "drop-table", Severity::High, tables, path);
        assert_eq!(of(&[], "db/old/deep/a.sql"), None);
        assert_eq!(of(&[], "db/new/seed_1.sql"), None);
        assert_eq!(of(&["public.orders"], "db/new/a.sql"), Some(Severity::High));
        assert_eq!(of(&["public.country"], "a.sql"), Some(Severity::Info));
        assert_eq!(of(&["public.country", "public.orders"], "a.sql"), Some(Severity::Info), "the message names one");
        assert_eq!(of(&["ref.x", "public.orders"], "a.sql"), Some(Severity::High), "one of them is another");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |text: &str| toml::from_str::<File>(text).err().unwrap().to_string();
        assert!(refused("rules.drop-tabel = 'off'").contains("drop-tabel"));
        assert!(refused("rules.drop-table = 'fatal'").contains("fatal"));
        assert!(refused("[[overrides]]\npaths = ['a[']\nrules = {}").contains("a["));
        assert!(refused("[[overrides]]\npath = ['a']\nrules = {}").contains("path"));
    }
}
