//! The one table of keys: what a key does, the hints at the bottom, the help and the palette all come from it.

use super::action::{Action, Tab};
use super::state::Move;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Any pane that is not for typing; keys with Ctrl reach it from everywhere.
    Anywhere,
    Browser,
    Search,
    Plan,
    Diff,
    Details,
    Gauges,
    History,
    Chat,
    Picker,
    Palette,
    Prompt,
    Confirm,
    Ask,
    Help,
}

impl Scope {
    /// Whether letters are text here.
    pub fn typing(self) -> bool {
        matches!(self, Self::Search | Self::Chat | Self::Picker | Self::Palette | Self::Prompt)
    }

    /// Whether it lies over everything else, so that keys for panes do not reach through it.
    pub fn modal(self) -> bool {
        matches!(self, Self::Picker | Self::Palette | Self::Prompt | Self::Confirm | Self::Ask | Self::Help)
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Everywhere",
            Self::Browser => "Browser",
            Self::Search => "Search",
            Self::Plan => "Plan and run",
            Self::Diff => "Diff",
            Self::Details => "Details",
            Self::Gauges => "Gauges",
            Self::History => "History",
            Self::Chat => "Chat",
            Self::Picker => "Choosing a database",
            Self::Palette => "Palette",
            Self::Prompt => "A line of text",
            Self::Confirm => "Before a step runs",
            Self::Ask => "A question",
            Self::Help => "Help",
        }
    }
}

/// A key with its modifiers. Shift is part of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    pub code: KeyCode,
    pub ctrl: bool,
}

const fn key(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: false }
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: true }
}

const fn code(code: KeyCode) -> Chord {
    Chord { code, ctrl: false }
}

impl Chord {
    pub fn of(event: KeyEvent) -> Self {
        Self { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }

    /// As it is written in hints: `^P`, `Enter`, `x`.
    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "Enter".into(),
            KeyCode::Esc => "Esc".into(),
            KeyCode::Tab => "Tab".into(),
            KeyCode::BackTab => "Shift-Tab".into(),
            KeyCode::Up => "Up".into(),
            KeyCode::Down => "Down".into(),
            KeyCode::Left => "Left".into(),
            KeyCode::Right => "Right".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::Home => "Home".into(),
            KeyCode::End => "End".into(),
            other => format!("{other:?}"),
        };
        if self.ctrl { format!("^{}", name.to_uppercase()) } else { name }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub scope: Scope,
    pub keys: &'static [Chord],
    pub action: Action,
    /// A word or two for the bottom line; empty for what needs no hint there.
    pub hint: &'static str,
    /// What it does, for help and palette.
    pub help: &'static str,
}

const fn bind(scope: Scope, keys: &'static [Chord], action: Action, hint: &'static str, help: &'static str) -> Binding {
    Binding { scope, keys, action, hint, help }
}

use Scope::{Anywhere, Ask, Browser, Chat, Confirm, Diff, Help, History, Palette, Picker, Plan, Prompt, Search};

/// The table. Within a scope, the order is that of hints and help.
pub static BINDINGS: &[Binding] = &[
    bind(Browser, &[code(KeyCode::Enter)], Action::Open, "open", "Open: the tree's branch, or an object's details"),
    bind(Browser, &[code(KeyCode::Right), key('l')], Action::Open, "", "Open the branch"),
    bind(Browser, &[code(KeyCode::Left), key('h')], Action::Close, "close", "Close the branch, or go up the tree"),
    bind(Browser, &[key('/')], Action::Search, "search", "Search all names"),
    bind(Search, &[code(KeyCode::Enter)], Action::Open, "open", "Open what was found"),
    bind(Search, &[code(KeyCode::Up), ctrl('k')], Action::Go(Move::Up), "", "The match above"),
    bind(Search, &[code(KeyCode::Down), ctrl('j')], Action::Go(Move::Down), "", "The match below"),
    bind(Search, &[code(KeyCode::Esc)], Action::Back, "leave", "Leave the search"),
    bind(Plan, &[key('x')], Action::Run, "run", "Run the plan, one confirmed step at a time"),
    bind(
        Plan,
        &[key('R')],
        Action::Rehearse,
        "rehearse",
        "Rehearse: try the plan and its rollbacks on a shadow database",
    ),
    bind(
        Plan,
        &[code(KeyCode::Enter), code(KeyCode::Right), key('l')],
        Action::OpenStep,
        "step",
        "Open the step: SQL, locks, risks, rollback",
    ),
    bind(Plan, &[key('e')], Action::EditStep, "edit", "Edit the step's SQL in $EDITOR; it is judged again"),
    bind(Plan, &[key('d')], Action::DropStep, "drop", "Drop the step from the plan"),
    bind(Plan, &[key('K')], Action::StepEarlier, "", "Move the step up"),
    bind(Plan, &[key('J')], Action::StepLater, "", "Move the step down"),
    bind(Plan, &[key('u')], Action::Undo, "undo", "Undo the last edit of the plan"),
    bind(Plan, &[ctrl('r')], Action::Redo, "", "Redo the edit"),
    bind(Plan, &[key('t')], Action::ToggleStyle, "safe/direct", "Plan again the other way: safe or direct"),
    bind(Plan, &[key('s')], Action::TakeSafer, "", "Take the safer way for the selected step, where one is known"),
    bind(Plan, &[key('D')], Action::Show(Tab::Diff), "diff", "See what the plan changes"),
    bind(Plan, &[key('w')], Action::SavePlan, "save", "Save as a plan file"),
    bind(Plan, &[key('y')], Action::CopyStep, "copy", "Copy the step's SQL"),
    bind(Plan, &[key('Y')], Action::CopyPlan, "", "Copy the whole plan's SQL"),
    bind(Plan, &[key('b')], Action::TakeBackLast, "roll back", "Roll back the last step that was done"),
    bind(Plan, &[key('B')], Action::TakeBackAll, "", "Roll back everything that was done"),
    bind(Diff, &[key('n')], Action::Go(Move::Down), "", "The next object"),
    bind(Diff, &[key('N')], Action::Go(Move::Up), "", "The object before"),
    bind(
        History,
        &[code(KeyCode::Enter)],
        Action::ViewRun,
        "view",
        "Show the run's plan with what became of each step",
    ),
    bind(History, &[key('R')], Action::ResumeRun, "resume", "Go on with what the selected run has not done"),
    bind(History, &[key('B')], Action::TakeBackAll, "roll back", "Roll back the selected run"),
    bind(Chat, &[code(KeyCode::Enter)], Action::Send, "send", "Send the request, or take the chosen answer"),
    bind(Chat, &[ctrl('j')], Action::NewLine, "", "A new line"),
    bind(Chat, &[code(KeyCode::Up)], Action::Earlier, "", "The request before, or the answer above"),
    bind(Chat, &[code(KeyCode::Down)], Action::Later, "", "The request after, or the answer below"),
    bind(Chat, &[code(KeyCode::PageUp)], Action::Go(Move::PageUp), "", "Scroll the transcript up"),
    bind(Chat, &[code(KeyCode::PageDown)], Action::Go(Move::PageDown), "", "Scroll the transcript down"),
    bind(Chat, &[code(KeyCode::Esc)], Action::Back, "leave", "Leave the chat for the plan"),
    bind(Anywhere, &[key('c')], Action::Cancel, "cancel", "Cancel what runs, on the server too"),
    bind(Anywhere, &[key('p')], Action::Pause, "pause", "Pause the backfill, or go on with it"),
    bind(Anywhere, &[key('S')], Action::StopRun, "stop", "End the run before its next step"),
    bind(
        Anywhere,
        &[key('i')],
        Action::CancelBlocker,
        "cancel blocker",
        "Cancel the query of the session that stands in the way",
    ),
    bind(Anywhere, &[key('T')], Action::TerminateBlocker, "", "Terminate the session that stands in the way"),
    bind(Anywhere, &[key('a')], Action::Ask, "ask", "Ask for a change, or about the schema"),
    bind(Anywhere, &[code(KeyCode::Tab)], Action::NextPane, "pane", "The next pane"),
    bind(Anywhere, &[code(KeyCode::BackTab)], Action::PreviousPane, "", "The pane before"),
    bind(Chat, &[code(KeyCode::Tab)], Action::NextPane, "pane", "The next pane"),
    bind(Chat, &[code(KeyCode::BackTab)], Action::PreviousPane, "", "The pane before"),
    bind(Anywhere, &[key('1')], Action::Show(Tab::Plan), "", "The plan"),
    bind(Anywhere, &[key('2')], Action::Show(Tab::Diff), "", "The difference"),
    bind(Anywhere, &[key('3')], Action::Show(Tab::Details), "", "Details of an object"),
    bind(Anywhere, &[key('4')], Action::Show(Tab::Gauges), "", "The gauges"),
    bind(Anywhere, &[key('5')], Action::Show(Tab::History), "", "Runs and their steps"),
    bind(Anywhere, &[key('z')], Action::Zoom, "zoom", "Give the pane the whole screen, or take it back"),
    bind(Anywhere, &[key(':'), ctrl('p')], Action::Palette, "commands", "Find a command by name"),
    bind(Anywhere, &[key('?')], Action::Help, "help", "All keys"),
    bind(Anywhere, &[key('o')], Action::OpenMigration, "", "Plan an SQL file, or open a saved plan"),
    bind(Anywhere, &[key('O')], Action::OpenWanted, "", "Plan the way to a schema in an SQL file"),
    bind(Anywhere, &[], Action::OpenCompare, "", "Compare the database with a schema in an SQL file"),
    bind(Anywhere, &[], Action::CompareTwo, "", "Compare any two schemas: SQL files, snapshots or databases"),
    bind(Anywhere, &[], Action::Repair, "", "Repair broken indexes and unchecked constraints"),
    bind(Anywhere, &[key('r')], Action::Reload, "", "Read the schema again"),
    bind(Anywhere, &[], Action::OtherDatabase, "", "Connect to another database"),
    bind(Anywhere, &[], Action::NextTheme, "", "The next theme"),
    bind(Anywhere, &[code(KeyCode::Up), key('k')], Action::Go(Move::Up), "", "Up"),
    bind(Anywhere, &[code(KeyCode::Down), key('j')], Action::Go(Move::Down), "", "Down"),
    bind(Anywhere, &[code(KeyCode::PageUp), ctrl('b')], Action::Go(Move::PageUp), "", "A page up"),
    bind(Anywhere, &[code(KeyCode::PageDown), ctrl('f')], Action::Go(Move::PageDown), "", "A page down"),
    bind(Anywhere, &[code(KeyCode::Home), key('g')], Action::Go(Move::Top), "", "To the top"),
    bind(Anywhere, &[code(KeyCode::End), key('G')], Action::Go(Move::Bottom), "", "To the bottom"),
    bind(
        Anywhere,
        &[code(KeyCode::Esc), key('h'), code(KeyCode::Left)],
        Action::Back,
        "",
        "Back: close what was opened, dismiss a message",
    ),
    bind(Anywhere, &[ctrl('l')], Action::Redraw, "", "Draw the screen anew"),
    bind(Anywhere, &[ctrl('z')], Action::Suspend, "", "Suspend to the shell"),
    bind(Anywhere, &[key('q'), ctrl('c')], Action::Quit, "quit", "Quit"),
    bind(Picker, &[code(KeyCode::Enter)], Action::Choose, "connect", "Connect"),
    bind(Picker, &[code(KeyCode::Up)], Action::Go(Move::Up), "", "Up"),
    bind(Picker, &[code(KeyCode::Down), code(KeyCode::Tab)], Action::Go(Move::Down), "choose", "Down"),
    bind(Picker, &[code(KeyCode::Esc), ctrl('c')], Action::Quit, "quit", "Back to where you were, or quit"),
    bind(Palette, &[code(KeyCode::Enter)], Action::Choose, "do it", "Do it"),
    bind(Palette, &[code(KeyCode::Up), ctrl('k')], Action::Go(Move::Up), "", "Up"),
    bind(Palette, &[code(KeyCode::Down), ctrl('j')], Action::Go(Move::Down), "choose", "Down"),
    bind(Palette, &[code(KeyCode::Esc), ctrl('c')], Action::Back, "leave", "Leave the palette"),
    bind(Prompt, &[code(KeyCode::Enter)], Action::Choose, "go on", "Go on"),
    bind(Prompt, &[code(KeyCode::Esc), ctrl('c')], Action::Back, "leave", "Leave it"),
    bind(Confirm, &[key('y')], Action::Confirm, "run it", "Run the step"),
    bind(
        Confirm,
        &[code(KeyCode::Tab), code(KeyCode::BackTab), code(KeyCode::Left), code(KeyCode::Right)],
        Action::OtherButton,
        "other button",
        "To the other button",
    ),
    bind(
        Confirm,
        &[code(KeyCode::Enter)],
        Action::PressButton,
        "",
        "Press the button, if it is the one that does nothing",
    ),
    bind(Confirm, &[ctrl('s')], Action::Skip, "skip step", "Go on without the step"),
    bind(Confirm, &[ctrl('g')], Action::RefreshGate, "look again", "Look at the go/no-go again"),
    bind(Confirm, &[code(KeyCode::Up), ctrl('k')], Action::Go(Move::Up), "scroll", "Scroll up"),
    bind(Confirm, &[code(KeyCode::Down), ctrl('j')], Action::Go(Move::Down), "", "Scroll down"),
    bind(Confirm, &[code(KeyCode::PageUp)], Action::Go(Move::PageUp), "", "Scroll a page up"),
    bind(Confirm, &[code(KeyCode::PageDown)], Action::Go(Move::PageDown), "", "Scroll a page down"),
    bind(Confirm, &[code(KeyCode::Esc), ctrl('c')], Action::Back, "not now", "Not now: nothing runs"),
    bind(Ask, &[code(KeyCode::Esc), ctrl('c'), code(KeyCode::Enter)], Action::Back, "no", "None of these"),
    bind(Help, &[code(KeyCode::Up), key('k')], Action::Go(Move::Up), "scroll", "Up"),
    bind(Help, &[code(KeyCode::Down), key('j')], Action::Go(Move::Down), "", "Down"),
    bind(Help, &[code(KeyCode::PageUp)], Action::Go(Move::PageUp), "", "A page up"),
    bind(Help, &[code(KeyCode::PageDown), key(' ')], Action::Go(Move::PageDown), "", "A page down"),
    bind(Help, &[code(KeyCode::Esc), key('q'), key('?'), ctrl('c')], Action::Back, "leave", "Leave the help"),
];

/// What a key does in a scope. What the scope says goes before what is said for everywhere.
pub fn lookup(scope: Scope, event: KeyEvent) -> Option<Action> {
    let chord = Chord::of(event);
    let in_scope =
        |wanted: Scope| BINDINGS.iter().find(|b| b.scope == wanted && b.keys.contains(&chord)).map(|b| b.action);
    if let Some(action) = in_scope(scope) {
        return Some(action);
    }
    let reaches = !scope.modal() && (!scope.typing() || chord.ctrl);
    if reaches { in_scope(Anywhere) } else { None }
}

/// The rows whose hints the bottom line shows in a scope, those of the scope first.
pub fn hints(scope: Scope) -> impl Iterator<Item = &'static Binding> {
    let own = BINDINGS.iter().filter(move |b| b.scope == scope && scope != Anywhere);
    let common = BINDINGS
        .iter()
        .filter(move |b| b.scope == Anywhere && !scope.modal() && (!scope.typing() || b.keys.iter().any(|k| k.ctrl)));
    own.chain(common).filter(|b| !b.hint.is_empty())
}

/// The rows that the palette offers.
pub fn commands() -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(|b| {
        matches!(b.scope, Anywhere | Plan | Browser)
            && !matches!(b.action, Action::Go(_) | Action::Back | Action::Open | Action::Close | Action::Palette)
            && !(b.scope == Plan && matches!(b.action, Action::Show(_)))
    })
}

/// The scopes in the order in which help lists them.
pub const HELP_ORDER: [Scope; 11] =
    [Anywhere, Browser, Search, Plan, Diff, History, Chat, Confirm, Ask, Palette, Picker];

/// All rows of a scope.
pub fn of(scope: Scope) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |b| b.scope == scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (at, one) in BINDINGS.iter().enumerate() {
            for other in BINDINGS.iter().skip(at + 1).filter(|b| b.scope == one.scope) {
                for key in one.keys {
                    assert!(!other.keys.contains(key), "{:?}: {} twice", one.scope, key.name());
                }
            }
        }
    }

    #[test]
    fn running_a_step_is_never_confirmed_by_enter_or_the_key_that_asked() {
        let asks: Vec<Chord> =
            BINDINGS.iter().filter(|b| b.action == Action::Run).flat_map(|b| b.keys.iter().copied()).collect();
        for binding in BINDINGS.iter().filter(|b| b.action == Action::Confirm) {
            for key in binding.keys {
                assert!(key.code != KeyCode::Enter && !asks.contains(key));
            }
        }
    }

    #[test]
    fn letters_are_text_where_text_is_typed_and_ctrl_still_reaches_the_palette() {
        assert_eq!(lookup(Chat, KeyEvent::from(KeyCode::Char('q'))), None);
        let palette = KeyEvent::new(KeyCode::Char('p'), KeyModifiers::CONTROL);
        assert_eq!(lookup(Chat, palette), Some(Action::Palette));
        assert_eq!(lookup(Confirm, KeyEvent::from(KeyCode::Char('q'))), None);
    }

    #[test]
    fn every_binding_says_what_it_does() {
        assert!(BINDINGS.iter().all(|b| !b.help.is_empty()));
    }
}
