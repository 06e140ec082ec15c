//! The plan on the panel, where it came from, and its edits.

use super::Rehearsed;
use crate::diff::{Entry, Line, Rename, Suspect};
use crate::plan::{Plan, Step, Style};
use crate::schema::{Change, Schema};
use std::sync::Arc;

/// What a plan was made from, so that it can be made again.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Changes {
        title: String,
        changes: Vec<Change>,
        notes: Vec<String>,
    },
    Sql {
        title: String,
        text: String,
    },
    /// The SQL of a schema that the database should have.
    Wanted {
        title: String,
        text: String,
        /// What was said to be renamed.
        renames: Vec<Rename>,
        /// What was said to be another object.
        others: Vec<Rename>,
    },
    /// What an earlier failure has left in the schema.
    Repair,
    /// A plan file.
    File,
}

impl Source {
    /// Whether there is a safe and a direct way to choose from.
    pub fn has_styles(&self) -> bool {
        !matches!(self, Self::File)
    }
}

/// An object that differs, with the text difference of its definitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub entry: Entry,
    pub lines: Vec<Line>,
}

/// A plan that is ready to be looked at.
#[derive(Clone, Debug)]
pub struct Built {
    pub plan: Plan,
    pub source: Source,
    pub style: Style,
    pub differences: Vec<Difference>,
    /// The schema that the plan was made for.
    pub made_for: Arc<Schema>,
    /// Renames that may have been meant and were not asked about yet.
    pub suspects: Vec<Suspect>,
}

/// The panel's state.
#[derive(Clone, Debug, Default)]
pub struct PlanPane {
    pub built: Option<Built>,
    pub undo: Vec<Plan>,
    pub redo: Vec<Plan>,
    pub selected: usize,
    /// The selected step is opened.
    pub open: bool,
    pub scroll: usize,
    /// The plan that is being made, by its number.
    pub building: Option<u64>,
    /// What is being made is an edit of the plan shown, to be undone like one.
    pub expects_edit: bool,
    pub problem: Option<crate::Error>,
    /// What trying it on a shadow has shown, as long as the plan stays as it is.
    pub rehearsed: Option<Rehearsed>,
    /// The plan is to be made again from its source as soon as the schema has been read.
    pub again: bool,
}

impl PlanPane {
    pub fn plan(&self) -> Option<&Plan> {
        self.built.as_ref().map(|b| &b.plan)
    }

    pub fn step(&self) -> Option<&Step> {
        self.plan()?.steps.get(self.selected)
    }

    /// Shows a new plan; edits of the one before are forgotten.
    pub fn show(&mut self, built: Built) {
        *self = Self { built: Some(built), ..Self::default() };
    }

    /// Puts an edited plan in place of the one shown, which can be brought back.
    pub fn edit(&mut self, plan: Plan) {
        if let Some(built) = &mut self.built {
            self.undo.push(std::mem::replace(&mut built.plan, plan));
            self.redo.clear();
            self.rehearsed = None;
            self.selected = self.selected.min(built.plan.steps.len().saturating_sub(1));
        }
    }

    /// Takes back the last edit; false when there is none.
    pub fn undo(&mut self) -> bool {
        self.rehearsed = None;
        Self::travel(&mut self.built, &mut self.undo, &mut self.redo)
    }

    pub fn redo(&mut self) -> bool {
        self.rehearsed = None;
        Self::travel(&mut self.built, &mut self.redo, &mut self.undo)
    }

    fn travel(built: &mut Option<Built>, from: &mut Vec<Plan>, to: &mut Vec<Plan>) -> bool {
        let (Some(built), Some(plan)) = (built, from.pop()) else { return false };
        to.push(std::mem::replace(&mut built.plan, plan));
        true
    }
}

/// The diff pane's state.
#[derive(Clone, Debug, Default)]
pub struct DiffPane {
    /// A comparison that is not of the plan: its title and what differs.
    pub other: Option<(String, Vec<Difference>)>,
    pub selected: usize,
    pub scroll: usize,
    /// The comparison that is being made, by its number.
    pub working: Option<u64>,
    /// The first of two schemas that are to be compared, while the second is asked for.
    pub before: Option<String>,
}
