//! Where what was seen differs from what was foreseen.

use crate::engine::Observed;
use crate::plan::{Lock, LockMode, Step};
use crate::schema::ObjectKind;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a disagreement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    Lock,
    Rewrite,
    Scan,
}

/// One thing that was foreseen in another way than it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    pub about: About,
    pub relation: String,
    /// A lock's mode, or `yes`; nothing where none was foreseen.
    pub predicted: Option<String>,
    pub rehearsed: Option<String>,
    /// More was seen than foreseen.
    pub worse: bool,
}

impl std::fmt::Display for Disagreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = |what: &Option<String>| what.clone().unwrap_or_else(|| "none".to_owned());
        let about = match self.about {
            About::Lock => "lock on",
            About::Rewrite => "rewrite of",
            About::Scan => "scan of",
        };
        write!(
            f,
            "{about} {}: {} was foreseen, {} was seen",
            self.relation,
            said(&self.predicted),
            said(&self.rehearsed)
        )
    }
}

/// Compares a step's foreseen locks, rewrites and scans with those seen. Reading a table's definition (ACCESS SHARE) and
/// the locks on indexes are not foreseen in each case, and hurt nobody by themselves.
pub(super) fn disagreements(step: &Step, observed: &Observed) -> Vec<Disagreement> {
    let mut out = Vec::new();
    if let Some(seen) = locks(observed) {
        let (foreseen, seen) = (strong(&step.locks), strong(&seen));
        let all: BTreeSet<&String> = foreseen.keys().chain(seen.keys()).collect();
        for relation in all {
            let (before, after) = (foreseen.get(relation), seen.get(relation));
            if before != after {
                out.push(Disagreement {
                    about: About::Lock,
                    relation: relation.clone(),
                    predicted: before.map(ToString::to_string),
                    rehearsed: after.map(ToString::to_string),
                    worse: after > before,
                });
            }
        }
    }
    let rewrites = observed.statements.iter().map(|s| s.rewrites.as_ref());
    out.extend(lists(About::Rewrite, &step.rewrites, union(rewrites), false));
    let scans = observed.statements.iter().map(|s| s.scans.as_ref());
    // A table that is rewritten is read on the way, and may be foreseen as either.
    out.extend(lists(About::Scan, &step.scans, union(scans), true));
    out
}

/// The strongest lock of each relation; `None` where some statement's locks could not be seen.
pub(super) fn locks(observed: &Observed) -> Option<Vec<Lock>> {
    let mut all: Vec<Lock> = Vec::new();
    for seen in &observed.statements {
        for lock in seen.locks.as_ref()? {
            match all.iter_mut().find(|known| known.relation == lock.relation) {
                Some(known) => known.mode = known.mode.max(lock.mode),
                None => all.push(lock.clone()),
            }
        }
    }
    Some(all)
}

/// The names of all lists; `None` where one could not be told.
pub(super) fn union<'a>(lists: impl Iterator<Item = Option<&'a Vec<String>>>) -> Option<BTreeSet<String>> {
    let mut all = BTreeSet::new();
    for list in lists {
        all.extend(list?.iter().cloned());
    }
    Some(all)
}

fn strong(locks: &[Lock]) -> BTreeMap<String, LockMode> {
    locks
        .iter()
        .filter(|lock| lock.mode > LockMode::AccessShare)
        .filter(|lock| !matches!(lock.kind, ObjectKind::Index | ObjectKind::Sequence))
        .map(|lock| (lock.relation.clone(), lock.mode))
        .collect()
}

fn lists(about: About, foreseen: &[String], seen: Option<BTreeSet<String>>, only_more: bool) -> Vec<Disagreement> {
    let Some(seen) = seen else { return Vec::new() };
    let foreseen: BTreeSet<String> = foreseen.iter().cloned().collect();
    let yes = || Some("yes".to_owned());
    let more = seen.difference(&foreseen).map(|relation| Disagreement {
        about,
        relation: relation.clone(),
        predicted: None,
        rehearsed: yes(),
        worse: true,
    });
    let less = foreseen.difference(&seen).filter(|_| !only_more).map(|relation| Disagreement {
        about,
        relation: relation.clone(),
        predicted: yes(),
        rehearsed: None,
        worse: false,
    });
    more.chain(less).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Seen;
    use crate::plan::{Evidence, Phase};

    fn seen(locks: &[(&str, LockMode, ObjectKind)]) -> Observed {
        let lock = |(relation, mode, kind): &(&str, LockMode, ObjectKind)| Lock {
            relation: (*relation).to_owned(),
            mode: *mode,
            evidence: Evidence::Rehearsed,
            kind: *kind,
        };
        let statement = Seen {
            locks: Some(locks.iter().map(lock).collect()),
            rewrites: Some(vec!["public.t".to_owned()]),
            ..Seen::default()
        };
        Observed { statements: vec![statement], ..Observed::default() }
    }

    #[test]
    fn a_lock_that_nobody_foresaw_is_worse() {
        let mut step = Step::ddl("x", Phase::Expand, Vec::new());
        step.locks = vec![Lock::predicted("public.t", LockMode::AccessExclusive)];
        step.rewrites = vec!["public.t".to_owned()];
        let same = [("public.t", LockMode::AccessExclusive, ObjectKind::Table)];
        assert_eq!(disagreements(&step, &seen(&same)), []);
        let more = [same[0], ("public.p", LockMode::ShareRowExclusive, ObjectKind::Table)];
        let told = disagreements(&step, &seen(&more));
        assert!(matches!(told.as_slice(), [one] if one.worse && one.relation == "public.p"), "{told:?}");
        assert_eq!(told[0].to_string(), "lock on public.p: none was foreseen, SHARE ROW EXCLUSIVE was seen");
        let index = [same[0], ("public.i", LockMode::AccessExclusive, ObjectKind::Index)];
        assert_eq!(disagreements(&step, &seen(&index)), []);
    }

    #[test]
    fn what_cannot_be_seen_does_not_disagree() {
        let mut step = Step::ddl("x", Phase::Expand, Vec::new());
        step.locks = vec![Lock::predicted("main.t", LockMode::Exclusive)];
        let observed = Observed { statements: vec![Seen::default()], ..Observed::default() };
        assert_eq!(disagreements(&step, &observed), []);
    }
}
