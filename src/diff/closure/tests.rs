//! What is taken down and put up around a change beneath it.

use super::*;
use crate::diff::compare;
use crate::schema::{Column, Constraint, ConstraintKind, EngineKind, Foreign, Generated, Other, Routine, Table};

fn name(text: &str) -> QName {
    QName::new("public", text)
}

fn routine(arguments: &str) -> Routine {
    Routine {
        name: name("twice"),
        arguments: "integer".into(),
        procedure: false,
        language: "sql".into(),
        definition: format!("CREATE OR REPLACE FUNCTION public.twice({arguments})\n RETURNS integer\nAS $$SELECT 2$$"),
        comment: None,
    }
}

fn view(text: &str, query: &str) -> View {
    View { columns: vec![("n".into(), "integer".into())], ..View::new(name(text), query) }
}

/// `numbers (n, computed)` with a default, a check and a computed column on the function, and a view on that column.
fn schema(arguments: &str) -> Schema {
    let mut schema = Schema { tracked: true, ..Schema::empty(EngineKind::Postgres) };
    let routine = routine(arguments);
    let mut table = Table::new(name("numbers"));
    table.columns.push(Column { default: Some("twice(1)".into()), ..Column::new("n", "integer") });
    let generated = Some(Generated { expression: "twice(n)".into(), stored: true });
    table.columns.push(Column { generated, ..Column::new("computed", "integer") });
    let check = ConstraintKind::Check { expression: "twice(n) > 0".into(), no_inherit: false };
    table.constraints.insert("positive".into(), Constraint::new("positive", check));
    schema.tables.insert(table.name.clone(), table.into());
    let seen = view("seen", "SELECT computed AS n FROM numbers");
    schema.views.insert(seen.name.clone(), seen);
    let called = ObjectRef::new(ObjectKind::Routine, routine.key());
    schema.routines.insert(routine.key(), routine);
    let computed = ObjectRef::part(ObjectKind::Column, name("numbers"), "computed");
    let calling = [
        ObjectRef::part(ObjectKind::Default, name("numbers"), "n"),
        ObjectRef::part(ObjectKind::Constraint, name("numbers"), "positive"),
        computed.clone(),
    ];
    let mut dependencies: Vec<Dependency> =
        calling.into_iter().map(|from| Dependency { from, on: called.clone() }).collect();
    dependencies.push(Dependency { from: ObjectRef::new(ObjectKind::View, name("seen")), on: computed });
    schema.dependencies = dependencies.into();
    schema
}

fn kinds(changes: &[Change]) -> Vec<String> {
    let kind = |change: &Change| serde_json::to_value(change).unwrap()["change"].as_str().unwrap().to_owned();
    let mut kinds: Vec<String> = changes.iter().map(kind).collect();
    kinds.sort();
    kinds
}

#[test]
fn what_calls_a_function_is_made_again_with_it() {
    let (before, after) = (schema("a integer"), schema("b integer"));
    let changes = compare(&before, &after, &[]);
    let wanted = [
        "add_column",
        "add_constraint",
        "create_routine",
        "create_view",
        "drop_column",
        "drop_constraint",
        "drop_routine",
        "drop_view",
        "set_default",
        "set_default",
    ];
    assert_eq!(kinds(&changes), wanted);
    let ordered = crate::plan::order(&changes, &before, Some(&after)).unwrap();
    let mut now = before;
    for change in &ordered {
        now.apply(change).unwrap();
    }
    assert_eq!(now.fingerprint(), after.fingerprint());
    let at = |wanted: &str| ordered.iter().position(|c| kinds(std::slice::from_ref(c)) == [wanted]).unwrap();
    assert!(at("drop_view") < at("drop_column") && at("drop_column") < at("drop_routine"), "{ordered:#?}");
    assert!(at("drop_routine") < at("create_routine") && at("create_routine") < at("add_column"), "{ordered:#?}");
}

#[test]
fn a_function_with_another_body_leaves_the_rest_alone() {
    let (before, mut after) = (schema("a integer"), schema("a integer"));
    let key = routine("a integer").key();
    after.routines.get_mut(&key).unwrap().definition.push_str(" -- again");
    assert_eq!(kinds(&compare(&before, &after, &[])), ["replace_routine"]);
}

#[test]
fn a_view_that_changes_anyway_is_made_only_once_around_a_column_that_goes() {
    let (before, mut after) = (schema("a integer"), schema("a integer"));
    after.tables.get_mut(&name("numbers")).unwrap().columns.pop();
    after.views.get_mut(&name("seen")).unwrap().query = "SELECT 1 AS n".into();
    after.dependencies = crate::schema::Shared::default();
    assert_eq!(kinds(&compare(&before, &after, &[])), ["create_view", "drop_column", "drop_view"]);
}

fn far(wrapper: &str) -> Schema {
    let mut schema = Schema::empty(EngineKind::Postgres);
    let mut table = Table::new(QName::new("public", "t"));
    table.foreign = Some(Foreign { server: "s".into() });
    table.comment = Some(wrapper.to_owned());
    let server = ObjectRef::new(ObjectKind::ForeignServer, QName::new("", "s"));
    let mapping = ObjectRef::part(ObjectKind::UserMapping, QName::new("", "s"), "PUBLIC");
    let from = [ObjectRef::new(ObjectKind::Table, table.name.clone()), mapping.clone()];
    let on_server = from.map(|from| Dependency { from, on: server.clone() });
    schema.dependencies = on_server.to_vec().into();
    schema.tables.insert(table.name.clone(), table.into());
    let create = format!("CREATE SERVER s FOREIGN DATA WRAPPER {wrapper}");
    schema.others.push(Other::new(server, vec![create], "DROP SERVER s"));
    schema.others.push(Other::new(mapping, vec!["CREATE USER MAPPING".into()], "DROP USER MAPPING"));
    schema
}

#[test]
fn foreign_tables_and_mappings_give_way_to_a_new_server() {
    let changes = compare(&far("a"), &far("b"), &[]);
    let count = |wanted: fn(&Change) -> bool| changes.iter().filter(|c| wanted(c)).count();
    assert_eq!(count(|c| matches!(c, Change::DropTable { .. })), 1);
    assert_eq!(count(|c| matches!(c, Change::CreateTable { .. })), 1);
    assert_eq!(count(|c| matches!(c, Change::DropOther { .. })), 2);
    assert_eq!(count(|c| matches!(c, Change::CreateOther { .. })), 2);
    assert!(compare(&far("a"), &far("a"), &[]).is_empty());
}
