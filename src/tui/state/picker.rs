//! The screen to choose a database.

use super::line::Line;
use crate::Error;
use crate::engine::Target;

/// What a row of the list stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Pick {
    Target(Box<Target>),
    Demo,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub label: String,
    pub detail: String,
    pub pick: Pick,
}

/// The screen's state: a line for a URL, and beneath it what can be chosen.
#[derive(Clone, Debug)]
pub struct Picker {
    pub input: Line,
    pub entries: Vec<Entry>,
    /// 0 is the line, then the entries.
    pub selected: usize,
    pub problem: Option<Error>,
    pub connecting: bool,
    /// There is a database to go back to.
    pub leave: bool,
}

impl Picker {
    pub fn new(recent: &[Target], named: &[(String, Target)]) -> Self {
        let mut entries: Vec<Entry> = named
            .iter()
            .map(|(name, target)| Entry {
                label: name.clone(),
                detail: target.shown.clone(),
                pick: Pick::Target(Box::new(target.clone())),
            })
            .collect();
        entries.extend(recent.iter().map(|target| Entry {
            label: target.shown.clone(),
            detail: "recent".into(),
            pick: Pick::Target(Box::new(target.clone())),
        }));
        entries.push(Entry {
            label: "The demo".into(),
            detail: "a sample shop on SQLite, made on this machine, with a small load".into(),
            pick: Pick::Demo,
        });
        Self { input: Line::default(), entries, selected: 0, problem: None, connecting: false, leave: false }
    }

    pub fn entry(&self) -> Option<&Entry> {
        self.selected.checked_sub(1).and_then(|at| self.entries.get(at))
    }
}
