//! What keys and answers do to the state.

use crate::diff::{Rename, Suspect};
use crate::engine::Target;
use crate::run::{Command, Event, Outcome};
use crate::schema::{ObjectKind, ObjectRef, OutlineEntry, QName};
use crate::tui::Preparing;
use crate::tui::action::Tab;
use crate::tui::effect::Effect;
use crate::tui::fixture::{Stage, built};
use crate::tui::message::{FromDatabase, Message};
use crate::tui::state::{Built, Focus, Layer, Link, Source};
use crossterm::event::{KeyCode, KeyEvent};
use std::time::Duration;

fn confirmed(effects: &[Effect]) -> bool {
    effects.iter().any(|e| matches!(e, Effect::Tell(Command::Confirm(_))))
}

#[test]
fn keys_in_the_first_moment_of_a_dialog_are_dropped() {
    let mut stage = Stage::asking(0);
    stage.now += Duration::from_millis(299);
    let effects = stage.send(Message::Key(KeyEvent::from(KeyCode::Char('y'))));
    assert!(!confirmed(&effects));
    stage.now += Duration::from_millis(1);
    let effects = stage.send(Message::Key(KeyEvent::from(KeyCode::Char('y'))));
    assert!(confirmed(&effects));
}

#[test]
fn neither_enter_nor_the_key_that_asked_runs_a_step() {
    let mut stage = Stage::asking(0);
    stage.press(KeyCode::Tab);
    let mut effects = stage.press(KeyCode::Enter);
    effects.extend(stage.keys("x"));
    assert!(!confirmed(&effects));
    assert!(matches!(stage.state.layers.last(), Some(Layer::Confirm(_))));
}

#[test]
fn enter_on_the_focus_that_a_dialog_starts_with_leaves_without_running() {
    let mut stage = Stage::asking(0);
    let effects = stage.press(KeyCode::Enter);
    assert!(!confirmed(&effects) && stage.state.layers.is_empty());
    stage.keys("x");
    assert!(matches!(stage.state.layers.last(), Some(Layer::Confirm(_))), "x asks again");
}

#[test]
fn what_destroys_wants_its_name_typed() {
    let mut stage = Stage::asking(1);
    let mut effects = stage.keys("y");
    stage.press(KeyCode::Backspace);
    stage.press(KeyCode::Tab);
    effects.extend(stage.keys("y"));
    assert!(!confirmed(&effects), "the name was not typed");
    stage.press(KeyCode::Tab);
    stage.keys("orders");
    stage.press(KeyCode::Tab);
    let effects = stage.keys("y");
    let typed = effects.iter().find_map(|e| match e {
        Effect::Tell(Command::Confirm(consent)) => consent.typed.clone(),
        _ => None,
    });
    assert_eq!(typed.as_deref(), Some("orders"));
}

#[test]
fn consent_cannot_be_pasted() {
    let mut stage = Stage::asking(1);
    stage.now += Duration::from_secs(1);
    stage.send(Message::Paste("orders".into()));
    stage.press(KeyCode::Tab);
    assert!(!confirmed(&stage.keys("y")));
}

#[test]
fn an_answer_from_an_earlier_connection_is_dropped() {
    let mut stage = Stage::connected();
    stage.state.generation = 2;
    stage.send(Message::Database(1, FromDatabase::Outline(Ok(Vec::new()))));
    assert_eq!(stage.state.browser.outline.len(), 3);
}

#[test]
fn a_refused_connection_leads_back_to_the_choice_with_the_reason() {
    let mut stage = Stage::picking();
    let mut effects = Vec::new();
    super::open_picker(&mut stage.state, Target::parse("postgres://ann@db/shop").unwrap(), &mut effects);
    let error = crate::Error::new(crate::ErrorCode::Connection, "nobody listens").hint("start it");
    stage.send(Message::Database(stage.state.generation, FromDatabase::Connected(Err(error.clone()))));
    assert_eq!(stage.state.picker.as_ref().and_then(|p| p.problem.clone()), Some(error));
}

#[test]
fn a_database_in_the_making_is_connected_to_when_it_is_there() {
    let mut stage = Stage::picking();
    stage.state.picker = None;
    stage.state.link = Link::Preparing("making it".into());
    stage.send(Message::Preparing(Preparing::Note("filling it".into())));
    assert!(matches!(&stage.state.link, Link::Preparing(note) if note == "filling it"));
    let target = Target::parse("sqlite:shop.db").unwrap();
    let effects = stage.send(Message::Preparing(Preparing::Ready(Ok(target))));
    assert!(matches!(effects.as_slice(), [Effect::Connect(..)]));
    assert!(matches!(stage.state.link, Link::Connecting));
}

#[test]
fn a_database_that_could_not_be_made_is_told_and_another_can_be_chosen() {
    let mut stage = Stage::picking();
    stage.state.picker = None;
    stage.state.link = Link::Preparing("making it".into());
    let error = crate::Error::internal("no server here");
    stage.send(Message::Preparing(Preparing::Ready(Err(error.clone()))));
    assert_eq!(stage.state.picker.as_ref().and_then(|p| p.problem.clone()), Some(error));
}

#[test]
fn news_of_a_database_in_the_making_do_not_disturb_another_that_was_chosen() {
    let mut stage = Stage::connected();
    let target = Target::parse("sqlite:shop.db").unwrap();
    assert!(stage.send(Message::Preparing(Preparing::Ready(Ok(target)))).is_empty());
    assert!(matches!(stage.state.link, Link::Up(_)));
}

#[test]
fn a_disabled_action_says_why() {
    let mut stage = Stage::connected();
    stage.press(KeyCode::Tab);
    stage.keys("x");
    let Some(crate::tui::state::Notice::Info(text)) = &stage.state.notice else { panic!("no notice") };
    assert!(text.contains("there is no plan"), "{text}");
}

#[test]
fn steps_of_one_table_keep_their_order_and_a_drop_can_be_undone() {
    let mut stage = Stage::planned();
    stage.keys("d");
    let id = stage.state.plan.building.expect("the rest is judged again");
    let mut rest = built();
    rest.plan.steps.remove(0);
    stage.send(Message::Planned(id, Box::new(Ok(rest))));
    assert_eq!(stage.state.plan.plan().map(|p| p.steps.len()), Some(1));
    stage.keys("u");
    assert_eq!(stage.state.plan.plan().map(|p| p.steps.len()), Some(2));
}

/// A plan toward a schema in which `sales.total` may be `sales.amount` under another name.
fn plan_with_a_suspect(stage: &mut Stage) {
    let wanted = Source::Wanted {
        title: "wanted.sql".into(),
        text: "create table sales (id bigint);".into(),
        renames: Vec::new(),
        others: Vec::new(),
    };
    let mut effects = Vec::new();
    super::plan::build(&mut stage.state, wanted.clone(), &mut effects);
    let Some(Effect::Plan { id, .. }) = effects.pop() else { panic!("no plan is made: {effects:?}") };
    let table = QName::new("public", "sales");
    let rename = Rename { from: ObjectRef::part(ObjectKind::Column, table, "amount"), to: "total".into() };
    let suspect = Suspect { rename, evidence: "it has the same type".into() };
    let built = Built { source: wanted, suspects: vec![suspect], ..built() };
    stage.send(Message::Planned(id, Box::new(Ok(built))));
}

#[test]
fn a_rename_that_may_have_been_meant_is_asked_about() {
    let mut stage = Stage::planned();
    plan_with_a_suspect(&mut stage);
    let Some(Layer::Ask(ask)) = stage.state.layers.last() else { panic!("nothing is asked") };
    assert!(ask.text[0].contains("amount of sales is gone, and total may be the same"), "{:?}", ask.text);
    let effects = stage.keys("r");
    let Some(Effect::Plan { source: Source::Wanted { renames, .. }, .. }) = effects.first() else {
        panic!("the plan is made again with the rename: {effects:?}")
    };
    assert_eq!(renames.len(), 1);
}

#[test]
fn a_rename_that_was_denied_is_not_asked_about_again() {
    let mut stage = Stage::planned();
    plan_with_a_suspect(&mut stage);
    assert!(stage.keys("d").is_empty(), "the plan stays as it is");
    assert!(stage.state.layers.is_empty());
    let Some(Source::Wanted { others, .. }) = stage.state.plan.built.as_ref().map(|b| &b.source) else { panic!() };
    assert_eq!(others.len(), 1);
}

#[test]
fn gauges_are_read_while_something_runs_and_not_when_idle() {
    let stage = Stage::planned();
    assert!(stage.state.watching.is_none() && stage.state.deadline().is_none(), "idle is idle");
    let mut stage = Stage::running();
    assert!(stage.state.watching.is_some());
    let effects = stage.event(Event::Ended { run: "r".into(), outcome: Outcome::Done });
    assert!(effects.iter().any(|e| matches!(e, Effect::Watch(None))));
}

#[test]
fn quitting_while_something_runs_asks_first() {
    let mut stage = Stage::running();
    let effects = stage.keys("q");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Quit)));
    let effects = stage.keys("Q");
    assert!(effects.iter().any(|e| matches!(e, Effect::Quit)));
}

#[test]
fn cancelling_and_terminating_a_blocker_are_two_keys_each_with_its_own_question() {
    let mut stage = Stage::running();
    stage.keys("i");
    let effects = stage.keys("C");
    assert!(effects.iter().any(|e| matches!(e, Effect::Signal { backend: 4711, terminate: false })));
    stage.keys("T");
    let effects = stage.keys("C");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Signal { .. })));
    let effects = stage.keys("E");
    assert!(effects.iter().any(|e| matches!(e, Effect::Signal { backend: 4711, terminate: true })));
}

#[test]
fn moving_among_ten_thousand_tables_lays_nothing_out_again() {
    let mut stage = Stage::connected();
    let entry = |n: usize| OutlineEntry {
        kind: ObjectKind::Table,
        name: QName::new("public", format!("table_{n:05}")),
        rows: None,
        bytes: None,
    };
    stage.send(Message::Database(0, FromDatabase::Outline(Ok((0..10_000).map(entry).collect()))));
    assert_eq!(stage.state.browser.rows.len(), 10_002);
    let rows = stage.state.browser.rows.as_ptr();
    stage.keys("jjjjG");
    assert_eq!(stage.state.browser.rows.as_ptr(), rows);
    assert_eq!(stage.state.browser.selected, 10_001);
    stage.keys("/table_04711");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.state.browser.selected_object().map(|o| o.name.name.as_str()), Some("table_04711"));
    assert_eq!(stage.state.tab, Tab::Details);
}

#[test]
fn pasted_sql_is_planned_and_pasted_words_go_to_the_chat() {
    let mut stage = Stage::connected();
    let effects = stage.send(Message::Paste("add a region to sales".into()));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Plan { .. })));
    assert_eq!(stage.state.focus, Focus::Chat);
    assert_eq!(stage.state.chat.input.lines(), ["add a region to sales"]);
    let effects = stage.send(Message::Paste("alter table sales add column region text;".into()));
    assert!(effects.iter().any(|e| matches!(e, Effect::Plan { .. })));
}
