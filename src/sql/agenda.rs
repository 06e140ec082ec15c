//! In which order the statements of a schema are run, when their files may stand in any order.
//!
//! Statements are tried as they stand. One that fails waits until what makes the names that it mentions has been
//! tried, which then comes first; what fails even so is tried again as long as anything succeeds. A script that is in
//! order is run in its order, and one that is not takes about two tries for each statement.

use super::{makes, mentions};
use std::collections::{HashMap, VecDeque};

/// One thing to run: a statement, or several that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which file it is in.
    pub file: usize,
    pub texts: Vec<String>,
}

impl Task {
    /// Whether it does nothing, without an error, where what it names is missing: it has to wait for its makers.
    fn is_silent(&self) -> bool {
        self.texts.iter().any(|text| {
            let words: Vec<String> = text.split_whitespace().take(4).map(str::to_ascii_lowercase).collect();
            words.first().is_some_and(|w| w == "alter")
                && words.windows(2).any(|pair| matches!(pair, [a, b] if a == "if" && b == "exists"))
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Begun,
    Done,
}

/// A task that is being tried.
#[derive(Debug)]
struct Trial {
    task: usize,
    /// What to try first, last one first.
    needs: Vec<usize>,
    last: bool,
}

/// What is to be tried next, as a machine that is told how each try went.
#[derive(Debug)]
pub struct Agenda {
    tasks: Vec<Task>,
    makers: HashMap<String, Vec<usize>>,
    states: Vec<State>,
    trials: Vec<Trial>,
    cursor: usize,
    again: VecDeque<usize>,
    failed: Vec<usize>,
    progress: bool,
}

impl Agenda {
    pub fn new(tasks: Vec<Task>) -> Self {
        let mut makers: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, task) in tasks.iter().enumerate() {
            for name in task.texts.iter().filter_map(|text| makes(text)) {
                makers.entry(name).or_default().push(at);
            }
        }
        let states = vec![State::New; tasks.len()];
        let (trials, again, failed) = (Vec::new(), VecDeque::new(), Vec::new());
        Self { tasks, makers, states, trials, cursor: 0, again, failed, progress: false }
    }

    /// The task to try now, until [`Agenda::done`] or [`Agenda::failed`] tells how it went; `None` when all is done
    /// or nothing succeeds any more.
    pub fn next_task(&mut self) -> Option<usize> {
        loop {
            if let Some(trial) = self.trials.last_mut() {
                let Some(need) = trial.needs.pop() else { return Some(trial.task) };
                if self.states.get(need) == Some(&State::New) {
                    self.begin(need);
                }
            } else if self.cursor < self.tasks.len() {
                let task = self.cursor;
                self.cursor += 1;
                if self.states.get(task) == Some(&State::New) {
                    self.begin(task);
                }
            } else if let Some(task) = self.again.pop_front() {
                self.trials.push(Trial { task, needs: Vec::new(), last: true });
            } else if self.progress && !self.failed.is_empty() {
                self.progress = false;
                self.again = std::mem::take(&mut self.failed).into();
            } else {
                return None;
            }
        }
    }

    fn begin(&mut self, task: usize) {
        self.set(task, State::Begun);
        let silent = self.tasks.get(task).is_some_and(Task::is_silent);
        let needs = if silent { self.needs(task, true) } else { Vec::new() };
        self.trials.push(Trial { task, needs, last: false });
    }

    /// The task went well.
    pub fn done(&mut self) {
        if let Some(trial) = self.trials.pop() {
            self.set(trial.task, State::Done);
            self.progress = true;
        }
    }

    /// The task failed, and left nothing behind.
    pub fn failed(&mut self) {
        let Some(mut trial) = self.trials.pop() else { return };
        if !trial.last {
            trial.last = true;
            trial.needs = self.needs(trial.task, false);
            if !trial.needs.is_empty() {
                self.trials.push(trial);
                return;
            }
        }
        self.failed.push(trial.task);
    }

    fn set(&mut self, task: usize, state: State) {
        if let Some(slot) = self.states.get_mut(task) {
            *slot = state;
        }
    }

    /// What makes the names that a task mentions and has not been tried, last one first.
    fn needs(&self, task: usize, elsewhere: bool) -> Vec<usize> {
        let file = self.tasks.get(task).map(|t| t.file);
        let fits = |other: &usize| !elsewhere || self.tasks.get(*other).map(|t| t.file) != file;
        let mut found: Vec<usize> = self
            .makers_of(task)
            .into_iter()
            .filter(|other| self.states.get(*other) == Some(&State::New))
            .filter(fits)
            .collect();
        found.reverse();
        found
    }

    fn makers_of(&self, task: usize) -> Vec<usize> {
        let texts = self.tasks.get(task).map(|t| t.texts.as_slice()).unwrap_or_default();
        let names: std::collections::BTreeSet<String> = texts.iter().flat_map(|text| mentions(text)).collect();
        let mut found: Vec<usize> = names.iter().filter_map(|name| self.makers.get(name)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|other| *other != task);
        found
    }

    /// The tasks that did not succeed, in their order.
    pub fn left(&self) -> Vec<usize> {
        let mut left = self.failed.clone();
        left.sort_unstable();
        left
    }

    /// Of the tasks that are left, those that `task` may be waiting for.
    pub fn waits_for(&self, task: usize) -> Vec<usize> {
        let mut makers = self.makers_of(task);
        makers.retain(|other| self.states.get(*other) != Some(&State::Done));
        makers
    }

    /// A task that has already made what `task` makes.
    pub fn made_before(&self, task: usize) -> Option<usize> {
        let texts = self.tasks.get(task).map(|t| t.texts.as_slice()).unwrap_or_default();
        let names: Vec<String> = texts.iter().filter_map(|text| makes(text)).collect();
        let mut makers = names.iter().filter_map(|name| self.makers.get(name)).flatten().copied();
        makers.find(|other| *other != task && self.states.get(*other) == Some(&State::Done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// Runs statements of the form "create table NAME (NEEDED, …)"; the order they succeeded in, and the tries.
    fn run(texts: &[&str]) -> (Vec<usize>, usize, Agenda) {
        let tasks = texts.iter().enumerate().map(|(file, t)| Task { file, texts: vec![(*t).to_owned()] }).collect();
        let mut agenda = Agenda::new(tasks);
        let (mut there, mut order, mut tries) = (HashSet::new(), Vec::new(), 0);
        while let Some(task) = agenda.next_task() {
            tries += 1;
            let needed = texts[task].split_once('(').unwrap().1.trim_end_matches(')');
            if needed.split_whitespace().all(|name| there.contains(name)) {
                there.insert(makes(texts[task]).unwrap_or_default());
                order.push(task);
                agenda.done();
            } else {
                agenda.failed();
            }
        }
        (order, tries, agenda)
    }

    #[test]
    fn what_is_in_order_is_run_in_its_order() {
        let (order, tries, _) = run(&["create table a ()", "create table c (a)", "create table b (a c)"]);
        assert_eq!((order, tries), (vec![0, 1, 2], 3));
    }

    #[test]
    fn what_is_backwards_takes_two_tries_each() {
        let texts: Vec<String> = (0..200).map(|n| format!("create table t{n} ({})", next(n))).collect();
        let (order, tries, _) = run(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(order, (0..200).rev().collect::<Vec<_>>());
        assert!(tries <= 400, "{tries}");
    }

    fn next(n: usize) -> String {
        if n < 199 { format!("t{}", n + 1) } else { String::new() }
    }

    #[test]
    fn a_circle_is_left_with_what_hangs_on_it() {
        let texts = ["create table c (a)", "create table a (b)", "create table x ()", "create table b (a)"];
        let (order, _, agenda) = run(&texts);
        assert_eq!((order, agenda.left()), (vec![2], vec![0, 1, 3]));
        assert_eq!(agenda.waits_for(1), [3]);
        assert_eq!(agenda.waits_for(0), [1]);
    }

    #[test]
    fn what_keeps_silent_about_a_missing_table_waits_for_it() {
        let (order, ..) = run(&["alter table if exists t add b ()", "create table t ()"]);
        assert_eq!(order, [1, 0]);
    }
}
